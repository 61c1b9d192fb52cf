//! What a client refuses to be made of, and what it reads from the environment.

// Without TLS no vendor's own URL can be configured: see `without_tls.rs`.
#![cfg(any(feature = "rustls", feature = "native-tls"))]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "in tests, also in their helpers, a panic is how to fail"
)]

mod support;

use std::process::{Command, Output};
use std::time::Duration;

use deprovision::{
    Access, Client, ClientBuilder, Error, ErrorKind, RetryPolicy, Vendor, onlyoffice, persona, projectmanager,
};
use support::server::{Server, closed_port};
use support::vendors::{TOKEN, VENDORS, authorization, configure, hurried, subject, success};

/// What may not be printed of a setting that is refused.
const SECRET: &str = "s3cret";

fn refused(builder: ClientBuilder) -> Error {
    let error = builder.build().map(|client| format!("{client:?}")).expect_err("refused");
    assert_eq!((error.kind(), error.access()), (ErrorKind::InvalidConfiguration, Access::Unchanged), "{error}");
    assert_eq!((error.attempts(), error.status(), error.action()), (0, None, None));
    assert!(!error.is_retryable());
    let printed = format!("{error} {error:?} {}", serde_json::to_string(&error.report()).unwrap());
    assert!(!printed.contains(SECRET), "{printed}");
    error
}

/// The first four say enough of a vendor that checks as the others do.
const BAD_URLS: [&str; 27] = [
    "https://jane:s3cret@vendor.example",
    "http://vendor.example",
    "https://vendor.example?key=s3cret",
    "",
    " ",
    "vendor.example",
    "//vendor.example",
    "/usermanager",
    "https://",
    "http://10.0.0.1",
    "http://192.168.0.1:8080",
    "http://0.0.0.0:1",
    "http://localhost.vendor.example",
    "http://127.0.0.1.vendor.example",
    "http://[::2]:1",
    "ftp://vendor.example",
    "file:///etc/s3cret",
    "data:text/plain,s3cret",
    "HTTP://vendor.example",
    "https://s3cret@vendor.example",
    "http://jane:s3cret@127.0.0.1:1",
    "https://vendor.example/?",
    "https://vendor.example#s3cret",
    "https://vendor.example/a b-s3cret",
    "https://vendor.example/\ns3cret",
    "https://vendor.example:99999/s3cret",
    "https://vendor .example",
];

#[test]
fn a_bad_base_url_is_refused_by_vendor_and_setting() {
    for (vendor, urls) in
        VENDORS.into_iter().zip([&BAD_URLS[..], &BAD_URLS[..4], &BAD_URLS[..4], &BAD_URLS[..4], &BAD_URLS[..4]])
    {
        for url in urls {
            let error = refused(configure(Client::builder(), vendor, *url, "a-token"));
            assert_eq!(error.vendor(), Some(vendor), "{url}");
            let text = error.to_string();
            assert!(text.contains(vendor.as_str()) && text.contains("url"), "{url}: {text}");
        }
    }
}

#[test]
fn https_anywhere_and_http_on_this_machine_will_do() {
    for vendor in VENDORS {
        let builder = [
            "https://vendor.example",
            "https://vendor.example/",
            "https://vendor.example:8443/a/prefix/",
            "HTTPS://VENDOR.EXAMPLE",
            "https://10.0.0.1",
            "http://127.0.0.1:1",
            "http://127.1.2.3:1/x",
            "http://[::1]:1",
            "http://localhost:1",
        ];
        for url in builder {
            let built = configure(Client::builder(), vendor, url, "a-token").build();
            assert!(built.is_ok(), "{vendor} {url}: {built:?}");
        }
    }
}

#[test]
fn a_bad_token_is_refused_by_vendor_with_a_hint() {
    for vendor in VENDORS {
        for (token, hint) in [
            ("", "empty"),
            ("s3cret-token\n", "line break"),
            ("s3cret-token\r\n", "line break"),
            ("\ns3cret-token", "line break"),
            ("Bearer s3cret-token", "Bearer"),
            ("bearer s3cret-token", "Bearer"),
            ("BEARER  s3cret-token", "Bearer"),
            ("s3cret token", "blank"),
            (" s3cret-token", ""),
            ("s3cret-t\u{f6}ken", ""),
            ("s3cret\0token", ""),
        ] {
            let error = refused(configure(Client::builder(), vendor, "https://vendor.example", token));
            assert_eq!(error.vendor(), Some(vendor));
            let text = error.to_string();
            assert!(text.contains(vendor.as_str()) && text.contains("credential"), "{token:?}: {text}");
            assert!(text.contains(hint), "{token:?}: {text}");
        }
    }
}

