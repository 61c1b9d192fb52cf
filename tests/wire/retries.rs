//! What is tried again, how often, and after how long.

use std::collections::HashSet;
use std::sync::Mutex;
use std::time::{Duration, Instant, SystemTime};

use deprovision::{Access, ErrorKind, Outcome, RetryPolicy, Vendor};
use serde_json::json;

use crate::support::reply::Reply;
use crate::support::server::{Server, Step};
use crate::support::vendors::{TOKEN, VENDORS, builder, client, policy, refusal, single, subject, success};
use crate::support::{ms, within};

const RETRIED: [u16; 6] = [408, 429, 500, 502, 503, 504];

fn expected(status: u16) -> (ErrorKind, Access) {
    match status {
        401 => (ErrorKind::Unauthorized, Access::Unchanged),
        403 => (ErrorKind::Forbidden, Access::Unchanged),
        404 | 410 => (ErrorKind::NotFound, Access::Unchanged),
        409 => (ErrorKind::Conflict, Access::Unchanged),
        429 => (ErrorKind::RateLimited, Access::Unchanged),
        408 | 500..=599 => (ErrorKind::Unavailable, Access::Unknown),
        _ => (ErrorKind::Rejected, Access::Unchanged),
    }
}

#[tokio::test]
async fn exactly_these_statuses_are_tried_again_and_as_often_as_allowed() {
    for vendor in VENDORS {
        let server = Server::idle().await;
        let client = client(vendor, &server);
        for status in (400..=431).chain([451, 499, 500, 501, 502, 503, 504, 505, 507, 511, 520, 529, 599]) {
            // What Persona means by these two it is asked for; that has its own tests.
            if vendor == Vendor::Persona && matches!(status, 409 | 422) {
                continue;
            }
            for reply in [refusal(vendor, status, "why"), Reply::html(status)] {
                let (kind, access) = expected(status);
                let attempts = if RETRIED.contains(&status) { 3 } else { 1 };
                server.always(reply);
                let error = client.revoke(&subject(vendor)).await.unwrap_err();
                assert_eq!((error.kind(), error.access()), (kind, access), "{vendor} {status}: {error}");
                assert_eq!((error.attempts(), server.count()), (attempts, attempts as usize), "{vendor} {status}");
                assert_eq!(error.status(), Some(status));
                assert_eq!(error.retry_after(), None);
            }
        }
    }
}

#[tokio::test]
async fn each_retried_failure_can_end_in_a_success() {
    for vendor in VENDORS {
        let server = Server::idle().await;
        let client = client(vendor, &server);
        for status in RETRIED {
            server.rewind([Reply::html(status), refusal(vendor, status, "again"), success(vendor)]);
            let receipt = client.revoke(&subject(vendor)).await.unwrap();
            assert_eq!((receipt.outcome, receipt.attempts, receipt.status), (Outcome::Revoked, 3, 200), "{vendor}");
        }
    }
}

#[tokio::test]
async fn a_policy_says_how_often() {
    for (policy, attempts) in [
        (RetryPolicy::none(), 1),
        (policy().max_attempts(1), 1),
        (policy().max_attempts(2), 2),
        (policy(), 3),
        (policy().max_attempts(7), 7),
    ] {
        let server = Server::responding(|_| Reply::html(503).into()).await;
        let client = builder(Vendor::Cova, &server.url(), TOKEN).retry(policy).build().unwrap();
        let error = client.revoke(&subject(Vendor::Cova)).await.unwrap_err();
        assert_eq!((error.attempts(), server.count()), (attempts, attempts as usize));
        assert!(error.is_retryable());
    }
}

#[tokio::test]
async fn a_policy_without_attempts_is_refused_before_anything_is_sent() {
    let server = Server::script([success(Vendor::Cova)]).await;
    let client = client(Vendor::Cova, &server);
    let error = client.revoke(&subject(Vendor::Cova)).retry(policy().max_attempts(0)).await.unwrap_err();
    assert_eq!((error.kind(), error.access()), (ErrorKind::InvalidConfiguration, Access::Unchanged));
    assert_eq!(server.count(), 0);
}

