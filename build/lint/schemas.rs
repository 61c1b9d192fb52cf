//! Schemas: types and formats that exist, and keywords that go with them.

use std::collections::BTreeMap;

use super::keywords::{Kind, Shape, Use};
use super::{Lint, Place};
use crate::build::names::{closest, loose};
use crate::build::read::{Node, Value};

/// The types of OpenAPI 3.0.
const TYPES: [&str; 6] = ["string", "number", "integer", "boolean", "array", "object"];

/// The formats that go with a type. Others would be ignored, or are a slip.
fn formats(of: &str) -> &'static [&'static str] {
    match of {
        "string" => {
            &["byte", "binary", "date", "date-time", "email", "hostname", "ipv4", "ipv6", "password", "uri", "uuid"]
        }
        "integer" => &["int32", "int64"],
        "number" => &["float", "double"],
        _ => &[],
    }
}

/// The types that a keyword says something about.
fn types_of(keyword: &str) -> Option<&'static [&'static str]> {
    match keyword {
        "minLength" | "maxLength" | "enum" => Some(&["string"]),
        "minimum" | "maximum" | "exclusiveMinimum" | "exclusiveMaximum" | "multipleOf" => Some(&["integer", "number"]),
        "format" => Some(&["string", "integer", "number"]),
        "items" | "minItems" | "maxItems" | "uniqueItems" => Some(&["array"]),
        "properties" | "required" | "additionalProperties" | "minProperties" | "maxProperties" => Some(&["object"]),
        _ => None,
    }
}

/// Checks every schema of the document.
pub fn check(lint: &mut Lint<'_>) {
    let mut schemas = Vec::new();
    gather(&lint.root(), Kind::Document, &mut schemas);
    for schema in &schemas {
        one(lint, schema);
    }
    let components = lint.root().get("components");
    if let Some(named) = components.and_then(|it| it.get("schemas")) {
        distinct(lint, &named, "the schema");
        for (_, schema) in named.members() {
            circle(lint, &schema);
        }
    }
}

/// Finds the schemas, wherever the document may have one.
fn gather<'d>(place: &Place<'d>, kind: Kind, found: &mut Vec<Place<'d>>) {
    if place.node.get("$ref").is_some() {
        return;
    }
    if kind == Kind::Schema {
        found.push(place.clone());
    }
    for (name, taken) in kind.keywords() {
        let (Use::May(shape) | Use::Must(shape)) = taken else {
            continue;
        };
        let Some(value) = place.get(name) else {
            continue;
        };
        match *shape {
            Shape::One(kind) | Shape::FlagOr(kind) => gather(&value, kind, found),
            Shape::Many(kind) => value.items().for_each(|it| gather(&it, kind, found)),
            Shape::Named(kind) => value.members().for_each(|(_, it)| gather(&it, kind, found)),
            _ => {}
        }
    }
}

/// Whether a schema is the one that only null fits, `enum: [null]`: how OpenAPI 3.0 says in a `oneOf` that a `$ref` may
/// be null.
pub fn is_null(schema: &Place<'_>) -> bool {
    let values = schema.node.get("enum").map(Node::items).unwrap_or_default();
    schema.node.get("type").is_none() && matches!(values, [only] if matches!(only.value, Value::Null))
}

fn one(lint: &mut Lint<'_>, schema: &Place<'_>) {
    if is_null(schema) {
        return;
    }
    let of = schema.text("type");
    if let (Some(of), Some(place)) = (of, schema.get("type"))
        && !TYPES.contains(&of)
    {
        let hint = match closest(of, TYPES.into_iter()) {
            Some(close) => format!("did you mean `{close}`?"),
            None => format!("write one of {}", TYPES.join(", ")),
        };
        return lint.fault(&place, format!("unknown type `{of}`; {hint}"));
    }
    keywords(lint, schema, of);
    if let Some(of) = of {
        format(lint, schema, of);
    }
    if of == Some("array") && schema.node.get("items").is_none() {
        lint.fault(schema, "an array needs `items`; write `items: {}` for anything");
    }
    properties(lint, schema);
    values(lint, schema);
    bounds(lint, schema);
    combined(lint, schema);
}

