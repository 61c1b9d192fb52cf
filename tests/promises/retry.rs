//! No retry can make it worse, and none is skipped that would have made it right.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex};

use deprovision::{RetryPolicy, Vendor};
use proptest::prelude::*;

use crate::support::ms;
use crate::support::reply::Reply;
use crate::support::server::{Request, Server, Step};
use crate::support::vendors::{TOKEN, VENDORS, builder, connection, refusal, subject, success};
use crate::{check, runtime};

/// What can go wrong once and be right the next time.
#[derive(Clone, Copy, Debug)]
enum Trouble {
    Lost,
    CutOff,
    Status(u16),
    Page(u16),
    /// Persona's conflict of two changes at the same time.
    Stale,
}

/// A vendor that has troubles first, and then does as it is asked. Persona's answers are stored under their keys.
#[derive(Default)]
struct Troubled {
    troubles: VecDeque<Trouble>,
    stored: HashMap<String, Reply>,
}

impl Troubled {
    fn answer(&mut self, vendor: Vendor, request: &Request) -> Step {
        if request.method == "GET" {
            return Reply::json(200, &connection("active")).into();
        }
        let key = request.key().map(str::to_owned);
        if let Some(stored) = key.as_ref().and_then(|key| self.stored.get(key)) {
            return stored.clone().into();
        }
        let reply = match self.troubles.pop_front() {
            None => success(vendor),
            Some(Trouble::Lost) => return Step::Close,
            Some(Trouble::CutOff) => return Step::AnswerThenClose(success(vendor).cut()),
            Some(Trouble::Status(status)) => refusal(vendor, status, "trouble"),
            Some(Trouble::Page(status)) => Reply::html(status),
            Some(Trouble::Stale) if vendor == Vendor::Persona => refusal(vendor, 409, "stale object"),
            Some(Trouble::Stale) => refusal(vendor, 503, "trouble"),
        };
        let is_limit = reply.head().starts_with(b"HTTP/1.1 429");
        if let Some(key) = key.filter(|_| !is_limit) {
            self.stored.insert(key, reply.clone());
        }
        reply.into()
    }
}

fn trouble() -> impl Strategy<Value = Trouble> {
    let status = || prop::sample::select(vec![408, 429, 500, 502, 503, 504]);
    prop_oneof![
        Just(Trouble::Lost),
        Just(Trouble::CutOff),
        Just(Trouble::Stale),
        status().prop_map(Trouble::Status),
        status().prop_map(Trouble::Page),
    ]
}

#[test]
fn no_retry_can_make_it_worse_and_none_is_skipped() {
    let runtime = runtime();
    for vendor in VENDORS {
        let vendors_side = Arc::new(Mutex::new(Troubled::default()));
        let asked = Arc::clone(&vendors_side);
        let server = runtime.block_on(Server::responding(move |request| asked.lock().unwrap().answer(vendor, request)));
        let client = builder(vendor, &server.url(), TOKEN).build().unwrap();
        check(60, &prop::collection::vec(trouble(), 0..6), |troubles| {
            let count = troubles.len();
            let start = || Troubled { troubles: troubles.clone().into(), stored: HashMap::new() };
            let policy = RetryPolicy::default().backoff(ms(0), ms(0));

            // With as many attempts as there are troubles and one more it comes right, at the last of them.
            *vendors_side.lock().unwrap() = start();
            let enough = policy.max_attempts(count as u32 + 1);
            let receipt = runtime.block_on(client.revoke(&subject(vendor)).retry(enough).into_future());
            let receipt = receipt.map_err(|error| TestCaseError::fail(format!("{troubles:?}: {error}")))?;
            prop_assert_eq!(receipt.attempts as usize, count + 1);

            // With one less it says that it may come right, and it does.
            if count > 0 {
                *vendors_side.lock().unwrap() = start();
                let error = runtime
                    .block_on(client.revoke(&subject(vendor)).retry(policy.max_attempts(count as u32)).into_future());
                let error = error.map(|receipt| receipt.to_string()).expect_err("too few attempts");
                prop_assert_eq!(error.attempts() as usize, count);
                prop_assert!(error.is_retryable(), "{}", error);
                prop_assert!(runtime.block_on(client.revoke(&subject(vendor)).into_future()).is_ok());
            }
            Ok(())
        });
        drop(server);
    }
}

#[tokio::test]
async fn what_a_retry_cannot_help_is_not_retried() {
    for vendor in VENDORS {
        let server = Server::idle().await;
        let client = builder(vendor, &server.url(), TOKEN).build().unwrap();
        let hopeless = [200, 201, 202, 301, 302, 307, 400, 401, 402, 403, 404, 405, 410, 413, 415, 451, 501, 505];
        for status in hopeless {
            server.always(Reply::html(status));
            let error = client.revoke(&subject(vendor)).await.unwrap_err();
            assert_eq!((error.attempts(), server.count()), (1, 1), "{vendor} {status}: {error}");
        }
    }
}

#[tokio::test]
async fn an_attempt_repeats_the_request_and_nothing_else() {
    for vendor in VENDORS {
        let server = Server::idle().await;
        let client = builder(vendor, &server.url(), TOKEN).build().unwrap();
        server.rewind([refusal(vendor, 500, "x"), refusal(vendor, 503, "x"), success(vendor)]);
        let _ = client.revoke(&subject(vendor)).await.unwrap();
        let sent: Vec<_> = server
            .requests()
            .into_iter()
            .map(|request| {
                let mut headers = request.headers.clone();
                headers.retain(|(name, _)| !name.eq_ignore_ascii_case("idempotency-key"));
                (request.line(), headers, request.body)
            })
            .collect();
        assert_eq!(sent.len(), 3);
        assert!(sent.iter().all(|request| *request == sent[0]), "{vendor}");
    }
}
