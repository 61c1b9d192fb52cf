//! Answers that get lost, and what the next attempt makes of what it finds.

use deprovision::{Access, ErrorKind, Evidence, Outcome, Revocation, Vendor, cor};
use serde_json::{Value, json};

use crate::support::ms;
use crate::support::reply::Reply;
use crate::support::server::{Server, Step, closed_port};
use crate::support::vendors::{
    TOKEN, VENDORS, builder, client, connection, cor_user, cova_user, policy, refusal, subject, success,
};

/// The ways in which an attempt can be of unknown fate.
fn doubts(vendor: Vendor) -> Vec<Step> {
    vec![
        Step::Close,
        Step::AnswerThenClose(success(vendor).cut()),
        refusal(vendor, 500, "oops").into(),
        Reply::html(502).into(),
        Reply::new(408).into(),
    ]
}

/// The vendor's own way to say that there is nothing left to revoke.
fn nothing_left(vendor: Vendor) -> Option<(u16, Value)> {
    match vendor {
        Vendor::ProjectManager => Some((404, json!({"error": {"message": "no connection"}}))),
        Vendor::Cor => Some((400, json!({"status": 400, "name": "X", "code": "ZC001", "message": "not associated"}))),
        Vendor::Cova => Some((404, json!({"Message": "User not found", "Description": null, "Details": []}))),
        _ => None,
    }
}

#[tokio::test]
async fn nothing_left_after_an_attempt_in_doubt_means_revoked_by_inference() {
    for vendor in VENDORS {
        let Some((status, body)) = nothing_left(vendor) else { continue };
        for doubt in doubts(vendor) {
            let last = Reply::json(status, &body).header("X-Request-Id", "r-2");
            let server = Server::script([doubt, last.into()]).await;
            let receipt = client(vendor, &server).revoke(&subject(vendor)).await.unwrap();
            assert_eq!((receipt.outcome, receipt.evidence), (Outcome::Revoked, Evidence::Inferred), "{vendor}");
            assert_eq!((receipt.attempts, receipt.status), (2, status));
            assert_eq!(receipt.request_id.as_deref(), Some("r-2"));
            assert_eq!(receipt.response, None);
        }
    }
}

#[tokio::test]
async fn nothing_left_at_first_is_not_found_and_changed_nothing() {
    for vendor in VENDORS {
        let Some((status, body)) = nothing_left(vendor) else { continue };
        let server = Server::script([Reply::json(status, &body)]).await;
        let error = client(vendor, &server).revoke(&subject(vendor)).await.unwrap_err();
        assert_eq!((error.kind(), error.access()), (ErrorKind::NotFound, Access::Unchanged), "{error}");
        assert_eq!((error.status(), error.attempts()), (Some(status), 1));
        assert!(!error.is_retryable());
    }
}

#[tokio::test]
async fn nothing_left_after_attempts_that_changed_nothing_is_not_inferred() {
    for vendor in VENDORS {
        let Some((status, body)) = nothing_left(vendor) else { continue };
        let limited = refusal(vendor, 429, "slow down").header("Retry-After", 0);
        let server = Server::script([limited, Reply::json(status, &body)]).await;
        let error = client(vendor, &server).revoke(&subject(vendor)).await.unwrap_err();
        assert_eq!((error.kind(), error.access()), (ErrorKind::NotFound, Access::Unchanged), "{error}");

        // Attempts that could not even connect, until the server is up.
        let port = closed_port().await;
        let patient = policy().max_attempts(10_000);
        let client = builder(vendor, &format!("http://127.0.0.1:{port}"), TOKEN).retry(patient).build().unwrap();
        let call = tokio::spawn(client.revoke(&subject(vendor)).into_future());
        tokio::time::sleep(ms(20)).await;
        let _server = Server::on_port(port, [Reply::json(status, &body)]).await;
        let error = call.await.unwrap().unwrap_err();
        assert_eq!((error.kind(), error.access()), (ErrorKind::NotFound, Access::Unchanged), "{error}");
        assert!(error.attempts() > 1);
    }
}

