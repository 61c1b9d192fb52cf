//! ProjectManager.com: whose connection goes is decided by the token alone.

use std::collections::BTreeSet;
use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Value, json};
use uuid::Uuid;

use super::Reply;
use super::call::{Call, percent_decode};
use super::state::{Service, Shared};
use crate::Vendor;

pub(super) const DEFAULT_ACCOUNT: &str = "jane@acme.example";
pub(super) const SECOND_ACCOUNT: &str = "john@acme.example";
pub(super) const SECOND_TOKEN: &str = "sandbox-projectmanager-token-john";

/// The provider that both accounts of the default population are connected to:
/// `7c0e3a52-5d1b-4f7e-9a64-2b8f0d9c1e35`.
pub const PROVIDER: Uuid = Uuid::from_u128(0x7c0e_3a52_5d1b_4f7e_9a64_2b8f_0d9c_1e35);

#[derive(Debug, Default)]
pub(super) struct State {
    connections: BTreeSet<(String, Uuid)>,
}

impl State {
    pub(super) fn populated() -> Self {
        let accounts = [DEFAULT_ACCOUNT, SECOND_ACCOUNT];
        Self { connections: accounts.map(|account| (account.to_owned(), PROVIDER)).into() }
    }

    fn disconnect(&mut self, call: &Call, account: &str) -> Reply {
        let segments = call.segments();
        let ["api", "data", "integrations", "providers", id, "user-connection"] = segments.as_slice() else {
            return self.error(404);
        };
        if call.method != "DELETE" {
            return self.error(405);
        }
        let Some(provider) = percent_decode(id).and_then(|id| Uuid::try_parse(&id).ok()) else {
            let problem = "The value is not a valid identifier.";
            let error = json!({"message": "Validation failed.", "validationErrors": {"providerId": [problem]}});
            // The one published error body has none of the envelope's other members.
            return reply(400, &json!({"error": error}));
        };
        if !self.connections.remove(&(account.to_owned(), provider)) {
            return refusal(404, "The user has no connection to this provider.");
        }
        reply(200, &json!({"error": null, "success": true, "hasError": false, "statusCode": "OK"}))
    }
}

impl Service for State {
    fn answer(&mut self, call: &Call, account: &str) -> Reply {
        let reply = self.disconnect(call, account);
        match call.header("accept-encoding") {
            Some(accepted) if accepted.contains("gzip") => gzip(reply),
            _ => reply,
        }
    }

    fn error(&self, status: u16) -> Reply {
        match status {
            401 => Reply::new(401).header("www-authenticate", "Bearer"),
            429 => refusal(429, "Too many requests."),
            _ => refusal(status, "The request could not be carried out."),
        }
    }

    fn dress(&mut self, reply: Reply, _quota: Option<super::rate::Quota>) -> Reply {
        reply.header("server-duration", "7")
    }
}

/// This vendor compresses what it says to whoever takes it.
fn gzip(reply: Reply) -> Reply {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    match encoder.write_all(&reply.body).and_then(|()| encoder.finish()) {
        Ok(body) => reply.header("content-encoding", "gzip").body(body),
        Err(_) => reply,
    }
}

fn reply(status: u16, body: &Value) -> Reply {
    Reply::json(status, body).header("content-type", "application/json;odata.metadata=minimal;odata.streaming=true")
}

fn refusal(status: u16, message: &str) -> Reply {
    // The vendor spells a status the way .NET does.
    let name = match status {
        404 => "NotFound",
        405 => "MethodNotAllowed",
        status => hyper::StatusCode::from_u16(status)
            .ok()
            .and_then(|status| status.canonical_reason())
            .unwrap_or("InternalServerError"),
    };
    let error = json!({
        "technicalError": null,
        "additionalErrors": null,
        "validationErrors": null,
        "message": message,
    });
    let name: String = name.split([' ', '-']).collect();
    reply(status, &json!({"error": error, "success": false, "hasError": true, "statusCode": name}))
}

/// ProjectManager's accounts and their connections.
#[derive(Clone, Copy)]
pub struct ProjectManagerConnections<'s>(pub(super) &'s Shared);

impl ProjectManagerConnections<'_> {
    /// Makes `token` a credential of `account`.
    pub fn add_account(&self, account: &str, token: &str) {
        let mut state = self.0.lock();
        state.desk(Vendor::ProjectManager).tokens.accept(token, account);
    }

    /// Connects an account to a provider.
    pub fn connect(&self, account: &str, provider: Uuid) {
        let mut state = self.0.lock();
        let connections = &mut state.projectmanager.connections;
        connections.insert((account.to_owned(), provider));
    }

    /// Is the account connected to the provider?
    #[must_use]
    pub fn is_connected(&self, account: &str, provider: Uuid) -> bool {
        let state = self.0.lock();
        let connections = &state.projectmanager.connections;
        connections.contains(&(account.to_owned(), provider))
    }
}
