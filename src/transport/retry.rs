//! When to try again.

use std::time::Duration;

/// How often a call is attempted, and how long to wait in between.
///
/// Retried are failures to connect (not certificate errors), time-outs, a success whose body breaks off, the statuses
/// 408, 429, 500, 502, 503 and 504, and what a vendor's rules add. All requests of this crate are safe to repeat.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RetryPolicy {
    pub(crate) max_attempts: u32,
    pub(crate) initial: Duration,
    pub(crate) max: Duration,
    pub(crate) max_wait: Duration,
}

impl Default for RetryPolicy {
    /// 3 attempts; waits up to 0.5 s, doubling to 8 s; a vendor is waited for up to 60 s.
    fn default() -> Self {
        Self {
            max_attempts: 3,
            initial: Duration::from_millis(500),
            max: Duration::from_secs(8),
            max_wait: Duration::from_secs(60),
        }
    }
}

impl RetryPolicy {
    /// One attempt only. A rejected token is still renewed once, see [`Credential::from_fn`](crate::Credential::from_fn).
    pub fn none() -> Self {
        Self::default().max_attempts(1)
    }

    /// How many attempts a call may make, the first one included; at least 1. The default is 3.
    #[must_use]
    pub fn max_attempts(mut self, attempts: u32) -> Self {
        self.max_attempts = attempts;
        self
    }

    /// The longest wait before the second attempt, and the longest before any: it doubles in between, and the wait is
    /// drawn evenly from zero to that ("full jitter"). The defaults are 0.5 s and 8 s.
    #[must_use]
    pub fn backoff(mut self, initial: Duration, max: Duration) -> Self {
        self.initial = initial;
        self.max = max;
        self
    }

    /// The longest wait a vendor may ask for (by `Retry-After` or its rate limit's headers). A longer one is not begun:
    /// the error comes back at once and says how long. The default is 60 s. (The entries of a plan that were not sent yet
    /// wait for as long as the vendor says, up to an hour.)
    #[must_use]
    pub fn max_wait(mut self, wait: Duration) -> Self {
        self.max_wait = wait;
        self
    }

    /// The wait after the `attempt`-th attempt, without a vendor's word on it.
    pub(crate) fn jittered(&self, attempt: u32) -> Duration {
        self.ceiling(attempt).mul_f64(fastrand::f64())
    }

    fn ceiling(&self, attempt: u32) -> Duration {
        let doublings = attempt.saturating_sub(1).min(31);
        self.initial.saturating_mul(1 << doublings).min(self.max)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ceiling_doubles_up_to_its_maximum() {
        let policy = RetryPolicy::default();
        let ceilings: Vec<_> = (1..=6).map(|attempt| policy.ceiling(attempt).as_millis()).collect();
        assert_eq!(ceilings, [500, 1000, 2000, 4000, 8000, 8000]);
        assert_eq!(policy.ceiling(u32::MAX), Duration::from_secs(8));
        assert_eq!(policy.backoff(Duration::MAX, Duration::MAX).ceiling(9), Duration::MAX);
    }

    #[test]
    fn the_wait_is_drawn_from_zero_to_the_ceiling() {
        let policy = RetryPolicy::default();
        let waits: Vec<_> = (0..200).map(|_| policy.jittered(1)).collect();
        assert!(waits.iter().all(|wait| *wait <= Duration::from_millis(500)));
        assert!(waits.iter().any(|wait| *wait < Duration::from_millis(150)));
        assert!(waits.iter().any(|wait| *wait > Duration::from_millis(350)));
    }
}
