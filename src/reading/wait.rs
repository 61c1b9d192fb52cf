//! How long a vendor asks to wait.

use std::time::Duration;

use chrono::{DateTime, NaiveDateTime, TimeDelta, Utc};
use http::{HeaderName, HeaderValue};

use crate::receipt::RateLimit;
use crate::transport::Answer;

/// `Retry-After`, as seconds or as an HTTP date; a date in the past asks for no wait.
pub(crate) fn retry_after(value: &HeaderValue, now: DateTime<Utc>) -> Option<Duration> {
    let text = value.to_str().ok()?.trim();
    if let Some(wait) = seconds(text) {
        return Some(wait);
    }
    Some((moment(text)? - now).to_std().unwrap_or_default())
}

/// Seconds, rounded up to whole ones; more than can be counted is as long as can be counted.
pub(crate) fn seconds(text: &str) -> Option<Duration> {
    let (whole, part) = text.split_once('.').unwrap_or((text, "0"));
    let is_number = |digits: &str| !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    if !is_number(whole) || !is_number(part) {
        return None;
    }
    let more = u64::from(part.bytes().any(|byte| byte != b'0'));
    Some(Duration::from_secs(whole.parse().unwrap_or(u64::MAX).saturating_add(more)))
}

/// A moment in UTC: as an HTTP date or as ISO 8601, with a zone or without.
pub(crate) fn moment(text: &str) -> Option<DateTime<Utc>> {
    let text = text.trim();
    if let Ok(date) = httpdate::parse_http_date(text) {
        return Some(date.into());
    }
    let zoned = text.parse::<DateTime<Utc>>().ok();
    zoned.or_else(|| text.parse::<NaiveDateTime>().ok().map(|moment| moment.and_utc()))
}

/// The rate limit that headers with these names state, if any does; `reset` is how long its window still lasts.
pub(crate) fn rate_limit(
    answer: &Answer,
    limit: &HeaderName,
    remaining: &HeaderName,
    reset: Option<Duration>,
) -> Option<RateLimit> {
    let count = |name| answer.header(name)?.parse().ok();
    let (limit, remaining) = (count(limit), count(remaining));
    let reset_at = reset.and_then(|reset| instant(answer.received_at, reset));
    let any = limit.is_some() || remaining.is_some() || reset_at.is_some();
    any.then_some(RateLimit { limit, remaining, reset_at })
}

/// The instant `wait` from `now`, if the calendar reaches that far.
fn instant(now: DateTime<Utc>, wait: Duration) -> Option<DateTime<Utc>> {
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
        assert_eq!(read("1.5"), Some(Duration::from_secs(2)));
        assert_eq!(read("2.000"), Some(Duration::from_secs(2)));
        assert_eq!(read("99999999999999999999999"), Some(Duration::from_secs(u64::MAX)));
    }

    #[test]
    fn anything_else_asks_for_nothing() {
        for text in ["", "-1", "+5", "1.", ".5", "1.x", "soon", "5 s", "0x10", "Thu, 45 Jan 2026 22:42:45 GMT"] {
            assert_eq!(read(text), None, "{text}");
        }
    }

    #[test]
    fn a_header_as_long_as_the_transport_allows_is_no_number() {
        // Reading it part by part once took a stack as deep as there are points.
        assert_eq!(read("1.2.3"), None);
        assert_eq!(read(&"1.".repeat(200_000)), None);
    }

    #[test]
    fn an_instant_beyond_the_calendar_is_none() {
        assert_eq!(instant(Utc::now(), Duration::from_secs(u64::MAX)), None);
        assert_eq!(instant(DateTime::<Utc>::MAX_UTC, Duration::from_secs(1)), None);
    }
}
