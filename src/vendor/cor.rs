//! COR: detaches workspaces from a user.

use std::collections::HashSet;
use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::endpoint::{Attempt, Common, Endpoint, Settings, common_settings};
use super::{Action, Vendor};
use crate::error::{Access, Detail, Error, ErrorKind};
use crate::id;
use crate::reading::{
    Doubt, Finding, Gone, Json, Reading, Retry, Verdict, Words, refusal, spelled, text, unexpected, whole,
};
use crate::receipt::Evidence;
use crate::transport::{Answer, Credential, Operation, generated_client};

mod client_credentials;
#[cfg(test)]
mod tests;

pub use client_credentials::ClientCredentials;

generated_client!("cor");
pub use generated::types::{Code, Id, PartialError, Percentage, Pivot, User, Workspace};

/// How to reach COR.
#[derive(Clone, Debug)]
pub struct Config {
    common: Common,
}

impl Config {
    /// With an access token, which lives one hour (`securitySchemes` of the document), or with
    /// [`ClientCredentials`] that get one.
    pub fn new(credential: impl Into<Credential>) -> Self {
        Self { common: Common::new(credential, generated::SERVER) }
    }
}

common_settings!("`https://integrations.projectcor.com`", "none: the vendor publishes no number");

impl Settings for Config {
    const VENDOR: Vendor = Vendor::Cor;
    const CREDENTIAL_VARIABLE: &'static str = "COR_TOKEN";
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

/// The system whose ids a request uses: `metadata.source` of the document.
///
/// COR's list grows, so one that has no constant here can be made with [`Source::new`].
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
pub struct Source(std::borrow::Cow<'static, str>);

impl Source {
    /// Jira.
    pub const JIRA: Self = Self::known("JIRA");
    /// Salesforce.
    pub const SALESFORCE: Self = Self::known("SALESFORCE");
    /// Advertmind.
    pub const ADVERTMIND: Self = Self::known("ADVERTMIND");
    /// QuickBooks.
    pub const QUICKBOOKS: Self = Self::known("QUICKBOOKS");
    /// Zapier.
    pub const ZAPIER: Self = Self::known("ZAPIER");
    /// Okta.
    pub const OKTA: Self = Self::known("OKTA");
    /// Microsoft Dynamics.
    pub const MICROSOFT_DYNAMICS: Self = Self::known("MICROSOFT_DYNAMICS");
    /// GitHub.
    pub const GITHUB: Self = Self::known("GITHUB");
    /// Microsoft Teams.
    pub const MICROSOFT_TEAMS: Self = Self::known("MICROSOFT_TEAMS");
    /// VBS.
    pub const VBS: Self = Self::known("VBS");
    /// SAP.
    pub const SAP: Self = Self::known("SAP");
    /// Globant.
    pub const GLOBANT: Self = Self::known("GLOBANT");

    const fn known(name: &'static str) -> Self {
        Self(std::borrow::Cow::Borrowed(name))
    }

    /// A source by its name, as COR spells it.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidRequest`] naming `source`, if it is empty, over 512 bytes, holds a control character, or
    /// begins or ends with a blank.
    pub fn new(name: impl Into<String>) -> Result<Self, Error> {
        Ok(Self(id::text("source", name.into())?.into()))
    }

    /// Its name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl TryFrom<String> for Source {
    type Error = Error;

    fn try_from(name: String) -> Result<Self, Error> {
        Self::new(name)
    }
}

impl From<Source> for String {
    fn from(source: Source) -> Self {
        source.0.into_owned()
    }
}

/// Detaches workspaces from a user: `put` of `/v2/integrations/users/{userId}/detach` in `openapi/cor.yaml`.
///
/// *Gone* means that none of the workspaces asked for is among those the user still has. The user's other workspaces
/// and the user stay.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "Unchecked")]
pub struct DetachWorkspaces {
    user_id: String,
    workspaces: Vec<String>,
    source: Source,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "DetachWorkspaces")]
struct Unchecked {
    /// The user's id in the source system.
    #[schemars(length(min = 1, max = 512))]
    user_id: String,
    /// The workspaces' ids in the source system.
    #[schemars(length(min = 1), inner(length(min = 1, max = 512)))]
    workspaces: Vec<String>,
    /// The source system, such as `OKTA`.
    #[schemars(length(min = 1, max = 512))]
    source: String,
}

impl TryFrom<Unchecked> for DetachWorkspaces {
    type Error = Error;

