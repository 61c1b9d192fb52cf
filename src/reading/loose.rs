//! Reads JSON for what it evidently means, because vendors print numbers and flags as text; but not where it says two
//! things at once.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

/// Any JSON value in which no object names a member twice: which of the two counts is anybody's guess, and a guess is
/// no proof.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Json(pub(crate) Value);

impl<'de> Deserialize<'de> for Json {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AnyJson)
    }
}

/// A number, where the application has serde_json keep numbers as text: they come as an object with this one member.
fn big_number(members: &Map<String, Value>) -> Option<Number> {
    let text = members.get("$serde_json::private::Number").filter(|_| members.len() == 1)?;
    text.as_str()?.parse().ok()
}

struct AnyJson;

impl<'de> Visitor<'de> for AnyJson {
    type Value = Json;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON without duplicate members")
    }

    fn visit_unit<E>(self) -> Result<Json, E> {
        Ok(Json(Value::Null))
    }

    fn visit_bool<E>(self, flag: bool) -> Result<Json, E> {
        Ok(Json(flag.into()))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Json, E> {
        Ok(Json(number.into()))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Json, E> {
        Ok(Json(number.into()))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Json, E> {
        Ok(Json(number.into()))
    }

    fn visit_str<E>(self, text: &str) -> Result<Json, E> {
        Ok(Json(text.into()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Json, A::Error> {
        let mut items = Vec::new();
        while let Some(Json(item)) = seq.next_element()? {
            items.push(item);
        }
        Ok(Json(Value::Array(items)))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Json, A::Error> {
        let mut members = Map::new();
        while let Some((name, Json(value))) = map.next_entry::<String, Json>()? {
            if members.insert(name, value).is_some() {
                return Err(A::Error::custom("a member is named twice"));
            }
        }
        Ok(Json(match big_number(&members) {
            Some(number) if number.as_f64().is_none_or(f64::is_infinite) => {
                return Err(A::Error::custom("a number out of range"));
            }
            Some(number) => Value::Number(number),
            None => Value::Object(members),
        }))
    }
}

/// A flag: `Ok(None)` if it is absent or null, `Err` if it is neither that nor a flag.
pub(crate) fn flag(value: &Value) -> Result<Option<bool>, ()> {
    match value {
        Value::Null => Ok(None),
        Value::Bool(flag) => Ok(Some(*flag)),
        Value::String(text) if text.trim().eq_ignore_ascii_case("true") => Ok(Some(true)),
        Value::String(text) if text.trim().eq_ignore_ascii_case("false") => Ok(Some(false)),
        Value::Number(number) if number.as_u64() == Some(1) => Ok(Some(true)),
        Value::Number(number) if number.as_u64() == Some(0) => Ok(Some(false)),
        _ => Err(()),
    }
}

/// A number, also one that is printed as text.
pub(crate) fn number(value: &Value) -> Option<f64> {
    match value {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.trim().parse().ok().filter(|number: &f64| number.is_finite()),
        _ => None,
    }
}

/// Text, also where a number stands for it.
pub(crate) fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// Text that says something: not blank.
pub(crate) fn spelled(value: Option<&Value>) -> Option<&str> {
    value?.as_str().filter(|text| !text.trim().is_empty())
}

/// Whether a value holds anything: not null, and not made of nulls and emptiness alone.
pub(crate) fn is_filled(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::String(text) => !text.trim().is_empty(),
        Value::Array(items) => items.iter().any(is_filled),
        Value::Object(members) => members.values().any(is_filled),
        Value::Bool(_) | Value::Number(_) => true,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn flags_are_read_in_every_spelling_and_nothing_else_is() {
        for (value, read) in [
            (json!(true), Ok(Some(true))),
            (json!("False"), Ok(Some(false))),
            (json!(0), Ok(Some(false))),
            (json!(1), Ok(Some(true))),
            (json!(null), Ok(None)),
            (json!("perhaps"), Err(())),
            (json!(2), Err(())),
            (json!({}), Err(())),
        ] {
            assert_eq!(flag(&value), read, "{value}");
        }
    }

    #[test]
    fn numbers_are_read_from_text() {
        assert_eq!(number(&json!("7")), Some(7.0));
        assert_eq!(number(&json!(7.5)), Some(7.5));
        for other in [json!("seven"), json!(null), json!([7]), json!("nan"), json!("inf")] {
            assert_eq!(number(&other), None, "{other}");
        }
    }

    #[test]
    fn filled_is_what_holds_anything() {
        for empty in [json!(null), json!({}), json!([]), json!(""), json!({"a": null, "b": [], "c": {"d": " "}})] {
            assert!(!is_filled(&empty), "{empty}");
        }
        for filled in [json!({"a": "x"}), json!([null, 1]), json!(false)] {
            assert!(is_filled(&filled), "{filled}");
        }
    }
}
