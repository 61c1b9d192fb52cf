//! How long a vendor asks to wait.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use http::HeaderValue;

/// `Retry-After`, as seconds or as an HTTP date; a date in the past asks for no wait.
pub(crate) fn retry_after(value: &HeaderValue, now: DateTime<Utc>) -> Option<Duration> {
    let text = value.to_str().ok()?.trim();
    if let Some(wait) = seconds(text) {
        return Some(wait);
    }
    let at = DateTime::<Utc>::from(httpdate::parse_http_date(text).ok()?);
    Some((at - now).to_std().unwrap_or_default())
}

/// Whole seconds; more than can be counted is as long as can be counted.
pub(crate) fn seconds(text: &str) -> Option<Duration> {
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    Some(Duration::from_secs(text.parse().unwrap_or(u64::MAX)))
}

/// The instant `wait` from `now`, if the calendar reaches that far.
pub(crate) fn instant(now: DateTime<Utc>, wait: Duration) -> Option<DateTime<Utc>> {
    now.checked_add_signed(TimeDelta::from_std(wait).ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Option<Duration> {
        let now = "2026-01-15T22:42:15Z".parse().unwrap();
        retry_after(&HeaderValue::from_str(text).unwrap(), now)
    }

    #[test]
    fn seconds_and_dates_are_read() {
        assert_eq!(read("5"), Some(Duration::from_secs(5)));
        assert_eq!(read(" 0 "), Some(Duration::ZERO));
        assert_eq!(read("Thu, 15 Jan 2026 22:42:45 GMT"), Some(Duration::from_secs(30)));
        assert_eq!(read("Thu, 15 Jan 2026 22:42:00 GMT"), Some(Duration::ZERO));
        assert_eq!(read("99999999999999999999999"), Some(Duration::from_secs(u64::MAX)));
    }

    #[test]
    fn anything_else_asks_for_nothing() {
        for text in ["", "-1", "+5", "1.5", "soon", "5 s", "0x10", "Thu, 45 Jan 2026 22:42:45 GMT"] {
            assert_eq!(read(text), None, "{text}");
        }
    }

    #[test]
    fn an_instant_beyond_the_calendar_is_none() {
        assert_eq!(instant(Utc::now(), Duration::from_secs(u64::MAX)), None);
        assert_eq!(instant(DateTime::<Utc>::MAX_UTC, Duration::from_secs(1)), None);
    }
}
