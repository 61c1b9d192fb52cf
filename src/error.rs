//! What went wrong, and what is true of the access because of it.

use std::fmt;
use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::reading::clean;
use crate::vendor::{Action, Vendor};

/// What is known of the access after a call that did not end with [`Ok`].
///
/// It is a statement about state, joined over all attempts of the call: once the fate of one attempt is unknown, only a
/// response that shows the state itself makes it anything else again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Access {
    /// This call changed nothing: it was never sent, the vendor refused it, or the vendor shows the access in place.
    Unchanged,
    /// Some of what was asked for is gone; [`Error::not_revoked`] lists what is left.
    PartlyRevoked,
    /// It may be gone or not. Repeat the call (that is safe) or look it up at the vendor.
    Unknown,
}

impl fmt::Display for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Unchanged => "unchanged",
            Self::PartlyRevoked => "partly revoked",
            Self::Unknown => "unknown",
        })
    }
}

/// The kinds of failure, by what a caller can do about them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ErrorKind {
    /// An argument was refused before anything was sent. Correct the argument the message names.
    InvalidRequest,
    /// A setting or a credential was refused before anything was sent. Correct the setting the message names.
    InvalidConfiguration,
    /// The client has no configuration for this vendor.
    NotConfigured,
    /// The transport failed: before sending (access *unchanged*) or after (access *unknown*).
    Connection,
    /// Time ran out: before sending (access *unchanged*) or after (access *unknown*).
    Timeout,
    /// The vendor does not accept the credential (HTTP 401), or none could be had.
    Unauthorized,
    /// The vendor accepts the credential but not for this (HTTP 403), or a quota is exceeded.
    Forbidden,
    /// The vendor does not know the subject, or hides it from this credential (HTTP 404, 410).
    NotFound,
    /// The subject is being changed at the same time, or a usage limit is hit (HTTP 409).
    Conflict,
    /// The vendor refuses the request as it stands (any other HTTP 4xx, or a refusal inside a success).
    Rejected,
    /// Too many requests (HTTP 429, or the vendor's own form of it). Wait for [`Error::retry_after`].
    RateLimited,
    /// The vendor is failing (HTTP 408, 5xx).
    Unavailable,
    /// The vendor reports success, and its own answer shows that access remains.
    Incomplete,
    /// A whole response came, and it is not this vendor's: a proxy's page, a redirect, foreign JSON, another subject.
    UnexpectedResponse,
    /// The journal cannot be used. What it does not hold is not sent.
    Journal,
}

impl ErrorKind {
    /// Whether what failed in this way may succeed later without a change.
    pub(crate) fn may_pass(self) -> bool {
        matches!(self, Self::Connection | Self::Timeout | Self::RateLimited | Self::Unavailable | Self::Conflict)
    }
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::InvalidRequest => "invalid request",
            Self::InvalidConfiguration => "invalid configuration",
            Self::NotConfigured => "not configured",
            Self::Connection => "connection failed",
            Self::Timeout => "timed out",
            Self::Unauthorized => "unauthorized",
            Self::Forbidden => "forbidden",
            Self::NotFound => "not found",
            Self::Conflict => "conflict",
            Self::Rejected => "rejected",
            Self::RateLimited => "rate limited",
            Self::Unavailable => "unavailable",
            Self::Incomplete => "incomplete",
            Self::UnexpectedResponse => "unexpected response",
            Self::Journal => "journal unusable",
        })
    }
}

/// One of several things a vendor found wrong with a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct Detail {
    /// The field it is about, as the vendor names it.
    pub field: Option<String>,
    /// The vendor's words, cleaned and cut.
    pub message: String,
}

impl Detail {
    pub(crate) fn new(field: Option<String>, message: impl Into<String>) -> Self {
        Self { field, message: message.into() }
    }
}

/// Why an access could not be shown to be gone.
///
/// [`kind`](Error::kind) says what to do, [`access`](Error::access) what is true now. [`Display`](fmt::Display) is one
/// line for a log; [`report`](Error::report) is the same as data. It holds no credential, no response body and no source
/// error.
#[derive(Clone, PartialEq)]
pub struct Error(Box<ErrorReport>);

