//! Persona's own two rules: which idempotency key an attempt carries, and how a refusal is looked into.

use std::time::Duration;

use deprovision::{Access, Client, Error, ErrorKind, Evidence, Outcome, Receipt, RetryPolicy, Vendor, persona};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::reply::Reply;
use crate::support::server::{Server, Step};
use crate::support::vendors::{KEY, TOKEN, builder, connection, policy, refusal, single};
use crate::support::{ms, within};

const VENDOR: Vendor = Vendor::Persona;

fn client(server: &Server) -> Client {
    crate::support::vendors::client(VENDOR, server)
}

fn request() -> persona::DeactivateConnection {
    persona::DeactivateConnection::new("cxn_1").unwrap()
}

async fn revoke(client: &Client) -> Result<Receipt<persona::ConnectionEnvelope>, Error> {
    client.revoke(&request()).idempotency_key(KEY).await
}

fn looked(status: &str) -> Reply {
    Reply::json(200, &connection(status)).header("Request-Id", "req_look")
}

fn refused(status: u16) -> Reply {
    refusal(VENDOR, status, "the vendor's reason").header("Request-Id", "req_refusal")
}

fn nth(n: u32) -> String {
    if n == 1 { KEY.to_string() } else { Uuid::new_v5(&KEY, n.to_string().as_bytes()).to_string() }
}

/// The keys of the requests that carried one.
fn keys(server: &Server) -> Vec<String> {
    server.requests().iter().filter(|r| r.method == "POST").map(|r| r.key().unwrap().to_owned()).collect()
}

#[test]
fn the_second_key_of_a_known_one_is_this() {
    // Computed once by another implementation, so that it cannot change unnoticed.
    assert_eq!(nth(2), "74c21b56-4013-5bbb-b8cf-a037e780226e");
}

#[tokio::test]
async fn an_attempt_whose_answer_is_not_stored_is_repeated_with_its_key() {
    let unstored = || {
        vec![
            Step::Close,
            Step::Reset,
            Step::AnswerThenClose(looked("inactive").cut()),
            Step::AnswerThenStall(looked("inactive").head()),
            refused(429).into(),
            Reply::html(429).into(),
        ]
    };
    for step in unstored() {
        let server = Server::script([step.clone(), step, looked("inactive").into()]).await;
        let client = builder(VENDOR, &server.url(), TOKEN).attempt_timeout(ms(100)).build().unwrap();
        let receipt = revoke(&client).await.unwrap();
        assert_eq!(receipt.idempotency_key, Some(KEY));
        assert_eq!(keys(&server), [nth(1), nth(1), nth(1)]);
    }
}

#[tokio::test]
async fn an_attempt_whose_answer_is_stored_is_repeated_with_the_next_key() {
    for status in [408, 500, 502, 503, 504] {
        let server = Server::idle().await;
        let client = client(&server);
        for step in [
            Step::from(refused(status)),
            Reply::html(status).into(),
            // Its head says it all: the vendor has stored it.
            Step::AnswerThenClose(refused(status).cut()),
        ] {
            server.rewind([step.clone(), step, looked("inactive").into()]);
            let receipt = revoke(&client).await.unwrap();
            assert_eq!(keys(&server), [nth(1), nth(2), nth(3)], "{status}");
            assert_eq!(receipt.idempotency_key.unwrap().to_string(), nth(3), "the key of the attempt that settled it");
        }
    }
}

#[tokio::test]
async fn keys_go_forward_only_past_answers_that_are_stored() {
    let server = Server::script([
        Step::Close,
        refused(500).into(),
        refused(429).into(),
        Step::Reset,
        refused(503).into(),
        looked("inactive").into(),
    ])
    .await;
    let client = builder(VENDOR, &server.url(), TOKEN).retry(policy().max_attempts(9)).build().unwrap();
    let receipt = revoke(&client).await.unwrap();
    assert_eq!(keys(&server), [nth(1), nth(1), nth(2), nth(2), nth(2), nth(3)]);
    assert_eq!(receipt.attempts, 6);
}

#[tokio::test]
async fn a_call_made_again_with_the_same_key_arrives_at_the_same_keys() {
    let run = || async {
        let server = Server::script([refused(500), refused(502), refused(503)]).await;
        assert!(revoke(&client(&server)).await.is_err());
        keys(&server)
    };
    assert_eq!(run().await, run().await);
}

