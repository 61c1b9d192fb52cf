//! The envelope around every answer, in JSON or in XML.

use std::borrow::Cow;

use roxmltree::{Document, Node, ParsingOptions};
use serde_json::Value;

use crate::reading::{Members, Words};

/// What an envelope has to say; the rest of the contact is for the typed response.
#[derive(Debug, Default)]
pub(super) struct Envelope {
    pub(super) status: Value,
    pub(super) status_code: Value,
    pub(super) contact_id: Value,
    message: Value,
}

/// Its members in JSON.
pub(super) const MEMBERS: &[&str] = &["status", "statusCode", "response", "error"];

/// More elements than a contact can have.
const MAX_NODES: u32 = 100_000;

impl Envelope {
    /// Reads either form; the error says why it is neither. `members` are those of the JSON form.
    pub(super) fn read<'a>(body: &[u8], members: impl FnOnce() -> Option<Cow<'a, Members>>) -> Result<Self, String> {
        if body.starts_with(b"<") { Self::read_xml(body) } else { Self::read_json(members().as_deref()) }
    }

    fn read_json(members: Option<&Members>) -> Result<Self, String> {
        let members = members.ok_or("it is no JSON object, or names a member twice")?;
        let response = members.get("response");
        if !response.is_null() && !response.is_object() {
            return Err("its response is not a contact".to_owned());
        }
        let member = |of: &Value, name| of.get(name).cloned().unwrap_or_default();
        Ok(Self {
            status: members.get("status").clone(),
            status_code: members.get("statusCode").clone(),
            contact_id: member(response, "id"),
            message: member(members.get("error"), "message"),
        })
    }

    fn read_xml(body: &[u8]) -> Result<Self, String> {
        let text = std::str::from_utf8(body).map_err(|_| "it is not UTF-8")?;
        let options = ParsingOptions { allow_dtd: false, nodes_limit: MAX_NODES, ..ParsingOptions::default() };
        let document =
            Document::parse_with_options(text, options).map_err(|error| format!("it is not XML ({error})"))?;
        let root = document.root_element();
        if !root.tag_name().name().eq_ignore_ascii_case("result") {
            return Err("it is a web page or another document".to_owned());
        }
        let response = child(root, "response")?;
        let error = child(root, "error")?;
        Ok(Self {
            status: child_text(Some(root), "status")?,
            status_code: child_text(Some(root), "statusCode")?,
            contact_id: child_text(response, "id")?,
            message: child_text(error, "message")?,
        })
    }

    pub(super) fn words(&self) -> Option<Words> {
        self.message.as_str().filter(|text| !text.trim().is_empty()).map(Words::new)
    }
}

/// The child element of this name, in either casing, if it is there once.
fn child<'a, 'input>(of: Node<'a, 'input>, name: &str) -> Result<Option<Node<'a, 'input>>, String> {
    let mut found = of.children().filter(|node| node.tag_name().name().eq_ignore_ascii_case(name));
    match (found.next(), found.next()) {
        (one, None) => Ok(one),
        _ => Err(format!("it has several `{name}` elements")),
    }
}

/// The text of a child element; null if there is none. With anything but text in it, it says more than one thing.
fn child_text(of: Option<Node<'_, '_>>, name: &str) -> Result<Value, String> {
    let Some(of) = of else { return Ok(Value::Null) };
    let Some(node) = child(of, name)? else { return Ok(Value::Null) };
    let mut parts = node.children();
    let text = match (parts.next(), parts.next()) {
        (None, _) => "",
        (Some(only), None) if only.is_text() => only.text().unwrap_or_default().trim(),
        _ => return Err(format!("its `{name}` is not plain text")),
    };
    Ok(if text.is_empty() { Value::Null } else { text.into() })
}
