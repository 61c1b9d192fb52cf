//! Persona: deactivates a connection between two organizations.

use std::time::Duration;

use http::HeaderName;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::endpoint::{Attempt, Common, Endpoint, Settings, common_settings};
use super::{Action, Vendor};
use crate::error::{Access, Detail, Error};
use crate::id;
use crate::reading::{
    Doubt, Finding, Gone, Members, Reading, Retry, Verdict, Words, contradicts, is_filled, rate_limit, refusal,
    seconds, spelled, unexpected, whole,
};
use crate::receipt::{Evidence, Outcome, RateLimit};
use crate::transport::{Answer, Credential, Operation, generated_client};

#[cfg(test)]
mod tests;

generated_client!("persona");
pub use generated::types::{
    Connection, ConnectionAttributes, ConnectionEnvelope, ConnectionRelationships, Relationship, ResourceIdentifier,
};

/// The API version whose answers this crate reads: `Persona-Version` of the document.
const VERSION: &str = "2025-12-08";

/// How to reach Persona.
#[derive(Clone, Debug)]
pub struct Config {
    common: Common,
    version: String,
}

impl Config {
    /// With an API key (`securitySchemes` of the document).
    pub fn new(credential: impl Into<Credential>) -> Self {
        Self { common: Common::new(credential, generated::SERVER).limited(300, 60), version: VERSION.to_owned() }
    }

    /// Another API version than `2025-12-08`. One is always sent, because the default of an API key can be changed in
    /// Persona's dashboard.
    #[must_use]
    pub fn version(mut self, version: impl Into<String>) -> Self {
        self.version = version.into();
        self
    }
}

common_settings!("`https://api.withpersona.com`", "the published 300 per 60 s");

impl Settings for Config {
    const VENDOR: Vendor = Vendor::Persona;
    const CREDENTIAL_VARIABLE: &'static str = "PERSONA_API_KEY";
    const OPERATIONS: &'static [Operation] = generated::OPERATIONS;

    fn common(&self) -> &Common {
        &self.common
    }

    fn common_mut(&mut self) -> &mut Common {
        &mut self.common
    }

    fn check(&self) -> Result<(), Error> {
        super::header_value("version", Some(&self.version))
    }

    fn with_credential(credential: String) -> Self {
        Self::new(credential)
    }
}

/// Deactivates a connection: `post` of `/api/v1/connect/connections/{connection-id}/deactivate` in
/// `openapi/persona.yaml`.
///
/// *Gone* means that nothing can be shared over the connection any more; its record stays.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "Unchecked")]
pub struct DeactivateConnection {
    connection_id: String,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "DeactivateConnection")]
struct Unchecked {
    /// The connection's id, such as `cxn_…`.
    #[schemars(length(min = 1, max = 512))]
    connection_id: String,
}

impl TryFrom<Unchecked> for DeactivateConnection {
    type Error = Error;

    fn try_from(unchecked: Unchecked) -> Result<Self, Error> {
        Self::new(unchecked.connection_id)
    }
}

impl DeactivateConnection {
    /// Deactivates the connection of this id. Ids begin with `cxn_` in all that the vendor shows; that is not enforced.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidRequest`](crate::ErrorKind::InvalidRequest) naming `connection_id` if it cannot be made safe as a segment of a path.
    pub fn new(connection_id: impl Into<String>) -> Result<Self, Error> {
        Ok(Self { connection_id: id::path_segment("connection_id", connection_id.into())? })
    }

    /// The connection's id.
    pub fn connection_id(&self) -> &str {
        &self.connection_id
    }
}

impl Endpoint for DeactivateConnection {
    type Config = Config;

