//! What each vendor's room answers, by raw requests.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a panic is how a test fails")]

use std::io;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::{Fault, PROVIDER, Reply, Sandbox};
use crate::Vendor;

struct Answer {
    status: u16,
    head: String,
    body: String,
    bytes: Vec<u8>,
}

impl Answer {
    fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }

    fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| {
            let (other, value) = line.split_once(": ")?;
            other.eq_ignore_ascii_case(name).then_some(value)
        })
    }
}

/// Sends a request below the vendor's base URL; `None` if the connection closes without an answer.
async fn send(
    sandbox: &Sandbox,
    vendor: Vendor,
    request: &str,
    headers: &[(&str, &str)],
    body: &str,
) -> Option<Answer> {
    let token = format!("Bearer {}", sandbox.token(vendor));
    let mut all = vec![("authorization", token.as_str())];
    all.retain(|(name, _)| !headers.iter().any(|(other, _)| other == name));
    all.extend(headers);
    let (method, path) = request.split_once(' ').unwrap();
    exchange(&sandbox.url(vendor), method, path, &all, body).await
}

async fn exchange(base: &str, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Option<Answer> {
    let (host, prefix) = base.strip_prefix("http://")?.split_once('/')?;
    let mut text = format!("{method} /{prefix}{path} HTTP/1.1\r\nhost: {host}\r\n");
    for (name, value) in headers {
        text += &format!("{name}: {value}\r\n");
    }
    let length = body.len();
    text += &format!("connection: close\r\ncontent-length: {length}\r\n\r\n{body}");
    let mut stream = TcpStream::connect(host).await.ok()?;
    stream.write_all(text.as_bytes()).await.ok()?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.ok()?;
    let end = answer.windows(4).position(|four| four == b"\r\n\r\n")?;
    let bytes = answer.split_off(end + 4);
    let head = String::from_utf8(answer).ok()?;
    Some(Answer {
        status: head.split(' ').nth(1)?.parse().ok()?,
        head,
        body: String::from_utf8_lossy(&bytes).into_owned(),
        bytes,
    })
}

/// One revocation per vendor, as a request below its base URL.
fn revocation(vendor: Vendor) -> (String, &'static str) {
    match vendor {
        Vendor::ProjectManager => {
            let path = format!("/api/data/integrations/providers/{PROVIDER}/user-connection");
            (format!("DELETE {path}"), "")
        }
        Vendor::Cor => (
            "PUT /v2/integrations/users/OKTA-USER-12345/detach".into(),
            r#"{"workspaces":["Workspaces-example-5"],"metadata":{"source":"OKTA"}}"#,
        ),
        Vendor::OnlyOffice => ("DELETE /api/2.0/crm/contact/1/project/2".into(), ""),
        Vendor::Persona => ("POST /api/v1/connect/connections/cxn_active/deactivate".into(), ""),
        Vendor::Cova => ("DELETE /v1/users(8545)".into(), ""),
        #[allow(unreachable_patterns, reason = "a vendor that the sandbox does not imitate")]
        other => unreachable!("{other} is not imitated"),
    }
}

async fn revoke(sandbox: &Sandbox, vendor: Vendor) -> Option<Answer> {
    let (request, body) = revocation(vendor);
    send(sandbox, vendor, &request, &[], body).await
}

fn is_there(sandbox: &Sandbox, vendor: Vendor) -> bool {
    match vendor {
        Vendor::ProjectManager => sandbox.projectmanager().is_connected("jane@acme.example", PROVIDER),
        Vendor::Cor => sandbox.cor().is_attached("OKTA", "OKTA-USER-12345", "Workspaces-example-5"),
        Vendor::OnlyOffice => sandbox.onlyoffice().is_linked(1, 2),
        Vendor::Persona => sandbox.persona().is_active("cxn_active"),
        Vendor::Cova => sandbox.cova().is_active(8545),
        #[allow(unreachable_patterns, reason = "a vendor that the sandbox does not imitate")]
        other => unreachable!("{other} is not imitated"),
    }
}

#[tokio::test]
async fn every_vendor_revokes_once_and_answers_a_second_time_in_its_own_way() {
    let sandbox = Sandbox::start().await.unwrap();
    for (vendor, second) in super::VENDORS.into_iter().zip([404, 400, 200, 409, 200]) {
        assert!(is_there(&sandbox, vendor));
        assert_eq!(revoke(&sandbox, vendor).await.unwrap().status, 200);
        assert!(!is_there(&sandbox, vendor));
        assert_eq!(revoke(&sandbox, vendor).await.unwrap().status, second);
        assert_eq!(sandbox.count(vendor), 2);
    }
    let log = sandbox.requests(Vendor::Cova);
    assert_eq!(log[0].path, "/usermanager/v1/users(8545)");
    assert_eq!(log[0].header("Authorization"), Some("***"));
    assert!(sandbox.projectmanager().is_connected("john@acme.example", PROVIDER));
}

#[tokio::test]
async fn a_wrong_token_gets_each_vendors_401_and_changes_nothing() {
    let sandbox = Sandbox::start().await.unwrap();
    for vendor in super::VENDORS {
        let (request, body) = revocation(vendor);
        let wrong = [("authorization", "Bearer wrong")];
        let answer = send(&sandbox, vendor, &request, &wrong, body).await.unwrap();
        assert_eq!(answer.status, 401);
        assert!(is_there(&sandbox, vendor));
        let kind = answer.header("content-type");
        match vendor {
            Vendor::ProjectManager => assert_eq!(answer.header("www-authenticate"), Some("Bearer")),
            Vendor::Cor => assert_eq!(answer.json()["error"], 401),
            Vendor::OnlyOffice => assert_eq!((kind, &*answer.body), (Some("text/html; charset=utf-8"), "Unauthorized")),
            Vendor::Persona => assert_eq!(answer.header("request-id"), None),
            Vendor::Cova => assert_eq!((kind, &*answer.body), (Some("text/plain; charset=utf-8"), "invalid token")),
            #[allow(unreachable_patterns, reason = "a vendor that the sandbox does not imitate")]
            other => unreachable!("{other} is not imitated"),
        }
    }
    let raw = [("authorization", sandbox.token(Vendor::OnlyOffice))];
    let (request, _) = revocation(Vendor::OnlyOffice);
    let answer = send(&sandbox, Vendor::OnlyOffice, &request, &raw, "").await;
    assert_eq!(answer.unwrap().status, 200);
    let stale = [raw[0], ("cookie", "a=b; asc_auth_key=stale")];
    let answer = send(&sandbox, Vendor::OnlyOffice, &request, &stale, "").await;
    assert_eq!(answer.unwrap().status, 401);
}

#[tokio::test]
async fn unknown_subjects_and_wrong_routes_are_told_apart() {
    let sandbox = Sandbox::start().await.unwrap();
    for (vendor, request, status, words) in [
        (Vendor::Cova, "DELETE /v1/users(1)", 404, "\"User not found\""),
        (Vendor::Cova, "DELETE /v2/users(1)", 404, "No HTTP resource was found"),
        (Vendor::Cova, "DELETE /v1/users%288545%29", 404, "No HTTP resource was found"),
        (Vendor::Cova, "DELETE /v1/users(x)", 400, "Message"),
        (Vendor::OnlyOffice, "DELETE /api/2.0/crm/contact/9/project/2", 404, "Not found"),
        (Vendor::OnlyOffice, "DELETE /api/2.0/crm/contact/0/project/2", 400, "\"status\":1"),
        (Vendor::OnlyOffice, "DELETE /api/2.0/crm/contact/a/project/2", 404, ""),
        (Vendor::Persona, "POST /api/v1/connect/connections/none/deactivate", 404, "errors"),
        (Vendor::ProjectManager, "DELETE /api/data/integrations/providers/x/user-connection", 400, "validationErrors"),
        (Vendor::Cor, "PUT /v3/nowhere", 404, "ERROR"),
    ] {
        let answer = send(&sandbox, vendor, request, &[], "").await.unwrap();
        assert_eq!(answer.status, status, "{request}");
        assert!(answer.body.contains(words), "{request}: {}", answer.body);
    }
}

#[tokio::test]
async fn projectmanager_compresses_for_whoever_takes_it() {
    let sandbox = Sandbox::start().await.unwrap();
    let (request, _) = revocation(Vendor::ProjectManager);
    let takes = [("accept-encoding", "gzip")];
    let answer = send(&sandbox, Vendor::ProjectManager, &request, &takes, "").await;
    let answer = answer.unwrap();
    assert_eq!(answer.header("content-encoding"), Some("gzip"));
    let body = io::read_to_string(flate2::read::GzDecoder::new(&*answer.bytes)).unwrap();
    assert!(body.contains("\"success\":true"), "{body}");
}

#[tokio::test]
async fn cor_answers_with_what_remains() {
    let sandbox = Sandbox::start().await.unwrap();
    sandbox.cor().let_stay("OKTA", "OKTA-USER-12345", "Workspaces-example-6");
    let detach = |user: &str, body: Value| {
        let request = format!("PUT /v2/integrations/users/{user}/detach");
        let sandbox = &sandbox;
        async move { send(sandbox, Vendor::Cor, &request, &[], &body.to_string()).await.unwrap() }
    };
    let ask = |ids: &[&str], source: &str| json!({"workspaces": ids, "metadata": {"source": source}});
    let two = ask(&["Workspaces-example-5", "Workspaces-example-6"], "OKTA");
    let answer = detach("OKTA%2DUSER-12345", two.clone()).await.json();
    let left: Vec<_> = answer["workspaces"].as_array().unwrap().iter().collect();
    assert_eq!(left.len(), 2);
    assert_eq!(left[0]["json_integrations"]["origin_external_id"], "Workspaces-example-6");
    assert_eq!(detach("OKTA-USER-12345", two.clone()).await.json()["code"], "ZC001");
    sandbox.cor().partial_failures(true);
    let answer = detach("OKTA-USER-12345", two).await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.json()["errors"][0]["workspace"], "Workspaces-example-5");
    let answer = detach("OKTA-USER-12345", ask(&[], "OKTA")).await.json();
    assert_eq!(answer[0]["field"], "workspaces");
    let answer = detach("OKTA-USER-12345", ask(&["a"], "NOWHERE")).await;
    assert_eq!(answer.json()["code"], "InvalidSourceError");
    assert_eq!(detach("nobody", ask(&["a"], "OKTA")).await.json()["code"], "UserNotFoundError");
}

