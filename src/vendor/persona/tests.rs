use chrono::TimeDelta;
use serde_json::{Map, json};

use super::super::testing::{
    self, AT_FIRST, BAD_SEGMENTS, Documented, IN_DOUBT, answer, bad_texts, check, check_words, cut, line_of, ok, page,
    read, reads_as_all_do, refuses, refuses_json, round_trips, schema_members,
};
use super::*;
use crate::transport::Body;

impl Documented for DeactivateConnection {
    const DOCUMENT: &'static str = "persona";
    const OPERATION: &'static str = "deactivateConnection";

    fn documented(parameters: &Map<String, Value>, _body: Option<&Value>) -> Self {
        Self::new(parameters["connection-id"].as_str().unwrap()).unwrap()
    }

    fn decode(schema: &str, example: &Value) -> Result<Value, String> {
        match schema {
            "ConnectionEnvelope" => testing::again::<ConnectionEnvelope>(example),
            "ErrorEnvelope" => testing::again::<generated::types::ErrorEnvelope>(example),
            other => Err(format!("no type for {other}")),
        }
    }
}

fn request() -> DeactivateConnection {
    DeactivateConnection::new("cxn_ABC123").unwrap()
}

/// A connection with this status, in JSON.
fn with_status(status: &str) -> Answer {
    ok(format!(
        r#"{{"data":{{"type":"connect/connection","id":"cxn_ABC123","attributes":{{"status":{status},"source-organization-id":"org_A","created-at":"2026-01-15T00:00:00Z"}}}}}}"#
    ))
}

const INACTIVE: &str = r#"{"data":{"type":"connect/connection","id":"cxn_ABC123","attributes":{"status":"inactive"}}}"#;