    fn try_from(unchecked: Unchecked) -> Result<Self, Error> {
        Self::new(unchecked.user_id, unchecked.workspaces, Source::new(unchecked.source)?)
    }
}

impl DetachWorkspaces {
    /// Detaches these workspaces from this user, by their ids in the source system. A workspace named twice counts once.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidRequest`] naming `user_id` if it cannot be made safe as a segment of a path, or `workspaces`
    /// if there are none or one of them is empty, over 512 bytes, holds a control character, or begins or ends with a
    /// blank.
    pub fn new<W>(user_id: impl Into<String>, workspaces: W, source: Source) -> Result<Self, Error>
    where
        W: IntoIterator,
        W::Item: Into<String>,
    {
        let user_id = id::path_segment("user_id", user_id.into())?;
        let mut unique: Vec<String> = Vec::new();
        let mut seen = HashSet::new();
        for (index, workspace) in workspaces.into_iter().enumerate() {
            let workspace = id::text(&format!("workspaces[{index}]"), workspace.into())?;
            if seen.insert(workspace.clone()) {
                unique.push(workspace);
            }
        }
        if unique.is_empty() {
            return Err(Error::invalid_request("workspaces", "is empty; name at least one"));
        }
        Ok(Self { user_id, workspaces: unique, source })
    }

    /// The user's id in the source system.
    pub fn user_id(&self) -> &str {
        &self.user_id
    }

    /// The workspaces' ids in the source system, each once.
    pub fn workspaces(&self) -> &[String] {
        &self.workspaces
    }

    /// The source system.
    pub fn source(&self) -> &Source {
        &self.source
    }
}

impl Endpoint for DetachWorkspaces {
    type Config = Config;

    const ACTION: Action = Action::CorDetachWorkspaces;
    const FACTS: &'static [&'static str] = &["workspaces", "errors"];

    fn subject(&self) -> String {
        format!("{}\0{}", self.source, self.user_id)
    }

    async fn send(&self, attempt: &Attempt<'_, Config>) {
        let client = attempt.client(generated::Client::new_with_client);
        let body = generated::types::DetachRequest {
            workspaces: self.workspaces.clone(),
            metadata: generated::types::DetachMetadata { source: self.source.to_string() },
        };
        let _ = client.detach_workspaces(&self.user_id, &body).await;
    }

    fn read(&self, answer: &Answer, doubt: Doubt) -> Reading {
        match answer.status {
            200 => self.read_success(answer).into(),
            _ => self.read_refusal(answer, doubt).into(),
        }
    }
}

impl DetachWorkspaces {
    fn read_success(&self, answer: &Answer) -> Verdict {
        whole(answer)?;
        let facts = answer.members(Self::FACTS).unwrap_or_default();
        let Value::Array(left) = facts.get("workspaces") else {
            return Err(unexpected("the response is not a user with the workspaces that are left"));
        };
        let errors = facts.get("errors");
        let left: Vec<Left> = left.iter().map(|workspace| self.left(workspace)).collect();
        let attached: HashSet<&str> = left.iter().flat_map(|one| &one.ids).map(String::as_str).collect();
        let asked = self.workspaces.iter();
        let remaining: Vec<String> = asked.filter(|id| attached.contains(id.as_str())).cloned().collect();
        if !remaining.is_empty() {
            let access =
                if remaining.len() == self.workspaces.len() { Access::Unchanged } else { Access::PartlyRevoked };
            let what = format!("{} of {} workspaces are still attached", remaining.len(), self.workspaces.len());
            let details = error_items(errors);
            return Err(Finding { not_revoked: remaining, details, ..Finding::incomplete(access, what) });
        }
        let unread = || left.iter().flat_map(|one| &one.unread);
        if let Some(id) = self.workspaces.iter().find(|id| unread().any(|text| text.contains(id.as_str()))) {
            return Err(unexpected(format!("a workspace that is left names {id} in a way that cannot be read")));
        }
        if !is_empty(errors) {
            let what = "the vendor reports success and lists errors beside it";
            let details = error_items(errors);
            let not_revoked = self.named_in(errors);
            return Err(Finding { not_revoked, details, ..Finding::new(ErrorKind::Incomplete, Access::Unknown, what) });
        }
        Ok(Gone::revoked(if left.iter().all(|one| one.comparable) {
            Evidence::Confirmed
        } else {
            Evidence::Acknowledged
        }))
    }

