//! What a response says of the access: the vocabulary that every vendor's reading uses, and what is the same for all.

mod loose;
mod members;
mod status;
mod wait;
mod words;

use std::time::Duration;

use crate::error::{Access, Detail, ErrorKind};
use crate::receipt::{Evidence, Outcome};
use crate::transport::Failure;

pub(crate) use loose::{Json, flag, is_filled, number, spelled, text};
pub(crate) use members::Members;
pub(crate) use status::{contradicts, refusal, refusal_within, unexpected, whole};
pub(crate) use wait::{moment, rate_limit, seconds};
pub(crate) use words::{Words, clean};

/// What a response says of the access.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Reading {
    Gone(Gone),
    NotGone(Finding),
    /// It does not say; the vendor's read endpoint will.
    Look,
}

/// What a response says where there is nothing to look up.
pub(crate) type Verdict = Result<Gone, Finding>;

impl From<Verdict> for Reading {
    fn from(verdict: Verdict) -> Self {
        match verdict {
            Ok(gone) => Self::Gone(gone),
            Err(finding) => Self::NotGone(finding),
        }
    }
}

/// The access is gone: how it came to be, and what that rests on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Gone {
    pub(crate) outcome: Outcome,
    pub(crate) evidence: Evidence,
}

impl Gone {
    pub(crate) fn revoked(evidence: Evidence) -> Self {
        Self { outcome: Outcome::Revoked, evidence }
    }
}

/// The access is not shown to be gone.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Finding {
    pub(crate) kind: ErrorKind,
    pub(crate) access: Access,
    /// Whether `access` was read off a state the response shows. Only then does it hold against an earlier attempt of
    /// unknown fate.
    pub(crate) shows_state: bool,
    /// Whether this call may send it again.
    pub(crate) retry: Retry,
    /// Whether the same call, later and unchanged, may succeed.
    pub(crate) may_pass: bool,
    /// How long the vendor asks to wait.
    pub(crate) wait: Option<Duration>,
    /// The vendor's words as they came; they are cleaned when they become an error.
    pub(crate) message: String,
    pub(crate) details: Vec<Detail>,
    pub(crate) not_revoked: Vec<String>,
}

impl Finding {
    pub(crate) fn new(kind: ErrorKind, access: Access, message: impl Into<String>) -> Self {
        Self {
            kind,
            access,
            shows_state: false,
            retry: Retry::No,
            may_pass: kind.may_pass(),
            wait: None,
            message: message.into(),
            details: Vec::new(),
            not_revoked: Vec::new(),
        }
    }

    pub(crate) fn from_failure(failure: &Failure, access: Access) -> Self {
        let retry = if failure.passing { Retry::SameKey } else { Retry::No };
        Self {
            retry,
            may_pass: failure.passing,
            wait: failure.wait,
            ..Self::new(failure.kind, access, failure.message.clone())
        }
    }

    /// The vendor's success shows that access remains.
    pub(crate) fn incomplete(access: Access, message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Incomplete, access, message).showing_state()
    }

    /// Says that its access was read off the state that a response shows.
    pub(crate) fn showing_state(self) -> Self {
        Self { shows_state: true, ..self }
    }
}

/// Whether the same request may be sent again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Retry {
    No,
    /// With the idempotency key of this attempt.
    SameKey,
    /// With another key: this one now stands for the answer it got.
    NextKey,
}

/// What the earlier attempts of a call leave open.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Doubt {
    /// The fate of an attempt is unknown, and no state was seen since.
    pub(crate) open: bool,
    /// The access cannot be said to have been gone before this call: an attempt may have revoked it, or it was seen.
    pub(crate) was_there: bool,
}

impl Doubt {
    /// What an attempt that ended with `finding` leaves true of the access, and open for the next.
    pub(crate) fn join(&mut self, finding: &Finding) -> Access {
        if finding.shows_state {
            self.open = false;
            self.was_there = true;
        }
        if finding.access == Access::Unknown {
            self.open = true;
            self.was_there = true;
        }
        if self.open { Access::Unknown } else { finding.access }
    }
}
