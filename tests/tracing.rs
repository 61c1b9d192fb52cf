//! What a call tells `tracing`.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "in tests, also in their helpers, a panic is how to fail"
)]

mod support;

use ::tracing::Level;
use deprovision::{RetryPolicy, Revocation, Vendor, cor, persona, projectmanager};
use support::capture::{Capture, Entry};
use support::ms;
use support::reply::Reply;
use support::server::{Server, Step, closed_port};
use support::vendors::{TOKEN, VENDORS, builder, client, connection, refusal, subject, success};

fn spans(entries: &[Entry]) -> Vec<&Entry> {
    entries.iter().filter(|entry| entry.is_span).collect()
}

/// The events that stand for exchanges: those above debug level.
fn exchanges(entries: &[Entry]) -> Vec<&Entry> {
    entries.iter().filter(|entry| !entry.is_span && entry.level <= Level::INFO).collect()
}

fn template(vendor: Vendor) -> &'static str {
    match vendor {
        Vendor::ProjectManager => "/api/data/integrations/providers/{providerId}/user-connection",
        Vendor::Cor => "/v2/integrations/users/{userId}/detach",
        Vendor::OnlyOffice => "/api/2.0/crm/contact/{contactid}/project/{projectid}",
        Vendor::Persona => "/api/v1/connect/connections/{connection-id}/deactivate",
        Vendor::Cova => "/v1/users({UserId})",
        other => panic!("{other} is new here"),
    }
}

#[tokio::test]
async fn a_revocation_is_a_span_with_its_action_and_what_came_of_it() {
    for vendor in VENDORS {
        let server = Server::script([success(vendor), refusal(vendor, 403, "no")]).await;
        let client = client(vendor, &server);
        let capture = Capture::start();
        let receipt = client.revoke(&subject(vendor)).await.unwrap();
        let own = capture.own();
        let [span] = spans(&own)[..] else { panic!("one span: {own:#?}") };
        assert_eq!(span.field("deprovision.action"), Some(receipt.action.as_str()));
        assert_eq!(span.field("deprovision.vendor"), Some(vendor.as_str()));
        assert_eq!(span.field("deprovision.outcome"), Some(receipt.outcome.to_string().as_str()));
        assert_eq!(span.field("deprovision.evidence"), Some(receipt.evidence.to_string().as_str()));
        assert!(!span.has("error.type"), "{span:?}");

        capture.clear();
        let error = client.revoke(&subject(vendor)).await.unwrap_err();
        let own = capture.own();
        let [span] = spans(&own)[..] else { panic!("one span: {own:#?}") };
        assert_eq!(span.field("deprovision.access"), Some(error.access().to_string().as_str()));
        assert_eq!(span.field("error.type"), Some(error.kind().to_string().as_str()));
        assert!(!span.has("deprovision.outcome"), "{span:?}");
    }
}

#[tokio::test]
async fn an_attempt_is_an_event_in_that_span_with_opentelemetrys_names() {
    for vendor in VENDORS {
        let server = Server::script([refusal(vendor, 503, "x").into(), Step::Close, success(vendor).into()]).await;
        let client = client(vendor, &server);
        let capture = Capture::start();
        let _ = client.revoke(&subject(vendor)).await.unwrap();
        let own = capture.own();
        let events = exchanges(&own);
        assert_eq!(events.len(), 3, "{own:#?}");
        for (event, (status, resent)) in events.iter().zip([(Some("503"), "0"), (None, "1"), (Some("200"), "2")]) {
            assert_eq!(event.parent.as_deref(), Some(spans(&own)[0].name.as_str()));
            let method = server.requests()[0].method.clone();
            assert_eq!(event.field("http.request.method"), Some(method.as_str()));
            assert_eq!(event.field("http.response.status_code"), status);
            assert_eq!(event.field("url.template"), Some(template(vendor)));
            assert_eq!(event.field("server.address"), Some("127.0.0.1"));
            assert_eq!(event.field("server.port"), Some(server.port().to_string().as_str()));
            // A first request has not been resent; the conventions let it be left out.
            assert_eq!(event.field("http.request.resend_count").unwrap_or("0"), resent);
            assert_eq!(event.has("error.type"), status.is_none(), "{event:?}");
        }
    }
}

