//! What each vendor's whole responses mean, end to end.

use deprovision::{Access, Client, Detail, Error, ErrorKind, Evidence, Outcome, Receipt, Response, Vendor, cor};
use serde_json::{Value, json};

use crate::support::reply::Reply;
use crate::support::server::Server;
use crate::support::vendors::{client, cor_user, cova_user, single, subject};

async fn answered(vendor: Vendor, reply: Reply) -> Result<Receipt<Response>, Error> {
    Desk::open(vendor).await.answered(reply).await
}

/// A server and its client, to be used for many responses.
struct Desk {
    vendor: Vendor,
    server: Server,
    client: Client,
}

impl Desk {
    async fn open(vendor: Vendor) -> Self {
        let server = Server::idle().await;
        let client = single(vendor, &server);
        Self { vendor, server, client }
    }

    async fn answered(&self, reply: Reply) -> Result<Receipt<Response>, Error> {
        self.server.rewind([reply]);
        self.client.revoke(&subject(self.vendor)).await
    }
}

async fn gone(desk: &Desk, body: Value, evidence: Evidence) {
    let receipt = desk.answered(Reply::json(200, &body)).await.unwrap_or_else(|error| panic!("{body}: {error}"));
    assert_eq!((receipt.outcome, receipt.evidence), (Outcome::Revoked, evidence), "{body}");
}

async fn not_gone(desk: &Desk, body: Value, kind: ErrorKind, access: Access) -> Error {
    let error = desk.answered(Reply::json(200, &body)).await.expect_err(&body.to_string());
    assert_eq!((error.kind(), error.access(), error.status()), (kind, access, Some(200)), "{body}: {error}");
    error
}

#[tokio::test]
async fn projectmanager_is_believed_if_something_speaks_for_and_nothing_against() {
    let desk = &Desk::open(Vendor::ProjectManager).await;
    for body in [
        json!({"success": true}),
        json!({"hasError": false}),
        json!({"success": true, "hasError": false, "statusCode": "OK", "error": null}),
        json!({"success": true, "statusCode": 200}),
        json!({"success": true, "statusCode": "Continue"}),
        json!({"success": true, "statusCode": "SomethingNew"}),
        json!({"success": true, "statusCode": null, "hasError": null}),
        json!({"success": true, "error": {"message": null, "additionalErrors": [], "validationErrors": {}}}),
        json!({"success": "true", "hasError": "False"}),
    ] {
        gone(desk, body, Evidence::Acknowledged).await;
    }
    for (body, kind, access) in [
        (json!({"success": false}), ErrorKind::Rejected, Access::Unchanged),
        (json!({"hasError": true}), ErrorKind::Rejected, Access::Unchanged),
        (json!({"error": {"message": "no"}}), ErrorKind::Rejected, Access::Unchanged),
        (json!({"statusCode": "NotFound"}), ErrorKind::NotFound, Access::Unchanged),
        (json!({"statusCode": 403}), ErrorKind::Forbidden, Access::Unchanged),
        (json!({"success": false, "statusCode": "Conflict"}), ErrorKind::Conflict, Access::Unchanged),
        (json!({"success": false, "statusCode": "TooManyRequests"}), ErrorKind::RateLimited, Access::Unchanged),
        (json!({"success": false, "statusCode": "InternalServerError"}), ErrorKind::Unavailable, Access::Unknown),
        (json!({"success": false, "statusCode": "OK"}), ErrorKind::Rejected, Access::Unchanged),
        (json!({"success": true, "hasError": true}), ErrorKind::UnexpectedResponse, Access::Unknown),
        (json!({"success": true, "statusCode": "NotFound"}), ErrorKind::UnexpectedResponse, Access::Unknown),
        (json!({"hasError": false, "error": {"message": "no"}}), ErrorKind::UnexpectedResponse, Access::Unknown),
        (json!({"statusCode": "OK"}), ErrorKind::UnexpectedResponse, Access::Unknown),
        (json!({"success": null, "hasError": null}), ErrorKind::UnexpectedResponse, Access::Unknown),
        (json!({"success": "perhaps"}), ErrorKind::UnexpectedResponse, Access::Unknown),
    ] {
        not_gone(desk, body, kind, access).await;
    }
}

