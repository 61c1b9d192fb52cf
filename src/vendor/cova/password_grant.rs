//! Cova's access tokens: a user name and password for a token of twelve hours.

use std::fmt;
use std::time::Duration;

use reqwest::RequestBuilder;

use super::generated;
use crate::reading::Words;
use crate::transport::{Answer, Credential, Grant, Secret, grant_credential, oauth_token};
use crate::vendor::Vendor;

/// A [`Credential`] that gets Cova's access tokens for a user name and password: `fetchToken` in `openapi/cova.yaml`.
///
/// A token is fetched when one is first needed, kept until shortly before it expires, and fetched once however many
/// calls wait for it.
///
/// ```
/// use deprovision::cova;
///
/// let grant = cova::PasswordGrant::new("user name", "password", "client id", "client secret");
/// let config = cova::Config::new(grant);
/// # let _ = config;
/// ```
#[must_use = "it is a credential for `Config::new`"]
pub struct PasswordGrant {
    username: String,
    password: Secret,
    client_id: String,
    client_secret: Secret,
    token_url: String,
}

impl PasswordGrant {
    /// A user's name and password, and a client's id and secret.
    pub fn new(
        username: impl Into<String>,
        password: impl Into<String>,
        client_id: impl Into<String>,
        client_secret: impl Into<String>,
    ) -> Self {
        Self {
            username: username.into(),
            password: Secret::new(password.into()),
            client_id: client_id.into(),
            client_secret: Secret::new(client_secret.into()),
            token_url: generated::FETCH_TOKEN_URL.to_owned(),
        }
    }

    /// Another URL of the token endpoint than `https://accounts.iqmetrix.net/v1/oauth2/token`: https, or http to a
    /// loopback address. A wrong one is an error of the call that needs the first token.
    pub fn token_url(mut self, url: impl Into<String>) -> Self {
        self.token_url = url.into();
        self
    }
}

impl fmt::Debug for PasswordGrant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasswordGrant([redacted])")
    }
}

impl From<PasswordGrant> for Credential {
    fn from(grant: PasswordGrant) -> Self {
        grant_credential(grant)
    }
}

impl Grant for PasswordGrant {
    const VENDOR: Vendor = Vendor::Cova;

    fn url(&self) -> &str {
        &self.token_url
    }

    fn secrets(&self) -> Vec<&Secret> {
        vec![&self.password, &self.client_secret]
    }

    fn request(&self, post: RequestBuilder) -> RequestBuilder {
        post.form(&[
            ("grant_type", "password"),
            ("username", &self.username),
            ("password", self.password.expose()),
            ("client_id", &self.client_id),
            ("client_secret", self.client_secret.expose()),
        ])
    }

    fn read(&self, answer: &Answer) -> Option<(String, Option<Duration>)> {
        oauth_token(answer)
    }

    fn words(body: &[u8]) -> Option<Words> {
        super::words(body)
    }
}