#[tokio::test]
async fn persona_replays_by_key_what_it_answered_first() {
    let sandbox = Sandbox::start().await.unwrap();
    let post = |id: &str, key: &'static str| {
        let request = format!("POST /api/v1/connect/connections/{id}/deactivate");
        let sandbox = &sandbox;
        async move { send(sandbox, Vendor::Persona, &request, &[("idempotency-key", key)], "").await.unwrap() }
    };
    sandbox.inject(Vendor::Persona, Fault::status(429));
    assert_eq!(post("cxn_active", "one").await.status, 429);
    sandbox.inject(Vendor::Persona, Fault::status(500));
    assert_eq!(post("cxn_active", "one").await.status, 500);
    assert_eq!(post("cxn_active", "one").await.status, 500);
    assert!(sandbox.persona().is_active("cxn_active"));
    assert_eq!(post("cxn_pending", "one").await.status, 400);
    let first = post("cxn_active", "two").await;
    let again = post("cxn_active", "two").await;
    assert_eq!((again.status, &again.body), (200, &first.body));
    assert_ne!(first.header("request-id"), again.header("request-id"));
    assert_eq!(post("cxn_active", "three").await.status, 409);

    let get = "GET /api/v1/connect/connections/cxn_active";
    let camel = [("key-inflection", "camel"), ("idempotency-key", "one")];
    let answer = send(&sandbox, Vendor::Persona, get, &camel, "").await.unwrap();
    let attributes = &answer.json()["data"]["attributes"];
    assert_eq!(attributes["status"], "inactive");
    assert_eq!(attributes["sourceOrganizationId"], "org_sandbox");
}

