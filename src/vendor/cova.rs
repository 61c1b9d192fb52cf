//! Cova: disables a user.

use std::num::NonZeroU32;
use std::time::Duration;

use http::HeaderName;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::endpoint::{Attempt, Common, Endpoint, Settings, common_settings};
use super::{Action, Vendor};
use crate::error::{Access, Detail, Error};
use crate::id;
use crate::reading::{
    Doubt, Finding, Gone, Members, Reading, Verdict, Words, flag, moment, number, rate_limit, refusal, seconds,
    spelled, unexpected, whole,
};
use crate::receipt::{Evidence, RateLimit};
use crate::transport::{Answer, Credential, Operation, generated_client};

generated_client!("cova");
pub use generated::types::{Address, PhoneNumber, Picture, User};

mod password_grant;
#[cfg(test)]
mod tests;

pub use password_grant::PasswordGrant;

/// How to reach Cova.
#[derive(Clone, Debug)]
pub struct Config {
    common: Common,
}

impl Config {
    /// With an access token, which lives twelve hours (`securitySchemes` of the document), or with a
    /// [`PasswordGrant`] that gets one.
    pub fn new(credential: impl Into<Credential>) -> Self {
        Self { common: Common::new(credential, generated::SERVER) }
    }
}

common_settings!("`https://api.covasoft.net/usermanager`", "what the vendor's headers say");

impl Settings for Config {
    const VENDOR: Vendor = Vendor::Cova;
    const CREDENTIAL_VARIABLE: &'static str = "COVA_TOKEN";
    const OPERATIONS: &'static [Operation] = generated::OPERATIONS;

    fn common(&self) -> &Common {
        &self.common
    }

    fn common_mut(&mut self) -> &mut Common {
        &mut self.common
    }

    fn with_credential(credential: String) -> Self {
        Self::new(credential)
    }
}

/// Disables a user: `delete` of `/v1/users({UserId})` in `openapi/cova.yaml`.
///
/// *Gone* means that the user can no longer log on. The e-mail address and the user name stay taken.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "Unchecked")]
pub struct DisableUser {
    user_id: NonZeroU32,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "DisableUser")]
struct Unchecked {
    /// The user's numeric id.
    #[schemars(range(min = 1, max = 2_147_483_647))]
    user_id: u32,
}

impl TryFrom<Unchecked> for DisableUser {
    type Error = Error;

    fn try_from(unchecked: Unchecked) -> Result<Self, Error> {
        Self::new(unchecked.user_id)
    }
}

impl DisableUser {
    /// Disables the user of this id, from 1 to 2147483647.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidRequest`](crate::ErrorKind::InvalidRequest) naming `user_id`.
    pub fn new(user_id: u32) -> Result<Self, Error> {
        Ok(Self { user_id: id::number("user_id", user_id)? })
    }

    /// The user's id.
    pub fn user_id(&self) -> u32 {
        self.user_id.get()
    }
}

static LIMIT: HeaderName = HeaderName::from_static("cova-apim-ratelimit-limit");
static REMAINING: HeaderName = HeaderName::from_static("cova-apim-ratelimit-remaining");
static RESET: HeaderName = HeaderName::from_static("cova-apim-ratelimit-reset");
static RESET_SECONDS: HeaderName = HeaderName::from_static("cova-apim-ratelimit-resetseconds");

impl Endpoint for DisableUser {
    type Config = Config;

    const ACTION: Action = Action::CovaDisableUser;
    /// `isActive` is not this vendor's spelling; what it says must not be passed over all the same.
    const FACTS: &'static [&'static str] = &["Id", "UserName", "IsActive", "isActive"];

    fn subject(&self) -> String {
        self.user_id.to_string()
    }

    async fn send(&self, attempt: &Attempt<'_, Config>) {
        let client = attempt.client(generated::Client::new_with_client);
        let _ = client.disable_user(self.user_id).await;
    }

    fn read(&self, answer: &Answer, doubt: Doubt) -> Reading {
        match answer.status {
            200 => self.read_success(answer).into(),
            204 => Reading::Gone(Gone::revoked(Evidence::Acknowledged)),
            404 if doubt.open && is_about_the_user(answer.bytes()) => Reading::Gone(Gone::revoked(Evidence::Inferred)),
            _ => Reading::NotGone(refusal(answer, words, until_reset(answer))),
        }
    }

    fn rate_limit(answer: &Answer) -> Option<RateLimit> {
        rate_limit(answer, &LIMIT, &REMAINING, until_reset(answer))
    }
}

impl DisableUser {
    fn read_success(&self, answer: &Answer) -> Verdict {
        let body = whole(answer)?;
        if body.is_empty() {
            return Ok(Gone::revoked(Evidence::Acknowledged));
        }
        let facts = answer.members(Self::FACTS).ok_or_else(|| unexpected("the response is not a user"))?;
        if ["Id", "UserName", "IsActive"].iter().all(|name| facts.get(name).is_null()) {
            return Err(unexpected("the response is not a user: it has neither Id, UserName nor IsActive"));
        }
        if !facts.get("isActive").is_null() {
            return Err(unexpected("the response is not in this vendor's spelling"));
        }
        if number(facts.get("Id")).is_some_and(|id| id != f64::from(self.user_id.get())) {
            return Err(unexpected("the response is about another user"));
        }
        match flag(facts.get("IsActive")) {
            Ok(Some(false)) => Ok(Gone::revoked(Evidence::Confirmed)),
            Ok(Some(true)) => Err(Finding::incomplete(
                Access::Unchanged,
                "the vendor reports success and shows the user still active (IsActive true)",
            )),
            Ok(None) => Ok(Gone::revoked(Evidence::Acknowledged)),
            Err(()) => Err(unexpected("the response's IsActive is neither true nor false")),
        }
    }
}

/// The members of the error envelope.
const REFUSAL: &[&str] = &["Message", "Description", "Details"];

fn words(body: &[u8]) -> Option<Words> {
    let refusal = Members::read(body, REFUSAL)?;
    let message = spelled(Some(refusal.get("Message")));
    let description = spelled(Some(refusal.get("Description")));
    let message = match (message, description) {
        (Some(message), Some(description)) if message != description => format!("{message}: {description}"),
        (one, other) => one.or(other)?.to_owned(),
    };
    let details = refusal.get("Details").as_array().into_iter().flatten();
    let details = details.filter_map(|detail| Some(Detail::new(None, detail.as_str()?))).collect();
    Some(Words { message, details })
}

/// Whether a 404 says that there is no such user. The framework's own 404 says that there is no such route: a wrong base
/// URL, which proves nothing.
fn is_about_the_user(body: &[u8]) -> bool {
    let Some(refusal) = Members::read(body, REFUSAL) else { return false };
    let Some(message) = refusal.get("Message").as_str() else { return false };
    let said = format!("{message} {}", refusal.get("Description").as_str().unwrap_or_default());
    let mut words = said.split(|c: char| !c.is_alphanumeric());
    words.any(|word| word.eq_ignore_ascii_case("user")) && !said.contains(['/', '\\'])
}

/// How long until the rate limit's window ends, by the header in seconds or the one in UTC.
fn until_reset(answer: &Answer) -> Option<Duration> {
    if let Some(wait) = answer.header(&RESET_SECONDS).and_then(seconds) {
        return Some(wait);
    }
    Some((moment(answer.header(&RESET)?)? - answer.received_at).to_std().unwrap_or_default())
}