#[test]
fn an_inactive_connection_confirms() {
    let rows = [
        ("a connection", with_status(r#""inactive""#), "revoked, confirmed"),
        ("no id", ok(r#"{"data":{"attributes":{"status":"inactive"}}}"#), "revoked, confirmed"),
        ("a null id", ok(r#"{"data":{"id":null,"attributes":{"status":"inactive"}}}"#), "revoked, confirmed"),
        (
            "members that are unknown",
            ok(
                r#"{"meta":{},"data":{"id":"cxn_ABC123","attributes":{"status":"inactive","field-mappings":[1]},"relationships":{"x":{}}},"included":[]}"#,
            ),
            "revoked, confirmed",
        ),
        (
            "another type",
            ok(r#"{"data":{"type":"connection","id":"cxn_ABC123","attributes":{"status":"inactive"}}}"#),
            "revoked, confirmed",
        ),
        (
            "members that do not fit",
            ok(
                r#"{"data":{"type":7,"id":"cxn_ABC123","attributes":{"status":"inactive","created-at":{}},"relationships":[]}}"#,
            ),
            "revoked, confirmed",
        ),
        (
            "JSON:API's content type",
            ok(INACTIVE).with("content-type", "application/vnd.api+json"),
            "revoked, confirmed",
        ),
    ];
    check(&request(), AT_FIRST, rows.clone());
    check(&request(), IN_DOUBT, rows);
}

#[test]
fn a_connection_without_a_status_is_acknowledged() {
    check(
        &request(),
        AT_FIRST,
        [
            (
                "no status",
                ok(r#"{"data":{"id":"cxn_ABC123","attributes":{"created-at":"x"}}}"#),
                "revoked, acknowledged",
            ),
            ("a null status", with_status("null"), "revoked, acknowledged"),
            (
                "no attributes",
                ok(r#"{"data":{"type":"connect/connection","id":"cxn_ABC123"}}"#),
                "revoked, acknowledged",
            ),
            ("null attributes", ok(r#"{"data":{"id":"cxn_ABC123","attributes":null}}"#), "revoked, acknowledged"),
        ],
    );
}

#[test]
fn any_other_status_makes_it_look() {
    for status in [
        r#""active""#,
        r#""pending""#,
        r#""Inactive""#,
        r#""deactivated""#,
        r#""""#,
        r#"" inactive""#,
        "0",
        "false",
        "{}",
        r#"["inactive"]"#,
    ] {
        check(&request(), AT_FIRST, [("a success", with_status(status), "look")]);
        check(&request(), IN_DOUBT, [("a success", with_status(status), "look")]);
    }
}

#[test]
fn what_is_not_this_connection_proves_nothing() {
    let rows = [
        (
            "another connection",
            ok(r#"{"data":{"id":"cxn_OTHER","attributes":{"status":"inactive"}}}"#),
            "unexpected response, unknown",
        ),
        (
            "another casing of the id",
            ok(r#"{"data":{"id":"CXN_abc123","attributes":{"status":"inactive"}}}"#),
            "unexpected response, unknown",
        ),
        (
            "another connection, active",
            ok(r#"{"data":{"id":"cxn_OTHER","attributes":{"status":"active"}}}"#),
            "unexpected response, unknown",
        ),
        (
            "an id that is no text",
            ok(r#"{"data":{"id":7,"attributes":{"status":"inactive"}}}"#),
            "unexpected response, unknown",
        ),
        ("no data", ok(r#"{"status":"inactive","id":"cxn_ABC123"}"#), "unexpected response, unknown"),
        ("null data", ok(r#"{"data":null}"#), "unexpected response, unknown"),
        (
            "a list of data",
            ok(r#"{"data":[{"id":"cxn_ABC123","attributes":{"status":"inactive"}}]}"#),
            "unexpected response, unknown",
        ),
        ("data that is text", ok(r#"{"data":"inactive"}"#), "unexpected response, unknown"),
        ("errors in a 200", ok(r#"{"errors":[{"title":"No"}]}"#), "unexpected response, unknown"),
        (
            "a status twice",
            ok(r#"{"data":{"id":"cxn_ABC123","attributes":{"status":"inactive","status":"active"}}}"#),
            "unexpected response, unknown",
        ),
        (
            "data twice",
            ok(r#"{"data":{"id":"cxn_ABC123"},"data":{"id":"cxn_ABC123"}}"#),
            "unexpected response, unknown",
        ),
        ("empty", ok(""), "unexpected response, unknown"),
        ("blank", ok(" "), "unexpected response, unknown"),
        ("no content", answer(204, ""), "unexpected response, unknown"),
        (
            "no UTF-8",
            ok(&b"{\"data\":{\"attributes\":{\"status\":\"inactive\xff\"}}}"[..]),
            "unexpected response, unknown",
        ),
        ("a number beyond all", ok(r#"{"data":{"attributes":{"status":1e999}}}"#), "unexpected response, unknown"),
        (
            "too deep",
            ok(format!(
                r#"{{"data":{{"attributes":{{"status":"inactive"}},"x":{}{}}}}}"#,
                "[".repeat(500),
                "]".repeat(500)
            )),
            "unexpected response, unknown",
        ),
    ];
    check(&request(), AT_FIRST, rows.clone());
    check(&request(), IN_DOUBT, rows);
}

#[test]
fn refusals_are_read_by_their_status_and_burn_the_key_but_for_401_and_429() {
    let errors = r#"{"errors":[{"title":"No"}]}"#;
    let rows = [
        ("400", answer(400, errors), "rejected, unchanged"),
        ("401", answer(401, errors), "unauthorized, unchanged"),
        ("403", answer(403, errors), "forbidden, unchanged"),
        ("403 of a quota", answer(403, r#"{"errors":[{"title":"Quota exceeded"}]}"#), "forbidden, unchanged"),
        ("404", answer(404, r#"{"errors":[{"title":"Record not found"}]}"#), "not found, unchanged"),
        ("408", answer(408, ""), "unavailable, unknown, next key"),
        ("409", answer(409, errors), "look"),
        ("409 without words", answer(409, ""), "look"),
        ("409 that breaks off", cut(409, testing::broken_off()), "look"),
        ("422", answer(422, errors), "look"),
        ("422 as a page", page(422), "look"),
        ("429", answer(429, errors), "rate limited, unchanged, same key"),
        ("500", answer(500, errors), "unavailable, unknown, next key"),
        ("500 as a page", page(500), "unavailable, unknown, next key"),
        ("500 that breaks off", cut(500, testing::broken_off()), "unavailable, unknown, next key"),
        ("501", answer(501, errors), "unavailable, unknown"),
        ("502", page(502), "unavailable, unknown, next key"),
        ("503", page(503), "unavailable, unknown, next key"),
        ("503 that asks to wait", page(503).with("retry-after", "9"), "unavailable, unknown, next key, wait 9s"),
        ("504", page(504), "unavailable, unknown, next key"),
        ("a success that breaks off", cut(200, testing::broken_off()), "connection failed, unknown, same key"),
        ("another success that breaks off", cut(202, testing::broken_off()), "connection failed, unknown, same key"),
    ];
    check(&request(), AT_FIRST, rows.clone());
    // A 404 is never a yes: the record stays after it is deactivated.
    check(&request(), IN_DOUBT, rows);
}

/// A table of looks: what it pins, the look's answer (if one came), and what it comes to.
fn check_looks(first: &Answer, doubt: Doubt, rows: &[(&str, Option<Answer>, &str)]) {
    assert_eq!(read(&request(), first, doubt), Reading::Look);
    for (what, look, expected) in rows {
        let verdict = request().read_look(first, look.as_ref(), doubt);
        assert_eq!(line_of(verdict), *expected, "{} and {what}, {doubt:?}", first.status);
    }
}

/// Looks that show nothing.
fn blind_looks() -> Vec<(&'static str, Option<Answer>)> {
    let inactive = r#"{"data":{"id":"cxn_OTHER","attributes":{"status":"inactive"}}}"#;
    vec![
        ("no answer", None),
        ("another connection", Some(ok(inactive))),
        ("no status", Some(ok(r#"{"data":{"id":"cxn_ABC123"}}"#))),
        ("a null status", Some(with_status("null"))),
        ("an unknown status", Some(with_status(r#""archived""#))),
        ("an empty status", Some(with_status(r#""""#))),
        ("a status that is no text", Some(with_status("1"))),
        ("no data", Some(ok("{}"))),
        ("nothing", Some(ok(""))),
        ("a page", Some(page(200))),
        ("a 404", Some(answer(404, r#"{"errors":[{"title":"Record not found"}]}"#))),
        ("a 401", Some(answer(401, ""))),
        ("a 409", Some(answer(409, ""))),
        ("a 429", Some(answer(429, ""))),
        ("a 500", Some(answer(500, ""))),
        ("a 202 with the connection", Some(answer(202, INACTIVE))),
        ("a 404 with the connection", Some(answer(404, INACTIVE))),
        ("a redirect", Some(answer(302, INACTIVE).with("location", "/"))),
        ("one that breaks off", Some(cut(200, testing::broken_off()))),
        ("one that is too long", Some(cut(200, Body::TooLarge { limit: 1 }))),
    ]
}

fn check_blind_looks(first: &Answer, expected: &str) {
    for doubt in [AT_FIRST, IN_DOUBT] {
        for (what, look) in blind_looks() {
            check_looks(first, doubt, &[(what, look, expected)]);
        }
    }
}

#[test]
fn a_look_after_a_success_says_what_the_success_did_not() {
    for first in [with_status(r#""active""#), with_status(r#""pending""#), with_status(r#""archived""#)] {
        for doubt in [AT_FIRST, IN_DOUBT] {
            check_looks(
                &first,
                doubt,
                &[
                    ("inactive", Some(with_status(r#""inactive""#)), "revoked, confirmed"),
                    ("active", Some(with_status(r#""active""#)), "incomplete, unchanged, shown"),
                    ("pending", Some(with_status(r#""pending""#)), "incomplete, unchanged, shown"),
                ],
            );
        }
        check_blind_looks(&first, "unexpected response, unknown");
    }
}

#[test]
fn a_look_after_a_409_tells_already_inactive_from_a_stale_object() {
    let first = answer(409, r#"{"errors":[{"title":"Conflict","details":"No."}]}"#);
    check_looks(
        &first,
        AT_FIRST,
        &[
            ("inactive", Some(with_status(r#""inactive""#)), "already revoked, confirmed"),
            ("active", Some(with_status(r#""active""#)), "conflict, unchanged, shown, next key"),
            ("pending", Some(with_status(r#""pending""#)), "conflict, unchanged, shown, next key"),
        ],
    );
    check_looks(
        &first,
        IN_DOUBT,
        &[
            ("inactive", Some(with_status(r#""inactive""#)), "revoked, confirmed"),
            ("active", Some(with_status(r#""active""#)), "conflict, unchanged, shown, next key"),
            ("pending", Some(with_status(r#""pending""#)), "conflict, unchanged, shown, next key"),
        ],
    );
    check_blind_looks(&first, "conflict, unknown");
}

#[test]
fn a_look_after_a_422_tells_already_inactive_from_any_other_refusal() {
    let first = answer(422, r#"{"errors":[{"title":"Unprocessable","details":"No."}]}"#);
    check_looks(
        &first,
        AT_FIRST,
        &[
            ("inactive", Some(with_status(r#""inactive""#)), "already revoked, confirmed"),
            ("active", Some(with_status(r#""active""#)), "rejected, unchanged, shown"),
            ("pending", Some(with_status(r#""pending""#)), "rejected, unchanged, shown"),
        ],
    );
    check_looks(
        &first,
        IN_DOUBT,
        &[
            ("inactive", Some(with_status(r#""inactive""#)), "revoked, confirmed"),
            ("active", Some(with_status(r#""active""#)), "rejected, unchanged, shown"),
        ],
    );
    check_blind_looks(&first, "rejected, unknown");
}

#[test]
fn a_connection_that_was_seen_active_in_this_call_was_not_gone_before_it() {
    let first = answer(409, "");
    let mut doubt = AT_FIRST;
    let stale = request().read_look(&first, Some(&with_status(r#""active""#)), doubt).unwrap_err();
    assert_eq!(doubt.join(&stale), Access::Unchanged);
    check_looks(&first, doubt, &[("inactive", Some(with_status(r#""inactive""#)), "revoked, confirmed")]);
}

#[test]
fn a_look_keeps_the_words_of_the_refusal() {
    let first = answer(409, r#"{"errors":[{"title":"Conflict","details":"No."}]}"#).with("retry-after", "9");
    for look in [None, Some(with_status(r#""active""#))] {
        let finding = request().read_look(&first, look.as_ref(), AT_FIRST).unwrap_err();
        assert_eq!(finding.message, "Conflict: No.");
        assert_eq!(finding.wait, Some(Duration::from_secs(9)));
    }
    let success = with_status(r#""active""#);
    let finding = request().read_look(&success, Some(&success), AT_FIRST).unwrap_err();
    assert_eq!(finding.message, "the vendor reports success and shows the connection still active");
}

#[test]
fn what_all_vendors_have_in_common() {
    let next_key = "unavailable, unknown, next key";
    let own =
        [(408..=408, next_key), (409..=409, "look"), (422..=422, "look"), (500..=500, next_key), (502..=504, next_key)];
    reads_as_all_do(&request(), INACTIVE, &own);
}

#[test]
fn the_vendors_words_are_kept_in_every_form() {
    check_words(
        &request(),
        [
            (
                "title and details",
                answer(400, r#"{"errors":[{"title":"Bad request","details":"Not valid."}]}"#),
                "Bad request: Not valid.",
            ),
            ("the title alone", answer(403, r#"{"errors":[{"title":"Quota exceeded"}]}"#), "Quota exceeded"),
            ("the details alone", answer(403, r#"{"errors":[{"title":null,"details":"No."}]}"#), "No."),
            (
                "a pointer",
                answer(400, r#"{"errors":[{"title":"Not valid","source":{"pointer":"/data/id"},"meta":{"a":1}}]}"#),
                "Not valid | /data/id: Not valid",
            ),
            (
                "several",
                answer(
                    400,
                    r#"{"errors":[{"title":"A"},{"title":"B","source":{"pointer":"/b"}},{"title":" "},{},null,"C"]}"#,
                ),
                "A | /b: B",
            ),
            ("no title", answer(400, r#"{"errors":[{}]}"#), "JSON that is not in this vendor's envelope"),
            ("no errors", answer(400, r#"{"errors":[]}"#), "JSON that is not in this vendor's envelope"),
            ("null", answer(400, r#"{"errors":null}"#), "JSON that is not in this vendor's envelope"),
            ("a page", page(500), "a web page, not the vendor's answer: Sign in - Acme"),
            ("another connection", ok(r#"{"data":{"id":"cxn_OTHER"}}"#), "the response is about another connection"),
        ],
    );
}

#[test]
fn the_rate_limit_is_read_from_its_headers() {
    let limit = |headers: &[(&str, &str)]| {
        let answer = headers.iter().fold(ok(""), |answer, (name, value)| answer.with(name, value));
        DeactivateConnection::rate_limit(&answer)
    };
    assert_eq!(limit(&[]), None);
    assert_eq!(
        limit(&[("RateLimit-Limit", "300"), ("RateLimit-Remaining", "299"), ("RateLimit-Reset", "42")]),
        Some(RateLimit {
            limit: Some(300),
            remaining: Some(299),
            reset_at: Some(testing::noon() + TimeDelta::seconds(42)),
        })
    );
    assert_eq!(
        limit(&[("RateLimit-Remaining", "0")]),
        Some(RateLimit { limit: None, remaining: Some(0), reset_at: None })
    );
    assert_eq!(limit(&[("RateLimit-Limit", "300, 300;w=60"), ("RateLimit-Reset", "-1")]), None);
    // A time that no calendar has is left out.
    assert_eq!(limit(&[("RateLimit-Reset", "99999999999999999999")]), None);
}

#[test]
fn a_429_waits_until_the_window_ends() {
    let limited = || answer(429, r#"{"errors":[{"title":"Too many requests"}]}"#);
    check(
        &request(),
        AT_FIRST,
        [
            ("the window", limited().with("ratelimit-reset", "42"), "rate limited, unchanged, same key, wait 42s"),
            (
                "Retry-After first",
                limited().with("ratelimit-reset", "42").with("retry-after", "5"),
                "rate limited, unchanged, same key, wait 5s",
            ),
            ("unreadable", limited().with("ratelimit-reset", "soon"), "rate limited, unchanged, same key"),
            ("another refusal", answer(500, "").with("ratelimit-reset", "42"), "unavailable, unknown, next key"),
        ],
    );
}

#[test]
fn the_request_id_is_the_vendors() {
    assert_eq!(ok("").with("Request-Id", " req_ABC123 ").request_id(), Some("req_ABC123"));
    assert_eq!(ok("").request_id(), None);
    assert_eq!(ok("").with("Request-Id", "").request_id(), None);
}

#[test]
fn a_request_is_one_connection() {
    round_trips(&request(), r#"{"connection_id":"cxn_ABC123"}"#);
    assert_eq!(request().connection_id(), "cxn_ABC123");
    // The prefix is not enforced, and any character that survives a path is taken.
    for id in ["ABC123", "cxn_ä/b?c#d", "100%", "a b", &"x".repeat(512)] {
        assert_eq!(DeactivateConnection::new(id).unwrap().connection_id(), id);
    }
    for bad in bad_texts() {
        refuses(DeactivateConnection::new(bad), "connection_id");
    }
    for bad in BAD_SEGMENTS {
        refuses(DeactivateConnection::new(*bad), "connection_id");
    }
    assert_eq!(schema_members::<DeactivateConnection>(), ["connection_id"]);
}

#[test]
fn json_that_is_no_request_is_refused() {
    refuses_json::<DeactivateConnection>(&[
        ("{}", "connection_id"),
        (r#"{"connection_id":""}"#, "connection_id: is empty"),
        (r#"{"connection_id":"../x"}"#, "connection_id: "),
        (r#"{"connection_id":7}"#, "string"),
        (r#"{"connection_id":null}"#, "string"),
        (r#"{"connection_id":"a","id":"b"}"#, "`id`"),
        (r#"{"connection_id":"a","connection_id":"a"}"#, "connection_id"),
    ]);
}

#[test]
fn the_typed_response_takes_what_is_missing_null_or_new() {
    for envelope in [
        json!({"data": {}}),
        json!({"data": {"type": null, "id": null, "attributes": null, "relationships": null}}),
        json!({"data": {"attributes": {"status": "archived", "created-at": "yesterday", "new": 1}}, "included": []}),
        json!({"data": {"relationships": {"creator": {"data": null}}}}),
    ] {
        assert!(serde_json::from_value::<ConnectionEnvelope>(envelope.clone()).is_ok(), "{envelope}");
    }
}