#[tokio::test]
async fn faults_say_whether_the_access_went() {
    let sandbox = Sandbox::start().await.unwrap();
    for vendor in super::VENDORS {
        sandbox.inject(vendor, Fault::close());
        assert!(revoke(&sandbox, vendor).await.is_none());
        sandbox.inject(vendor, Fault::status(503).retry_after(2).times(2));
        assert_eq!(sandbox.pending_faults(vendor), 2);
        for _ in 0..2 {
            let answer = revoke(&sandbox, vendor).await.unwrap();
            assert_eq!((answer.status, answer.header("retry-after")), (503, Some("2")));
        }
        sandbox.inject(vendor, Fault::html(502).delayed(Duration::from_millis(20)));
        let before = Instant::now();
        assert!(revoke(&sandbox, vendor).await.unwrap().body.starts_with("<html>"));
        assert!(before.elapsed() >= Duration::from_millis(20));
        sandbox.inject(vendor, Fault::redirect("https://elsewhere.example/"));
        assert_eq!(revoke(&sandbox, vendor).await.unwrap().status, 302);
        assert!(is_there(&sandbox, vendor));

        sandbox.inject(vendor, Fault::lose_response());
        assert!(revoke(&sandbox, vendor).await.is_none());
        assert!(!is_there(&sandbox, vendor));
    }
}

