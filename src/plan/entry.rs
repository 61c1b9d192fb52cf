//! What a plan is made of.

use std::io::{BufRead, Read};

use crate::error::{Error, ErrorKind};
use crate::reading::clean;
use crate::vendor::Revocation;

/// The longest line of a plan, in bytes.
const MAX_LINE: usize = 1024 * 1024;

/// What an item of a plan's iterator can be: a request, or the result of reading one.
pub trait PlanEntry {
    /// The entry, or why it could not be read.
    ///
    /// # Errors
    ///
    /// Whatever reading it came to.
    fn into_entry(self) -> Result<Revocation, Error>;
}

impl<R: Into<Revocation>> PlanEntry for R {
    fn into_entry(self) -> Result<Revocation, Error> {
        Ok(self.into())
    }
}

impl<R: Into<Revocation>> PlanEntry for Result<R, Error> {
    fn into_entry(self) -> Result<Revocation, Error> {
        self.map(Into::into)
    }
}

/// Reads a plan of JSON Lines, an entry each, as it is needed. Blank lines are skipped.
///
/// ```
/// use deprovision::plan;
///
/// let text = "{\"action\":\"cova.disable_user\",\"user_id\":8545}\n{\"action\":\"cova.disable_user\"}\n";
/// let entries: Vec<_> = plan::lines(text.as_bytes()).collect();
/// assert!(entries[0].is_ok());
/// let error = entries[1].as_ref().unwrap_err();
/// assert!(error.message().starts_with("line 2: cova.disable_user: missing field `user_id`"));
/// ```
///
/// # Errors
///
/// An item is an error of the kind [`ErrorKind::InvalidRequest`] naming the line and the member. A line over 1 MiB and a
/// reader that fails are such errors too; after these two the plan ends.
pub fn lines<R: BufRead>(reader: R) -> Lines<R> {
    Lines { reader, line: 0, ended: false }
}

/// The iterator that [`lines`] makes.
#[derive(Debug)]
pub struct Lines<R> {
    reader: R,
    line: u64,
    ended: bool,
}

impl<R: BufRead> Iterator for Lines<R> {
    type Item = Result<Revocation, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        while !self.ended {
            self.line += 1;
            let mut bytes = Vec::new();
            let mut limited = Read::take(&mut self.reader, MAX_LINE as u64 + 1);
            let read = limited.read_until(b'\n', &mut bytes);
            // A byte order mark, as some editors set it.
            if self.line == 1 && bytes.starts_with(b"\xef\xbb\xbf") {
                bytes.drain(..3);
            }
            let wrong = |what: String| {
                // What is quoted of the line may hold anything.
                let what = clean(&what);
                Error::new(ErrorKind::InvalidRequest, format!("line {}: {what}", self.line))
            };
            match read {
                Ok(0) => self.ended = true,
                Ok(length) if length > MAX_LINE => {
                    self.ended = true;
                    return Some(Err(wrong(format!("is longer than {MAX_LINE} bytes"))));
                }
                Ok(_) if bytes.trim_ascii().is_empty() => {}
                Ok(_) => return Some(serde_json::from_slice(&bytes).map_err(|error| wrong(without_place(&error)))),
                Err(error) => {
                    self.ended = true;
                    return Some(Err(wrong(format!("cannot be read: {error}"))));
                }
            }
        }
        None
    }
}

/// The error's text. Its own line is always the first; the column is worth keeping for what is not JSON.
fn without_place(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let place = format!(" at line {} column {}", error.line(), error.column());
    match text.strip_suffix(&place) {
        Some(what) if error.is_data() => what.to_owned(),
        Some(what) => format!("{what} at column {}", error.column()),
        None => text,
    }
}