#[tokio::test]
async fn projectmanagers_words_survive_in_each_of_its_shapes() {
    let full = json!({"error": {"message": "Invalid name", "technicalError": "E_NAME", "additionalErrors": ["try later"],
        "validationErrors": {"name": ["too long", "taken"]}}});
    let error = answered(Vendor::ProjectManager, Reply::json(400, &full)).await.unwrap_err();
    assert_eq!((error.kind(), error.message()), (ErrorKind::Rejected, "Invalid name"));
    let details: Vec<_> = error.details().iter().map(|d: &Detail| (d.field.as_deref(), d.message.as_str())).collect();
    for expected in [(None, "E_NAME"), (None, "try later"), (Some("name"), "too long"), (Some("name"), "taken")] {
        assert!(details.contains(&expected), "{details:?}");
    }
    for body in [
        json!({"success": false, "message": "Only one call in two seconds"}),
        json!({"message": "Only one call in two seconds"}),
    ] {
        let error = answered(Vendor::ProjectManager, Reply::json(409, &body)).await.unwrap_err();
        assert_eq!((error.kind(), error.message()), (ErrorKind::Conflict, "Only one call in two seconds"));
        assert!(error.is_retryable());
    }
}

#[tokio::test]
async fn cor_is_read_by_the_workspaces_that_remain() {
    let desk = &Desk::open(Vendor::Cor).await;
    let workspace = |integrations: Value| json!({"id": 9, "json_integrations": integrations});
    let user = |workspaces: Vec<Value>| json!({"id": 1, "workspaces": workspaces});
    gone(desk, user(vec![]), Evidence::Confirmed).await;
    gone(desk, cor_user(&["W-2"]), Evidence::Confirmed).await;
    gone(desk, json!({"workspaces": [], "errors": []}), Evidence::Confirmed).await;
    gone(desk, json!({"workspaces": [], "errors": null}), Evidence::Confirmed).await;
    gone(desk, user(vec![workspace(json!(null))]), Evidence::Acknowledged).await;
    gone(desk, user(vec![workspace(json!("x"))]), Evidence::Acknowledged).await;
    gone(desk, user(vec![workspace(json!({"source": "SAP", "origin_external_id": "W-1"}))]), Evidence::Confirmed).await;
    let left = [
        json!({"source": "OKTA", "origin_external_id": "W-1"}),
        json!({"origin_external_id": "W-1"}),
        json!([{"source": "SAP", "origin_external_id": "x"}, {"source": "OKTA", "origin_external_id": "W-1"}]),
    ];
    for integrations in left {
        let body = user(vec![workspace(integrations)]);
        let error = not_gone(desk, body, ErrorKind::Incomplete, Access::Unchanged).await;
        assert_eq!(error.not_revoked(), ["W-1"]);
    }
    let errors = json!({"workspaces": [], "errors": [{"code": "E", "message": "could not detach"}]});
    let error = not_gone(desk, errors, ErrorKind::Incomplete, Access::Unknown).await;
    assert_eq!(error.not_revoked(), ["W-1"]);
    for body in
        [json!({"id": 1}), json!({"workspaces": null}), json!({"workspaces": {}}), json!({"workspaces": "none"})]
    {
        not_gone(desk, body, ErrorKind::UnexpectedResponse, Access::Unknown).await;
    }
}

#[tokio::test]
async fn cor_lists_what_is_left_and_what_its_errors_name() {
    let request = cor::DetachWorkspaces::new("U-1", ["W-1", "W-2", "W-3"], cor::Source::OKTA).unwrap();
    let some = Reply::json(200, &cor_user(&["W-3", "W-1", "X"]));
    let mut named = cor_user(&[]);
    named["errors"] = json!([{"code": "E1", "message": "workspace W-2 is locked", "workspace": "W-2"}]);
    let server = Server::script([some, Reply::json(200, &named)]).await;
    let client = client(Vendor::Cor, &server);
    let error = client.revoke(&request).await.unwrap_err();
    assert_eq!((error.kind(), error.access()), (ErrorKind::Incomplete, Access::PartlyRevoked));
    assert_eq!(error.not_revoked(), ["W-1", "W-3"]);
    let error = client.revoke(&request).await.unwrap_err();
    assert_eq!((error.kind(), error.access()), (ErrorKind::Incomplete, Access::Unknown));
    assert_eq!(error.not_revoked(), ["W-2"]);
    assert!(error.to_string().contains("W-2 is locked"), "{error}");
}

