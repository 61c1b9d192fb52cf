//! Drives a run: reads ahead, starts what may start, hands out what settles.

use std::collections::{HashMap, VecDeque};
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use futures_core::Stream;
use futures_util::stream::{self, FuturesUnordered};
use futures_util::{FutureExt, StreamExt};

use super::lane::{Lane, Waiting};
use super::{BadEntry, PlanEntry, Settled, Setup};
use crate::client::{Client, Failed, Job, Options, Proof, Revoke};
use crate::error::Error;
use crate::journal::{Before, Journal};
use crate::vendor::{Response, Revocation, Vendor};

/// Most results that are kept before the plan is read on: a resumed run may find any number of entries settled.
const MAX_READY: usize = 256;

pub(super) struct Driver {
    plan: Entries,
    next_index: usize,
    /// Whether there is more of the plan to read.
    reading: bool,
    lanes: HashMap<Vendor, Lane>,
    under_way: FuturesUnordered<Pin<Box<dyn Future<Output = Step> + Send>>>,
    /// How many unreadable entries are being recorded.
    unread: usize,
    ready: VecDeque<Settled>,
    client: Client,
    concurrency: usize,
    look_ahead: usize,
    journal: Option<Arc<Journal>>,
}

/// What comes of something under way.
enum Step {
    Made(Box<Done>),
    Recorded(Recorded),
}

/// Entries that are settled, and whether the journal could take that.
struct Recorded {
    settled: Vec<Settled>,
    error: Option<Error>,
    /// Whether it is an entry that could not be read.
    unread: bool,
}

/// An entry that was made.
struct Done {
    index: usize,
    revocation: Revocation,
    result: Result<Proof<Response>, Failed>,
    /// The journal could not take the intent, so nothing was sent.
    unrecorded: bool,
}

impl Driver {
    pub(super) fn stream<I>(setup: Setup<I>) -> impl Stream<Item = Settled> + Send
    where
        I: Iterator + Send + 'static,
        I::Item: PlanEntry,
    {
        let Setup { client, plan, concurrency, look_ahead, bad_entry, journal } = setup;
        let journal = journal.map(Arc::new);
        let entries: Entries = Box::new(plan.map(PlanEntry::into_entry));
        let (plan, ready) = match bad_entry {
            BadEntry::Settle => (entries, VecDeque::new()),
            BadEntry::EndRun => read_whole(entries),
        };
        let driver = Driver {
            plan,
            next_index: 0,
            reading: true,
            lanes: HashMap::new(),
            under_way: FuturesUnordered::new(),
            unread: 0,
            ready,
            client,
            concurrency,
            look_ahead,
            journal,
        };
        stream::unfold(driver, |mut driver| async move { Some((driver.next().await?, driver)) })
    }
}

type Entries = Box<dyn Iterator<Item = Result<Revocation, Error>> + Send>;

/// Reads the whole plan; one bad entry and there is nothing left of it but that error.
fn read_whole(entries: Entries) -> (Entries, VecDeque<Settled>) {
    let mut plan = Vec::new();
    for (index, entry) in entries.enumerate() {
        match entry {
            Ok(revocation) => plan.push(Ok(revocation)),
            Err(error) => return (Box::new(std::iter::empty()), VecDeque::from([unread(index, error)])),
        }
    }
    (Box::new(plan.into_iter()), VecDeque::new())
}

fn unread(index: usize, error: Error) -> Settled {
    Settled { index, revocation: None, result: Err(error), from_journal: false, journal_error: None }
}

impl Driver {
    /// What settles next; `None` when all is settled, or the run has ended.
    async fn next(&mut self) -> Option<Settled> {
        loop {
            self.read_ahead();
            // Nothing new is sent while there is something to hand out; what is under way goes on.
            if self.ready.is_empty() {
                self.start();
            }
            while let Some(Some(step)) = self.under_way.next().now_or_never() {
                self.go_on(step);
            }
            if let Some(settled) = self.ready.pop_front() {
                return Some(settled);
            }
            match self.under_way.next().await {
                Some(step) => self.go_on(step),
                None if self.reading => {}
                None => return None,
            }
        }
    }

    /// Reads the plan on until a vendor has enough of it.
    fn read_ahead(&mut self) {
        while self.reading
            && self.ready.len() + self.unread < MAX_READY
            && !self.lanes.values().any(|lane| lane.is_full(self.look_ahead))
        {
            let index = self.next_index;
            self.next_index += 1;
            match self.plan.next() {
                None => self.reading = false,
                Some(Err(error)) => self.pass_over(index, error),
                Some(Ok(revocation)) => self.take(index, revocation),
            }
        }
    }

