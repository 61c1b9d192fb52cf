//! Answers as a vendor, a proxy, or somebody hostile may send them.

use bytes::Bytes;
use chrono::{DateTime, Utc};
use http::{HeaderMap, HeaderName, HeaderValue};

use super::draw::Draw;
use super::json::{self, Way};
use crate::error::ErrorKind;
use crate::transport::{Answer, Body, Failure};

/// What a vendor's bodies are made of.
pub(super) struct Vocabulary {
    /// Bodies as the vendor sends them, to begin with.
    pub(super) bodies: &'static [&'static str],
    /// Names of members that mean something to it, or nearly so.
    pub(super) names: &'static [&'static str],
    /// Values that mean something to it, as they are written.
    pub(super) values: &'static [&'static str],
    /// Members that turn what a body says.
    pub(super) turns: &'static [(&'static str, &'static str)],
}

/// Values that are worth trying anywhere, beside each vendor's own.
const VALUES: &[&str] = &[
    "null",
    "true",
    "false",
    "0",
    "1",
    "-1",
    "0.0",
    "1e400",
    "1e999",
    "123456789012345678901234567890",
    r#""""#,
    r#"" ""#,
    r#""true""#,
    r#""False""#,
    r#""0""#,
    r#""nan""#,
    "[]",
    "{}",
    "[null]",
    "[{}]",
    r#""\ud83d""#,
    r#""<b>no</b>\r\n\u001b[31m\u202e""#,
];

const STATUSES: &[u16] = &[
    200, 404, 409, 422, 204, 400, 401, 403, 408, 410, 417, 429, 500, 501, 502, 503, 504, 201, 202, 206, 301, 302, 304,
    100, 0, 199, 300, 399, 499, 599, 600, 999,
];

const HEADERS: &[&str] = &[
    "retry-after",
    "content-type",
    "location",
    "request-id",
    "x-request-id",
    "ratelimit-limit",
    "ratelimit-remaining",
    "ratelimit-reset",
    "cova-apim-ratelimit-limit",
    "cova-apim-ratelimit-remaining",
    "cova-apim-ratelimit-reset",
    "cova-apim-ratelimit-resetseconds",
];

const HEADER_VALUES: &[&str] = &[
    "0",
    "1",
    "42",
    "1.5",
    "-1",
    "99999999999999999999999999",
    "18446744073709551615",
    "Thu, 15 Jan 2026 12:00:30 GMT",
    "Fri, 31 Dec 9999 23:59:59 GMT",
    "Thu, 01 Jan 1970 00:00:00 GMT",
    "2026-01-15T12:00:30Z",
    "2026-01-15T12:00:30",
    "+262142-12-31T23:59:59Z",
    "-262143-01-01T00:00:00Z",
    "2016-12-31T23:59:60Z",
    "text/html",
    "application/json",
    "https://elsewhere.example/?token=x",
    "//elsewhere.example:99999/",
    "",
];

/// When every answer is received.
pub(super) fn noon() -> DateTime<Utc> {
    DateTime::from_timestamp(1_768_478_400, 0).unwrap()
}

pub(super) fn answer(status: u16, headers: HeaderMap, body: impl Into<Bytes>) -> Answer {
    Answer { status, headers, body: Body::Whole(body.into()), raw: Bytes::new(), members: None, received_at: noon() }
}

/// An answer of a vendor with this vocabulary.
pub(super) fn draw(draw: &mut Draw<'_>, vocabulary: &Vocabulary) -> Answer {
    // Most of what there is to get wrong is in a success.
    let status = match draw.below(64) {
        at if at < STATUSES.len() => STATUSES[at],
        63 => u16::try_from(draw.below(1000)).unwrap(),
        _ => 200,
    };
    let mut headers = HeaderMap::new();
    for _ in 0..draw.below(4) {
        let name = HeaderName::from_static(draw.one_of(HEADERS));
        let value = match draw.flag() {
            true => HeaderValue::from_static(draw.one_of(HEADER_VALUES)),
            false => HeaderValue::from_bytes(draw.bytes()).unwrap_or(HeaderValue::from_static("\t")),
        };
        headers.append(name, value);
    }
    let body = match draw.below(8) {
        0 => Body::Whole(Bytes::copy_from_slice(draw.rest())),
        1 => match draw.below(4) {
            0 => Body::BrokenOff(Failure::new(ErrorKind::Connection, "it broke off")),
            1 => Body::BrokenOff(Failure::lasting(ErrorKind::Timeout, draw.text())),
            2 => Body::TooLarge { limit: draw.below(1 << 20) },
            _ => Body::Undecodable(draw.text()),
        },
        _ => Body::Whole(near_valid(draw, vocabulary).into()),
    };
    Answer { body, ..answer(status, headers, "") }
}

/// One of the vendor's bodies with a few things changed.
fn near_valid(draw: &mut Draw<'_>, vocabulary: &Vocabulary) -> Vec<u8> {
    let body: &str = draw.one_of(vocabulary.bodies);
    let mut bytes = match json::parse(body.as_bytes()) {
        Some(mut json) => {
            for _ in 0..draw.below(4) {
                let (name, value) = vocabulary.turns[draw.below(vocabulary.turns.len())];
                let way = Way::ALL[[0, 0, 1, 2][draw.below(4)]];
                json.put(draw.below(8), way, name, value);
            }
            for _ in 0..[0, 0, 0, 1, 1, 2, 3, 5][draw.below(8)] {
                let values = if draw.flag() { VALUES } else { vocabulary.values };
                json.mutate(draw, vocabulary.names, values);
            }
            json.to_string().into_bytes()
        }
        None => body.as_bytes().to_vec(),
    };
    if draw.below(8) == 1 {
        draw.scratch(&mut bytes);
    }
    bytes
}
