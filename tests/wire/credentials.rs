//! Tokens: where they come from, what is told to their source, and what a 401 sets off.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use deprovision::{
    Access, BoxError, Credential, ErrorKind, Outcome, RetryPolicy, TokenNeed, Vendor, cova, projectmanager,
};
use futures_util::StreamExt;
use uuid::Uuid;

use crate::support::reply::Reply;
use crate::support::server::{Request, Server, Step};
use crate::support::vendors::{
    TOKEN, VENDORS, authorization, builder, client, hurried, policy, refusal, subject, success,
};
use crate::support::{ms, within};

/// A credential whose source hands out these tokens in turn, the last one again and again, and what it was asked.
fn tokens(list: &[&str]) -> (Credential, Arc<Mutex<Vec<TokenNeed>>>) {
    let mut list: VecDeque<String> = list.iter().map(|&token| token.to_owned()).collect();
    let needs = Arc::new(Mutex::new(Vec::new()));
    let asked = Arc::clone(&needs);
    let list = Mutex::new(std::mem::take(&mut list));
    let credential = Credential::from_fn(move |need| {
        asked.lock().unwrap().push(need);
        let mut list = list.lock().unwrap();
        let token = if list.len() > 1 { list.pop_front() } else { list.front().cloned() };
        async move { token.ok_or_else(|| BoxError::from("no token left")) }
    });
    (credential, needs)
}

/// A credential whose first token is stale and whose renewal takes a time; and how often it was renewed.
fn renewed_in(time: Duration) -> (Credential, Arc<AtomicUsize>) {
    let renewals = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&renewals);
    let credential = Credential::from_fn(move |need| {
        let count = Arc::clone(&count);
        async move {
            if !need.rejected {
                return Ok("stale-token".to_owned());
            }
            count.fetch_add(1, Ordering::SeqCst);
            tokio::time::sleep(time).await;
            Ok("fresh-token".to_owned())
        }
    });
    (credential, renewals)
}

/// Answers a token as rejected unless it is this one.
async fn accepting(vendor: Vendor, token: &'static str) -> Server {
    Server::responding(move |request| {
        if request.header("authorization") == Some(authorization(vendor, token).as_str()) {
            success(vendor).into()
        } else {
            refusal(vendor, 401, "invalid token").into()
        }
    })
    .await
}

fn sent(requests: &[Request]) -> Vec<String> {
    requests.iter().map(|request| request.header("authorization").unwrap().replace("Bearer ", "")).collect()
}

#[tokio::test]
async fn a_source_is_asked_for_each_call_and_told_for_what() {
    for vendor in VENDORS {
        let server = Server::responding(move |_| success(vendor).into()).await;
        let (credential, needs) = tokens(&["first-token", "second-token"]);
        let client = builder(vendor, &server.url(), credential).build().unwrap();
        assert_eq!(needs.lock().unwrap().len(), 0, "not before it is needed");
        for _ in 0..2 {
            let _ = client.revoke(&subject(vendor)).await.unwrap();
        }
        assert_eq!(sent(&server.requests()), ["first-token", "second-token"]);
        for need in needs.lock().unwrap().iter() {
            assert_eq!((need.vendor, need.account.as_deref(), need.rejected), (vendor, None, false));
        }
    }
}

#[tokio::test]
async fn projectmanagers_account_is_told_to_the_source_also_when_the_token_was_rejected() {
    let vendor = Vendor::ProjectManager;
    let server = accepting(vendor, "fresh-token").await;
    let (credential, needs) = tokens(&["stale-token", "fresh-token"]);
    let client = builder(vendor, &server.url(), credential).build().unwrap();
    let request = projectmanager::DisconnectProvider::new(Uuid::nil()).account("jane@acme.example");
    let _ = client.revoke(&request).await.unwrap();
    let needs = needs.lock().unwrap();
    let told: Vec<_> = needs.iter().map(|need| (need.account.as_deref(), need.rejected)).collect();
    assert_eq!(told, [(Some("jane@acme.example"), false), (Some("jane@acme.example"), true)]);
}

