//! What a vendor's room provides. The client owns everything else: time, retries, joining of doubt, receipts, errors.

use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use uuid::Uuid;

use super::{Action, Channels, Revocation, Vendor};
use crate::client::Revoke;
use crate::error::Error;
use crate::reading::{Doubt, Reading, Verdict, unexpected};
use crate::receipt::RateLimit;
use crate::transport::{Answer, BaseUrl, Credential, Gate, Issuer, Limit, Operation, Scheme, Wire};

/// A request: how it is sent, and how what comes back is read.
pub(crate) trait Endpoint: Revoke + Into<Revocation> {
    type Config: Listed;

    const ACTION: Action;

    /// The members of a success's object that `read` looks at; the rest is for the typed response.
    const FACTS: &'static [&'static str];

    /// Whether the vendor takes an idempotency key.
    const KEYED: bool = false;

    /// Whose access it is. Requests with the same subject are not made side by side.
    fn subject(&self) -> String;

    /// Whose credential it must be, where the vendor acts on the caller.
    fn account(&self) -> Option<&str> {
        None
    }

    /// Calls the generated client once. The request it makes is on the attempt's wire; the client's own result says nothing.
    fn send(&self, attempt: &Attempt<'_, Self::Config>) -> impl Future<Output = ()> + Send;

    /// What the vendor's answer says of the access, given what earlier attempts left open. A pure function.
    fn read(&self, answer: &Answer, doubt: Doubt) -> Reading;

    /// Asks the vendor's read endpoint, after [`Reading::Look`].
    fn look(&self, _attempt: &Attempt<'_, Self::Config>) -> impl Future<Output = ()> + Send {
        async {}
    }

    /// What the read endpoint's answer says, given the one that made it necessary. A pure function.
    fn read_look(&self, _first: &Answer, _look: Option<&Answer>, _doubt: Doubt) -> Verdict {
        Err(unexpected("this vendor has no read endpoint"))
    }

    /// The rate limit that the vendor's headers state.
    fn rate_limit(_answer: &Answer) -> Option<RateLimit> {
        None
    }

    /// Bytes to bytes in front of reading and decoding, for a vendor that spells one thing in two ways.
    fn mend(body: Bytes) -> Bytes {
        body
    }
}

/// A vendor's configuration: what it has in common with the others'.
pub(crate) trait Settings: Send + Sync + Sized + 'static {
    const VENDOR: Vendor;

    /// The environment variable that holds the credential.
    const CREDENTIAL_VARIABLE: &'static str;

    /// The operations of the vendor's document.
    const OPERATIONS: &'static [Operation];

    fn common(&self) -> &Common;

    fn common_mut(&mut self) -> &mut Common;

    fn scheme(&self) -> Scheme {
        Scheme::Bearer
    }

    /// Checks what is the vendor's own. The error names the setting.
    fn check(&self) -> Result<(), Error> {
        Ok(())
    }

    /// The configuration that a credential alone makes; without a base URL where the vendor has no default.
    fn with_credential(credential: String) -> Self;
}

/// A configuration that the table of vendors lists.
pub(crate) trait Listed: Settings {
    /// Its channel, if the client was given one.
    fn channel(channels: &Channels) -> Option<&Channel<Self>>;
}

/// What every vendor's configuration holds.
#[derive(Clone)]
pub(crate) struct Common {
    pub(crate) credential: Credential,
    pub(crate) base_url: String,
    pub(crate) limit: Option<Limit>,
}

impl Common {
    pub(crate) fn new(credential: impl Into<Credential>, base_url: impl Into<String>) -> Self {
        Self { credential: credential.into(), base_url: base_url.into(), limit: None }
    }

    /// With the limit that the vendor publishes.
    pub(crate) fn limited(self, requests: u32, seconds: u64) -> Self {
        Self { limit: Some(Limit { requests, window: Duration::from_secs(seconds) }), ..self }
    }
}

impl fmt::Debug for Common {
    /// The URL is not checked yet, so it may hold what it should not.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let url = self.base_url.split(['?', '#']).next().unwrap_or_default();
        let url = match url.rsplit_once('@') {
            _ if !url.contains("://") => "[no URL]".to_owned(),
            Some((_, host)) => format!("[redacted]@{host}"),
            None => url.to_owned(),
        };
        f.debug_struct("Common")
            .field("credential", &self.credential)
            .field("base_url", &url)
            .field("limit", &self.limit)
            .finish()
    }
}

/// The settings that every vendor's configuration has.
macro_rules! common_settings {
    ($default_url:literal, $default_limit:literal) => {
        impl Config {
            #[doc = concat!("The base URL: https, or http to a loopback address. The default is ", $default_url, ".")]
            #[must_use]
            pub fn base_url(mut self, url: impl Into<String>) -> Self {
                self.common.base_url = url.into();
                self
            }

            #[doc = concat!(
                "How many requests the vendor takes in how long a time: this client sends no more, waiting where it has \
                 to. It counts its own; other processes that use the same limit are seen only in the vendor's headers, \
                 where it has such. The default is ", $default_limit, "."
            )]
            #[must_use]
            pub fn rate_limit(mut self, requests: u32, window: std::time::Duration) -> Self {
                self.common.limit = Some(crate::transport::Limit { requests, window });
                self
            }
        }
    };
}
pub(crate) use common_settings;

/// A vendor's configuration, checked and ready to be used.
pub(crate) struct Channel<C> {
    pub(crate) config: C,
    pub(crate) base: Arc<BaseUrl>,
    pub(crate) issuer: Issuer,
    pub(crate) gate: Gate,
    pub(crate) http: reqwest::Client,
}

/// One attempt, as the vendor's room needs it.
pub(crate) struct Attempt<'a, C> {
    pub(crate) config: &'a C,
    pub(crate) key: Uuid,
    pub(crate) http: &'a reqwest::Client,
    pub(crate) wire: Wire,
}

impl<C> Attempt<'_, C> {
    /// A generated client for this attempt alone.
    pub(crate) fn client<T>(&self, new: fn(&str, reqwest::Client, Wire) -> T) -> T {
        new(self.wire.base(), self.http.clone(), self.wire.clone())
    }
}
