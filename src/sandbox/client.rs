//! The crate's own client, configured for a sandbox.

use std::error::Error;
use std::sync::Arc;

use super::{Sandbox, projectmanager};
use crate::{Client, ClientBuilder, Credential, Vendor};

impl Sandbox {
    /// A builder with all five vendors configured: this sandbox's URLs, and tokens it accepts. For ProjectManager the
    /// token is that of the account a request names (none: `jane@acme.example`), accounts added later included.
    ///
    /// Retries wait as they do anywhere; a test in a hurry sets a [`RetryPolicy`](crate::RetryPolicy) with a short backoff.
    pub fn client_builder(&self) -> ClientBuilder {
        let shared = Arc::clone(&self.shared);
        let token_of_account = Credential::from_fn(move |need| {
            let account = need.account.unwrap_or_else(|| projectmanager::DEFAULT_ACCOUNT.to_owned());
            let mut state = shared.lock();
            let token = state.desk(Vendor::ProjectManager).tokens.of_account(&account);
            async move {
                token.ok_or_else(|| -> Box<dyn Error + Send + Sync> {
                    format!("the sandbox has no token for the account {account}").into()
                })
            }
        });
        let token = |vendor| self.token(vendor);
        let url = |vendor| self.url(vendor);
        Client::builder()
            .projectmanager(crate::projectmanager::Config::new(token_of_account).base_url(url(Vendor::ProjectManager)))
            .cor(crate::cor::Config::new(token(Vendor::Cor)).base_url(url(Vendor::Cor)))
            .onlyoffice(crate::onlyoffice::Config::new(url(Vendor::OnlyOffice), token(Vendor::OnlyOffice)))
            .persona(crate::persona::Config::new(token(Vendor::Persona)).base_url(url(Vendor::Persona)))
            .cova(crate::cova::Config::new(token(Vendor::Cova)).base_url(url(Vendor::Cova)))
    }
}
