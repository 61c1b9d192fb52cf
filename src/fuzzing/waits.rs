//! Waits: what headers ask for is never negative, never less for a later moment, and never a reason to stop working.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use http::{HeaderMap, HeaderName, HeaderValue};

use super::answers::{answer, noon};
use super::draw::Draw;
use crate::reading::{moment, refusal, seconds};
use crate::transport::{RetryPolicy, lifetime};
use crate::vendor::{Endpoint, cova, persona};

pub(super) fn check(data: &[u8]) {
    let mut draw = Draw::new(data);
    match draw.below(5) {
        0 => any_text(&String::from_utf8_lossy(draw.rest())),
        1 => {
            // Up to as long as the transport lets a header be.
            let times = draw.below(150_000);
            let text = draw.text();
            any_text(&text.repeat(times.min(400_000 / text.len().max(1))));
        }
        2 => numbers(draw.u64(), draw.u64()),
        3 => dates(&mut draw),
        _ => policies(&mut draw),
    }
}

/// How long a 429 with this header asks to wait.
fn asked(name: &'static str, value: &str) -> Option<Duration> {
    let mut headers = HeaderMap::new();
    headers.insert(HeaderName::from_static(name), HeaderValue::from_str(value).ok()?);
    refusal(&answer(429, headers, ""), |_| None, None).wait
}

fn any_text(text: &str) {
    let wait = asked("retry-after", text);
    let trimmed = text.trim();
    let is_digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let is_number = match trimmed.split_once('.') {
        Some((whole, part)) => is_digits(whole) && is_digits(part),
        None => is_digits(trimmed),
    };
    assert_eq!(seconds(trimmed).is_some(), is_number, "{trimmed:?}");
    match (wait, moment(trimmed)) {
        (Some(_), _) if is_number => {}
        (Some(wait), Some(moment)) => assert_eq!(wait, (moment - noon()).to_std().unwrap_or_default()),
        (Some(wait), None) => panic!("{text:?} asks for {wait:?}, and is neither a number nor a moment"),
        // A header's value is text only as far as it is ASCII.
        (None, found) => assert!(
            found.is_none() || !text.is_ascii() || HeaderValue::from_str(text).is_err(),
            "{text:?} is passed over"
        ),
    }
    for name in ["ratelimit-reset", "cova-apim-ratelimit-reset", "cova-apim-ratelimit-resetseconds"] {
        let mut headers = HeaderMap::new();
        let Ok(value) = HeaderValue::from_str(text) else { return };
        headers.insert(HeaderName::from_static(name), value);
        let answer = answer(200, headers, "");
        let limits = [persona::DeactivateConnection::rate_limit(&answer), cova::DisableUser::rate_limit(&answer)];
        for limit in limits.into_iter().flatten() {
            assert!(limit.reset_at.is_some_and(|at| at >= noon()), "{name}: {text:?} gives {limit:?}");
        }
    }
}

fn numbers(one: u64, other: u64) {
    let (less, more) = (one.min(other), one.max(other));
    assert_eq!(seconds(&less.to_string()), Some(Duration::from_secs(less)));
    assert!(seconds(&format!("{less}.{more}")) >= seconds(&less.to_string()));
    assert!(seconds(&format!("{more}{less}")) >= seconds(&more.to_string()));
    assert!(asked("retry-after", &less.to_string()) <= asked("retry-after", &more.to_string()));
}

fn dates(draw: &mut Draw<'_>) {
    // The years of which HTTP dates can tell.
    let mut moment_of = || DateTime::from_timestamp(i64::try_from(draw.below(1 << 24)).unwrap() * 15_000, 0).unwrap();
    let (one, other): (DateTime<Utc>, DateTime<Utc>) = (moment_of(), moment_of());
    let written = |at: DateTime<Utc>| {
        [
            at.format("%a, %d %b %Y %H:%M:%S GMT").to_string(),
            at.to_rfc3339(),
            at.format("%Y-%m-%dT%H:%M:%S").to_string(),
            at.format("%Y-%m-%dT%H:%M:%S%.6fZ").to_string(),
        ]
    };
    for at in [one, other] {
        let expected = (at - noon()).max(TimeDelta::zero()).to_std().unwrap();
        for text in written(at) {
            assert_eq!(asked("retry-after", &text), Some(expected), "{text}");
        }
    }
    let wait = |at| asked("retry-after", &written(at)[0]);
    assert!(wait(one.min(other)) <= wait(one.max(other)));
}

fn policies(draw: &mut Draw<'_>) {
    let mut duration = || Duration::new(draw.u64(), draw.u32() % 1_000_000_000);
    let (initial, max) = (duration(), duration());
    let policy = RetryPolicy::default().backoff(initial, max);
    assert!(policy.jittered(draw.u32()) <= max);
    let seconds = f64::from_bits(draw.u64());
    assert!(lifetime(Some(seconds)).is_none_or(|_| seconds >= 0.0 || seconds > -1e-9));
}
