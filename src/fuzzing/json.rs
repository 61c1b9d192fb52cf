//! JSON as it is written: a member that is named twice is there twice. What the crate reads with takes no such document,
//! so the checks have a reader of their own.

use std::fmt::{self, Write};

use serde_json::Value;

use super::draw::Draw;

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Node {
    /// What is neither a list nor an object.
    Scalar(Value),
    /// A scalar that is to be written just so, be it JSON or not.
    Raw(&'static str),
    List(Vec<Node>),
    Object(Vec<(String, Node)>),
}

/// Where a member is put.
#[derive(Clone, Copy)]
pub(super) enum Way {
    InPlace,
    First,
    Last,
}

impl Way {
    pub(super) const ALL: &'static [Self] = &[Self::InPlace, Self::First, Self::Last];
}

/// Reads a document. It is no stricter than need be: where a text is no UTF-8 or a number too large, the rest of the
/// document says what it says all the same.
pub(super) fn parse(json: &[u8]) -> Option<Node> {
    let mut reader = Reader { left: json };
    let node = reader.value(0)?;
    reader.blanks();
    reader.left.is_empty().then_some(node)
}

impl Node {
    /// The members, in the order they stand; none if it is no object.
    pub(super) fn members(&self) -> &[(String, Node)] {
        match self {
            Self::Object(members) => members,
            _ => &[],
        }
    }

    pub(super) fn items(&self) -> &[Node] {
        match self {
            Self::List(items) => items,
            _ => &[],
        }
    }

    pub(super) fn is_object(&self) -> bool {
        matches!(self, Self::Object(_))
    }

    pub(super) fn is_list(&self) -> bool {
        matches!(self, Self::List(_))
    }

    pub(super) fn is_null(&self) -> bool {
        matches!(self, Self::Scalar(Value::Null))
    }

    /// All members of this name.
    pub(super) fn all<'a>(&'a self, name: &str) -> impl Iterator<Item = &'a Node> + use<'a> {
        let named: Vec<_> = self.members().iter().filter(|(known, _)| known == name).map(|(_, node)| node).collect();
        named.into_iter()
    }

    /// The member of this name, if it stands there once and is not null.
    pub(super) fn only(&self, name: &str) -> Option<&Node> {
        let mut all = self.all(name);
        match (all.next(), all.next()) {
            (Some(node), None) if !node.is_null() => Some(node),
            _ => None,
        }
    }

    pub(super) fn is_named_twice(&self, name: &str) -> bool {
        self.all(name).count() > 1
    }

    pub(super) fn text(&self) -> Option<&str> {
        match self {
            Self::Scalar(Value::String(text)) => Some(text),
            _ => None,
        }
    }

    pub(super) fn number(&self) -> Option<f64> {
        match self {
            Self::Scalar(Value::Number(number)) => number.as_f64(),
            Self::Scalar(Value::String(text)) => text.trim().parse().ok().filter(|number: &f64| number.is_finite()),
            _ => None,
        }
    }

    /// Whether it says yes (or no), in any spelling in which a program may print that.
    pub(super) fn says(&self, flag: bool) -> bool {
        match self {
            Self::Scalar(Value::Bool(said)) => *said == flag,
            Self::Scalar(Value::String(text)) => text.trim().to_lowercase() == flag.to_string(),
            Self::Scalar(Value::Number(number)) => number.as_f64() == Some(f64::from(u8::from(flag))),
            _ => false,
        }
    }

    /// Whether there is anything in it but nulls and blanks.
    pub(super) fn is_filled(&self) -> bool {
        match self {
            Self::Scalar(Value::Null) => false,
            Self::Scalar(Value::String(text)) => !text.trim().is_empty(),
            Self::Scalar(_) | Self::Raw(_) => true,
            Self::List(items) => items.iter().any(Self::is_filled),
            Self::Object(members) => members.iter().any(|(_, node)| node.is_filled()),
        }
    }

    /// This and all below it.
    pub(super) fn walk(&self, visit: &mut impl FnMut(&Node)) {
        visit(self);
        self.items().iter().for_each(|item| item.walk(visit));
        self.members().iter().for_each(|(_, node)| node.walk(visit));
    }

    fn count(&self) -> usize {
        let mut count = 0;
        self.walk(&mut |_| count += 1);
        count
    }

    /// The node that a walk meets as the `n`-th.
    fn nth(&mut self, n: &mut usize) -> Option<&mut Node> {
        if *n == 0 {
            return Some(self);
        }
        *n -= 1;
        match self {
            Self::List(items) => items.iter_mut().find_map(|item| item.nth(n)),
            Self::Object(members) => members.iter_mut().find_map(|(_, node)| node.nth(n)),
            Self::Scalar(_) | Self::Raw(_) => None,
        }
    }

    /// Gives an object a member, as the first, as the last, or in place of the one of that name. It is the `place`-th
    /// that has such a member already, if any has, else the outermost.
    pub(super) fn put(&mut self, place: usize, way: Way, name: &'static str, value: &'static str) {
        let mut places = Vec::new();
        let mut met = 0;
        self.walk(&mut |node| {
            places.extend(node.all(name).next().map(|_| met));
            met += 1;
        });
        let mut n = if places.is_empty() { 0 } else { places[place % places.len()] };
        let Some(Self::Object(members)) = self.nth(&mut n) else { return };
        let member = (name.to_owned(), Self::Raw(value));
        match (way, members.iter_mut().find(|(known, _)| known == name)) {
            (Way::First, _) => members.insert(0, member),
            (Way::InPlace, Some(known)) => *known = member,
            (Way::InPlace | Way::Last, _) => members.push(member),
        }
    }

    /// Changes something: a value, a name, a member more or less or twice. `names` and `values` are worth trying.
    pub(super) fn mutate(&mut self, draw: &mut Draw<'_>, names: &[&'static str], values: &[&'static str]) {
        let count = self.count();
        let mut n = draw.below(count);
        let Some(node) = self.nth(&mut n) else { return };
        match (draw.below(6), &mut *node) {
            (0, Self::Object(members)) if !members.is_empty() => {
                let at = draw.below(members.len());
                members.remove(at);
            }
            (1, Self::Object(members)) if !members.is_empty() => {
                let at = draw.below(members.len());
                let twin = (members[at].0.clone(), Self::Raw(draw.one_of(values)));
                let to = draw.below(members.len() + 1);
                members.insert(to, twin);
            }
            (2, Self::Object(members)) => {
                let to = draw.below(members.len() + 1);
                members.insert(to, (draw.one_of(names).to_owned(), Self::Raw(draw.one_of(values))));
            }
            (3, Self::Object(members)) if !members.is_empty() => {
                let at = draw.below(members.len());
                let name = &mut members[at].0;
                *name = match draw.below(4) {
                    0 => name.to_uppercase(),
                    1 => name.to_lowercase(),
                    2 => draw.one_of(names).to_owned(),
                    _ => draw.text(),
                };
            }
            (1, Self::List(items)) if !items.is_empty() => {
                let at = draw.below(items.len());
                let twin = items[at].clone();
                items.push(twin);
            }
            (4, node) => *node = Self::List(vec![node.clone()]),
            (5, node) => *node = Self::Scalar(Value::String(draw.text())),
            (_, node) => *node = Self::Raw(draw.one_of(values)),
        }
    }
}