#[tokio::test]
async fn bodies_can_be_cut_off_stalled_and_bent() {
    let sandbox = Sandbox::start().await.unwrap();
    let length = |answer: &Answer| answer.header("content-length").unwrap().parse::<usize>().unwrap();
    sandbox.inject(Vendor::Cova, Fault::cut_off());
    let answer = revoke(&sandbox, Vendor::Cova).await.unwrap();
    assert_eq!(answer.status, 200);
    assert_eq!(answer.body.len(), length(&answer) / 2);
    assert!(!is_there(&sandbox, Vendor::Cova));

    sandbox.inject(Vendor::Cova, Fault::stall(Duration::from_millis(30)));
    let before = Instant::now();
    let answer = revoke(&sandbox, Vendor::Cova).await.unwrap();
    assert_eq!(answer.body.len(), length(&answer));
    assert!(before.elapsed() >= Duration::from_millis(30));

    sandbox.inject(Vendor::OnlyOffice, Fault::status(404).sent_as(200));
    let answer = revoke(&sandbox, Vendor::OnlyOffice).await.unwrap();
    assert_eq!((answer.status, &answer.json()["statusCode"]), (200, &json!(404)));
    let nothing = Fault::reply(Reply::new(204)).after_revoking();
    sandbox.inject(Vendor::ProjectManager, nothing);
    let answer = revoke(&sandbox, Vendor::ProjectManager).await.unwrap();
    assert_eq!((answer.status, &*answer.body), (204, ""));
    assert!(!is_there(&sandbox, Vendor::ProjectManager));
    let odd = Fault::own_answer().header("content-type", "text/json");
    sandbox.inject(Vendor::Cova, odd);
    let answer = revoke(&sandbox, Vendor::Cova).await.unwrap();
    assert_eq!(answer.header("content-type"), Some("text/json"));
}

