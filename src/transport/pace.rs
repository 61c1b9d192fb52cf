//! Keeps the calls of one client inside a vendor's rate limit.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::{Instant, timeout_at};

/// How many requests a vendor takes in how long a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Limit {
    pub(crate) requests: u32,
    pub(crate) window: Duration,
}

/// A vendor's gate: every exchange passes it.
///
/// A request takes one of the limit's places when it is sent and gives it back one window after it was answered. Where
/// the vendor counts it, between the two, does not matter then: of any `requests + 1` requests the last is sent at least
/// a window after the first arrived. (A token bucket would let twice the limit through in the first window.)
///
/// What the vendor's headers say counts where they know of less than that: others may use the same limit.
#[derive(Debug)]
pub(crate) struct Gate {
    limit: Option<Limit>,
    state: Mutex<State>,
    changed: Notify,
}

/// How long a free place is kept for the one who has waited longest.
///
/// No longer, because that one may not be polled: a call of a plan is not while the plan's stream is not. Whoever waits
/// behind it may be what that stream's reader waits for.
const PRECEDENCE: Duration = Duration::from_millis(20);

/// How long a vendor's word holds everybody back at the most; it is asked again after that. No vendor's window is nearly as
/// long, but a mistaken header may name any time.
const LONGEST_HOLD: Duration = Duration::from_secs(60 * 60);

#[derive(Debug, Default)]
struct State {
    /// The numbers of those who wait for a place, in the order they came.
    waiting: VecDeque<u64>,
    next_number: u64,
    in_flight: u32,
    /// When the places of answered requests come back, earliest first.
    returning: VecDeque<Instant>,
    /// When the vendor last said that nothing is to be sent, and until when.
    held: Option<(Instant, Instant)>,
    /// What the vendor's headers leave until the window they speak of ends.
    left: Option<Left>,
}

#[derive(Clone, Copy, Debug)]
struct Left {
    /// How many the vendor named, and when that was heard.
    named: u32,
    heard_at: Instant,
    /// How many may be sent now.
    requests: u32,
    until: Instant,
}

/// Someone who waits for a place, until dropped.
struct Waiter<'a> {
    gate: &'a Gate,
    number: u64,
}

/// A place inside the limit, given back when it is dropped.
#[derive(Debug)]
pub(crate) struct Place<'a> {
    gate: &'a Gate,
    taken_at: Instant,
}

/// There is no place in time; the first may come after this.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NoPlace(pub(crate) Duration);

impl Gate {
    pub(crate) fn new(limit: Option<Limit>) -> Self {
        Self { limit, state: Mutex::default(), changed: Notify::new() }
    }

