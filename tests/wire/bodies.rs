//! Bodies that come in pieces, packed, too long, or as something else than the vendor's JSON.

use deprovision::{Access, ErrorKind, Evidence, Outcome, Vendor};
use serde_json::json;

use crate::support::reply::{Reply, gzip};
use crate::support::server::{Server, Step};
use crate::support::vendors::{TOKEN, VENDORS, builder, client, gone, refusal, subject, success};
use crate::support::{ms, within};

#[tokio::test]
async fn a_success_is_read_however_it_is_framed() {
    for vendor in VENDORS {
        let server = Server::idle().await;
        let client = client(vendor, &server);
        let whole = success(vendor).bytes();
        let steps = [
            ("with a length", Step::from(success(vendor))),
            ("in chunks", success(vendor).chunked().into()),
            ("until the connection closes", Step::AnswerThenClose(success(vendor).until_close().bytes())),
            ("bit by bit", Step::Trickle(whole.chunks(7).map(<[u8]>::to_vec).collect(), ms(0))),
            ("packed", success(vendor).gzip().into()),
            ("packed in chunks", success(vendor).gzip().chunked().into()),
            ("after a 100", Step::Answer([b"HTTP/1.1 100 Continue\r\n\r\n", &*whole].concat())),
            (
                "after a 103",
                Step::Answer([b"HTTP/1.1 103 Early Hints\r\nLink: </x>; rel=preload\r\n\r\n", &*whole].concat()),
            ),
            (
                "by HTTP/1.0",
                Step::AnswerThenClose(
                    String::from_utf8(whole.clone()).unwrap().replacen("HTTP/1.1", "HTTP/1.0", 1).into_bytes(),
                ),
            ),
            (
                "with a byte order mark",
                Reply::new(200).body([b"\xef\xbb\xbf", gone(vendor).to_string().as_bytes()].concat()).into(),
            ),
            ("between blank lines", Reply::new(200).body(format!("\r\n {}\n", gone(vendor))).into()),
            (
                "with parameters on its content type",
                Reply::text(200, "application/json;odata.metadata=minimal", gone(vendor).to_string()).into(),
            ),
            ("as text/json", Reply::text(200, "text/json", gone(vendor).to_string()).into()),
            ("as text/html", Reply::text(200, "text/html", gone(vendor).to_string()).into()),
            ("without a content type", Reply::new(200).body(gone(vendor).to_string()).into()),
        ];
        for (how, step) in steps {
            server.rewind([step]);
            let receipt = client.revoke(&subject(vendor)).await;
            let receipt = receipt.unwrap_or_else(|error| panic!("{how}: {error}"));
            assert_eq!((receipt.outcome, receipt.attempts, receipt.status), (Outcome::Revoked, 1, 200), "{how}");
            assert!(receipt.response.is_some(), "{vendor} {how}");
        }
    }
}

#[tokio::test]
async fn a_packed_refusal_keeps_the_vendors_words() {
    for vendor in VENDORS {
        let server = Server::script([refusal(vendor, 403, "quota exceeded for Jane").gzip()]).await;
        let error = client(vendor, &server).revoke(&subject(vendor)).await.unwrap_err();
        assert_eq!((error.kind(), error.status()), (ErrorKind::Forbidden, Some(403)));
        assert!(error.message().contains("quota exceeded for Jane"), "{error}");
    }
}

