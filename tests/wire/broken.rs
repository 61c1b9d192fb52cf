//! Connections that break, at every point of an exchange.

use deprovision::{Access, ErrorKind, Outcome, RetryPolicy};

use crate::support::reply::Reply;
use crate::support::server::{Server, Step, closed_port};
use crate::support::vendors::{
    TOKEN, VENDORS, authorization, builder, client, refusal, single, subject, success, unreachable,
};
use crate::support::{ms, within};

#[tokio::test]
async fn a_refused_connection_changes_nothing_and_is_tried_again() {
    for vendor in VENDORS {
        let url = unreachable(closed_port().await);
        let client = builder(vendor, &url, TOKEN).build().unwrap();
        let error = client.revoke(&subject(vendor)).await.unwrap_err();
        assert_eq!((error.kind(), error.access()), (ErrorKind::Connection, Access::Unchanged), "{error}");
        assert_eq!((error.status(), error.attempts()), (None, 3));
        assert!(error.is_retryable());
    }
}

/// What leaves the fate of a request open: it was sent, and no whole answer came.
fn without_an_answer(vendor: deprovision::Vendor) -> Vec<(&'static str, Step, ErrorKind, Option<u16>)> {
    let head = success(vendor).head();
    vec![
        ("closed", Step::Close, ErrorKind::Connection, None),
        ("reset", Step::Reset, ErrorKind::Connection, None),
        ("silent", Step::Stall, ErrorKind::Timeout, None),
        ("closed within the head", Step::AnswerThenClose(head[..20].to_vec()), ErrorKind::Connection, None),
        ("silent within the head", Step::AnswerThenStall(head[..20].to_vec()), ErrorKind::Timeout, None),
        ("no HTTP", Step::AnswerThenClose(b"SSH-2.0-OpenSSH_9.6\r\n\r\n".to_vec()), ErrorKind::Connection, None),
        (
            "a status that is none",
            Step::AnswerThenClose(b"HTTP/1.1 2x0 OK\r\n\r\n".to_vec()),
            ErrorKind::Connection,
            None,
        ),
        (
            "a header that is none",
            Step::AnswerThenClose(b"HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\n".to_vec()),
            ErrorKind::Connection,
            None,
        ),
        (
            "interim responses and then nothing",
            Step::AnswerThenStall(b"HTTP/1.1 100 Continue\r\n\r\n".repeat(3)),
            ErrorKind::Timeout,
            None,
        ),
        ("no body", Step::AnswerThenClose(head.clone()), ErrorKind::Connection, Some(200)),
        ("half a body", Step::AnswerThenClose(success(vendor).cut()), ErrorKind::Connection, Some(200)),
        ("half a body, reset", Step::AnswerThenReset(success(vendor).cut()), ErrorKind::Connection, Some(200)),
        (
            "half a body in chunks",
            Step::AnswerThenClose(success(vendor).chunked().cut()),
            ErrorKind::Connection,
            Some(200),
        ),
        ("half a packed body", Step::AnswerThenClose(success(vendor).gzip().cut()), ErrorKind::Connection, Some(200)),
        ("a body that stalls", Step::AnswerThenStall(success(vendor).cut()), ErrorKind::Timeout, Some(200)),
        ("a body that does not begin", Step::AnswerThenStall(head), ErrorKind::Timeout, Some(200)),
        (
            "a redirect that breaks off",
            Step::AnswerThenClose(Reply::html(302).header("Location", "https://elsewhere.example/").cut()),
            ErrorKind::Connection,
            Some(302),
        ),
    ]
}

#[tokio::test]
async fn a_request_that_gets_no_whole_answer_is_of_unknown_fate() {
    for vendor in VENDORS {
        let server = Server::idle().await;
        let client =
            builder(vendor, &server.url(), TOKEN).attempt_timeout(ms(100)).retry(RetryPolicy::none()).build().unwrap();
        for (what, step, kind, status) in without_an_answer(vendor) {
            server.rewind([step]);
            let error = client.revoke(&subject(vendor)).await.expect_err(what);
            assert_eq!(error.kind(), kind, "{vendor} {what}: {error}");
            assert_eq!(error.access(), Access::Unknown, "{vendor} {what}: {error}");
            assert_eq!(error.status(), status, "{vendor} {what}: {error}");
            assert_eq!((error.attempts(), server.count()), (1, 1), "{vendor} {what}: {error}");
            assert!(error.is_retryable(), "{vendor} {what}: {error}");
        }
    }
}

