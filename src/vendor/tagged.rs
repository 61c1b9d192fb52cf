//! An entry of a plan before it is known whose it is.

use std::fmt;

use serde::Deserialize;
use serde::de::{DeserializeOwned, Deserializer, Error as _, MapAccess, Visitor};
use serde_json::{Map, Value};

use super::Action;

/// The action and the other members, each named once.
///
/// Serde's own way with a tag inside would do as much, but its errors do not say which member is wrong.
pub(super) struct Tagged {
    pub(super) action: String,
    members: Map<String, Value>,
}

impl Tagged {
    /// Reads the members as a request.
    pub(super) fn into_request<T: DeserializeOwned, E: serde::de::Error>(self) -> Result<T, E> {
        let Self { action, members } = self;
        serde_path_to_error::deserialize(Value::Object(members)).map_err(|error| {
            let path = error.path().to_string();
            let inner = error.into_inner();
            if path == "." {
                E::custom(format!("{action}: {inner}"))
            } else {
                E::custom(format!("{action}: {path}: {inner}"))
            }
        })
    }

    pub(super) fn unknown_action<E: serde::de::Error>(&self, known: &[Action]) -> E {
        let known: Vec<_> = known.iter().map(|action| action.as_str()).collect();
        E::custom(format!("action: `{}` is unknown; known are {}", self.action.escape_debug(), known.join(", ")))
    }
}

impl<'de> Deserialize<'de> for Tagged {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Members)
    }
}

struct Members;

impl<'de> Visitor<'de> for Members {
    type Value = Tagged;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object with an `action`")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Tagged, A::Error> {
        let mut members = Map::new();
        while let Some((name, value)) = map.next_entry::<String, Value>()? {
            if members.contains_key(&name) {
                return Err(A::Error::custom(format!("`{}` is named twice", name.escape_debug())));
            }
            members.insert(name, value);
        }
        match members.remove("action") {
            Some(Value::String(action)) => Ok(Tagged { action, members }),
            Some(_) => Err(A::Error::custom("action: must be text")),
            None => Err(A::Error::custom("action: is missing")),
        }
    }
}
