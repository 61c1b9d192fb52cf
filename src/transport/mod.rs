//! What happens around one HTTP attempt, the same for all vendors.

mod base_url;
mod body;
mod credential;
mod exchange;
mod grant;
mod http;
mod joint;
mod outgoing;
mod pace;
mod retry;
mod secret;
mod wire;

pub(crate) use base_url::BaseUrl;
pub use credential::{BoxError, Credential, TokenNeed};
pub(crate) use credential::{Issuer, Scheme, Token};
pub(crate) use exchange::{Answer, Body, Exchange, Failure};
#[cfg(any(test, fuzzing))]
pub(crate) use grant::lifetime;
pub(crate) use grant::{Grant, credential as grant_credential, oauth_token};
pub(crate) use http::{Limits, Pools};
pub(crate) use outgoing::Outgoing;
pub(crate) use pace::{Gate, Limit, NoPlace, Place};
pub use retry::RetryPolicy;
pub(crate) use secret::Secret;
pub(crate) use wire::{Operation, Wire, generated_client};
