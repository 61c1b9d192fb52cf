//! The requests as they go out, byte for byte where it matters.

use deprovision::{Client, cor, cova, onlyoffice, persona, projectmanager};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::reply::Reply;
use crate::support::server::{Server, Step};
use crate::support::vendors::{
    self, KEY, TOKEN, VENDORS, authorization, client, connection, gone, hurried, request_line, subject, success,
};

/// The names of a request's headers, sorted.
fn names(request: &crate::support::server::Request) -> Vec<String> {
    let mut names: Vec<_> = request.headers.iter().map(|(name, _)| name.to_ascii_lowercase()).collect();
    names.sort();
    names
}

#[tokio::test]
async fn each_vendor_gets_its_method_path_and_headers_and_nothing_else() {
    for vendor in VENDORS {
        let server = Server::script([success(vendor)]).await;
        let receipt = client(vendor, &server).revoke(&subject(vendor)).await.unwrap();
        assert_eq!(receipt.attempts, 1, "{vendor}");

        let request = server.request();
        assert_eq!(request.line(), request_line(vendor));
        assert_eq!(request.version, "HTTP/1.1");
        assert_eq!(request.header("authorization"), Some(authorization(vendor, TOKEN).as_str()));
        assert_eq!(request.header("accept"), Some("application/json"));
        assert_eq!(request.header("accept-encoding"), Some("gzip"));
        assert_eq!(request.header("user-agent"), Some(concat!("deprovision/", env!("CARGO_PKG_VERSION"))));
        assert_eq!(request.header("host"), Some(format!("127.0.0.1:{}", server.port()).as_str()));

        let mut expected = vec!["accept", "accept-encoding", "authorization", "host", "user-agent"];
        match vendor {
            deprovision::Vendor::Cor => expected.extend(["content-length", "content-type"]),
            deprovision::Vendor::Persona => {
                expected.extend(["idempotency-key", "key-inflection", "persona-version"]);
            }
            _ => {}
        }
        expected.sort_unstable();
        // A POST without a body may say so.
        let sent: Vec<_> = names(&request)
            .into_iter()
            .filter(|name| vendor == deprovision::Vendor::Cor || name != "content-length")
            .collect();
        assert_eq!(sent, expected, "{vendor}");
        if vendor != deprovision::Vendor::Cor {
            assert_eq!(request.body, b"", "{vendor}");
            assert!(matches!(request.header("content-length"), None | Some("0")), "{vendor}");
        }
    }
}

#[tokio::test]
async fn cor_sends_the_workspaces_once_each_and_the_source_as_json() {
    let server = Server::script([Reply::json(200, &vendors::cor_user(&[]))]).await;
    let request = cor::DetachWorkspaces::new("U-1", ["B", "A", "B"], cor::Source::new("NEW SYSTEM").unwrap()).unwrap();
    let _ = client(deprovision::Vendor::Cor, &server).revoke(&request).await.unwrap();
    let request = server.request();
    assert_eq!(request.header("content-type"), Some("application/json"));
    assert_eq!(request.header("content-length"), Some(request.body.len().to_string().as_str()));
    assert_eq!(
        serde_json::from_slice::<Value>(&request.body).unwrap(),
        json!({"workspaces": ["B", "A"], "metadata": {"source": "NEW SYSTEM"}})
    );
}

#[tokio::test]
async fn cova_keeps_its_parentheses_unencoded_below_the_path_of_the_base_url() {
    let server = Server::script([Reply::json(200, &json!({"Id": 2_147_483_647, "IsActive": false}))]).await;
    let url = format!("{}/a/b/", server.url());
    let client = hurried().cova(cova::Config::new(TOKEN).base_url(url)).build().unwrap();
    let _ = client.revoke(&cova::DisableUser::new(2_147_483_647).unwrap()).await.unwrap();
    assert_eq!(server.request().line(), "DELETE /a/b/v1/users(2147483647)");
}

/// Ids and the one segment that each becomes.
const IDS: [(&str, &str); 14] = [
    ("cxn_1", "cxn_1"),
    ("a/b", "a%2Fb"),
    ("a?b=c", "a%3Fb=c"),
    ("a#b", "a%23b"),
    ("100%", "100%25"),
    ("%41", "%2541"),
    ("a%2Fb", "a%252Fb"),
    ("a b", "a%20b"),
    ("jane@acme.example", "jane@acme.example"),
    ("a..b", "a..b"),
    ("...", "..."),
    ("\u{fc}ser", "%C3%BCser"),
    ("a;b", "a%3Bb"),
    ("\"<>`{}", "%22%3C%3E%60%7B%7D"),
];

