//! What the lines of a journal are.

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::error::ErrorReport;
use crate::receipt::Receipt;
use crate::vendor::{Response, Revocation};

/// The version of the format that this crate writes.
pub(super) const VERSION: u32 = 1;

/// The name by which a journal of this crate is known.
pub(super) const FORMAT: &str = "deprovision journal";

/// A line of a journal, tagged by `record` in serde.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "record", rename_all = "snake_case", deny_unknown_fields)]
#[non_exhaustive]
pub enum JournalRecord {
    /// The first line: whose journal it is.
    #[non_exhaustive]
    Run {
        /// Always `deprovision journal`.
        format: String,
        /// The version of the format, 1.
        version: u32,
        /// The run's id. An entry's idempotency key is the version-5 UUID of its index in decimal in this namespace.
        run: Uuid,
        /// Who runs it.
        operator: String,
        /// Why.
        reason: String,
        /// When it was opened.
        at: DateTime<Utc>,
    },
    /// The journal was opened again.
    #[non_exhaustive]
    Resumed {
        /// Who goes on with it.
        operator: String,
        /// Why.
        reason: String,
        /// When.
        at: DateTime<Utc>,
    },
    /// A request is about to be sent. It is on disk before that. (Of an entry that repeats one under way, and is open like
    /// that one, it comes together with the result.)
    #[non_exhaustive]
    Intent {
        /// The entry's place in the plan, counted from 0.
        index: u64,
        /// The entry.
        revocation: Revocation,
        /// The number of the idempotency key it begins with, counted from 1, the entry's own.
        first_key: u32,
        /// When.
        at: DateTime<Utc>,
    },
    /// The access is gone.
    #[non_exhaustive]
    Revoked {
        /// The entry's place in the plan.
        index: u64,
        /// The receipt, without the vendor's response, which is personal data.
        receipt: Box<Receipt<Response>>,
        /// The SHA-256 of the body of the response that decided, in hexadecimal.
        body_sha256: String,
        /// When.
        at: DateTime<Utc>,
    },
    /// The access is not shown to be gone.
    #[non_exhaustive]
    NotRevoked {
        /// The entry's place in the plan.
        index: u64,
        /// Why.
        error: Box<ErrorReport>,
        /// The number of the idempotency key to go on with.
        next_key: u32,
        /// When.
        at: DateTime<Utc>,
    },
}
