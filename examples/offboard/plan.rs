//! Reading a plan: all of it, before anything is sent.

use std::fmt;
use std::fs;
use std::path::Path;

use deprovision::Revocation;
use serde::de::{DeserializeSeed, Deserializer, SeqAccess, Visitor};
use serde_json::value::RawValue;

/// Reads the plan in a file. What is wrong with it comes as one line per fault.
pub fn read(path: &Path) -> Result<Vec<Revocation>, Vec<String>> {
    let name = path.display().to_string();
    match fs::read_to_string(path) {
        Ok(text) => parse(&name, &text),
        Err(error) => Err(vec![format!("{name}: {error}")]),
    }
}

/// Reads a plan, a JSON array of entries; `name` is what its faults are said to be in.
pub fn parse(name: &str, text: &str) -> Result<Vec<Revocation>, Vec<String>> {
    let text = text.trim_start_matches('\u{feff}');
    let mut entries = Vec::new();
    let mut json = serde_json::Deserializer::from_str(text);
    if text.trim().is_empty() {
        return Err(vec![format!("{name}: the file is empty; a plan is a JSON array of entries")]);
    }
    let read = Entries(&mut entries).deserialize(&mut json);
    // What does not read as JSON is in the entry behind the last that does, unless it is behind the whole array.
    let place = if read.is_err() { entry(entries.len()) } else { "behind the array".to_owned() };
    if let Err(error) = read.and_then(|()| json.end()) {
        let (line, column) = (error.line(), error.column());
        let what = match error.is_data() {
            true => "$: a plan is a JSON array of entries".to_owned(),
            false => format!("{place}: not JSON"),
        };
        return Err(vec![format!("{name}:{line}:{column}: {what}: {}", reason(&error))]);
    }
    if entries.is_empty() {
        return Err(vec![format!("{name}: the plan has no entries")]);
    }
    let mut plan = Vec::new();
    let mut faults = Vec::new();
    for (index, json) in entries.into_iter().enumerate() {
        match serde_json::from_str(json.get()) {
            Ok(revocation) => plan.push(revocation),
            Err(error) => {
                let line = line_of(text, json.get());
                faults.push(format!("{name}:{line}: {}: {}", entry(index), reason(&error)));
            }
        }
    }
    if faults.is_empty() { Ok(plan) } else { Err(faults) }
}

/// An entry's index, as a program counts and as people do.
fn entry(index: usize) -> String {
    format!("$[{index}], entry {}", index + 1)
}

/// What is wrong, without the place: an entry is read on its own, so its lines are not the file's.
fn reason(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let place = format!(" at line {} column {}", error.line(), error.column());
    text.strip_suffix(&place).unwrap_or(&text).to_owned()
}

/// The line on which a part of a text begins, from 1.
fn line_of(text: &str, part: &str) -> usize {
    let start = (part.as_ptr() as usize).saturating_sub(text.as_ptr() as usize);
    1 + text.bytes().take(start).filter(|byte| *byte == b'\n').count()
}

/// Collects the entries as they are written, as far as they are JSON.
struct Entries<'a, 'de>(&'a mut Vec<&'de RawValue>);

impl<'de> DeserializeSeed<'de> for Entries<'_, 'de> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Entries<'_, 'de> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut entries: A) -> Result<(), A::Error> {
        while let Some(entry) = entries.next_element()? {
            self.0.push(entry);
        }
        Ok(())
    }
}