#[tokio::test]
async fn a_rejected_token_is_replaced_once_and_the_repetition_counts_whatever_the_policy() {
    for vendor in VENDORS {
        for policy in [RetryPolicy::none(), policy()] {
            let server = accepting(vendor, "fresh-token").await;
            let (credential, needs) = tokens(&["stale-token", "fresh-token"]);
            let client = builder(vendor, &server.url(), credential).retry(policy).build().unwrap();
            let receipt = client.revoke(&subject(vendor)).await.unwrap();
            assert_eq!((receipt.outcome, receipt.attempts), (Outcome::Revoked, 2), "{vendor}");
            assert_eq!(sent(&server.requests()), ["stale-token", "fresh-token"]);
            let rejected: Vec<_> = needs.lock().unwrap().iter().map(|need| need.rejected).collect();
            assert_eq!(rejected, [false, true]);
        }
    }
}

#[tokio::test]
async fn a_second_401_is_final() {
    for vendor in VENDORS {
        let server = accepting(vendor, "nobody-has-this").await;
        let (credential, needs) = tokens(&["stale-token", "stale-token-2", "stale-token-3"]);
        let client = builder(vendor, &server.url(), credential).build().unwrap();
        let error = client.revoke(&subject(vendor)).await.unwrap_err();
        assert_eq!((error.kind(), error.access()), (ErrorKind::Unauthorized, Access::Unchanged), "{error}");
        assert_eq!((error.attempts(), server.count(), error.status()), (2, 2, Some(401)));
        assert_eq!(needs.lock().unwrap().len(), 2);
        assert!(error.message().contains("invalid token"), "{error}");
    }
}

#[tokio::test]
async fn a_fixed_tokens_401_is_final() {
    for vendor in VENDORS {
        let server = Server::idle().await;
        let client = client(vendor, &server);
        for reply in [
            refusal(vendor, 401, "no"),
            Reply::text(401, "text/html", "Unauthorized"),
            Reply::text(401, "text/plain", "invalid token"),
            Reply::new(401).header("WWW-Authenticate", "Bearer"),
            Reply::html(401),
        ] {
            server.rewind([reply]);
            let error = client.revoke(&subject(vendor)).await.unwrap_err();
            assert_eq!((error.kind(), error.access()), (ErrorKind::Unauthorized, Access::Unchanged), "{error}");
            assert_eq!((error.attempts(), server.count(), error.status()), (1, 1, Some(401)));
            assert!(!error.is_retryable() && !error.message().is_empty(), "{error}");
        }
    }
}

#[tokio::test]
async fn the_repetition_takes_no_attempt_from_the_policy() {
    for vendor in VENDORS {
        let server = Server::script([
            refusal(vendor, 503, "x"),
            refusal(vendor, 401, "x"),
            refusal(vendor, 503, "x"),
            success(vendor),
        ])
        .await;
        let (credential, _) = tokens(&["stale-token", "fresh-token"]);
        let client = builder(vendor, &server.url(), credential).build().unwrap();
        let receipt = client.revoke(&subject(vendor)).await.unwrap();
        assert_eq!(receipt.attempts, 4, "{vendor}");
        assert_eq!(sent(&server.requests()), ["stale-token", "stale-token", "fresh-token", "fresh-token"]);
    }
}

#[tokio::test]
async fn personas_key_survives_a_401() {
    let server = accepting(Vendor::Persona, "fresh-token").await;
    let (credential, _) = tokens(&["stale-token", "fresh-token"]);
    let client = builder(Vendor::Persona, &server.url(), credential).build().unwrap();
    let _ = client.revoke(&subject(Vendor::Persona)).await.unwrap();
    let requests = server.requests();
    assert_eq!(requests[0].key(), requests[1].key());
}

