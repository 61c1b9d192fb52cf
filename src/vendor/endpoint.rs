//! What a vendor's room provides. The client owns everything else: time, retries, joining of doubt, receipts, errors.

use std::future::Future;
use std::sync::Arc;

use bytes::Bytes;
use progenitor_client::ResponseValue;
use uuid::Uuid;

use super::{Action, Channels, Revocation, Vendor};
use crate::client::Revoke;
use crate::error::Error;
use crate::reading::{Doubt, Finding, Reading, Verdict, unexpected};
use crate::receipt::RateLimit;
use crate::transport::{Answer, BaseUrl, Credential, Issuer, Operation, Scheme, Wire};

/// A request: how it is sent, and how what comes back is read.
pub(crate) trait Endpoint: Revoke + Into<Revocation> {
    type Config: Listed;

    const ACTION: Action;

    /// Whether the vendor takes an idempotency key.
    const KEYED: bool = false;

    /// Whose credential it must be, where the vendor acts on the caller.
    fn account(&self) -> Option<&str> {
        None
    }

    /// Calls the generated client once. What came back is on the attempt's wire; this is the typed response, if it fits.
    fn send(&self, attempt: &Attempt<'_, Self::Config>) -> impl Future<Output = Option<Self::Response>> + Send;

    /// What the vendor's answer says of the access, given what earlier attempts left open. A pure function.
    fn read(&self, answer: &Answer, doubt: Doubt) -> Reading;

    /// Asks the vendor's read endpoint, after [`Reading::Look`].
    fn look(&self, _attempt: &Attempt<'_, Self::Config>) -> impl Future<Output = Option<Self::Response>> + Send {
        async { None }
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

    fn credential(&self) -> &Credential;

    fn base_url(&self) -> &str;

    fn scheme(&self) -> Scheme {
        Scheme::Bearer
    }

    /// Checks what is the vendor's own. The error names the setting.
    fn check(&self) -> Result<(), Error> {
        Ok(())
    }

    /// The configuration that the environment gives: a credential, and a base URL if one is set.
    fn from_environment(credential: String, base_url: Option<String>) -> Result<Self, Error>;
}

/// A configuration that the table of vendors lists.
pub(crate) trait Listed: Settings {
    /// Its channel, if the client was given one.
    fn channel(channels: &Channels) -> Option<&Channel<Self>>;
}

/// A vendor's configuration, checked and ready to be used.
pub(crate) struct Channel<C> {
    pub(crate) config: C,
    pub(crate) base: Arc<BaseUrl>,
    pub(crate) issuer: Issuer,
    pub(crate) http: reqwest::Client,
}

/// One attempt, as the vendor's room needs it.
pub(crate) struct Attempt<'a, C> {
    pub(crate) config: &'a C,
    pub(crate) key: Uuid,
    pub(crate) wire: Wire,
}

impl<C> Attempt<'_, C> {
    /// A generated client for this attempt alone.
    pub(crate) fn client<T>(&self, new: fn(&str, reqwest::Client, Wire) -> T) -> T {
        new(self.wire.base(), self.wire.http(), self.wire.clone())
    }
}

/// The typed response of a generated client's call. Its error is of no use: the wire has recorded what came.
pub(crate) fn typed<T, E>(result: Result<ResponseValue<T>, progenitor_client::Error<E>>) -> Option<T> {
    result.ok().map(ResponseValue::into_inner)
}

/// A finding that is read off the state a response shows.
pub(crate) fn shown(finding: Finding) -> Finding {
    Finding { shows_state: true, ..finding }
}