#[test]
fn the_vendors_own_settings_are_checked() {
    for bad in ["", "a\r\nX-Injected: 1", "a\0", "\u{fc}"] {
        let error = refused(Client::builder().projectmanager(projectmanager::Config::new(TOKEN).integration_name(bad)));
        assert_eq!(error.vendor(), Some(Vendor::ProjectManager));
        assert!(error.to_string().contains("integration_name"), "{error}");
        let error = refused(Client::builder().persona(persona::Config::new(TOKEN).version(bad)));
        assert_eq!(error.vendor(), Some(Vendor::Persona));
        assert!(error.to_string().contains("version"), "{error}");
    }
}

#[test]
fn one_bad_vendor_among_good_ones_is_named() {
    for bad in VENDORS {
        let builder = VENDORS.into_iter().fold(Client::builder(), |builder, vendor| {
            let url = if vendor == bad { "http://vendor.example" } else { "https://vendor.example" };
            configure(builder, vendor, url, TOKEN)
        });
        assert_eq!(refused(builder).vendor(), Some(bad));
    }
}

#[test]
fn no_time_no_bytes_and_no_attempts_are_refused_by_name() {
    let zero = Duration::ZERO;
    for (setting, builder) in [
        ("connect_timeout", Client::builder().connect_timeout(zero)),
        ("attempt_timeout", Client::builder().attempt_timeout(zero)),
        ("timeout", Client::builder().timeout(zero)),
        ("max_response_bytes", Client::builder().max_response_bytes(0)),
        ("max_attempts", Client::builder().retry(RetryPolicy::default().max_attempts(0))),
    ] {
        let error = refused(builder);
        assert!(error.to_string().contains(setting), "{error}");
        assert_eq!(error.vendor(), None);
    }
}

#[test]
fn a_builder_can_be_set_in_any_order_and_built_twice() {
    let builder = Client::builder()
        .timeout(Duration::from_secs(1))
        .persona(persona::Config::new(TOKEN))
        .retry(RetryPolicy::none())
        .max_response_bytes(10);
    assert!(builder.clone().build().is_ok() && builder.build().is_ok());
    assert!(Client::builder().build().is_ok(), "a client without vendors can do nothing, and does no harm");
}

#[tokio::test]
async fn what_is_not_configured_is_not_called_and_says_what_to_do() {
    let client = Client::builder().build().unwrap();
    for (vendor, variable) in VENDORS.into_iter().zip(VARIABLES) {
        let error = client.revoke(&subject(vendor)).await.unwrap_err();
        assert_eq!((error.kind(), error.access()), (ErrorKind::NotConfigured, Access::Unchanged));
        assert_eq!((error.vendor(), error.attempts(), error.is_retryable()), (Some(vendor), 0, false));
        assert!(error.to_string().contains(variable), "{error}");
    }
}

#[tokio::test]
async fn the_last_configuration_of_a_vendor_counts() {
    let server = Server::script([success(Vendor::OnlyOffice)]).await;
    let client = hurried()
        .onlyoffice(onlyoffice::Config::new("https://vendor.example", "first-token"))
        .onlyoffice(onlyoffice::Config::new("https://vendor.example", "second-token").base_url(server.url()))
        .build()
        .unwrap();
    let _ = client.revoke(&subject(Vendor::OnlyOffice)).await.unwrap();
    assert_eq!(server.request().header("authorization"), Some("second-token"));
}

/// The variables that hold the credentials, in the order of the vendors.
const VARIABLES: [&str; 5] = ["PROJECTMANAGER_TOKEN", "COR_TOKEN", "ONLYOFFICE_TOKEN", "PERSONA_API_KEY", "COVA_TOKEN"];

const URLS: [&str; 5] = ["PROJECTMANAGER_URL", "COR_URL", "ONLYOFFICE_URL", "PERSONA_URL", "COVA_URL"];

/// Runs one of the ignored tests below in a process of its own, with this environment and nothing else of ours.
///
/// An environment belongs to a whole process, so a test cannot change it under the others.
fn in_child(test: &str, environment: &[(&str, &str)]) -> Output {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", test, "--ignored", "--nocapture", "--test-threads=1"]);
    for name in VARIABLES.iter().chain(&URLS) {
        command.env_remove(name);
    }
    command.envs(environment.iter().copied()).output().unwrap()
}

