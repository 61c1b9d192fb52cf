//! Reading a plan, once to its end before anything is sent: what is wrong with it, and what is in it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::fs::{self, File};
use std::io::BufReader;
use std::path::{Path, PathBuf};

use deprovision::{Error, Revocation, Revoke, Vendor, plan};
use serde::de::{DeserializeSeed, Deserializer, SeqAccess, Visitor};
use serde_json::value::RawValue;

use crate::args;
use crate::text;

/// How many faults, entries and accounts are kept to be told.
const TOLD: usize = 50;

/// A plan that can be read again and again.
pub enum Plan {
    /// A JSON array, held in memory.
    Array(Vec<Revocation>),
    /// JSON Lines, read anew each time.
    Lines(PathBuf),
}

pub type Entries = Box<dyn Iterator<Item = Result<Revocation, Error>> + Send>;

impl Plan {
    /// The plan in a file; of JSON Lines nothing is read yet. What is wrong comes as one line per fault.
    pub fn open(path: &Path) -> Result<Self, Vec<String>> {
        let name = path.display().to_string();
        let fault = |what: &dyn fmt::Display| vec![format!("{name}: {what}")];
        if !args::is_json_lines(path) {
            let text = fs::read_to_string(path).map_err(|error| fault(&error))?;
            return parse(&name, &text).map(Self::Array);
        }
        match fs::metadata(path) {
            Ok(metadata) if metadata.is_file() => Ok(Self::Lines(path.to_owned())),
            // A pipe would be empty the second time.
            Ok(_) => Err(fault(&"is not a regular file, and a plan is read twice")),
            Err(error) => Err(fault(&error)),
        }
    }

    pub fn entries(&self) -> Result<Entries, String> {
        match self {
            Self::Array(plan) => Ok(Box::new(plan.clone().into_iter().map(Ok))),
            Self::Lines(path) => match File::open(path) {
                Ok(file) => Ok(Box::new(plan::lines(BufReader::new(file)))),
                Err(error) => Err(format!("{}: {error}", path.display())),
            },
        }
    }

    /// Reads it to its end, showing each entry to `look`.
    pub fn survey(&self, mut look: impl FnMut(&Revocation)) -> Result<Survey, String> {
        let mut survey = Survey::default();
        for entry in self.entries()? {
            survey.entries += 1;
            match entry {
                Ok(revocation) => {
                    look(&revocation);
                    survey.add(revocation);
                }
                Err(error) => {
                    survey.unreadable += 1;
                    if let (Self::Lines(path), ..TOLD) = (self, survey.faults.len()) {
                        survey.faults.push(format!("{}: {}", path.display(), error.message()));
                    }
                }
            }
        }
        Ok(survey)
    }
}

/// What is in a plan, in little room however long it is.
#[derive(Default)]
pub struct Survey {
    pub entries: usize,
    /// How many of them cannot be read, and why the first of them cannot.
    pub unreadable: usize,
    pub faults: Vec<String>,
    /// How many entries each vendor has, and the first of them.
    pub vendors: BTreeMap<Vendor, (usize, Revocation)>,
    /// Whom ProjectManager's entries are said to be of.
    pub accounts: BTreeSet<String>,
    /// The first entries.
    pub first: Vec<Revocation>,
}

impl Survey {
    fn add(&mut self, revocation: Revocation) {
        if let (Some(account), ..TOLD) = (text::member(&revocation, "account"), self.accounts.len()) {
            self.accounts.insert(account);
        }
        let vendor = revocation.action().vendor();
        self.vendors.entry(vendor).or_insert_with(|| (0, revocation.clone())).0 += 1;
        if self.first.len() < TOLD {
            self.first.push(revocation);
        }
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
    let read = Array(&mut entries).deserialize(&mut json);
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
struct Array<'a, 'de>(&'a mut Vec<&'de RawValue>);

impl<'de> DeserializeSeed<'de> for Array<'_, 'de> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Array<'_, 'de> {
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
