//! Credentials that get their tokens themselves.

#![allow(clippy::unwrap_used, reason = "a test may panic, and so may what it calls")]

use std::time::Duration;

use deprovision::sandbox::Sandbox;
use deprovision::{Access, Client, Credential, ErrorKind, Vendor, cor, cova, onlyoffice};

const TOKEN_PATHS: [&str; 3] = ["/v1/oauth/token", "/v1/oauth2/token", "/api/2.0/authentication"];

fn cor_grant(sandbox: &Sandbox, secret: &str) -> cor::ClientCredentials {
    cor::ClientCredentials::new("sandbox-api-key", secret).token_url(sandbox.token_url(Vendor::Cor).unwrap())
}

fn cova_grant(sandbox: &Sandbox, password: &str) -> cova::PasswordGrant {
    cova::PasswordGrant::new("admin@sandbox.example", password, "sandbox-client", "sandbox-client-secret")
        .token_url(sandbox.token_url(Vendor::Cova).unwrap())
}

fn onlyoffice_login(sandbox: &Sandbox, password: &str) -> onlyoffice::PasswordLogin {
    onlyoffice::PasswordLogin::new(sandbox.url(Vendor::OnlyOffice), "admin@sandbox.example", password)
}

fn client(
    sandbox: &Sandbox,
    cor: impl Into<Credential>,
    cova: impl Into<Credential>,
    office: impl Into<Credential>,
) -> Client {
    Client::builder()
        .cor(cor::Config::new(cor).base_url(sandbox.url(Vendor::Cor)))
        .cova(cova::Config::new(cova).base_url(sandbox.url(Vendor::Cova)))
        .onlyoffice(onlyoffice::Config::new(sandbox.url(Vendor::OnlyOffice), office))
        .build()
        .unwrap()
}

fn ready(sandbox: &Sandbox) -> Client {
    let cor = cor_grant(sandbox, "sandbox-client-secret");
    client(sandbox, cor, cova_grant(sandbox, "sandbox-password"), onlyoffice_login(sandbox, "sandbox-password"))
}

fn detach(workspace: &str) -> cor::DetachWorkspaces {
    cor::DetachWorkspaces::new("OKTA-USER-12345", [workspace], cor::Source::OKTA).unwrap()
}

fn fetches(sandbox: &Sandbox, vendor: Vendor) -> usize {
    let requests = sandbox.requests(vendor);
    requests.iter().filter(|request| TOKEN_PATHS.iter().any(|path| request.path.contains(path))).count()
}

#[tokio::test]
async fn a_token_is_fetched_when_one_is_first_needed_and_kept() {
    let sandbox = Sandbox::start().await.unwrap();
    let client = ready(&sandbox);
    for vendor in [Vendor::Cor, Vendor::Cova, Vendor::OnlyOffice] {
        assert_eq!(fetches(&sandbox, vendor), 0, "{vendor}");
    }
    for workspace in ["Workspaces-example-5", "Workspaces-example-6"] {
        let _ = client.revoke(&detach(workspace)).await.unwrap();
    }
    for user in [8545, 8546] {
        let _ = client.revoke(&cova::DisableUser::new(user).unwrap()).await.unwrap();
    }
    for project in [2, 3] {
        let _ = client.revoke(&onlyoffice::UnlinkProject::new(1, project).unwrap()).await.unwrap();
    }
    for vendor in [Vendor::Cor, Vendor::Cova, Vendor::OnlyOffice] {
        assert_eq!(fetches(&sandbox, vendor), 1, "{vendor}");
    }
}

#[tokio::test]
async fn one_fetch_serves_however_many_calls_wait() {
    let sandbox = Sandbox::start().await.unwrap();
    let client = ready(&sandbox);
    let calls = (0..20).map(|_| {
        let client = client.clone();
        tokio::spawn(async move { client.revoke(&cova::DisableUser::new(8545).unwrap()).await.unwrap().outcome })
    });
    for call in calls.collect::<Vec<_>>() {
        call.await.unwrap();
    }
    assert_eq!(fetches(&sandbox, Vendor::Cova), 1);
}

