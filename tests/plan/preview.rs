//! Previews: what they show is what a server receives, byte for byte.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use deprovision::{Client, Credential, ErrorKind, Vendor};
use uuid::Uuid;

use crate::support::server::{Server, Step};
use crate::support::vendors::{KEY, TOKEN, VENDORS, builder, request_line, subject, success};

#[tokio::test]
async fn a_preview_is_what_a_server_receives_byte_for_byte() {
    for vendor in VENDORS {
        let server = Server::responding(move |_| Step::from(success(vendor))).await;
        let client = builder(vendor, &server.url(), TOKEN).build().unwrap();
        let request = subject(vendor);
        let preview = client.revoke(&request).idempotency_key(KEY).preview().unwrap();
        assert_eq!(server.count(), 0, "nothing is sent");
        assert!(client.revoke(&request).idempotency_key(KEY).await.is_ok());

        let shown = preview.to_string();
        assert!(shown.contains("[redacted]") && !shown.contains(TOKEN), "{shown}");
        let received = String::from_utf8(server.request().raw).unwrap();
        assert_eq!(shown.replace("[redacted]", TOKEN), received);

        assert_eq!(preview.action.vendor(), vendor);
        assert_eq!(format!("{} {}", preview.method, preview.url), {
            let (method, path) = request_line(vendor).split_once(' ').unwrap();
            format!("{method} {}{path}", server.url())
        });
    }
}

#[tokio::test]
async fn only_the_idempotency_key_differs_from_one_call_to_the_next() {
    let server = Server::idle().await;
    for vendor in VENDORS {
        let client = builder(vendor, &server.url(), TOKEN).build().unwrap();
        let shown = || {
            let mut preview = client.preview(&subject(vendor)).unwrap();
            let key = preview.headers.iter_mut().find(|header| header.name == "idempotency-key");
            let key = key.map(|header| std::mem::take(&mut header.value));
            (preview, key)
        };
        let ((first, first_key), (second, second_key)) = (shown(), shown());
        assert_eq!(first, second);
        assert_eq!(first_key.is_some(), vendor == Vendor::Persona);
        if let (Some(first), Some(second)) = (first_key, second_key) {
            assert_ne!(first, second);
            assert!(first.parse::<Uuid>().is_ok());
        }
    }
    assert_eq!(server.connections(), 0);
}

#[tokio::test]
async fn no_form_of_a_preview_holds_the_credential_and_no_source_is_asked() {
    let server = Server::idle().await;
    let asked = Arc::new(AtomicUsize::new(0));
    for vendor in VENDORS {
        let asked = Arc::clone(&asked);
        let source = Credential::from_fn(move |_| {
            asked.fetch_add(1, Ordering::Relaxed);
            async { Ok(TOKEN.to_owned()) }
        });
        for credential in [Credential::from(TOKEN), source] {
            let client = builder(vendor, &server.url(), credential).build().unwrap();
            let preview = client.preview(&subject(vendor)).unwrap();
            let json = serde_json::to_string(&preview).unwrap();
            for form in [preview.to_string(), format!("{preview:?}"), json.clone()] {
                assert!(!form.contains(TOKEN), "{form}");
            }
            assert_eq!(serde_json::from_str::<deprovision::Preview>(&json).unwrap(), preview);
        }
    }
    assert_eq!((asked.load(Ordering::Relaxed), server.connections()), (0, 0));
}

#[tokio::test]
async fn what_could_not_be_sent_has_no_preview() {
    let error = Client::builder().build().unwrap().preview(&subject(Vendor::Cova)).unwrap_err();
    assert_eq!((error.kind(), error.vendor()), (ErrorKind::NotConfigured, Some(Vendor::Cova)));
}
