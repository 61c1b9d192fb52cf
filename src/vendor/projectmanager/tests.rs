use serde_json::{Map, Value, json};

use super::super::testing::{
    self, AT_FIRST, Documented, IN_DOUBT, answer, check, check_words, cut, line, ok, page, read, reads_as_all_do,
    refuses_json, round_trips, schema_members,
};
use super::*;
use crate::error::Access;
use crate::transport::Body;

const PROVIDER: &str = "6f0c1d52-7a3e-4d0b-9a55-0c8d8a3a1b11";

impl Documented for DisconnectProvider {
    const DOCUMENT: &'static str = "projectmanager";
    const OPERATION: &'static str = "disconnectProvider";

    fn documented(parameters: &Map<String, Value>, _body: Option<&Value>) -> Self {
        Self::new(serde_json::from_value(parameters["providerId"].clone()).unwrap())
    }

    fn decode(schema: &str, example: &Value) -> Result<Value, String> {
        match schema {
            "AstroResult" => testing::again::<AstroResult>(example),
            "ErrorBody" => testing::again::<generated::types::ErrorBody>(example),
            other => Err(format!("no type for {other}")),
        }
    }
}

fn request() -> DisconnectProvider {
    DisconnectProvider::new(PROVIDER.parse().unwrap())
}