#[tokio::test]
async fn calls_without_a_given_key_never_share_one() {
    let server = Server::responding(|_| looked("inactive").into()).await;
    let client = client(&server);
    for _ in 0..20 {
        let _ = client.revoke(&request()).await.unwrap();
    }
    let mut keys = keys(&server);
    keys.sort();
    keys.dedup();
    assert_eq!(keys.len(), 20);
}

#[tokio::test]
async fn a_refusal_of_an_inactive_connection_means_that_it_was_revoked_before() {
    for status in [409, 422] {
        for step in
            [Step::from(refused(status)), Reply::html(status).into(), Step::AnswerThenClose(refused(status).cut())]
        {
            let server = Server::script([step, looked("inactive").into()]).await;
            let receipt = revoke(&client(&server)).await.unwrap();
            assert_eq!((receipt.outcome, receipt.evidence), (Outcome::AlreadyRevoked, Evidence::Confirmed));
            // Looking is not trying; what is shown is the exchange that proves it.
            assert_eq!((receipt.attempts, receipt.status), (1, 200));
            assert_eq!(receipt.request_id.as_deref(), Some("req_look"));
            assert_eq!(receipt.idempotency_key, Some(KEY));
            assert!(receipt.response.is_some());
            let lines: Vec<_> = server.requests().iter().map(|request| request.line()).collect();
            assert_eq!(
                lines,
                ["POST /api/v1/connect/connections/cxn_1/deactivate", "GET /api/v1/connect/connections/cxn_1"]
            );
        }
    }
}

#[tokio::test]
async fn it_is_not_called_revoked_before_if_an_attempt_of_this_call_may_have_done_it() {
    for doubt in
        [Step::Close, refused(500).into(), Reply::html(504).into(), Step::AnswerThenClose(looked("active").cut())]
    {
        for status in [409, 422] {
            let server = Server::script([doubt.clone(), refused(status).into(), looked("inactive").into()]).await;
            let receipt = revoke(&client(&server)).await.unwrap();
            assert_eq!((receipt.outcome, receipt.evidence), (Outcome::Revoked, Evidence::Confirmed));
            assert_eq!((receipt.attempts, receipt.status), (2, 200));
        }
    }
    // These have changed nothing, so it must have been someone before.
    for clear in [Step::from(refused(429)), Reply::html(429).into()] {
        let server = Server::script([clear, refused(409).into(), looked("inactive").into()]).await;
        let receipt = revoke(&client(&server)).await.unwrap();
        assert_eq!((receipt.outcome, receipt.attempts), (Outcome::AlreadyRevoked, 2));
    }
}

#[tokio::test]
async fn a_409_of_a_connection_in_use_is_a_conflict_and_tried_again_with_the_next_key() {
    for status in ["active", "pending"] {
        let server = Server::script([
            Step::from(refused(409)),
            looked(status).into(),
            refused(409).into(),
            looked(status).into(),
            looked("inactive").into(),
        ])
        .await;
        let receipt = revoke(&client(&server)).await.unwrap();
        assert_eq!((receipt.outcome, receipt.evidence), (Outcome::Revoked, Evidence::Confirmed));
        assert_eq!(receipt.attempts, 3);
        assert_eq!(keys(&server), [nth(1), nth(2), nth(3)]);

        let server = Server::responding(move |request| match request.method.as_str() {
            "POST" => refused(409).into(),
            _ => looked(status).into(),
        })
        .await;
        let error = revoke(&client(&server)).await.unwrap_err();
        assert_eq!((error.kind(), error.access()), (ErrorKind::Conflict, Access::Unchanged));
        assert_eq!((error.attempts(), server.count()), (3, 6));
        assert_eq!((error.status(), error.request_id()), (Some(409), Some("req_refusal")));
        assert!(error.message().contains("the vendor's reason"), "{error}");
        assert!(error.is_retryable());
    }
}

#[tokio::test]
async fn a_422_of_a_connection_in_use_is_a_rejection() {
    for status in ["active", "pending"] {
        let server = Server::script([refused(422), looked(status)]).await;
        let error = revoke(&client(&server)).await.unwrap_err();
        assert_eq!((error.kind(), error.access()), (ErrorKind::Rejected, Access::Unchanged));
        assert_eq!((error.attempts(), server.count()), (1, 2));
        assert_eq!((error.status(), error.request_id()), (Some(422), Some("req_refusal")));
        assert!(error.message().contains("the vendor's reason"), "{error}");
    }
}