/// What the child printed behind the marker.
fn said(output: &Output) -> String {
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let said = text.lines().find_map(|line| line.split_once("SAID ")).map(|(_, said)| said.to_owned());
    said.unwrap_or_else(|| panic!("{text}\n{}", String::from_utf8_lossy(&output.stderr)))
}

#[test]
#[ignore = "is run by the tests below, in a process of its own"]
fn child_says_what_client_it_gets() {
    match Client::from_env() {
        Ok(client) => println!("SAID {client:?}"),
        Err(error) => println!("SAID {:?} {:?} {error} {error:?}", error.kind(), error.vendor()),
    }
}

fn client_from(environment: &[(&str, &str)]) -> String {
    said(&in_child("child_says_what_client_it_gets", environment))
}

#[test]
fn from_env_configures_the_vendors_that_have_a_credential() {
    let nothing = client_from(&[]);
    assert!(nothing.contains("vendors: []"), "{nothing}");

    let all: Vec<_> = VARIABLES.iter().map(|name| (*name, "s3cret-0123456789")).collect();
    let all = client_from(&[all, vec![("ONLYOFFICE_URL", "https://portal.example/")]].concat());
    for url in [
        "https://api.projectmanager.com",
        "https://integrations.projectcor.com",
        "https://portal.example",
        "https://api.withpersona.com",
        "https://api.covasoft.net/usermanager",
    ] {
        assert!(all.contains(&format!("\"{url}\"")), "{url}: {all}");
    }
    assert!(!all.contains(SECRET), "{all}");

    let one = client_from(&[
        ("COVA_TOKEN", "s3cret-0123456789"),
        ("COVA_URL", "http://127.0.0.1:1/x/"),
        ("COR_URL", "nonsense"),
    ]);
    assert!(one.contains("\"http://127.0.0.1:1/x\"") && !one.contains("Cor,"), "{one}");
}

#[test]
fn from_env_names_the_variable_that_is_wrong_and_not_its_value() {
    for (environment, vendor, name) in [
        (vec![("COVA_TOKEN", "")], "Cova", "COVA_TOKEN"),
        (vec![("COVA_TOKEN", "s3cret-token\n")], "Cova", "credential"),
        (vec![("PERSONA_API_KEY", "Bearer s3cret-token")], "Persona", "credential"),
        (vec![("COR_TOKEN", "s3cret-token"), ("COR_URL", "")], "Cor", "COR_URL"),
        (vec![("COR_TOKEN", "s3cret-token"), ("COR_URL", "http://vendor.example/s3cret")], "Cor", "url"),
        (vec![("COR_TOKEN", "x"), ("COR_URL", "https://jane:s3cret@vendor.example")], "Cor", "url"),
        (vec![("ONLYOFFICE_TOKEN", "s3cret-token")], "OnlyOffice", "ONLYOFFICE_URL"),
        (vec![("PROJECTMANAGER_TOKEN", "s3cret t")], "ProjectManager", "credential"),
    ] {
        let said = client_from(&environment);
        assert!(said.starts_with(&format!("InvalidConfiguration Some({vendor}) ")), "{environment:?}: {said}");
        assert!(said.contains(name), "{environment:?}: {said}");
        assert!(!said.contains(SECRET), "{environment:?}: {said}");
    }
}

#[test]
#[ignore = "is run by the test below, in a process of its own"]
fn child_revokes_at_cova() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let server = Server::script([success(Vendor::Cova)]).await;
        let client = support::vendors::builder(Vendor::Cova, &server.url(), TOKEN).build().unwrap();
        let result = client.revoke(&subject(Vendor::Cova)).await;
        let sent = server.requests().iter().map(support::server::Request::line).collect::<Vec<_>>();
        let token =
            server.requests().iter().all(|r| r.header("authorization") == Some(&authorization(Vendor::Cova, TOKEN)));
        println!("SAID {} {sent:?} {token}", result.is_ok());
    });
}

#[tokio::test]
async fn a_proxy_in_the_environment_is_not_used_for_this_machine() {
    let proxy = Server::idle().await;
    let dead = format!("http://127.0.0.1:{}", closed_port().await);
    for url in [proxy.url(), dead] {
        let names = ["HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"];
        let environment: Vec<_> = names.iter().map(|name| (*name, url.clone())).collect();
        let said = tokio::task::spawn_blocking(move || {
            let environment: Vec<_> = environment.iter().map(|(name, url)| (*name, url.as_str())).collect();
            said(&in_child("child_revokes_at_cova", &environment))
        });
        assert_eq!(said.await.unwrap(), "true [\"DELETE /usermanager/v1/users(8545)\"] true");
    }
    assert_eq!(proxy.connections(), 0);
}
