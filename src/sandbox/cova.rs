//! Cova: users who are active or disabled. Disabling a disabled one answers with the user again (inferred).

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Value, json};

use super::Reply;
use super::call::Call;
use super::rate::Quota;
use super::state::{Service, Shared};

#[derive(Debug, Default)]
pub(super) struct State {
    /// By id: is the user active?
    users: BTreeMap<u32, bool>,
}

impl State {
    pub(super) fn populated() -> Self {
        Self { users: [(8545, true), (8546, true), (8547, true), (8548, false)].into() }
    }

    fn disable(&mut self, id: &str) -> Reply {
        let Ok(id) = id.parse::<i32>() else {
            return self.error(400);
        };
        let user = u32::try_from(id).ok().and_then(|id| Some((id, self.users.get_mut(&id)?)));
        let Some((id, active)) = user else {
            return refusal(404, "User not found", "No user of this company has this id");
        };
        *active = false;
        Reply::json(200, &user_json(id, *active))
    }
}

impl Service for State {
    fn answer(&mut self, call: &Call, _account: &str) -> Reply {
        let segments = call.segments();
        let id = match segments.as_slice() {
            ["usermanager", "v1", last] => last.strip_prefix("users(").and_then(|rest| rest.strip_suffix(')')),
            _ => None,
        };
        match id {
            Some(id) if call.method == "DELETE" => self.disable(id),
            _ => {
                let host = call.header("host").unwrap_or_default();
                let message =
                    format!("No HTTP resource was found that matches the request URI 'http://{host}{}'.", call.path);
                Reply::json(404, &json!({"Message": message}))
            }
        }
    }

    fn error(&self, status: u16) -> Reply {
        match status {
            400 => refusal(400, "The request is invalid.", "UserId is not an integer"),
            401 => Reply::text(401, "text/plain; charset=utf-8", "invalid token"),
            404 => refusal(404, "User not found", "No user of this company has this id"),
            429 => Reply::text(429, "text/plain; charset=utf-8", "rate limit exceeded"),
            _ => refusal(status, "An error has occurred.", "The request was not carried out"),
        }
    }

    /// Without a limit set, only the header that the vendor documents is there.
    fn dress(&mut self, reply: Reply, quota: Option<Quota>) -> Reply {
        let Some(quota) = quota else {
            return reply.header("cova-apim-ratelimit-limit", "1000");
        };
        // Rounded up to the next second, so that nobody comes back too early.
        let reset = chrono::TimeDelta::from_std(quota.reset + Duration::from_millis(999))
            .ok()
            .and_then(|reset| chrono::Utc::now().checked_add_signed(reset))
            .map(|at| at.to_rfc3339_opts(chrono::SecondsFormat::Secs, true))
            .unwrap_or_default();
        reply
            .header("cova-apim-ratelimit-limit", quota.limit.to_string())
            .header("cova-apim-ratelimit-remaining", quota.remaining.to_string())
            .header("cova-apim-ratelimit-reset", reset)
            .header("cova-apim-ratelimit-resetseconds", quota.reset_seconds().to_string())
    }
}

pub(super) fn refusal(status: u16, message: &str, description: &str) -> Reply {
    let body = json!({"Message": message, "Description": description, "Details": []});
    Reply::json(status, &body)
}

fn user_json(id: u32, active: bool) -> Value {
    json!({
        "Id": id,
        "CorrelationId": null,
        "ClientUserId": format!("clerk-{id}"),
        "FirstName": "Sandbox",
        "LastName": format!("Clerk {id}"),
        "UserName": format!("clerk{id}@acme.example"),
        "Email": format!("clerk{id}@acme.example"),
        "IsActive": active,
        "ParentEntityId": 9,
        "ParentEntityName": "Acme",
        "Profiles": [],
        "Picture": null,
        "Address": {
            "AddressLine1": "1 Main Street",
            "AddressLine2": null,
            "City": "Regina",
            "StateCode": "SK",
            "CountryCode": "CA",
            "Zip": "S4P 0A1",
        },
        "PhoneNumbers": [{"Number": "3065550100", "Extension": null, "Type": "Work"}],
        "JobTitle": "Clerk",
        "Version": 12,
    })
}

/// Cova's users.
#[derive(Clone, Copy)]
pub struct CovaUsers<'s>(pub(super) &'s Shared);

impl CovaUsers<'_> {
    /// Adds an active user, or makes one active again.
    pub fn add_user(&self, id: u32) {
        self.0.lock().cova.users.insert(id, true);
    }

    /// Is there such a user, and active?
    #[must_use]
    pub fn is_active(&self, id: u32) -> bool {
        self.0.lock().cova.users.get(&id).copied().unwrap_or(false)
    }
}
