//! ONLYOFFICE's tokens: a user name and password for a token of a year.

use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use chrono::Utc;
use reqwest::RequestBuilder;
use serde::Serialize;
use serde_json::Value;

use crate::reading::{Members, Words, moment, spelled};
use crate::transport::{Answer, Credential, Grant, Secret, grant_credential};
use crate::vendor::Vendor;

/// A [`Credential`] that gets a portal's tokens for a user name and password: `authenticate` in
/// `openapi/onlyoffice.yaml`.
///
/// A token is fetched when one is first needed, kept until shortly before it expires, and fetched once however many
/// calls wait for it. An account with a second factor cannot log in like this.
///
/// ```
/// use deprovision::onlyoffice;
///
/// let portal = "https://portal.example";
/// let login = onlyoffice::PasswordLogin::new(portal, "user name", "password");
/// let config = onlyoffice::Config::new(portal, login);
/// # let _ = config;
/// ```
#[must_use = "it is a credential for `Config::new`"]
pub struct PasswordLogin {
    user_name: String,
    password: Secret,
    url: String,
}

impl PasswordLogin {
    /// The portal's URL and a user's name and password. A wrong URL is an error of the call that needs the first token.
    pub fn new(portal_url: impl Into<String>, user_name: impl Into<String>, password: impl Into<String>) -> Self {
        let url = format!("{}{PATH}", portal_url.into().trim_end_matches('/'));
        Self { user_name: user_name.into(), password: Secret::new(password.into()), url }
    }
}

/// The endpoint below the portal.
const PATH: &str = "/api/2.0/authentication";

impl fmt::Debug for PasswordLogin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasswordLogin([redacted])")
    }
}

impl From<PasswordLogin> for Credential {
    fn from(grant: PasswordLogin) -> Self {
        grant_credential(grant)
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Login<'a> {
    user_name: &'a str,
    password: &'a str,
}

impl Grant for PasswordLogin {
    const VENDOR: Vendor = Vendor::OnlyOffice;
    const SUCCESS: u16 = 201;

    fn url(&self) -> &str {
        &self.url
    }

    fn secrets(&self) -> Vec<&Secret> {
        vec![&self.password]
    }

    fn request(&self, post: RequestBuilder) -> RequestBuilder {
        post.json(&Login { user_name: &self.user_name, password: self.password.expose() })
    }

    fn read(&self, answer: &Answer) -> Option<(String, Option<Duration>)> {
        let body = super::casing::to_camel_case(Bytes::copy_from_slice(answer.bytes()));
        let mut response = Members::read(&body, &["response"])?.take("response");
        let token = response.get_mut("token")?.take();
        let expires = spelled(response.get("expires")).and_then(moment);
        let lives = expires.map(|expires| (expires - Utc::now()).to_std().unwrap_or_default());
        match token {
            Value::String(token) => Some((token, lives)),
            _ => None,
        }
    }

    fn words(body: &[u8]) -> Option<Words> {
        super::words(body)
    }
}
