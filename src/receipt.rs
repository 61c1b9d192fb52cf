//! The proof that an access is gone.

use std::fmt;

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::vendor::{Action, Revocation};

/// How the access came to be gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Outcome {
    /// Gone after this call. It does not claim that the access was there before.
    Revoked,
    /// The vendor says that it was gone before any attempt of this call.
    AlreadyRevoked,
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Revoked => "revoked",
            Self::AlreadyRevoked => "already revoked",
        })
    }
}

/// What it rests on that the access is gone, strongest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Evidence {
    /// The response shows the new state.
    Confirmed,
    /// The vendor said yes, without showing the state.
    Acknowledged,
    /// After an attempt of unknown fate the vendor itself finds nothing left to revoke.
    Inferred,
}

impl fmt::Display for Evidence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Confirmed => "confirmed",
            Self::Acknowledged => "acknowledged",
            Self::Inferred => "inferred",
        })
    }
}

/// A vendor's rate limit as the headers of a response state it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct RateLimit {
    /// Requests allowed in one window.
    pub limit: Option<u32>,
    /// Requests left in the current window.
    pub remaining: Option<u32>,
    /// When the current window ends.
    pub reset_at: Option<DateTime<Utc>>,
}

/// Proof that an access is gone, for the log and the auditor.
///
/// `status`, `request_id` and `rate_limit` are those of the exchange that decided; `idempotency_key` is the key of the
/// attempt it settles. `R` is the vendor's typed response.
#[must_use = "a receipt says whether the access was revoked now or before, and on what evidence"]
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Receipt<R> {
    /// This receipt's own id, a random UUID.
    pub id: Uuid,
    /// What was done.
    pub action: Action,
    /// The request, as it can be put into a plan again.
    pub revocation: Revocation,
    /// How the access came to be gone.
    pub outcome: Outcome,
    /// What that rests on.
    pub evidence: Evidence,
    /// When the deciding response was read, by this machine's clock.
    pub completed_at: DateTime<Utc>,
    /// How many times the request was sent or tried to be sent. Looking up the state afterwards is not counted.
    pub attempts: u32,
    /// The HTTP status of the response that decided.
    pub status: u16,
    /// The vendor's id of the exchange that decided, to quote to its support.
    pub request_id: Option<String>,
    /// The idempotency key that was sent; `None` where the vendor takes none.
    pub idempotency_key: Option<Uuid>,
    /// The vendor's rate limit, where its headers tell.
    pub rate_limit: Option<RateLimit>,
    /// The vendor's typed response; `None` where it does not fit the type (it may be empty, or XML). The verdict does not
    /// depend on it.
    pub response: Option<R>,
}

impl<R: Clone> Receipt<R> {
    /// The same receipt without the vendor's response.
    pub(crate) fn without_response(&self) -> Self {
        Self { response: None, ..self.clone() }
    }
}

impl<R> Receipt<R> {
    /// The same receipt with the response put through `f`.
    pub(crate) fn map<S>(self, f: impl FnOnce(R) -> S) -> Receipt<S> {
        Receipt {
            id: self.id,
            action: self.action,
            revocation: self.revocation,
            outcome: self.outcome,
            evidence: self.evidence,
            completed_at: self.completed_at,
            attempts: self.attempts,
            status: self.status,
            request_id: self.request_id,
            idempotency_key: self.idempotency_key,
            rate_limit: self.rate_limit,
            response: self.response.map(f),
        }
    }
}

impl<R> fmt::Display for Receipt<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let attempts = if self.attempts == 1 { "attempt" } else { "attempts" };
        write!(f, "{}: {}, {} [status {}", self.action, self.outcome, self.evidence, self.status)?;
        if let Some(id) = &self.request_id {
            write!(f, ", request id {id}")?;
        }
        write!(f, ", {} {attempts}] receipt {}", self.attempts, self.id)
    }
}
