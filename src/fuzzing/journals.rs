//! Journals: a file that is one can be gone on with wherever it was cut off, and any other is refused or left as it is.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::answers::noon;
use super::draw::Draw;
use super::json;
use crate::error::{Error, ErrorKind};
use crate::journal::{Journal, JournalRecord, Report};
use crate::receipt::{Evidence, Outcome, Receipt};
use crate::vendor::{Action, Revocation, cova, persona};

const NAMES: &[&str] = &["record", "format", "version", "run", "index", "at", "receipt", "error", "next_key", "x\ny"];

const VALUES: &[&str] = &[
    "null",
    "0",
    "1",
    "2",
    "-1",
    "18446744073709551615",
    r#""run""#,
    r#""resumed""#,
    r#""intent""#,
    r#""revoked""#,
    r#""not_revoked""#,
    r#""2026-01-15T12:00:00Z""#,
    r#""+262142-12-31T23:59:59.999999999Z""#,
    r#""-262143-01-01T00:00:00Z""#,
    r#""a\nb\u001b[31m""#,
    "{}",
    "[]",
];

pub(super) fn check(data: &[u8]) {
    let mut draw = Draw::new(data);
    match draw.below(4) {
        0 => any(draw.rest()),
        1 => {
            let mut bytes = lines(&sample(&mut draw)).concat();
            draw.scratch(&mut bytes);
            any(&bytes);
        }
        2 => {
            let mut bytes = Vec::new();
            for line in lines(&sample(&mut draw)) {
                let mut json = json::parse(&line).unwrap();
                for _ in 0..draw.below(3) {
                    json.mutate(&mut draw, NAMES, VALUES);
                }
                bytes.extend(format!("{json}\n").bytes());
            }
            any(&bytes);
        }
        _ => {
            let records = sample(&mut draw);
            let length = lines(&records).concat().len();
            cut(&records, draw.below(length + 1));
        }
    }
}

/// A file of its own, gone at the end.
struct Scratch(PathBuf);

impl Scratch {
    fn new(bytes: &[u8]) -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let name = format!("deprovision-journals-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let path = std::env::temp_dir().join(name);
        fs::write(&path, bytes).unwrap();
        Self(path)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

fn open(path: &Path) -> Result<(), Error> {
    Journal::open(path, "tester", "a check").map(drop)
}

/// A file that may be anything.
fn any(bytes: &[u8]) {
    let file = Scratch::new(bytes);
    let report = Journal::report(&file.0);
    match open(&file.0) {
        Err(error) => {
            is_about_the_file(&error);
            assert_eq!(fs::read(&file.0).unwrap(), bytes, "what is no journal is left as it is");
        }
        Ok(()) => {
            let after = fs::read(&file.0).unwrap();
            let kept = after.iter().zip(bytes).take_while(|(after, before)| after == before).count();
            // What is lost is at most one line, the last, and only if its end is missing.
            let lost = &bytes[kept..];
            assert!(!lost.contains(&b'\n'), "{:?} is lost", String::from_utf8_lossy(lost));
            open(&file.0).expect("what could be gone on with can be gone on with again");
            Journal::report(&file.0).expect("what can be gone on with can be reported on");
        }
    }
    match report {
        Ok(report) => is_a_report(&report),
        Err(error) => is_about_the_file(&error),
    }
}

fn is_about_the_file(error: &Error) {
    assert_eq!(error.kind(), ErrorKind::Journal);
    let shown = error.to_string();
    assert!(!shown.contains(char::is_control), "{shown:?} is not one line");
    assert!(shown.len() < 4096, "{} bytes are no message", shown.len());
}

fn is_a_report(report: &Report) {
    assert_eq!(report.entries, report.revoked + report.open.len() as u64);
    assert!(!report.sessions.is_empty());
    assert!(!report.to_string().is_empty());
    serde_json::to_string(report).unwrap();
}

/// A journal that was cut off at this byte is gone on with, and knows every record whose line was whole.
fn cut(records: &[JournalRecord], at: usize) {
    let lines = lines(records);
    let bytes = &lines.concat()[..at];
    let file = Scratch::new(bytes);
    open(&file.0).unwrap_or_else(|error| panic!("{error}\n{}", String::from_utf8_lossy(bytes)));
    let mut end = 0;
    let whole = lines.iter().take_while(|line| {
        end += line.len();
        // Only its line feed is missing: all it says is there.
        end <= at + 1
    });
    let whole = whole.count();
    let known = &records[..whole];
    let report = Journal::report(&file.0).unwrap();
    let is_session =
        |record: &&JournalRecord| matches!(record, JournalRecord::Run { .. } | JournalRecord::Resumed { .. });
    assert_eq!(report.sessions.len(), known.iter().filter(is_session).count() + 1);
    let revoked = known.iter().filter(|record| matches!(record, JournalRecord::Revoked { .. })).count();
    assert_eq!(report.revoked, revoked as u64);
    let after = fs::read(&file.0).unwrap();
    let kept = lines[..whole].concat();
    assert!(after.starts_with(&kept));
    assert!(after.ends_with(b"}\n") && after.split(|byte| *byte == b'\n').count() == whole + 2);
    is_a_report(&report);
}

/// The records of a run.
fn sample(draw: &mut Draw<'_>) -> Vec<JournalRecord> {
    let at: DateTime<Utc> = noon();
    let who = |draw: &mut Draw<'_>| if draw.flag() { draw.text() } else { "jane".to_owned() };
    let mut records = vec![JournalRecord::Run {
        format: "deprovision journal".to_owned(),
        version: 1,
        run: Uuid::from_u128(7),
        operator: who(draw),
        reason: who(draw),
        at,
    }];
    for index in 0..draw.below(4) as u64 {
        let revocation: Revocation = match draw.flag() {
            true => cova::DisableUser::new(8545).unwrap().into(),
            false => persona::DeactivateConnection::new("cxn_ABC123").unwrap().into(),
        };
        records.push(JournalRecord::Intent { index, revocation: revocation.clone(), first_key: 1, at });
        match draw.below(4) {
            0 => {}
            1 => records.push(JournalRecord::Resumed { operator: who(draw), reason: who(draw), at }),
            2 => {
                let message = who(draw);
                let error = Box::new(Error::new(ErrorKind::Timeout, message).report());
                records.push(JournalRecord::NotRevoked { index, error, next_key: draw.u32(), at });
            }
            _ => records.push(JournalRecord::Revoked {
                index,
                receipt: Box::new(receipt(revocation)),
                body_sha256: who(draw),
                at,
            }),
        }
    }
    records
}

fn receipt(revocation: Revocation) -> Receipt<crate::vendor::Response> {
    let action = match revocation {
        Revocation::Cova(_) => Action::CovaDisableUser,
        _ => Action::PersonaDeactivateConnection,
    };
    Receipt {
        id: Uuid::from_u128(8),
        action,
        revocation,
        outcome: Outcome::Revoked,
        evidence: Evidence::Confirmed,
        completed_at: noon(),
        attempts: 1,
        status: 200,
        request_id: None,
        idempotency_key: None,
        rate_limit: None,
        response: None,
    }
}

fn lines(records: &[JournalRecord]) -> Vec<Vec<u8>> {
    let line = |record| format!("{}\n", serde_json::to_string(record).unwrap()).into_bytes();
    records.iter().map(line).collect()
}