impl fmt::Display for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Scalar(value) => write!(f, "{value}"),
            Self::Raw(text) => f.write_str(text),
            Self::List(items) => {
                f.write_char('[')?;
                for (place, item) in items.iter().enumerate() {
                    let comma = if place == 0 { "" } else { "," };
                    write!(f, "{comma}{item}")?;
                }
                f.write_char(']')
            }
            Self::Object(members) => {
                f.write_char('{')?;
                for (place, (name, node)) in members.iter().enumerate() {
                    let comma = if place == 0 { "" } else { "," };
                    write!(f, "{comma}{}:{node}", Value::from(name.as_str()))?;
                }
                f.write_char('}')
            }
        }
    }
}

struct Reader<'a> {
    left: &'a [u8],
}

impl Reader<'_> {
    fn blanks(&mut self) {
        while let [b' ' | b'\t' | b'\r' | b'\n', rest @ ..] = self.left {
            self.left = rest;
        }
    }

    /// Takes a byte, if it is the next one behind blanks.
    fn takes(&mut self, byte: u8) -> bool {
        self.blanks();
        let is_next = self.left.first() == Some(&byte);
        self.left = &self.left[usize::from(is_next)..];
        is_next
    }

    fn value(&mut self, depth: usize) -> Option<Node> {
        if depth > 150 {
            return None;
        }
        self.blanks();
        match self.left.first()? {
            b'{' => self.object(depth),
            b'[' => self.list(depth),
            b'"' => self.text().map(|text| Node::Scalar(text.into())),
            _ => self.word(),
        }
    }

    fn list(&mut self, depth: usize) -> Option<Node> {
        let mut items = Vec::new();
        self.takes(b'[');
        if self.takes(b']') {
            return Some(Node::List(items));
        }
        loop {
            items.push(self.value(depth + 1)?);
            if self.takes(b']') {
                return Some(Node::List(items));
            }
            self.takes(b',').then_some(())?;
        }
    }

    fn object(&mut self, depth: usize) -> Option<Node> {
        let mut members = Vec::new();
        self.takes(b'{');
        if self.takes(b'}') {
            return Some(Node::Object(members));
        }
        loop {
            self.blanks();
            let name = self.text()?;
            self.takes(b':').then_some(())?;
            members.push((name, self.value(depth + 1)?));
            if self.takes(b'}') {
                return Some(Node::Object(members));
            }
            self.takes(b',').then_some(())?;
        }
    }

    fn text(&mut self) -> Option<String> {
        self.takes(b'"').then_some(())?;
        let mut end = 0;
        while *self.left.get(end)? != b'"' {
            end += if self.left[end] == b'\\' { 2 } else { 1 };
        }
        let (text, rest) = self.left.split_at(end);
        self.left = &rest[1..];
        let text = String::from_utf8_lossy(text);
        // Escapes are read by a reader that knows them; what it does not take is left as it stands.
        Some(serde_json::from_str(&format!("\"{text}\"")).unwrap_or_else(|_| text.into_owned()))
    }

    /// A number, a flag, or null.
    fn word(&mut self) -> Option<Node> {
        let is_part = |byte: &u8| byte.is_ascii_alphanumeric() || b"+-.".contains(byte);
        let end = self.left.iter().position(|byte| !is_part(byte)).unwrap_or(self.left.len());
        let (word, rest) = self.left.split_at(end);
        self.left = rest;
        match serde_json::from_slice(word) {
            Ok(value) => Some(Node::Scalar(value)),
            Err(error) if error.to_string().contains("out of range") => Some(Node::Scalar(f64::MAX.into())),
            Err(_) => None,
        }
    }
}