/// What no vendor says, under a 200.
fn foreign() -> Vec<(&'static str, Reply)> {
    let page = b"<html><head><title>Welcome</title></head></html>".to_vec();
    let packed = gzip(br#"{"a":"b"}"#);
    vec![
        ("a web page", Reply::html(200)),
        ("a page that says it is JSON", Reply::text(200, "application/json", page)),
        ("foreign JSON", Reply::json(200, &json!({"result": "ok", "code": 0}))),
        ("an array", Reply::json(200, &json!([true, false, null, 0]))),
        ("an empty object", Reply::json(200, &json!({}))),
        ("an empty array", Reply::json(200, &json!([]))),
        ("null", Reply::json(200, &json!(null))),
        ("a number", Reply::json(200, &json!(200))),
        ("a string", Reply::json(200, &json!("OK"))),
        ("text", Reply::text(200, "text/plain", "OK")),
        ("half of something", Reply::text(200, "application/json", r#"{"success": true, "hasErr"#)),
        ("bytes", Reply::new(200).body(vec![0; 64])),
        ("text that is said to be gzip", Reply::text(200, "text/plain", "OK").header("Content-Encoding", "gzip")),
        (
            "half of a gzip body",
            Reply::new(200).body(packed[..packed.len() / 2].to_vec()).header("Content-Encoding", "gzip"),
        ),
        ("an encoding nobody asked for", Reply::new(200).body("xyz").header("Content-Encoding", "br")),
        ("two encodings", Reply::new(200).body("xyz").header("Content-Encoding", "gzip, gzip")),
    ]
}

#[tokio::test]
async fn a_whole_200_that_is_not_the_vendors_is_no_success_and_not_retried() {
    for vendor in VENDORS {
        let server = Server::idle().await;
        let client = client(vendor, &server);
        for (what, reply) in foreign() {
            server.rewind([reply.header("X-Request-Id", "r-7")]);
            let error = client.revoke(&subject(vendor)).await.expect_err(what);
            assert_eq!(error.kind(), ErrorKind::UnexpectedResponse, "{vendor} {what}: {error}");
            assert_eq!(error.access(), Access::Unknown, "{vendor} {what}");
            assert_eq!(error.status(), Some(200), "{vendor} {what}");
            assert_eq!(error.request_id(), Some("r-7"), "{vendor} {what}");
            assert_eq!((error.attempts(), server.count()), (1, 1), "{vendor} {what}");
        }
    }
}

#[tokio::test]
async fn an_empty_200_is_a_yes_at_projectmanager_and_cova_only() {
    for vendor in VENDORS {
        let server = Server::script([Reply::new(200), Reply::new(204), Reply::new(200).body(" \r\n")]).await;
        for status in [200, 204, 200] {
            let result = client(vendor, &server).revoke(&subject(vendor)).await;
            if matches!(vendor, Vendor::ProjectManager | Vendor::Cova) {
                let receipt = result.unwrap();
                assert_eq!(receipt.evidence, Evidence::Acknowledged);
                assert_eq!((receipt.status, receipt.response), (status, None));
            } else {
                let error = result.unwrap_err();
                assert_eq!(error.kind(), ErrorKind::UnexpectedResponse, "{vendor} {status}");
                assert_eq!((error.access(), error.status()), (Access::Unknown, Some(status)), "{vendor} {status}");
            }
        }
    }
}

#[tokio::test]
async fn an_empty_200_that_is_said_to_be_packed_is_still_empty() {
    for vendor in [Vendor::ProjectManager, Vendor::Cova] {
        let server = Server::script([Reply::new(200).header("Content-Encoding", "gzip")]).await;
        let receipt = client(vendor, &server).revoke(&subject(vendor)).await.unwrap();
        assert_eq!(receipt.evidence, Evidence::Acknowledged);
    }
}

#[tokio::test]
async fn a_response_over_the_limit_is_refused_at_the_limit() {
    for vendor in VENDORS {
        let filler = " ".repeat(5000);
        let long = format!("{}{filler}", gone(vendor));
        let exact = long.len();
        for (limit, fits) in [(exact, true), (exact - 1, false), (100, false)] {
            for (how, reply) in [
                ("with a length", Reply::new(200).body(long.clone())),
                ("in chunks", Reply::new(200).body(long.clone()).chunked()),
                ("packed", Reply::new(200).body(long.clone()).gzip()),
            ] {
                let server = Server::script([reply.header("X-Request-Id", "r-7")]).await;
                let client = builder(vendor, &server.url(), TOKEN).max_response_bytes(limit).build().unwrap();
                let result = client.revoke(&subject(vendor)).await;
                if fits {
                    assert_eq!(result.unwrap().outcome, Outcome::Revoked, "{vendor} {how}");
                } else {
                    let error = result.expect_err(how);
                    assert_eq!(error.kind(), ErrorKind::UnexpectedResponse, "{vendor} {how}");
                    assert_eq!((error.access(), error.status()), (Access::Unknown, Some(200)), "{vendor} {how}");
                    assert_eq!(error.request_id(), Some("r-7"));
                    assert!(error.message().contains(&limit.to_string()), "{error}");
                    assert_eq!(server.count(), 1, "not retried: {vendor} {how}");
                }
            }
        }
    }
}

#[tokio::test]
async fn a_bomb_is_not_unpacked_and_an_endless_body_is_left() {
    // A hundred megabytes in a hundred kilobytes; the default limit is one megabyte.
    let bomb = gzip(&vec![b' '; 100 << 20]);
    let bomb = Reply::new(200).header("Content-Encoding", "gzip").body(bomb);
    let endless = Reply::new(200).until_close().head();
    let chunk = [format!("{:x}\r\n", 0x10000).into_bytes(), vec![b' '; 0x10000], b"\r\n".to_vec()].concat();
    for vendor in VENDORS {
        let steps = [
            Step::from(bomb.clone()),
            Step::Endless(endless.clone(), vec![b' '; 0x10000]),
            Step::Endless(Reply::new(200).chunked().head(), chunk.clone()),
        ];
        for step in steps {
            let is_endless = matches!(step, Step::Endless(..));
            let server = Server::script([step]).await;
            let client = builder(vendor, &server.url(), TOKEN).attempt_timeout(ms(4000)).build().unwrap();
            let error = within(ms(3000), async { client.revoke(&subject(vendor)).await.unwrap_err() }).await;
            assert_eq!(error.kind(), ErrorKind::UnexpectedResponse, "{error}");
            assert_eq!((error.access(), error.attempts()), (Access::Unknown, 1));
            assert!(error.message().contains("longer than 1048576 bytes"), "{error}");
            if is_endless {
                server.until(|server| server.abandoned() == 1).await;
            }
        }
    }
}

#[tokio::test]
async fn a_refusal_that_is_too_long_or_cannot_be_unpacked_is_read_by_its_status() {
    for vendor in VENDORS {
        for reply in [
            Reply::text(403, "text/plain", "x".repeat(5000)),
            Reply::text(403, "text/plain", "x").header("Content-Encoding", "gzip"),
            Reply::text(403, "text/plain", "x").header("Content-Encoding", "zstd"),
        ] {
            let server = Server::script([reply]).await;
            let client = builder(vendor, &server.url(), TOKEN).max_response_bytes(1000).build().unwrap();
            let error = client.revoke(&subject(vendor)).await.unwrap_err();
            assert_eq!((error.kind(), error.access()), (ErrorKind::Forbidden, Access::Unchanged), "{vendor}");
            assert_eq!((error.status(), error.attempts()), (Some(403), 1));
        }
    }
}

#[tokio::test]
async fn a_response_that_proves_it_counts_although_it_does_not_fit_the_type() {
    let mut odd = vec![
        (Vendor::ProjectManager, json!({"success": true, "hasError": false, "error": []})),
        (Vendor::Cor, json!({"id": {"x": 1}, "name": ["Jane"], "workspaces": []})),
        (Vendor::OnlyOffice, json!({"status": "0", "count": {"x": 1}, "response": {"id": "12", "shareType": "zero"}})),
        (Vendor::Persona, json!({"data": {"type": 7, "attributes": {"status": "inactive", "created-at": {}}}})),
        (Vendor::Cova, json!({"Id": "seven", "IsActive": false})),
    ];
    for (vendor, body) in odd.drain(..) {
        let server = Server::script([Reply::json(200, &body)]).await;
        let receipt = client(vendor, &server).revoke(&subject(vendor)).await.unwrap();
        assert_eq!(receipt.outcome, Outcome::Revoked);
        assert_eq!(receipt.response, None, "{vendor}");
    }
}
