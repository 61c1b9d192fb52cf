//! COR: users and their workspaces, known by the ids of the system they came from.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::Reply;
use super::call::{Call, percent_decode};
use super::reply::with;
use super::state::{Service, Shared};

const SOURCES: [&str; 12] = [
    "JIRA",
    "SALESFORCE",
    "ADVERTMIND",
    "QUICKBOOKS",
    "ZAPIER",
    "OKTA",
    "MICROSOFT_DYNAMICS",
    "GITHUB",
    "MICROSOFT_TEAMS",
    "VBS",
    "SAP",
    "GLOBANT",
];

#[derive(Debug, Default)]
pub(super) struct State {
    /// By source and external id.
    users: BTreeMap<(String, String), User>,
    next_workspace: u32,
    partial_failures: bool,
}

#[derive(Debug)]
struct User {
    id: usize,
    workspaces: Vec<Workspace>,
}

#[derive(Debug)]
struct Workspace {
    id: u32,
    /// `None`: made in COR's own screens, so no other system has an id for it.
    external: Option<String>,
    name: String,
    stays: bool,
}

impl State {
    pub(super) fn populated() -> Self {
        let mut state = Self::default();
        for source in ["OKTA", "MICROSOFT_DYNAMICS"] {
            for number in [5, 6, 7] {
                let workspace = format!("Workspaces-example-{number}");
                state.attach(source, "OKTA-USER-12345", Some(&workspace), &workspace);
            }
        }
        state.attach("OKTA", "OKTA-USER-67890", Some("Finance"), "Finance");
        state.attach("OKTA", "OKTA-USER-67890", None, "Made in COR");
        state
    }

    fn attach(&mut self, source: &str, user: &str, external: Option<&str>, name: &str) {
        self.next_workspace += 1;
        let id = 8545 + self.users.len();
        let key = (source.to_owned(), user.to_owned());
        let user = self.users.entry(key).or_insert(User { id, workspaces: Vec::new() });
        let known = |workspace: &Workspace| external.is_some() && workspace.external.as_deref() == external;
        if !user.workspaces.iter().any(known) {
            user.workspaces.push(Workspace {
                id: self.next_workspace,
                external: external.map(str::to_owned),
                name: name.to_owned(),
                stays: false,
            });
        }
    }

    fn user(&self, source: &str, user: &str) -> Option<&User> {
        self.users.get(&(source.to_owned(), user.to_owned()))
    }

    fn detach(&mut self, user: &str, body: &[u8]) -> Reply {
        let Ok(body) = serde_json::from_slice::<Value>(body) else {
            return named(400, "ValidationError", "The body is not JSON", false);
        };
        let asked: Option<Vec<&str>> =
            body.get("workspaces").and_then(Value::as_array).and_then(|ids| ids.iter().map(Value::as_str).collect());
        let Some(asked) = asked.filter(|asked| !asked.is_empty()) else {
            return missing("workspaces");
        };
        let Some(source) = body.pointer("/metadata/source").and_then(Value::as_str) else {
            return missing("metadata.source");
        };
        let known = SOURCES.contains(&source) || self.users.keys().any(|(other, _)| other == source);
        if !known {
            let message = "The source is not one of the integrations";
            return named(400, "InvalidSourceError", message, true);
        }
        let key = (source.to_owned(), user.to_owned());
        let Some(user) = self.users.get_mut(&key) else {
            return named(404, "UserNotFoundError", "User not found", false);
        };
        let is_attached = |id: &str| {
            let mut attached = user.workspaces.iter();
            attached.any(|workspace| workspace.external.as_deref() == Some(id))
        };
        let unknown: Vec<&str> = asked.iter().copied().filter(|id| !is_attached(id)).collect();
        if !unknown.is_empty() && !self.partial_failures {
            return named(400, "ZC001", "Entity is not associated", true);
        }
        user.workspaces.retain(|workspace| {
            let external = workspace.external.as_deref();
            workspace.stays || external.is_none_or(|id| !asked.contains(&id))
        });
        let mut answer = user.json(source, &key.1);
        if !unknown.is_empty() {
            let error = |id: &&str| json!({"workspace": id, "code": "ZC001", "message": "Entity is not associated"});
            let errors: Value = unknown.iter().map(error).collect();
            answer = with(answer, "errors", errors);
        }
        Reply::json(200, &answer)
    }
}

