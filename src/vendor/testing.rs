//! What the tests of all vendors share: answers as they would come, readings in one line, and what every vendor's
//! reading has in common.

mod revocations;

use std::fmt::Debug;
use std::ops::RangeInclusive;

use bytes::Bytes;
use chrono::{DateTime, Utc};
use http::{HeaderName, HeaderValue};
use schemars::JsonSchema;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::Endpoint;
use crate::error::{Access, Detail, Error, ErrorKind};
use crate::reading::{Doubt, Finding, Reading, Verdict};
use crate::transport::{Answer, Body, Failure};

/// The call's first attempt.
pub(super) const AT_FIRST: Doubt = Doubt { open: false, was_there: false };

/// After an attempt of unknown fate.
pub(super) const IN_DOUBT: Doubt = Doubt { open: true, was_there: true };

/// A row of a table of readings: what it pins, the answer, and the reading in one line.
pub(super) type Row = (&'static str, Answer, &'static str);

/// What the examples of a vendor's document are checked with.
pub(super) trait Documented: Endpoint {
    /// The document's file, without `.yaml`.
    const DOCUMENT: &'static str;

    /// The operation that this request calls.
    const OPERATION: &'static str;

    /// The request that the document's examples are about: `parameters` are the operation's examples by name.
    fn documented(parameters: &Map<String, Value>, body: Option<&Value>) -> Self;

    /// Decodes an example with the generated type of its schema, and writes it again.
    fn decode(schema: &str, example: &Value) -> Result<Value, String>;
}

/// Decodes with a type, and writes it again.
pub(super) fn again<T: DeserializeOwned + Serialize>(example: &Value) -> Result<Value, String> {
    let typed: T = serde_json::from_value(example.clone()).map_err(|error| error.to_string())?;
    serde_json::to_value(typed).map_err(|error| error.to_string())
}

/// When all answers of the tests are received.
pub(super) fn noon() -> DateTime<Utc> {
    "2026-01-15T12:00:00Z".parse().unwrap()
}

/// A whole answer, said to be JSON.
pub(super) fn answer(status: u16, body: impl Into<Bytes>) -> Answer {
    let answer = Answer {
        status,
        headers: http::HeaderMap::new(),
        body: Body::Whole(body.into()),
        raw: Bytes::new(),
        members: None,
        received_at: noon(),
    };
    answer.with("content-type", "application/json; charset=utf-8")
}

/// A 200.
pub(super) fn ok(body: impl Into<Bytes>) -> Answer {
    answer(200, body)
}

/// A page as gateways and proxies send it.
pub(super) fn page(status: u16) -> Answer {
    let page = "<!DOCTYPE html>\n<html><head><title>Sign in - Acme</title></head><body><p>user</p></body></html>";
    answer(status, page).with("content-type", "text/html")
}

/// An answer whose body is not whole, or not readable.
pub(super) fn cut(status: u16, body: Body) -> Answer {
    Answer { body, ..answer(status, "") }
}

pub(super) fn broken_off() -> Body {
    Body::BrokenOff(Failure::new(ErrorKind::Connection, "the response broke off"))
}

fn stalled() -> Body {
    Body::BrokenOff(Failure::new(ErrorKind::Timeout, "the response stalled"))
}

impl Answer {
    /// The answer with a header, in place of one of that name.
    pub(super) fn with(mut self, name: &str, value: &str) -> Self {
        let name = HeaderName::from_bytes(name.as_bytes()).unwrap();
        self.headers.insert(name, HeaderValue::from_bytes(value.as_bytes()).unwrap());
        self
    }
}

/// Reads an answer as the client does: the vendor's mending comes first.
pub(super) fn read<E: Endpoint>(request: &E, answer: &Answer, doubt: Doubt) -> Reading {
    request.read(&mended::<E>(answer), doubt)
}

pub(super) fn mended<E: Endpoint>(answer: &Answer) -> Answer {
    let mut answer = answer.clone();
    if let Body::Whole(bytes) = answer.body {
        answer.body = Body::Whole(E::mend(bytes));
    }
    answer
}

