//! How the entries of a plan ended.

use deprovision::{Outcome, Settled};

use crate::text;

/// How many entries are named.
const NAMED: usize = 10;

#[derive(Default)]
pub struct Counts {
    total: usize,
    revoked: usize,
    already_revoked: usize,
    from_journal: usize,
    left_open: usize,
    refused: usize,
    unrecorded: usize,
    /// The numbers, from 1, of the first that are left open.
    named: Vec<usize>,
}

impl Counts {
    pub fn of(total: usize) -> Self {
        Self { total, ..Self::default() }
    }

    pub fn add(&mut self, settled: &Settled) {
        match &settled.result {
            Ok(receipt) if receipt.outcome == Outcome::AlreadyRevoked => self.already_revoked += 1,
            Ok(_) => self.revoked += 1,
            Err(_) => {
                self.left_open += 1;
                self.refused += usize::from(settled.revocation.is_some());
                if self.named.len() < NAMED {
                    self.named.push(settled.index + 1);
                }
            }
        }
        self.from_journal += usize::from(settled.from_journal);
        self.unrecorded += usize::from(settled.journal_error.is_some());
    }

    /// Whether every access is gone, and recorded to be.
    pub fn are_all_gone(&self) -> bool {
        self.left_open == 0 && self.unsettled() == 0 && self.unrecorded == 0
    }

    /// Whether an entry that could be read is left open.
    pub fn are_some_refused(&self) -> bool {
        self.refused > 0
    }

    /// How many entries nothing is known of, because the run ended before.
    pub fn unsettled(&self) -> usize {
        self.total.saturating_sub(self.revoked + self.already_revoked + self.left_open)
    }

    pub fn line(&self) -> String {
        let Self { total, revoked, already_revoked, from_journal, left_open, named, .. } = self;
        let mut line = format!(
            "{}: {revoked} revoked, {already_revoked} already revoked, {left_open} left open",
            text::accesses(*total)
        );
        if let [_, ..] = named.as_slice() {
            let numbers: Vec<String> = named.iter().map(usize::to_string).collect();
            let entry = if *left_open == 1 { "entry" } else { "entries" };
            let more = if named.len() < *left_open { ", …" } else { "" };
            line.push_str(&format!(" ({entry} {}{more})", numbers.join(", ")));
        }
        if self.unsettled() > 0 {
            line.push_str(&format!(", {} not settled", self.unsettled()));
        }
        if *from_journal > 0 {
            line.push_str(&format!("; {from_journal} of them settled from the journal"));
        }
        line
    }
}
