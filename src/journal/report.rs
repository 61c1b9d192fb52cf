//! A run in figures.

use std::collections::BTreeMap;
use std::fmt;
use std::fs::File;
use std::io::BufReader;
use std::path::Path;
use std::time::Duration;

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::check_is_file;
use super::record::JournalRecord;
use super::scan::{Scan, Unreadable};
use crate::client::Revoke;
use crate::error::{Access, ErrorReport};
use crate::receipt::{Evidence, Outcome};
use crate::vendor::{Revocation, Vendor};

/// A run in figures, for an auditor: who, why, when, what came of it, and what is still open.
///
/// Its [`Display`](fmt::Display) is the same as text.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct Report {
    /// The run's id.
    pub run: Uuid,
    /// Who ran it and why; first who began it, then each who went on with it.
    pub sessions: Vec<Session>,
    /// When the last line was written.
    pub last_at: DateTime<Utc>,
    /// How many entries of the plan the journal knows.
    pub entries: u64,
    /// How many of them are revoked.
    pub revoked: u64,
    /// The same by vendor.
    pub vendors: Vec<VendorReport>,
    /// The entries that are not revoked, by their place in the plan.
    pub open: Vec<OpenEntry>,
    /// The longest time from an entry's first intent to its last result.
    pub longest_wait: Option<LongestWait>,
}

/// One time that a run was begun or gone on with.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct Session {
    /// Who.
    pub operator: String,
    /// Why.
    pub reason: String,
    /// When.
    pub at: DateTime<Utc>,
}

/// What came of a vendor's entries.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct VendorReport {
    /// The vendor.
    pub vendor: Vendor,
    /// Its revoked entries by outcome and evidence.
    pub revoked: Vec<Count>,
    /// How many of its entries are not revoked.
    pub open: u64,
}

/// How many accesses are gone in this way and on this evidence.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct Count {
    /// How they came to be gone.
    pub outcome: Outcome,
    /// What that rests on.
    pub evidence: Evidence,
    /// How many.
    pub count: u64,
}

/// An entry that is not revoked.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct OpenEntry {
    /// Its place in the plan, counted from 0.
    pub index: u64,
    /// The entry; `None` if it could not be read.
    pub revocation: Option<Revocation>,
    /// Why it is open; `None` if the run ended while it was under way.
    pub error: Option<ErrorReport>,
    /// What is true of the access.
    pub access: Access,
}

/// The entry that took longest.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct LongestWait {
    /// Its place in the plan, counted from 0.
    pub index: u64,
    /// How long, in milliseconds.
    pub ms: u64,
}

pub(super) fn read(path: &Path) -> Result<Report, Unreadable> {
    let file = File::open(path).map_err(Unreadable::Io)?;
    check_is_file(&file)?;
    let mut scan = Scan::new(BufReader::new(file));
    let mut tally = Tally::default();
    while let Some(found) = scan.next()? {
        tally.add(found.record);
    }
    let nothing = || "it is empty, or not a journal of this crate".to_owned();
    tally.report().ok_or_else(|| Unreadable::Wrong(nothing()))
}

/// Counts as it goes; of revoked entries only figures are kept.
#[derive(Default)]
struct Tally {
    run: Option<Uuid>,
    sessions: Vec<Session>,
    last_at: Option<DateTime<Utc>>,
    revoked: BTreeMap<Vendor, Vec<Count>>,
    open: BTreeMap<u64, Open>,
    longest: Option<LongestWait>,
}

struct Open {
    revocation: Option<Revocation>,
    error: Option<ErrorReport>,
    since: DateTime<Utc>,
}

impl Tally {
    fn add(&mut self, record: JournalRecord) {
        match record {
            JournalRecord::Run { run, operator, reason, at, .. } => {
                self.run = Some(run);
                self.session(operator, reason, at);
            }
            JournalRecord::Resumed { operator, reason, at } => self.session(operator, reason, at),
            JournalRecord::Intent { index, revocation, at, .. } => {
                self.last_at = Some(at);
                let open = self.open.entry(index).or_insert(Open { revocation: None, error: None, since: at });
                open.revocation = Some(revocation);
                open.error = None;
            }
            JournalRecord::Revoked { index, receipt, at, .. } => {
                self.settled(index, at);
                self.open.remove(&index);
                self.count(receipt.action.vendor(), receipt.outcome, receipt.evidence);
            }
            JournalRecord::NotRevoked { index, error, at, .. } => {
                self.settled(index, at);
                let open = self.open.entry(index).or_insert(Open { revocation: None, error: None, since: at });
                open.error = Some(*error);
            }
        }
    }

