//! ONLYOFFICE: removes the link between a contact and a project.

use std::borrow::Cow;
use std::num::NonZeroU32;

use bytes::Bytes;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::endpoint::{Attempt, Common, Endpoint, Settings, common_settings};
use super::{Action, Vendor};
use crate::error::{Access, Error, ErrorKind};
use crate::id;
use crate::reading::{
    Doubt, Finding, Gone, Members, Reading, Verdict, Words, contradicts, number, refusal, refusal_within, unexpected,
    whole,
};
use crate::receipt::Evidence;
use crate::transport::{Answer, Credential, Operation, Scheme, generated_client};
use envelope::Envelope;

mod casing;
mod envelope;
mod password_login;

#[cfg(test)]
mod tests;

pub use password_login::PasswordLogin;

generated_client!("onlyoffice");
pub use generated::types::{AccessEntry, Contact, ContactEnvelope, Currency, ErrorDetail, Number};

/// How to reach an ONLYOFFICE portal.
#[derive(Clone, Debug)]
pub struct Config {
    common: Common,
    scheme: Scheme,
}

impl Config {
    /// With the portal's URL, which is each customer's own, and a token of its `authentication` endpoint, which lives a
    /// year by default (`securitySchemes` of the document). The token is sent as it is, the documented form.
    pub fn new(portal_url: impl Into<String>, credential: impl Into<Credential>) -> Self {
        Self { common: Common::new(credential, portal_url).limited(500, 10), scheme: Scheme::Raw }
    }

    /// Sends `Bearer` before the token. Portals understand that since version 10.0.1.
    #[must_use]
    pub fn bearer(mut self) -> Self {
        self.scheme = Scheme::Bearer;
        self
    }
}

common_settings!("the portal that [`Config::new`] was given", "the published 500 per 10 s");

impl Settings for Config {
    const VENDOR: Vendor = Vendor::OnlyOffice;
    const CREDENTIAL_VARIABLE: &'static str = "ONLYOFFICE_TOKEN";
    const OPERATIONS: &'static [Operation] = generated::OPERATIONS;

    fn common(&self) -> &Common {
        &self.common
    }

    fn common_mut(&mut self) -> &mut Common {
        &mut self.common
    }

    fn scheme(&self) -> Scheme {
        self.scheme
    }

    /// Every portal has its own URL, so there is none yet.
    fn with_credential(credential: String) -> Self {
        Self::new("", credential)
    }
}

/// Removes the link between a contact and a project: `delete` of `/api/2.0/crm/contact/{contactid}/project/{projectid}`
/// in `openapi/onlyoffice.yaml`.
///
/// *Gone* means that the two are not linked. Contact and project stay, and so does access that has other grounds.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "Unchecked")]
pub struct UnlinkProject {
    contact_id: NonZeroU32,
    project_id: NonZeroU32,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "UnlinkProject")]
struct Unchecked {
    /// The contact's numeric id.
    #[schemars(range(min = 1, max = 2_147_483_647))]
    contact_id: u32,
    /// The project's numeric id.
    #[schemars(range(min = 1, max = 2_147_483_647))]
    project_id: u32,
}

impl TryFrom<Unchecked> for UnlinkProject {
    type Error = Error;

    fn try_from(unchecked: Unchecked) -> Result<Self, Error> {
        Self::new(unchecked.contact_id, unchecked.project_id)
    }
}

impl UnlinkProject {
    /// Unlinks this contact from this project; ids go from 1 to 2147483647.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidRequest`] naming `contact_id` or `project_id`.
    pub fn new(contact_id: u32, project_id: u32) -> Result<Self, Error> {
        Ok(Self {
            contact_id: id::number("contact_id", contact_id)?,
            project_id: id::number("project_id", project_id)?,
        })
    }

    /// The contact's id.
    pub fn contact_id(&self) -> u32 {
        self.contact_id.get()
    }

    /// The project's id.
    pub fn project_id(&self) -> u32 {
        self.project_id.get()
    }
}

impl Endpoint for UnlinkProject {
    type Config = Config;

    const ACTION: Action = Action::OnlyOfficeUnlinkProject;
    const FACTS: &'static [&'static str] = envelope::MEMBERS;

    fn subject(&self) -> String {
        self.contact_id.to_string()
    }

    async fn send(&self, attempt: &Attempt<'_, Config>) {
        let client = attempt.client(generated::Client::new_with_client);
        let _ = client.unlink_project(self.contact_id, self.project_id).await;
    }

    /// A 404 is never taken for success after an attempt in doubt: unlinking does not remove the contact.
    fn read(&self, answer: &Answer, _doubt: Doubt) -> Reading {
        match answer.status {
            200 => self.read_success(answer).into(),
            503 => Reading::NotGone(rate_limited_if_told_when(refusal(answer, words, None))),
            _ => Reading::NotGone(refusal(answer, words, None)),
        }
    }

    fn mend(body: Bytes) -> Bytes {
        casing::to_camel_case(body)
    }
}

impl UnlinkProject {
    fn read_success(&self, answer: &Answer) -> Verdict {
        let body = whole(answer)?;
        let envelope = Envelope::read(body, || answer.members(Self::FACTS))
            .map_err(|why| unexpected(format!("the response is not the vendor's envelope: {why}")))?;
        let Some(status) = number(&envelope.status) else {
            return Err(unexpected("the response has no status"));
        };
        let code = number(&envelope.status_code);
        let refusal_code = code.filter(|code| *code >= 400.0);
        if status != 0.0 {
            let words = envelope.words().unwrap_or_else(|| Words::new(format!("the vendor refuses: status {status}")));
            let finding = refusal_within(answer, refusal_code, words);
            return Err(if refusal_code == Some(503.0) { rate_limited_if_told_when(finding) } else { finding });
        }
        if let Some(code) = refusal_code {
            return Err(contradicts("status 0", &format!("statusCode {code}")));
        }
        if code.is_none() && !envelope.status_code.is_null() {
            return Err(unexpected("the response's statusCode is not a number"));
        }
        if !envelope.contact_id.is_null() && number(&envelope.contact_id) != Some(f64::from(self.contact_id.get())) {
            return Err(unexpected("the response is about another contact"));
        }
        Ok(Gone::revoked(Evidence::Acknowledged))
    }
}

/// A 503 with `Retry-After` is the rate limit, and nothing was done; without, the portal is failing.
fn rate_limited_if_told_when(finding: Finding) -> Finding {
    if finding.wait.is_none() {
        return finding;
    }
    Finding { kind: ErrorKind::RateLimited, access: Access::Unchanged, ..finding }
}

fn words(body: &[u8]) -> Option<Words> {
    let members = || Members::read(body, envelope::MEMBERS).map(Cow::Owned);
    Envelope::read(body, members).ok()?.words()
}