impl User {
    fn json(&self, source: &str, external: &str) -> Value {
        let workspace = |workspace: &Workspace| {
            // COR prints times in two ways and some numbers as text.
            let (time, percentage) = if workspace.id.is_multiple_of(2) {
                ("2026-01-15T22:42:15.000Z", json!("50.00"))
            } else {
                ("2026-01-15 22:42:15", json!(50))
            };
            let integration = workspace.external.as_ref().map(|id| {
                json!({
                    "integration_id": 16,
                    "is_active": true,
                    "source": source,
                    "destination": null,
                    "status": "NOT_SEND",
                    "origin_external_id": id,
                    "destination_external_id": null,
                })
            });
            json!({
                "id": workspace.id,
                "name": workspace.name,
                "active": true,
                "metadata": {},
                "json_integrations": integration,
                "created_at": time,
                "updated_at": time,
                "pivot": {"workspace_id": workspace.id, "user_id": self.id, "percentage": percentage},
            })
        };
        json!({
            "id": self.id,
            "name": external,
            "email": format!("user{}@acme.example", self.id),
            "workspaces": self.workspaces.iter().map(workspace).collect::<Vec<_>>(),
        })
    }
}

impl Service for State {
    fn answer(&mut self, call: &Call, _account: &str) -> Reply {
        let segments = call.segments();
        match (call.method.as_str(), segments.as_slice()) {
            ("PUT", ["v2", "integrations", "users", user, "detach"]) => match percent_decode(user) {
                Some(user) => self.detach(&user, &call.body),
                None => self.error(400),
            },
            _ => self.error(404),
        }
    }

    /// The company's APIs know five shapes of an error; each is somewhere in this file.
    fn error(&self, status: u16) -> Reply {
        match status {
            401 => Reply::json(401, &json!({"error": 401, "message": "Unauthorized"})),
            500.. => named(status, "InternalError", "Something went wrong", false),
            _ => {
                let message = "The request could not be carried out";
                Reply::json(status, &json!({"status": "ERROR", "code": status, "message": message}))
            }
        }
    }
}

fn named(status: u16, code: &str, message: &str, with_status: bool) -> Reply {
    let name = if code == "ZC001" { "NotAttachedError" } else { code };
    let body = json!({"name": name, "code": code, "message": message});
    if with_status { Reply::json(status, &with(body, "status", status)) } else { Reply::json(status, &body) }
}

fn missing(field: &str) -> Reply {
    let message = format!("{field} is required");
    Reply::json(400, &json!([{"field": field, "validation": "required", "message": message}]))
}

/// COR's users and their workspaces.
#[derive(Clone, Copy)]
pub struct CorWorkspaces<'s>(pub(super) &'s Shared);

impl CorWorkspaces<'_> {
    /// Attaches a workspace to a user, making either if need be; a source not on COR's list becomes known by it.
    pub fn attach(&self, source: &str, user: &str, workspace: &str) {
        let mut state = self.0.lock();
        state.cor.attach(source, user, Some(workspace), workspace);
    }

    /// Attaches a workspace made in COR's own screens: its `json_integrations` is null, so it can't be compared with
    /// anything that was asked for.
    pub fn attach_without_external_id(&self, source: &str, user: &str, name: &str) {
        self.0.lock().cor.attach(source, user, None, name);
    }

    /// Lets an attached workspace stay whatever is asked: COR then answers 200 with a list that still holds it.
    pub fn let_stay(&self, source: &str, user: &str, workspace: &str) {
        let mut state = self.0.lock();
        let key = (source.to_owned(), user.to_owned());
        let workspaces = state.cor.users.get_mut(&key).map(|user| &mut user.workspaces);
        for other in workspaces.into_iter().flatten() {
            other.stays |= other.external.as_deref() == Some(workspace);
        }
    }

    /// With `true`, a workspace that is not attached no longer fails the whole request: the others are detached, and the
    /// 200 carries a top-level `errors`.
    pub fn partial_failures(&self, on: bool) {
        self.0.lock().cor.partial_failures = on;
    }

    /// Is the workspace attached to the user?
    #[must_use]
    pub fn is_attached(&self, source: &str, user: &str, workspace: &str) -> bool {
        self.workspaces(source, user).iter().any(|id| id == workspace)
    }

    /// The external ids of the workspaces attached to a user.
    #[must_use]
    pub fn workspaces(&self, source: &str, user: &str) -> Vec<String> {
        let state = self.0.lock();
        let workspaces = state.cor.user(source, user).map(|user| &user.workspaces);
        let ids = workspaces.into_iter().flatten();
        ids.filter_map(|workspace| workspace.external.clone()).collect()
    }
}