    fn session(&mut self, operator: String, reason: String, at: DateTime<Utc>) {
        self.last_at = Some(at);
        self.sessions.push(Session { operator, reason, at });
    }

    fn settled(&mut self, index: u64, at: DateTime<Utc>) {
        self.last_at = Some(at);
        let Some(open) = self.open.get(&index) else { return };
        let ms = u64::try_from((at - open.since).num_milliseconds()).unwrap_or_default();
        if self.longest.as_ref().is_none_or(|longest| ms > longest.ms) {
            self.longest = Some(LongestWait { index, ms });
        }
    }

    fn count(&mut self, vendor: Vendor, outcome: Outcome, evidence: Evidence) {
        let counts = self.revoked.entry(vendor).or_default();
        match counts.iter_mut().find(|count| count.outcome == outcome && count.evidence == evidence) {
            Some(known) => known.count += 1,
            None => counts.push(Count { outcome, evidence, count: 1 }),
        }
    }

    fn report(self) -> Option<Report> {
        let open_at = |vendor| {
            let vendors = self.open.values().filter_map(|open| Some(open.revocation.as_ref()?.vendor()));
            vendors.filter(|of| *of == vendor).count() as u64
        };
        let vendors = Vendor::ALL.iter().map(|vendor| VendorReport {
            vendor: *vendor,
            revoked: self.revoked.get(vendor).cloned().unwrap_or_default(),
            open: open_at(*vendor),
        });
        let vendors: Vec<_> = vendors.filter(|one| one.open > 0 || !one.revoked.is_empty()).collect();
        let revoked = vendors.iter().flat_map(|one| &one.revoked).map(|count| count.count).sum();
        let open = self.open.into_iter().map(|(index, open)| OpenEntry {
            index,
            revocation: open.revocation,
            access: open.error.as_ref().map_or(Access::Unknown, |error| error.access),
            error: open.error,
        });
        let open: Vec<_> = open.collect();
        Some(Report {
            run: self.run?,
            sessions: self.sessions,
            last_at: self.last_at?,
            entries: revoked + open.len() as u64,
            revoked,
            vendors,
            open,
            longest_wait: self.longest,
        })
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "Run {}", self.run)?;
        for (place, session) in self.sessions.iter().enumerate() {
            let what = if place == 0 { "begun" } else { "resumed" };
            let (operator, reason) = (on_one_line(&session.operator), on_one_line(&session.reason));
            writeln!(f, "  {what} {} by {operator}: {reason}", time(session.at))?;
        }
        writeln!(f, "  last entry {}", time(self.last_at))?;
        writeln!(f, "{} entries, {} revoked, {} open", self.entries, self.revoked, self.open.len())?;
        for one in &self.vendors {
            write!(f, "  {}:", one.vendor)?;
            for count in &one.revoked {
                write!(f, " {} {} ({}),", count.count, count.outcome, count.evidence)?;
            }
            writeln!(f, " {} open", one.open)?;
        }
        if let Some(longest) = &self.longest_wait {
            writeln!(f, "Longest: entry {}, {:?}", longest.index, Duration::from_millis(longest.ms))?;
        }
        if !self.open.is_empty() {
            writeln!(f, "Open:")?;
        }
        for open in &self.open {
            match (&open.error, &open.revocation) {
                (Some(error), _) => writeln!(f, "  entry {}: {error}", open.index)?,
                (None, Some(revocation)) => {
                    writeln!(f, "  entry {}: {}: under way when the run ended", open.index, revocation.action())?;
                }
                (None, None) => writeln!(f, "  entry {}: not known", open.index)?,
            }
        }
        Ok(())
    }
}

fn on_one_line(text: &str) -> String {
    text.replace(char::is_control, " ")
}

fn time(at: DateTime<Utc>) -> impl fmt::Display {
    at.format("%Y-%m-%d %H:%M:%S UTC")
}