    const ACTION: Action = Action::PersonaDeactivateConnection;
    const FACTS: &'static [&'static str] = &["data", "errors"];
    const KEYED: bool = true;

    fn subject(&self) -> String {
        self.connection_id.clone()
    }

    async fn send(&self, attempt: &Attempt<'_, Config>) {
        let client = attempt.client(generated::Client::new_with_client);
        let key = attempt.key.to_string();
        let inflection = generated::types::KeyInflection::Kebab;
        let version = attempt.config.version.as_str();
        let _ = client.deactivate_connection(&self.connection_id, Some(&key), Some(inflection), Some(version)).await;
    }

    fn read(&self, answer: &Answer, _doubt: Doubt) -> Reading {
        match answer.status {
            200 => self.read_success(answer),
            409 | 422 => Reading::Look,
            _ => Reading::NotGone(refused(answer)),
        }
    }

    async fn look(&self, attempt: &Attempt<'_, Config>) {
        let client = attempt.client(generated::Client::new_with_client);
        let inflection = generated::types::KeyInflection::Kebab;
        let version = attempt.config.version.as_str();
        let _ = client.retrieve_connection(&self.connection_id, Some(inflection), Some(version)).await;
    }

    fn read_look(&self, first: &Answer, look: Option<&Answer>, doubt: Doubt) -> Verdict {
        let looked = look.is_some_and(|look| look.status == 200);
        let status = look.filter(|look| look.status == 200).and_then(|look| self.status(look).ok()).flatten();
        let still = match status.as_deref() {
            Some("inactive") if first.status == 200 || doubt.was_there => {
                return Ok(Gone::revoked(Evidence::Confirmed));
            }
            Some("inactive") => return Ok(Gone { outcome: Outcome::AlreadyRevoked, evidence: Evidence::Confirmed }),
            Some(still @ ("pending" | "active")) => Some(still),
            _ => None,
        };
        Err(match (first.status, still) {
            (200, Some(still)) => {
                let what = format!("the vendor reports success and shows the connection still {still}");
                Finding::incomplete(Access::Unchanged, what)
            }
            (200, None) => Finding {
                may_pass: !looked,
                ..unexpected(match looked {
                    true => "the response does not show the connection inactive, and neither does its record",
                    false => "the response does not show the connection inactive, and its record could not be read",
                })
            },
            // Another change went first; the vendor asks to try again.
            (409, Some(_)) => Finding { retry: Retry::NextKey, ..refused(first) }.showing_state(),
            (_, Some(_)) => refused(first).showing_state(),
            (_, None) => {
                let finding = refused(first);
                Finding { access: Access::Unknown, may_pass: finding.may_pass || !looked, ..finding }
            }
        })
    }

    fn rate_limit(answer: &Answer) -> Option<RateLimit> {
        rate_limit(answer, &LIMIT, &REMAINING, until_reset(answer))
    }
}

static LIMIT: HeaderName = HeaderName::from_static("ratelimit-limit");
static REMAINING: HeaderName = HeaderName::from_static("ratelimit-remaining");
static RESET: HeaderName = HeaderName::from_static("ratelimit-reset");

impl DeactivateConnection {
    fn read_success(&self, answer: &Answer) -> Reading {
        match self.status(answer) {
            Err(finding) => Reading::NotGone(finding),
            Ok(None) => Reading::Gone(Gone::revoked(Evidence::Acknowledged)),
            Ok(Some(status)) if status == "inactive" => Reading::Gone(Gone::revoked(Evidence::Confirmed)),
            Ok(Some(_)) => Reading::Look,
        }
    }

    /// The connection's status, if the response is about this connection; a status that is no text is an unknown word.
    fn status(&self, answer: &Answer) -> Result<Option<String>, Finding> {
        whole(answer)?;
        let facts = answer.members(Self::FACTS).unwrap_or_default();
        let Value::Object(data) = facts.get("data") else {
            return Err(unexpected("the response is not a connection"));
        };
        if is_filled(facts.get("errors")) {
            return Err(contradicts("a connection", "errors"));
        }
        if data.get("id").is_some_and(|id| !id.is_null() && id.as_str() != Some(self.connection_id.as_str())) {
            return Err(unexpected("the response is about another connection"));
        }
        let attributes = data.get("attributes").unwrap_or(&Value::Null);
        if !attributes.is_null() && !attributes.is_object() {
            return Err(unexpected("the response's attributes are not those of a connection"));
        }
        let status = attributes.get("status");
        Ok(status.filter(|status| !status.is_null()).map(|status| status.as_str().unwrap_or_default().to_owned()))
    }
}

/// A refusal or failure. The vendor stores the first answer to a key and repeats it for a day, save for 401 and 429: so
/// after any other status another attempt needs another key.
fn refused(answer: &Answer) -> Finding {
    let mut finding = refusal(answer, words, until_reset(answer));
    let stored = !matches!(answer.status, 200..=299 | 401 | 429);
    if stored && finding.retry == Retry::SameKey {
        finding.retry = Retry::NextKey;
    }
    finding
}

fn words(body: &[u8]) -> Option<Words> {
    let refusal = Members::read(body, &["errors"])?;
    let errors = refusal.get("errors");
    let mut details = errors.as_array()?.iter().filter_map(|error| {
        let message = match (spelled(error.get("title")), spelled(error.get("details"))) {
            (Some(title), Some(details)) => format!("{title}: {details}"),
            (one, other) => one.or(other)?.to_owned(),
        };
        let field = error.get("source").and_then(|source| spelled(source.get("pointer")));
        Some(Detail::new(field.map(str::to_owned), message))
    });
    let first = details.next()?;
    let message = first.message.clone();
    let details = first.field.is_some().then_some(first).into_iter().chain(details).collect();
    Some(Words { message, details })
}

/// How long until the rate limit's window ends: the header counts seconds.
fn until_reset(answer: &Answer) -> Option<Duration> {
    seconds(answer.header(&RESET)?)
}