#[tokio::test]
async fn cors_words_survive_in_each_of_its_shapes() {
    for body in [
        json!({"status": 400, "name": "BadRequest", "code": "E1", "message": "source unknown"}),
        json!({"name": "InvalidSourceError", "code": "E1", "message": "source unknown"}),
        json!({"error": 401, "message": "source unknown"}),
        json!({"status": "ERROR", "code": "E1", "message": "source unknown"}),
        json!([{"field": "metadata.source", "validation": "in", "message": "source unknown"}]),
        json!({"errors": [{"message": "source unknown"}]}),
    ] {
        for (status, kind) in [(400, ErrorKind::Rejected), (417, ErrorKind::Rejected), (404, ErrorKind::NotFound)] {
            let error = answered(Vendor::Cor, Reply::json(status, &body)).await.unwrap_err();
            assert_eq!((error.kind(), error.access()), (kind, Access::Unchanged), "{body}");
            assert!(error.to_string().contains("source unknown"), "{body}: {error}");
        }
    }
}

#[tokio::test]
async fn onlyoffice_is_read_in_both_casings_and_in_xml() {
    let desk = &Desk::open(Vendor::OnlyOffice).await;
    for body in [
        json!({"status": 0, "statusCode": 200, "response": {"id": 12}}),
        json!({"Status": 0, "StatusCode": 200, "Response": {"Id": 12, "DisplayName": "Acme"}}),
        json!({"status": "0", "response": {}}),
        json!({"status": 0}),
    ] {
        gone(desk, body, Evidence::Acknowledged).await;
    }
    for (body, kind, access) in [
        (json!({"status": 1, "statusCode": 404, "error": {"message": "x"}}), ErrorKind::NotFound, Access::Unchanged),
        (json!({"status": 1, "error": {"message": "x"}}), ErrorKind::Rejected, Access::Unchanged),
        (json!({"status": 1, "statusCode": 500}), ErrorKind::Unavailable, Access::Unknown),
        (json!({"Status": 1, "StatusCode": 403}), ErrorKind::Forbidden, Access::Unchanged),
        (json!({"status": 0, "statusCode": 404}), ErrorKind::UnexpectedResponse, Access::Unknown),
        (json!({"status": 0, "response": {"id": 13}}), ErrorKind::UnexpectedResponse, Access::Unknown),
        (json!({"response": {"id": 12}}), ErrorKind::UnexpectedResponse, Access::Unknown),
        (json!({"status": null, "response": {"id": 12}}), ErrorKind::UnexpectedResponse, Access::Unknown),
        (json!({"status": 0, "Status": 1, "response": {"id": 12}}), ErrorKind::UnexpectedResponse, Access::Unknown),
    ] {
        not_gone(desk, body, kind, access).await;
    }
    let xml = |text: &str| Reply::text(200, "text/xml", text);
    let good = "<result><status>0</status><statusCode>200</statusCode><response><id>12</id></response></result>";
    for text in [good.to_owned(), format!("<?xml version=\"1.0\"?>\n{good}"), good.replace("status>", "Status>")] {
        let receipt = desk.answered(xml(&text)).await.unwrap_or_else(|error| panic!("{text}: {error}"));
        assert_eq!((receipt.evidence, receipt.response), (Evidence::Acknowledged, None), "{text}");
    }
    for (text, kind) in [
        (good.replace("<status>0", "<status>1"), ErrorKind::Rejected),
        (good.replace("12", "13"), ErrorKind::UnexpectedResponse),
        (format!("<!DOCTYPE result [<!ENTITY a \"0\">]>{good}"), ErrorKind::UnexpectedResponse),
        (good.replace("</result>", ""), ErrorKind::UnexpectedResponse),
        (good.replace("result>", "html>"), ErrorKind::UnexpectedResponse),
    ] {
        let error = desk.answered(xml(&text)).await.expect_err(&text);
        assert_eq!(error.kind(), kind, "{text}: {error}");
    }
    let refused =
        "<result><status>1</status><statusCode>404</statusCode><error><message>Not found</message></error></result>";
    let error = desk.answered(Reply::text(404, "text/xml", refused)).await.unwrap_err();
    assert_eq!((error.kind(), error.message()), (ErrorKind::NotFound, "Not found"));
}

#[tokio::test]
async fn onlyoffices_typed_response_is_the_same_in_both_casings() {
    let camel = json!({"count": 1, "status": 0, "statusCode": 200, "response": {"id": 12, "displayName": "Acme", "smallFotoUrl": "/x.png"}});
    let pascal = json!({"Count": 1, "Status": 0, "StatusCode": 200, "Response": {"Id": 12, "DisplayName": "Acme", "SmallFotoUrl": "/x.png"}});
    let camel = answered(Vendor::OnlyOffice, Reply::json(200, &camel)).await.unwrap().response.unwrap();
    let pascal = answered(Vendor::OnlyOffice, Reply::json(200, &pascal)).await.unwrap().response.unwrap();
    assert_eq!(camel, pascal);
    assert!(serde_json::to_string(&camel).unwrap().contains("Acme"));
}