/// Each keyword must go with the type, or it means nothing.
fn keywords(lint: &mut Lint<'_>, schema: &Place<'_>, of: Option<&str>) {
    for (keyword, value) in schema.members() {
        match (types_of(keyword), of) {
            (Some(types), None) => {
                lint.fault(&value, format!("`{keyword}` needs `type: {}` beside it", types.join("` or `")))
            }
            (Some(types), Some(of)) if !types.contains(&of) => lint.fault(
                &value,
                format!("`{keyword}` says nothing about the type `{of}`; remove it or correct the type"),
            ),
            _ => {}
        }
    }
}

fn format(lint: &mut Lint<'_>, schema: &Place<'_>, of: &str) {
    let known = formats(of);
    let (Some(place), Some(format)) = (schema.get("format"), schema.text("format")) else {
        return;
    };
    if !known.is_empty() && !known.contains(&format) {
        let hint = match closest(format, known.iter().copied()) {
            Some(close) => format!("did you mean `{close}`?"),
            None => format!("known for this type: {}", known.join(", ")),
        };
        lint.fault(&place, format!("unknown format `{format}`; {hint}"));
    }
}

fn properties(lint: &mut Lint<'_>, schema: &Place<'_>) {
    if let Some(properties) = schema.get("properties") {
        distinct(lint, &properties, "the property");
    }
    let Some(required) = schema.get("required") else {
        return;
    };
    for item in required.items() {
        let Some(name) = item.node.text() else {
            continue;
        };
        let declared = schema.get("properties");
        if declared.is_none_or(|properties| properties.node.get(name).is_none()) {
            lint.fault(
                &item,
                format!("`{name}` is required and not among the `properties`; add it or correct the name"),
            );
        }
    }
}

/// Names become identifiers, so they must differ in more than case and punctuation.
fn distinct(lint: &mut Lint<'_>, named: &Place<'_>, what: &str) {
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    for (name, place) in named.members() {
        if let Some(line) = seen.insert(loose(name), place.node.line) {
            lint.fault(
                &place,
                format!("{what} `{name}` is too like the one on line {line}; both become one name in Rust: rename one"),
            );
        }
    }
}

/// Enumerations are of texts: the generator can't make a type of others.
fn values(lint: &mut Lint<'_>, schema: &Place<'_>) {
    let Some(values) = schema.get("enum") else {
        return;
    };
    if values.node.items().is_empty() {
        lint.fault(&values, "an enumeration needs at least one value");
    }
    for value in values.items() {
        if value.node.text().is_none() && !matches!(value.node.value, Value::Null) {
            lint.fault(&value, "only text can be enumerated; put it in quotes");
        }
    }
}

/// The generator panics at an exclusive bound that is not there.
fn bounds(lint: &mut Lint<'_>, schema: &Place<'_>) {
    for (exclusive, bound) in [("exclusiveMinimum", "minimum"), ("exclusiveMaximum", "maximum")] {
        if let (Some(place), None) = (schema.get(exclusive), schema.get(bound)) {
            lint.fault(&place, format!("`{exclusive}` needs `{bound}` beside it"));
        }
    }
}

/// An empty list of alternatives is a type that no value has.
fn combined(lint: &mut Lint<'_>, schema: &Place<'_>) {
    for keyword in ["allOf", "oneOf", "anyOf"] {
        let Some(place) = schema.get(keyword) else {
            continue;
        };
        if place.node.items().is_empty() {
            lint.fault(&place, format!("`{keyword}` needs at least one schema"));
        }
    }
}

/// The generator merges the parts of a combined schema, and would not come to an end if one of them is the whole.
fn circle(lint: &mut Lint<'_>, start: &Place<'_>) {
    let mut open = vec![start.clone()];
    let mut seen: Vec<String> = Vec::new();
    while let Some(place) = open.pop() {
        for keyword in ["allOf", "oneOf", "anyOf"] {
            let parts = place.get(keyword);
            for part in parts.iter().flat_map(Place::items) {
                let Some(part) = lint.resolve(part) else {
                    continue;
                };
                if part.path == start.path {
                    return lint.fault(start, "the schema is a part of itself; take it out of the circle");
                }
                if !seen.contains(&part.path) {
                    seen.push(part.path.clone());
                    open.push(part);
                }
            }
        }
    }
}