#[tokio::test]
async fn an_id_is_percent_encoded_as_one_segment() {
    for (id, segment) in IDS {
        let mut connection = connection("inactive");
        connection["data"]["id"] = json!(id);
        let server = Server::script([Reply::json(200, &connection)]).await;
        let request = persona::DeactivateConnection::new(id).unwrap();
        let _ = client(deprovision::Vendor::Persona, &server).revoke(&request).await.unwrap();
        assert_eq!(server.request().target, format!("/api/v1/connect/connections/{segment}/deactivate"));

        let server = Server::script([Reply::json(200, &vendors::cor_user(&[]))]).await;
        let request = cor::DetachWorkspaces::new(id, ["W"], cor::Source::OKTA).unwrap();
        let _ = client(deprovision::Vendor::Cor, &server).revoke(&request).await.unwrap();
        assert_eq!(server.request().target, format!("/v2/integrations/users/{segment}/detach"));
    }
}

#[tokio::test]
async fn a_path_prefix_of_the_base_url_stays_in_front() {
    for vendor in VENDORS {
        for slash in ["", "/", "//"] {
            let server = Server::script([success(vendor)]).await;
            let url = format!("{}/gateway/x{slash}", server.url());
            let client = vendors::configure(hurried(), vendor, url, TOKEN).build().unwrap();
            let _ = client.revoke(&subject(vendor)).await.unwrap();
            let path = request_line(vendor).replace("/usermanager", "");
            let (method, path) = path.split_once(' ').unwrap();
            assert_eq!(server.request().line(), format!("{method} /gateway/x{path}"));
        }
    }
}

#[tokio::test]
async fn persona_is_told_inflection_version_and_key() {
    let server = Server::script([success(deprovision::Vendor::Persona), success(deprovision::Vendor::Persona)]).await;
    let request = persona::DeactivateConnection::new("cxn_1").unwrap();
    let receipt = client(deprovision::Vendor::Persona, &server).revoke(&request).idempotency_key(KEY).await.unwrap();
    assert_eq!(receipt.idempotency_key, Some(KEY));
    let config = persona::Config::new(TOKEN).base_url(server.url()).version("2023-01-05");
    let receipt = hurried().persona(config).build().unwrap().revoke(&request).await.unwrap();

    let requests = server.requests();
    assert_eq!(requests[0].header("key-inflection"), Some("kebab"));
    assert_eq!(requests[0].header("persona-version"), Some("2025-12-08"));
    assert_eq!(requests[0].key(), Some(KEY.to_string().as_str()));
    assert_eq!(requests[1].header("persona-version"), Some("2023-01-05"));
    // Without one given the library makes its own, and says which.
    assert_eq!(requests[1].key().map(str::to_owned), receipt.idempotency_key.map(|key| key.to_string()));
    assert_ne!(receipt.idempotency_key, Some(KEY));
    assert_eq!(receipt.idempotency_key.map(|key| key.get_version_num()), Some(4));
}

#[tokio::test]
async fn persona_is_read_with_the_same_headers_but_without_a_key() {
    let looked = Reply::json(200, &connection("inactive"));
    let server = Server::script([vendors::refusal(deprovision::Vendor::Persona, 409, "no"), looked]).await;
    let request = persona::DeactivateConnection::new("a/b").unwrap();
    let error = client(deprovision::Vendor::Persona, &server).revoke(&request).await;
    // The connection that comes back is another one; this is about the requests.
    assert!(error.is_err());
    let look = &server.requests()[1];
    assert_eq!(look.line(), "GET /api/v1/connect/connections/a%2Fb");
    assert_eq!(look.header("authorization"), Some(authorization(deprovision::Vendor::Persona, TOKEN).as_str()));
    assert_eq!(look.header("key-inflection"), Some("kebab"));
    assert_eq!(look.header("persona-version"), Some("2025-12-08"));
    assert_eq!(look.header("accept"), Some("application/json"));
    assert_eq!(look.header("api-version"), None);
    assert_eq!(look.key(), None);
    assert_eq!(look.body, b"");
}

#[tokio::test]
async fn a_key_is_sent_to_no_vendor_that_takes_none() {
    for vendor in VENDORS {
        if vendor == deprovision::Vendor::Persona {
            continue;
        }
        let server = Server::script([success(vendor)]).await;
        let receipt = client(vendor, &server).revoke(&subject(vendor)).idempotency_key(KEY).await.unwrap();
        assert_eq!(receipt.idempotency_key, None, "{vendor}");
        let raw = String::from_utf8(server.request().raw).unwrap();
        assert!(!raw.contains(&KEY.to_string()), "{vendor}");
    }
}

