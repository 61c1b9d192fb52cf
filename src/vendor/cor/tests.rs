use serde_json::{Map, json};

use super::super::testing::{
    self, AT_FIRST, BAD_SEGMENTS, Documented, IN_DOUBT, answer, bad_texts, check, check_words, cut, ok, page, read,
    reads_as_all_do, refuses, refuses_json, round_trips, schema_members,
};
use super::*;

impl Documented for DetachWorkspaces {
    const DOCUMENT: &'static str = "cor";
    const OPERATION: &'static str = "detachWorkspaces";

    fn documented(parameters: &Map<String, Value>, body: Option<&Value>) -> Self {
        let body: generated::types::DetachRequest = serde_json::from_value(body.unwrap().clone()).unwrap();
        let source = Source::new(body.metadata.source).unwrap();
        Self::new(parameters["userId"].as_str().unwrap(), body.workspaces, source).unwrap()
    }

    fn decode(schema: &str, example: &Value) -> Result<Value, String> {
        match schema {
            "DetachRequest" => testing::again::<generated::types::DetachRequest>(example),
            "User" => testing::again::<User>(example),
            "ErrorBody" => testing::again::<generated::types::ErrorBody>(example),
            "ValidationErrors" => testing::again::<generated::types::ValidationErrors>(example),
            "Token" => testing::again::<generated::types::Token>(example),
            other => Err(format!("no type for {other}")),
        }
    }
}

fn detach(workspaces: &[&str]) -> DetachWorkspaces {
    DetachWorkspaces::new("OKTA-USER-12345", workspaces.iter().copied(), Source::OKTA).unwrap()
}

/// Asks for one workspace.
fn one() -> DetachWorkspaces {
    detach(&["WS-1"])
}

/// Asks for three.
fn three() -> DetachWorkspaces {
    detach(&["WS-1", "WS-2", "WS-3"])
}

