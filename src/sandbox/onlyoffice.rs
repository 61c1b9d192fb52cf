//! ONLYOFFICE: links between CRM contacts and projects. Unlinking what is not linked is a success as well.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::Reply;
use super::call::Call;
use super::rate::Quota;
use super::reply::with;
use super::state::{Service, Shared};

#[derive(Debug, Default)]
pub(super) struct State {
    /// By id: is the contact private?
    contacts: BTreeMap<u32, bool>,
    projects: BTreeSet<u32>,
    links: BTreeSet<(u32, u32)>,
}

impl State {
    pub(super) fn populated() -> Self {
        let links = [(1, 2), (1, 3), (1234, 5678)];
        Self {
            contacts: [(1, false), (1234, true)].into(),
            projects: links.iter().map(|(_, project)| *project).collect(),
            links: links.into(),
        }
    }

    fn unlink(&mut self, contact: &str, project: &str) -> Reply {
        let id = |text: &str| {
            let id = text.parse::<u32>().ok()?;
            (1..=0x7fff_ffff).contains(&id).then_some(id)
        };
        let (Some(contact), Some(project)) = (id(contact), id(project)) else {
            return self.error(400);
        };
        let Some(private) = self.contacts.get(&contact) else {
            return self.error(404);
        };
        if !self.projects.contains(&project) {
            return self.error(404);
        }
        self.links.remove(&(contact, project));
        success(200, &contact_json(contact, *private))
    }
}

impl Service for State {
    fn answer(&mut self, call: &Call, _account: &str) -> Reply {
        let digits = |id: &str| !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_digit());
        let segments = call.segments();
        match (call.method.as_str(), segments.as_slice()) {
            ("DELETE", ["api", "2.0", "crm", "contact", contact, "project", project])
                if digits(contact) && digits(project) =>
            {
                self.unlink(contact, project)
            }
            // No route is a matter of the portal, not of its API: there is no body.
            _ => Reply::new(404),
        }
    }

    fn error(&self, status: u16) -> Reply {
        match status {
            400 => refusal(400, "Value does not fall within the expected range."),
            401 => Reply::text(401, "text/html; charset=utf-8", "Unauthorized"),
            402 | 503 => Reply::new(status),
            403 => refusal(403, "Access denied"),
            404 => refusal(404, "Not found"),
            _ => refusal(status, "The request could not be carried out"),
        }
    }

    /// The documented form is the bare token; the portal's cookie, once set, beats it but not the `Bearer` form.
    fn token<'c>(&self, call: &'c Call) -> Option<&'c str> {
        let cookie = call.header("cookie").and_then(|cookies| {
            let mut pairs = cookies.split(';').filter_map(|pair| pair.trim().split_once('='));
            pairs.find_map(|(name, value)| (name == "asc_auth_key").then_some(value))
        });
        call.bearer().or(cookie).or_else(|| call.header("authorization"))
    }

    fn limited(&self, quota: Quota) -> Reply {
        Reply::new(503).header("retry-after", quota.reset_seconds().to_string())
    }
}

pub(super) fn success(status: u16, response: &Value) -> Reply {
    Reply::json(status, &json!({"count": 1, "status": 0, "statusCode": status, "response": response}))
}

pub(super) fn refusal(status: u16, message: &str) -> Reply {
    let error = json!({"message": message, "hresult": -2_146_233_088, "data": {}});
    Reply::json(status, &json!({"status": 1, "statusCode": status, "error": error}))
}

fn contact_json(id: u32, private: bool) -> Value {
    let contact = json!({
        "id": id,
        "displayName": format!("Contact {id}"),
        "isCompany": false,
        "isPrivate": private,
        "isShared": false,
        "shareType": 0,
        "smallFotoUrl": "/images/empty_people_logo_40_40.png",
        "mediumFotoUrl": "/images/empty_people_logo_82_82.png",
        "currency": null,
        "canEdit": true,
        "canDelete": true,
    });
    if !private {
        return contact;
    }
    let currency = json!({
        "title": "Euro",
        "symbol": "€",
        "abbreviation": "EUR",
        "cultureName": "DE",
        "isConvertable": true,
        "isBasic": true,
    });
    let manager = json!({
        "id": "5f0c8d1e-2a4b-4c6d-8e9f-0a1b2c3d4e5f",
        "displayName": "Manager of the sandbox",
        "title": "Manager",
        "avatarSmall": "/images/default_user_photo_size_32-32.png",
        "profileUrl": "/products/people/profile.aspx?user=manager",
    });
    let contact = with(contact, "currency", currency);
    with(contact, "accessList", vec![manager])
}

/// ONLYOFFICE's contacts, projects, and the links between them.
#[derive(Clone, Copy)]
pub struct OnlyOfficeLinks<'s>(pub(super) &'s Shared);

impl OnlyOfficeLinks<'_> {
    /// Links a contact with a project, making either if need be.
    pub fn link(&self, contact: u32, project: u32) {
        let state = &mut self.0.lock().onlyoffice;
        state.contacts.entry(contact).or_insert(false);
        state.projects.insert(project);
        state.links.insert((contact, project));
    }

    /// Is the contact linked with the project?
    #[must_use]
    pub fn is_linked(&self, contact: u32, project: u32) -> bool {
        self.0.lock().onlyoffice.links.contains(&(contact, project))
    }
}
