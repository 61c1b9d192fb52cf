//! A request as it would be sent.

use std::fmt;

use reqwest::Request;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::vendor::Action;

/// A request as it would be sent, with the credential redacted. It comes from the code that sends.
///
/// Its [`Display`](fmt::Display) is the HTTP/1.1 message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct Preview {
    /// What it would do.
    pub action: Action,
    /// The HTTP method.
    pub method: String,
    /// The whole URL.
    pub url: String,
    /// The headers in the order they are sent.
    pub headers: Vec<Header>,
    /// The body, where there is one.
    pub body: Option<String>,
}

/// A header of a [`Preview`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct Header {
    /// Its name in lower case.
    pub name: String,
    /// Its value; of `authorization` only the scheme.
    pub value: String,
}

impl Preview {
    pub(super) fn of(action: Action, request: &Request) -> Self {
        let headers = request.headers().iter().map(|(name, value)| Header {
            name: name.as_str().to_owned(),
            value: String::from_utf8_lossy(value.as_bytes()).into_owned(),
        });
        let body = request.body().and_then(|body| body.as_bytes());
        Self {
            action,
            method: request.method().to_string(),
            url: request.url().to_string(),
            headers: headers.collect(),
            body: body.map(|body| String::from_utf8_lossy(body).into_owned()),
        }
    }

    /// The path of the URL, as it stands in the first line of the message.
    fn path(&self) -> &str {
        let after_scheme = self.url.split_once("://").map_or(self.url.as_str(), |(_, rest)| rest);
        after_scheme.find('/').and_then(|at| after_scheme.get(at..)).unwrap_or("/")
    }
}

impl fmt::Display for Preview {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} HTTP/1.1\r\n", self.method, self.path())?;
        for Header { name, value } in &self.headers {
            write!(f, "{name}: {value}\r\n")?;
        }
        write!(f, "\r\n{}", self.body.as_deref().unwrap_or_default())
    }
}
