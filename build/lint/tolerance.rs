//! Schemas of responses: nothing in them may make one odd response fail to decode.
//!
//! What a vendor sends is not ours to police. Strictness belongs into what is sent.

use std::collections::BTreeSet;

use super::operations::{is_generated, operations, paths};
use super::responses::is_success;
use super::schemas::is_null;
use super::{Lint, Place};
use crate::build::read::Value;

/// Keywords that refuse values.
const STRICT: [&str; 14] = [
    "enum",
    "minLength",
    "maxLength",
    "minItems",
    "maxItems",
    "uniqueItems",
    "minProperties",
    "maxProperties",
    "minimum",
    "maximum",
    "exclusiveMinimum",
    "exclusiveMaximum",
    "multipleOf",
    "default",
];

/// Checks every schema that a success leads to. Failures arrive untyped, so theirs fail nothing.
pub fn check(lint: &mut Lint<'_>) {
    let mut seen = BTreeSet::new();
    let paths = paths(lint);
    for (_, item) in paths.iter().filter(|(_, item)| is_generated(item)) {
        for operation in operations(item) {
            let responses = operation.get("responses");
            let all = responses.iter().flat_map(Place::members);
            for (_, response) in all.filter(|(status, _)| is_success(status)) {
                let response = lint.resolve(response);
                let content = response.and_then(|it| it.get("content"));
                for (_, media) in content.iter().flat_map(Place::members) {
                    if let Some(schema) = media.get("schema") {
                        walk(lint, schema, &mut seen);
                    }
                }
            }
        }
    }
}

fn walk<'d>(lint: &mut Lint<'d>, schema: Place<'d>, seen: &mut BTreeSet<String>) {
    let Some(schema) = lint.resolve(schema) else {
        return;
    };
    if !seen.insert(schema.path.clone()) {
        return;
    }
    strict_keywords(lint, &schema);
    format(lint, &schema);
    for (_, property) in schema.get("properties").iter().flat_map(Place::members) {
        nullable(lint, &property);
        walk(lint, property, seen);
    }
    for keyword in ["items", "additionalProperties"] {
        if let Some(inner) = schema.get(keyword) {
            walk(lint, inner, seen);
        }
    }
    for keyword in ["allOf", "oneOf", "anyOf"] {
        for part in schema.get(keyword).iter().flat_map(Place::items) {
            walk(lint, part, seen);
        }
    }
}

fn strict_keywords(lint: &mut Lint<'_>, schema: &Place<'_>) {
    if is_null(schema) {
        return;
    }
    for keyword in STRICT {
        let Some(place) = schema.get(keyword) else {
            continue;
        };
        let hint = match keyword {
            "enum" => "use an open `type: string` and list the known words in the description",
            "default" => "a null would not take it; say in words what absence means",
            _ => "say it in the description",
        };
        lint.fault(&place, format!("`{keyword}` in a response makes what does not fit fail to decode; {hint}"));
    }
    if let Some(place) = schema.get("additionalProperties")
        && matches!(place.node.value, Value::Flag(false))
    {
        lint.fault(&place, "`additionalProperties: false` in a response makes a new member fail to decode; remove it");
    }
}

/// The formats whose types hold every value of the type that they stand beside.
fn format(lint: &mut Lint<'_>, schema: &Place<'_>) {
    let (Some(place), Some(format)) = (schema.get("format"), schema.text("format")) else {
        return;
    };
    let hint = match (schema.text("type"), format) {
        (_, "byte" | "binary" | "email" | "hostname" | "password" | "uri" | "int64" | "double") => {
            return;
        }
        (Some("string"), _) => "leave the format out and say it in the description",
        (Some("integer"), _) => "write `int64`",
        (Some("number"), _) => "write `double`",
        _ => return,
    };
    lint.fault(&place, format!("the format `{format}` in a response makes what does not fit fail to decode; {hint}"));
}

/// Lists and maps come as null where there is nothing, and are not `Option`s unless the document says so.
fn nullable(lint: &mut Lint<'_>, property: &Place<'_>) {
    let Some(schema) = lint.resolve(property.clone()) else {
        return;
    };
    let what = match schema.text("type") {
        Some("array") => "an array",
        Some("object") if schema.get("properties").is_none() => "a map",
        _ => return,
    };
    if schema.node.get("nullable").is_none_or(|it| !it.is_true()) {
        lint.fault(&schema, format!("{what} in a response without `nullable: true`; a null would fail to decode"));
    }
}
