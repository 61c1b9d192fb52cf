//! Persona: connections that are pending, active or inactive, and a store of answers by idempotency key.

use std::collections::{BTreeMap, HashMap};
use std::time::{Duration, Instant};

use serde_json::{Map, Value, json};

use super::Reply;
use super::call::{Call, percent_decode};
use super::rate::Quota;
use super::state::{Service, Shared};

/// How long an answer is kept under its idempotency key.
const KEPT: Duration = Duration::from_secs(24 * 60 * 60);

#[derive(Debug)]
pub(super) struct State {
    /// Status by id.
    connections: BTreeMap<String, String>,
    answers: HashMap<String, Stored>,
    refuse_inactive_with: u16,
    requests: u64,
}

#[derive(Debug)]
struct Stored {
    request: (String, String, Vec<u8>),
    at: Instant,
    reply: Reply,
}

impl State {
    pub(super) fn populated() -> Self {
        let connections = ["active", "pending", "inactive"].map(|status| (format!("cxn_{status}"), status.to_owned()));
        Self { connections: connections.into(), answers: HashMap::new(), refuse_inactive_with: 409, requests: 0 }
    }

    fn deactivate(&mut self, id: &str, inflection: Inflection) -> Reply {
        match self.connections.get_mut(id) {
            None => self.error(404),
            Some(status) if status == "inactive" => {
                let status = self.refuse_inactive_with;
                refusal(status, "The connection is inactive already")
            }
            Some(status) => {
                "inactive".clone_into(status);
                show(id, "inactive", inflection)
            }
        }
    }
}

impl Service for State {
    fn answer(&mut self, call: &Call, _account: &str) -> Reply {
        let Some(inflection) = Inflection::of(call) else {
            return refusal(400, "Key-Inflection is not one of camel, kebab, snake");
        };
        let version = call.header("persona-version").unwrap_or("2025-12-08");
        if chrono::NaiveDate::parse_from_str(version, "%Y-%m-%d").is_err() {
            return refusal(400, "Persona-Version is not a version");
        }
        let segments = call.segments();
        let ["api", "v1", "connect", "connections", id, action @ ..] = segments.as_slice() else {
            return self.error(404);
        };
        let Some(id) = percent_decode(id) else {
            return self.error(400);
        };
        match (call.method.as_str(), action) {
            ("POST", ["deactivate"]) => self.deactivate(&id, inflection),
            ("GET", []) => match self.connections.get(&id) {
                Some(status) => show(&id, status, inflection),
                None => self.error(404),
            },
            _ => self.error(404),
        }
    }

    fn error(&self, status: u16) -> Reply {
        let title = match status {
            400 => "Bad request",
            401 => "Unauthorized",
            403 => "Forbidden",
            404 => "Record not found",
            409 => "Stale object error",
            429 => "Too many requests",
            500.. => "Internal error",
            _ => "Request refused",
        };
        refusal(status, title)
    }

    fn replay(&self, call: &Call) -> Option<Reply> {
        let stored = self.answers.get(key(call)?)?;
        if stored.at.elapsed() >= KEPT {
            return None;
        }
        Some(if stored.request == fingerprint(call) {
            stored.reply.clone()
        } else {
            refusal(400, "Idempotency-Key was used with other parameters")
        })
    }

    fn remember(&mut self, call: &Call, reply: &Reply) {
        if let Some(key) = key(call).filter(|_| !matches!(reply.status, 401 | 429)) {
            let stored = Stored { request: fingerprint(call), at: Instant::now(), reply: reply.clone() };
            self.answers.insert(key.to_owned(), stored);
        }
    }

    /// Without a limit set, the headers show the published one, hardly used.
    fn dress(&mut self, reply: Reply, quota: Option<Quota>) -> Reply {
        self.requests += 1;
        let (limit, remaining, reset) =
            quota.map_or((300, 299, 60), |quota| (quota.limit, quota.remaining, quota.reset_seconds()));
        reply
            .header("ratelimit-limit", limit.to_string())
            .header("ratelimit-remaining", remaining.to_string())
            .header("ratelimit-reset", reset.to_string())
            .header("request-id", format!("req_sandbox{:06}", self.requests))
            .header("persona-environment-id", "env_sandbox")
            .header("persona-organization-id", "org_sandbox")
    }
}