#[tokio::test]
async fn a_renewal_goes_on_though_the_plan_that_began_it_is_not_polled() {
    for vendor in VENDORS {
        let server = accepting(vendor, "fresh-token").await;
        let (credential, asked) = renewed_in(ms(100));
        let client = builder(vendor, &server.url(), credential).attempt_timeout(ms(3000)).build().unwrap();
        let mut plan = client.revoke_all([subject(vendor)]);
        while asked.load(Ordering::SeqCst) == 0 {
            assert!(tokio::time::timeout(ms(5), plan.next()).await.is_err(), "{vendor}: it has no token yet");
        }
        let receipt = within(ms(2000), client.revoke(&subject(vendor)).into_future()).await.unwrap();
        assert_eq!((receipt.attempts, asked.load(Ordering::SeqCst)), (2, 1), "{vendor}");
        assert!(plan.next().await.unwrap().result.is_ok(), "{vendor}");
    }
}

#[tokio::test]
async fn one_of_many_callers_gets_the_fresh_token_for_all() {
    for vendor in VENDORS {
        let server = accepting(vendor, "fresh-token").await;
        let (credential, renewals) = renewed_in(ms(30));
        let client = builder(vendor, &server.url(), credential).attempt_timeout(ms(3000)).build().unwrap();
        let calls: Vec<_> = (0..20).map(|_| tokio::spawn(client.revoke(&subject(vendor)).into_future())).collect();
        for call in calls {
            let receipt = within(ms(4000), call).await.unwrap().unwrap();
            assert_eq!(receipt.attempts, 2, "{vendor}");
        }
        assert_eq!(renewals.load(Ordering::SeqCst), 1, "{vendor}");
        assert_eq!(server.count(), 40);

        // What is known to be rejected is not tried again by later calls.
        assert_eq!(client.revoke(&subject(vendor)).await.unwrap().attempts, 1);
        assert_eq!(renewals.load(Ordering::SeqCst), 1);
    }
}