#[tokio::test]
async fn a_request_that_gets_no_whole_answer_is_sent_again() {
    for vendor in VENDORS {
        let server = Server::idle().await;
        let client = builder(vendor, &server.url(), TOKEN).attempt_timeout(ms(100)).build().unwrap();
        for (what, step, _, _) in without_an_answer(vendor) {
            server.rewind([step, success(vendor).into()]);
            let receipt = client.revoke(&subject(vendor)).await;
            let receipt = receipt.unwrap_or_else(|error| panic!("{vendor} {what}: {error}"));
            assert_eq!((receipt.outcome, receipt.attempts), (Outcome::Revoked, 2), "{vendor} {what}");
            assert_eq!((receipt.status, server.count()), (200, 2), "{vendor} {what}");
        }
    }
}

/// The server may have read the request before it closes; a client cannot see which it was.
#[tokio::test]
async fn a_connection_closed_before_the_request_is_read_leaves_its_fate_open() {
    for vendor in VENDORS {
        for step in [Step::CloseUnread, Step::ResetUnread] {
            let server = Server::script([step]).await;
            let error = single(vendor, &server).revoke(&subject(vendor)).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Connection, "{vendor}: {error}");
            assert_eq!(error.access(), Access::Unknown, "{vendor}: {error}");
            assert_eq!((error.attempts(), server.count()), (1, 0), "{vendor}: {error}");
        }
    }
}

#[tokio::test]
async fn a_failure_whose_body_breaks_off_is_read_by_its_status() {
    for vendor in VENDORS {
        let server = Server::idle().await;
        let client =
            builder(vendor, &server.url(), TOKEN).attempt_timeout(ms(50)).retry(RetryPolicy::none()).build().unwrap();
        for (status, kind, access) in [
            (401, ErrorKind::Unauthorized, Access::Unchanged),
            (403, ErrorKind::Forbidden, Access::Unchanged),
            (404, ErrorKind::NotFound, Access::Unchanged),
            (400, ErrorKind::Rejected, Access::Unchanged),
            (429, ErrorKind::RateLimited, Access::Unchanged),
            (500, ErrorKind::Unavailable, Access::Unknown),
            (501, ErrorKind::Unavailable, Access::Unknown),
        ] {
            for step in [
                Step::AnswerThenClose(refusal(vendor, status, "why").cut()),
                Step::AnswerThenStall(refusal(vendor, status, "why").head()),
            ] {
                server.rewind([step]);
                let error = client.revoke(&subject(vendor)).await.unwrap_err();
                assert_eq!((error.kind(), error.access()), (kind, access), "{vendor} {status}: {error}");
                assert_eq!(error.status(), Some(status), "{vendor}");
            }
        }
    }
}

#[tokio::test]
async fn a_redirect_is_not_followed_and_its_host_is_named() {
    for vendor in VENDORS {
        let server = Server::idle().await;
        let client = client(vendor, &server);
        for status in [300, 301, 302, 303, 304, 307, 308] {
            let other = Server::script([success(vendor)]).await;
            let elsewhere = format!("http://127.0.0.2:{}/take?me=there", other.port());
            server.rewind([Reply::html(status).header("Location", &elsewhere)]);
            let error = client.revoke(&subject(vendor)).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::UnexpectedResponse, "{vendor} {status}: {error}");
            assert_eq!((error.access(), error.status()), (Access::Unknown, Some(status)));
            assert!(error.message().contains("127.0.0.2"), "{error}");
            assert!(!error.message().contains("me=there"), "{error}");
            assert_eq!((error.attempts(), server.count()), (1, 1));
            assert_eq!((other.count(), other.connections()), (0, 0), "{vendor} {status}");
        }
    }
}