    /// What a workspace of the response is known by.
    fn left(&self, workspace: &Value) -> Left {
        let mut left = Left::default();
        if let Some(id) = workspace.as_str() {
            left.ids.push(id.to_owned());
        }
        let integrations = workspace.get("json_integrations").unwrap_or(&Value::Null);
        let mut unread = Vec::new();
        find_links(integrations, &mut unread, &mut |link, external_id, number| {
            left.comparable = true;
            let source = spelled(link.get("source"));
            if source.is_none_or(|source| source.eq_ignore_ascii_case(self.source.as_str())) {
                left.ids.push(external_id);
                // A number may be written in many ways, and a long one does not keep its last digits.
                let same = |id: &&String| number.is_some() && id.parse().ok() == number;
                left.ids.extend(self.workspaces.iter().filter(same).cloned());
            }
        });
        Left { unread, ..left }
    }

    /// The workspaces that errors name, else all that were asked for.
    fn named_in(&self, errors: &Value) -> Vec<String> {
        let mut texts = Vec::new();
        collect_texts(errors, &mut texts);
        let words: HashSet<&str> = texts.iter().flat_map(|text| text.split(is_between_ids)).collect();
        let is_named = |id: &str| match id.contains(is_between_ids) {
            true => texts.iter().any(|text| text.contains(id)),
            false => words.contains(id),
        };
        let named: Vec<String> = self.workspaces.iter().filter(|id| is_named(id)).cloned().collect();
        if named.is_empty() { self.workspaces.clone() } else { named }
    }

    fn read_refusal(&self, answer: &Answer, doubt: Doubt) -> Verdict {
        let finding = refusal(answer, words, None);
        if !(finding.kind == ErrorKind::NotFound
            || finding.kind == ErrorKind::Rejected
            || finding.kind == ErrorKind::Conflict)
            || !says_not_attached(answer.bytes())
        {
            return Err(finding);
        }
        // With several workspaces the refusal may be about another one than the one in doubt.
        if doubt.open && self.workspaces.len() == 1 {
            return Ok(Gone::revoked(Evidence::Inferred));
        }
        Err(Finding { kind: ErrorKind::NotFound, retry: Retry::No, ..finding })
    }
}

/// A workspace that the user still has.
#[derive(Default)]
struct Left {
    /// Its external ids in the request's source, or without a source.
    ids: Vec<String>,
    /// Whether it has an external id at all, in whatever source.
    comparable: bool,
    /// Texts in place of its ties that begin as JSON and cannot be read as such, or say two things at once.
    unread: Vec<String>,
}

