//! ProjectManager.com: disconnects a user's own connection to an integration provider.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use super::endpoint::{Attempt, Common, Endpoint, Settings, common_settings};
use super::{Action, Vendor};
use crate::error::{Detail, Error};
use crate::reading::{
    Doubt, Finding, Gone, Members, Reading, Verdict, Words, contradicts, flag, is_filled, number, refusal,
    refusal_within, spelled, unexpected, whole,
};
use crate::receipt::Evidence;
use crate::transport::{Answer, Credential, Operation, generated_client};

mod status_code;

#[cfg(test)]
mod tests;

generated_client!("projectmanager");
pub use generated::types::{AstroError, AstroResult, StatusCode};

/// How to reach ProjectManager.com.
#[derive(Clone, Debug)]
pub struct Config {
    common: Common,
    integration_name: Option<String>,
}

impl Config {
    /// With an API key or an OAuth access token (`securitySchemes` of the document).
    ///
    /// The endpoint acts on the caller: whose token it is, is whose connection ends. To serve several people give a
    /// [`Credential::from_fn`] that picks the token by [`TokenNeed::account`](crate::TokenNeed::account), or a
    /// [`Call::credential`](crate::Call::credential) for each call.
    pub fn new(credential: impl Into<Credential>) -> Self {
        Self { common: Common::new(credential, generated::SERVER), integration_name: None }
    }

    /// The name of the calling system, sent as `x-integration-name`. None is sent by default.
    #[must_use]
    pub fn integration_name(mut self, name: impl Into<String>) -> Self {
        self.integration_name = Some(name.into());
        self
    }
}

common_settings!("`https://api.projectmanager.com`", "none: the vendor publishes no number");

impl Settings for Config {
    const VENDOR: Vendor = Vendor::ProjectManager;
    const CREDENTIAL_VARIABLE: &'static str = "PROJECTMANAGER_TOKEN";
    const OPERATIONS: &'static [Operation] = generated::OPERATIONS;

    fn common(&self) -> &Common {
        &self.common
    }

    fn common_mut(&mut self) -> &mut Common {
        &mut self.common
    }

    fn check(&self) -> Result<(), Error> {
        super::header_value("integration_name", self.integration_name.as_deref())
    }

    fn with_credential(credential: String) -> Self {
        Self::new(credential)
    }
}

/// Disconnects the connection of the token's owner to an integration provider: `delete` of
/// `/api/data/integrations/providers/{providerId}/user-connection` in `openapi/projectmanager.yaml`.
///
/// *Gone* means that this user's personal connection has ended; the workspace's stays.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DisconnectProvider {
    /// The id of the integration provider.
    provider_id: Uuid,
    /// Whose connection it is. It is not sent: the credential is picked by it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    account: Option<String>,
}

impl DisconnectProvider {
    /// Disconnects from the provider of this id.
    pub fn new(provider_id: Uuid) -> Self {
        Self { provider_id, account: None }
    }

    /// Says whose connection it is: a [`Credential::from_fn`] is given it, and receipts and journals show it.
    #[must_use]
    pub fn account(mut self, account: impl Into<String>) -> Self {
        self.account = Some(account.into());
        self
    }

    /// The provider's id.
    pub fn provider_id(&self) -> Uuid {
        self.provider_id
    }
}

impl Endpoint for DisconnectProvider {
    type Config = Config;

    const ACTION: Action = Action::ProjectManagerDisconnectProvider;
    const FACTS: &'static [&'static str] = ENVELOPE;

    fn subject(&self) -> String {
        format!("{}\0{}", self.account.as_deref().unwrap_or_default(), self.provider_id)
    }

    fn account(&self) -> Option<&str> {
        self.account.as_deref()
    }

    async fn send(&self, attempt: &Attempt<'_, Config>) {
        let client = attempt.client(generated::Client::new_with_client);
        let _ = client.disconnect_provider(&self.provider_id, attempt.config.integration_name.as_deref()).await;
    }

    fn read(&self, answer: &Answer, doubt: Doubt) -> Reading {
        match answer.status {
            200 => read_success(answer).into(),
            204 => Reading::Gone(Gone::revoked(Evidence::Acknowledged)),
            404 if doubt.open && is_refusal(answer.bytes()) => Reading::Gone(Gone::revoked(Evidence::Inferred)),
            _ => Reading::NotGone(refusal(answer, words, None)),
        }
    }
}

