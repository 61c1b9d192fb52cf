//! The five vendors' requests and usual answers, one subject for each cell.

use deprovision::{Revocation, Vendor, cor, cova, onlyoffice, persona, projectmanager};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::reply::Reply;
use crate::support::vendors::cor_user;

/// What the credential of all calls is, and what the server repeats wherever it can.
pub const TOKEN: &str = "matrix-secret-0123456789abcdef";

pub fn prefix(vendor: Vendor) -> &'static str {
    match vendor {
        Vendor::ProjectManager => "/projectmanager",
        Vendor::Cor => "/cor",
        Vendor::OnlyOffice => "/onlyoffice",
        Vendor::Persona => "/persona",
        Vendor::Cova => "/cova",
        other => panic!("{other} is new here"),
    }
}

pub fn subject(vendor: Vendor, number: u32) -> Revocation {
    match vendor {
        Vendor::ProjectManager => projectmanager::DisconnectProvider::new(Uuid::from_u128(number.into())).into(),
        Vendor::Cor => cor::DetachWorkspaces::new(format!("U-{number}"), ["W-1"], cor::Source::OKTA).unwrap().into(),
        Vendor::OnlyOffice => onlyoffice::UnlinkProject::new(number, 34).unwrap().into(),
        Vendor::Persona => persona::DeactivateConnection::new(format!("cxn_{number}")).unwrap().into(),
        Vendor::Cova => cova::DisableUser::new(number).unwrap().into(),
        other => panic!("{other} is new here"),
    }
}

/// The cell that a request is about.
pub fn number(vendor: Vendor, path: &str) -> Option<u32> {
    let between = |before: &str, after: &str| path.split_once(before)?.1.split(after).next()?.parse().ok();
    match vendor {
        Vendor::ProjectManager => {
            let id = path.split_once("/providers/")?.1.split('/').next()?;
            Uuid::parse_str(id).ok()?.as_u128().try_into().ok()
        }
        Vendor::Cor => between("/users/U-", "/"),
        Vendor::OnlyOffice => between("/contact/", "/"),
        Vendor::Persona => between("/connections/cxn_", "/"),
        Vendor::Cova => between("/users(", ")"),
        other => panic!("{other} is new here"),
    }
}

pub fn shown(vendor: Vendor, number: u32, gone: bool) -> Value {
    match vendor {
        Vendor::ProjectManager => json!({
            "success": gone, "hasError": !gone, "statusCode": if gone { "OK" } else { "BadRequest" },
            "error": (!gone).then(|| json!({"message": format!("no, {TOKEN}")})),
        }),
        Vendor::Cor => {
            let mut user = cor_user(if gone { &["W-2"] } else { &["W-2", "W-1"] });
            user["name"] = json!(format!("Jane {TOKEN}"));
            user
        }
        Vendor::OnlyOffice => json!({
            "count": 1, "status": u8::from(!gone), "statusCode": if gone { 200 } else { 400 },
            "response": {"id": number, "displayName": format!("Acme {TOKEN}"), "shareType": 0},
        }),
        Vendor::Persona => {
            let status = if gone { "inactive" } else { "active" };
            json!({"data": {"type": TOKEN, "id": format!("cxn_{number}"), "attributes": {"status": status}}})
        }
        Vendor::Cova => json!({"Id": number, "UserName": TOKEN, "IsActive": !gone, "Attributes": {"x": TOKEN}}),
        other => panic!("{other} is new here"),
    }
}

pub fn success(vendor: Vendor, number: u32) -> Reply {
    Reply::json(200, &shown(vendor, number, true)).header("Request-Id", format!("req_{TOKEN}"))
}

/// What the vendor says to a revocation of what is gone.
pub fn nothing_left(vendor: Vendor, number: u32) -> Reply {
    match vendor {
        Vendor::ProjectManager => refusal(vendor, 404),
        Vendor::Cor => {
            let body = json!({"status": 400, "name": "NotAttachedError", "code": "ZC001", "message": "not associated"});
            Reply::json(400, &body)
        }
        Vendor::Persona => refusal(vendor, 409),
        _ => success(vendor, number),
    }
}

/// The vendor's own shape of an error, which says nothing of whether there is something left to revoke.
pub fn error_body(vendor: Vendor, status: u16) -> Value {
    let message = format!("no, {TOKEN}");
    match vendor {
        Vendor::OnlyOffice => json!({"status": 1, "statusCode": status, "error": {"message": message, "hresult": 1}}),
        _ => crate::support::vendors::error_body(vendor, &message),
    }
}

pub fn refusal(vendor: Vendor, status: u16) -> Reply {
    Reply::json(status, &error_body(vendor, status)).header("X-Request-Id", TOKEN)
}
