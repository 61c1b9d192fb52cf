//! Whole plans: many revocations, each vendor at its own pace.
//!
//! ```
//! # async fn example(client: deprovision::Client) -> Result<(), Box<dyn std::error::Error>> {
//! use std::{fs::File, io::BufReader};
//!
//! use deprovision::{journal::Journal, plan};
//! use futures_util::StreamExt;
//!
//! let entries = plan::lines(BufReader::new(File::open("plan.jsonl")?));
//! let journal = Journal::open("run.jsonl", "jane@acme.example", "leaver 4711")?;
//! let mut run = client.revoke_all(entries).journal(journal);
//! while let Some(settled) = run.next().await {
//!     match settled.result {
//!         Ok(receipt) => println!("{}: {receipt}", settled.index),
//!         Err(error) => eprintln!("{}: {error}", settled.index),
//!     }
//! }
//! # Ok(())
//! # }
//! ```

mod driver;
mod entry;
mod lane;

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_core::Stream;

pub use entry::{Lines, PlanEntry, lines};

use crate::client::Client;
use crate::error::Error;
use crate::journal::Journal;
use crate::receipt::Receipt;
use crate::vendor::{Response, Revocation};
use driver::Driver;

/// How many calls a vendor is made at a time, unless said otherwise.
const CONCURRENCY: usize = 8;

/// How many entries are read ahead for a vendor, unless said otherwise.
const LOOK_AHEAD: usize = 1024;

/// What came of an entry of a plan.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Settled {
    /// Its place in the plan, counted from 0.
    pub index: usize,
    /// The entry; `None` if it could not be read.
    pub revocation: Option<Revocation>,
    /// What came of it.
    pub result: Result<Receipt<Response>, Error>,
    /// Whether it was revoked in an earlier session of the run and the receipt is the journaled one, which has no
    /// response.
    pub from_journal: bool,
    /// Why `result` could not be journaled. The run ends then: nothing is sent that is not recorded before.
    pub journal_error: Option<Error>,
}

/// What to do about an entry that cannot be read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum BadEntry {
    /// Settle it with its error and go on with the others.
    #[default]
    Settle,
    /// Read the whole plan first, and end the run with that error before anything is sent. It holds the plan in memory.
    EndRun,
}

/// A run of a plan: a [`Stream`] of [`Settled`], in the order of settling.
///
/// The plan is read as it is needed, a bounded number of entries ahead for each vendor, so memory does not grow with the
/// plan's length, and within the look-ahead no vendor holds up another. Equal entries within it are revoked once and
/// settled each. Calls with the same subject are not made side by side. Each vendor's rate limit is kept
/// ([`cova::Config::rate_limit`](crate::cova::Config::rate_limit) and its like); waiting for it is not part of a call's
/// time-out.
///
/// Nothing is done until it is polled, and nothing more is sent after it is dropped. What was sent by then is open: a
/// journal says what.
#[must_use = "a run is made by polling it as a stream"]
pub struct RevokeAll<I>(State<I>);

enum State<I> {
    Ready(Setup<I>),
    Running(Pin<Box<dyn Stream<Item = Settled> + Send>>),
    Over,
}

struct Setup<I> {
    client: Client,
    plan: I,
    concurrency: usize,
    look_ahead: usize,
    bad_entry: BadEntry,
    journal: Option<Journal>,
}

impl Client {
    /// Revokes all entries of a plan: any iterator of requests, of [`Revocation`]s, or of results of reading them, such
    /// as [`plan::lines`](lines) gives. Options are given before it is polled.
    pub fn revoke_all<P>(&self, plan: P) -> RevokeAll<P::IntoIter>
    where
        P: IntoIterator,
        P::Item: PlanEntry,
    {
        RevokeAll(State::Ready(Setup {
            client: self.clone(),
            plan: plan.into_iter(),
            concurrency: CONCURRENCY,
            look_ahead: LOOK_AHEAD,
            bad_entry: BadEntry::default(),
            journal: None,
        }))
    }
}

impl<I> RevokeAll<I> {
    /// How many calls each vendor is made at a time, at least 1. The default is 8.
    pub fn concurrency(self, calls: usize) -> Self {
        self.with(|setup| setup.concurrency = calls.max(1))
    }

    /// How many entries are read ahead for each vendor, at least 1. The default is 1,024.
    pub fn look_ahead(self, entries: usize) -> Self {
        self.with(|setup| setup.look_ahead = entries.max(1))
    }

    /// What to do about an entry that cannot be read. The default is to settle it with its error.
    pub fn on_bad_entry(self, bad_entry: BadEntry) -> Self {
        self.with(|setup| setup.bad_entry = bad_entry)
    }

    /// Records the run. Entries that the journal says are revoked are settled from it; the others are gone on with.
    pub fn journal(self, journal: Journal) -> Self {
        self.with(|setup| setup.journal = Some(journal))
    }

    fn with(mut self, change: impl FnOnce(&mut Setup<I>)) -> Self {
        if let State::Ready(setup) = &mut self.0 {
            change(setup);
        }
        self
    }
}

impl<I> Stream for RevokeAll<I>
where
    I: Iterator + Send + Unpin + 'static,
    I::Item: PlanEntry,
{
    type Item = Settled;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Settled>> {
        if let State::Ready(_) = self.0
            && let State::Ready(setup) = std::mem::replace(&mut self.0, State::Over)
        {
            self.0 = State::Running(Box::pin(Driver::stream(setup)));
        }
        let State::Running(stream) = &mut self.0 else { return Poll::Ready(None) };
        let settled = ready!(stream.as_mut().poll_next(context));
        if settled.is_none() {
            self.0 = State::Over;
        }
        Poll::Ready(settled)
    }
}

impl<I> fmt::Debug for RevokeAll<I> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            State::Ready(setup) => f
                .debug_struct("RevokeAll")
                .field("client", &setup.client)
                .field("concurrency", &setup.concurrency)
                .field("look_ahead", &setup.look_ahead)
                .field("bad_entry", &setup.bad_entry)
                .field("journal", &setup.journal)
                .finish_non_exhaustive(),
            State::Running(_) => f.write_str("RevokeAll(running)"),
            State::Over => f.write_str("RevokeAll(over)"),
        }
    }
}