/// The members of the envelope, and of the shorter forms that errors come in.
const ENVELOPE: &[&str] = &["success", "hasError", "statusCode", "error", "message"];

fn read_success(answer: &Answer) -> Verdict {
    let body = whole(answer)?;
    if body.is_empty() {
        return Ok(Gone::revoked(Evidence::Acknowledged));
    }
    let envelope = answer.members(ENVELOPE).ok_or_else(|| unexpected("the response is not the vendor's envelope"))?;
    let flag = |name| flag(envelope.get(name)).map_err(|()| unexpected(format!("{name} is neither true nor false")));
    let success = flag("success")?;
    let has_error = flag("hasError")?;
    let named = status_code::number(envelope.get("statusCode")).filter(|number| *number >= 400.0);

    let said_for = [(success == Some(true), "success true"), (has_error == Some(false), "hasError false")];
    let said_against = [
        (success == Some(false), "success false".to_owned()),
        (has_error == Some(true), "hasError true".to_owned()),
        (is_filled(envelope.get("error")), "a filled error".to_owned()),
        (named.is_some(), format!("statusCode {}", named.unwrap_or_default())),
    ];
    let said_for = said_for.iter().find(|(said, _)| *said).map(|(_, what)| *what);
    let said_against = said_against.iter().find(|(said, _)| *said).map(|(_, what)| what.as_str());
    match (said_for, said_against) {
        (Some(_), None) => Ok(Gone::revoked(Evidence::Acknowledged)),
        (None, Some(what)) => Err(refused(answer, &envelope, named, what)),
        (Some(yes), Some(no)) => Err(contradicts(yes, no)),
        (None, None) => Err(unexpected("the response says neither yes nor no")),
    }
}

fn refused(answer: &Answer, envelope: &Members, named: Option<f64>, what: &str) -> Finding {
    let words =
        envelope_words(envelope).unwrap_or_else(|| Words::new(format!("the vendor refuses inside a success: {what}")));
    refusal_within(answer, named, words)
}

/// Whether a body is the vendor's own refusal, not a gateway's: only the vendor's has its flags, or an error that is an
/// object of its members.
fn is_refusal(body: &[u8]) -> bool {
    const MEMBERS: [&str; 4] = ["technicalError", "additionalErrors", "validationErrors", "message"];
    let Some(envelope) = Members::read(body, ENVELOPE) else { return false };
    match (flag(envelope.get("success")), flag(envelope.get("hasError"))) {
        (Err(()) | Ok(Some(true)), _) | (_, Err(()) | Ok(Some(false))) => false,
        (Ok(None), Ok(None)) => envelope
            .get("error")
            .as_object()
            .is_some_and(|error| error.keys().all(|name| MEMBERS.contains(&name.as_str()))),
        _ => true,
    }
}

fn words(body: &[u8]) -> Option<Words> {
    envelope_words(&Members::read(body, ENVELOPE)?)
}

/// The messages of an error, the one for people first.
fn envelope_words(envelope: &Members) -> Option<Words> {
    let error = envelope.get("error");
    let mut messages = [
        spelled(error.get("message")),
        spelled(Some(error)),
        spelled(Some(envelope.get("message"))),
        spelled(error.get("technicalError")),
    ]
    .into_iter()
    .flatten();
    let first = messages.next();
    let mut details: Vec<Detail> = messages.map(|message| Detail::new(None, message)).collect();
    let additional = error.get("additionalErrors").and_then(Value::as_array).into_iter().flatten();
    details.extend(additional.filter_map(|more| Some(Detail::new(None, spelled(Some(more))?))));
    let fields = error.get("validationErrors").and_then(Value::as_object).into_iter().flatten();
    for (field, messages) in fields {
        let messages = messages.as_array().map_or(std::slice::from_ref(messages), Vec::as_slice).iter();
        details.extend(messages.filter_map(|m| Some(Detail::new(Some(field.clone()), spelled(Some(m))?))));
    }
    let message = match first {
        Some(message) => message.to_owned(),
        None if details.is_empty() => return None,
        None => "the request is not valid".to_owned(),
    };
    Some(Words { message, details })
}
