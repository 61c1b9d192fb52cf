//! A request made ready to leave, and its sending.

use http::HeaderValue;
use http::header::{ACCEPT_ENCODING, AUTHORIZATION, CONTENT_LENGTH, HOST, USER_AGENT};
use reqwest::Request;

use super::base_url::BaseUrl;
use super::credential::Token;
use super::exchange::{Exchange, Failure};
use super::http::{Limits, PRODUCT, exchange};
use super::wire::{Operation, Taken};
use crate::error::ErrorKind;

/// A request with what every request carries, to its endpoint and nowhere else.
pub(crate) struct Outgoing<'a> {
    base: &'a BaseUrl,
    request: Request,
    operation: &'static Operation,
}

impl<'a> Outgoing<'a> {
    /// Sets what every request carries, and lets none go that would leave its endpoint.
    pub(crate) fn new(
        taken: Option<Taken>,
        base: &'a BaseUrl,
        operations: &'static [Operation],
        token: &Token,
    ) -> Result<Self, Failure> {
        let refused = |why: &str| {
            tracing::warn!(error.type = %ErrorKind::InvalidRequest, "refused: {why}");
            Failure::lasting(ErrorKind::InvalidRequest, why)
        };
        let Some(Taken { mut request, operation }) = taken else {
            return Err(refused("the request could not be put together"));
        };
        // An id may hold it, and some servers take what follows it for parameters, not for a part of the id.
        if request.url().path().contains(';') {
            let path = request.url().path().replace(';', "%3B");
            request.url_mut().set_path(&path);
        }
        let holds =
            |known: &&Operation| request.method().as_str() == known.method && base.holds(request.url(), known.path);
        let Some(operation) = operations.iter().find(|known| known.id == operation).filter(holds) else {
            return Err(refused("the finished URL is not that of the vendor's endpoint; nothing was sent"));
        };
        let length = match request.body() {
            Some(body) => body.as_bytes().map(<[u8]>::len),
            None => (operation.method == "POST").then_some(0),
        };
        let headers = request.headers_mut();
        headers.insert(AUTHORIZATION, token.header.clone());
        headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("gzip"));
        // The transport would add these by itself; set here they are part of what a preview shows.
        headers.insert(USER_AGENT, HeaderValue::from_static(PRODUCT));
        headers.insert(HOST, base.host_header());
        if let Some(length) = length {
            headers.insert(CONTENT_LENGTH, HeaderValue::from(length));
        }
        Ok(Self { base, request, operation })
    }

    pub(crate) fn request(&self) -> &Request {
        &self.request
    }

    /// Sends it and reads what comes. `resend_count` is how many requests of the same call went before, for the log.
    pub(crate) async fn send(self, http: &reqwest::Client, limits: Limits, resend_count: u32) -> Exchange {
        let Self { base, request, operation } = self;
        tracing::debug!(http.request.method = %request.method(), url.full = %request.url(), "sending");
        let exchange = exchange(http, request, limits).await;
        let (status, error) = match &exchange {
            Exchange::Answered(answer) => (Some(answer.status), None),
            Exchange::NotSent(failure) | Exchange::NoHead(failure) => (None, Some(failure.kind)),
        };
        // Without what identifies the subject.
        tracing::info!(
            http.request.method = operation.method,
            http.request.resend_count = resend_count,
            http.response.status_code = status,
            url.template = operation.path,
            server.address = base.host(),
            server.port = base.port(),
            error.type = error.map(tracing::field::display),
            "exchange"
        );
        exchange
    }
}