#[tokio::test]
async fn nobody_elses_not_found_is_taken_for_success() {
    let pages = || {
        vec![
            Reply::html(404),
            Reply::new(404),
            Reply::text(404, "text/plain", "default backend - 404"),
            Reply::json(404, &json!({"message": "no Route matched with those values"})),
            Reply::json(404, &json!({"detail": "Not Found"})),
            Reply::json(404, &json!([])),
            Reply::json(404, &json!({"error": "Not Found", "status": 404, "path": "/x"})),
        ]
    };
    for vendor in VENDORS {
        let server = Server::idle().await;
        let client = client(vendor, &server);
        let own = match vendor {
            // Unlinking does not remove the contact, so its absence says nothing of the link.
            Vendor::OnlyOffice => json!({"status": 1, "statusCode": 404, "error": {"message": "Not found"}}),
            // A user or workspace that is unknown is not one that is detached.
            Vendor::Cor => json!({"name": "UserNotFoundError", "code": "UserNotFoundError", "message": "who?"}),
            Vendor::Persona => json!({"errors": [{"title": "Record not found"}]}),
            Vendor::Cova => {
                json!({"Message": "No HTTP resource was found that matches the request URI 'https://x/users(1)'."})
            }
            _ => json!({"message": "No HTTP resource was found"}),
        };
        for reply in pages().into_iter().chain([Reply::json(404, &own)]) {
            server.rewind([Step::Close, reply.clone().into()]);
            let error = client.revoke(&subject(vendor)).await.unwrap_err();
            let page = String::from_utf8(reply.bytes()).unwrap();
            assert_eq!(error.kind(), ErrorKind::NotFound, "{vendor} {page}");
            assert_eq!(error.access(), Access::Unknown, "{vendor} {page}");
            assert_eq!((error.attempts(), error.status()), (2, Some(404)));
        }
    }
}

#[tokio::test]
async fn cor_infers_nothing_if_several_workspaces_were_asked() {
    let server = Server::script([
        Step::Close,
        Reply::json(400, &json!({"code": "ZC001", "message": "Entity is not associated"})).into(),
    ])
    .await;
    let request = cor::DetachWorkspaces::new("U-1", ["W-1", "W-2"], cor::Source::OKTA).unwrap();
    let error = client(Vendor::Cor, &server).revoke(&request).await.unwrap_err();
    assert_eq!((error.kind(), error.access()), (ErrorKind::NotFound, Access::Unknown));
}

#[tokio::test]
async fn cor_says_not_attached_in_any_of_its_shapes() {
    for (status, body) in [
        (400, json!({"status": 400, "name": "BadRequest", "code": "ZC001", "message": "Entity is not associated"})),
        (417, json!({"status": 417, "name": "X", "code": "ZC001", "message": "Entity is not associated"})),
        (404, json!({"name": "NotAttachedError", "code": "NotAttachedError", "message": "x"})),
        (400, json!({"status": "ERROR", "code": "NotAttachedError", "message": "x"})),
        (409, json!({"code": "ZC001", "message": "x"})),
        (422, json!([{"code": "ZC001", "message": "x"}])),
    ] {
        let server = Server::script([Step::Close, Reply::json(status, &body).into()]).await;
        let receipt = client(Vendor::Cor, &server).revoke(&subject(Vendor::Cor)).await.unwrap();
        assert_eq!((receipt.evidence, receipt.status), (Evidence::Inferred, status), "{body}");
    }
}

#[tokio::test]
async fn a_success_after_an_attempt_in_doubt_is_revoked_not_already_revoked() {
    for vendor in VENDORS {
        let server = Server::idle().await;
        let client = client(vendor, &server);
        for doubt in doubts(vendor) {
            server.rewind([doubt, success(vendor).into()]);
            let receipt = client.revoke(&subject(vendor)).await.unwrap();
            assert_eq!((receipt.outcome, receipt.attempts), (Outcome::Revoked, 2), "{vendor}");
            assert_ne!(receipt.evidence, Evidence::Inferred, "{vendor}");
        }
    }
}