    /// Waits for a place; they go in the order they were asked for. If none can come before `deadline`, says so at once.
    ///
    /// A vendor that said to wait is waited for no longer than `longest`.
    pub(crate) async fn enter(&self, deadline: Instant, longest: Duration) -> Result<Place<'_>, NoPlace> {
        let waiter = Waiter::new(self);
        let mut free_since = None;
        loop {
            let changed = self.changed.notified();
            let now = Instant::now();
            let next = {
                let mut state = self.state();
                let next = state.next(self.limit, now, longest);
                let next = match next {
                    Some(next) if next <= now && state.waiting.front() != Some(&waiter.number) => {
                        Some(*free_since.get_or_insert(now) + PRECEDENCE)
                    }
                    next => {
                        free_since = None;
                        next
                    }
                };
                if next.is_some_and(|next| next <= now) {
                    state.take(now);
                    return Ok(Place { gate: self, taken_at: now });
                }
                next
            };
            match next {
                Some(next) if next >= deadline => return Err(NoPlace(next - now)),
                Some(next) => drop(timeout_at(next, changed).await),
                // All places are in flight: one comes back at the earliest when something is answered.
                None if timeout_at(deadline, changed).await.is_err() => {
                    let now = Instant::now();
                    let next = self.state().next(self.limit, now, longest).unwrap_or(now);
                    return Err(NoPlace(next - now));
                }
                None => {}
            }
        }
    }

    /// Nothing is sent to this vendor for a time: it said so.
    pub(crate) fn hold(&self, time: Duration) {
        let now = Instant::now();
        let until = now + time.min(LONGEST_HOLD);
        let mut state = self.state();
        let until = state.held.map_or(until, |(_, held)| held.max(until));
        state.held = Some((now, until));
        drop(state);
        self.changed.notify_waiters();
    }

    /// Ends a hold that began before a request that was sent at `sent_at`, and done: the vendor takes requests again.
    pub(crate) fn lift(&self, sent_at: Instant) {
        let mut state = self.state();
        if state.held.take_if(|(told_at, _)| *told_at < sent_at).is_some() {
            drop(state);
            self.changed.notify_waiters();
        }
    }

    /// What the vendor's headers say is left, for how long, in answer to a request whose place was taken at `sent_at`.
    pub(crate) fn note(&self, sent_at: Instant, remaining: u32, reset: Duration) {
        let now = Instant::now();
        let mut state = self.state();
        let told = Left { named: remaining, heard_at: now, requests: 0, until: now + reset.min(LONGEST_HOLD) };
        let left = match state.left {
            // Which of the two the vendor counted first is not known where they were under way at the same time.
            Some(left) if left.until > now && sent_at <= left.heard_at && left.named <= remaining => left,
            _ => told,
        };
        let known = self.limit.map(|limit| limit.requests.saturating_sub(state.taken(now)));
        let requests = match known {
            Some(known) if left.named >= known => u32::MAX,
            // Requests in flight may or may not be counted in what is left.
            _ => left.named.saturating_sub(state.in_flight),
        };
        state.left = Some(Left { requests, ..left });
        drop(state);
        self.changed.notify_waiters();
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Places taken: in flight, or not back yet.
    fn taken(&mut self, now: Instant) -> u32 {
        while self.returning.front().is_some_and(|back| *back <= now) {
            self.returning.pop_front();
        }
        self.in_flight.saturating_add(u32::try_from(self.returning.len()).unwrap_or(u32::MAX))
    }

    /// When the next request may be sent; `None` if that depends on one in flight.
    fn next(&mut self, limit: Option<Limit>, now: Instant, longest: Duration) -> Option<Instant> {
        let told = self
            .held
            .into_iter()
            .chain(self.left.filter(|left| left.requests == 0).map(|left| (left.heard_at, left.until)));
        let mut next = told.map(|(at, until)| until.min(at + longest.min(LONGEST_HOLD))).fold(now, Instant::max);
        if let Some(limit) = limit
            && self.taken(now) >= limit.requests
        {
            next = next.max(*self.returning.front()?);
        }
        Some(next)
    }

    fn take(&mut self, now: Instant) {
        self.in_flight = self.in_flight.saturating_add(1);
        match &mut self.left {
            Some(left) if left.until > now => left.requests = left.requests.saturating_sub(1),
            left => *left = None,
        }
    }
}

impl<'a> Waiter<'a> {
    fn new(gate: &'a Gate) -> Self {
        let mut state = gate.state();
        let number = state.next_number;
        state.next_number += 1;
        state.waiting.push_back(number);
        drop(state);
        Self { gate, number }
    }
}

impl Drop for Waiter<'_> {
    fn drop(&mut self) {
        self.gate.state().waiting.retain(|number| *number != self.number);
        // Somebody else is first now.
        self.gate.changed.notify_waiters();
    }
}

