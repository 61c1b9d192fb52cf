//! A fixed window of requests, the way all five vendors count them.

use std::time::{Duration, Instant};

/// How many requests a vendor takes within a window that begins with the first of them.
#[derive(Debug)]
pub(super) struct Window {
    limit: u32,
    length: Duration,
    started: Instant,
    used: u32,
}

/// Where a request stands within its window.
#[derive(Debug, Clone, Copy)]
pub(super) struct Quota {
    pub(super) limit: u32,
    pub(super) remaining: u32,
    pub(super) reset: Duration,
    pub(super) exceeded: bool,
}

impl Window {
    pub(super) fn new(limit: u32, length: Duration) -> Self {
        Self { limit, length, started: Instant::now(), used: 0 }
    }

    /// Counts a request made now.
    pub(super) fn take(&mut self, now: Instant) -> Quota {
        if self.used == 0 || now.saturating_duration_since(self.started) >= self.length {
            self.started = now;
            self.used = 0;
        }
        self.used = self.used.saturating_add(1);
        self.quota(now)
    }

    /// Where the window stands, without counting.
    pub(super) fn quota(&self, now: Instant) -> Quota {
        let gone = now.saturating_duration_since(self.started);
        Quota {
            limit: self.limit,
            remaining: self.limit.saturating_sub(self.used),
            reset: self.length.saturating_sub(gone),
            exceeded: self.used > self.limit,
        }
    }
}

impl Quota {
    /// Seconds until the window resets, rounded up: whoever waits that long is let in.
    pub(super) fn reset_seconds(&self) -> u64 {
        self.reset.as_secs() + u64::from(self.reset.subsec_nanos() > 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_lets_in_its_limit_and_begins_anew_when_it_is_over() {
        let start = Instant::now();
        let mut window = Window::new(2, Duration::from_millis(1500));
        assert_eq!(window.take(start).remaining, 1);
        assert!(!window.take(start).exceeded);
        let over = window.take(start);
        assert!(over.exceeded);
        assert_eq!((over.remaining, over.reset_seconds()), (0, 2));
        assert!(!window.take(start + Duration::from_millis(1500)).exceeded);
    }
}