#[tokio::test]
async fn a_refusal_after_an_attempt_in_doubt_leaves_the_access_unknown() {
    for vendor in VENDORS {
        let server = Server::idle().await;
        let client = client(vendor, &server);
        for doubt in doubts(vendor) {
            for (status, kind) in [
                (400, ErrorKind::Rejected),
                (401, ErrorKind::Unauthorized),
                (403, ErrorKind::Forbidden),
                (410, ErrorKind::NotFound),
                (418, ErrorKind::Rejected),
            ] {
                server.rewind([doubt.clone(), refusal(vendor, status, "no").into()]);
                let error = client.revoke(&subject(vendor)).await.unwrap_err();
                assert_eq!((error.kind(), error.access()), (kind, Access::Unknown), "{vendor} {status}: {error}");
                assert_eq!((error.status(), error.attempts()), (Some(status), 2));
            }
        }
    }
}

#[tokio::test]
async fn a_connection_refused_after_an_attempt_in_doubt_leaves_the_access_unknown() {
    for vendor in VENDORS {
        let port = closed_port().await;
        let server = Server::on_port(port, [Step::After(ms(10), Box::new(Step::Close))]).await;
        let call = tokio::spawn(client(vendor, &server).revoke(&subject(vendor)).into_future());
        server.until(|server| server.count() == 1).await;
        drop(server);
        let error = call.await.unwrap().unwrap_err();
        assert_eq!((error.kind(), error.access()), (ErrorKind::Connection, Access::Unknown), "{vendor}: {error}");
        assert_eq!(error.attempts(), 3);
    }
}

#[tokio::test]
async fn a_response_that_shows_the_access_in_place_ends_the_doubt() {
    let cases: Vec<(Vendor, Vec<Step>, ErrorKind)> = vec![
        (Vendor::Cova, vec![Reply::json(200, &cova_user(true)).into()], ErrorKind::Incomplete),
        (Vendor::Cor, vec![Reply::json(200, &cor_user(&["W-2", "W-1"])).into()], ErrorKind::Incomplete),
        (
            Vendor::Persona,
            vec![refusal(Vendor::Persona, 422, "no").into(), Reply::json(200, &connection("active")).into()],
            ErrorKind::Rejected,
        ),
        (
            Vendor::Persona,
            vec![Reply::json(200, &connection("pending")).into(), Reply::json(200, &connection("pending")).into()],
            ErrorKind::Incomplete,
        ),
    ];
    for (vendor, steps, kind) in cases {
        for doubt in doubts(vendor) {
            let server = Server::script([doubt].into_iter().chain(steps.clone())).await;
            let error = client(vendor, &server).revoke(&subject(vendor)).await.unwrap_err();
            assert_eq!((error.kind(), error.access()), (kind, Access::Unchanged), "{vendor}: {error}");
            assert_eq!(error.attempts(), 2);
            assert_eq!(server.unused_steps(), 0);
        }
    }
}

#[tokio::test]
async fn cor_shows_what_is_left_of_several_also_after_an_attempt_in_doubt() {
    let server = Server::script([Step::Close, Reply::json(200, &cor_user(&["W-2", "W-9"])).into()]).await;
    let request: Revocation = cor::DetachWorkspaces::new("U-1", ["W-1", "W-2"], cor::Source::OKTA).unwrap().into();
    let error = client(Vendor::Cor, &server).revoke(&request).await.unwrap_err();
    assert_eq!((error.kind(), error.access()), (ErrorKind::Incomplete, Access::PartlyRevoked));
    assert_eq!(error.not_revoked(), ["W-2"]);
}

#[tokio::test]
async fn the_last_of_several_lost_answers_still_leaves_the_access_unknown() {
    for vendor in VENDORS {
        let limited = refusal(vendor, 429, "slow down").header("Retry-After", 0);
        let server = Server::script([Step::Close, Step::Reset, limited.into()]).await;
        let error = client(vendor, &server).revoke(&subject(vendor)).await.unwrap_err();
        assert_eq!((error.kind(), error.access()), (ErrorKind::RateLimited, Access::Unknown), "{vendor}: {error}");
        assert_eq!((error.status(), error.attempts()), (Some(429), 3));
    }
}
