//! A request can't reach anything but its subject, and a response about another subject is not believed.

use deprovision::{Access, Client, ErrorKind, Vendor, cor, persona};
use percent_encoding::percent_decode_str;
use proptest::prelude::*;
use serde_json::json;

use crate::support::reply::Reply;
use crate::support::server::Server;
use crate::support::vendors::{client, connection, cova_user, gone, refusal, subject};
use crate::{check, runtime};

/// Ids made of what has misled a server or a proxy before.
fn id() -> impl Strategy<Value = String> {
    let parts = [
        ".", "..", "/", "\\", "%", "%2e", "%2E", "%2f", "%5c", "%25", "%252e", "%3b", ";", "?", "#", "a", "users", "1",
        ")", "(", "@", ":", "//", "\u{fc}", " ", "\u{ff0e}", "\u{2215}", "%00", "%0d%0a", "+", "&", "=", "|", "^", "[",
        "'", "\"", "<", "{", "~", "*", "!", "$", ",",
    ];
    prop_oneof![
        4 => prop::collection::vec(prop::sample::select(parts.to_vec()), 1..8).prop_map(|parts| parts.concat()),
        1 => "\\PC{1,20}",
        1 => any::<String>(),
    ]
}

/// Whether some server on the way could take a path for another one: split and decoded, as often as that is done.
fn leads_away(segment: &str) -> bool {
    let mut text = segment.to_owned();
    (0..=3).any(|_| {
        let away = text.split(['/', '\\', ';']).any(|part| part == "." || part == "..");
        text = percent_decode_str(&text).decode_utf8_lossy().into_owned();
        away
    })
}

async fn reaches_its_subject_only(
    client: &Client,
    server: &Server,
    vendor: Vendor,
    id: &str,
) -> Result<(), TestCaseError> {
    server.always(refusal(vendor, 403, "no"));
    let (error, before, after) = match vendor {
        Vendor::Cor => match cor::DetachWorkspaces::new(id, ["W"], cor::Source::OKTA) {
            Ok(request) => (client.revoke(&request).await.err(), "/v2/integrations/users/", "/detach"),
            Err(error) => {
                prop_assert!(error.to_string().contains("user_id"), "{error}");
                return Ok(());
            }
        },
        _ => match persona::DeactivateConnection::new(id) {
            Ok(request) => (client.revoke(&request).await.err(), "/api/v1/connect/connections/", "/deactivate"),
            Err(error) => {
                prop_assert!(error.to_string().contains("connection_id"), "{error}");
                return Ok(());
            }
        },
    };
    prop_assert_eq!(error.map(|error| error.kind()), Some(ErrorKind::Forbidden), "it is sent: {:?}", id);
    let target = server.request().target;
    let segment = target.strip_prefix(before).and_then(|rest| rest.strip_suffix(after));
    prop_assert!(segment.is_some(), "{id:?} {target}");
    let segment = segment.unwrap_or_default();
    prop_assert!(!segment.contains(['/', '?', '#', '\\', ' ']) && segment.is_ascii(), "{id:?} {target}");
    prop_assert_eq!(percent_decode_str(segment).decode_utf8().unwrap(), id);
    prop_assert!(!leads_away(segment), "{id:?} {target}");
    Ok(())
}

#[test]
fn a_request_cannot_reach_anything_but_its_subject() {
    let runtime = runtime();
    for vendor in [Vendor::Cor, Vendor::Persona] {
        let (server, client) = runtime.block_on(async {
            let server = Server::idle().await;
            let client = client(vendor, &server);
            (server, client)
        });
        check(300, &id(), |id| runtime.block_on(reaches_its_subject_only(&client, &server, vendor, &id)));
    }
    runtime.block_on(no_answer_about_another_subject_is_believed());
    runtime.block_on(no_redirect_is_followed());
}

async fn no_answer_about_another_subject_is_believed() {
    let mut another_connection = connection("inactive");
    another_connection["data"]["id"] = json!("cxn_2");
    let mut another_user = cova_user(false);
    another_user["Id"] = json!(8546);
    let mut another_contact = gone(Vendor::OnlyOffice);
    another_contact["response"]["id"] = json!(13);
    for (vendor, body) in
        [(Vendor::Persona, another_connection), (Vendor::Cova, another_user), (Vendor::OnlyOffice, another_contact)]
    {
        let server = Server::script([Reply::json(200, &body)]).await;
        let error = client(vendor, &server).revoke(&subject(vendor)).await.unwrap_err();
        assert_eq!((error.kind(), error.access()), (ErrorKind::UnexpectedResponse, Access::Unknown), "{vendor}");
    }
}

async fn no_redirect_is_followed() {
    for vendor in crate::support::vendors::VENDORS {
        let elsewhere = Server::idle().await;
        let server = Server::script([Reply::new(307).header("Location", elsewhere.url())]).await;
        assert!(client(vendor, &server).revoke(&subject(vendor)).await.is_err());
        assert_eq!(elsewhere.connections(), 0, "{vendor}");
    }
}
