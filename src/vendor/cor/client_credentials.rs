//! COR's access tokens: an API key and its secret for a token of one hour.

use std::fmt;
use std::time::Duration;

use reqwest::RequestBuilder;

use super::generated;
use crate::reading::Words;
use crate::transport::{Answer, Credential, Grant, Secret, grant_credential, oauth_token};
use crate::vendor::Vendor;

/// A [`Credential`] that gets COR's access tokens for an API key: `fetchToken` in `openapi/cor.yaml`.
///
/// A token is fetched when one is first needed, kept until shortly before it expires, and fetched once however many
/// calls wait for it.
///
/// ```
/// use deprovision::cor;
///
/// let config = cor::Config::new(cor::ClientCredentials::new("API key", "client secret"));
/// # let _ = config;
/// ```
#[must_use = "it is a credential for `Config::new`"]
pub struct ClientCredentials {
    api_key: Secret,
    client_secret: Secret,
    token_url: String,
}

impl ClientCredentials {
    /// An API key and its client secret.
    pub fn new(api_key: impl Into<String>, client_secret: impl Into<String>) -> Self {
        Self {
            api_key: Secret::new(api_key.into()),
            client_secret: Secret::new(client_secret.into()),
            token_url: generated::FETCH_TOKEN_URL.to_owned(),
        }
    }

    /// Another URL of the token endpoint than `https://api.projectcor.com/v1/oauth/token`: https, or http to a loopback
    /// address. A wrong one is an error of the call that needs the first token.
    pub fn token_url(mut self, url: impl Into<String>) -> Self {
        self.token_url = url.into();
        self
    }
}

impl fmt::Debug for ClientCredentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ClientCredentials([redacted])")
    }
}

impl From<ClientCredentials> for Credential {
    fn from(grant: ClientCredentials) -> Self {
        grant_credential(grant)
    }
}

impl Grant for ClientCredentials {
    const VENDOR: Vendor = Vendor::Cor;

    fn url(&self) -> &str {
        &self.token_url
    }

    fn secrets(&self) -> Vec<&Secret> {
        vec![&self.client_secret, &self.api_key]
    }

    fn request(&self, post: RequestBuilder) -> RequestBuilder {
        post.query(&[("grant_type", "client_credentials")])
            .basic_auth(self.api_key.expose(), Some(self.client_secret.expose()))
    }

    fn read(&self, answer: &Answer) -> Option<(String, Option<Duration>)> {
        oauth_token(answer)
    }

    fn words(body: &[u8]) -> Option<Words> {
        super::words(body)
    }
}
