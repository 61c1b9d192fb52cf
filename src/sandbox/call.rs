//! A request as a vendor's room sees it, and as the log keeps it.

use std::time::Instant;

use hyper::HeaderMap;

use crate::Vendor;

/// A request that arrived at one of the vendors, as [`Sandbox::requests`](super::Sandbox::requests) returns it.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Received {
    /// The vendor it was sent to.
    pub vendor: Vendor,
    /// The method, in capitals.
    pub method: String,
    /// Path and query as they came, percent-encoding included, without the vendor's prefix.
    pub path: String,
    /// All headers, names in lower case; the value of `authorization` is replaced by `***`.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: String,
    /// When its last byte had come.
    pub at: Instant,
}

impl Received {
    /// The value of a header, whatever the case of its name.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(other, _)| other.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }
}

/// A request on its way to a vendor's answer.
#[derive(Debug)]
pub(super) struct Call {
    pub(super) method: String,
    /// Below the vendor's host, still percent-encoded, without the query.
    pub(super) path: String,
    pub(super) query: String,
    pub(super) headers: HeaderMap,
    pub(super) body: Vec<u8>,
}

impl Call {
    pub(super) fn segments(&self) -> Vec<&str> {
        self.path.trim_start_matches('/').split('/').collect()
    }

    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// The token of an `Authorization: Bearer …`.
    pub(super) fn bearer(&self) -> Option<&str> {
        let (scheme, token) = self.header("authorization")?.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then_some(token.trim())
    }

    pub(super) fn received(&self, vendor: Vendor) -> Received {
        let path = if self.query.is_empty() { self.path.clone() } else { format!("{}?{}", self.path, self.query) };
        let headers = self.headers.iter().map(|(name, value)| {
            let value = if *name == hyper::header::AUTHORIZATION {
                "***".to_owned()
            } else {
                String::from_utf8_lossy(value.as_bytes()).into_owned()
            };
            (name.as_str().to_owned(), value)
        });
        Received {
            vendor,
            method: self.method.clone(),
            path,
            headers: headers.collect(),
            body: String::from_utf8_lossy(&self.body).into_owned(),
            at: Instant::now(),
        }
    }
}

/// Undoes percent-encoding once; `None` if the result is not UTF-8.
pub(super) fn percent_decode(text: &str) -> Option<String> {
    let decoded = percent_encoding::percent_decode_str(text).decode_utf8();
    decoded.ok().map(Into::into)
}
