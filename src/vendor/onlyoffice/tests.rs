use serde_json::{Map, Value, json};

use super::super::testing::{
    self, AT_FIRST, Documented, IN_DOUBT, answer, check, check_words, cut, mended, ok, page, reads_as_all_do, refuses,
    refuses_json, round_trips, schema_members,
};
use super::*;

impl Documented for UnlinkProject {
    const DOCUMENT: &'static str = "onlyoffice";
    const OPERATION: &'static str = "unlinkProject";

    fn documented(parameters: &Map<String, Value>, _body: Option<&Value>) -> Self {
        let id = |name: &str| serde_json::from_value(parameters[name].clone()).unwrap();
        Self::new(id("contactid"), id("projectid")).unwrap()
    }

    fn decode(schema: &str, example: &Value) -> Result<Value, String> {
        match schema {
            "ContactEnvelope" => testing::again::<ContactEnvelope>(example),
            "ErrorEnvelope" => testing::again::<generated::types::ErrorEnvelope>(example),
            "AuthenticationRequest" => testing::again::<generated::types::AuthenticationRequest>(example),
            "TokenEnvelope" => testing::again::<generated::types::TokenEnvelope>(example),
            other => Err(format!("no type for {other}")),
        }
    }
}

fn request() -> UnlinkProject {
    UnlinkProject::new(1234, 5678).unwrap()
}

/// An answer in XML.
fn xml(body: &'static str) -> Answer {
    ok(body).with("content-type", "text/xml; charset=utf-8")
}

/// The documentation's spelling of a contact, and the wire's.
const PASCAL_CASE: &str = r#"{"Count":1,"Status":0,"StatusCode":200,"Response":{"SmallFotoUrl":"s","MediumFotoUrl":"m","DisplayName":"Jane \"Q\": Doe","IsCompany":false,"AccessList":[{"Id":"4c65a238-ca50-4374-b904-0d51d4c1822b","DisplayName":"John","Title":"Manager","AvatarSmall":"a","ProfileUrl":"\/Products\/People"}],"IsPrivate":true,"IsShared":false,"ShareType":0,"Currency":{"Title":"Yuan","Symbol":"¥","Abbreviation":"CNY","CultureName":"CN","IsConvertable":true,"IsBasic":false},"CanEdit":true,"CanDelete":true,"Id":1234}}"#;
const CAMEL_CASE: &str = r#"{"count":1,"status":0,"statusCode":200,"response":{"smallFotoUrl":"s","mediumFotoUrl":"m","displayName":"Jane \"Q\": Doe","isCompany":false,"accessList":[{"id":"4c65a238-ca50-4374-b904-0d51d4c1822b","displayName":"John","title":"Manager","avatarSmall":"a","profileUrl":"\/Products\/People"}],"isPrivate":true,"isShared":false,"shareType":0,"currency":{"title":"Yuan","symbol":"¥","abbreviation":"CNY","cultureName":"CN","isConvertable":true,"isBasic":false},"canEdit":true,"canDelete":true,"id":1234}}"#;
/// The printed sample: an envelope on the wire's terms around a contact in the documentation's.
const MIXED: &str = r#"{"status":0,"response":{"DisplayName":"Jane Doe","IsCompany":false,"AccessList":[{"Id":"4c65a238-ca50-4374-b904-0d51d4c1822b"}],"id":1234}}"#;

