//! Nothing secret is ever printed, wherever the vendor repeats it.

use std::fmt::Debug;

use deprovision::{Client, Credential, ErrorKind, RetryPolicy, Vendor, cor, cova, onlyoffice, persona, projectmanager};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::support::capture::Capture;
use crate::support::ms;
use crate::support::reply::Reply;
use crate::support::server::{Server, Step, closed_port};
use crate::support::vendors::{
    TOKEN, VENDORS, builder, connection, cor_user, cova_user, error_body, gone, once, refusal, subject,
};
use crate::{check, runtime};

/// Shortest part of a token that gives something away: what is cut or redacted may not leave it.
const TELLING: usize = 10;

/// Tokens as vendors issue them, and with every character that a header takes.
fn token() -> impl Strategy<Value = String> {
    prop_oneof![
        2 => "[A-Za-z0-9][A-Za-z0-9+/=._~-]{15,60}",
        1 => "[A-Za-z0-9-]{16,60}",
        1 => "[A-Za-z0-9][!-~]{15,60}",
    ]
    // A token of very few letters would be found in any text.
    .prop_filter("varied", |token| token.bytes().collect::<std::collections::HashSet<_>>().len() > 8)
}

/// The text with its escapes undone, as often as they were done: `\/` and `\"`, `\u002f`.
fn unescaped(text: &str) -> String {
    let mut text = text.to_owned();
    for _ in 0..3 {
        let mut plain = String::with_capacity(text.len());
        let mut chars = text.chars();
        while let Some(c) = chars.next() {
            if c != '\\' {
                plain.push(c);
                continue;
            }
            match chars.next() {
                Some('u') => {
                    let hex: String = chars.clone().take(4).collect();
                    match u32::from_str_radix(&hex, 16).ok().and_then(char::from_u32) {
                        Some(c) if hex.len() == 4 => {
                            plain.push(c);
                            chars.nth(3);
                        }
                        _ => plain.push('u'),
                    }
                }
                Some(c) => plain.push(c),
                None => {}
            }
        }
        text = plain;
    }
    text
}

/// The part of the token that a text gives away.
fn leak<'a>(text: &str, token: &'a str) -> Option<&'a str> {
    let plain = unescaped(text);
    (0..=token.len() - TELLING)
        .map(|at| &token[at..at + TELLING])
        .find(|part| text.contains(part) || plain.contains(&unescaped(part)))
}

/// A value in each way it can be printed.
fn printed<T: Debug>(value: &T) -> Vec<String> {
    vec![format!("{value:?}"), format!("{value:#?}")]
}

/// Every text that a call's result can become.
fn texts(result: &Result<deprovision::Receipt<deprovision::Response>, deprovision::Error>) -> Vec<String> {
    match result {
        Ok(receipt) => {
            let mut texts = printed(receipt);
            texts.extend([receipt.to_string(), serde_json::to_string(receipt).unwrap()]);
            texts
        }
        Err(error) => {
            let report = error.report();
            let mut texts = printed(error);
            texts.extend(printed(&report));
            texts.extend([
                error.to_string(),
                format!("{error:#}"),
                report.to_string(),
                serde_json::to_string(&report).unwrap(),
                error.message().to_owned(),
                format!("{:?}", error.details()),
            ]);
            let boxed: Box<dyn std::error::Error + Send + Sync> = error.clone().into();
            let mut cause = boxed.source();
            while let Some(source) = cause {
                texts.push(format!("{source} {source:?}"));
                cause = source.source();
            }
            texts
        }
    }
}

/// JSON text with every character of every string as an escape.
fn escaped(value: &Value) -> String {
    match value {
        Value::String(text) => {
            let units: String = text.encode_utf16().map(|unit| format!("\\u{unit:04X}")).collect();
            format!("\"{units}\"")
        }
        Value::Array(items) => format!("[{}]", items.iter().map(escaped).collect::<Vec<_>>().join(",")),
        Value::Object(members) => {
            let members: Vec<_> =
                members.iter().map(|(name, value)| format!("{}:{}", json!(name), escaped(value))).collect();
            format!("{{{}}}", members.join(","))
        }
        other => other.to_string(),
    }
}