/// A reading in one line: `revoked, confirmed`, `look`, or `not found, unchanged` and what else there is to a finding.
pub(super) fn line(reading: &Reading) -> String {
    let finding = match reading {
        Reading::Gone(gone) => return format!("{}, {}", gone.outcome, gone.evidence),
        Reading::Look => return "look".to_owned(),
        Reading::NotGone(finding) => finding,
    };
    let mut line = format!("{}, {}", finding.kind, finding.access);
    if finding.shows_state {
        line += ", shown";
    }
    line += match finding.retry {
        crate::reading::Retry::No => "",
        crate::reading::Retry::SameKey => ", same key",
        crate::reading::Retry::NextKey => ", next key",
    };
    if let Some(wait) = finding.wait {
        line += &format!(", wait {wait:?}");
    }
    if !finding.not_revoked.is_empty() {
        line += &format!(", left: {}", finding.not_revoked.join(" "));
    }
    line
}

/// The same of what a look came to.
pub(super) fn line_of(verdict: Verdict) -> String {
    line(&verdict.into())
}

/// Checks all rows of a table, and fails with all that are wrong.
pub(super) fn check<E: Endpoint>(request: &E, doubt: Doubt, rows: impl IntoIterator<Item = Row>) {
    let wrong: Vec<String> = rows
        .into_iter()
        .filter_map(|(what, answer, expected)| {
            let reading = line(&read(request, &answer, doubt));
            (reading != expected).then(|| format!("{what}: expected `{expected}`, read `{reading}`"))
        })
        .collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// The words that are read off a refusal: `message | field: detail | detail`.
pub(super) fn words<E: Endpoint>(request: &E, answer: &Answer) -> String {
    let Reading::NotGone(Finding { message, details, .. }) = read(request, answer, AT_FIRST) else {
        panic!("not a refusal: {answer:?}");
    };
    let details = details.into_iter().map(|Detail { field, message }| match field {
        Some(field) => format!("{field}: {message}"),
        None => message,
    });
    std::iter::once(message).chain(details).collect::<Vec<_>>().join(" | ")
}

/// Checks the words of refusals.
pub(super) fn check_words<E: Endpoint>(
    request: &E,
    rows: impl IntoIterator<Item = (&'static str, Answer, &'static str)>,
) {
    for (what, answer, expected) in rows {
        assert_eq!(words(request, &answer), expected, "{what}");
    }
}

/// What an attempt leaves true of the access, given what earlier ones left.
pub(super) fn joined(mut doubt: Doubt, reading: &Reading) -> Access {
    match reading {
        Reading::NotGone(finding) => doubt.join(finding),
        other => panic!("nothing to join: {other:?}"),
    }
}

const UNEXPECTED: &str = "unexpected response, unknown";

/// What each status says without a body that says more, unless the vendor has a reading of its own for it.
const STATUSES: &[(RangeInclusive<u16>, &str)] = &[
    (0..=199, UNEXPECTED),
    (201..=399, UNEXPECTED),
    (400..=400, "rejected, unchanged"),
    (401..=401, "unauthorized, unchanged"),
    (402..=402, "rejected, unchanged"),
    (403..=403, "forbidden, unchanged"),
    (404..=404, "not found, unchanged"),
    (405..=407, "rejected, unchanged"),
    (408..=408, "unavailable, unknown, same key"),
    (409..=409, "conflict, unchanged"),
    (410..=410, "not found, unchanged"),
    (411..=428, "rejected, unchanged"),
    (429..=429, "rate limited, unchanged, same key"),
    (430..=499, "rejected, unchanged"),
    (500..=500, "unavailable, unknown, same key"),
    (501..=501, "unavailable, unknown"),
    (502..=504, "unavailable, unknown, same key"),
    (505..=599, "unavailable, unknown"),
    (600..=999, UNEXPECTED),
];

/// The statuses that a vendor reads in its own way.
pub(super) type OwnStatuses = [(RangeInclusive<u16>, &'static str)];

fn expected(status: u16, own: &OwnStatuses) -> &'static str {
    let mut rules = own.iter().chain(STATUSES);
    rules.find(|(statuses, _)| statuses.contains(&status)).map(|(_, reading)| *reading).unwrap()
}

/// Bodies that are no vendor's.
fn foreign_bodies() -> Vec<(&'static str, Answer)> {
    let nested = |open: &str, close: &str| format!("{}{}", open.repeat(100_000), close.repeat(100_000));
    vec![
        ("a page", page(200)),
        ("a page that is said to be JSON", page(200).with("content-type", "application/json")),
        ("a page behind a comment", ok("<!-- proxy --><html><body>OK</body></html>")),
        ("text", ok("OK").with("content-type", "text/plain")),
        ("foreign JSON", ok(r#"{"ok":true,"result":{"code":0}}"#)),
        ("foreign JSON that says of a health check", ok(r#"{"state":"UP","message":"all is well"}"#)),
        ("an empty object", ok("{}")),
        ("an empty list", ok("[]")),
        ("a list of an empty object", ok("[{}]")),
        ("null", ok("null")),
        ("true", ok("true")),
        ("a number", ok("200")),
        ("a string", ok(r#""OK""#)),
        ("JSON that ends too early", ok(r#"{"status":"#)),
        ("no JSON", ok("{status:0}")),
        ("no UTF-8", ok(&b"\xff\xfe\x00\x01"[..])),
        ("no UTF-8 in a name", ok(&b"{\"\xc3\":0}"[..])),
        ("a list that is too deep", ok(nested("[", "]"))),
        ("an object that is too deep", ok(nested(r#"{"data":"#, "}"))),
        ("XML of somebody else", ok("<?xml version='1.0'?><Error><Code>0</Code></Error>")),
        ("zeros", ok(&[0; 64][..])),
        ("too long", cut(200, Body::TooLarge { limit: 1024 })),
        ("not decodable", cut(200, Body::Undecodable("it is not gzip".to_owned()))),
    ]
}

/// Checks what is the same for all vendors. `success` is a body that this vendor reports success with.
pub(super) fn reads_as_all_do<E: Endpoint>(request: &E, success: &'static str, own: &OwnStatuses) {
    every_status_has_its_reading(request, success, own);
    bodies_that_break_off(request, own);
    foreign_successes_prove_nothing(request, success);
    redirects_are_named(request);
    waits_are_read(request, own);
    words_of_somebody_else(request, own);
    doubt_outlives_what_shows_no_state(request, own);
}

fn every_status_has_its_reading<E: Endpoint>(request: &E, success: &'static str, own: &OwnStatuses) {
    assert!(matches!(read(request, &ok(success), AT_FIRST), Reading::Gone(_)), "{success}");
    for status in (0..=999).filter(|status| *status != 200) {
        let bodies = [
            ("empty", answer(status, "")),
            ("a page", page(status)),
            ("text", answer(status, "no").with("content-type", "text/plain")),
            ("foreign JSON", answer(status, r#"{"msg":"no"}"#)),
            ("too deep", answer(status, "[".repeat(1000))),
            ("no UTF-8", answer(status, &b"\xff"[..])),
            ("too long", cut(status, Body::TooLarge { limit: 1 })),
            ("undecodable", cut(status, Body::Undecodable("no gzip".to_owned()))),
        ];
        for (what, answer) in &bodies {
            for doubt in [AT_FIRST, IN_DOUBT] {
                let reading = line(&read(request, answer, doubt));
                assert_eq!(reading, expected(status, own), "{status} with a body that is {what}, {doubt:?}");
            }
        }
        // A status that is no success is none with a success's body either.
        let reading = line(&read(request, &answer(status, success), AT_FIRST));
        assert_eq!(reading, expected(status, own), "{status} with the body of a success");
    }
}

fn bodies_that_break_off<E: Endpoint>(request: &E, own: &OwnStatuses) {
    for status in 0..=999 {
        for (body, success) in
            [(broken_off(), "connection failed, unknown, same key"), (stalled(), "timed out, unknown, same key")]
        {
            let reading = line(&read(request, &cut(status, body), AT_FIRST));
            let by_status = || expected(status, own);
            match status {
                200 => assert_eq!(reading, success, "{status}"),
                // Where a 204 is a success it has no body that could break off.
                204 if by_status() != UNEXPECTED => assert_eq!(reading, by_status(), "{status}"),
                201..=299 => assert_eq!(reading, success, "{status}"),
                // A redirect is an answer, and an answer uses a key up where there is one.
                300..=399 if E::KEYED => assert_eq!(reading, success.replace("same", "next"), "{status}"),
                300..=399 => assert_eq!(reading, success, "{status}"),
                _ => assert_eq!(reading, by_status(), "{status}"),
            }
        }
    }
}

fn foreign_successes_prove_nothing<E: Endpoint>(request: &E, success: &str) {
    let list = ("the vendor's own in a list", ok(format!("[{success}]")));
    let twice = ("the vendor's own twice", ok(format!("{success}{success}")));
    let behind = ("the vendor's own with something behind", ok(format!("{success}<!-- ok -->")));
    for (what, answer) in foreign_bodies().into_iter().chain([list, twice, behind]) {
        for doubt in [AT_FIRST, IN_DOUBT] {
            let reading = read(request, &answer, doubt);
            assert_eq!(line(&reading), UNEXPECTED, "{what}, {doubt:?}");
            let Reading::NotGone(finding) = reading else { unreachable!("it is a finding") };
            assert!(!finding.message.contains('<'), "{what}: {}", finding.message);
        }
    }
}

fn redirects_are_named<E: Endpoint>(request: &E) {
    let own_path = "a redirect to another path of the same host, which was not followed";
    let elsewhere = "a redirect to login.example, which was not followed";
    for (location, message) in [
        ("https://login.example/authorize?code=secret#secret", elsewhere),
        ("http://login.example:8080", elsewhere),
        ("https://jane:secret@login.example/", elsewhere),
        ("//login.example/a", elsewhere),
        ("//jane:secret@login.example:8443/a", elsewhere),
        (r"/\login.example/a", elsewhere),
        ("/login?to=secret", own_path),
        ("login", own_path),
        ("?secret", own_path),
        ("mailto:jane@acme.example", "a redirect, which was not followed"),
        ("https://", "a redirect, which was not followed"),
        ("\u{fc}", "a redirect, which was not followed"),
    ] {
        for status in [300, 301, 302, 303, 307, 308] {
            assert_eq!(words(request, &answer(status, "").with("location", location)), message, "{location}");
        }
    }
    assert_eq!(words(request, &answer(302, "")), "a redirect, which was not followed");
    // A redirect's `Retry-After` or page changes nothing.
    let moved = page(302).with("location", "https://login.example/").with("retry-after", "5");
    assert_eq!(line(&read(request, &moved, AT_FIRST)), UNEXPECTED);
}

fn waits_are_read<E: Endpoint>(request: &E, own: &OwnStatuses) {
    for (header, wait) in [
        ("7", ", wait 7s"),
        ("0", ", wait 0ns"),
        ("Thu, 15 Jan 2026 12:00:30 GMT", ", wait 30s"),
        ("Thu, 15 Jan 2026 11:59:30 GMT", ", wait 0ns"),
        ("soon", ""),
        ("-1", ""),
        ("", ""),
    ] {
        let reading = line(&read(request, &answer(429, "").with("retry-after", header), AT_FIRST));
        assert_eq!(reading, format!("{}{wait}", expected(429, own)), "429, Retry-After: {header}");
        let reading = line(&read(request, &answer(500, "").with("retry-after", header), AT_FIRST));
        assert_eq!(reading, format!("{}{wait}", expected(500, own)), "500, Retry-After: {header}");
    }
}

fn words_of_somebody_else<E: Endpoint>(request: &E, own: &OwnStatuses) {
    for status in [400, 401, 403, 404, 429, 500, 502, 503] {
        // Where the vendor is to be asked, there is nothing to say yet.
        if expected(status, own) == "look" {
            continue;
        }
        check_words(
            request,
            [
                ("nothing", answer(status, ""), "no reason was given"),
                ("blanks", answer(status, " \r\n"), "no reason was given"),
                ("a page", page(status), "a web page, not the vendor's answer: Sign in - Acme"),
                ("a page without a title", answer(status, "<html>"), "a web page, not the vendor's answer"),
                ("text", answer(status, "go away").with("content-type", "text/html"), "go away"),
                ("a gateway's", answer(status, r#"{"error_description":"no"}"#), "no (not in this vendor's envelope)"),
                ("a list", answer(status, "[1]"), "JSON that is not in this vendor's envelope"),
                ("too long", cut(status, Body::TooLarge { limit: 1 }), "no reason was given"),
            ],
        );
    }
}

fn doubt_outlives_what_shows_no_state<E: Endpoint>(request: &E, own: &OwnStatuses) {
    for status in 400..=499 {
        if expected(status, own) == "look" {
            continue;
        }
        let refusal = read(request, &answer(status, ""), IN_DOUBT);
        let at_first = if status == 408 { Access::Unknown } else { Access::Unchanged };
        assert_eq!(joined(AT_FIRST, &refusal), at_first, "{status}");
        assert_eq!(joined(IN_DOUBT, &refusal), Access::Unknown, "{status}");
    }
}

/// Checks that a request's JSON is exactly this, and reads back as the same request.
pub(super) fn round_trips<T>(request: &T, json: &str)
where
    T: Serialize + DeserializeOwned + PartialEq + Debug,
{
    assert_eq!(serde_json::to_string(request).unwrap(), json);
    assert_eq!(&serde_json::from_str::<T>(json).unwrap(), request);
}

/// Checks that deserializing refuses, with an error that names what is wrong.
pub(super) fn refuses_json<T: DeserializeOwned + Debug>(rows: &[(&str, &str)]) {
    for (json, names) in rows {
        let error = serde_json::from_str::<T>(json).expect_err(json).to_string();
        assert!(error.contains(names), "{json}: `{error}` does not name `{names}`");
    }
}

/// Checks a constructor's refusal: nothing was sent, and the argument is named.
pub(super) fn refuses<T: Debug>(result: Result<T, Error>, argument: &str) {
    let error = result.expect_err(argument);
    assert_eq!(error.kind(), ErrorKind::InvalidRequest);
    assert_eq!(error.access(), Access::Unchanged);
    assert_eq!(error.attempts(), 0);
    assert!(!error.is_retryable());
    assert!(error.message().starts_with(&format!("{argument}: ")), "{error} does not name {argument}");
}

/// The members of a request's JSON Schema, and whether others are refused.
pub(super) fn schema_members<T: JsonSchema>() -> Vec<String> {
    let schema = schemars::schema_for!(T).to_value();
    assert_eq!(schema["additionalProperties"], Value::Bool(false), "{schema}");
    schema["properties"].as_object().unwrap().keys().cloned().collect()
}

/// Texts that no id may be, wherever it travels.
pub(super) fn bad_texts() -> Vec<String> {
    let bad = ["", " ", "a ", " a", "\u{a0}a", "a\nb", "a\u{0}b", "a\u{7f}", "a\u{85}b"];
    bad.into_iter().map(str::to_owned).chain(["x".repeat(513), "ä".repeat(257)]).collect()
}

/// Ids that would lead a path to another place.
pub(super) const BAD_SEGMENTS: &[&str] =
    &[".", "..", "a/..", "../a", "a;..", "%2e", "%2E%2e", "a%2f..", "%252e%252e", "a%252f%252e", "a\\b", "..%5c"];

#[test]
fn a_state_that_is_shown_ends_the_doubt() {
    let mut doubt = IN_DOUBT;
    assert_eq!(doubt.join(&Finding::incomplete(Access::PartlyRevoked, "")), Access::PartlyRevoked);
    assert_eq!(doubt, Doubt { open: false, was_there: true });
    assert_eq!(doubt.join(&Finding::new(ErrorKind::Rejected, Access::Unchanged, "")), Access::Unchanged);
    assert_eq!(doubt.join(&Finding::new(ErrorKind::Unavailable, Access::Unknown, "")), Access::Unknown);
    assert_eq!(doubt.join(&Finding::new(ErrorKind::Rejected, Access::Unchanged, "")), Access::Unknown);
    assert_eq!(doubt, IN_DOUBT);
}