#[tokio::test]
async fn what_could_not_be_sent_is_an_event_too() {
    let url = format!("http://127.0.0.1:{}", closed_port().await);
    let client = builder(Vendor::Cova, &url, TOKEN).retry(RetryPolicy::none()).build().unwrap();
    let capture = Capture::start();
    assert!(client.revoke(&subject(Vendor::Cova)).await.is_err());
    let own = capture.own();
    let [event] = exchanges(&own)[..] else { panic!("one event: {own:#?}") };
    assert!(event.has("error.type") && !event.has("http.response.status_code"), "{event:?}");
}

#[tokio::test]
async fn a_look_is_an_event_of_its_own() {
    let server = Server::script([refusal(Vendor::Persona, 409, "x"), Reply::json(200, &connection("inactive"))]).await;
    let client = client(Vendor::Persona, &server);
    let capture = Capture::start();
    let _ = client.revoke(&subject(Vendor::Persona)).await.unwrap();
    let own = capture.own();
    let seen: Vec<_> = exchanges(&own)
        .iter()
        .map(|event| (event.field("http.request.method").unwrap(), event.field("http.response.status_code").unwrap()))
        .collect();
    assert_eq!(seen, [("POST", "409"), ("GET", "200")]);
}

/// Requests whose ids are found in no other text.
fn telling_subjects() -> Vec<(Revocation, Vec<&'static str>)> {
    vec![
        (
            projectmanager::DisconnectProvider::new(uuid::Uuid::from_u128(0x7777_7777_7777_7777))
                .account("jane.telling")
                .into(),
            vec!["777777777777", "jane.telling"],
        ),
        (
            cor::DetachWorkspaces::new("telling-user", ["telling-workspace"], cor::Source::OKTA).unwrap().into(),
            vec!["telling-user", "telling-workspace"],
        ),
        (
            deprovision::onlyoffice::UnlinkProject::new(717_171_717, 727_272_727).unwrap().into(),
            vec!["717171717", "727272727"],
        ),
        (persona::DeactivateConnection::new("cxn_telling").unwrap().into(), vec!["cxn_telling"]),
        (deprovision::cova::DisableUser::new(717_171_717).unwrap().into(), vec!["717171717"]),
    ]
}

#[tokio::test]
async fn ids_are_told_at_debug_level_at_most_and_tokens_never() {
    use deprovision::Revoke as _;
    let mut ids_at_debug = 0;
    for (request, ids) in telling_subjects() {
        let vendor = request.vendor();
        let server = Server::idle().await;
        let client = builder(vendor, &server.url(), TOKEN).attempt_timeout(ms(30)).build().unwrap();
        for step in [
            Step::from(refusal(vendor, 403, &format!("no {}", ids[0]))),
            refusal(vendor, 409, ids[0]).header("Request-Id", ids[0]).into(),
            refusal(vendor, 503, ids[0]).into(),
            Reply::html(302).header("Location", format!("https://{}.example/", ids[0])).into(),
            success(vendor).into(),
            Step::Close,
            Step::Stall,
        ] {
            let capture = Capture::start();
            server.always(step);
            let _ = client.revoke(&request).await;
            for entry in capture.entries() {
                let text = format!("{entry:?}");
                assert!(!text.contains(TOKEN), "{text}");
                for id in &ids {
                    if text.contains(id) {
                        assert!(entry.level >= Level::DEBUG, "{text}");
                        ids_at_debug += 1;
                    }
                }
            }
        }
    }
    assert!(ids_at_debug > 0, "the ids would have been seen");
}

#[tokio::test]
async fn calls_side_by_side_keep_their_events_apart() {
    let server = Server::responding(|_| Step::After(ms(10), Box::new(success(Vendor::Cova).into()))).await;
    let client = client(Vendor::Cova, &server);
    let capture = Capture::start();
    let calls: Vec<_> = (0..5).map(|_| tokio::spawn(client.revoke(&subject(Vendor::Cova)).into_future())).collect();
    for call in calls {
        let _ = call.await.unwrap().unwrap();
    }
    let own = capture.own();
    assert_eq!((spans(&own).len(), exchanges(&own).len()), (5, 5));
    assert!(spans(&own).iter().all(|span| span.has("deprovision.outcome")), "{own:#?}");
    assert!(exchanges(&own).iter().all(|event| event.parent.is_some()), "{own:#?}");
}