/// Successes with the token wherever the typed response has room for text.
fn echoing_successes(vendor: Vendor, token: &str) -> Vec<Value> {
    let said = format!("hello {token}!");
    match vendor {
        Vendor::ProjectManager => vec![
            json!({"success": true, "statusCode": said, "error": null}),
            json!({"success": true, "error": {"message": "", "validationErrors": {(token): []}, "additionalErrors": [""]}}),
        ],
        Vendor::Cor => {
            let mut user = cor_user(&["W-2"]);
            user["name"] = json!(said);
            user["email"] = json!(token);
            user["workspaces"][0]["name"] = json!(said);
            user["workspaces"][0]["metadata"] = json!({"note": said, (token): 1});
            user["workspaces"][0]["json_integrations"]["note"] = json!([said]);
            vec![user]
        }
        Vendor::OnlyOffice => {
            let mut contact = gone(vendor);
            contact["response"]["displayName"] = json!(said);
            contact["response"]["accessList"] = json!([{"id": token, "displayName": said, "profileUrl": said}]);
            contact["response"]["currency"] = json!({"title": said, "abbreviation": token});
            vec![contact]
        }
        Vendor::Persona => {
            let mut one = connection("inactive");
            one["data"]["type"] = json!(said);
            one["data"]["attributes"]["source-organization-id"] = json!(token);
            one["data"]["relationships"] = json!({"creator": {"data": {"id": token, "type": said}}});
            let mut looked_at = connection("active");
            looked_at["data"]["attributes"]["created-at"] = json!(said);
            vec![one, looked_at]
        }
        _ => {
            let mut user = cova_user(false);
            user["UserName"] = json!(said);
            user["Attributes"] = json!({(token): said, "list": [token, {"deep": said}]});
            user["Version"] = json!(token);
            vec![user]
        }
    }
}

/// Refusals with the token in every shape of error that any vendor has.
fn echoing_refusals(vendor: Vendor, token: &str) -> Vec<Value> {
    let said = format!("the token {token} is not valid");
    // Long enough for the cut to fall into the token, at different places.
    let long = |filler: usize| format!("{} {token} {token}{token}", "x".repeat(filler));
    let mut bodies: Vec<Value> = VENDORS.into_iter().map(|vendor| error_body(vendor, &said)).collect();
    bodies.extend([270, 285, 292, 298].map(|filler| error_body(vendor, &long(filler))));
    bodies.extend([
        json!({"error": {"message": "x", "technicalError": said, "additionalErrors": [said, token],
            "validationErrors": {(token): [said], "name": [token]}}, "success": false}),
        json!({"success": false, "message": token}),
        json!({"success": true, "hasError": true, "statusCode": token}),
        json!({"status": 400, "name": token, "code": token, "message": said}),
        json!({"error": token}),
        json!([{"field": token, "validation": token, "message": said}, {"message": token}]),
        json!({"errors": [{"code": token, "message": said}], "workspaces": []}),
        json!({"status": 1, "statusCode": 400, "error": {"message": token, "data": said}}),
        json!({"status": token, "statusCode": token}),
        json!({"errors": [{"title": token, "details": said, "source": {"pointer": token}, "meta": {"t": token}}]}),
        json!({"Message": token, "Description": said, "Details": [said, token]}),
        json!({"detail": said}),
        json!({"error": "invalid_token", "error_description": said}),
        json!({(token): said}),
        json!(said),
        json!({"message": json!({"authorization": format!("Bearer {token}")}).to_string()}),
    ]);
    bodies
}