#[test]
fn status_0_about_this_contact_is_a_yes() {
    let rows = [
        ("camelCase", ok(CAMEL_CASE), "revoked, acknowledged"),
        ("PascalCase", ok(PASCAL_CASE), "revoked, acknowledged"),
        ("both", ok(MIXED), "revoked, acknowledged"),
        ("trimmed to the id", ok(r#"{"status":0,"statusCode":200,"response":{"id":1234}}"#), "revoked, acknowledged"),
        ("trimmed more", ok(r#"{"status":0,"statusCode":200,"response":{}}"#), "revoked, acknowledged"),
        ("no contact", ok(r#"{"status":0}"#), "revoked, acknowledged"),
        ("a null contact", ok(r#"{"status":0,"response":null}"#), "revoked, acknowledged"),
        ("a null id", ok(r#"{"status":0,"response":{"id":null}}"#), "revoked, acknowledged"),
        ("an id as text", ok(r#"{"status":0,"response":{"id":"1234"}}"#), "revoked, acknowledged"),
        ("status as text", ok(r#"{"status":"0","statusCode":"200"}"#), "revoked, acknowledged"),
        ("a null statusCode", ok(r#"{"status":0,"statusCode":null}"#), "revoked, acknowledged"),
        ("statusCode 399", ok(r#"{"status":0,"statusCode":399}"#), "revoked, acknowledged"),
        (
            "nulls everywhere else",
            ok(r#"{"count":null,"status":0,"statusCode":null,"response":null,"error":null}"#),
            "revoked, acknowledged",
        ),
        ("as text/html", ok(CAMEL_CASE).with("content-type", "text/html"), "revoked, acknowledged"),
        ("with blanks around", ok(" \r\n{ \"Status\" : 0 }\r\n"), "revoked, acknowledged"),
        (
            "members that do not fit",
            ok(r#"{"status":0,"count":{},"response":{"id":1234,"currency":[7]}}"#),
            "revoked, acknowledged",
        ),
    ];
    check(&request(), AT_FIRST, rows.clone());
    check(&request(), IN_DOUBT, rows);
}

#[test]
fn xml_is_read_for_the_same_verdict() {
    let rows = [
        (
            "the printed sample",
            xml(
                "<result>\n  <status>0</status>\n  <response>\n    <DisplayName>Jane</DisplayName><IsCompany>False</IsCompany>\
                 <AccessList><Id>4c65a238-ca50-4374-b904-0d51d4c1822b</Id></AccessList>\
                 <AccessList><Id>5c65a238-ca50-4374-b904-0d51d4c1822b</Id></AccessList>\
                 <Currency><Title>Yuan</Title></Currency><id>1234</id>\n  </response>\n</result>",
            ),
            "revoked, acknowledged",
        ),
        (
            "camelCase",
            xml(
                "<result><count>1</count><status>0</status><statusCode>200</statusCode><response><id>1234</id></response></result>",
            ),
            "revoked, acknowledged",
        ),
        (
            "PascalCase",
            xml("<Result><Status> 0 </Status><StatusCode>200</StatusCode><Response><Id>1234</Id></Response></Result>"),
            "revoked, acknowledged",
        ),
        (
            "with a declaration",
            xml("<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<result><status>0</status></result>"),
            "revoked, acknowledged",
        ),
        ("blanks before it", xml("\r\n <result><status>0</status></result>"), "revoked, acknowledged"),
        ("said to be JSON", ok("<result><status>0</status></result>"), "revoked, acknowledged"),
        ("an empty response", xml("<result><status>0</status><response/></result>"), "revoked, acknowledged"),
        ("an empty statusCode", xml("<result><status>0</status><statusCode/></result>"), "revoked, acknowledged"),
        (
            "a refusal",
            xml(
                "<result><status>1</status><statusCode>404</statusCode><error><message>Not found</message></error></result>",
            ),
            "not found, unchanged",
        ),
        (
            "a refusal in PascalCase",
            xml("<Result><Status>1</Status><StatusCode>403</StatusCode></Result>"),
            "forbidden, unchanged",
        ),
        (
            "a failure",
            xml("<result><status>1</status><statusCode>500</statusCode></result>"),
            "unavailable, unknown, same key",
        ),
        ("a refusal without statusCode", xml("<result><status>1</status></result>"), "rejected, unchanged"),
        (
            "yes and no",
            xml("<result><status>0</status><statusCode>404</statusCode></result>"),
            "unexpected response, unknown",
        ),
        (
            "another contact",
            xml("<result><status>0</status><response><id>1235</id></response></result>"),
            "unexpected response, unknown",
        ),
        ("no status", xml("<result><response><id>1234</id></response></result>"), "unexpected response, unknown"),
        ("an empty status", xml("<result><status/></result>"), "unexpected response, unknown"),
        ("a status that is none", xml("<result><status>ok</status></result>"), "unexpected response, unknown"),
        (
            "a status deeper down",
            xml("<result><response><status>0</status></response></result>"),
            "unexpected response, unknown",
        ),
        ("two statuses", xml("<result><status>0</status><status>0</status></result>"), "unexpected response, unknown"),
        (
            "two statuses in two casings",
            xml("<result><status>0</status><Status>1</Status></result>"),
            "unexpected response, unknown",
        ),
        (
            "two responses",
            xml("<result><status>0</status><response/><Response/></result>"),
            "unexpected response, unknown",
        ),
        (
            "a status with more in it",
            xml("<result><status>0<!-- or -->1</status></result>"),
            "unexpected response, unknown",
        ),
        ("a status of elements", xml("<result><status>0<b/></status></result>"), "unexpected response, unknown"),
        ("another root", xml("<html><status>0</status></html>"), "unexpected response, unknown"),
        ("a DOCTYPE", xml("<!DOCTYPE result><result><status>0</status></result>"), "unexpected response, unknown"),
        (
            "entities of its own",
            xml("<!DOCTYPE result [<!ENTITY ok \"0\">]><result><status>&ok;</status></result>"),
            "unexpected response, unknown",
        ),
        ("cut short", xml("<result><status>0</status>"), "unexpected response, unknown"),
        ("something behind it", xml("<result><status>0</status></result>{}"), "unexpected response, unknown"),
        ("no UTF-8", ok(&b"<result><status>0</status>\xff</result>"[..]), "unexpected response, unknown"),
        (
            "more elements than a contact has",
            ok(format!("<result><status>0</status>{}</result>", "<a/>".repeat(100_001))),
            "unexpected response, unknown",
        ),
    ];
    check(&request(), AT_FIRST, rows.clone());
    check(&request(), IN_DOUBT, rows);
    // Depth alone is no fault, and no danger.
    let deep = format!("<result><status>0</status>{}{}</result>", "<a>".repeat(99_000), "</a>".repeat(99_000));
    check(&request(), AT_FIRST, [("deep", ok(deep), "revoked, acknowledged")]);
}

#[test]
fn another_status_is_a_refusal_of_the_kind_that_status_code_names() {
    for (code, reading) in [
        ("400", "rejected, unchanged"),
        ("401", "unauthorized, unchanged"),
        ("402", "rejected, unchanged"),
        ("403", "forbidden, unchanged"),
        ("404", "not found, unchanged"),
        (r#""404""#, "not found, unchanged"),
        ("409", "conflict, unchanged"),
        ("410", "not found, unchanged"),
        ("429", "rate limited, unchanged, same key"),
        ("500", "unavailable, unknown, same key"),
        ("501", "unavailable, unknown"),
        ("503", "unavailable, unknown, same key"),
        ("200", "rejected, unchanged"),
        ("0", "rejected, unchanged"),
        ("null", "rejected, unchanged"),
        (r#""NotFound""#, "rejected, unchanged"),
        ("404.5", "rejected, unchanged"),
        ("600", "rejected, unchanged"),
        ("70000", "rejected, unchanged"),
    ] {
        for status in ["1", r#""1""#, "2", "-1", "0.5"] {
            let body = format!(r#"{{"status":{status},"statusCode":{code},"error":{{"message":"No."}}}}"#);
            check(&request(), AT_FIRST, [("camelCase", ok(body.clone()), reading)]);
            let pascal = body.replace("status", "Status").replace("error", "Error").replace("message", "Message");
            check(&request(), AT_FIRST, [("PascalCase", ok(pascal), reading)]);
            // Nothing is ever inferred from a refusal: unlinking removes neither the contact nor the project.
            check(&request(), IN_DOUBT, [("in doubt", ok(body), reading)]);
        }
        let alone = format!(r#"{{"status":1,"statusCode":{code}}}"#);
        check(&request(), AT_FIRST, [("without error", ok(alone), reading)]);
    }
    let with_contact = ok(r#"{"status":1,"response":{"id":1234}}"#);
    check(&request(), AT_FIRST, [("with a contact", with_contact, "rejected, unchanged")]);
}

#[test]
fn what_is_not_this_contacts_envelope_proves_nothing() {
    let rows = [
        ("no status", ok(r#"{"statusCode":200,"response":{"id":1234}}"#), "unexpected response, unknown"),
        ("a null status", ok(r#"{"status":null,"statusCode":200}"#), "unexpected response, unknown"),
        ("a status that is a word", ok(r#"{"status":"ok"}"#), "unexpected response, unknown"),
        ("a status that is a flag", ok(r#"{"status":false}"#), "unexpected response, unknown"),
        ("a status that is empty", ok(r#"{"status":""}"#), "unexpected response, unknown"),
        ("a status that is an object", ok(r#"{"status":{}}"#), "unexpected response, unknown"),
        ("yes and 404", ok(r#"{"status":0,"statusCode":404}"#), "unexpected response, unknown"),
        ("yes and 400 as text", ok(r#"{"status":0,"statusCode":"400"}"#), "unexpected response, unknown"),
        ("yes and 70000", ok(r#"{"status":0,"statusCode":70000}"#), "unexpected response, unknown"),
        ("yes and a word", ok(r#"{"status":0,"statusCode":"NotFound"}"#), "unexpected response, unknown"),
        ("yes and a list", ok(r#"{"status":0,"statusCode":[]}"#), "unexpected response, unknown"),
        ("another contact", ok(r#"{"status":0,"response":{"id":1235}}"#), "unexpected response, unknown"),
        ("another contact in PascalCase", ok(r#"{"Status":0,"Response":{"Id":1235}}"#), "unexpected response, unknown"),
        ("an id that is a word", ok(r#"{"status":0,"response":{"id":"jane"}}"#), "unexpected response, unknown"),
        ("an id that is an object", ok(r#"{"status":0,"response":{"id":{}}}"#), "unexpected response, unknown"),
        ("a status twice", ok(r#"{"status":0,"status":0}"#), "unexpected response, unknown"),
        ("a status in two casings", ok(r#"{"Status":0,"status":1}"#), "unexpected response, unknown"),
        (
            "an id in two casings",
            ok(r#"{"status":0,"response":{"Id":1234,"id":1235}}"#),
            "unexpected response, unknown",
        ),
        (
            "all null",
            ok(r#"{"count":null,"status":null,"statusCode":null,"response":null}"#),
            "unexpected response, unknown",
        ),
        ("empty", ok(""), "unexpected response, unknown"),
        ("blank", ok("\r\n"), "unexpected response, unknown"),
        ("no content", answer(204, ""), "unexpected response, unknown"),
        ("a number beyond all", ok(r#"{"status":1e999}"#), "unexpected response, unknown"),
        ("no UTF-8", ok(&b"{\"status\":0,\"response\":{\"id\":\"\xff\"}}"[..]), "unexpected response, unknown"),
        ("the sign-in page", page(200), "unexpected response, unknown"),
    ];
    check(&request(), AT_FIRST, rows.clone());
    check(&request(), IN_DOUBT, rows);
}

#[test]
fn refusals_are_read_by_their_status() {
    let rows = [
        ("400", answer(400, r#"{"status":1,"statusCode":400,"error":{"message":"No."}}"#), "rejected, unchanged"),
        ("401", answer(401, "Unauthorized").with("content-type", "text/html"), "unauthorized, unchanged"),
        ("402 of the portal", answer(402, ""), "rejected, unchanged"),
        ("403 in the envelope", answer(403, r#"{"status":1,"statusCode":403}"#), "forbidden, unchanged"),
        ("403 of the portal", answer(403, ""), "forbidden, unchanged"),
        (
            "404 in the envelope",
            answer(404, r#"{"status":1,"statusCode":404,"error":{"message":"Not found"}}"#),
            "not found, unchanged",
        ),
        (
            "404 in XML",
            answer(404, "<result><status>1</status><statusCode>404</statusCode></result>"),
            "not found, unchanged",
        ),
        ("404 of the portal", answer(404, ""), "not found, unchanged"),
        ("404 of nginx", page(404), "not found, unchanged"),
        ("500", answer(500, r#"{"status":1,"statusCode":500}"#), "unavailable, unknown, same key"),
        ("502 of nginx", page(502), "unavailable, unknown, same key"),
        // The status is HTTP's, whatever the envelope names.
        ("403 that says yes", answer(403, CAMEL_CASE), "forbidden, unchanged"),
        ("500 that names 404", answer(500, r#"{"status":1,"statusCode":404}"#), "unavailable, unknown, same key"),
    ];
    check(&request(), AT_FIRST, rows.clone());
    // A 404 is no yes after an attempt in doubt either.
    check(&request(), IN_DOUBT, rows);
}

#[test]
fn a_503_with_retry_after_is_the_rate_limit_and_nothing_was_done() {
    let limited = |value| answer(503, "").with("retry-after", value);
    check(
        &request(),
        AT_FIRST,
        [
            ("seconds", limited("7"), "rate limited, unchanged, same key, wait 7s"),
            ("none", limited("0"), "rate limited, unchanged, same key, wait 0ns"),
            ("a date", limited("Thu, 15 Jan 2026 12:00:30 GMT"), "rate limited, unchanged, same key, wait 30s"),
            ("with a page", page(503).with("retry-after", "7"), "rate limited, unchanged, same key, wait 7s"),
            (
                "broken off",
                cut(503, testing::broken_off()).with("retry-after", "7"),
                "rate limited, unchanged, same key, wait 7s",
            ),
            ("without", answer(503, ""), "unavailable, unknown, same key"),
            ("unreadable", limited("soon"), "unavailable, unknown, same key"),
            (
                "the word of another status",
                answer(502, "").with("retry-after", "7"),
                "unavailable, unknown, same key, wait 7s",
            ),
        ],
    );
    let limited = testing::read(&request(), &limited("7"), IN_DOUBT);
    assert_eq!(testing::joined(IN_DOUBT, &limited), Access::Unknown);
}

#[test]
fn what_all_vendors_have_in_common() {
    reads_as_all_do(&request(), CAMEL_CASE, &[]);
    reads_as_all_do(&request(), PASCAL_CASE, &[]);
}

#[test]
fn the_vendors_words_are_kept_in_every_form() {
    check_words(
        &request(),
        [
            (
                "the envelope",
                answer(
                    404,
                    r#"{"status":1,"statusCode":404,"error":{"message":"Not found","hresult":-2146233079,"data":{}}}"#,
                ),
                "Not found",
            ),
            (
                "a debug build's",
                answer(403, r#"{"status":1,"error":{"message":"Access denied","type":"T","stack":"at X"}}"#),
                "Access denied",
            ),
            ("in PascalCase", answer(404, r#"{"Status":1,"Error":{"Message":"Not found"}}"#), "Not found"),
            (
                "in XML",
                answer(404, "<result><status>1</status><error><message>Not found</message></error></result>"),
                "Not found",
            ),
            (
                "in XML and PascalCase",
                answer(404, "<Result><Error><Message>Not found</Message></Error></Result>"),
                "Not found",
            ),
            ("plain text", answer(401, "Unauthorized").with("content-type", "text/html"), "Unauthorized"),
            ("nothing", answer(402, ""), "no reason was given"),
            ("nginx", page(502), "a web page, not the vendor's answer: Sign in - Acme"),
            (
                "no words",
                answer(400, r#"{"status":1,"error":{"message":null}}"#),
                "JSON that is not in this vendor's envelope",
            ),
            ("inside a 200", ok(r#"{"status":1,"error":{"message":"No."}}"#), "No."),
            ("inside a 200, no words", ok(r#"{"status":1}"#), "the vendor refuses: status 1"),
            (
                "yes and no",
                ok(r#"{"status":0,"statusCode":404}"#),
                "the response contradicts itself: status 0 beside statusCode 404",
            ),
            ("another contact", ok(r#"{"status":0,"response":{"id":1}}"#), "the response is about another contact"),
        ],
    );
}

#[test]
fn both_casings_are_read_into_the_same_fields() {
    let typed = |body: &'static str| {
        let answer = mended::<UnlinkProject>(&ok(body));
        serde_json::from_slice::<ContactEnvelope>(answer.bytes()).unwrap()
    };
    assert_eq!(typed(PASCAL_CASE), typed(CAMEL_CASE));
    let written = serde_json::to_value(typed(PASCAL_CASE)).unwrap();
    assert_eq!(written, serde_json::from_str::<Value>(CAMEL_CASE).unwrap());
    let mixed = serde_json::to_value(typed(MIXED)).unwrap();
    assert_eq!(mixed["response"]["displayName"], "Jane Doe");
    assert_eq!(mixed["response"]["accessList"][0]["id"], "4c65a238-ca50-4374-b904-0d51d4c1822b");
}

#[test]
fn no_rate_limit_is_read_because_the_vendor_states_none() {
    assert_eq!(UnlinkProject::rate_limit(&ok("").with("ratelimit-limit", "500")), None);
}

#[test]
fn a_request_is_a_contact_and_a_project() {
    round_trips(&request(), r#"{"contact_id":1234,"project_id":5678}"#);
    assert_eq!((request().contact_id(), request().project_id()), (1234, 5678));
    assert!(UnlinkProject::new(2_147_483_647, 2_147_483_647).is_ok());
    for id in [0, 2_147_483_648, u32::MAX] {
        refuses(UnlinkProject::new(id, 1), "contact_id");
        refuses(UnlinkProject::new(1, id), "project_id");
    }
    assert_eq!(schema_members::<UnlinkProject>(), ["contact_id", "project_id"]);
}

#[test]
fn json_that_is_no_request_is_refused() {
    refuses_json::<UnlinkProject>(&[
        ("{}", "contact_id"),
        (r#"{"contact_id":1}"#, "project_id"),
        (r#"{"contact_id":0,"project_id":2}"#, "contact_id: 0"),
        (r#"{"contact_id":1,"project_id":2147483648}"#, "project_id: 2147483648"),
        (r#"{"contact_id":1,"project_id":-2}"#, "u32"),
        (r#"{"contact_id":"1","project_id":2}"#, "u32"),
        (r#"{"contact_id":1,"project_id":2,"portal":"x"}"#, "`portal`"),
        (r#"{"contact_id":1,"project_id":2,"project_id":2}"#, "project_id"),
    ]);
}

#[test]
fn the_typed_response_takes_numbers_as_text_and_nulls_everywhere() {
    for envelope in [
        json!({}),
        json!({"count": null, "status": null, "statusCode": null, "response": null, "error": null}),
        json!({"count": "1", "status": "0", "statusCode": "200", "response": {"id": null, "accessList": null, "currency": null}}),
    ] {
        assert!(serde_json::from_value::<ContactEnvelope>(envelope.clone()).is_ok(), "{envelope}");
    }
}
