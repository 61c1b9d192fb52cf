//! The client: its builder, a call's options, and the one path that every call takes.

mod builder;
mod call;
mod preview;
mod run;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::error::Error;
use crate::transport::RetryPolicy;
use crate::vendor::Channels;

pub use builder::ClientBuilder;
pub(crate) use builder::configured;
pub use call::{Call, Job, Revoke, Running};
pub(crate) use call::{Options, Sealed};
pub use preview::{Header, Preview};
pub(crate) use run::{Failed, Proof};

/// Ends accesses at the vendors it is configured for. Cheap to clone; clones share connections.
///
/// ```
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// use deprovision::{Client, cova};
///
/// let client = Client::builder().cova(cova::Config::new("a token")).build()?;
/// let receipt = client.revoke(&cova::DisableUser::new(8545)?).await?;
/// println!("{} {}", receipt.outcome, receipt.evidence);
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Client(Arc<Shared>);

pub(crate) struct Shared {
    channels: Channels,
    retry: RetryPolicy,
    attempt_timeout: Duration,
    timeout: Duration,
    max_response_bytes: usize,
}

impl Client {
    /// A client is built from the configurations of the vendors it is to call.
    pub fn builder() -> ClientBuilder {
        ClientBuilder::default()
    }

    /// A client for the vendors that the environment names, with the default settings.
    ///
    /// Read are `PROJECTMANAGER_TOKEN`, `COR_TOKEN`, `ONLYOFFICE_TOKEN` with `ONLYOFFICE_URL`, `PERSONA_API_KEY` and
    /// `COVA_TOKEN`; and `<VENDOR>_URL` (such as `COVA_URL`) for another base URL. A vendor without a credential is not
    /// configured.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidConfiguration`](crate::ErrorKind::InvalidConfiguration) naming the variable that is empty or
    /// not text, or the setting that is refused.
    pub fn from_env() -> Result<Self, Error> {
        ClientBuilder::from_env()?.build()
    }

    /// Ends an access. The call is awaited directly, or given options before that.
    ///
    /// [`Ok`] means that the access is gone: the vendor's own response says so, or leaves no other reading. Any error
    /// says what is true of the access now, see [`Error::access`].
    ///
    /// Dropping the future cancels the call. If its request was sent by then, whether the access is gone is unknown;
    /// calling again is safe.
    ///
    /// # Errors
    ///
    /// Any [`ErrorKind`](crate::ErrorKind) but `InvalidRequest` of a constructor.
    pub fn revoke<R: Revoke>(&self, request: &R) -> Call<R> {
        Call::new(self.clone(), request.clone())
    }

    /// The request that [`revoke`](Client::revoke) would send first, with the credential redacted. Nothing is sent.
    ///
    /// # Errors
    ///
    /// As [`Call::preview`].
    pub fn preview<R: Revoke>(&self, request: &R) -> Result<Preview, Error> {
        self.revoke(request).preview()
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let vendors: Vec<_> = self.0.channels.base_urls().collect();
        f.debug_struct("Client")
            .field("vendors", &vendors)
            .field("retry", &self.0.retry)
            .field("attempt_timeout", &self.0.attempt_timeout)
            .field("timeout", &self.0.timeout)
            .field("max_response_bytes", &self.0.max_response_bytes)
            .finish()
    }
}