#[tokio::test]
async fn a_rejected_token_is_not_sent_again_after_a_second_renewal_either() {
    let vendor = Vendor::Cova;
    let accepted = Arc::new(AtomicUsize::new(1));
    let current = Arc::clone(&accepted);
    let server = Server::responding(move |request| {
        let number = request.header("authorization").and_then(|token| token.rsplit('-').next()?.parse().ok());
        let is_current = number.is_some_and(|number: usize| number >= current.load(Ordering::SeqCst));
        if is_current { success(vendor).into() } else { refusal(vendor, 401, "invalid token").into() }
    })
    .await;
    // A source that keeps nothing: it always begins with the token of its configuration.
    let issued = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&issued);
    let credential = Credential::from_fn(move |need| {
        let token = if need.rejected {
            format!("fresh-token-{}", count.fetch_add(1, Ordering::SeqCst) + 1)
        } else {
            "configured-token".to_owned()
        };
        async move { Ok(token) }
    });
    let client = builder(vendor, &server.url(), credential).build().unwrap();
    let attempts = async || client.revoke(&subject(vendor)).await.unwrap().attempts;
    assert_eq!((attempts().await, attempts().await), (2, 1));
    accepted.store(2, Ordering::SeqCst);
    assert_eq!(attempts().await, 2);
    assert_eq!(attempts().await, 1, "the configured token is known to be rejected, and a newer one is known");
    assert_eq!(issued.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn a_token_that_could_not_be_sent_is_asked_for_again() {
    let server = accepting(Vendor::Cova, "fresh-token").await;
    let renewals = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&renewals);
    // A file that is being written while it is read.
    let credential = Credential::from_fn(move |need| {
        let torn = need.rejected && count.fetch_add(1, Ordering::SeqCst) == 0;
        let token = if torn { "fresh-tok\n" } else { "fresh-token" };
        let token = if need.rejected { token } else { "stale-token" };
        async move { Ok(token.to_owned()) }
    });
    let client = builder(Vendor::Cova, &server.url(), credential).build().unwrap();
    assert!(client.revoke(&subject(Vendor::Cova)).await.is_err());
    assert_eq!(client.revoke(&subject(Vendor::Cova)).await.unwrap().attempts, 2);
    assert_eq!(renewals.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn accounts_do_not_share_their_tokens() {
    let vendor = Vendor::ProjectManager;
    let server = Server::responding(move |request| {
        let token = request.header("authorization").unwrap_or_default();
        let ok = token.ends_with("-fresh");
        if ok { success(vendor).into() } else { refusal(vendor, 401, "no").into() }
    })
    .await;
    let credential = Credential::from_fn(|need| async move {
        let account = need.account.unwrap_or_default();
        Ok(format!("token-of-{account}-{}", if need.rejected { "fresh" } else { "stale" }))
    });
    let client = builder(vendor, &server.url(), credential).build().unwrap();
    for account in ["jane", "john", "jane"] {
        let request = projectmanager::DisconnectProvider::new(Uuid::nil()).account(account);
        let _ = client.revoke(&request).await.unwrap();
    }
    assert_eq!(
        sent(&server.requests()),
        [
            "token-of-jane-stale",
            "token-of-jane-fresh",
            "token-of-john-stale",
            "token-of-john-fresh",
            "token-of-jane-fresh"
        ]
    );
}

#[tokio::test]
async fn a_source_that_fails_sends_nothing() {
    for vendor in VENDORS {
        let server = Server::script([success(vendor)]).await;
        let credential = Credential::from_fn(|_| async { Err("the vault is sealed".into()) });
        let error =
            builder(vendor, &server.url(), credential).build().unwrap().revoke(&subject(vendor)).await.unwrap_err();
        assert_eq!((error.kind(), error.access()), (ErrorKind::Unauthorized, Access::Unchanged), "{error}");
        assert!(error.to_string().contains("the vault is sealed"), "{error}");
        assert_eq!((error.attempts(), error.status(), server.count()), (0, None, 0));
        assert_eq!((error.vendor(), error.action()), (Some(vendor), Some(vendor_action(vendor))));
    }
}

fn vendor_action(vendor: Vendor) -> deprovision::Action {
    use deprovision::Revoke as _;
    subject(vendor).action()
}

#[tokio::test]
async fn a_source_that_fails_after_a_401_leaves_the_vendors_401() {
    let server = Server::script([refusal(Vendor::Cova, 401, "token expired")]).await;
    let credential = Credential::from_fn(|need| async move {
        if need.rejected { Err("the vault is sealed".into()) } else { Ok("stale-token".to_owned()) }
    });
    let client = builder(Vendor::Cova, &server.url(), credential).build().unwrap();
    let error = client.revoke(&subject(Vendor::Cova)).await.unwrap_err();
    assert_eq!((error.kind(), error.access()), (ErrorKind::Unauthorized, Access::Unchanged));
    assert_eq!((error.status(), error.attempts()), (Some(401), 1));
    assert!(error.message().contains("token expired") && error.message().contains("the vault is sealed"), "{error}");
}

#[tokio::test]
async fn a_source_that_hands_out_nonsense_sends_nothing_and_prints_nothing() {
    for bad in ["", "s3cret-token\n", "Bearer s3cret-token", "s3cret token", "s3cret-t\u{f6}ken"] {
        let server = Server::script([success(Vendor::Cova)]).await;
        let (credential, _) = tokens(&[bad]);
        let client = builder(Vendor::Cova, &server.url(), credential).build().unwrap();
        let error = client.revoke(&subject(Vendor::Cova)).await.unwrap_err();
        assert_eq!((error.kind(), error.access()), (ErrorKind::InvalidConfiguration, Access::Unchanged), "{error}");
        assert!(!format!("{error} {error:?}").contains("s3cret"), "{error}");
        assert_eq!(server.count(), 0);
    }
}

#[tokio::test]
async fn a_source_that_does_not_answer_ends_with_the_timeout_and_nothing_sent() {
    let server = Server::script([success(Vendor::Cova)]).await;
    let credential = Credential::from_fn(|_| std::future::pending());
    let client = builder(Vendor::Cova, &server.url(), credential).timeout(ms(50)).build().unwrap();
    let error = within(ms(1000), async { client.revoke(&subject(Vendor::Cova)).await.unwrap_err() }).await;
    assert_eq!((error.kind(), error.access()), (ErrorKind::Timeout, Access::Unchanged), "{error}");
    assert_eq!((error.attempts(), server.count()), (0, 0));
}

#[tokio::test]
async fn a_call_can_have_a_credential_of_its_own() {
    for vendor in VENDORS {
        let server = Server::responding(move |_| success(vendor).into()).await;
        let client = client(vendor, &server);
        let _ = client.revoke(&subject(vendor)).credential("token-of-this-call").await.unwrap();
        let (credential, needs) = tokens(&["token-of-a-source"]);
        let _ = client.revoke(&subject(vendor)).credential(credential).await.unwrap();
        let _ = client.revoke(&subject(vendor)).await.unwrap();
        assert_eq!(sent(&server.requests()), ["token-of-this-call", "token-of-a-source", TOKEN], "{vendor}");
        assert_eq!(needs.lock().unwrap().len(), 1);
        for bad in ["", "Bearer abcdef-s3cret", "s3cret\n"] {
            let error = client.revoke(&subject(vendor)).credential(bad).await.unwrap_err();
            assert_eq!((error.kind(), error.access()), (ErrorKind::InvalidConfiguration, Access::Unchanged));
            assert!(!format!("{error:?} {error}").contains("s3cret"), "{error}");
        }
        assert_eq!(server.count(), 3);
    }
}

#[tokio::test]
async fn a_calls_fixed_credential_is_final_although_the_client_has_a_source() {
    let server = accepting(Vendor::Cova, "fresh-token").await;
    let (credential, needs) = tokens(&["fresh-token"]);
    let client = builder(Vendor::Cova, &server.url(), credential).build().unwrap();
    let error = client.revoke(&subject(Vendor::Cova)).credential("stale-token").await.unwrap_err();
    assert_eq!((error.kind(), error.attempts()), (ErrorKind::Unauthorized, 1));
    assert_eq!(needs.lock().unwrap().len(), 0);
}

#[tokio::test]
async fn a_vendor_that_is_not_configured_is_not_called() {
    let server = Server::script([success(Vendor::Cova)]).await;
    let client = hurried().cova(cova::Config::new(TOKEN).base_url(server.url())).build().unwrap();
    for vendor in VENDORS.into_iter().filter(|vendor| *vendor != Vendor::Cova) {
        let error = client.revoke(&subject(vendor)).credential(TOKEN).await.unwrap_err();
        assert_eq!((error.kind(), error.access()), (ErrorKind::NotConfigured, Access::Unchanged));
        assert_eq!((error.vendor(), error.attempts()), (Some(vendor), 0));
        assert!(error.to_string().contains(vendor.as_str()), "{error}");
    }
    assert_eq!(server.connections(), 0);
}

#[tokio::test]
async fn a_401_inside_a_200_renews_too() {
    let vendor = Vendor::ProjectManager;
    let inside = serde_json::json!({"success": false, "hasError": true, "statusCode": "Unauthorized"});
    let server = Server::script([Step::from(Reply::json(200, &inside)), success(vendor).into()]).await;
    let (credential, _) = tokens(&["stale-token", "fresh-token"]);
    let client = builder(vendor, &server.url(), credential).build().unwrap();
    assert_eq!(client.revoke(&subject(vendor)).await.unwrap().attempts, 2);
    assert_eq!(sent(&server.requests()), ["stale-token", "fresh-token"]);
}
