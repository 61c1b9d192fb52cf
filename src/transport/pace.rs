//! Keeps the calls of one client inside a vendor's rate limit.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{Mutex as Turn, Notify};
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
    /// Held by the one who is next, so that places go in the order they were asked for.
    turn: Turn<()>,
    state: Mutex<State>,
    changed: Notify,
}

#[derive(Debug, Default)]
struct State {
    in_flight: u32,
    /// When the places of answered requests come back, earliest first.
    returning: VecDeque<Instant>,
    /// Nothing is sent before this.
    held_until: Option<Instant>,
    /// What the vendor's headers leave until the window they speak of ends.
    left: Option<Left>,
}

#[derive(Clone, Copy, Debug)]
struct Left {
    requests: u32,
    until: Instant,
}

/// A place inside the limit, given back when it is dropped.
#[derive(Debug)]
pub(crate) struct Place<'a>(&'a Gate);

/// There is no place in time; the first may come after this.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NoPlace(pub(crate) Duration);

impl Gate {
    pub(crate) fn new(limit: Option<Limit>) -> Self {
        Self { limit, turn: Turn::new(()), state: Mutex::default(), changed: Notify::new() }
    }

    /// Waits for a place. If none can come before `deadline`, says so at once.
    pub(crate) async fn enter(&self, deadline: Instant) -> Result<Place<'_>, NoPlace> {
        let late = |gate: &Self| NoPlace(gate.next(Instant::now()).saturating_duration_since(Instant::now()));
        let Ok(_turn) = timeout_at(deadline, self.turn.lock()).await else { return Err(late(self)) };
        loop {
            let changed = self.changed.notified();
            let now = Instant::now();
            let next = {
                let mut state = self.state();
                let next = state.next(self.limit, now);
                if next.is_some_and(|next| next <= now) {
                    state.take(now);
                    return Ok(Place(self));
                }
                next
            };
            match next {
                Some(next) if next >= deadline => return Err(NoPlace(next - now)),
                Some(next) => drop(timeout_at(next, changed).await),
                // All places are in flight: one comes back at the earliest when something is answered.
                None if timeout_at(deadline, changed).await.is_err() => return Err(late(self)),
                None => {}
            }
        }
    }

    /// Nothing is sent to this vendor for a time: it said so.
    pub(crate) fn hold(&self, time: Duration) {
        let until = Instant::now() + time;
        let mut state = self.state();
        state.held_until = Some(state.held_until.map_or(until, |held| held.max(until)));
        drop(state);
        self.changed.notify_waiters();
    }

    /// What the vendor's headers say is left, for how long.
    pub(crate) fn note(&self, remaining: u32, reset: Duration) {
        let now = Instant::now();
        let mut state = self.state();
        // Requests in flight may or may not be counted in what is left.
        let free = remaining.saturating_sub(state.in_flight);
        let known = self.limit.map(|limit| limit.requests.saturating_sub(state.taken(now)));
        state.left = match known {
            Some(known) if remaining >= known => None,
            _ => Some(Left { requests: free, until: now + reset }),
        };
        drop(state);
        self.changed.notify_waiters();
    }

    fn next(&self, now: Instant) -> Instant {
        self.state().next(self.limit, now).unwrap_or(now)
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
    fn next(&mut self, limit: Option<Limit>, now: Instant) -> Option<Instant> {
        let mut next = self.held_until.filter(|held| *held > now).unwrap_or(now);
        if let Some(left) = self.left.filter(|left| left.until > now && left.requests == 0) {
            next = next.max(left.until);
        }
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

impl Drop for Place<'_> {
    fn drop(&mut self) {
        let mut state = self.0.state();
        state.in_flight = state.in_flight.saturating_sub(1);
        if let Some(limit) = self.0.limit {
            state.returning.push_back(Instant::now() + limit.window);
        }
        drop(state);
        self.0.changed.notify_waiters();
    }
}

#[cfg(test)]
mod tests {
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
            drop(gate.enter(far()).await.unwrap());
            sent.push((Instant::now() - start).as_secs());
        }
        assert_eq!(sent, [0, 0, 0, 10, 10, 10, 20]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_place_comes_back_a_window_after_the_answer_not_after_the_request() {
        let gate = gate(1);
        let start = Instant::now();
        let place = gate.enter(far()).await.unwrap();
        let release = async {
            tokio::time::sleep(Duration::from_secs(5)).await;
            drop(place);
        };
        let (_, next) = tokio::join!(release, gate.enter(far()));
        assert_eq!((next.is_ok(), (Instant::now() - start).as_secs()), (true, 15));
    }

    #[tokio::test(start_paused = true)]
    async fn a_wait_beyond_the_deadline_is_not_begun() {
        let gate = gate(1);
        drop(gate.enter(far()).await.unwrap());
        let start = Instant::now();
        assert_eq!(gate.enter(start + Duration::from_secs(3)).await.unwrap_err(), NoPlace(WINDOW));
        assert_eq!(Instant::now(), start);
    }

    #[tokio::test(start_paused = true)]
    async fn a_hold_holds_everyone_and_ends() {
        let gate = Gate::new(None);
        gate.hold(Duration::from_secs(4));
        gate.hold(Duration::from_secs(2));
        let start = Instant::now();
        drop(gate.enter(far()).await.unwrap());
        assert_eq!((Instant::now() - start).as_secs(), 4);
    }

    #[tokio::test(start_paused = true)]
    async fn headers_that_say_none_is_left_hold_until_the_reset() {
        let gate = Gate::new(None);
        gate.note(2, Duration::from_secs(7));
        let start = Instant::now();
        let mut sent = Vec::new();
        for _ in 0..3 {
            drop(gate.enter(far()).await.unwrap());
            sent.push((Instant::now() - start).as_secs());
        }
        assert_eq!(sent, [0, 0, 7]);
    }

    #[tokio::test(start_paused = true)]
    async fn headers_that_agree_with_our_own_count_add_no_wait() {
        let gate = gate(2);
        drop(gate.enter(far()).await.unwrap());
        drop(gate.enter(far()).await.unwrap());
        gate.note(0, Duration::from_secs(999));
        let start = Instant::now();
        drop(gate.enter(far()).await.unwrap());
        assert_eq!((Instant::now() - start).as_secs(), 10);
        // Somebody else uses the limit too.
        gate.note(0, Duration::from_secs(30));
        drop(gate.enter(far()).await.unwrap());
        assert_eq!((Instant::now() - start).as_secs(), 40);
    }
}
