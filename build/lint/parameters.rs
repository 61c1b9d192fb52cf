//! Parameters: declared where the path needs them, and of a sort that the generator can send.

use std::collections::BTreeMap;

use super::operations::placeholders;
use super::{Lint, Place};
use crate::build::names::loose;

/// Headers that belong to the body, the reply or the credential; OpenAPI says a parameter of that name is ignored.
const RESERVED_HEADERS: [&str; 3] = ["accept", "content-type", "authorization"];

/// Checks the parameters of an operation, with those that it has from its path.
pub fn check(lint: &mut Lint<'_>, template: &str, item: &Place<'_>, operation: &Place<'_>) {
    let parameters = parameters(lint, item, operation);
    names(lint, operation, &parameters);
    match placeholders(template) {
        Ok(names) => in_template(lint, item, operation, &names, &parameters),
        Err(why) => lint.fault(item, why),
    }
    for parameter in &parameters {
        one(lint, parameter);
    }
}

/// The parameters of an operation. Its own ones replace those of the path with the same name and place.
fn parameters<'d>(lint: &Lint<'d>, item: &Place<'d>, operation: &Place<'d>) -> Vec<Place<'d>> {
    let declared = |place: &Place<'d>| -> Vec<Place<'d>> {
        let list = place.get("parameters");
        let items = list.iter().flat_map(Place::items);
        items.filter_map(|it| lint.resolve(it)).collect()
    };
    let own = declared(operation);
    let key = |place: &Place<'d>| (place.text("name"), place.text("in"));
    let mut all = declared(item);
    all.retain(|inherited| own.iter().all(|it| key(it) != key(inherited)));
    all.extend(own);
    all
}

/// Parameters become arguments, so they must differ in more than case, punctuation and place.
fn names(lint: &mut Lint<'_>, operation: &Place<'_>, parameters: &[Place<'_>]) {
    let mut seen = BTreeMap::new();
    if let Some(body) = operation.get("requestBody") {
        // The generator calls the argument for it so.
        seen.insert(String::from("body"), body.node.line);
    }
    for parameter in parameters {
        let Some(name) = parameter.text("name") else {
            continue;
        };
        if let Some(line) = seen.insert(loose(name), parameter.node.line) {
            lint.fault(
                parameter,
                format!("the parameter `{name}` is taken, or too like the one on line {line}; rename one"),
            );
        }
    }
}

/// The path's template and its parameters must name the same.
fn in_template(lint: &mut Lint<'_>, item: &Place<'_>, operation: &Place<'_>, names: &[&str], parameters: &[Place<'_>]) {
    for (index, name) in names.iter().enumerate() {
        if names.iter().take(index).any(|before| before == name) {
            lint.fault(item, format!("`{{{name}}}` is twice in the path; rename one"));
        }
        let declared = parameters.iter().any(|it| it.text("in") == Some("path") && it.text("name") == Some(name));
        if !declared {
            lint.fault(
                operation,
                format!(
                    "the path has `{{{name}}}`, which is not declared; add a parameter of that name with `in: path`"
                ),
            );
        }
    }
    for parameter in parameters {
        match parameter.text("name") {
            Some(name) if parameter.text("in") == Some("path") && !names.contains(&name) => {
                lint.fault(
                    parameter,
                    format!("the path parameter `{name}` is not in the path; add `{{{name}}}` or remove it"),
                );
            }
            _ => {}
        }
    }
}

fn one(lint: &mut Lint<'_>, parameter: &Place<'_>) {
    let required = parameter.node.get("required").is_some_and(|it| it.is_true());
    let style = match parameter.text("in") {
        Some("path") => {
            if !required {
                lint.fault(parameter, "a path parameter must say `required: true`");
            }
            "simple"
        }
        Some("query") => "form",
        Some("header") => {
            header(lint, parameter);
            "simple"
        }
        Some("cookie") => {
            return lint.fault(parameter, "a parameter in a cookie is not supported; no cookies are sent");
        }
        Some(other) => {
            return lint.fault(parameter, format!("unknown place `in: {other}`; write path, query or header"));
        }
        None => return,
    };
    if let Some(place) = parameter.get("style")
        && place.node.text() != Some(style)
    {
        lint.fault(&place, format!("only the style `{style}` is supported here; remove it"));
    }
    schema(lint, parameter);
}

fn header(lint: &mut Lint<'_>, parameter: &Place<'_>) {
    let Some(name) = parameter.text("name") else {
        return;
    };
    if RESERVED_HEADERS.contains(&name.to_ascii_lowercase().as_str()) {
        lint.fault(
            parameter,
            format!("the header `{name}` is not a parameter in OpenAPI; describe it by content types or `security`"),
        );
    }
    if name.is_empty() || !name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_') {
        lint.fault(parameter, format!("`{name}` is not a header's name; use letters, digits, `-` and `_`"));
    }
}

/// An argument is printed into the request, so it is one plain value that is there.
fn schema(lint: &mut Lint<'_>, parameter: &Place<'_>) {
    let Some(schema) = parameter.get("schema").and_then(|it| lint.resolve(it)) else {
        return;
    };
    if matches!(schema.text("type"), None | Some("array" | "object")) {
        lint.fault(&schema, "a parameter is a string, an integer, a number or a boolean; say which as `type`");
    }
    if schema.node.get("nullable").is_some_and(|it| it.is_true()) {
        lint.fault(&schema, "a parameter can't be null; leave out `required` where it is optional");
    }
}
