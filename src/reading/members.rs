//! Reads a JSON object once, for what it says and for what it is.

use std::fmt;
use std::marker::PhantomData;

use serde::de::value::{MapAccessDeserializer, StrDeserializer};
use serde::de::{Deserialize, DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, Visitor};
use serde_json::Value;

use super::Json;

/// The members of a JSON object that a reading looks at.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Members {
    names: &'static [&'static str],
    values: Vec<(&'static str, Value)>,
}

impl Members {
    /// Those with these names; `None` if it is no object, or names one of them twice.
    pub(crate) fn read(json: &[u8], names: &'static [&'static str]) -> Option<Self> {
        Some(Self::read_with::<IgnoredAny>(json, names)?.0)
    }

    /// The same, and the object as a `T`; `None` also if it is not that.
    ///
    /// (Two readings would cost twice, and a tree of all there is, much of which nobody looks at, more than that.)
    pub(crate) fn read_with<'de, T>(json: &'de [u8], names: &'static [&'static str]) -> Option<(Self, T)>
    where
        T: Deserialize<'de>,
    {
        let mut json = serde_json::Deserializer::from_slice(json);
        let read = json.deserialize_map(Both { names, typed: PhantomData }).ok()?;
        json.end().ok()?;
        Some(read)
    }

    /// The names it was asked for.
    pub(crate) fn names(&self) -> &'static [&'static str] {
        self.names
    }

    /// Takes the value of a member.
    pub(crate) fn take(&mut self, name: &str) -> Value {
        debug_assert!(self.names.contains(&name), "{name} was not asked for");
        self.values.iter_mut().find(|(known, _)| *known == name).map(|(_, value)| value.take()).unwrap_or_default()
    }

    /// The value of a member; null if there is none.
    pub(crate) fn get(&self, name: &str) -> &Value {
        debug_assert!(self.names.is_empty() || self.names.contains(&name), "{name} was not asked for");
        self.values.iter().find(|(known, _)| *known == name).map_or(&Value::Null, |(_, value)| value)
    }
}

/// Reads the members with these names and, in the same pass, the object as a `T`.
struct Both<T> {
    names: &'static [&'static str],
    typed: PhantomData<T>,
}

impl<'de, T: Deserialize<'de>> Visitor<'de> for Both<T> {
    type Value = (Members, T);

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
        let mut members = Members { names: self.names, values: Vec::new() };
        let noting = Noting { map, names: self.names, members: &mut members, name: None };
        let typed = T::deserialize(MapAccessDeserializer::new(noting))?;
        Ok((members, typed))
    }
}

/// An object that notes the members with these names while somebody else reads it.
struct Noting<'m, A> {
    map: A,
    names: &'static [&'static str],
    members: &'m mut Members,
    /// The name last read, if it is one of them.
    name: Option<&'static str>,
}

impl<'de, A: MapAccess<'de>> MapAccess<'de> for Noting<'_, A> {
    type Error = A::Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, A::Error> {
        self.map.next_key_seed(Name { seed, names: self.names, name: &mut self.name })
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, A::Error> {
        let Some(name) = self.name else { return self.map.next_value_seed(seed) };
        if self.members.values.iter().any(|(known, _)| *known == name) {
            return Err(A::Error::custom("a member is named twice"));
        }
        let Json(value) = self.map.next_value()?;
        self.members.values.push((name, value.clone()));
        seed.deserialize(value).map_err(A::Error::custom)
    }
}

/// A member's name that is compared before it is handed on.
struct Name<'n, K> {
    seed: K,
    names: &'static [&'static str],
    name: &'n mut Option<&'static str>,
}

impl<'de, K: DeserializeSeed<'de>> DeserializeSeed<'de> for Name<'_, K> {
    type Value = K::Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<K::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<'de, K: DeserializeSeed<'de>> Visitor<'de> for Name<'_, K> {
    type Value = K::Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name")
    }

    fn visit_str<E: serde::de::Error>(self, name: &str) -> Result<K::Value, E> {
        *self.name = self.names.iter().copied().find(|known| *known == name);
        self.seed.deserialize(StrDeserializer::new(name))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const NAMES: &[&str] = &["id", "seen"];

    #[derive(Debug, serde::Deserialize, PartialEq)]
    struct Typed {
        id: u32,
        tags: Option<Vec<String>>,
    }

    fn both(json: &str) -> Option<(Members, Typed)> {
        Members::read_with(json.as_bytes(), NAMES)
    }

    #[test]
    fn one_pass_reads_what_two_would() {
        for json in [
            r#"{"id":7,"tags":["a"],"seen":{"a":[1,null]},"other":{"id":8}}"#,
            r#" { "seen" : false , "id" : 7 } "#,
            r#"{"\u0069d":7,"\u0073een":"\u0073"}"#,
        ] {
            let (members, typed) = both(json).unwrap();
            assert_eq!(Some(&members), Members::read(json.as_bytes(), NAMES).as_ref(), "{json}");
            assert_eq!(typed, serde_json::from_str(json).unwrap(), "{json}");
            let value: Value = serde_json::from_str(json).unwrap();
            for name in NAMES {
                assert_eq!(members.get(name), value.get(name).unwrap_or(&Value::Null), "{json}");
            }
        }
    }

    #[test]
    fn what_does_not_fit_the_type_can_still_be_read_for_what_it_says() {
        let json = r#"{"id":"7","seen":true}"#;
        assert!(both(json).is_none());
        let members = Members::read(json.as_bytes(), NAMES).unwrap();
        assert_eq!((members.get("id"), members.get("seen")), (&json!("7"), &json!(true)));
    }

    #[test]
    fn what_is_no_object_or_says_two_things_is_not_read() {
        for json in [
            "",
            "null",
            "[]",
            r#"["id",7]"#,
            r#"{"id":7"#,
            r#"{"id":7}x"#,
            r#"{"id":7}{"id":7}"#,
            r#"{"id":7,"id":7}"#,
            r#"{"id":7,"seen":1,"seen":1}"#,
            r#"{"id":7,"seen":{"a":1,"a":1}}"#,
        ] {
            assert!(both(json).is_none(), "{json}");
            assert!(Members::read(json.as_bytes(), NAMES).is_none(), "{json}");
        }
        // What nobody looks at may be said as often as one likes.
        assert!(both(r#"{"id":7,"other":1,"other":2}"#).is_some());
    }
}