/// Finds the ties of a workspace to other systems: objects with an external id, wherever in `json_integrations` they are.
/// It is an object or a list of them where it is of use; but any JSON was seen on sibling endpoints, also inside a text.
///
/// `found` is given the tie, the external id, and the number that it is if it is one.
fn find_links(
    value: &Value,
    unread: &mut Vec<String>,
    found: &mut impl FnMut(&Map<String, Value>, String, Option<f64>),
) {
    match value {
        Value::Object(link) => {
            let id = link.get("origin_external_id").unwrap_or(&Value::Null);
            if let Some(text) = text(id).filter(|text| !text.trim().is_empty()) {
                found(link, text, id.as_f64());
            }
            let deeper = link.values().filter(|value| value.is_object() || value.is_array());
            deeper.for_each(|value| find_links(value, unread, found));
        }
        Value::Array(links) => links.iter().for_each(|value| find_links(value, unread, found)),
        Value::String(json) if json.trim_start().starts_with(['{', '[']) => match serde_json::from_str(json) {
            Ok(Json(value)) => find_links(&value, unread, found),
            Err(_) => unread.push(json.clone()),
        },
        _ => {}
    }
}

/// All texts and numbers in a JSON value.
fn collect_texts(value: &Value, texts: &mut Vec<String>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| collect_texts(item, texts)),
        Value::Object(members) => members.values().for_each(|member| collect_texts(member, texts)),
        _ => texts.extend(text(value)),
    }
}

/// What separates ids in a sentence.
fn is_between_ids(c: char) -> bool {
    !(c.is_alphanumeric() || c == '-' || c == '_')
}

/// Whether a top-level `errors` lists nothing.
fn is_empty(errors: &Value) -> bool {
    match errors {
        Value::Null | Value::Bool(false) => true,
        Value::Array(items) => items.is_empty(),
        Value::Object(members) => members.is_empty(),
        Value::String(text) => text.trim().is_empty(),
        Value::Bool(true) | Value::Number(_) => false,
    }
}

/// The codes with which COR says that the workspace or the user is unknown, or not attached.
const NOT_ATTACHED: [&str; 2] = ["ZC001", "NotAttachedError"];

/// Whether all that a refusal lists says that.
fn says_not_attached(body: &[u8]) -> bool {
    let Ok(Json(json)) = serde_json::from_slice(body) else { return false };
    let lists = [Some(&json), json.get("errors")].into_iter().flatten().filter_map(Value::as_array).flatten();
    let single = [Some(&json), json.get("error")].into_iter().flatten();
    let mut coded =
        single.chain(lists).filter(|item| spelled(item.get("code")).or(spelled(item.get("name"))).is_some());
    let says_it = |item: &Value| {
        let codes = [spelled(item.get("code")), spelled(item.get("name"))];
        codes.into_iter().flatten().any(|code| NOT_ATTACHED.contains(&code))
    };
    coded.next().is_some_and(says_it) && coded.all(says_it)
}

/// The vendor's words, in whichever of its forms they come: an object with some of `message`, `name`, `code`, `error`,
/// a list of field errors, or an object with a list of `errors`.
fn words(body: &[u8]) -> Option<Words> {
    let Json(json) = serde_json::from_slice(body).ok()?;
    let mut details = error_items(json.get("errors").unwrap_or(&json));
    let own = if json.is_object() { item_words(&json) } else { None };
    let message = match own {
        Some(message) => message,
        None => {
            let first = details.first()?;
            let message = first.message.clone();
            // As a detail it still says which field it is about.
            if first.field.is_none() {
                details.remove(0);
            }
            message
        }
    };
    Some(Words { message, details })
}

/// The items of a list of errors.
fn error_items(errors: &Value) -> Vec<Detail> {
    let items = errors.as_array().into_iter().flatten();
    items
        .filter_map(|item| {
            let field = spelled(item.get("field")).map(str::to_owned);
            Some(Detail::new(field, item_words(item)?))
        })
        .collect()
}

/// One error's message, with its code behind it.
fn item_words(item: &Value) -> Option<String> {
    let member = |name| spelled(item.get(name));
    let code = member("code").or_else(|| member("name")).or_else(|| member("validation"));
    let message = member("message").or_else(|| member("error")).or_else(|| spelled(Some(item)));
    match (message, code) {
        (Some(message), Some(code)) => Some(format!("{message} ({code})")),
        (Some(text), None) | (None, Some(text)) => Some(text.to_owned()),
        (None, None) => item_words(item.get("error").filter(|error| error.is_object())?),
    }
}
