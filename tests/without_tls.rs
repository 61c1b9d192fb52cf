//! A build without TLS: it calls this machine and nothing else, and says so when it is configured.

#![cfg(not(any(feature = "rustls", feature = "native-tls")))]
#![allow(clippy::unwrap_used, reason = "in tests a panic is how to fail")]

use deprovision::{Client, ErrorKind, cova};

#[test]
fn https_is_refused_by_vendor_and_setting_and_the_features_are_named() {
    let error = Client::builder().cova(cova::Config::new("a-token")).build().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidConfiguration);
    assert_eq!(error.vendor(), Some(deprovision::Vendor::Cova));
    for word in ["base_url", "https", "rustls", "native-tls"] {
        assert!(error.message().contains(word), "{error}");
    }
}

#[test]
fn http_on_this_machine_will_do() {
    let config = cova::Config::new("a-token").base_url("http://127.0.0.1:9/usermanager");
    assert!(Client::builder().cova(config).build().is_ok());
}
