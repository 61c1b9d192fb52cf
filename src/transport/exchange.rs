//! What came of one HTTP exchange.

use std::borrow::Cow;
use std::time::Duration;

use bytes::Bytes;
use chrono::{DateTime, Utc};
use http::header::LOCATION;
use http::{HeaderMap, HeaderName, HeaderValue};

use super::secret::Secret;
use crate::error::ErrorKind;
use crate::reading::Members;

/// What came of one HTTP exchange, by how far it got.
pub(crate) enum Exchange {
    /// Nothing left this machine.
    NotSent(Failure),
    /// It may have been sent, and no response head came.
    NoHead(Failure),
    /// A response head came.
    Answered(Answer),
}

/// Why the transport failed.
#[derive(Clone, Debug)]
pub(crate) struct Failure {
    pub(crate) kind: ErrorKind,
    pub(crate) message: String,
    /// Whether another attempt may fare better; false for a certificate that is not accepted.
    pub(crate) passing: bool,
    /// How long there is to wait, where that is known.
    pub(crate) wait: Option<Duration>,
}

impl Failure {
    pub(crate) fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), passing: true, wait: None }
    }

    pub(crate) fn lasting(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self { passing: false, ..Self::new(kind, message) }
    }
}

static REQUEST_ID: HeaderName = HeaderName::from_static("request-id");
static X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// A response, whatever its status and content type.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Body,
    /// The body as it came, before it was mended for reading; for its digest.
    pub(crate) raw: Bytes,
    /// What its reading looks at, if it was noted while the body was decoded.
    pub(crate) members: Option<Members>,
    pub(crate) received_at: DateTime<Utc>,
}

/// A response's body, as far as it could be had.
#[derive(Clone, Debug)]
pub(crate) enum Body {
    Whole(Bytes),
    /// It stopped before its end.
    BrokenOff(Failure),
    /// It is longer than `max_response_bytes`.
    TooLarge {
        limit: usize,
    },
    /// It came whole and cannot be decompressed.
    Undecodable(String),
}

impl Answer {
    /// Takes credentials out of where a redirect leads: what is shown of that is cut out of its URL, and must not be cut
    /// out of a credential.
    pub(crate) fn scrub_location(&mut self, secrets: &[&Secret]) {
        let Some(location) = self.headers.get_mut(LOCATION) else { return };
        let mut text = String::from_utf8_lossy(location.as_bytes()).into_owned();
        secrets.iter().for_each(|secret| secret.scrub(&mut text));
        if text.as_bytes() != location.as_bytes() {
            *location = HeaderValue::try_from(text).unwrap_or(HeaderValue::from_static(""));
        }
    }

    /// A header's value as text, if it is there and text.
    pub(crate) fn header(&self, name: &HeaderName) -> Option<&str> {
        self.headers.get(name)?.to_str().ok().map(str::trim)
    }

    /// The body if it came whole, else nothing.
    pub(crate) fn bytes(&self) -> &[u8] {
        match &self.body {
            Body::Whole(bytes) => bytes,
            _ => &[],
        }
    }

    /// The members with these names of the body's object; `None` if it is none, or names one of them twice.
    pub(crate) fn members(&self, names: &'static [&'static str]) -> Option<Cow<'_, Members>> {
        match &self.members {
            Some(members) if members.names() == names => Some(Cow::Borrowed(members)),
            _ => Members::read(self.bytes().trim_ascii(), names).map(Cow::Owned),
        }
    }

    /// The vendor's id of this exchange.
    pub(crate) fn request_id(&self) -> Option<&str> {
        [&REQUEST_ID, &X_REQUEST_ID].into_iter().find_map(|name| self.header(name).filter(|id| !id.is_empty()))
    }
}
