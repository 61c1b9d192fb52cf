//! Reads a journal from its beginning.

use std::io::{self, BufRead, Read};

use serde::Deserialize;

use super::record::{FORMAT, JournalRecord, VERSION};
use crate::reading::clean;

/// The longest line that is read, in bytes.
const MAX_LINE: u64 = 16 * 1024 * 1024;

/// Why a journal cannot be read.
#[derive(Debug)]
pub(super) enum Unreadable {
    Io(io::Error),
    /// It is not a journal of this crate, or it is damaged: says what and where.
    Wrong(String),
}

/// Goes through the records of a journal one by one.
pub(super) struct Scan<R> {
    reader: R,
    line: u64,
    /// Where the next line begins.
    offset: u64,
    bytes: Vec<u8>,
}

/// A record and where its line begins.
pub(super) struct Found {
    pub(super) record: JournalRecord,
    pub(super) offset: u64,
}

impl<R: BufRead> Scan<R> {
    pub(super) fn new(reader: R) -> Self {
        Self { reader, line: 0, offset: 0, bytes: Vec::new() }
    }

    /// Where the records that could be read end. What follows is a line that was torn when its writer ended.
    pub(super) fn end(&self) -> u64 {
        self.offset
    }

    /// Whether the last line read has no line feed at its end.
    pub(super) fn lacks_line_feed(&self) -> bool {
        !self.bytes.is_empty() && self.bytes.last() != Some(&b'\n')
    }

    /// The next record; `None` at the end, and at a last line that is torn.
    pub(super) fn next(&mut self) -> Result<Option<Found>, Unreadable> {
        let mut bytes = Vec::new();
        let mut limited = Read::take(&mut self.reader, MAX_LINE);
        let length = limited.read_until(b'\n', &mut bytes).map_err(Unreadable::Io)? as u64;
        if length == 0 {
            return Ok(None);
        }
        let record = parse(&bytes, self.line == 0);
        if record.is_err() && bytes.last() != Some(&b'\n') && length < MAX_LINE {
            return Ok(None);
        }
        let record = record.map_err(|what| match self.line {
            0 => Unreadable::Wrong(what),
            line => Unreadable::Wrong(format!("line {} is damaged: {what}", line + 1)),
        })?;
        let offset = self.offset;
        self.line += 1;
        self.offset += length;
        self.bytes = bytes;
        Ok(Some(Found { record, offset }))
    }
}

fn parse(line: &[u8], first: bool) -> Result<JournalRecord, String> {
    if first {
        check_header(line)?;
    }
    // What is quoted of the line may hold anything.
    let record = serde_json::from_slice(line).map_err(|error| clean(&error.to_string()))?;
    if first != matches!(record, JournalRecord::Run { .. }) {
        return Err("a journal's first line, and no other, says whose it is".to_owned());
    }
    Ok(record)
}

/// The members of the first line that every version has.
#[derive(Deserialize)]
struct Header {
    record: String,
    format: String,
    version: u32,
}

fn check_header(line: &[u8]) -> Result<(), String> {
    let not_ours = || "it is not a journal of this crate".to_owned();
    let header: Header = serde_json::from_slice(line).map_err(|_| not_ours())?;
    if header.record != "run" || header.format != FORMAT {
        return Err(not_ours());
    }
    match header.version {
        VERSION => Ok(()),
        newer if newer > VERSION => {
            Err(format!("it is of version {newer}, and this release knows versions up to {VERSION}; use a newer one"))
        }
        other => Err(format!("it is of version {other}, which never was")),
    }
}