#[tokio::test]
async fn projectmanager_is_told_the_integration_name_only_if_one_is_set() {
    let vendor = deprovision::Vendor::ProjectManager;
    let server = Server::script([success(vendor), success(vendor)]).await;
    let request = projectmanager::DisconnectProvider::new(Uuid::nil()).account("jane@acme.example");
    let _ = client(vendor, &server).revoke(&request).await.unwrap();
    let config = projectmanager::Config::new(TOKEN).base_url(server.url()).integration_name("Leaver Bot/2");
    let _ = hurried().projectmanager(config).build().unwrap().revoke(&request).await.unwrap();
    let requests = server.requests();
    assert_eq!(requests[0].header("x-integration-name"), None);
    assert_eq!(requests[1].header("x-integration-name"), Some("Leaver Bot/2"));
    for request in requests {
        // Whose connection it is picks the credential; nobody else is to read it.
        assert!(!String::from_utf8(request.raw).unwrap().contains("jane"));
    }
}

#[tokio::test]
async fn onlyoffice_gets_a_bare_token_unless_bearer_is_asked_for() {
    let vendor = deprovision::Vendor::OnlyOffice;
    let server = Server::script([success(vendor), success(vendor)]).await;
    let request = onlyoffice::UnlinkProject::new(12, 34).unwrap();
    for config in [onlyoffice::Config::new(server.url(), TOKEN), onlyoffice::Config::new(server.url(), TOKEN).bearer()]
    {
        let _ = hurried().onlyoffice(config).build().unwrap().revoke(&request).await.unwrap();
    }
    let sent: Vec<_> = server.requests().iter().map(|r| r.header("authorization").unwrap().to_owned()).collect();
    assert_eq!(sent, [TOKEN.to_owned(), format!("Bearer {TOKEN}")]);
}

#[tokio::test]
async fn cookies_are_never_sent_back() {
    for vendor in VENDORS {
        let cookie = "asc_auth_key=stale; Path=/; HttpOnly";
        let server = Server::script([
            Step::from(success(vendor).header("Set-Cookie", cookie)),
            Step::from(vendors::refusal(vendor, 503, "busy").header("Set-Cookie", cookie)),
            Step::from(success(vendor).header("Set-Cookie", cookie)),
        ])
        .await;
        let client = client(vendor, &server);
        let _ = client.revoke(&subject(vendor)).await.unwrap();
        let _ = client.revoke(&subject(vendor)).await.unwrap();
        assert_eq!(server.count(), 3);
        assert!(server.requests().iter().all(|request| request.header("cookie").is_none()), "{vendor}");
    }
}

#[tokio::test]
async fn a_repetition_is_the_same_request_byte_for_byte() {
    for vendor in VENDORS {
        let server = Server::script([Step::Close, Step::Reset, success(vendor).into()]).await;
        let receipt = client(vendor, &server).revoke(&subject(vendor)).await.unwrap();
        assert_eq!(receipt.attempts, 3, "{vendor}");
        let requests = server.requests();
        assert_eq!(requests.len(), 3);
        assert!(requests.iter().all(|request| request.raw == requests[0].raw), "{vendor}");
    }
}

#[tokio::test]
async fn connections_are_used_again_also_after_a_refusal() {
    for vendor in VENDORS {
        let server = Server::script([
            Step::from(success(vendor)),
            Step::from(vendors::refusal(vendor, 403, "no")),
            Step::from(success(vendor).chunked()),
            Step::from(success(vendor)),
        ])
        .await;
        let client = client(vendor, &server);
        for _ in 0..4 {
            let _ = client.clone().revoke(&subject(vendor)).await;
        }
        assert_eq!(server.count(), 4);
        assert_eq!(server.connections(), 1, "{vendor}");
    }
}

#[tokio::test]
async fn one_client_serves_all_vendors_and_each_gets_its_own_token() {
    let server = Server::responding(|request| {
        let vendor = VENDORS.into_iter().find(|vendor| request_line(*vendor) == request.line()).unwrap();
        success(vendor).into()
    })
    .await;
    let builder = VENDORS.into_iter().fold(Client::builder(), |builder, vendor| {
        let url = format!("{}{}", server.url(), vendors::base_path(vendor));
        vendors::configure(builder, vendor, url, format!("token-of-{vendor}"))
    });
    let client = builder.build().unwrap();
    for vendor in VENDORS {
        let receipt = client.revoke(&subject(vendor)).await.unwrap();
        assert_eq!(receipt.revocation, subject(vendor));
        assert_eq!(serde_json::to_value(&receipt).unwrap()["response"]["vendor"], vendor.as_str());
    }
    for (request, vendor) in server.requests().iter().zip(VENDORS) {
        let token = authorization(vendor, &format!("token-of-{vendor}"));
        assert_eq!(request.header("authorization"), Some(token.as_str()));
    }
}

#[tokio::test]
async fn the_typed_request_gets_the_typed_response() {
    let server = Server::script([Reply::json(200, &gone(deprovision::Vendor::Cova))]).await;
    let request = cova::DisableUser::new(8545).unwrap();
    let receipt = client(deprovision::Vendor::Cova, &server).revoke(&request).await.unwrap();
    let user: cova::User = receipt.response.unwrap();
    assert_eq!(serde_json::to_value(user).unwrap()["UserName"], "jane@acme.example");
}