/// What a look can bring that says nothing of the connection.
fn useless_looks() -> Vec<Reply> {
    let with = |edit: fn(&mut Value)| {
        let mut body = connection("inactive");
        edit(&mut body);
        Reply::json(200, &body)
    };
    vec![
        refusal(VENDOR, 404, "gone"),
        refusal(VENDOR, 403, "no"),
        refusal(VENDOR, 401, "no"),
        refusal(VENDOR, 409, "no"),
        refusal(VENDOR, 422, "no"),
        Reply::html(200),
        Reply::html(302).header("Location", "https://elsewhere.example/"),
        Reply::new(204),
        Reply::json(202, &connection("inactive")),
        Reply::json(200, &json!({})),
        Reply::json(200, &json!({"data": null})),
        Reply::json(200, &json!([connection("inactive")])),
        with(|body| body["data"]["id"] = json!("cxn_2")),
        with(|body| body["data"]["attributes"]["status"] = json!("archived")),
        with(|body| body["data"]["attributes"]["status"] = json!(null)),
        with(|body| body["data"]["attributes"]["status"] = json!(["inactive"])),
        with(|body| body["data"]["attributes"] = json!({})),
        with(|body| body["data"] = json!([body["data"].clone()])),
    ]
}

#[tokio::test]
async fn a_look_that_says_nothing_leaves_the_refusal_and_the_access_unknown() {
    for (status, kind) in [(409, ErrorKind::Conflict), (422, ErrorKind::Rejected)] {
        let server = Server::idle().await;
        let client = client(&server);
        for look in useless_looks() {
            let text = String::from_utf8(look.bytes()).unwrap();
            server.rewind([refused(status), look]);
            let error = revoke(&client).await.expect_err(&text);
            assert_eq!((error.kind(), error.access()), (kind, Access::Unknown), "{text}: {error}");
            assert_eq!((error.status(), error.request_id()), (Some(status), Some("req_refusal")), "{text}");
            assert_eq!((error.attempts(), server.count()), (1, 2), "{text}");
        }
    }
}

#[tokio::test]
async fn a_200_that_does_not_show_it_inactive_is_looked_into() {
    for first in ["pending", "active", "archived", "INACTIVE", ""] {
        let server = Server::idle().await;
        let client = client(&server);
        server.rewind([looked(first).header("X", "1"), looked("inactive")]);
        let receipt = revoke(&client).await.unwrap();
        assert_eq!((receipt.outcome, receipt.evidence), (Outcome::Revoked, Evidence::Confirmed), "{first}");
        assert_eq!((receipt.attempts, server.count()), (1, 2));
        assert_eq!(receipt.request_id.as_deref(), Some("req_look"));

        for still in ["active", "pending"] {
            let first = Reply::json(200, &connection(first)).header("Request-Id", "req_first");
            server.rewind([first, looked(still)]);
            let error = revoke(&client).await.unwrap_err();
            assert_eq!((error.kind(), error.access()), (ErrorKind::Incomplete, Access::Unchanged), "{error}");
            assert_eq!((error.status(), error.request_id()), (Some(200), Some("req_look")));
            assert!(error.message().contains(still), "{error}");
        }

        for look in useless_looks() {
            let text = String::from_utf8(look.bytes()).unwrap();
            server.rewind([Reply::json(200, &connection(first)), look.header("Request-Id", "req_look")]);
            let error = revoke(&client).await.expect_err(&text);
            assert_eq!(
                (error.kind(), error.access()),
                (ErrorKind::UnexpectedResponse, Access::Unknown),
                "{text}: {error}"
            );
            assert_eq!(error.request_id(), Some("req_look"), "{text}");
            assert_eq!((error.attempts(), server.count()), (1, 2), "{text}");
        }
    }
}

#[tokio::test]
async fn a_look_is_retried_by_the_calls_policy_and_not_counted() {
    for status in [408, 429, 500, 502, 503, 504] {
        let server =
            Server::script([refused(409), Reply::html(status), refusal(VENDOR, status, "x"), looked("inactive")]).await;
        let receipt = revoke(&client(&server)).await.unwrap();
        assert_eq!((receipt.outcome, receipt.attempts, server.count()), (Outcome::AlreadyRevoked, 1, 4), "{status}");
    }
    for (what, step) in [
        ("closed", Step::Close),
        ("reset", Step::Reset),
        ("stalls", Step::Stall),
        ("breaks off", Step::AnswerThenClose(looked("inactive").cut())),
        ("stalls in its body", Step::AnswerThenStall(looked("inactive").head())),
    ] {
        let server = Server::script([refused(409).into(), step.clone(), step, looked("inactive").into()]).await;
        let client = builder(VENDOR, &server.url(), TOKEN).attempt_timeout(ms(100)).build().unwrap();
        let receipt = revoke(&client).await.unwrap_or_else(|error| panic!("{what}: {error}"));
        assert_eq!((receipt.outcome, receipt.attempts, server.count()), (Outcome::AlreadyRevoked, 1, 4), "{what}");
    }
}