#[tokio::test]
async fn a_redirect_names_the_host_and_not_the_user_info() {
    for (location, host) in [
        ("https://login.example/x", "login.example"),
        ("//login.example/x?y", "login.example"),
        ("https://jane:pass@login.example:8443/", "login.example"),
        ("//jane@login.example/", "login.example"),
    ] {
        let vendor = deprovision::Vendor::Cova;
        let server = Server::script([Reply::new(302).header("Location", location)]).await;
        let error = client(vendor, &server).revoke(&subject(vendor)).await.unwrap_err();
        assert!(error.message().contains(host), "{location}: {error}");
        assert!(!error.message().contains("jane"), "{location}: {error}");
    }
}

#[tokio::test]
async fn a_success_by_another_status_is_a_promise_and_no_fact() {
    for vendor in VENDORS {
        let server = Server::idle().await;
        let client = client(vendor, &server);
        for status in [201, 202, 203, 205, 206, 207, 226, 299] {
            server.rewind([Reply::json(status, &crate::support::vendors::gone(vendor))]);
            let error = client.revoke(&subject(vendor)).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::UnexpectedResponse, "{vendor} {status}: {error}");
            assert_eq!((error.access(), error.status()), (Access::Unknown, Some(status)), "{vendor} {status}");
            assert_eq!(server.count(), 1, "{vendor} {status}");
        }
    }
}

#[tokio::test]
async fn a_status_that_is_no_answer_is_unexpected() {
    for vendor in VENDORS {
        let server = Server::idle().await;
        let client = client(vendor, &server);
        for status in [101, 600, 799, 999] {
            server.rewind([Step::AnswerThenClose(success(vendor).bytes().splice_status(status))]);
            let error = client.revoke(&subject(vendor)).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::UnexpectedResponse, "{vendor} {status}: {error}");
            assert_eq!((error.access(), error.status()), (Access::Unknown, Some(status)), "{vendor} {status}");
        }
    }
}

trait SpliceStatus {
    fn splice_status(self, status: u16) -> Vec<u8>;
}

impl SpliceStatus for Vec<u8> {
    /// Puts another status into a response's first line.
    fn splice_status(mut self, status: u16) -> Vec<u8> {
        self.splice(9..12, status.to_string().into_bytes());
        self
    }
}

/// A pool must not resend by itself what the caller was not told of.
#[tokio::test]
async fn a_reused_connection_that_closes_on_a_request_is_not_retried_behind_the_callers_back() {
    for vendor in VENDORS {
        let server = Server::script([success(vendor).into(), Step::Close]).await;
        let client = single(vendor, &server);
        let _ = client.revoke(&subject(vendor)).await.unwrap();
        let error = client.revoke(&subject(vendor)).await.unwrap_err();
        assert_eq!((error.kind(), error.access()), (ErrorKind::Connection, Access::Unknown), "{vendor}: {error}");
        assert_eq!((server.count(), server.connections()), (2, 1), "{vendor}");
        assert_eq!(server.requests()[1].header("authorization"), Some(authorization(vendor, TOKEN).as_str()));
    }
}

#[tokio::test]
async fn a_kept_connection_that_the_server_has_closed_since_is_not_noticed_by_the_caller() {
    for vendor in VENDORS {
        let server = Server::script([Step::AnswerThenClose(success(vendor).bytes()), success(vendor).into()]).await;
        let client = single(vendor, &server);
        let _ = client.revoke(&subject(vendor)).await.unwrap();
        tokio::time::sleep(ms(20)).await;
        let receipt = client.revoke(&subject(vendor)).await.unwrap();
        assert_eq!((receipt.attempts, server.count(), server.connections()), (1, 2, 2), "{vendor}");
    }
}

#[tokio::test]
async fn bytes_behind_a_response_are_not_taken_for_the_next_one() {
    for vendor in VENDORS {
        let forged = [success(vendor).bytes(), success(vendor).bytes()].concat();
        let server = Server::script([Step::Answer(forged), refusal(vendor, 403, "no").into()]).await;
        let client = single(vendor, &server);
        let _ = client.revoke(&subject(vendor)).await.unwrap();
        let second = within(ms(2000), async { client.revoke(&subject(vendor)).await }).await;
        // The surplus may cost an attempt, but it must never pass for the second call's answer.
        assert!(second.is_err(), "{vendor}");
    }
}
