//! A vendor's part of a plan: what waits, what is under way, and what must wait for it.

use std::collections::{HashMap, HashSet, VecDeque};

use crate::vendor::Revocation;

/// An entry that waits for its turn.
pub(super) struct Waiting {
    pub(super) index: usize,
    pub(super) revocation: Revocation,
}

/// A vendor's entries that were read and are not settled.
#[derive(Default)]
pub(super) struct Lane {
    queue: VecDeque<Waiting>,
    /// Of each entry that waits or is under way, where else in the plan it stands.
    again: HashMap<Revocation, Vec<usize>>,
    /// How many places of the plan are in `again`.
    repeated: usize,
    subjects_under_way: HashSet<String>,
    under_way: usize,
}

impl Lane {
    /// Takes an entry in, as one that waits or as one that is settled with an equal one.
    pub(super) fn push(&mut self, index: usize, revocation: Revocation) {
        if let Some(again) = self.again.get_mut(&revocation) {
            again.push(index);
            self.repeated += 1;
            return;
        }
        self.again.insert(revocation.clone(), Vec::new());
        self.queue.push_back(Waiting { index, revocation });
    }

    /// Whether it holds as many entries as are read ahead. Those that repeat others count: there may be any number.
    pub(super) fn is_full(&self, look_ahead: usize) -> bool {
        self.queue.len() + self.repeated >= look_ahead
    }

    /// The next entry to be made, if `concurrency` leaves room and its subject is not under way.
    pub(super) fn start(&mut self, concurrency: usize) -> Option<Waiting> {
        if self.under_way >= concurrency {
            return None;
        }
        let place = self.queue.iter().position(|one| !self.subjects_under_way.contains(&one.revocation.subject()))?;
        let next = self.queue.remove(place)?;
        self.subjects_under_way.insert(next.revocation.subject());
        self.under_way += 1;
        Some(next)
    }

    /// Where else in the plan an entry stands that is being settled now. Later equal ones are entries of their own.
    pub(super) fn finish(&mut self, revocation: &Revocation) -> Vec<usize> {
        self.subjects_under_way.remove(&revocation.subject());
        self.under_way = self.under_way.saturating_sub(1);
        let again = self.again.remove(revocation).unwrap_or_default();
        self.repeated -= again.len();
        again
    }

    /// Forgets what waits.
    pub(super) fn clear(&mut self) {
        self.queue.clear();
    }
}