#[tokio::test]
async fn cova_is_read_by_what_it_shows_of_the_user() {
    let desk = &Desk::open(Vendor::Cova).await;
    gone(desk, cova_user(false), Evidence::Confirmed).await;
    gone(desk, json!({"Id": "8545", "IsActive": "False"}), Evidence::Confirmed).await;
    gone(desk, json!({"UserName": "jane"}), Evidence::Acknowledged).await;
    gone(desk, json!({"Id": 8545, "IsActive": null}), Evidence::Acknowledged).await;
    not_gone(desk, cova_user(true), ErrorKind::Incomplete, Access::Unchanged).await;
    for body in [
        json!({"Id": 1, "IsActive": false}),
        json!({"Id": "1", "IsActive": false}),
        json!({"Id": null, "UserName": null, "IsActive": null}),
        json!({"Message": "ok"}),
        json!({"IsActive": "maybe"}),
        json!([{"Id": 8545, "IsActive": false}]),
    ] {
        not_gone(desk, body, ErrorKind::UnexpectedResponse, Access::Unknown).await;
    }
    let twice = Reply::text(200, "application/json", r#"{"Id":8545,"IsActive":true,"IsActive":false}"#);
    assert_eq!(desk.answered(twice).await.unwrap_err().kind(), ErrorKind::UnexpectedResponse);
}

#[tokio::test]
async fn covas_words_and_limits_survive() {
    let body = json!({"Message": "Denied", "Description": "not your company", "Details": ["ask an admin"]});
    let error = answered(Vendor::Cova, Reply::json(403, &body).header("X-Request-Id", "r-1")).await.unwrap_err();
    let text = error.to_string();
    for part in ["Denied", "not your company", "ask an admin", "403", "r-1", "unchanged"] {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert!(!text.contains('\n'));
    let reply = Reply::json(200, &cova_user(false))
        .header("COVA-APIM-RateLimit-Limit", 1000)
        .header("COVA-APIM-RateLimit-Remaining", 998)
        .header("COVA-APIM-RateLimit-Reset", "2026-01-15T22:43:00Z");
    let limit = answered(Vendor::Cova, reply).await.unwrap().rate_limit.unwrap();
    assert_eq!((limit.limit, limit.remaining), (Some(1000), Some(998)));
    assert!(limit.reset_at.is_some());
}

#[tokio::test]
async fn personas_words_survive() {
    let body = json!({"errors": [
        {"title": "Bad request", "details": "id is malformed", "source": {"pointer": "/data/id"}},
        {"title": "Also"}
    ]});
    let error = answered(Vendor::Persona, Reply::json(400, &body).header("Request-Id", "req_9")).await.unwrap_err();
    assert_eq!((error.kind(), error.request_id()), (ErrorKind::Rejected, Some("req_9")));
    let text = error.to_string();
    for part in ["id is malformed", "/data/id", "Also", "req_9"] {
        assert!(text.contains(part), "{part}: {text}");
    }
    for (status, kind) in [(403, ErrorKind::Forbidden), (404, ErrorKind::NotFound), (400, ErrorKind::Rejected)] {
        let error = answered(Vendor::Persona, Reply::html(status)).await.unwrap_err();
        assert_eq!((error.kind(), error.access()), (kind, Access::Unchanged));
        assert!(!error.to_string().contains("<html"), "{error}");
    }
}

#[tokio::test]
async fn personas_success_is_read_by_its_status() {
    let desk = &Desk::open(Vendor::Persona).await;
    gone(desk, json!({"data": {"attributes": {"status": "inactive"}}}), Evidence::Confirmed).await;
    gone(desk, json!({"data": {"id": "cxn_1", "new": [1]}, "more": 1}), Evidence::Acknowledged).await;
    gone(desk, json!({"data": {"id": null, "attributes": {"status": null}}}), Evidence::Acknowledged).await;
    for body in [
        json!({"data": null}),
        json!({"data": []}),
        json!({"status": "inactive"}),
        json!({"data": {"id": "cxn_2", "attributes": {"status": "inactive"}}}),
        json!({"data": {"id": 1, "attributes": {"status": "inactive"}}}),
    ] {
        not_gone(desk, body, ErrorKind::UnexpectedResponse, Access::Unknown).await;
    }
}
