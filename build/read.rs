//! YAML text to a tree that knows its lines.
//!
//! Only what OpenAPI needs of YAML is accepted: mappings with text keys, sequences, and the scalars of JSON. Anchors,
//! aliases, tags and second documents are refused, because a reader of the file can't see at a place what is there.
//!
//! `saphyr-parser` hands out YAML as events with positions and nothing more, so nothing is lost before it can be
//! refused: a loader on top of it (its own `saphyr`, `marked-yaml`, a serde one) would already have expanded the
//! aliases or merged the duplicate keys.

use saphyr_parser::{Event, Parser, ScalarStyle, Span, StrInput, Tag};
use serde_json::{Map, Number, Value as Json};

use super::fault::Fault;

/// A value in a document.
#[derive(Clone, Debug)]
pub struct Node {
    /// The line that it is on. A mapping's value is on the line of its key.
    pub line: usize,
    /// What is there.
    pub value: Value,
}

/// What a [`Node`] holds.
#[derive(Clone, Debug)]
pub enum Value {
    /// Nothing, `null` or `~`.
    Null,
    /// `true` or `false`.
    Flag(bool),
    /// A whole or a decimal number.
    Number(Number),
    /// Everything else that is one scalar.
    Text(String),
    /// A sequence.
    List(Vec<Node>),
    /// A mapping, in the order of the document.
    Object(Vec<(String, Node)>),
}

impl Node {
    /// The value of a key, if this is a mapping that has it.
    pub fn get(&self, key: &str) -> Option<&Node> {
        self.entries().iter().find(|(name, _)| name == key).map(|(_, node)| node)
    }

    /// The entries of a mapping; none for anything else.
    pub fn entries(&self) -> &[(String, Node)] {
        match &self.value {
            Value::Object(entries) => entries,
            _ => &[],
        }
    }

    /// The items of a sequence; none for anything else.
    pub fn items(&self) -> &[Node] {
        match &self.value {
            Value::List(items) => items,
            _ => &[],
        }
    }

    /// The text, if it is text.
    pub fn text(&self) -> Option<&str> {
        match &self.value {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    /// Whether it is the word `true`.
    pub fn is_true(&self) -> bool {
        matches!(self.value, Value::Flag(true))
    }

    /// The same as JSON, without the lines.
    pub fn to_json(&self) -> Json {
        match &self.value {
            Value::Null => Json::Null,
            Value::Flag(flag) => Json::Bool(*flag),
            Value::Number(number) => Json::Number(number.clone()),
            Value::Text(text) => Json::String(text.clone()),
            Value::List(items) => items.iter().map(Node::to_json).collect(),
            Value::Object(entries) => {
                Json::Object(entries.iter().map(|(key, node)| (key.clone(), node.to_json())).collect::<Map<_, _>>())
            }
        }
    }
}

/// Appends a key to a path in a document.
pub fn member(path: &str, key: &str) -> String {
    format!("{path}.{key}")
}

/// Appends an index to a path in a document.
pub fn element(path: &str, index: usize) -> String {
    format!("{path}[{index}]")
}

/// Reads a document.
///
/// All its faults come back at once, except that nothing behind a syntax error can be read.
pub fn read(text: &str) -> Result<Node, Vec<Fault>> {
    let mut reader = Reader { parser: Parser::new_from_str(text), faults: Vec::new() };
    match reader.document() {
        Ok(node) if reader.faults.is_empty() => Ok(node),
        Ok(_) => Err(reader.faults),
        Err(fault) => {
            reader.faults.push(fault);
            Err(reader.faults)
        }
    }
}

/// Builds the tree from the parser's events. Faults that leave the rest readable are gathered, others end the reading.
struct Reader<'text> {
    parser: Parser<'text, StrInput<'text>>,
    faults: Vec<Fault>,
}

impl<'text> Reader<'text> {
    fn document(&mut self) -> Result<Node, Fault> {
        loop {
            let (event, span) = self.next("$")?;
            match event {
                Event::StreamStart | Event::DocumentStart(_) => {}
                Event::StreamEnd => return Err(Fault::whole("the document is empty")),
                event => {
                    let node = self.node(event, span, span.start.line(), "$")?;
                    self.end()?;
                    return Ok(node);
                }
            }
        }
    }

    /// Nothing may follow the first document.
    fn end(&mut self) -> Result<(), Fault> {
        loop {
            let (event, span) = self.next("$")?;
            match event {
                Event::StreamEnd => return Ok(()),
                Event::DocumentStart(_) => {
                    return Err(Fault::new(
                        span.start.line(),
                        "$",
                        "a second YAML document begins here; keep one per file",
                    ));
                }
                _ => {}
            }
        }
    }

    fn next(&mut self, path: &str) -> Result<(Event<'text>, Span), Fault> {
        match self.parser.next() {
            Some(Ok(event)) => Ok(event),
            Some(Err(error)) => Err(Fault::new(
                error.marker().line(),
                path,
                format!("bad YAML: {} (column {})", error.info(), error.marker().col() + 1),
            )),
            None => Err(Fault::whole("bad YAML: the document ends too early")),
        }
    }