#[tokio::test]
async fn a_call_can_have_a_policy_of_its_own() {
    let server = Server::responding(|_| Reply::html(503).into()).await;
    let single = single(Vendor::Cova, &server);
    let error = single.revoke(&subject(Vendor::Cova)).retry(policy().max_attempts(4)).await.unwrap_err();
    assert_eq!((error.attempts(), server.count()), (4, 4));
    let error =
        client(Vendor::Cova, &server).revoke(&subject(Vendor::Cova)).retry(RetryPolicy::none()).await.unwrap_err();
    assert_eq!((error.attempts(), server.count()), (1, 5));
}

/// A failure that asks to wait: the statuses with `Retry-After`, and the refusal inside a 200.
fn asking(vendor: Vendor, status: u16, wait: &str) -> Reply {
    refusal(vendor, status, "wait").header("Retry-After", wait)
}

fn http_date(wait: Duration) -> String {
    httpdate::fmt_http_date(SystemTime::now() + wait)
}

#[tokio::test]
async fn retry_after_is_waited_for_in_seconds_and_as_a_date() {
    let vendors: Vec<_> = VENDORS.into_iter().map(|vendor| tokio::spawn(retry_after_is_waited_for(vendor))).collect();
    for vendor in vendors {
        vendor.await.unwrap();
    }
}

/// The calls run side by side, each with a token that says what it is to be answered at first.
async fn retry_after_is_waited_for(vendor: Vendor) {
    let seen = Mutex::new(HashSet::new());
    let server = Server::responding(move |request| {
        let token = request.header("authorization").unwrap().to_owned();
        let mut parts = token.split('-').skip(1);
        let status = parts.next().unwrap().parse().unwrap();
        let wait = match parts.next() {
            Some("seconds") => "1".to_owned(),
            _ => http_date(Duration::from_secs(2)),
        };
        let first = seen.lock().unwrap().insert(token);
        if first { asking(vendor, status, &wait).into() } else { success(vendor).into() }
    })
    .await;
    let client = client(vendor, &server);
    let mut calls = Vec::new();
    for status in RETRIED {
        for form in ["seconds", "date"] {
            let call = client.revoke(&subject(vendor)).credential(format!("token-{status}-{form}"));
            calls.push(tokio::spawn(call.into_future()));
        }
    }
    for call in calls {
        assert_eq!(call.await.unwrap().unwrap().attempts, 2, "{vendor}");
    }
    let requests = server.requests();
    for first in &requests {
        let token = first.header("authorization");
        let same: Vec<_> = requests.iter().filter(|request| request.header("authorization") == token).collect();
        assert_eq!(same.len(), 2, "{vendor} {token:?}");
        let waited = same[1].at - same[0].at;
        assert!(waited >= ms(980) && waited < ms(4000), "{vendor} {token:?}: {waited:?}");
    }
}

#[tokio::test]
async fn a_wait_beyond_what_is_allowed_is_not_begun() {
    for vendor in VENDORS {
        for status in [429, 503] {
            let far = http_date(Duration::from_secs(3600));
            for (wait, least, most) in [
                ("61", 61, 61),
                ("86400", 86_400, 86_400),
                ("60.5", 61, 61),
                ("99999999999999999999", u64::MAX / 1000, u64::MAX),
                (far.as_str(), 3500, 3601),
            ] {
                // Each with a client of its own: one that was told to wait holds back its other calls too.
                let server = Server::script([asking(vendor, status, wait)]).await;
                let client =
                    builder(vendor, &server.url(), TOKEN).timeout(Duration::from_secs(100_000)).build().unwrap();
                let error = within(ms(4000), async { client.revoke(&subject(vendor)).await.unwrap_err() }).await;
                assert_eq!(error.status(), Some(status), "{vendor}: {error}");
                let asked = error.retry_after().unwrap().as_secs();
                assert!((least..=most).contains(&asked), "{vendor} {status} {wait}: {asked}");
                assert_eq!((error.attempts(), server.count()), (1, 1));
                assert!(error.is_retryable());
            }
        }
    }
}

#[tokio::test]
async fn a_wait_within_its_maximum_but_beyond_the_timeout_is_not_begun() {
    for vendor in VENDORS {
        let server = Server::script([asking(vendor, 429, "30")]).await;
        // The client of these tests has eight seconds for a call.
        let error =
            within(ms(4000), async { client(vendor, &server).revoke(&subject(vendor)).await.unwrap_err() }).await;
        assert_eq!((error.kind(), error.access()), (ErrorKind::RateLimited, Access::Unchanged));
        assert_eq!((error.retry_after(), error.attempts()), (Some(Duration::from_secs(30)), 1));
    }
}