#[tokio::test]
async fn a_look_whose_retries_are_used_up_leaves_the_access_unknown() {
    for (status, kind) in [(409, ErrorKind::Conflict), (422, ErrorKind::Rejected)] {
        let server = Server::script([refused(status), Reply::html(500), Reply::html(500), Reply::html(500)]).await;
        let error = revoke(&client(&server)).await.unwrap_err();
        assert_eq!((error.kind(), error.access()), (kind, Access::Unknown), "{error}");
        assert_eq!((error.status(), error.attempts(), server.count()), (Some(status), 1, 4));

        let server = Server::script([refused(status), Reply::html(500)]).await;
        let error = revoke(&single(VENDOR, &server)).await.unwrap_err();
        assert_eq!((error.kind(), error.access()), (kind, Access::Unknown), "{error}");
        assert_eq!(server.count(), 2);
    }
}

#[tokio::test]
async fn a_look_ends_with_the_calls_timeout() {
    let server = Server::script([refused(409).into(), Step::Stall]).await;
    let client = builder(VENDOR, &server.url(), TOKEN).attempt_timeout(ms(5000)).timeout(ms(120)).build().unwrap();
    let error = within(ms(3000), async { revoke(&client).await.unwrap_err() }).await;
    assert_eq!((error.kind(), error.access()), (ErrorKind::Conflict, Access::Unknown), "{error}");

    let waiting = Reply::html(503).header("Retry-After", 30);
    let server = Server::script([refused(409), waiting]).await;
    let client = crate::support::vendors::client(VENDOR, &server);
    let error = within(ms(3000), async { revoke(&client).await.unwrap_err() }).await;
    assert_eq!((error.kind(), error.access()), (ErrorKind::Conflict, Access::Unknown), "{error}");
    assert_eq!(server.count(), 2);
}

#[tokio::test]
async fn a_look_waits_as_long_as_the_vendor_asks() {
    let server =
        Server::script([refused(409), Reply::html(429).header("RateLimit-Reset", 1), looked("inactive")]).await;
    let receipt = revoke(&client(&server)).await.unwrap();
    assert_eq!(receipt.outcome, Outcome::AlreadyRevoked);
    let requests = server.requests();
    assert!(requests[2].at - requests[1].at >= ms(950));
}

#[tokio::test]
async fn the_rate_limit_of_the_deciding_exchange_is_on_the_receipt() {
    let reply = looked("inactive")
        .header("RateLimit-Limit", 300)
        .header("RateLimit-Remaining", 299)
        .header("RateLimit-Reset", 60);
    let server = Server::script([reply]).await;
    let receipt = revoke(&client(&server)).await.unwrap();
    let limit = receipt.rate_limit.unwrap();
    assert_eq!((limit.limit, limit.remaining), (Some(300), Some(299)));
    let left = (limit.reset_at.unwrap() - receipt.completed_at).to_std().unwrap();
    assert_eq!(left, Duration::from_secs(60));
}

#[tokio::test]
async fn another_connection_in_a_success_is_not_believed() {
    let mut other = connection("inactive");
    other["data"]["id"] = json!("cxn_2");
    let server = Server::script([Reply::json(200, &other)]).await;
    let error = revoke(&client(&server)).await.unwrap_err();
    assert_eq!((error.kind(), error.access()), (ErrorKind::UnexpectedResponse, Access::Unknown));
    assert_eq!((error.attempts(), server.count()), (1, 1));
}

#[tokio::test]
async fn a_policy_of_one_attempt_does_not_retry_the_conflict() {
    let server = Server::script([refused(409), looked("active")]).await;
    let error = client(&server).revoke(&request()).retry(RetryPolicy::none()).await.unwrap_err();
    assert_eq!((error.kind(), error.access()), (ErrorKind::Conflict, Access::Unchanged));
    assert_eq!((error.attempts(), server.count()), (1, 2));
}