    /// The value that an event begins; `line` is that of its key, if it has one.
    fn node(&mut self, event: Event<'text>, span: Span, line: usize, path: &str) -> Result<Node, Fault> {
        let at = span.start.line();
        let value = match event {
            Event::Scalar(text, style, anchor, tag) => {
                self.refuse_anchor(anchor, tag.as_deref(), at, path);
                self.scalar(&text, style, at, path)
            }
            Event::SequenceStart(anchor, tag) => {
                self.refuse_anchor(anchor, tag.as_deref(), at, path);
                self.list(path)?
            }
            Event::MappingStart(anchor, tag) => {
                self.refuse_anchor(anchor, tag.as_deref(), at, path);
                self.object(path)?
            }
            Event::Alias(_) => {
                self.fault(at, path, "a YAML alias (`*name`); use `$ref`, or write the value out");
                Value::Null
            }
            other => {
                return Err(Fault::new(at, path, format!("bad YAML: found {other:?}")));
            }
        };
        Ok(Node { line, value })
    }

    fn list(&mut self, path: &str) -> Result<Value, Fault> {
        let mut items = Vec::new();
        loop {
            let (event, span) = self.next(path)?;
            if matches!(event, Event::SequenceEnd) {
                return Ok(Value::List(items));
            }
            let path = element(path, items.len());
            items.push(self.node(event, span, span.start.line(), &path)?);
        }
    }

    fn object(&mut self, path: &str) -> Result<Value, Fault> {
        let mut entries: Vec<(String, Node)> = Vec::new();
        loop {
            let (event, span) = self.next(path)?;
            if matches!(event, Event::MappingEnd) {
                return Ok(Value::Object(entries));
            }
            let line = span.start.line();
            let key = self.key(event, span, path)?;
            let path = member(path, &key);
            let (event, span) = self.next(&path)?;
            let node = self.node(event, span, line, &path)?;
            match entries.iter().find(|(name, _)| *name == key) {
                Some((_, first)) => {
                    let what = format!("duplicate key, first on line {}; remove one of the two", first.line);
                    self.fault(line, &path, what);
                }
                None => entries.push((key, node)),
            }
        }
    }

    /// A key: text, and what looks like anything else is in quotes.
    fn key(&mut self, event: Event<'text>, span: Span, path: &str) -> Result<String, Fault> {
        let line = span.start.line();
        let Event::Scalar(text, style, anchor, tag) = event else {
            return Err(Fault::new(line, path, "a key that is not text"));
        };
        self.refuse_anchor(anchor, tag.as_deref(), line, path);
        if text == "<<" {
            self.fault(line, path, "a YAML merge key (`<<`); write the values out");
        } else if style == ScalarStyle::Plain && !matches!(plain(&text), Some(Value::Text(_))) {
            let what = format!("the key `{text}` is not text; put it in quotes: '{text}'");
            self.fault(line, path, what);
        }
        Ok(text.into_owned())
    }

    fn scalar(&mut self, text: &str, style: ScalarStyle, line: usize, path: &str) -> Value {
        if style != ScalarStyle::Plain {
            return Value::Text(text.to_owned());
        }
        plain(text).unwrap_or_else(|| {
            let what =
                format!("`{text}` is a number that JSON does not have; write a decimal number, or put it in quotes");
            self.fault(line, path, what);
            Value::Null
        })
    }

    fn refuse_anchor(&mut self, anchor: usize, tag: Option<&Tag>, line: usize, path: &str) {
        if anchor != 0 {
            self.fault(line, path, "a YAML anchor (`&name`); use `components` and `$ref`");
        }
        if tag.is_some() {
            self.fault(line, path, "a YAML tag (`!name`); remove it");
        }
    }

    fn fault(&mut self, line: usize, path: &str, what: impl Into<String>) {
        self.faults.push(Fault::new(line, path, what));
    }
}

/// What a scalar without quotes stands for in YAML 1.2's core schema; `None` is a number that JSON can't say.
fn plain(text: &str) -> Option<Value> {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => Some(Value::Null),
        "true" | "True" | "TRUE" => Some(Value::Flag(true)),
        "false" | "False" | "FALSE" => Some(Value::Flag(false)),
        _ if !looks_like_a_number(text) => Some(Value::Text(text.to_owned())),
        // `serde_json` accepts just the numbers of JSON: no `0x1F`, `0o17`, `.5`, `+1`, `.inf`, `.nan`.
        _ => text.parse().ok().map(Value::Number),
    }
}

/// Whether YAML 1.2 takes a plain scalar for a number.
fn looks_like_a_number(text: &str) -> bool {
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    match digits {
        ".inf" | ".Inf" | ".INF" => true,
        ".nan" | ".NaN" | ".NAN" => text == digits,
        _ => match digits.get(..2) {
            Some("0x") => all(&digits[2..], |c| c.is_ascii_hexdigit()),
            Some("0o") => all(&digits[2..], |c| matches!(c, '0'..='7')),
            // Rust's grammar for a float, less its words (`inf`, `infinity`, `nan`), is YAML's.
            _ => !digits.starts_with(['i', 'I', 'n', 'N', '+', '-']) && digits.parse::<f64>().is_ok(),
        },
    }
}

fn all(text: &str, is: impl Fn(char) -> bool) -> bool {
    !text.is_empty() && text.chars().all(is)
}
