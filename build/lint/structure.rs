//! Is every object made of the keywords of its kind, and does every `$ref` lead somewhere?

use super::keywords::{Kind, Shape, Use};
use super::{Lint, Place};
use crate::build::names::closest;
use crate::build::read::Value;

/// Extensions that change what the generator does.
const GENERATOR_EXTENSIONS: [&str; 2] = ["x-rust-", "x-dropshot-"];

/// Checks the whole document.
pub fn check(lint: &mut Lint<'_>) {
    object(lint, &lint.root(), Kind::Document);
}

/// Checks an object, or the `$ref` in its place.
fn object(lint: &mut Lint<'_>, place: &Place<'_>, kind: Kind) {
    if !matches!(place.node.value, Value::Object(_)) {
        return lint.fault(place, format!("{} must be a mapping", kind.in_words()));
    }
    if let (Some(reference), Some(section)) = (place.get("$ref"), kind.section()) {
        return self::reference(lint, place, &reference, section);
    }
    for (key, value) in place.members() {
        keyword(lint, &value, kind, key);
    }
    for (name, taken) in kind.keywords() {
        if matches!(taken, Use::Must(_)) && place.node.get(name).is_none() {
            lint.fault(place, format!("{} needs `{name}`", kind.in_words()));
        }
    }
    if kind == Kind::Components {
        components(lint, place);
    }
}

fn keyword(lint: &mut Lint<'_>, value: &Place<'_>, kind: Kind, key: &str) {
    let keywords = kind.keywords();
    match keywords.iter().find(|(name, _)| *name == key) {
        Some((_, Use::May(expected) | Use::Must(expected))) => shape(lint, value, *expected),
        Some((_, Use::Refused(why))) => {
            let what = format!("`{key}` in {} is not supported: {why}", kind.in_words());
            lint.fault(value, what);
        }
        None if key.starts_with("x-") => {
            if GENERATOR_EXTENSIONS.iter().any(|it| key.starts_with(it)) {
                lint.fault(value, format!("the extension `{key}` changes the generator's output; remove it"));
            }
        }
        None => {
            let known = keywords.iter().map(|(name, _)| *name);
            let hint = match closest(key, known) {
                Some(name) => format!("did you mean `{name}`?"),
                None => String::from("remove it"),
            };
            let what = format!("unknown keyword `{key}` in {}; {hint}", kind.in_words());
            lint.fault(value, what);
        }
    }
}

fn shape(lint: &mut Lint<'_>, place: &Place<'_>, expected: Shape) {
    let value = &place.node.value;
    match (expected, value) {
        (Shape::Any, _)
        | (Shape::Text, Value::Text(_))
        | (Shape::Flag | Shape::FlagOr(_), Value::Flag(_))
        | (Shape::Number, Value::Number(_))
        | (Shape::Values, Value::List(_)) => {}
        (Shape::Count, Value::Number(number)) if number.is_u64() => {}
        (Shape::Text, Value::Number(_) | Value::Flag(_)) => {
            lint.fault(place, "must be text; put it in quotes");
        }
        (Shape::Texts, Value::List(_)) => {
            for item in place.items() {
                shape(lint, &item, Shape::Text);
            }
        }
        (Shape::One(kind) | Shape::FlagOr(kind), _) => object(lint, place, kind),
        (Shape::Many(kind), Value::List(_)) => {
            for item in place.items() {
                object(lint, &item, kind);
            }
        }
        (Shape::Named(kind), Value::Object(_)) => {
            for (_, member) in place.members() {
                object(lint, &member, kind);
            }
        }
        _ => lint.fault(place, format!("must be {}", in_words(expected))),
    }
}

fn in_words(shape: Shape) -> &'static str {
    match shape {
        Shape::Text => "text",
        Shape::Flag => "`true` or `false`",
        Shape::Count => "a whole number, 0 or more",
        Shape::Number => "a number",
        Shape::Texts => "a list of texts",
        Shape::Values | Shape::Many(_) => "a list",
        Shape::Any => "anything",
        Shape::One(_) | Shape::Named(_) => "a mapping",
        Shape::FlagOr(_) => "`true`, `false` or a mapping",
    }
}

/// A `$ref` must stand alone, and lead to a component of the right kind in the same document.
fn reference(lint: &mut Lint<'_>, place: &Place<'_>, reference: &Place<'_>, section: &str) {
    for (key, value) in place.members().filter(|(key, _)| *key != "$ref") {
        lint.fault(
            &value,
            format!("`{key}` has no effect beside `$ref`; move it to the target, or wrap the `$ref` in `allOf`"),
        );
    }
    let Some(target) = reference.node.text() else {
        return lint.fault(reference, "must be text");
    };
    let form = format!("#/components/{section}/");
    let name = target.strip_prefix(&form).filter(|name| !name.is_empty());
    let Some(name) = name.filter(|name| !name.contains('/')) else {
        return lint.fault(reference, format!("`{target}` is not supported as a `$ref` here; write `{form}<name>`"));
    };
    let known = lint.root().get("components").and_then(|components| components.get(section));
    let names = known.iter().flat_map(|it| it.node.entries());
    let names: Vec<&str> = names.map(|(name, _)| name.as_str()).collect();
    if !names.contains(&name) {
        let hint = match closest(name, names.into_iter()) {
            Some(close) => format!("did you mean `{form}{close}`?"),
            None => String::from("define it or correct the name"),
        };
        lint.fault(reference, format!("`{target}` leads nowhere; {hint}"));
    }
}

/// Components must be what they are, not a way to another one: such ways can run in circles.
fn components(lint: &mut Lint<'_>, place: &Place<'_>) {
    for (_, section) in place.members() {
        for (name, component) in section.members() {
            if component.node.get("$ref").is_some() {
                lint.fault(&component, "a component that is only a `$ref`; use its target where this one is used");
            }
            let fine = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
            if name.is_empty() || !name.chars().all(fine) {
                lint.fault(&component, format!("the name `{name}` may only have letters, digits, `.`, `_` and `-`"));
            }
        }
    }
}
