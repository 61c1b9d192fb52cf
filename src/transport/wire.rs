//! The place between a generated client and the network: here a request is sealed and a response recorded.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http::HeaderValue;
use http::header::{ACCEPT_ENCODING, AUTHORIZATION, CONTENT_LENGTH, HOST, USER_AGENT};
use reqwest::{Request, Response, Url};
use tokio::time::Instant;

use super::base_url::BaseUrl;
use super::credential::Token;
use super::exchange::{Exchange, Failure};
use super::http::{PRODUCT, exchange};
use crate::error::ErrorKind;

/// An operation of a vendor's document; the build makes a table of them.
#[derive(Debug)]
pub(crate) struct Operation {
    /// The name the generated client gives it.
    pub(crate) id: &'static str,
    pub(crate) method: &'static str,
    /// The path below the server, with its parameters in braces.
    pub(crate) path: &'static str,
}

/// Carries one attempt: what the generated client's hook needs to send it, and what came of it.
///
/// A generated client decodes what it is given and forgets the rest. So the response is recorded here, whatever its
/// status and content type, and read and decoded from here, both in one pass; the generated client's own result is of no
/// use.
#[derive(Clone)]
pub(crate) struct Wire(Arc<State>);

struct State {
    line: Line,
    previewed: Mutex<Option<Request>>,
    exchange: Mutex<Option<Exchange>>,
}

/// What an attempt is made with.
pub(crate) struct Line {
    pub(crate) base: Arc<BaseUrl>,
    pub(crate) operations: &'static [Operation],
    pub(crate) token: Arc<Token>,
    pub(crate) limits: Limits,
    /// How many requests of the same call went before, for the log.
    pub(crate) resend_count: u32,
}

/// What an attempt may take.
#[derive(Clone, Copy)]
pub(crate) struct Limits {
    pub(crate) max_response_bytes: usize,
    /// The time allowed, for the message; `deadline` is what counts.
    pub(crate) allowed: Duration,
    pub(crate) deadline: Instant,
    /// Whether the request is to be shown instead of sent.
    pub(crate) preview: bool,
}

impl fmt::Debug for Wire {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Wire")
    }
}

impl Wire {
    pub(crate) fn new(line: Line) -> Self {
        Self(Arc::new(State { line, previewed: Mutex::new(None), exchange: Mutex::new(None) }))
    }

    pub(crate) fn base(&self) -> &str {
        self.0.line.base.as_str()
    }

    /// The URL of a path below the base URL; for the generated client.
    pub(crate) fn url(&self, path: &str) -> Url {
        self.0.line.base.join(path)
    }

    /// What came of the attempt. A generated client that fails before its hook runs has sent nothing.
    pub(crate) fn exchange(&self) -> Exchange {
        self.slot().take().unwrap_or_else(|| {
            Exchange::NotSent(Failure::lasting(ErrorKind::InvalidRequest, "the request could not be put together"))
        })
    }

    /// The request as it would have been sent.
    pub(crate) fn previewed(&self) -> Option<Request> {
        self.0.previewed.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    fn slot(&self) -> std::sync::MutexGuard<'_, Option<Exchange>> {
        self.0.exchange.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Seals the request, sends it, and records what comes. What is returned holds nothing to decode.
    pub(crate) async fn exec(
        &self,
        http: &reqwest::Client,
        mut request: Request,
        operation: &str,
    ) -> reqwest::Result<Response> {
        let (exchange, emptied) = match self.seal(&mut request, operation) {
            Ok(_) if self.0.line.limits.preview => {
                *self.0.previewed.lock().unwrap_or_else(PoisonError::into_inner) = Some(request);
                return Ok(stand_in());
            }
            Ok(operation) => {
                tracing::debug!(http.request.method = %request.method(), url.full = %request.url(), "sending");
                let (exchange, emptied) = exchange(http, request, self.0.line.limits).await;
                self.log(operation, &exchange);
                (exchange, emptied)
            }
            Err(failure) => {
                tracing::warn!(error.type = %failure.kind, "refused: {}", failure.message);
                (Exchange::NotSent(failure), None)
            }
        };
        *self.slot() = Some(exchange);
        Ok(emptied.unwrap_or_else(stand_in))
    }

    /// Sets what every request carries, and lets none go that would leave its endpoint.
    fn seal(&self, request: &mut Request, operation: &str) -> Result<&'static Operation, Failure> {
        // An id may hold it, and some servers take what follows it for parameters, not for a part of the id.
        if request.url().path().contains(';') {
            let path = request.url().path().replace(';', "%3B");
            request.url_mut().set_path(&path);
        }
        let mut operations = self.0.line.operations.iter().filter(|known| known.id == operation);
        let holds = |known: &&Operation| {
            request.method().as_str() == known.method && self.0.line.base.holds(request.url(), known.path)
        };
        let Some(operation) = operations.next().filter(holds) else {
            let message = "the finished URL is not that of the vendor's endpoint; nothing was sent";
            return Err(Failure::lasting(ErrorKind::InvalidRequest, message));
        };
        let length = match request.body() {
            Some(body) => body.as_bytes().map(<[u8]>::len),
            None => (operation.method == "POST").then_some(0),
        };
        let headers = request.headers_mut();
        headers.insert(AUTHORIZATION, self.0.line.token.header.clone());
        headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("gzip"));
        // The transport would add these by itself; set here they are part of what a preview shows.
        headers.insert(USER_AGENT, HeaderValue::from_static(PRODUCT));
        headers.insert(HOST, self.0.line.base.host_header());
        if let Some(length) = length {
            headers.insert(CONTENT_LENGTH, HeaderValue::from(length));
        }
        Ok(operation)
    }

    /// An event for each exchange, without what identifies the subject.
    fn log(&self, operation: &Operation, exchange: &Exchange) {
        let (status, error) = match exchange {
            Exchange::Answered(answer) => (Some(answer.status), None),
            Exchange::NotSent(failure) | Exchange::NoHead(failure) => (None, Some(failure.kind)),
        };
        tracing::info!(
            http.request.method = operation.method,
            http.request.resend_count = self.0.line.resend_count,
            http.response.status_code = status,
            url.template = operation.path,
            server.address = self.0.line.base.host(),
            server.port = self.0.line.base.port(),
            error.type = error.map(tracing::field::display),
            "exchange"
        );
    }
}

/// What a generated client is given where there is no response.
fn stand_in() -> Response {
    Response::from(http::Response::new(Bytes::new()))
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
                fn exec(
                    &self,
                    request: reqwest::Request,
                    operation: &OperationInfo,
                ) -> impl Future<Output = reqwest::Result<reqwest::Response>> {
                    self.inner.exec(&self.client, request, operation.operation_id)
                }
            }
        }
    };
}
pub(crate) use generated_client;
