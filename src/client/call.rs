//! A call before it is made: a request and its options.

use std::fmt;
use std::future::{Future, IntoFuture};
use std::pin::Pin;
use std::time::Duration;

use schemars::JsonSchema;
use serde::Serialize;
use serde::de::DeserializeOwned;
use uuid::Uuid;

use super::preview::Preview;
use super::run::{Failed, Proof};
use super::{Client, run};
use crate::error::Error;
use crate::receipt::Receipt;
use crate::transport::{Credential, RetryPolicy};
use crate::vendor::{Action, Endpoint, Vendor};

/// A request that [`Client::revoke`] takes: each vendor's, and [`Revocation`](crate::Revocation), which is any of them.
///
/// It cannot be implemented outside this crate.
pub trait Revoke: Sealed + Clone + fmt::Debug + Serialize + DeserializeOwned + Send + Sync + 'static {
    /// The vendor's typed response.
    type Response: Clone + fmt::Debug + PartialEq + Serialize + DeserializeOwned + JsonSchema + Send + Sync + 'static;

    /// What it does.
    fn action(&self) -> Action;

    /// At which vendor.
    fn vendor(&self) -> Vendor {
        self.action().vendor()
    }

    #[doc(hidden)]
    fn run(self, job: Job) -> Running<Self::Response>;

    #[doc(hidden)]
    fn preview(&self, job: Job) -> Result<Preview, Error>;
}

/// Keeps [`Revoke`] from being implemented elsewhere, so that it can grow.
pub trait Sealed {}

/// What a call's future is.
pub type Running<R> = Pin<Box<dyn Future<Output = Result<Receipt<R>, Error>> + Send>>;

/// A call that can be given options and is made by awaiting it.
#[must_use = "a call is made by awaiting it"]
#[derive(Debug)]
pub struct Call<R> {
    request: R,
    job: Job,
}

/// A client and the options of one call.
pub struct Job {
    pub(crate) client: Client,
    pub(crate) options: Options,
}

pub(crate) struct Options {
    pub(crate) credential: Option<Credential>,
    pub(crate) idempotency_key: Option<Uuid>,
    pub(crate) timeout: Option<Duration>,
    pub(crate) retry: Option<RetryPolicy>,
    /// The number of the key to begin with, counted from 1, the call's own.
    pub(crate) first_key: u32,
    /// Whether the fate of an earlier call of the same entry is unknown.
    pub(crate) in_doubt: bool,
    /// Whether waiting for the vendor's rate limit is outside the time-out.
    pub(crate) patient: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            credential: None,
            idempotency_key: None,
            timeout: None,
            retry: None,
            first_key: 1,
            in_doubt: false,
            patient: false,
        }
    }
}

impl<R: Revoke> Call<R> {
    pub(super) fn new(client: Client, request: R) -> Self {
        Self { request, job: Job { client, options: Options::default() } }
    }

    /// Another credential than the vendor's configuration has.
    pub fn credential(mut self, credential: impl Into<Credential>) -> Self {
        self.job.options.credential = Some(credential.into());
        self
    }

    /// The idempotency key of this call; without it a random one is made. Where a vendor's rule asks for a new key, the
    /// *n*-th key (*n* = 2, 3 …) is the version-5 UUID of *n* in decimal in the namespace of this one. It matters to
    /// vendors that take a key (Persona); others are safe to call again without.
    pub fn idempotency_key(mut self, key: Uuid) -> Self {
        self.job.options.idempotency_key = Some(key);
        self
    }

    /// Another time-out than the client's, for all attempts and waits together.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.job.options.timeout = Some(timeout);
        self
    }

    /// Another retry policy than the client's.
    pub fn retry(mut self, policy: RetryPolicy) -> Self {
        self.job.options.retry = Some(policy);
        self
    }

    /// The request that this call would send first, with the credential redacted. Nothing is sent, and no
    /// [`Credential::from_fn`] is asked.
    ///
    /// # Errors
    ///
    /// What would keep the call from being sent, such as [`ErrorKind::NotConfigured`](crate::ErrorKind::NotConfigured).
    pub fn preview(self) -> Result<Preview, Error> {
        self.request.preview(self.job)
    }
}

impl<R: Revoke> IntoFuture for Call<R> {
    type Output = Result<Receipt<R::Response>, Error>;
    type IntoFuture = Running<R::Response>;

    fn into_future(self) -> Self::IntoFuture {
        self.request.run(self.job)
    }
}

impl Job {
    pub(crate) async fn run<E: Endpoint>(self, request: E) -> Result<Receipt<E::Response>, Error> {
        let proven = self.prove(request).await;
        proven.map(|proof| proof.receipt.map(|response| *response)).map_err(|failed| failed.error)
    }

    pub(crate) async fn prove<E: Endpoint>(self, request: E) -> Result<Proof<Box<E::Response>>, Failed> {
        run::run(&self.client.0, self.options, &request).await
    }

    pub(crate) fn preview<E: Endpoint>(self, request: &E) -> Result<Preview, Error> {
        run::preview(&self.client.0, self.options, request)
    }
}

impl fmt::Debug for Job {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Job")
            .field("client", &self.client)
            .field("credential", &self.options.credential)
            .field("idempotency_key", &self.options.idempotency_key)
            .field("timeout", &self.options.timeout)
            .field("retry", &self.options.retry)
            .finish()
    }
}