/// A user with these workspaces, each given by its `json_integrations`.
fn left(integrations: &[&str]) -> Answer {
    ok(format!(r#"{{"id":8545,"name":"Jane","workspaces":[{}]}}"#, workspaces(integrations)))
}

/// The same with a top-level `errors`.
fn left_with_errors(integrations: &[&str], errors: &str) -> Answer {
    ok(format!(r#"{{"workspaces":[{}],"errors":{errors}}}"#, workspaces(integrations)))
}

fn workspaces(integrations: &[&str]) -> String {
    let workspace = |it: &&str| format!(r#"{{"id":3,"name":"W","active":true,"json_integrations":{it}}}"#);
    integrations.iter().map(workspace).collect::<Vec<_>>().join(",")
}

/// A workspace's tie to Okta.
fn okta(id: &str) -> String {
    format!(r#"{{"integration_id":16,"source":"OKTA","status":"NOT_SEND","origin_external_id":"{id}"}}"#)
}

#[test]
fn none_of_the_asked_among_comparable_ones_confirms() {
    let rows = [
        ("no workspaces left", left(&[]), "revoked, confirmed"),
        ("another one", left(&[&okta("WS-7")]), "revoked, confirmed"),
        ("several others", left(&[&okta("WS-7"), &okta("WS-8")]), "revoked, confirmed"),
        (
            "the same id of another source",
            left(&[r#"{"source":"JIRA","origin_external_id":"WS-1"}"#]),
            "revoked, confirmed",
        ),
        ("another id without a source", left(&[r#"{"origin_external_id":"WS-7"}"#]), "revoked, confirmed"),
        ("an id in another case", left(&[&okta("ws-1")]), "revoked, confirmed"),
        ("an id that begins alike", left(&[&okta("WS-10")]), "revoked, confirmed"),
        ("an id as a number", left(&[r#"{"source":"OKTA","origin_external_id":7}"#]), "revoked, confirmed"),
        ("a list of ties", left(&[&format!("[{}]", okta("WS-7"))]), "revoked, confirmed"),
        ("a list with one that is of use", left(&[&format!("[null,{{}},{}]", okta("WS-7"))]), "revoked, confirmed"),
        ("null errors", left_with_errors(&[&okta("WS-7")], "null"), "revoked, confirmed"),
        ("empty errors", left_with_errors(&[], "[]"), "revoked, confirmed"),
        ("errors that are an empty object", left_with_errors(&[], "{}"), "revoked, confirmed"),
        (
            "members that do not fit",
            ok(
                r#"{"id":{},"name":7,"workspaces":[{"id":"3","active":"1","created_at":0,"pivot":{"percentage":"50.00"},"json_integrations":{"source":"OKTA","origin_external_id":"WS-7"}}]}"#,
            ),
            "revoked, confirmed",
        ),
        (
            "nulls everywhere else",
            ok(r#"{"id":null,"name":null,"email":null,"workspaces":[],"errors":null}"#),
            "revoked, confirmed",
        ),
    ];
    check(&one(), AT_FIRST, rows.clone());
    check(&one(), IN_DOUBT, rows.clone());
    check(&three(), AT_FIRST, rows);
}

#[test]
fn none_of_the_asked_among_ones_that_cannot_be_compared_is_acknowledged() {
    let rows = [
        ("made in COR", left(&["null"]), "revoked, acknowledged"),
        ("one of several", left(&[&okta("WS-7"), "null"]), "revoked, acknowledged"),
        ("no id in it", left(&[r#"{"source":"OKTA"}"#]), "revoked, acknowledged"),
        ("a null id", left(&[r#"{"source":"OKTA","origin_external_id":null}"#]), "revoked, acknowledged"),
        ("an empty id", left(&[r#"{"source":"OKTA","origin_external_id":""}"#]), "revoked, acknowledged"),
        ("an id that is no text", left(&[r#"{"source":"OKTA","origin_external_id":{}}"#]), "revoked, acknowledged"),
        ("an empty object", left(&["{}"]), "revoked, acknowledged"),
        ("an empty list", left(&["[]"]), "revoked, acknowledged"),
        ("a list of nulls", left(&["[null]"]), "revoked, acknowledged"),
        ("text", left(&[r#""OKTA""#]), "revoked, acknowledged"),
        ("a number", left(&["7"]), "revoked, acknowledged"),
        ("no ties at all", ok(r#"{"workspaces":[{"id":3}]}"#), "revoked, acknowledged"),
        ("a null workspace", ok(r#"{"workspaces":[null]}"#), "revoked, acknowledged"),
        ("a workspace that is text", ok(r#"{"workspaces":["WS-7"]}"#), "revoked, acknowledged"),
        ("a workspace that is a list", ok(r#"{"workspaces":[["WS-7"]]}"#), "revoked, acknowledged"),
        ("empty errors", left_with_errors(&["null"], "[]"), "revoked, acknowledged"),
    ];
    check(&one(), AT_FIRST, rows.clone());
    check(&one(), IN_DOUBT, rows.clone());
    check(&three(), AT_FIRST, rows);
}

#[test]
fn one_that_remains_is_not_revoked() {
    let rows = [
        ("in the source", left(&[&okta("WS-1")]), "incomplete, unchanged, shown, left: WS-1"),
        ("without a source", left(&[r#"{"origin_external_id":"WS-1"}"#]), "incomplete, unchanged, shown, left: WS-1"),
        (
            "with a null source",
            left(&[r#"{"source":null,"origin_external_id":"WS-1"}"#]),
            "incomplete, unchanged, shown, left: WS-1",
        ),
        (
            "with an empty source",
            left(&[r#"{"source":"","origin_external_id":"WS-1"}"#]),
            "incomplete, unchanged, shown, left: WS-1",
        ),
        (
            "the source in another case",
            left(&[r#"{"source":"Okta","origin_external_id":"WS-1"}"#]),
            "incomplete, unchanged, shown, left: WS-1",
        ),
        ("in a list", left(&[&format!("[{}]", okta("WS-1"))]), "incomplete, unchanged, shown, left: WS-1"),
        (
            "second in a list",
            left(&[&format!("[{},{}]", okta("WS-7"), okta("WS-1"))]),
            "incomplete, unchanged, shown, left: WS-1",
        ),
        ("among others", left(&[&okta("WS-7"), "null", &okta("WS-1")]), "incomplete, unchanged, shown, left: WS-1"),
        ("twice", left(&[&okta("WS-1"), &okta("WS-1")]), "incomplete, unchanged, shown, left: WS-1"),
        ("as text", ok(r#"{"workspaces":["WS-1"]}"#), "incomplete, unchanged, shown, left: WS-1"),
        (
            "not active",
            left(&[r#"{"source":"OKTA","is_active":false,"origin_external_id":"WS-1"}"#]),
            "incomplete, unchanged, shown, left: WS-1",
        ),
        (
            "with errors",
            left_with_errors(&[&okta("WS-1")], r#"[{"code":"ZC001","message":"Entity is not associated"}]"#),
            "incomplete, unchanged, shown, left: WS-1",
        ),
    ];
    check(&one(), AT_FIRST, rows.clone());
    // The list shows state, so it ends the doubt of earlier attempts.
    check(&one(), IN_DOUBT, rows);
    assert_eq!(testing::joined(IN_DOUBT, &read(&one(), &left(&[&okta("WS-1")]), IN_DOUBT)), Access::Unchanged);
    let numbered = left(&[r#"{"source":"OKTA","origin_external_id":12345}"#]);
    check(
        &detach(&["12345"]),
        AT_FIRST,
        [("an id as a number", numbered, "incomplete, unchanged, shown, left: 12345")],
    );
}

#[test]
fn some_that_remain_are_partly_revoked_and_all_are_unchanged() {
    let rows = [
        ("one of three", left(&[&okta("WS-2")]), "incomplete, partly revoked, shown, left: WS-2"),
        ("two of three", left(&[&okta("WS-3"), &okta("WS-1")]), "incomplete, partly revoked, shown, left: WS-1 WS-3"),
        (
            "one, and one that cannot be compared",
            left(&["null", &okta("WS-2")]),
            "incomplete, partly revoked, shown, left: WS-2",
        ),
        (
            "two in one workspace",
            left(&[&format!("[{},{}]", okta("WS-1"), okta("WS-2"))]),
            "incomplete, partly revoked, shown, left: WS-1 WS-2",
        ),
        (
            "one, and an error of another",
            left_with_errors(&[&okta("WS-2")], r#"["WS-3"]"#),
            "incomplete, partly revoked, shown, left: WS-2",
        ),
        (
            "all",
            left(&[&okta("WS-1"), &okta("WS-2"), &okta("WS-3")]),
            "incomplete, unchanged, shown, left: WS-1 WS-2 WS-3",
        ),
        (
            "all, with errors",
            left_with_errors(&[&okta("WS-1"), &okta("WS-2"), &okta("WS-3")], "[1]"),
            "incomplete, unchanged, shown, left: WS-1 WS-2 WS-3",
        ),
    ];
    check(&three(), AT_FIRST, rows.clone());
    check(&three(), IN_DOUBT, rows);
    assert_eq!(testing::joined(IN_DOUBT, &read(&three(), &left(&[&okta("WS-2")]), IN_DOUBT)), Access::PartlyRevoked);
}

#[test]
fn none_that_remains_beside_errors_leaves_those_in_doubt_that_they_name() {
    let all = "incomplete, unknown, left: WS-1 WS-2 WS-3";
    let second = "incomplete, unknown, left: WS-2";
    let rows = [
        (
            "one, by a member",
            left_with_errors(&[], r#"[{"workspace":"WS-2","code":"WorkspaceNotFoundError"}]"#),
            second,
        ),
        ("one, in a sentence", left_with_errors(&[], r#"[{"message":"Workspace (WS-2) was not found."}]"#), second),
        ("one, deeper down", left_with_errors(&[], r#"[{"context":{"ids":["WS-2"]}}]"#), second),
        ("one, in an object", left_with_errors(&[], r#"{"WS-2":"no","x":"WS-2"}"#), second),
        ("one, in a text", left_with_errors(&[], r#""WS-2""#), second),
        (
            "two",
            left_with_errors(&["null"], r#"[{"workspace":"WS-3"},{"workspace":"WS-1"}]"#),
            "incomplete, unknown, left: WS-1 WS-3",
        ),
        ("none", left_with_errors(&[], r#"[{"code":"X","message":"It failed."}]"#), all),
        (
            "none, but others that look alike",
            left_with_errors(&[], r#"[{"message":"XWS-2 WS-20 WS-2-B WS-2_B"}]"#),
            all,
        ),
        ("others that remain", left_with_errors(&[&okta("WS-7")], r#"[{"message":"It failed."}]"#), all),
        ("an empty error", left_with_errors(&[], "[{}]"), all),
        ("a null error", left_with_errors(&[], "[null]"), all),
        ("true", left_with_errors(&[], "true"), all),
        ("a number", left_with_errors(&[], "1"), all),
        ("a text", left_with_errors(&[], r#""It failed.""#), all),
    ];
    check(&three(), AT_FIRST, rows.clone());
    check(&three(), IN_DOUBT, rows);
    let numbered = left_with_errors(&[], r#"[{"workspace":2}]"#);
    check(&detach(&["1", "2"]), AT_FIRST, [("a number", numbered, "incomplete, unknown, left: 2")]);
}

#[test]
fn what_has_no_list_of_workspaces_proves_nothing() {
    let rows = [
        ("none", ok(r#"{"id":8545,"name":"Jane"}"#), "unexpected response, unknown"),
        ("null", ok(r#"{"id":8545,"workspaces":null}"#), "unexpected response, unknown"),
        ("an object", ok(r#"{"workspaces":{}}"#), "unexpected response, unknown"),
        ("text", ok(r#"{"workspaces":"[]"}"#), "unexpected response, unknown"),
        ("a wrapper", ok(r#"{"data":{"workspaces":[]}}"#), "unexpected response, unknown"),
        ("a list of users", ok(r#"[{"workspaces":[]}]"#), "unexpected response, unknown"),
        ("a bare list", ok("[]"), "unexpected response, unknown"),
        (
            "an error in a 200",
            ok(r#"{"name":"X","code":"ZC001","message":"Entity is not associated"}"#),
            "unexpected response, unknown",
        ),
        ("all null", ok(r#"{"id":null,"workspaces":null,"errors":null}"#), "unexpected response, unknown"),
        ("other casing", ok(r#"{"Workspaces":[]}"#), "unexpected response, unknown"),
        ("a list twice", ok(r#"{"workspaces":[],"workspaces":[]}"#), "unexpected response, unknown"),
        ("errors twice", ok(r#"{"workspaces":[],"errors":[1],"errors":[]}"#), "unexpected response, unknown"),
        (
            "an id twice",
            left(&[r#"{"source":"OKTA","origin_external_id":"WS-1","origin_external_id":"WS-7"}"#]),
            "unexpected response, unknown",
        ),
        ("empty", ok(""), "unexpected response, unknown"),
        ("no content", answer(204, ""), "unexpected response, unknown"),
        ("no UTF-8", left_with_errors(&[], "\u{0}"), "unexpected response, unknown"),
        (
            "bytes in an id",
            ok(&b"{\"workspaces\":[{\"json_integrations\":{\"origin_external_id\":\"\xff\"}}]}"[..]),
            "unexpected response, unknown",
        ),
        ("a number beyond all", ok(r#"{"workspaces":[{"id":1e999}]}"#), "unexpected response, unknown"),
        (
            "too deep",
            ok(format!(r#"{{"workspaces":[{}{}]}}"#, "[".repeat(500), "]".repeat(500))),
            "unexpected response, unknown",
        ),
    ];
    check(&one(), AT_FIRST, rows.clone());
    check(&one(), IN_DOUBT, rows);
}

/// The forms in which COR says that something is not associated or not attached.
fn not_attached() -> Vec<(&'static str, Answer)> {
    vec![
        (
            "the full form",
            answer(
                400,
                r#"{"status":400,"name":"EntityNotAssociated","code":"ZC001","message":"Entity is not associated"}"#,
            ),
        ),
        (
            "under 417",
            answer(
                417,
                r#"{"status":400,"name":"EntityNotAssociated","code":"ZC001","message":"Entity is not associated"}"#,
            ),
        ),
        ("under 404", answer(404, r#"{"name":"X","code":"ZC001","message":"Entity is not associated"}"#)),
        ("under 409", answer(409, r#"{"code":"ZC001"}"#)),
        ("under 422", answer(422, r#"{"code":"NotAttachedError","message":"Not attached"}"#)),
        ("by name", answer(400, r#"{"name":"NotAttachedError","message":"Not attached"}"#)),
        (
            "with a word as status",
            answer(400, r#"{"status":"ERROR","code":"NotAttachedError","message":"Not attached"}"#),
        ),
        (
            "in a list of errors",
            answer(400, r#"{"errors":[{"workspace":"WS-1","code":"ZC001","message":"Not associated"}]}"#),
        ),
        ("in a bare list", answer(400, r#"[{"field":"workspaces","code":"ZC001","message":"Not associated"}]"#)),
    ]
}

#[test]
fn not_attached_is_not_found_at_first() {
    for (what, answer) in not_attached() {
        for request in [one(), three()] {
            check(&request, AT_FIRST, [(what, answer.clone(), "not found, unchanged")]);
        }
    }
}

#[test]
fn not_attached_after_an_attempt_in_doubt_is_a_yes_only_for_a_single_workspace() {
    for (what, answer) in not_attached() {
        check(&one(), IN_DOUBT, [(what, answer.clone(), "revoked, inferred")]);
        // Named twice it is still one.
        check(&detach(&["WS-1", "WS-1"]), IN_DOUBT, [(what, answer.clone(), "revoked, inferred")]);
        let of_several = read(&three(), &answer, IN_DOUBT);
        assert_eq!(testing::line(&of_several), "not found, unchanged", "{what}");
        assert_eq!(testing::joined(IN_DOUBT, &of_several), Access::Unknown, "{what}");
    }
}

#[test]
fn any_other_refusal_is_read_by_its_status() {
    let zc001 = r#"{"code":"ZC001","message":"Entity is not associated"}"#;
    let rows = [
        (
            "400 of a list",
            answer(400, r#"[{"field":"workspaces","validation":"required","message":"Required"}]"#),
            "rejected, unchanged",
        ),
        (
            "400 of the source",
            answer(400, r#"{"name":"InvalidSourceError","code":"InvalidSourceError"}"#),
            "rejected, unchanged",
        ),
        (
            "417",
            answer(417, r#"{"status":400,"name":"ValidationError","code":"ValidationError"}"#),
            "rejected, unchanged",
        ),
        ("401", answer(401, r#"{"error":401,"message":"Unauthorized"}"#), "unauthorized, unchanged"),
        ("403", answer(403, r#"{"error":403,"message":"Forbidden"}"#), "forbidden, unchanged"),
        // An unknown user or workspace is no proof that an attempt in doubt has worked.
        (
            "404 of the user",
            answer(404, r#"{"status":404,"name":"UserNotFoundError","code":"UserNotFoundError"}"#),
            "not found, unchanged",
        ),
        ("404 of a workspace", answer(404, r#"{"code":"WorkspaceNotFoundError"}"#), "not found, unchanged"),
        ("400 of the user", answer(400, r#"{"code":"UserNotFoundError"}"#), "rejected, unchanged"),
        ("404 of a gateway", page(404), "not found, unchanged"),
        ("404 without words", answer(404, ""), "not found, unchanged"),
        ("409", answer(409, r#"{"code":"X"}"#), "conflict, unchanged"),
        ("429", answer(429, r#"{"error":429,"message":"Too many requests"}"#), "rate limited, unchanged, same key"),
        (
            "429 that asks to wait",
            answer(429, "").with("retry-after", "9"),
            "rate limited, unchanged, same key, wait 9s",
        ),
        (
            "503",
            answer(503, r#"{"status":"ERROR","code":"503","message":"Service unavailable"}"#),
            "unavailable, unknown, same key",
        ),
        (
            "503 that asks to wait",
            answer(503, "").with("retry-after", "300"),
            "unavailable, unknown, same key, wait 300s",
        ),
        // Words about it are no code, and a code counts only in what refuses.
        ("a message", answer(400, r#"{"code":"X","message":"ZC001 Entity is not associated"}"#), "rejected, unchanged"),
        ("another code", answer(400, r#"{"code":"ZC0010"}"#), "rejected, unchanged"),
        ("a code in another case", answer(400, r#"{"code":"zc001"}"#), "rejected, unchanged"),
        ("a code twice", answer(400, r#"{"code":"ZC001","code":"ZC001"}"#), "rejected, unchanged"),
        ("a page", answer(400, r#"<p>"code":"ZC001"</p>"#), "rejected, unchanged"),
        ("401", answer(401, zc001), "unauthorized, unchanged"),
        ("403", answer(403, zc001), "forbidden, unchanged"),
        ("429", answer(429, zc001), "rate limited, unchanged, same key"),
        ("500", answer(500, zc001), "unavailable, unknown, same key"),
        ("a redirect", answer(302, zc001), "unexpected response, unknown"),
        ("201", answer(201, zc001), "unexpected response, unknown"),
        ("a refusal that breaks off", cut(400, testing::broken_off()), "rejected, unchanged"),
    ];
    check(&one(), AT_FIRST, rows.clone());
    check(&one(), IN_DOUBT, rows);
}

#[test]
fn what_all_vendors_have_in_common() {
    reads_as_all_do(&one(), r#"{"workspaces":[]}"#, &[]);
    reads_as_all_do(&three(), r#"{"id":8545,"workspaces":[]}"#, &[]);
}

#[test]
fn the_vendors_words_are_kept_in_every_form() {
    check_words(
        &three(),
        [
            (
                "status, name, code, message",
                answer(
                    417,
                    r#"{"status":400,"name":"EntityNotAssociated","code":"ZC001","message":"Entity is not associated"}"#,
                ),
                "Entity is not associated (ZC001)",
            ),
            (
                "name, code, message",
                answer(400, r#"{"name":"InvalidSourceError","code":"InvalidSourceError","message":"No"}"#),
                "No (InvalidSourceError)",
            ),
            ("error and message", answer(401, r#"{"error":401,"message":"Unauthorized"}"#), "Unauthorized"),
            ("ERROR, code, message", answer(503, r#"{"status":"ERROR","code":"503","message":"Down"}"#), "Down (503)"),
            (
                "a name without a code",
                answer(400, r#"{"name":"ValidationError","message":"No"}"#),
                "No (ValidationError)",
            ),
            ("a code that is a number", answer(400, r#"{"code":7,"message":"No"}"#), "No"),
            ("a code alone", answer(400, r#"{"code":"ZC001","message":null}"#), "ZC001"),
            (
                "a bare list",
                answer(
                    400,
                    r#"[{"field":"workspaces","validation":"required","message":"Required"},{"field":"metadata","message":"Missing"},{"message":"More"},{},null]"#,
                ),
                "Required (required) | workspaces: Required (required) | metadata: Missing | More",
            ),
            (
                "a bare list without fields",
                answer(400, r#"[{"message":"metadata is required"}]"#),
                "metadata is required",
            ),
            (
                "a list of errors",
                answer(400, r#"{"message":"No","errors":[{"field":"a","message":"b"},"c"]}"#),
                "No | a: b | c",
            ),
            ("errors alone", answer(400, r#"{"errors":[{"code":"ZC001","message":"No"}]}"#), "No (ZC001)"),
            ("nothing", answer(400, "{}"), "JSON that is not in this vendor's envelope"),
            (
                "nulls",
                answer(400, r#"{"status":null,"name":null,"code":null,"message":null}"#),
                "JSON that is not in this vendor's envelope",
            ),
            ("some remain", left(&[&okta("WS-1")]), "1 of 3 workspaces are still attached"),
            (
                "errors in a success",
                left_with_errors(&[], r#"[{"field":"WS-2","code":"X","message":"No"},{"message":"More"}]"#),
                "the vendor reports success and lists errors beside it | WS-2: No (X) | More",
            ),
        ],
    );
}

#[test]
fn no_rate_limit_is_read_because_the_vendor_states_none() {
    assert_eq!(DetachWorkspaces::rate_limit(&ok("").with("ratelimit-limit", "5")), None);
}

#[test]
fn a_request_is_a_user_workspaces_and_their_source() {
    round_trips(&one(), r#"{"user_id":"OKTA-USER-12345","workspaces":["WS-1"],"source":"OKTA"}"#);
    assert_eq!((one().user_id(), one().source()), ("OKTA-USER-12345", &Source::OKTA));
    assert_eq!(three().workspaces(), ["WS-1", "WS-2", "WS-3"]);
    // Each once, in the order they were named.
    assert_eq!(detach(&["b", "a", "b", "c", "a"]).workspaces(), ["b", "a", "c"]);
    // Any characters that a path survives, and in a body even more.
    let odd = DetachWorkspaces::new("jane@acme.example/ä?#", ["..", "a\\b", "%2e"], Source::OKTA).unwrap();
    assert_eq!(odd.workspaces(), ["..", "a\\b", "%2e"]);
    assert_eq!(schema_members::<DetachWorkspaces>(), ["source", "user_id", "workspaces"]);
}

#[test]
fn arguments_that_only_an_accident_makes_are_refused() {
    for bad in bad_texts() {
        refuses(DetachWorkspaces::new(bad.as_str(), ["a"], Source::OKTA), "user_id");
        refuses(DetachWorkspaces::new("u", ["a", &bad], Source::OKTA), "workspaces[1]");
        refuses(Source::new(bad), "source");
    }
    for bad in BAD_SEGMENTS {
        refuses(DetachWorkspaces::new(*bad, ["a"], Source::OKTA), "user_id");
    }
    refuses(DetachWorkspaces::new("u", Vec::<String>::new(), Source::OKTA), "workspaces");
}

#[test]
fn a_source_is_its_name_and_may_be_a_new_one() {
    for (source, name) in [
        (Source::JIRA, "JIRA"),
        (Source::SALESFORCE, "SALESFORCE"),
        (Source::ADVERTMIND, "ADVERTMIND"),
        (Source::QUICKBOOKS, "QUICKBOOKS"),
        (Source::ZAPIER, "ZAPIER"),
        (Source::OKTA, "OKTA"),
        (Source::MICROSOFT_DYNAMICS, "MICROSOFT_DYNAMICS"),
        (Source::GITHUB, "GITHUB"),
        (Source::MICROSOFT_TEAMS, "MICROSOFT_TEAMS"),
        (Source::VBS, "VBS"),
        (Source::SAP, "SAP"),
        (Source::GLOBANT, "GLOBANT"),
    ] {
        assert_eq!(source.as_str(), name);
        assert_eq!(Source::new(name).unwrap(), source);
        round_trips(&source, &format!("\"{name}\""));
    }
    round_trips(&Source::new("WORKDAY").unwrap(), "\"WORKDAY\"");
    refuses_json::<Source>(&[("\"\"", "source: is empty"), ("7", "string"), ("null", "string")]);
}

#[test]
fn json_that_is_no_request_is_refused() {
    refuses_json::<DetachWorkspaces>(&[
        ("{}", "user_id"),
        (r#"{"user_id":"u","workspaces":["a"]}"#, "source"),
        (r#"{"user_id":"u","source":"OKTA"}"#, "workspaces"),
        (r#"{"user_id":"..","workspaces":["a"],"source":"OKTA"}"#, "user_id: "),
        (r#"{"user_id":"u","workspaces":[],"source":"OKTA"}"#, "workspaces: is empty"),
        (r#"{"user_id":"u","workspaces":["a",""],"source":"OKTA"}"#, "workspaces[1]: is empty"),
        (r#"{"user_id":"u","workspaces":"a","source":"OKTA"}"#, "sequence"),
        (r#"{"user_id":"u","workspaces":[1],"source":"OKTA"}"#, "string"),
        (r#"{"user_id":"u","workspaces":["a"],"source":" OKTA"}"#, "source: "),
        (r#"{"user_id":"u","workspaces":["a"],"source":"OKTA","metadata":{}}"#, "`metadata`"),
        (r#"{"user_id":"u","user_id":"u","workspaces":["a"],"source":"OKTA"}"#, "user_id"),
    ]);
    let twice: DetachWorkspaces =
        serde_json::from_value(json!({"user_id": "u", "workspaces": ["a", "a"], "source": "OKTA"})).unwrap();
    assert_eq!(twice.workspaces(), ["a"]);
}

#[test]
fn the_typed_response_takes_what_is_null_missing_or_spelt_otherwise() {
    for user in [
        json!({}),
        json!({"id": null, "name": null, "email": null, "workspaces": null, "errors": null}),
        json!({"id": "8545", "workspaces": [{"json_integrations": [1, "x", null]}]}),
        json!({"workspaces": [{"json_integrations": "any", "metadata": null, "created_at": "2026-01-15T22:42:15.000Z",
            "pivot": {"percentage": "50.00", "workspace_id": "3", "user_id": 8545}}]}),
        json!({"workspaces": [{"created_at": "2026-01-15 22:42:15", "pivot": null}], "errors": [{"code": 7, "x": {}}]}),
    ] {
        assert!(serde_json::from_value::<User>(user.clone()).is_ok(), "{user}");
    }
}

#[test]
fn a_tie_that_may_be_the_asked_one_however_it_is_written_is_not_passed_over() {
    let twice = r#""{\"origin_external_id\":\"WS-1\",\"origin_external_id\":\"WS-9\"}""#;
    let out_of_range = r#""[{\"origin_external_id\":\"WS-1\",\"pivot\":1e999}]""#;
    let rows = [
        ("a text that names it twice", left(&[twice]), "unexpected response, unknown"),
        ("a text with a number out of range", left(&[out_of_range]), "unexpected response, unknown"),
        ("a text that is no JSON", left(&[r#""[WS-7""#]), "revoked, acknowledged"),
    ];
    check(&one(), AT_FIRST, rows);
    let long = "123456789012345678901234567890";
    let rows = [
        ("a number too long to keep", left(&[&format!(r#"{{"origin_external_id":{long}}}"#)])),
        ("the same in another notation", left(&[r#"{"origin_external_id":1.2345678901234567e29}"#])),
    ];
    check(
        &detach(&[long]),
        AT_FIRST,
        rows.map(|(what, answer)| (what, answer, "incomplete, unchanged, shown, left: 123456789012345678901234567890")),
    );
    check(
        &detach(&["7"]),
        AT_FIRST,
        [("as a fraction", left(&[r#"{"origin_external_id":7.0}"#]), "incomplete, unchanged, shown, left: 7")],
    );
}