#[tokio::test]
async fn rate_limits_speak_each_vendors_language() {
    let sandbox = Sandbox::start().await.unwrap();
    for vendor in super::VENDORS {
        sandbox.set_rate_limit(vendor, 1, Duration::from_secs(60));
        assert_eq!(revoke(&sandbox, vendor).await.unwrap().status, 200);
    }
    let answer = revoke(&sandbox, Vendor::Persona).await.unwrap();
    assert_eq!((answer.status, answer.header("ratelimit-remaining")), (429, Some("0")));
    assert_eq!(answer.header("ratelimit-reset"), Some("60"));
    let answer = revoke(&sandbox, Vendor::OnlyOffice).await.unwrap();
    assert_eq!((answer.status, answer.header("retry-after")), (503, Some("60")));
    let answer = revoke(&sandbox, Vendor::Cova).await.unwrap();
    assert_eq!((answer.status, &*answer.body), (429, "rate limit exceeded"));
    assert_eq!(answer.header("cova-apim-ratelimit-resetseconds"), Some("60"));
    for vendor in [Vendor::ProjectManager, Vendor::Cor] {
        assert_eq!(revoke(&sandbox, vendor).await.unwrap().status, 429);
    }
}

#[tokio::test]
async fn token_endpoints_issue_tokens_that_expire() {
    let sandbox = Sandbox::start().await.unwrap();
    let basic = [("authorization", "Basic c2FuZGJveC1hcGkta2V5OnNhbmRib3gtY2xpZW50LXNlY3JldA==")];
    let url = sandbox.token_url(Vendor::Cor).unwrap();
    let grant = "?grant_type=client_credentials";
    let answer = exchange(&url, "POST", grant, &basic, "").await.unwrap();
    let token = format!("Bearer {}", answer.json()["access_token"].as_str().unwrap());
    let (request, body) = revocation(Vendor::Cor);
    let issued = [("authorization", token.as_str())];
    let answer = send(&sandbox, Vendor::Cor, &request, &issued, body).await;
    assert_eq!(answer.unwrap().status, 200);

    let url = sandbox.token_url(Vendor::Cova).unwrap();
    sandbox.set_token_lifetime(Vendor::Cova, Duration::ZERO);
    let form = "grant_type=password&username=admin%40sandbox.example&password=sandbox-password\
                &client_id=sandbox-client&client_secret=sandbox-client-secret";
    let answer = exchange(&url, "POST", "", &[], form).await.unwrap();
    let token = format!("Bearer {}", answer.json()["access_token"].as_str().unwrap());
    let (request, _) = revocation(Vendor::Cova);
    let expired = [("authorization", token.as_str())];
    let answer = send(&sandbox, Vendor::Cova, &request, &expired, "").await;
    assert_eq!(answer.unwrap().status, 401);
    let answer = exchange(&url, "POST", "", &[], "grant_type=password").await;
    assert_eq!(answer.unwrap().json()["Message"], "invalid_grant");

    let url = sandbox.token_url(Vendor::OnlyOffice).unwrap();
    let body = json!({"userName": "admin@sandbox.example", "password": "sandbox-password"});
    let answer = exchange(&url, "POST", "", &[], &body.to_string()).await;
    assert_eq!(answer.unwrap().status, 201);
}

#[tokio::test]
async fn a_hook_decides_request_by_request_and_dropping_closes_the_port() {
    let sandbox = Sandbox::start().await.unwrap();
    sandbox.on_request(|request| (request.method == "DELETE").then(Fault::close));
    assert!(revoke(&sandbox, Vendor::Cova).await.is_none());
    assert_eq!(revoke(&sandbox, Vendor::Cor).await.unwrap().status, 200);
    sandbox.clear_hook();
    sandbox.reject_token(Vendor::Cova, sandbox.token(Vendor::Cova));
    assert_eq!(revoke(&sandbox, Vendor::Cova).await.unwrap().status, 401);
    sandbox.accept_token(Vendor::Cova, sandbox.token(Vendor::Cova));
    assert_eq!(revoke(&sandbox, Vendor::Cova).await.unwrap().status, 200);

    let address = sandbox.address;
    let mut idle = TcpStream::connect(address).await.unwrap();
    drop(sandbox);
    assert!(TcpStream::connect(address).await.is_err());
    assert!(matches!(idle.read(&mut [0]).await, Ok(0) | Err(_)));
}