#[test]
fn success_or_no_error_with_nothing_against_it_is_a_yes() {
    let rows = [
        ("both flags", ok(r#"{"success":true,"hasError":false}"#), "revoked, acknowledged"),
        ("success alone", ok(r#"{"success":true}"#), "revoked, acknowledged"),
        ("no error alone", ok(r#"{"hasError":false}"#), "revoked, acknowledged"),
        ("the other flag null", ok(r#"{"success":true,"hasError":null}"#), "revoked, acknowledged"),
        ("success null", ok(r#"{"success":null,"hasError":false}"#), "revoked, acknowledged"),
        ("flags as text", ok(r#"{"success":"True","hasError":"false"}"#), "revoked, acknowledged"),
        ("flags as numbers", ok(r#"{"success":1,"hasError":0}"#), "revoked, acknowledged"),
        ("a null error", ok(r#"{"success":true,"error":null}"#), "revoked, acknowledged"),
        ("an empty error", ok(r#"{"success":true,"error":{}}"#), "revoked, acknowledged"),
        (
            "an error of nulls and emptiness",
            ok(
                r#"{"success":true,"error":{"message":null,"technicalError":"","additionalErrors":[],"validationErrors":{}}}"#,
            ),
            "revoked, acknowledged",
        ),
        ("members that are unknown", ok(r#"{"success":true,"data":{"id":1},"traceId":"x"}"#), "revoked, acknowledged"),
        (
            "OData's content type",
            ok(r#"{"success":true}"#).with("content-type", "application/json;odata.metadata=minimal"),
            "revoked, acknowledged",
        ),
        ("blanks around", ok("\r\n {\"success\":true}\r\n"), "revoked, acknowledged"),
        ("empty", ok(""), "revoked, acknowledged"),
        ("blank", ok(" \r\n"), "revoked, acknowledged"),
        ("no content", answer(204, ""), "revoked, acknowledged"),
    ];
    check(&request(), AT_FIRST, rows.clone());
    check(&request(), IN_DOUBT, rows);
}

#[test]
fn a_status_code_below_400_or_unknown_says_nothing() {
    for code in [
        r#""OK""#,
        r#""ok""#,
        r#""Continue""#,
        r#""Accepted""#,
        r#""NoContent""#,
        r#""Redirect""#,
        r#""Perhaps""#,
        r#""""#,
        r#""200""#,
        "200",
        "100",
        "399",
        "399.9",
        "0",
        "-404",
        "null",
        "{}",
        "[404]",
        "true",
    ] {
        check(
            &request(),
            AT_FIRST,
            [
                ("a yes", ok(format!(r#"{{"success":true,"statusCode":{code}}}"#)), "revoked, acknowledged"),
                ("a no", ok(format!(r#"{{"success":false,"statusCode":{code}}}"#)), "rejected, unchanged"),
                ("neither", ok(format!(r#"{{"statusCode":{code}}}"#)), "unexpected response, unknown"),
            ],
        );
    }
}

#[test]
fn what_speaks_against_it_alone_is_a_refusal_inside_the_success() {
    check(
        &request(),
        AT_FIRST,
        [
            ("no success", ok(r#"{"success":false}"#), "rejected, unchanged"),
            ("an error flag", ok(r#"{"hasError":true}"#), "rejected, unchanged"),
            ("both", ok(r#"{"success":false,"hasError":true}"#), "rejected, unchanged"),
            ("a filled error", ok(r#"{"error":{"message":"No."}}"#), "rejected, unchanged"),
            ("an error with fields", ok(r#"{"error":{"validationErrors":{"a":["b"]}}}"#), "rejected, unchanged"),
            ("an error that is text", ok(r#"{"error":"No."}"#), "rejected, unchanged"),
            ("a status code by name", ok(r#"{"statusCode":"NotFound"}"#), "not found, unchanged"),
            ("a status code by number", ok(r#"{"statusCode":404}"#), "not found, unchanged"),
            ("a number as text", ok(r#"{"statusCode":"404"}"#), "not found, unchanged"),
            ("in any case", ok(r#"{"statusCode":" notfound "}"#), "not found, unchanged"),
            ("the old form", ok(r#"{"success":false,"message":"No."}"#), "rejected, unchanged"),
            ("as text", ok(r#"{"success":"False"}"#), "rejected, unchanged"),
            (
                "that asks to wait",
                ok(r#"{"statusCode":429}"#).with("retry-after", "7"),
                "rate limited, unchanged, same key, wait 7s",
            ),
            ("a number that is no status", ok(r#"{"success":false,"statusCode":40400}"#), "rejected, unchanged"),
            ("a number beyond HTTP", ok(r#"{"success":false,"statusCode":600}"#), "rejected, unchanged"),
            ("a number with a fraction", ok(r#"{"success":false,"statusCode":404.5}"#), "rejected, unchanged"),
        ],
    );
}

#[test]
fn a_refusal_inside_a_success_is_of_the_kind_its_status_code_names() {
    for (name, status) in [
        ("BadRequest", 400),
        ("Unauthorized", 401),
        ("PaymentRequired", 402),
        ("Forbidden", 403),
        ("NotFound", 404),
        ("MethodNotAllowed", 405),
        ("NotAcceptable", 406),
        ("ProxyAuthenticationRequired", 407),
        ("RequestTimeout", 408),
        ("Conflict", 409),
        ("Gone", 410),
        ("LengthRequired", 411),
        ("PreconditionFailed", 412),
        ("RequestEntityTooLarge", 413),
        ("RequestUriTooLong", 414),
        ("UnsupportedMediaType", 415),
        ("RequestedRangeNotSatisfiable", 416),
        ("ExpectationFailed", 417),
        ("MisdirectedRequest", 421),
        ("UnprocessableEntity", 422),
        ("Locked", 423),
        ("FailedDependency", 424),
        ("UpgradeRequired", 426),
        ("PreconditionRequired", 428),
        ("TooManyRequests", 429),
        ("RequestHeaderFieldsTooLarge", 431),
        ("UnavailableForLegalReasons", 451),
        ("InternalServerError", 500),
        ("NotImplemented", 501),
        ("BadGateway", 502),
        ("ServiceUnavailable", 503),
        ("GatewayTimeout", 504),
        ("HttpVersionNotSupported", 505),
        ("VariantAlsoNegotiates", 506),
        ("InsufficientStorage", 507),
        ("LoopDetected", 508),
        ("NotExtended", 510),
        ("NetworkAuthenticationRequired", 511),
    ] {
        let of_status = line(&read(&request(), &answer(status, ""), AT_FIRST));
        for code in [format!("\"{name}\""), format!("\"{status}\""), status.to_string()] {
            for refusal in
                [r#""success":false"#, r#""hasError":true"#, r#""error":{"message":"No."}"#, r#""success":null"#]
            {
                let body = format!(r#"{{{refusal},"statusCode":{code}}}"#);
                assert_eq!(line(&read(&request(), &ok(body.clone()), AT_FIRST)), of_status, "{body}");
            }
            let yes = format!(r#"{{"success":true,"statusCode":{code}}}"#);
            assert_eq!(line(&read(&request(), &ok(yes.clone()), AT_FIRST)), "unexpected response, unknown", "{yes}");
        }
    }
}

#[test]
fn yes_and_no_at_once_prove_nothing() {
    check(
        &request(),
        AT_FIRST,
        [
            ("both flags true", ok(r#"{"success":true,"hasError":true}"#), "unexpected response, unknown"),
            ("both flags false", ok(r#"{"success":false,"hasError":false}"#), "unexpected response, unknown"),
            (
                "success and an error",
                ok(r#"{"success":true,"error":{"message":"No."}}"#),
                "unexpected response, unknown",
            ),
            (
                "no error and an error",
                ok(r#"{"hasError":false,"error":{"message":"No."}}"#),
                "unexpected response, unknown",
            ),
            ("success and 404", ok(r#"{"success":true,"statusCode":404}"#), "unexpected response, unknown"),
            (
                "no error and 500",
                ok(r#"{"hasError":false,"statusCode":"InternalServerError"}"#),
                "unexpected response, unknown",
            ),
            (
                "success and a number beyond",
                ok(r#"{"success":true,"statusCode":40400}"#),
                "unexpected response, unknown",
            ),
            ("success and a fraction", ok(r#"{"success":true,"statusCode":404.5}"#), "unexpected response, unknown"),
            (
                "the printed placeholder",
                ok(
                    r#"{"error":{"technicalError":"string","additionalErrors":["string"],"validationErrors":{},"message":"string"},"success":true,"hasError":true,"statusCode":"Continue"}"#,
                ),
                "unexpected response, unknown",
            ),
        ],
    );
    check_words(
        &request(),
        [
            (
                "the flags",
                ok(r#"{"success":true,"hasError":true}"#),
                "the response contradicts itself: success true beside hasError true",
            ),
            (
                "the status code",
                ok(r#"{"hasError":false,"statusCode":"NotFound"}"#),
                "the response contradicts itself: hasError false beside statusCode 404",
            ),
            (
                "the error",
                ok(r#"{"success":true,"error":{"message":"No."}}"#),
                "the response contradicts itself: success true beside a filled error",
            ),
        ],
    );
}

#[test]
fn neither_yes_nor_no_proves_nothing() {
    check(
        &request(),
        AT_FIRST,
        [
            (
                "all null",
                ok(r#"{"success":null,"hasError":null,"statusCode":null,"error":null}"#),
                "unexpected response, unknown",
            ),
            ("a message alone", ok(r#"{"message":"Welcome"}"#), "unexpected response, unknown"),
            ("a flag that is none", ok(r#"{"success":"perhaps"}"#), "unexpected response, unknown"),
            ("a flag that is a list", ok(r#"{"success":true,"hasError":[]}"#), "unexpected response, unknown"),
            ("a flag that is 2", ok(r#"{"success":2}"#), "unexpected response, unknown"),
            ("other casing", ok(r#"{"Success":true,"HasError":false}"#), "unexpected response, unknown"),
            ("a member twice", ok(r#"{"success":true,"success":true}"#), "unexpected response, unknown"),
            ("a member twice, differing", ok(r#"{"success":false,"success":true}"#), "unexpected response, unknown"),
            (
                "twice within",
                ok(r#"{"success":true,"error":{"message":null,"message":null}}"#),
                "unexpected response, unknown",
            ),
            ("a number beyond all", ok(r#"{"success":true,"statusCode":1e999}"#), "unexpected response, unknown"),
            ("no UTF-8", ok(&b"{\"success\":\"tr\xffue\"}"[..]), "unexpected response, unknown"),
            (
                "too deep",
                ok(format!(r#"{{"success":true,"error":{}}}"#, "[".repeat(500) + &"]".repeat(500))),
                "unexpected response, unknown",
            ),
        ],
    );
}

#[test]
fn refusals_are_read_by_their_status() {
    check(
        &request(),
        AT_FIRST,
        [
            ("400", answer(400, r#"{"error":{"message":"No."}}"#), "rejected, unchanged"),
            ("401", answer(401, "").with("www-authenticate", "Bearer"), "unauthorized, unchanged"),
            ("403", answer(403, r#"{"success":false}"#), "forbidden, unchanged"),
            (
                "404 in the envelope",
                answer(404, r#"{"success":false,"statusCode":"NotFound"}"#),
                "not found, unchanged",
            ),
            ("404 in the short form", answer(404, r#"{"error":{"message":"Not found."}}"#), "not found, unchanged"),
            ("409", answer(409, r#"{"success":false,"message":"Usage limit exceeded."}"#), "conflict, unchanged"),
            ("429", answer(429, "").with("retry-after", "2"), "rate limited, unchanged, same key, wait 2s"),
            ("500", answer(500, r#"{"success":false,"hasError":true}"#), "unavailable, unknown, same key"),
            // The status is HTTP's, whatever the envelope names.
            ("400 that names 500", answer(400, r#"{"success":false,"statusCode":500}"#), "rejected, unchanged"),
            ("403 that says yes", answer(403, r#"{"success":true}"#), "forbidden, unchanged"),
        ],
    );
}

#[test]
fn a_404_after_an_attempt_in_doubt_is_a_yes_only_in_the_vendors_own_envelope() {
    check(
        &request(),
        IN_DOUBT,
        [
            ("with success", answer(404, r#"{"success":false}"#), "revoked, inferred"),
            ("with a flag as text", answer(404, r#"{"success":"False"}"#), "revoked, inferred"),
            ("with hasError", answer(404, r#"{"hasError":true}"#), "revoked, inferred"),
            ("with an error", answer(404, r#"{"error":{"message":"Not found."}}"#), "revoked, inferred"),
            (
                "the whole envelope",
                answer(404, r#"{"success":false,"hasError":true,"statusCode":"NotFound","error":null}"#),
                "revoked, inferred",
            ),
            ("empty", answer(404, ""), "not found, unchanged"),
            ("a page", page(404), "not found, unchanged"),
            ("a gateway's text", answer(404, r#"{"error":"Not Found"}"#), "not found, unchanged"),
            (
                "a gateway's message",
                answer(404, r#"{"message":"no Route matched with those values"}"#),
                "not found, unchanged",
            ),
            (
                "a gateway's statusCode",
                answer(404, r#"{"statusCode":404,"message":"Resource not found"}"#),
                "not found, unchanged",
            ),
            ("a yes as text", answer(404, r#"{"success":"True","error":{}}"#), "not found, unchanged"),
            ("no error, as text", answer(404, r#"{"success":"False","hasError":"False"}"#), "not found, unchanged"),
            ("no flag at all", answer(404, r#"{"success":"no","hasError":true}"#), "not found, unchanged"),
            ("nulls", answer(404, r#"{"success":null,"hasError":null,"error":null}"#), "not found, unchanged"),
            ("a list", answer(404, r#"[{"success":false}]"#), "not found, unchanged"),
            ("a member twice", answer(404, r#"{"success":false,"success":false}"#), "not found, unchanged"),
            ("broken off", cut(404, testing::broken_off()), "not found, unchanged"),
            ("too long", cut(404, Body::TooLarge { limit: 1 }), "not found, unchanged"),
            ("410", answer(410, r#"{"success":false}"#), "not found, unchanged"),
            ("409", answer(409, r#"{"success":false}"#), "conflict, unchanged"),
            // Inside a success nothing is inferred: only HTTP's own 404 is known to say that there is nothing left.
            ("404 inside a 200", ok(r#"{"success":false,"statusCode":"NotFound"}"#), "not found, unchanged"),
        ],
    );
    // What is no yes leaves the access in doubt.
    let refused = read(&request(), &ok(r#"{"success":false,"statusCode":"NotFound"}"#), IN_DOUBT);
    assert_eq!(testing::joined(IN_DOUBT, &refused), Access::Unknown);
    assert_eq!(testing::joined(IN_DOUBT, &read(&request(), &page(404), IN_DOUBT)), Access::Unknown);
}

#[test]
fn what_all_vendors_have_in_common() {
    let acknowledged = [(204..=204, "revoked, acknowledged")];
    reads_as_all_do(&request(), r#"{"success":true,"hasError":false}"#, &acknowledged);
}

#[test]
fn the_vendors_words_are_kept_in_every_form() {
    check_words(
        &request(),
        [
            (
                "the published form",
                answer(
                    400,
                    r#"{"error":{"message":"Not valid.","validationErrors":{"name":["Too long.","Required."],"id":["Unknown."]}}}"#,
                ),
                "Not valid. | id: Unknown. | name: Too long. | name: Required.",
            ),
            (
                "the whole envelope",
                answer(
                    403,
                    r#"{"success":false,"error":{"message":"No.","technicalError":"E1","additionalErrors":["More.",null," "]}}"#,
                ),
                "No. | E1 | More.",
            ),
            (
                "the old form",
                answer(409, r#"{"success":false,"message":"Usage limit exceeded."}"#),
                "Usage limit exceeded.",
            ),
            ("the message alone", answer(400, r#"{"message":"Not valid."}"#), "Not valid."),
            (
                "the technical error alone",
                answer(500, r#"{"error":{"message":null,"technicalError":"Timeout."}}"#),
                "Timeout.",
            ),
            (
                "fields alone",
                answer(400, r#"{"error":{"validationErrors":{"a":["b"]}}}"#),
                "the request is not valid | a: b",
            ),
            (
                "a field with one text",
                answer(400, r#"{"error":{"validationErrors":{"a":"b"}}}"#),
                "the request is not valid | a: b",
            ),
            ("an error that is text", answer(400, r#"{"error":"No."}"#), "No."),
            ("no words", answer(400, r#"{"success":false}"#), "JSON that is not in this vendor's envelope"),
            ("inside a 200", ok(r#"{"success":false,"error":{"message":"No."}}"#), "No."),
            (
                "inside a 200, no words",
                ok(r#"{"success":false}"#),
                "the vendor refuses inside a success: success false",
            ),
            (
                "inside a 200, a code",
                ok(r#"{"statusCode":404}"#),
                "the vendor refuses inside a success: statusCode 404",
            ),
        ],
    );
}

#[test]
fn no_rate_limit_is_read_because_the_vendor_states_none() {
    let answer = ok("").with("ratelimit-limit", "5").with("server-duration", "12");
    assert_eq!(DisconnectProvider::rate_limit(&answer), None);
}

#[test]
fn a_request_is_a_provider_and_perhaps_an_account() {
    round_trips(&request(), &format!(r#"{{"provider_id":"{PROVIDER}"}}"#));
    let of_jane = request().account("jane@acme.example");
    round_trips(&of_jane, &format!(r#"{{"provider_id":"{PROVIDER}","account":"jane@acme.example"}}"#));
    assert_eq!(of_jane.provider_id(), request().provider_id());
    assert_eq!(Endpoint::account(&of_jane), Some("jane@acme.example"));
    assert_eq!(Endpoint::account(&request()), None);
    assert_ne!(of_jane, request());
    assert_eq!(schema_members::<DisconnectProvider>(), ["account", "provider_id"]);
}

#[test]
fn json_that_is_no_request_is_refused() {
    refuses_json::<DisconnectProvider>(&[
        ("{}", "provider_id"),
        (r#"{"provider_id":"seven"}"#, "UUID"),
        (r#"{"provider_id":7}"#, "UUID"),
        (r#"{"provider_id":""}"#, "UUID"),
        (r#"{"provider_id":"6f0c1d52-7a3e-4d0b-9a55-0c8d8a3a1b11","provider":1}"#, "`provider`"),
        (r#"{"provider_id":"6f0c1d52-7a3e-4d0b-9a55-0c8d8a3a1b11","account":7}"#, "string"),
        (
            r#"{"provider_id":"6f0c1d52-7a3e-4d0b-9a55-0c8d8a3a1b11","provider_id":"6f0c1d52-7a3e-4d0b-9a55-0c8d8a3a1b11"}"#,
            "provider_id",
        ),
    ]);
}

#[test]
fn the_typed_response_takes_every_form_of_the_envelope() {
    for envelope in [
        json!({}),
        json!({"success": null, "hasError": null, "statusCode": null, "error": null}),
        json!({"success": true, "statusCode": "OK"}),
        json!({"success": true, "statusCode": 200}),
        json!({"success": false, "error": {"message": null, "technicalError": null, "additionalErrors": null, "validationErrors": null}}),
        json!({"success": true, "data": [1, 2], "unknown": {}}),
    ] {
        assert!(serde_json::from_value::<AstroResult>(envelope.clone()).is_ok(), "{envelope}");
    }
}
