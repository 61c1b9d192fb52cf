//! Paths, operations and what belongs to the document as a whole.

use std::collections::BTreeMap;

use super::{Lint, Place, parameters, responses};
use crate::build::names::loose;
use crate::build::read::Value;

/// The methods that a path can have, as OpenAPI spells them.
pub const METHODS: [&str; 8] = ["get", "put", "post", "delete", "options", "head", "patch", "trace"];

/// Checks all paths, the version and the servers.
pub fn check(lint: &mut Lint<'_>) {
    version(lint);
    servers(lint);
    let mut ids = BTreeMap::new();
    for (template, item) in paths(lint) {
        path(lint, template, &item);
        for operation in operations(&item) {
            id(lint, &operation, &mut ids);
            parameters::check(lint, template, &item, &operation);
            if is_generated(&item) {
                body(lint, &operation);
                responses::check(lint, &operation);
            }
        }
    }
}

/// The paths of a document.
pub fn paths<'d>(lint: &Lint<'d>) -> Vec<(&'d str, Place<'d>)> {
    let paths = lint.root().get("paths");
    paths.iter().flat_map(Place::members).collect()
}

/// Whether a client is made of a path. One with servers of its own, such as a vendor's account service, is not reached
/// from the client's base URL: it is only described.
pub fn is_generated(item: &Place<'_>) -> bool {
    item.node.get("servers").is_none()
}

/// The operations of a path.
pub fn operations<'d>(item: &Place<'d>) -> Vec<Place<'d>> {
    METHODS.iter().filter_map(|method| item.get(method)).collect()
}

fn version(lint: &mut Lint<'_>) {
    let Some(place) = lint.root().get("openapi") else {
        return;
    };
    let Some(version) = place.node.text() else {
        return;
    };
    let patch = version.strip_prefix("3.0.");
    if patch.is_none_or(|patch| patch.is_empty() || !patch.chars().all(|c| c.is_ascii_digit())) {
        lint.fault(&place, format!("OpenAPI {version} is not supported; write a 3.0.3 document"));
    }
}

fn servers(lint: &mut Lint<'_>) {
    let Some(servers) = lint.root().get("servers") else {
        return;
    };
    if matches!(&servers.node.value, Value::List(items) if items.is_empty()) {
        lint.fault(&servers, "name at least one server; the client's base URL is the first");
    }
    let Some(server) = servers.items().next() else {
        return;
    };
    let Some(place) = server.get("url") else {
        return;
    };
    let Some(url) = place.node.text() else {
        return;
    };
    if !url.starts_with("https://") || url.contains(['?', '#']) {
        lint.fault(&place, format!("`{url}` is not a base URL; write https://, without query and fragment"));
    }
    match placeholders(url) {
        Err(why) => lint.fault(&place, format!("`{url}`: {why}")),
        Ok(names) => {
            for name in names {
                let variables = server.get("variables");
                if variables.is_none_or(|variables| variables.get(name).is_none()) {
                    lint.fault(&place, format!("`{{{name}}}` is not declared; add it to `variables`"));
                }
            }
        }
    }
}

fn path(lint: &mut Lint<'_>, template: &str, item: &Place<'_>) {
    if !template.starts_with('/') {
        lint.fault(item, "a path must begin with `/`");
    }
    if template.contains("//") || template.len() > 1 && template.ends_with('/') {
        lint.fault(item, "a path must not have empty segments; remove the extra `/`");
    }
    if template.contains(['?', '#']) || template.contains(char::is_whitespace) {
        lint.fault(item, "a path must not have a query, a fragment or blanks; declare query parameters");
    }
    if operations(item).is_empty() {
        lint.fault(item, "a path without an operation; add one or remove the path");
    }
}

/// The names in braces, in order.
pub fn placeholders(template: &str) -> Result<Vec<&str>, &'static str> {
    let mut names = Vec::new();
    let mut rest = template;
    while let Some(at) = rest.find(['{', '}']) {
        let (brace, tail) = rest[at..].split_at(1);
        if brace == "}" {
            return Err("a `}` without a `{`; correct the braces");
        }
        let end = tail.find('}').ok_or("a `{` without a `}`; correct the braces")?;
        let name = &tail[..end];
        if name.is_empty() || name.contains(['{', '/']) {
            return Err("a parameter name is empty or has a `{` or `/`; correct it");
        }
        names.push(name);
        rest = &tail[end + 1..];
    }
    Ok(names)
}

/// Operation ids become methods, so they must differ in more than case and punctuation.
fn id<'d>(lint: &mut Lint<'d>, operation: &Place<'d>, seen: &mut BTreeMap<String, usize>) {
    let Some(place) = operation.get("operationId") else {
        // That it is missing is a matter of structure.
        return;
    };
    let Some(id) = place.node.text() else { return };
    if !id.starts_with(|c: char| c.is_ascii_alphabetic())
        || !id.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-'))
    {
        lint.fault(&place, format!("`{id}` can't be a method's name; use letters, digits, `_` and `-`"));
    }
    match seen.get(&loose(id)) {
        Some(line) => lint
            .fault(&place, format!("the operationId `{id}` is taken, or too like the one on line {line}; rename one")),
        None => {
            seen.insert(loose(id), place.node.line);
        }
    }
}

/// A body is JSON and always sent: the generator knows no optional bodies, and panics at a choice of types.
fn body(lint: &mut Lint<'_>, operation: &Place<'_>) {
    let Some(body) = operation.get("requestBody").and_then(|place| lint.resolve(place)) else {
        return;
    };
    if body.node.get("required").is_none_or(|it| !it.is_true()) {
        lint.fault(&body, "a request body is always sent; say `required: true`");
    }
    let Some(content) = body.get("content") else {
        return;
    };
    let types: Vec<&str> = content.members().map(|(name, _)| name).collect();
    if types != ["application/json"] {
        lint.fault(
            &content,
            "a request body has one type, `application/json`; the generator takes no other and no choice",
        );
    }
}