    /// Settles an entry that could not be read.
    fn pass_over(&mut self, index: usize, error: Error) {
        let settled = unread(index, error.clone());
        let Some(journal) = self.journal.clone() else { return self.ready.push_back(settled) };
        if let Err(why) = journal.before_unread(index as u64) {
            self.end();
            return self.ready.push_back(Settled { journal_error: Some(why), ..settled });
        }
        self.unread += 1;
        self.under_way.push(Box::pin(async move {
            let error = journal.unread(index as u64, &error).await.err();
            Step::Recorded(Recorded { settled: vec![settled], error, unread: true })
        }));
    }

    /// Takes an entry in, unless the journal knows better.
    fn take(&mut self, index: usize, revocation: Revocation) {
        let before = self.journal.as_ref().map(|journal| journal.before(index as u64, &revocation));
        match before {
            None | Some(Ok(Before::Open { .. })) => {
                self.lanes.entry(revocation.vendor()).or_default().push(index, revocation);
            }
            Some(Ok(Before::Revoked(receipt))) => self.ready.push_back(Settled {
                index,
                revocation: Some(revocation),
                result: Ok(*receipt),
                from_journal: true,
                journal_error: None,
            }),
            Some(Err(error)) => {
                self.end();
                let error = error.for_action(revocation.action());
                self.ready.push_back(Settled { revocation: Some(revocation), ..unread(index, error) });
            }
        }
    }

    /// Starts what may start.
    fn start(&mut self) {
        for lane in self.lanes.values_mut() {
            while let Some(next) = lane.start(self.concurrency) {
                self.under_way.push(Box::pin(make(self.client.clone(), self.journal.clone(), next)));
            }
        }
    }

    fn go_on(&mut self, step: Step) {
        match step {
            Step::Made(done) => self.settle(*done),
            Step::Recorded(Recorded { settled, error, unread }) => {
                self.unread -= usize::from(unread);
                if error.is_some() {
                    self.end();
                }
                self.ready.extend(settled.into_iter().map(|one| Settled { journal_error: error.clone(), ..one }));
            }
        }
    }

    /// Settles an entry and those equal to it. They are handed out when that is recorded; other calls go on meanwhile.
    fn settle(&mut self, done: Done) {
        let Done { index, revocation, result, unrecorded } = done;
        let again = self.lanes.entry(revocation.vendor()).or_default().finish(&revocation);
        if unrecorded {
            self.end();
        }
        let outcome = match &result {
            Ok(proof) => Ok(proof.receipt.clone()),
            Err(failed) => Err(failed.error.clone()),
        };
        let settled = std::iter::once(index).chain(again.iter().copied()).map(|index| Settled {
            index,
            revocation: Some(revocation.clone()),
            result: outcome.clone(),
            from_journal: false,
            journal_error: None,
        });
        let Some(journal) = self.journal.clone().filter(|_| !unrecorded) else { return self.ready.extend(settled) };
        let settled = settled.collect();
        self.under_way.push(Box::pin(async move {
            let further: Vec<u64> = again.iter().map(|index| *index as u64).collect();
            let error = journal.settled(index as u64, &further, &revocation, &result).await.err();
            Step::Recorded(Recorded { settled, error, unread: false })
        }));
    }

    /// Ends the run: what is under way is waited for, nothing more is sent.
    fn end(&mut self) {
        self.reading = false;
        self.lanes.values_mut().for_each(Lane::clear);
    }
}

/// Makes an entry: its intent on disk first, where there is a journal.
async fn make(client: Client, journal: Option<Arc<Journal>>, next: Waiting) -> Step {
    let Waiting { index, revocation } = next;
    let mut options = Options { patient: true, ..Options::default() };
    if let Some(journal) = journal {
        let recorded = match journal.before(index as u64, &revocation) {
            Ok(Before::Open { key, first_key, in_doubt }) => {
                options.idempotency_key = Some(key);
                options.first_key = first_key;
                options.in_doubt = in_doubt;
                journal.intent(index as u64, &revocation, first_key).await
            }
            Ok(Before::Revoked(_)) => Ok(()),
            Err(error) => Err(error),
        };
        if let Err(error) = recorded {
            let error = error.for_action(revocation.action());
            let result = Err(Failed { error, next_key: 1 });
            return Step::Made(Box::new(Done { index, revocation, result, unrecorded: true }));
        }
    }
    let result = revocation.clone().prove(Job { client, options }).await;
    Step::Made(Box::new(Done { index, revocation, result, unrecorded: false }))
}
