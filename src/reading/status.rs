//! What a status means, the same for all vendors.

use std::time::Duration;

use http::header::{LOCATION, RETRY_AFTER};

use super::{Finding, Retry, Words, wait};
use crate::error::{Access, ErrorKind};
use crate::transport::{Answer, Body};

/// A response that is not this vendor's, or not one that says anything.
pub(crate) fn unexpected(what: impl Into<String>) -> Finding {
    Finding::new(ErrorKind::UnexpectedResponse, Access::Unknown, what)
}

/// A response that says yes and no.
pub(crate) fn contradicts(for_it: &str, against_it: &str) -> Finding {
    unexpected(format!("the response contradicts itself: {for_it} beside {against_it}"))
}

/// The body of a success, if it came whole and can be read.
pub(crate) fn whole(answer: &Answer) -> Result<&[u8], Finding> {
    match &answer.body {
        Body::Whole(bytes) => Ok(bytes.trim_ascii()),
        Body::BrokenOff(failure) => Err(Finding::from_failure(failure, Access::Unknown)),
        Body::TooLarge { limit } => Err(unexpected(format!("the response is longer than {limit} bytes"))),
        Body::Undecodable(why) => Err(unexpected(format!("the response cannot be decoded: {why}"))),
    }
}

/// What any response says whose status is not one the vendor's own reading takes: a refusal, a failure, a redirect.
///
/// `words` finds the vendor's words in a body; `reset` is when the rate limit's window ends by the vendor's own headers,
/// which matters to a 429 without `Retry-After`.
pub(crate) fn refusal(answer: &Answer, words: fn(&[u8]) -> Option<Words>, reset: Option<Duration>) -> Finding {
    let status = answer.status;
    if !(400..=599).contains(&status) {
        return not_an_answer(answer);
    }
    let words = words(answer.bytes()).unwrap_or_else(|| Words::of_any(answer));
    Finding { wait: retry_after(answer).or(reset.filter(|_| status == 429)), ..named(status, words) }
}

/// What a refusal inside a 200 says: the same as the status it names, whatever came before.
///
/// `named_status` is `None` where it names none that is a refusal; one that is no HTTP status names no kind.
pub(crate) fn refusal_within(answer: &Answer, named_status: Option<f64>, words: Words) -> Finding {
    let status = named_status.filter(|status| status.fract() == 0.0 && (400.0..=599.0).contains(status));
    let finding = match status {
        Some(status) => named(status as u16, words),
        None => {
            Finding { details: words.details, ..Finding::new(ErrorKind::Rejected, Access::Unchanged, words.message) }
        }
    };
    Finding { wait: retry_after(answer), ..finding }
}

fn retry_after(answer: &Answer) -> Option<Duration> {
    wait::retry_after(answer.headers.get(RETRY_AFTER)?, answer.received_at)
}

/// The table of refusals and failures.
fn named(status: u16, words: Words) -> Finding {
    let (kind, access, retry) = match status {
        408 => (ErrorKind::Unavailable, Access::Unknown, Retry::SameKey),
        401 => (ErrorKind::Unauthorized, Access::Unchanged, Retry::No),
        403 => (ErrorKind::Forbidden, Access::Unchanged, Retry::No),
        404 | 410 => (ErrorKind::NotFound, Access::Unchanged, Retry::No),
        409 => (ErrorKind::Conflict, Access::Unchanged, Retry::No),
        429 => (ErrorKind::RateLimited, Access::Unchanged, Retry::SameKey),
        400..=499 => (ErrorKind::Rejected, Access::Unchanged, Retry::No),
        500 | 502 | 503 | 504 => (ErrorKind::Unavailable, Access::Unknown, Retry::SameKey),
        _ => (ErrorKind::Unavailable, Access::Unknown, Retry::No),
    };
    Finding { retry, details: words.details, ..Finding::new(kind, access, words.message) }
}

/// A success that promises instead of stating, a redirect, or no HTTP at all.
fn not_an_answer(answer: &Answer) -> Finding {
    if let Body::BrokenOff(failure) = &answer.body
        && (200..=399).contains(&answer.status)
    {
        return Finding::from_failure(failure, Access::Unknown);
    }
    match answer.status {
        200..=299 => unexpected(format!("status {} is not how this vendor reports success", answer.status)),
        300..=399 => unexpected(match redirect_host(answer) {
            Some(host) => format!("a redirect to {host}, which was not followed"),
            None => "a redirect, which was not followed".to_owned(),
        }),
        status => unexpected(format!("status {status} is not an answer")),
    }
}

/// The host a redirect points at; the rest of its URL may hold anything.
fn redirect_host(answer: &Answer) -> Option<String> {
    const SAME_HOST: &str = "same-host.invalid";
    let location = answer.headers.get(LOCATION)?.to_str().ok()?;
    let base = reqwest::Url::parse(&format!("https://{SAME_HOST}/")).ok()?;
    Some(match base.join(location).ok()?.host_str()? {
        SAME_HOST => "another path of the same host".to_owned(),
        host => host.to_owned(),
    })
}