#[tokio::test]
async fn max_wait_says_how_long_a_vendor_is_waited_for() {
    let server =
        Server::script([asking(Vendor::Cova, 429, "2"), asking(Vendor::Cova, 429, "1"), success(Vendor::Cova)]).await;
    let short = policy().max_wait(ms(1500));
    let client = builder(Vendor::Cova, &server.url(), TOKEN).retry(short).build().unwrap();
    let error = client.revoke(&subject(Vendor::Cova)).await.unwrap_err();
    assert_eq!((error.attempts(), error.retry_after()), (1, Some(Duration::from_secs(2))));
    let receipt = client.revoke(&subject(Vendor::Cova)).await.unwrap();
    assert_eq!(receipt.attempts, 2);
}

#[tokio::test]
async fn what_is_no_wait_is_not_waited_for() {
    for vendor in VENDORS {
        let server = Server::idle().await;
        let client = client(vendor, &server);
        for wait in ["0", "-5", "soon", "", "Thu, 01 Jan 1970 00:00:00 GMT", "Mon, 99 Foo 2026 00:00:00 GMT"] {
            server.rewind([asking(vendor, 429, wait), success(vendor)]);
            let started = Instant::now();
            let receipt = client.revoke(&subject(vendor)).await.unwrap();
            assert_eq!(receipt.attempts, 2, "{vendor} {wait:?}");
            assert!(started.elapsed() < ms(3000), "{vendor} {wait:?}");
        }
    }
}

#[tokio::test]
async fn the_vendors_own_reset_header_is_waited_for_on_a_429() {
    let in_seconds = |seconds: i64| (chrono::Utc::now() + chrono::TimeDelta::seconds(seconds)).to_rfc3339();
    for (vendor, name, value) in [
        (Vendor::Persona, "RateLimit-Reset", "1".to_owned()),
        (Vendor::Cova, "COVA-APIM-RateLimit-ResetSeconds", "1".to_owned()),
        (Vendor::Cova, "COVA-APIM-RateLimit-Reset", "a time".to_owned()),
    ] {
        let server = Server::idle().await;
        let client = client(vendor, &server);
        let value = if value == "a time" { in_seconds(1) } else { value };
        server.rewind([refusal(vendor, 429, "slow down").header(name, value), success(vendor)]);
        let receipt = client.revoke(&subject(vendor)).await.unwrap();
        assert_eq!(receipt.attempts, 2);
        let requests = server.requests();
        let waited = requests[1].at - requests[0].at;
        assert!(waited > ms(900) && waited < ms(4000), "{vendor} {name}: {waited:?}");
    }
    for (vendor, name, value) in [
        (Vendor::Persona, "RateLimit-Reset", "120".to_owned()),
        (Vendor::Cova, "COVA-APIM-RateLimit-ResetSeconds", "120".to_owned()),
        (Vendor::Cova, "COVA-APIM-RateLimit-Reset", in_seconds(120)),
    ] {
        let server = Server::script([Reply::text(429, "text/plain", "rate limit exceeded").header(name, value)]).await;
        let error = client(vendor, &server).revoke(&subject(vendor)).await.unwrap_err();
        assert_eq!((error.kind(), error.attempts()), (ErrorKind::RateLimited, 1));
        assert!((118..=120).contains(&error.retry_after().unwrap().as_secs()), "{vendor} {name}: {error}");
        assert_eq!(error.message(), "rate limit exceeded");
    }
}

#[tokio::test]
async fn retry_after_goes_before_the_reset_header_and_a_reset_alone_holds_up_no_success_or_failure() {
    let limited = refusal(Vendor::Persona, 429, "slow").header("Retry-After", 0).header("RateLimit-Reset", 50);
    let failing = refusal(Vendor::Persona, 500, "oops").header("RateLimit-Reset", 50);
    let server = Server::script([limited, failing, success(Vendor::Persona).header("RateLimit-Reset", 50)]).await;
    let receipt =
        within(ms(4000), async { client(Vendor::Persona, &server).revoke(&subject(Vendor::Persona)).await.unwrap() })
            .await;
    assert_eq!(receipt.attempts, 3);
}

