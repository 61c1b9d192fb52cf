//! `Ok` means gone.

use deprovision::{ErrorKind, Evidence, Outcome, RetryPolicy, Vendor};
use serde_json::{Value, json};

use crate::support::reply::Reply;
use crate::support::server::Server;
use crate::support::vendors::{VENDORS, client, connection, cor_user, cova_user, error_body, gone, subject};

/// What a 200 can hold that does not show the vendor's access gone; some of it is another vendor's success.
fn not_gone(vendor: Vendor) -> Vec<Value> {
    let mut bodies: Vec<Value> = VENDORS.into_iter().filter(|other| *other != vendor).map(gone).collect();
    bodies.extend(VENDORS.into_iter().map(|other| error_body(other, "no")));
    bodies.extend([
        json!({}),
        json!([]),
        json!(null),
        json!(true),
        json!("OK"),
        json!({"ok": true}),
        json!({"status": "ok"}),
        json!({"result": "success", "code": 200}),
        json!({"data": {}, "success": null}),
        cova_user(true),
        cor_user(&["W-1"]),
        connection("active"),
        json!({"success": true, "hasError": true, "statusCode": "Continue"}),
        json!([gone(vendor)]),
        json!({"response": gone(vendor), "body": gone(vendor), "data": gone(vendor), "result": gone(vendor)}),
    ]);
    match vendor {
        // Persona's `data` is there, without a word on the status: the vendor's yes. It says so of `{}` too.
        Vendor::Persona => bodies.retain(|body| !body["data"].is_object()),
        _ => bodies.retain(|body| *body != gone(vendor)),
    }
    bodies
}

#[tokio::test]
async fn ok_means_gone() {
    for vendor in VENDORS {
        let server = Server::idle().await;
        let client = client(vendor, &server);
        let call = || client.revoke(&subject(vendor)).retry(RetryPolicy::none()).into_future();

        server.always(Reply::json(200, &gone(vendor)));
        let receipt = call().await.unwrap();
        assert_eq!(receipt.outcome, Outcome::Revoked);
        assert_ne!(receipt.evidence, Evidence::Inferred, "{vendor}: nothing was in doubt");

        // A 200 whose body says otherwise, or that is somebody else's.
        for body in not_gone(vendor) {
            server.always(Reply::json(200, &body));
            let error = call().await.map(|receipt| receipt.to_string()).expect_err(&format!("{vendor} {body}"));
            assert_ne!(error.kind(), ErrorKind::Connection, "{vendor} {body}");
        }
        for reply in [Reply::html(200), Reply::text(200, "text/plain", "OK"), Reply::text(200, "text/plain", "true")] {
            server.always(reply);
            assert_eq!(call().await.unwrap_err().kind(), ErrorKind::UnexpectedResponse, "{vendor}");
        }

        // The best of bodies under a status that is no success.
        for status in (201..=599).filter(|status| *status != 204 && (*status < 230 || status % 9 == 0)) {
            let body = if vendor == Vendor::Persona { json!({"data": {"id": "other"}}) } else { gone(vendor) };
            server.always(Reply::json(status, &body));
            assert!(call().await.is_err(), "{vendor} {status}");
        }
    }
}