/// Everything else that can carry a token back.
fn echoing_pages(status: u16, token: &str) -> Vec<Reply> {
    let header = |name: &str, value: String| Reply::html(status).header(name, value);
    let bearer = format!("Bearer {token}");
    let quoted = json!(token).to_string().replace('/', "\\/");
    let is_host = token.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    vec![
        Reply::text(status, "text/plain", format!("invalid token {token}")),
        Reply::text(status, "text/plain", bearer.clone()),
        Reply::text(status, "text/plain", format!("{}{token}", "y".repeat(295))),
        Reply::text(status, "application/json", format!("{{\"message\": \"{token}")),
        Reply::text(status, "application/json", format!("{{\"message\": {}", &quoted[..quoted.len() - 1])),
        Reply::text(status, "text/html", format!("<html><head><title>No {token}</title></head>{token}</html>")),
        Reply::text(status, "text/html", format!("<html><head><title>No</title></head><p>{token}</html>")),
        Reply::text(status, "text/html", token.to_owned()),
        Reply::text(
            status,
            "text/xml",
            format!("<result><status>1</status><error><message>{token}</message></error></result>"),
        ),
        Reply::text(status, "text/xml", format!("<result><{token}></result>")),
        header("Request-Id", token.to_owned()),
        header("X-Request-Id", bearer.clone()),
        header("Location", format!("https://elsewhere.example/?access_token={token}")),
        header("Location", format!("https://{}@elsewhere.example/", token.replace(['/', '\\', '?', '#'], ""))),
        // A host is named; only what can be one can be given away by that.
        header("Location", format!("//{}/x", if is_host { token } else { "elsewhere.example" })),
        header("Location", format!("/{token}")),
        header("WWW-Authenticate", format!("Bearer error=\"{token}\"")),
        header("Set-Cookie", format!("token={token}")),
        header("Retry-After", token.to_owned()),
        header("RateLimit-Reset", token.to_owned()),
        header("RateLimit-Limit", token.to_owned()),
        header("COVA-APIM-RateLimit-Reset", token.to_owned()),
        header("Server", token.to_owned()),
        Reply::text(status, token, "x"),
        Reply::new(status).header("Transfer-Encoding-Of", token).body(token),
    ]
}

struct Desk {
    vendor: Vendor,
    server: Server,
    client: Client,
}

impl Desk {
    /// What is printed of a call with this token, by the caller and in the log.
    async fn call(&self, step: impl Into<Step>, token: &str) -> Vec<String> {
        let capture = Capture::start();
        self.server.always(step);
        let call = self.client.revoke(&subject(self.vendor)).credential(token);
        let mut all = printed(&call);
        all.extend(texts(&call.await));
        let log = capture.text();
        assert!(log.contains("exchange"), "the log is really looked at");
        all.push(log);
        all
    }
}

fn check_texts(all: Vec<String>, token: &str, what: &dyn Debug) -> Result<(), TestCaseError> {
    for text in all {
        if let Some(part) = leak(&text, token) {
            return Err(TestCaseError::fail(format!("{part:?} of {token:?} is in {text}\nafter {what:?}")));
        }
    }
    Ok(())
}

async fn nothing_is_printed(desk: &Desk, token: &str) -> Result<(), TestCaseError> {
    for body in echoing_successes(desk.vendor, token) {
        for text in [body.to_string(), escaped(&body), body.to_string().replace('/', "\\/")] {
            let reply = Reply::text(200, "application/json", text);
            check_texts(desk.call(reply.clone(), token).await, token, &reply)?;
        }
    }
    for (index, body) in echoing_refusals(desk.vendor, token).into_iter().enumerate() {
        // Each body with one status; all of them come by over the cases.
        let status = [200, 400, 401, 403, 404, 409, 422, 429, 500][(index + token.len()) % 9];
        for text in [body.to_string(), escaped(&body), body.to_string().replace('/', "\\/")] {
            let reply = Reply::text(status, "application/json", text);
            check_texts(desk.call(reply.clone(), token).await, token, &reply)?;
        }
    }
    for (index, status) in [200, 302, 400, 401, 404, 503].into_iter().enumerate() {
        for (place, reply) in echoing_pages(status, token).into_iter().enumerate() {
            if (place + token.len()) % 6 == index || status == 302 {
                check_texts(desk.call(reply.clone(), token).await, token, &reply)?;
            }
        }
    }
    for step in [
        Step::AnswerThenClose(format!("HTTP/1.1 200 {token}\r\n{token}\r\n\r\n").into_bytes()),
        Step::AnswerThenClose(format!("{token} 200 OK\r\n\r\n").into_bytes()),
        Step::AnswerThenClose(Reply::text(200, "text/plain", token).cut()),
    ] {
        check_texts(desk.call(step.clone(), token).await, token, &step)?;
    }
    Ok(())
}