fn key(call: &Call) -> Option<&str> {
    call.header("idempotency-key").filter(|_| call.method == "POST")
}

fn fingerprint(call: &Call) -> (String, String, Vec<u8>) {
    (call.method.clone(), call.path.clone(), call.body.clone())
}

fn refusal(status: u16, title: &str) -> Reply {
    let error = json!({"title": title, "details": format!("{title}: nothing was changed.")});
    Reply::json(status, &json!({"errors": [error]}))
}

fn show(id: &str, status: &str, inflection: Inflection) -> Reply {
    let body = json!({
        "data": {
            "type": "connect/connection",
            "id": id,
            "attributes": {
                "status": status,
                "source-organization-id": "org_sandbox",
                "destination-organization-id": "org_partner",
                "created-at": "2026-01-15T22:42:15.000Z",
                "updated-at": "2026-02-01T08:00:00.000Z",
            },
            "relationships": {"creator": {"data": {"id": "usr_sandbox", "type": "user"}}},
        }
    });
    Reply::json(200, &inflection.apply(body))
}

/// The casing of the names in an answer.
#[derive(Debug, Clone, Copy)]
enum Inflection {
    Camel,
    Kebab,
    Snake,
}

impl Inflection {
    fn of(call: &Call) -> Option<Self> {
        match call.header("key-inflection") {
            None | Some("kebab") => Some(Self::Kebab),
            Some("camel") => Some(Self::Camel),
            Some("snake") => Some(Self::Snake),
            Some(_) => None,
        }
    }

    fn apply(self, value: Value) -> Value {
        let Value::Object(members) = value else {
            return value;
        };
        let members = members.into_iter();
        Value::Object(members.map(|(name, value)| (self.name(&name), self.apply(value))).collect::<Map<_, _>>())
    }

    fn name(self, kebab: &str) -> String {
        match self {
            Self::Kebab => kebab.to_owned(),
            Self::Snake => kebab.replace('-', "_"),
            Self::Camel => {
                let mut upper = false;
                let letters = kebab.chars().filter_map(|letter| {
                    let raised = std::mem::replace(&mut upper, letter == '-');
                    match letter {
                        '-' => None,
                        _ if raised => Some(letter.to_ascii_uppercase()),
                        _ => Some(letter),
                    }
                });
                letters.collect()
            }
        }
    }
}

/// Persona's connections.
#[derive(Clone, Copy)]
pub struct PersonaConnections<'s>(pub(super) &'s Shared);

impl PersonaConnections<'_> {
    /// Adds an active connection.
    pub fn add_connection(&self, id: &str) {
        self.set_status(id, "active");
    }

    /// Sets the status of a connection, making it if need be: `pending`, `active`, `inactive`, or a word yet unheard of.
    pub fn set_status(&self, id: &str, status: &str) {
        let mut state = self.0.lock();
        let connections = &mut state.persona.connections;
        connections.insert(id.to_owned(), status.to_owned());
    }

    /// The status of a connection, if there is one of this id.
    #[must_use]
    pub fn status(&self, id: &str) -> Option<String> {
        self.0.lock().persona.connections.get(id).cloned()
    }

    /// Is there such a connection, and is it anything but inactive?
    #[must_use]
    pub fn is_active(&self, id: &str) -> bool {
        self.status(id).is_some_and(|status| status != "inactive")
    }

    /// The status that refuses a second deactivation: 409 unless set otherwise (the vendor names none; 422 is possible).
    pub fn refuse_inactive_with(&self, status: u16) {
        self.0.lock().persona.refuse_inactive_with = status;
    }

    /// Forgets all stored answers, as the vendor may after a day.
    pub fn forget_idempotency_keys(&self) {
        self.0.lock().persona.answers.clear();
    }
}
