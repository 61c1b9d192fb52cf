use chrono::TimeDelta;
use serde_json::{Map, Value};

use super::super::testing::{
    self, AT_FIRST, BAD_SEGMENTS, Documented, IN_DOUBT, answer, check, check_words, ok, page, read, reads_as_all_do,
    refuses, refuses_json, round_trips, schema_members,
};
use super::*;

impl Documented for DisableUser {
    const DOCUMENT: &'static str = "cova";
    const OPERATION: &'static str = "disableUser";

    fn documented(parameters: &Map<String, Value>, _body: Option<&Value>) -> Self {
        Self::new(serde_json::from_value(parameters["UserId"].clone()).unwrap()).unwrap()
    }

    fn decode(schema: &str, example: &Value) -> Result<Value, String> {
        match schema {
            "User" => testing::again::<User>(example),
            "ErrorBody" => testing::again::<generated::types::ErrorBody>(example),
            "Token" => testing::again::<generated::types::Token>(example),
            "TokenRequest" => testing::again::<generated::types::TokenRequest>(example),
            other => Err(format!("no type for {other}")),
        }
    }
}

fn request() -> DisableUser {
    DisableUser::new(8545).unwrap()
}

#[test]
fn a_user_that_is_not_active_confirms() {
    let rows = [
        ("a record", ok(r#"{"Id":8545,"UserName":"jane","IsActive":false}"#), "revoked, confirmed"),
        ("the flag alone", ok(r#"{"IsActive":false}"#), "revoked, confirmed"),
        ("the id as text", ok(r#"{"Id":"8545","IsActive":false}"#), "revoked, confirmed"),
        ("the id with a fraction of none", ok(r#"{"Id":8545.0,"IsActive":false}"#), "revoked, confirmed"),
        ("an id that is no number", ok(r#"{"Id":"seven","IsActive":false}"#), "revoked, confirmed"),
        ("a null id", ok(r#"{"Id":null,"IsActive":false}"#), "revoked, confirmed"),
        ("the flag as text", ok(r#"{"Id":8545,"IsActive":"False"}"#), "revoked, confirmed"),
        (
            "members that do not fit",
            ok(r#"{"Id":8545,"IsActive":false,"Picture":7,"Version":"x"}"#),
            "revoked, confirmed",
        ),
        (
            "nulls everywhere else",
            ok(
                r#"{"Id":8545,"CorrelationId":null,"UserName":null,"IsActive":false,"Profiles":null,"Picture":null,"Address":null,"PhoneNumbers":null,"Attributes":null,"Version":null}"#,
            ),
            "revoked, confirmed",
        ),
        (
            "as text/json",
            ok(r#"{"Id":8545,"IsActive":false}"#).with("content-type", "text/json; charset=utf-8"),
            "revoked, confirmed",
        ),
        (
            "as HAL",
            ok(r#"{"Id":8545,"IsActive":false,"_links":{"self":{"href":"/v1/users(8545)"}}}"#)
                .with("content-type", "application/hal+json"),
            "revoked, confirmed",
        ),
    ];
    check(&request(), AT_FIRST, rows.clone());
    check(&request(), IN_DOUBT, rows);
}

#[test]
fn a_user_whose_state_is_not_shown_is_acknowledged() {
    check(
        &request(),
        AT_FIRST,
        [
            ("no flag", ok(r#"{"Id":8545,"UserName":"jane"}"#), "revoked, acknowledged"),
            ("a null flag", ok(r#"{"Id":8545,"IsActive":null}"#), "revoked, acknowledged"),
            ("the name alone", ok(r#"{"UserName":"jane"}"#), "revoked, acknowledged"),
            ("empty", ok(""), "revoked, acknowledged"),
            ("blank", ok("\r\n"), "revoked, acknowledged"),
            ("empty as text/json", ok("").with("content-type", "text/json"), "revoked, acknowledged"),
            ("no content", answer(204, ""), "revoked, acknowledged"),
        ],
    );
}

#[test]
fn a_user_that_is_still_active_is_no_success() {
    let rows = [
        ("a record", ok(r#"{"Id":8545,"IsActive":true}"#), "incomplete, unchanged, shown"),
        ("as text", ok(r#"{"Id":8545,"IsActive":"true"}"#), "incomplete, unchanged, shown"),
        ("the flag alone", ok(r#"{"IsActive":true}"#), "incomplete, unchanged, shown"),
    ];
    check(&request(), AT_FIRST, rows.clone());
    // It shows state, so it ends the doubt of earlier attempts.
    check(&request(), IN_DOUBT, rows);
    let active = read(&request(), &ok(r#"{"Id":8545,"IsActive":true}"#), IN_DOUBT);
    assert_eq!(testing::joined(IN_DOUBT, &active), Access::Unchanged);
}

#[test]
fn what_is_not_this_user_proves_nothing() {
    let rows = [
        ("another user", ok(r#"{"Id":8546,"IsActive":false}"#), "unexpected response, unknown"),
        ("another user, as text", ok(r#"{"Id":"8546","IsActive":false}"#), "unexpected response, unknown"),
        ("another user, still active", ok(r#"{"Id":1,"IsActive":true}"#), "unexpected response, unknown"),
        ("a fraction more", ok(r#"{"Id":8545.5,"IsActive":false}"#), "unexpected response, unknown"),
        ("none of the three", ok(r#"{"FirstName":"Jane","Version":1}"#), "unexpected response, unknown"),
        ("all null", ok(r#"{"Id":null,"UserName":null,"IsActive":null}"#), "unexpected response, unknown"),
        ("an error in a 200", ok(r#"{"Message":"User not found"}"#), "unexpected response, unknown"),
        ("a flag that is none", ok(r#"{"Id":8545,"IsActive":"no"}"#), "unexpected response, unknown"),
        ("a flag that is an object", ok(r#"{"Id":8545,"IsActive":{}}"#), "unexpected response, unknown"),
        ("other casing", ok(r#"{"id":8545,"isActive":false}"#), "unexpected response, unknown"),
        ("a member twice", ok(r#"{"Id":8545,"IsActive":false,"IsActive":false}"#), "unexpected response, unknown"),
        ("differing twice", ok(r#"{"Id":8545,"IsActive":true,"IsActive":false}"#), "unexpected response, unknown"),
        ("a list", ok(r#"[{"Id":8545,"IsActive":false}]"#), "unexpected response, unknown"),
        ("a number beyond all", ok(r#"{"Id":1e999,"IsActive":false}"#), "unexpected response, unknown"),
        ("a number beyond a u32", ok(r#"{"Id":4294975841,"IsActive":false}"#), "unexpected response, unknown"),
        ("no UTF-8", ok(&b"{\"UserName\":\"\xff\"}"[..]), "unexpected response, unknown"),
    ];
    check(&request(), AT_FIRST, rows.clone());
    check(&request(), IN_DOUBT, rows);
}

const NO_ROUTE: &str = r#"{"Message":"No HTTP resource was found that matches the request URI 'https://api.covasoft.net/v1/users(8545)'."}"#;

#[test]
fn refusals_are_read_by_their_status() {
    check(
        &request(),
        AT_FIRST,
        [
            ("400", answer(400, r#"{"Message":"Bad request"}"#), "rejected, unchanged"),
            ("401", answer(401, "invalid token").with("content-type", "text/plain"), "unauthorized, unchanged"),
            ("403", answer(403, r#"{"Message":"Forbidden"}"#), "forbidden, unchanged"),
            ("404", answer(404, r#"{"Message":"User not found"}"#), "not found, unchanged"),
            ("404 of a route", answer(404, NO_ROUTE), "not found, unchanged"),
            ("409", answer(409, r#"{"Message":"Conflict"}"#), "conflict, unchanged"),
            ("429 as JSON", answer(429, r#"{"Message":"rate limit exceeded"}"#), "rate limited, unchanged, same key"),
            (
                "429 as text",
                answer(429, "rate limit exceeded").with("content-type", "text/plain"),
                "rate limited, unchanged, same key",
            ),
            ("500", answer(500, r#"{"Message":"An error has occurred."}"#), "unavailable, unknown, same key"),
        ],
    );
}

#[test]
fn a_404_after_an_attempt_in_doubt_is_a_yes_only_where_it_is_about_the_user() {
    check(
        &request(),
        IN_DOUBT,
        [
            (
                "the user",
                answer(404, r#"{"Message":"User not found","Description":"User not found","Details":[]}"#),
                "revoked, inferred",
            ),
            (
                "in other words",
                answer(404, r#"{"Message":"Not Found","Description":"The user does not exist."}"#),
                "revoked, inferred",
            ),
            ("a route", answer(404, NO_ROUTE), "not found, unchanged"),
            (
                "a route in capitals",
                answer(404, NO_ROUTE.to_uppercase().replace("\"MESSAGE\"", "\"Message\"")),
                "not found, unchanged",
            ),
            ("something else", answer(404, r#"{"Message":"Not Found"}"#), "not found, unchanged"),
            ("a gateway", answer(404, r#"{"message":"user not found"}"#), "not found, unchanged"),
            (
                "an API manager",
                answer(404, r#"{"statusCode":404,"message":"Resource not found"}"#),
                "not found, unchanged",
            ),
            ("no message", answer(404, r#"{"Description":"User not found"}"#), "not found, unchanged"),
            ("a null message", answer(404, r#"{"Message":null,"Description":"User"}"#), "not found, unchanged"),
            ("text", answer(404, "User not found").with("content-type", "text/plain"), "not found, unchanged"),
            ("a page", page(404), "not found, unchanged"),
            ("empty", answer(404, ""), "not found, unchanged"),
            ("a list", answer(404, r#"[{"Message":"User not found"}]"#), "not found, unchanged"),
            (
                "a member twice",
                answer(404, r#"{"Message":"User not found","Message":"User not found"}"#),
                "not found, unchanged",
            ),
            ("410", answer(410, r#"{"Message":"User not found"}"#), "not found, unchanged"),
            ("400", answer(400, r#"{"Message":"User not found"}"#), "rejected, unchanged"),
        ],
    );
    assert_eq!(testing::joined(IN_DOUBT, &read(&request(), &answer(404, NO_ROUTE), IN_DOUBT)), Access::Unknown);
}

#[test]
fn what_all_vendors_have_in_common() {
    let acknowledged = [(204..=204, "revoked, acknowledged")];
    reads_as_all_do(&request(), r#"{"Id":8545,"IsActive":false}"#, &acknowledged);
}

#[test]
fn the_vendors_words_are_kept_in_every_form() {
    check_words(
        &request(),
        [
            (
                "the envelope",
                answer(
                    400,
                    r#"{"Message":"Bad request","Description":"Not valid.","Details":["UserId is not valid.",7,null]}"#,
                ),
                "Bad request: Not valid. | UserId is not valid.",
            ),
            (
                "the same twice",
                answer(404, r#"{"Message":"User not found","Description":"User not found","Details":[]}"#),
                "User not found",
            ),
            (
                "the message alone",
                answer(404, NO_ROUTE),
                "No HTTP resource was found that matches the request URI 'https://api.covasoft.net/v1/users(8545)'.",
            ),
            ("nulls", answer(400, r#"{"Message":"No","Description":null,"Details":null}"#), "No"),
            ("the description alone", answer(400, r#"{"Message":null,"Description":"Not valid."}"#), "Not valid."),
            ("an empty message", answer(400, r#"{"Message":"","Description":"Not valid."}"#), "Not valid."),
            ("text", answer(401, "invalid token").with("content-type", "text/plain"), "invalid token"),
            ("text of the limit", answer(429, "rate limit exceeded"), "rate limit exceeded"),
            (
                "nothing but nulls",
                answer(400, r#"{"Message":null,"Description":null}"#),
                "JSON that is not in this vendor's envelope",
            ),
            (
                "still active",
                ok(r#"{"IsActive":true}"#),
                "the vendor reports success and shows the user still active (IsActive true)",
            ),
            ("another user", ok(r#"{"Id":1}"#), "the response is about another user"),
        ],
    );
}

#[test]
fn the_rate_limit_is_read_from_its_headers() {
    let limit = |headers: &[(&str, &str)]| {
        let answer = headers.iter().fold(ok(""), |answer, (name, value)| answer.with(name, value));
        DisableUser::rate_limit(&answer)
    };
    let reset = |seconds| Some(testing::noon() + TimeDelta::seconds(seconds));
    assert_eq!(limit(&[]), None);
    assert_eq!(
        limit(&[("COVA-APIM-RateLimit-Limit", "1000")]),
        Some(RateLimit { limit: Some(1000), remaining: None, reset_at: None })
    );
    assert_eq!(
        limit(&[
            ("COVA-APIM-RateLimit-Limit", "1000"),
            ("COVA-APIM-RateLimit-Remaining", "0"),
            ("COVA-APIM-RateLimit-ResetSeconds", "42"),
            ("COVA-APIM-RateLimit-Reset", "2026-01-15T23:00:00Z"),
        ]),
        Some(RateLimit { limit: Some(1000), remaining: Some(0), reset_at: reset(42) })
    );
    assert_eq!(
        limit(&[("COVA-APIM-RateLimit-Reset", "2026-01-15T12:00:30Z")]),
        Some(RateLimit { limit: None, remaining: None, reset_at: reset(30) })
    );
    // What cannot be read is left out; a window that has ended is over now.
    assert_eq!(limit(&[("COVA-APIM-RateLimit-Limit", "many"), ("COVA-APIM-RateLimit-Remaining", "-1")]), None);
    assert_eq!(
        limit(&[("COVA-APIM-RateLimit-Reset", "2026-01-15T11:00:00Z")]),
        Some(RateLimit { limit: None, remaining: None, reset_at: reset(0) })
    );
}

#[test]
fn a_429_waits_as_the_headers_ask() {
    let limited = || answer(429, "rate limit exceeded");
    let seconds = "COVA-APIM-RateLimit-ResetSeconds";
    let at = "COVA-APIM-RateLimit-Reset";
    check(
        &request(),
        AT_FIRST,
        [
            ("seconds", limited().with(seconds, "42"), "rate limited, unchanged, same key, wait 42s"),
            ("a time", limited().with(at, "2026-01-15T12:00:30Z"), "rate limited, unchanged, same key, wait 30s"),
            (
                "a time that is past",
                limited().with(at, "2026-01-15T11:00:00Z"),
                "rate limited, unchanged, same key, wait 0ns",
            ),
            (
                "both",
                limited().with(seconds, "42").with(at, "2026-01-15T12:00:30Z"),
                "rate limited, unchanged, same key, wait 42s",
            ),
            (
                "Retry-After first",
                limited().with(seconds, "42").with("retry-after", "5"),
                "rate limited, unchanged, same key, wait 5s",
            ),
            ("unreadable", limited().with(seconds, "soon").with(at, "soon"), "rate limited, unchanged, same key"),
            // The window's end is no reason to wait after anything else.
            ("503", answer(503, "").with(seconds, "42"), "unavailable, unknown, same key"),
        ],
    );
}

#[test]
fn a_request_is_one_user() {
    round_trips(&request(), r#"{"user_id":8545}"#);
    assert_eq!(request().user_id(), 8545);
    for id in [1, 2_147_483_647] {
        assert_eq!(DisableUser::new(id).unwrap().user_id(), id);
    }
    for id in [0, 2_147_483_648, u32::MAX] {
        refuses(DisableUser::new(id), "user_id");
    }
    assert_eq!(schema_members::<DisableUser>(), ["user_id"]);
}

#[test]
fn json_that_is_no_request_is_refused() {
    refuses_json::<DisableUser>(&[
        ("{}", "user_id"),
        (r#"{"user_id":0}"#, "user_id: 0"),
        (r#"{"user_id":2147483648}"#, "user_id: 2147483648"),
        (r#"{"user_id":-1}"#, "u32"),
        (r#"{"user_id":"8545"}"#, "u32"),
        (r#"{"user_id":1.0}"#, "u32"),
        (r#"{"user_id":null}"#, "u32"),
        (r#"{"user_id":1,"id":1}"#, "`id`"),
        (r#"{"user_id":1,"user_id":1}"#, "user_id"),
    ]);
    for bad in BAD_SEGMENTS {
        assert!(serde_json::from_value::<DisableUser>(serde_json::json!({ "user_id": bad })).is_err(), "{bad}");
    }
}

#[test]
fn the_typed_response_may_not_fit_where_the_verdict_stands() {
    let body = r#"{"Id":"seven","IsActive":false}"#;
    assert!(serde_json::from_str::<User>(body).is_err());
    check(&request(), AT_FIRST, [("it stands", ok(body), "revoked, confirmed")]);
    let nulls = r#"{"Id":null,"IsActive":null,"Picture":{},"Profiles":null,"Attributes":{"a":null,"b":[1]},"New":1}"#;
    assert!(serde_json::from_str::<User>(nulls).is_ok());
}
