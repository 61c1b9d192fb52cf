//! The HTTP clients underneath, and what their errors mean.

use std::cell::OnceCell;
use std::error::Error as StdError;
use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use bytes::Bytes;
use chrono::Utc;
use reqwest::Request;
use tokio::time::{Instant, timeout_at};

use super::base_url::BaseUrl;
use super::body;
use super::exchange::{Answer, Body, Exchange, Failure};
use crate::error::ErrorKind;

/// The connection pools of a client: one for this machine, where no proxy belongs, and one for everywhere else. Each is
/// made when it is first asked for, because that reads the trusted certificates.
pub(crate) struct Pools {
    connect_timeout: Duration,
    loopback: OnceCell<reqwest::Client>,
    elsewhere: OnceCell<reqwest::Client>,
}

impl Pools {
    pub(crate) fn new(connect_timeout: Duration) -> Self {
        Self { connect_timeout, loopback: OnceCell::new(), elsewhere: OnceCell::new() }
    }

    /// The pool for a base URL; the error says why TLS cannot be set up.
    pub(crate) fn for_base(&self, base: &BaseUrl) -> Result<reqwest::Client, String> {
        let builder = builder(self.connect_timeout);
        let (pool, builder) = if base.is_loopback() {
            // A fixed meaning for `localhost`, so that plain http stays on this machine whatever a resolver says.
            let localhost = [SocketAddr::from((Ipv4Addr::LOCALHOST, 0)), SocketAddr::from((Ipv6Addr::LOCALHOST, 0))];
            (&self.loopback, builder.no_proxy().resolve_to_addrs("localhost", &localhost))
        } else {
            (&self.elsewhere, builder)
        };
        if let Some(client) = pool.get() {
            return Ok(client.clone());
        }
        let client = builder.build().map_err(|error| chain(&error))?;
        Ok(pool.get_or_init(|| client).clone())
    }
}

fn builder(connect_timeout: Duration) -> reqwest::ClientBuilder {
    let builder = reqwest::Client::builder()
        .connect_timeout(connect_timeout)
        // Done here, where a body that is not what its headers say can be told from one that broke off; and off even
        // where the application turns it on for its own requests.
        .no_gzip()
        .no_brotli()
        .no_deflate()
        .no_zstd()
        .redirect(reqwest::redirect::Policy::none())
        .referer(false)
        // Retries are decided in one place, by what the vendor's answer says of the access.
        .retry(reqwest::retry::never());
    #[cfg(feature = "rustls")]
    let builder = builder.tls_backend_rustls();
    #[cfg(all(feature = "native-tls", not(feature = "rustls")))]
    let builder = builder.tls_backend_native();
    builder
}

/// How requests say what sends them.
pub(crate) const PRODUCT: &str = concat!("deprovision/", env!("CARGO_PKG_VERSION"));

/// What an exchange may take.
#[derive(Clone, Copy)]
pub(crate) struct Limits {
    pub(crate) max_response_bytes: usize,
    /// The time allowed, for the message; `deadline` is what counts.
    pub(crate) allowed: Duration,
    pub(crate) deadline: Instant,
}

/// Sends a request and reads what comes, whatever it is.
pub(crate) async fn exchange(client: &reqwest::Client, request: Request, limits: Limits) -> Exchange {
    let Limits { max_response_bytes, deadline, allowed } = limits;
    let mut response = match timeout_at(deadline, client.execute(request)).await {
        Ok(Ok(response)) => response,
        Ok(Err(error)) => return no_head(error),
        Err(_) => {
            return Exchange::NoHead(Failure::new(ErrorKind::Timeout, format!("no response within {allowed:?}")));
        }
    };
    let headers = std::mem::take(response.headers_mut());
    let body = body::read(&mut response, &headers, max_response_bytes, deadline, allowed).await;
    let (raw, body) = match body {
        Body::Whole(bytes) => (bytes.clone(), Body::Whole(without_mark(bytes))),
        other => (Bytes::new(), other),
    };
    let status = response.status().as_u16();
    Exchange::Answered(Answer { status, headers, body, raw, members: None, received_at: Utc::now() })
}

/// Without the byte order mark that some servers put before JSON and no JSON reader takes.
fn without_mark(bytes: Bytes) -> Bytes {
    if bytes.starts_with(b"\xef\xbb\xbf") { bytes.slice(3..) } else { bytes }
}

/// What it means that no response head came.
fn no_head(error: reqwest::Error) -> Exchange {
    if error.is_connect() {
        Exchange::NotSent(failure("no connection", error))
    } else if error.is_builder() {
        Exchange::NotSent(Failure::lasting(ErrorKind::InvalidRequest, chain(&error.without_url())))
    } else {
        Exchange::NoHead(failure("no response", error))
    }
}

/// A transport error in words, without its URL: that holds the subject's ids.
pub(crate) fn failure(what: &str, error: reqwest::Error) -> Failure {
    let kind = if error.is_timeout() { ErrorKind::Timeout } else { ErrorKind::Connection };
    let handshake = error.is_connect() && !error.is_timeout() && is_tls(&error);
    Failure { passing: !handshake, ..Failure::new(kind, format!("{what}: {}", chain(&error.without_url()))) }
}

/// Whether a connect error comes from the TLS handshake: another attempt would end the same way.
///
/// rustls reports it as invalid data, inside one or several input and output errors; the system's library in words.
fn is_tls(error: &reqwest::Error) -> bool {
    let mut cause: Option<&(dyn StdError + 'static)> = error.source();
    while let Some(error) = cause {
        let io = error.downcast_ref::<io::Error>();
        if io.is_some_and(|io| io.kind() == io::ErrorKind::InvalidData) || error.to_string().contains("certificate") {
            return true;
        }
        // An input and output error passes over what it was made of when it is asked for its source.
        let inner = io.and_then(io::Error::get_ref).map(|inner| inner as &(dyn StdError + 'static));
        cause = inner.or_else(|| error.source());
    }
    false
}

/// An error and its causes on one line, each said once.
fn chain(error: &dyn StdError) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let cause_text = cause.to_string();
        if !text.contains(&cause_text) {
            text.push_str(": ");
            text.push_str(&cause_text);
        }
        source = cause.source();
    }
    text
}