#[tokio::test]
async fn onlyoffice_limits_by_503_with_retry_after_and_fails_by_503_without() {
    let vendor = Vendor::OnlyOffice;
    for reply in [Reply::html(503), Reply::new(503), refusal(vendor, 503, "wait")] {
        let server = Server::script([reply.clone().header("Retry-After", 70)]).await;
        let error = client(vendor, &server).revoke(&subject(vendor)).await.unwrap_err();
        assert_eq!((error.kind(), error.access()), (ErrorKind::RateLimited, Access::Unchanged), "{error}");
        assert_eq!(error.retry_after(), Some(Duration::from_secs(70)));

        let server = Server::script([reply]).await;
        let error = single(vendor, &server).revoke(&subject(vendor)).await.unwrap_err();
        assert_eq!((error.kind(), error.access()), (ErrorKind::Unavailable, Access::Unknown), "{error}");
    }
    // At the other vendors it is a failure that says when to come back.
    for vendor in VENDORS.into_iter().filter(|vendor| *vendor != Vendor::OnlyOffice) {
        let server = Server::script([refusal(vendor, 503, "wait").header("Retry-After", 70)]).await;
        let error = client(vendor, &server).revoke(&subject(vendor)).await.unwrap_err();
        assert_eq!((error.kind(), error.access()), (ErrorKind::Unavailable, Access::Unknown), "{vendor}: {error}");
        assert_eq!(error.retry_after(), Some(Duration::from_secs(70)));
    }
}

#[tokio::test]
async fn a_refusal_inside_a_200_is_tried_again_as_the_status_it_names() {
    let projectmanager = |code: &str| json!({"success": false, "hasError": true, "statusCode": code});
    let onlyoffice = |code: u16| json!({"status": 1, "statusCode": code, "error": {"message": "x"}});
    for (vendor, body, attempts) in [
        (Vendor::ProjectManager, projectmanager("TooManyRequests"), 3),
        (Vendor::ProjectManager, projectmanager("ServiceUnavailable"), 3),
        (Vendor::ProjectManager, projectmanager("RequestTimeout"), 3),
        (Vendor::ProjectManager, projectmanager("NotImplemented"), 1),
        (Vendor::ProjectManager, projectmanager("Forbidden"), 1),
        (Vendor::ProjectManager, projectmanager("429"), 3),
        (Vendor::OnlyOffice, onlyoffice(429), 3),
        (Vendor::OnlyOffice, onlyoffice(500), 3),
        (Vendor::OnlyOffice, onlyoffice(501), 1),
        (Vendor::OnlyOffice, onlyoffice(403), 1),
    ] {
        let reply = Reply::json(200, &body);
        let server = Server::responding(move |_| reply.clone().into()).await;
        let error = client(vendor, &server).revoke(&subject(vendor)).await.unwrap_err();
        assert_eq!((error.attempts(), server.count()), (attempts, attempts as usize), "{vendor} {body}");
        assert_eq!(error.status(), Some(200));
    }
    let waiting = Reply::json(200, &projectmanager("TooManyRequests")).header("Retry-After", 70);
    let server = Server::script([waiting]).await;
    let error = client(Vendor::ProjectManager, &server).revoke(&subject(Vendor::ProjectManager)).await.unwrap_err();
    assert_eq!((error.kind(), error.access()), (ErrorKind::RateLimited, Access::Unchanged));
    assert_eq!((error.attempts(), error.retry_after()), (1, Some(Duration::from_secs(70))));
}

#[tokio::test]
async fn the_backoff_is_waited_between_attempts_and_never_longer_than_its_maximum() {
    let server =
        Server::script([Step::Close, Step::Close, Step::Close, Step::Close, success(Vendor::Cova).into()]).await;
    let policy = RetryPolicy::default().max_attempts(5).backoff(ms(20), ms(40));
    let client = builder(Vendor::Cova, &server.url(), TOKEN).retry(policy).build().unwrap();
    let started = Instant::now();
    assert_eq!(client.revoke(&subject(Vendor::Cova)).await.unwrap().attempts, 5);
    assert!(started.elapsed() < ms(20 + 40 + 40 + 40 + 3000));
}