fn desk(runtime: &tokio::runtime::Runtime, vendor: Vendor) -> Desk {
    let server = runtime.block_on(Server::idle());
    let client = builder(vendor, &server.url(), TOKEN).retry(once()).build().unwrap();
    Desk { vendor, server, client }
}

#[test]
fn nothing_secret_is_ever_printed() {
    let runtime = runtime();
    for vendor in VENDORS {
        let desk = desk(&runtime, vendor);
        check(2, &token(), |token| runtime.block_on(nothing_is_printed(&desk, &token)));
    }
}

#[test]
fn what_holds_a_credential_prints_none() {
    check(100, &token(), |token| {
        let credential = Credential::from(token.as_str());
        let mut all = printed(&credential);
        all.extend(printed(&projectmanager::Config::new(token.as_str()).integration_name("x")));
        all.extend(printed(&cor::Config::new(credential.clone())));
        all.extend(printed(&onlyoffice::Config::new("https://portal.example", token.clone()).bearer()));
        all.extend(printed(&persona::Config::new(token.as_str())));
        all.extend(printed(&cova::Config::new(token.as_str())));
        let kept = token.clone();
        all.extend(printed(&Credential::from_fn(move |_| {
            let kept = kept.clone();
            async move { Ok(kept) }
        })));
        check_texts(all, &token, &"configurations")
    });
    check(5, &token(), |token| {
        let builder = VENDORS.into_iter().fold(Client::builder(), |builder, vendor| {
            crate::support::vendors::configure(builder, vendor, "http://127.0.0.1:9", token.as_str())
        });
        let mut all = printed(&builder);
        let client = builder.build().unwrap();
        all.extend(printed(&client));
        all.extend(printed(&client.revoke(&subject(Vendor::Cova)).credential(token.as_str())));
        check_texts(all, &token, &"clients")
    });
}

/// A URL is not the place for a secret, and so it is found there.
#[test]
fn a_secret_in_a_url_is_not_printed_before_it_is_refused() {
    let token = "s3cret-0123456789-abcdef";
    for url in [
        format!("https://jane:{token}@vendor.example"),
        format!("https://vendor.example/?key={token}"),
        format!("https://vendor.example/#{token}"),
    ] {
        for vendor in VENDORS {
            let builder = crate::support::vendors::configure(Client::builder(), vendor, url.as_str(), TOKEN);
            let mut all = printed(&builder);
            let error = builder.build().unwrap_err();
            all.extend(printed(&error));
            all.extend([error.to_string(), serde_json::to_string(&error.report()).unwrap()]);
            for text in all {
                assert_eq!(leak(&text, token), None, "{vendor}: {text}");
            }
        }
    }
}

/// The two arguments are both text, and easily swapped.
#[test]
fn a_token_in_the_place_of_the_portals_url_is_not_printed() {
    let token = "s3cret-0123456789-abcdef";
    let builder = Client::builder().onlyoffice(onlyoffice::Config::new(token, "https://portal.example"));
    let mut all = printed(&builder);
    let error = builder.build().unwrap_err();
    all.extend(printed(&error));
    all.push(error.to_string());
    for text in all {
        assert_eq!(leak(&text, token), None, "{text}");
    }
}

