//! The vendor's own words survive.

use deprovision::ErrorKind;
use proptest::prelude::*;
use serde_json::json;

use crate::support::reply::Reply;
use crate::support::server::Server;
use crate::support::vendors::{VENDORS, error_body, single, subject};
use crate::{check, runtime};

fn kind(status: u16) -> ErrorKind {
    match status {
        401 => ErrorKind::Unauthorized,
        403 => ErrorKind::Forbidden,
        404 => ErrorKind::NotFound,
        409 => ErrorKind::Conflict,
        429 => ErrorKind::RateLimited,
        500.. => ErrorKind::Unavailable,
        _ => ErrorKind::Rejected,
    }
}

#[test]
fn the_vendors_own_words_survive() {
    let runtime = runtime();
    for vendor in VENDORS {
        let server = runtime.block_on(Server::idle());
        let client = single(vendor, &server);
        // One blank between words: runs of them are made one, which is not what this is about.
        let words =
            prop::collection::vec("[A-Za-z0-9.,:;()'\u{e4}\u{f6}\u{fc}\u{df}\u{e9}\u{4e16}\u{754c}-]{1,12}", 1..12);
        let words = words.prop_map(|words| words.join(" "));
        // Persona's 409 and 422 are looked into, which has tests of its own.
        let status = prop::sample::select(vec![400, 401, 403, 404, 405, 410, 415, 429, 500, 501, 503]);
        check(60, &(words, status, "[A-Za-z0-9_-]{1,40}"), |(words, status, id)| {
            let reply = Reply::json(status, &error_body(vendor, &words)).header("X-Request-Id", &id);
            server.rewind([reply]);
            let error = runtime.block_on(client.revoke(&subject(vendor)).into_future()).expect_err("a refusal");
            prop_assert!(error.message().contains(&words), "{:?} {}", words, error);
            prop_assert!(error.to_string().contains(&words));
            prop_assert_eq!(error.status(), Some(status));
            prop_assert_eq!(error.request_id(), Some(id.as_str()));
            prop_assert!(error.to_string().contains(&id) && error.to_string().contains(&status.to_string()));
            let report = serde_json::to_value(error.report()).unwrap();
            prop_assert!(report["message"].as_str().unwrap().contains(&words));
            prop_assert_eq!(&report["status"], &json!(status));
            Ok(())
        });
    }
}

#[tokio::test]
async fn whatever_comes_back_is_a_typed_error_with_its_status_on_one_sane_line() {
    for vendor in VENDORS {
        let server = Server::idle().await;
        let client = single(vendor, &server);
        let long = "wide ".repeat(20_000);
        let page = format!(
            "<!DOCTYPE html>\n<html><head><title>Attention Required!</title></head><body><p>Ray 12ab</p>{long}</body></html>"
        );
        let bodies = [
            Reply::text(403, "text/html; charset=UTF-8", page.clone()),
            Reply::text(403, "application/json", page),
            Reply::text(403, "text/plain", long.clone()),
            Reply::json(403, &error_body(vendor, &long)),
            Reply::json(403, &error_body(vendor, "a\r\n\tb\u{0}c\u{1b}[31m\u{202e}d\u{7f}")),
            Reply::text(403, "text/plain", b"\xff\xfe\x00\x01".to_vec()),
            Reply::text(403, "application/json", "{\"broken\": "),
            Reply::json(403, &json!({"deep": [[[[{"x": long}]]]]})),
            Reply::text(403, "application/json", format!("{}1{}", "[".repeat(5000), "]".repeat(5000))),
            Reply::new(403),
        ];
        for reply in bodies {
            server.rewind([reply]);
            let error = client.revoke(&subject(vendor)).await.unwrap_err();
            assert_eq!((error.kind(), error.status()), (ErrorKind::Forbidden, Some(403)), "{vendor}: {error}");
            let line = error.to_string();
            assert!(line.chars().count() < 1000, "{vendor}: {} characters", line.chars().count());
            assert!(!line.chars().any(|c| c.is_control() || c == '\u{202e}'), "{vendor}: {line:?}");
            assert!(!line.contains("<p>") && !line.contains("<html") && !line.contains("DOCTYPE"), "{vendor}: {line}");
            assert!(!error.message().is_empty());
        }
    }
}

#[tokio::test]
async fn a_pages_title_is_all_that_is_said_of_it() {
    for vendor in VENDORS {
        let server = Server::idle().await;
        let client = single(vendor, &server);
        for status in [400, 401, 403, 404, 429, 500, 502, 503] {
            server.rewind([Reply::html(status)]);
            let error = client.revoke(&subject(vendor)).await.unwrap_err();
            assert_eq!((error.kind(), error.status()), (kind(status), Some(status)), "{vendor}: {error}");
            assert!(error.message().contains(&format!("{status} Gateway")), "{vendor}: {error}");
        }
    }
}