impl Place<'_> {
    /// Gives the place back and says when it was taken.
    pub(crate) fn give_back(self) -> Instant {
        self.taken_at
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        let mut state = self.gate.state();
        state.in_flight = state.in_flight.saturating_sub(1);
        if let Some(limit) = self.gate.limit {
            state.returning.push_back(Instant::now() + limit.window);
        }
        if !state.waiting.is_empty() {
            drop(state);
            self.gate.changed.notify_waiters();
        }
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;

    const WINDOW: Duration = Duration::from_secs(10);

    fn gate(requests: u32) -> Gate {
        Gate::new(Some(Limit { requests, window: WINDOW }))
    }

    fn far() -> Instant {
        Instant::now() + Duration::from_secs(1000)
    }

    #[tokio::test(start_paused = true)]
    async fn the_first_window_is_used_at_once_and_the_next_after_the_window() {
        let gate = gate(3);
        let start = Instant::now();
        let mut sent = Vec::new();
        for _ in 0..7 {
            drop(gate.enter(far(), LONGEST_HOLD).await.unwrap());
            sent.push((Instant::now() - start).as_secs());
        }
        assert_eq!(sent, [0, 0, 0, 10, 10, 10, 20]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_place_comes_back_a_window_after_the_answer_not_after_the_request() {
        let gate = gate(1);
        let start = Instant::now();
        let place = gate.enter(far(), LONGEST_HOLD).await.unwrap();
        let release = async {
            tokio::time::sleep(Duration::from_secs(5)).await;
            drop(place);
        };
        let (_, next) = tokio::join!(release, gate.enter(far(), LONGEST_HOLD));
        assert_eq!((next.is_ok(), (Instant::now() - start).as_secs()), (true, 15));
    }

    #[tokio::test(start_paused = true)]
    async fn a_wait_beyond_the_deadline_is_not_begun() {
        let gate = gate(1);
        drop(gate.enter(far(), LONGEST_HOLD).await.unwrap());
        let start = Instant::now();
        assert_eq!(gate.enter(start + Duration::from_secs(3), LONGEST_HOLD).await.unwrap_err(), NoPlace(WINDOW));
        assert_eq!(Instant::now(), start);
    }

    #[tokio::test(start_paused = true)]
    async fn a_hold_holds_everyone_and_ends() {
        let gate = Gate::new(None);
        gate.hold(Duration::from_secs(4));
        gate.hold(Duration::from_secs(2));
        let start = Instant::now();
        drop(gate.enter(far(), LONGEST_HOLD).await.unwrap());
        assert_eq!((Instant::now() - start).as_secs(), 4);
    }

    #[tokio::test(start_paused = true)]
    async fn a_vendor_is_asked_again_after_an_hour_whatever_it_said() {
        let gate = Gate::new(None);
        let start = Instant::now();
        gate.hold(Duration::MAX);
        drop(gate.enter(start + 3 * LONGEST_HOLD, Duration::MAX).await.unwrap());
        assert_eq!(Instant::now() - start, LONGEST_HOLD);
        gate.note(Instant::now(), 0, Duration::MAX);
        drop(gate.enter(start + 3 * LONGEST_HOLD, Duration::MAX).await.unwrap());
        assert_eq!(Instant::now() - start, 2 * LONGEST_HOLD);
    }

    #[tokio::test(start_paused = true)]
    async fn a_request_that_is_done_ends_a_hold_that_began_before_it() {
        let gate = Gate::new(None);
        let start = Instant::now();
        let early = gate.enter(far(), LONGEST_HOLD).await.unwrap().give_back();
        tokio::time::advance(Duration::from_secs(1)).await;
        gate.hold(Duration::from_secs(40));
        gate.lift(early);
        let held = gate.enter(far(), LONGEST_HOLD);
        let single = async {
            let sent_at = gate.enter(far(), Duration::from_secs(5)).await.unwrap().give_back();
            gate.lift(sent_at);
        };
        let (held, ()) = tokio::join!(held, single);
        assert_eq!((held.is_ok(), (Instant::now() - start).as_secs()), (true, 6));
    }

    #[tokio::test(start_paused = true)]
    async fn a_vendor_is_waited_for_no_longer_than_one_likes() {
        let gate = Gate::new(None);
        let start = Instant::now();
        gate.hold(Duration::from_secs(40));
        drop(gate.enter(far(), Duration::from_secs(5)).await.unwrap());
        assert_eq!((Instant::now() - start).as_secs(), 5);
        gate.note(Instant::now(), 0, Duration::from_secs(20));
        drop(gate.enter(far(), Duration::from_secs(8)).await.unwrap());
        assert_eq!((Instant::now() - start).as_secs(), 13);
        drop(gate.enter(far(), Duration::from_secs(60)).await.unwrap());
        assert_eq!((Instant::now() - start).as_secs(), 40);
    }

    #[tokio::test(start_paused = true)]
    async fn headers_that_say_none_is_left_hold_until_the_reset() {
        let gate = Gate::new(None);
        gate.note(Instant::now(), 2, Duration::from_secs(7));
        let start = Instant::now();
        let mut sent = Vec::new();
        for _ in 0..3 {
            drop(gate.enter(far(), LONGEST_HOLD).await.unwrap());
            sent.push((Instant::now() - start).as_secs());
        }
        assert_eq!(sent, [0, 0, 7]);
    }

    #[tokio::test(start_paused = true)]
    async fn headers_that_agree_with_our_own_count_add_no_wait() {
        let gate = gate(2);
        drop(gate.enter(far(), LONGEST_HOLD).await.unwrap());
        let sent_at = gate.enter(far(), LONGEST_HOLD).await.unwrap().give_back();
        gate.note(sent_at, 0, Duration::from_secs(999));
        let start = Instant::now();
        let sent_at = gate.enter(far(), LONGEST_HOLD).await.unwrap().give_back();
        assert_eq!((Instant::now() - start).as_secs(), 10);
        // Somebody else uses the limit too.
        gate.note(sent_at, 0, Duration::from_secs(30));
        drop(gate.enter(far(), LONGEST_HOLD).await.unwrap());
        assert_eq!((Instant::now() - start).as_secs(), 40);
    }

    #[tokio::test(start_paused = true)]
    async fn a_wait_beyond_the_deadline_is_not_begun_behind_others_either() {
        let gate = gate(1);
        drop(gate.enter(far(), LONGEST_HOLD).await.unwrap());
        let mut first = Box::pin(gate.enter(far(), LONGEST_HOLD));
        assert!((&mut first).now_or_never().is_none());
        let start = Instant::now();
        assert_eq!(gate.enter(start + Duration::from_secs(3), LONGEST_HOLD).await.unwrap_err(), NoPlace(WINDOW));
        assert_eq!(Instant::now(), start);
    }

    #[tokio::test(start_paused = true)]
    async fn places_go_in_the_order_they_were_asked_for() {
        let gate = gate(1);
        let order = Mutex::new(Vec::new());
        let one = |number| {
            let (gate, order) = (&gate, &order);
            async move {
                drop(gate.enter(far(), LONGEST_HOLD).await.unwrap());
                order.lock().unwrap().push(number);
            }
        };
        drop(gate.enter(far(), LONGEST_HOLD).await.unwrap());
        // Polled in another order than they asked in.
        let mut calls: Vec<_> = (0..5).map(|number| Box::pin(one(number))).collect();
        for call in &mut calls {
            let _ = call.now_or_never();
        }
        calls.reverse();
        futures_util::future::join_all(calls).await;
        assert_eq!(*order.lock().unwrap(), [0, 1, 2, 3, 4]);
    }

    #[tokio::test(start_paused = true)]
    async fn whoever_is_first_and_is_not_polled_holds_up_nobody() {
        let gate = gate(1);
        drop(gate.enter(far(), LONGEST_HOLD).await.unwrap());
        let mut unpolled = Box::pin(gate.enter(far(), LONGEST_HOLD));
        assert!((&mut unpolled).now_or_never().is_none());
        let start = Instant::now();
        drop(gate.enter(far(), LONGEST_HOLD).await.unwrap());
        assert_eq!(Instant::now() - start, WINDOW + PRECEDENCE);
        // Its place in the queue is not lost.
        drop(unpolled.await.unwrap());
        assert_eq!(Instant::now() - start, 2 * WINDOW + PRECEDENCE);
    }

    #[tokio::test(start_paused = true)]
    async fn one_who_stops_waiting_leaves_the_queue() {
        let gate = gate(1);
        drop(gate.enter(far(), LONGEST_HOLD).await.unwrap());
        let mut leaving = Box::pin(gate.enter(far(), LONGEST_HOLD));
        assert!((&mut leaving).now_or_never().is_none());
        let mut staying = Box::pin(gate.enter(far(), LONGEST_HOLD));
        assert!((&mut staying).now_or_never().is_none());
        drop(leaving);
        let start = Instant::now();
        drop(staying.await.unwrap());
        assert_eq!(Instant::now() - start, WINDOW);
        assert!(gate.state().waiting.is_empty());
    }

    #[tokio::test(start_paused = true)]
    async fn answers_in_another_order_than_counted_do_not_raise_what_is_left() {
        let gate = Gate::new(None);
        let (first, second) =
            (gate.enter(far(), LONGEST_HOLD).await.unwrap(), gate.enter(far(), LONGEST_HOLD).await.unwrap());
        let start = Instant::now();
        gate.note(second.give_back(), 0, Duration::from_secs(7));
        gate.note(first.give_back(), 1, Duration::from_secs(7));
        let sent_at = gate.enter(far(), LONGEST_HOLD).await.unwrap().give_back();
        assert_eq!((Instant::now() - start).as_secs(), 7);
        // A request that was sent after what is known was heard knows better.
        gate.note(sent_at, 0, Duration::from_secs(7));
        tokio::time::advance(Duration::from_secs(1)).await;
        gate.note(Instant::now(), 1, Duration::from_secs(7));
        drop(gate.enter(far(), LONGEST_HOLD).await.unwrap());
        assert_eq!((Instant::now() - start).as_secs(), 8);
    }
}