impl Error {
    pub(crate) fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self(Box::new(ErrorReport {
            kind,
            access: Access::Unchanged,
            vendor: None,
            action: None,
            status: None,
            request_id: None,
            message: message.into(),
            details: Vec::new(),
            not_revoked: Vec::new(),
            retry_after_ms: None,
            attempts: 0,
            is_retryable: false,
        }))
    }

    /// An argument that was refused: names it and says what would do.
    pub(crate) fn invalid_request(argument: &str, what: impl fmt::Display) -> Self {
        Self::new(ErrorKind::InvalidRequest, format!("{argument}: {what}"))
    }

    pub(crate) fn from_report(report: ErrorReport) -> Self {
        Self(Box::new(report))
    }

    pub(crate) fn for_vendor(mut self, vendor: Vendor) -> Self {
        self.0.vendor = Some(vendor);
        self
    }

    pub(crate) fn for_action(mut self, action: Action) -> Self {
        self.0.vendor = Some(action.vendor());
        self.0.action = Some(action);
        self
    }

    /// What kind of failure it is.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// What is true of the access now, over all attempts of the call.
    pub fn access(&self) -> Access {
        self.0.access
    }

    /// The vendor it is about; `None` for what concerns no vendor (such as a time-out setting).
    pub fn vendor(&self) -> Option<Vendor> {
        self.0.vendor
    }

    /// The action that was asked for; `None` for an error of a builder or of a constructor.
    pub fn action(&self) -> Option<Action> {
        self.0.action
    }

    /// The HTTP status of the response that decided, if one came.
    pub fn status(&self) -> Option<u16> {
        self.0.status
    }

    /// The vendor's id of the exchange that decided, to quote to its support.
    pub fn request_id(&self) -> Option<&str> {
        self.0.request_id.as_deref()
    }

    /// Why, in the vendor's words where it gave any: cleaned of control characters and of the credential, and cut.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// Field errors and further messages of the vendor.
    pub fn details(&self) -> &[Detail] {
        &self.0.details
    }

    /// What was asked for and is not shown to be gone; empty unless the kind is [`ErrorKind::Incomplete`].
    pub fn not_revoked(&self) -> &[String] {
        &self.0.not_revoked
    }

    /// How long the vendor asks to wait before the next request.
    pub fn retry_after(&self) -> Option<Duration> {
        self.0.retry_after_ms.map(Duration::from_millis)
    }

    /// How many times the request was sent or tried to be sent.
    pub fn attempts(&self) -> u32 {
        self.0.attempts
    }

    /// Whether the same call, later and unchanged, may succeed.
    pub fn is_retryable(&self) -> bool {
        self.0.is_retryable
    }

    /// The same as data, for logs and audit trails.
    pub fn report(&self) -> ErrorReport {
        (*self.0).clone()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let report = &*self.0;
        f.debug_struct("Error")
            .field("kind", &report.kind)
            .field("access", &report.access)
            .field("vendor", &report.vendor)
            .field("action", &report.action)
            .field("status", &report.status)
            .field("request_id", &report.request_id)
            .field("message", &report.message)
            .field("details", &report.details)
            .field("not_revoked", &report.not_revoked)
            .field("retry_after", &self.retry_after())
            .field("attempts", &report.attempts)
            .field("is_retryable", &report.is_retryable)
            .finish()
    }
}

impl std::error::Error for Error {}

/// An [`Error`] as data. Each member is what the [`Error`] method of the same name returns.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct ErrorReport {
    /// What kind of failure it is.
    pub kind: ErrorKind,
    /// What is true of the access now, over all attempts of the call.
    pub access: Access,
    /// The vendor it is about.
    pub vendor: Option<Vendor>,
    /// The action that was asked for.
    pub action: Option<Action>,
    /// The HTTP status of the response that decided.
    pub status: Option<u16>,
    /// The vendor's id of the exchange that decided.
    pub request_id: Option<String>,
    /// Why, in the vendor's words where it gave any.
    pub message: String,
    /// Field errors and further messages of the vendor.
    pub details: Vec<Detail>,
    /// What was asked for and is not shown to be gone.
    pub not_revoked: Vec<String>,
    /// How long the vendor asks to wait before the next request, in milliseconds.
    pub retry_after_ms: Option<u64>,
    /// How many times the request was sent or tried to be sent.
    pub attempts: u32,
    /// Whether the same call, later and unchanged, may succeed.
    pub is_retryable: bool,
}

/// How many of what is not revoked are named on the one line; [`Error::not_revoked`] has them all.
const MAX_SHOWN: usize = 5;

impl fmt::Display for ErrorReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.action, self.vendor) {
            (Some(action), _) => write!(f, "{action}: ")?,
            (None, Some(vendor)) => write!(f, "{vendor}: ")?,
            (None, None) => {}
        }
        write!(f, "{}: {}", self.kind, self.message)?;
        for detail in &self.details {
            match &detail.field {
                Some(field) if detail.message == self.message => write!(f, " ({field})")?,
                Some(field) => write!(f, "; {field}: {}", detail.message)?,
                None => write!(f, "; {}", detail.message)?,
            }
        }
        if self.attempts > 0 {
            f.write_str(" [")?;
            match self.status {
                Some(status) => write!(f, "status {status}")?,
                None => f.write_str("no response")?,
            }
            if let Some(id) = &self.request_id {
                write!(f, ", request id {id}")?;
            }
            write!(f, ", {} {}]", self.attempts, if self.attempts == 1 { "attempt" } else { "attempts" })?;
        }
        if let Some(ms) = self.retry_after_ms {
            write!(f, ", retry after {:?}", Duration::from_millis(ms))?;
        }
        match self.access {
            Access::Unchanged => f.write_str("; access unchanged"),
            Access::PartlyRevoked => f.write_str("; access partly revoked"),
            Access::Unknown => f.write_str("; access unknown"),
        }?;
        if !self.not_revoked.is_empty() {
            let shown: Vec<_> = self.not_revoked.iter().take(MAX_SHOWN).map(|id| clean(id)).collect();
            write!(f, ", not gone: {}", shown.join(", "))?;
            if self.not_revoked.len() > MAX_SHOWN {
                write!(f, " and {} more", self.not_revoked.len() - MAX_SHOWN)?;
            }
        }
        Ok(())
    }
}