#[tokio::test]
async fn an_expired_token_is_not_sent() {
    let sandbox = Sandbox::start().await.unwrap();
    sandbox.set_token_lifetime(Vendor::Cor, Duration::from_secs(1));
    let client = ready(&sandbox);
    let first = client.revoke(&detach("Workspaces-example-5")).await.unwrap();
    tokio::time::sleep(Duration::from_millis(1050)).await;
    let second = client.revoke(&detach("Workspaces-example-6")).await.unwrap();
    assert_eq!((first.attempts, second.attempts, fetches(&sandbox, Vendor::Cor)), (1, 1, 2));
}

#[tokio::test]
async fn a_token_that_is_rejected_early_is_fetched_anew() {
    let sandbox = Sandbox::start().await.unwrap();
    let client = ready(&sandbox);
    let _ = client.revoke(&cova::DisableUser::new(8545).unwrap()).await.unwrap();
    // What was fetched is the newest token the sandbox knows; it takes it back.
    let sent = sandbox.requests(Vendor::Cova);
    assert_eq!(sent.len(), 2);
    sandbox.set_token_lifetime(Vendor::Cova, Duration::ZERO);
    let short_lived = ready(&sandbox);
    let error = short_lived.revoke(&cova::DisableUser::new(8546).unwrap()).await.unwrap_err();
    assert_eq!((error.kind(), error.access(), error.attempts()), (ErrorKind::Unauthorized, Access::Unchanged, 2));
}

#[tokio::test]
async fn a_refusal_is_the_calls_error_and_shows_no_secret() {
    let sandbox = Sandbox::start().await.unwrap();
    let wrong = "wrong-battery-staple";
    let client =
        client(&sandbox, cor_grant(&sandbox, wrong), cova_grant(&sandbox, wrong), onlyoffice_login(&sandbox, wrong));
    let errors = [
        client.revoke(&detach("Workspaces-example-5")).await.unwrap_err(),
        client.revoke(&cova::DisableUser::new(8545).unwrap()).await.unwrap_err(),
        client.revoke(&onlyoffice::UnlinkProject::new(1, 2).unwrap()).await.unwrap_err(),
    ];
    for error in errors {
        assert_eq!((error.kind(), error.access()), (ErrorKind::Unauthorized, Access::Unchanged), "{error}");
        assert_eq!(error.attempts(), 0);
        assert!(error.message().starts_with("credential: token endpoint: "), "{error}");
        assert!(!format!("{error} {error:?} {:?}", error.report()).contains(wrong));
    }
    assert!(sandbox.cova().is_active(8545));
}

#[tokio::test]
async fn a_token_url_that_is_refused_is_named() {
    let sandbox = Sandbox::start().await.unwrap();
    let grant = cor::ClientCredentials::new("key", "battery-staple").token_url("http://accounts.example/token");
    assert!(!format!("{grant:?}").contains("battery-staple"));
    let client = client(&sandbox, grant, "sandbox-cova-token", "sandbox-onlyoffice-token");
    let error = client.revoke(&detach("Workspaces-example-5")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidConfiguration);
    assert!(error.message().contains("token_url"), "{error}");
}

#[tokio::test]
async fn an_endpoint_that_cannot_be_reached_leaves_the_access_unchanged() {
    let sandbox = Sandbox::start().await.unwrap();
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/v1/oauth/token", nobody.local_addr().unwrap());
    drop(nobody);
    let grant = cor::ClientCredentials::new("key", "battery-staple").token_url(url);
    let client = client(&sandbox, grant, "sandbox-cova-token", "sandbox-onlyoffice-token");
    let error = client.revoke(&detach("Workspaces-example-5")).await.unwrap_err();
    assert_eq!((error.kind(), error.access()), (ErrorKind::Connection, Access::Unchanged), "{error}");
    assert!(error.is_retryable());
}