/// A slash in a token ends the host of a URL, and what is before it is most of the token.
#[tokio::test]
async fn a_token_that_a_redirects_url_cuts_in_two_is_not_named_as_its_host() {
    let token = "s3cret-0123456789/abcdef";
    for vendor in VENDORS {
        for location in [format!("https://{token}@elsewhere.example/"), format!("//{token}")] {
            let server = Server::script([Reply::new(302).header("Location", location)]).await;
            let client = builder(vendor, &server.url(), token).build().unwrap();
            let error = client.revoke(&subject(vendor)).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::UnexpectedResponse);
            assert_eq!(leak(&error.to_string(), token), None, "{error}");
        }
    }
}

#[tokio::test]
async fn both_tokens_of_a_renewed_call_are_kept_out() {
    let (old, new) = ("first-token-0123456789", "second-token-9876543210");
    for vendor in VENDORS {
        let says = |status: u16| {
            let text = format!("not {old} but {new}");
            if status == 200 {
                Reply::json(200, &echoing_successes(vendor, &text)[0])
            } else {
                refusal(vendor, status, &text)
            }
        };
        for last in [200, 401, 403, 500] {
            let capture = Capture::start();
            let server = Server::script([says(401), says(last)]).await;
            let credential = Credential::from_fn(move |need| async move {
                Ok(if need.rejected { new.to_owned() } else { old.to_owned() })
            });
            let client = builder(vendor, &server.url(), credential).retry(RetryPolicy::none()).build().unwrap();
            let result = client.revoke(&subject(vendor)).await;
            assert_eq!(server.count(), 2);
            let mut all = texts(&result);
            all.push(capture.text());
            for text in all {
                for token in [old, new] {
                    assert_eq!(leak(&text, token), None, "{vendor} {last}: {text}");
                }
            }
        }
    }
}

#[tokio::test]
async fn a_token_that_is_part_of_the_next_one_leaves_nothing_of_it() {
    let (old, new) = ("token-0123456789", "token-0123456789-abcdefghijkl");
    let server = Server::script([
        refusal(Vendor::Cova, 401, "no"),
        refusal(Vendor::Cova, 403, &format!("{new} may not do this")),
    ])
    .await;
    let credential =
        Credential::from_fn(move |need| async move { Ok(if need.rejected { new.to_owned() } else { old.to_owned() }) });
    let client = builder(Vendor::Cova, &server.url(), credential).build().unwrap();
    let error = client.revoke(&subject(Vendor::Cova)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Forbidden);
    assert!(!error.to_string().contains("abcdefghijkl"), "{error}");
}

#[tokio::test]
async fn the_transports_own_failures_print_none_either() {
    let token = "s3cret-0123456789-abcdef";
    let capture = Capture::start();
    for vendor in VENDORS {
        let mut all = Vec::new();
        let refused = format!("http://127.0.0.1:{}", closed_port().await);
        let client = builder(vendor, &refused, token).retry(RetryPolicy::none()).build().unwrap();
        all.extend(texts(&client.revoke(&subject(vendor)).await));
        all.extend(printed(&client));
        let server = Server::idle().await;
        let client =
            builder(vendor, &server.url(), token).attempt_timeout(ms(30)).retry(RetryPolicy::none()).build().unwrap();
        for step in [Step::Close, Step::Reset, Step::Stall, Step::AnswerThenClose(b"nonsense\r\n\r\n".to_vec())] {
            server.always(step);
            all.extend(texts(&client.revoke(&subject(vendor)).await));
        }
        all.push(capture.text());
        for text in all {
            assert_eq!(leak(&text, token), None, "{vendor}: {text}");
        }
    }
}

#[test]
fn leaks_are_found_in_any_spelling() {
    let token = "abc/def\"ghi\\jkl-mno";
    for text in [
        token.to_owned(),
        json!(token).to_string(),
        json!(json!(token).to_string()).to_string(),
        format!("{token:?}"),
        token.replace('/', "\\/"),
        escaped(&json!(token)),
        format!("x{}y", &token[4..16]),
    ] {
        assert!(leak(&text, token).is_some(), "{text}");
    }
    assert_eq!(leak("abc/def [redacted]", token), None);
}
