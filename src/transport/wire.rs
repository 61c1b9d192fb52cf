//! The place between a generated client and the network: here a request is taken over.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use reqwest::{Request, Response, Url};

use super::base_url::BaseUrl;

/// An operation of a vendor's document; the build makes a table of them.
#[derive(Debug)]
pub(crate) struct Operation {
    /// The name the generated client gives it.
    pub(crate) id: &'static str,
    pub(crate) method: &'static str,
    /// The path below the server, with its parameters in braces.
    pub(crate) path: &'static str,
}

/// Takes over the request that a generated client puts together, in place of sending it.
///
/// A generated client decodes what it is given and forgets the rest: the headers, the status, bodies that do not fit. So it
/// is given nothing. What it made is sent by its owner, who reads whatever comes; and shown where it is not to be sent.
#[derive(Clone)]
pub(crate) struct Wire(Arc<State>);

struct State {
    base: Arc<BaseUrl>,
    taken: Mutex<Option<Taken>>,
}

/// A request, and the operation it is for.
pub(crate) struct Taken {
    pub(crate) request: Request,
    pub(crate) operation: &'static str,
}

impl fmt::Debug for Wire {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Wire")
    }
}

impl Wire {
    pub(crate) fn new(base: Arc<BaseUrl>) -> Self {
        Self(Arc::new(State { base, taken: Mutex::new(None) }))
    }

    pub(crate) fn base(&self) -> &str {
        self.0.base.as_str()
    }

    /// The URL of a path below the base URL; for the generated client.
    pub(crate) fn url(&self, path: &str) -> Url {
        self.0.base.join(path)
    }

    /// The request, if it came to one.
    pub(crate) fn taken(&self) -> Option<Taken> {
        self.slot().take()
    }

    /// Takes a request over. The generated client's call ends with the error.
    pub(crate) fn take(&self, request: Request, operation: &'static str) -> reqwest::Result<Response> {
        *self.slot() = Some(Taken { request, operation });
        // Only reqwest makes its errors: this is that of a URL without a host.
        let refused = Request::try_from(http::Request::new(""));
        refused.map(|_| Response::from(http::Response::new("")))
    }

    fn slot(&self) -> MutexGuard<'_, Option<Taken>> {
        self.0.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Includes a vendor's generated client and gives it the hook that [`Wire`] is made for.
///
/// The generator is told to expect the hook, so a vendor without this line does not compile.
macro_rules! generated_client {
    ($document:literal) => {
        /// The client generated from this vendor's document.
        #[allow(unused_imports, unused_mut, unreachable_pub, dead_code, reason = "generated, and private")]
        mod generated {
            include!(concat!(env!("OUT_DIR"), "/", $document, ".rs"));

            impl ClientHooks<crate::transport::Wire> for Client {
                async fn exec(
                    &self,
                    request: reqwest::Request,
                    operation: &OperationInfo,
                ) -> reqwest::Result<reqwest::Response> {
                    self.inner.take(request, operation.operation_id)
                }
            }
        }
    };
}
pub(crate) use generated_client;
