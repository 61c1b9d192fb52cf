//! The five vendors as their servers speak: for each a request, and answers in its own shapes.

use deprovision::{
    Client, ClientBuilder, Credential, RetryPolicy, Revocation, Vendor, cor, cova, onlyoffice, persona, projectmanager,
};
use serde_json::{Value, json};
use uuid::Uuid;

use super::ms;
use super::reply::Reply;
use super::server::Server;

pub const VENDORS: [Vendor; 5] =
    [Vendor::ProjectManager, Vendor::Cor, Vendor::OnlyOffice, Vendor::Persona, Vendor::Cova];

/// The credential of clients made here.
pub const TOKEN: &str = "token-0123456789abcdef";

pub const PROVIDER: Uuid = Uuid::from_u128(0x3fa8_5f64_5717_4562_b3fc_2c96_3f66_afa6);
pub const KEY: Uuid = Uuid::from_u128(0x6f1c_6a52_9a8c_4b5b_8a52_0c7f_1f2e_3d4c);

/// One access at each vendor, as any request.
pub fn subject(vendor: Vendor) -> Revocation {
    match vendor {
        Vendor::ProjectManager => projectmanager::DisconnectProvider::new(PROVIDER).into(),
        Vendor::Cor => cor::DetachWorkspaces::new("U-1", ["W-1"], cor::Source::OKTA).unwrap().into(),
        Vendor::OnlyOffice => onlyoffice::UnlinkProject::new(12, 34).unwrap().into(),
        Vendor::Persona => persona::DeactivateConnection::new("cxn_1").unwrap().into(),
        Vendor::Cova => cova::DisableUser::new(8545).unwrap().into(),
        other => panic!("{other} is new here"),
    }
}

/// The body with which the vendor reports that [`subject`] is gone.
pub fn gone(vendor: Vendor) -> Value {
    match vendor {
        Vendor::ProjectManager => json!({"error": null, "success": true, "hasError": false, "statusCode": "OK"}),
        Vendor::Cor => cor_user(&["W-2"]),
        Vendor::OnlyOffice => json!({
            "count": 1, "status": 0, "statusCode": 200,
            "response": {"id": 12, "displayName": "Acme", "isPrivate": false, "shareType": 0}
        }),
        Vendor::Persona => connection("inactive"),
        Vendor::Cova => cova_user(false),
        other => panic!("{other} is new here"),
    }
}

pub fn success(vendor: Vendor) -> Reply {
    let reply = Reply::json(200, &gone(vendor));
    match vendor {
        Vendor::Persona => reply.header("Request-Id", "req_1"),
        _ => reply,
    }
}

/// A user of COR who still has these workspaces.
pub fn cor_user(workspaces: &[&str]) -> Value {
    let workspaces: Vec<_> = workspaces
        .iter()
        .map(|id| {
            json!({
                "id": 7, "name": "Design", "active": true, "metadata": {},
                "json_integrations": {"source": "OKTA", "origin_external_id": id, "status": "NOT_SEND"},
                "created_at": "2026-01-15 22:42:15", "updated_at": "2026-01-15T22:42:15.000Z",
                "pivot": {"workspace_id": 7, "user_id": 1, "percentage": 100}
            })
        })
        .collect();
    json!({"id": 1, "name": "Jane", "email": "jane@acme.example", "workspaces": workspaces})
}

/// A connection of Persona in this status.
pub fn connection(status: &str) -> Value {
    json!({"data": {"type": "connect/connection", "id": "cxn_1", "attributes": {
        "status": status, "source-organization-id": "org_a", "destination-organization-id": "org_b"
    }}})
}

pub fn cova_user(is_active: bool) -> Value {
    json!({"Id": 8545, "UserName": "jane@acme.example", "IsActive": is_active, "Attributes": {"Department": "Sales"}})
}

/// The vendor's own shape of an error.
pub fn error_body(vendor: Vendor, message: &str) -> Value {
    match vendor {
        Vendor::ProjectManager => {
            json!({"error": {"message": message, "technicalError": null, "validationErrors": null},
                "success": false, "hasError": true})
        }
        Vendor::Cor => json!({"name": "SomeError", "code": "E1", "message": message}),
        Vendor::OnlyOffice => json!({"status": 1, "statusCode": 400, "error": {"message": message, "hresult": 1}}),
        Vendor::Persona => json!({"errors": [{"title": "Refused", "details": message}]}),
        Vendor::Cova => json!({"Message": message, "Description": null, "Details": []}),
        other => panic!("{other} is new here"),
    }
}

pub fn refusal(vendor: Vendor, status: u16, message: &str) -> Reply {
    Reply::json(status, &error_body(vendor, message))
}

/// What the path of [`subject`] is at each vendor, with its method.
pub fn request_line(vendor: Vendor) -> &'static str {
    match vendor {
        Vendor::ProjectManager => {
            "DELETE /api/data/integrations/providers/3fa85f64-5717-4562-b3fc-2c963f66afa6/user-connection"
        }
        Vendor::Cor => "PUT /v2/integrations/users/U-1/detach",
        Vendor::OnlyOffice => "DELETE /api/2.0/crm/contact/12/project/34",
        Vendor::Persona => "POST /api/v1/connect/connections/cxn_1/deactivate",
        Vendor::Cova => "DELETE /usermanager/v1/users(8545)",
        other => panic!("{other} is new here"),
    }
}

/// What of a base URL is path.
pub fn base_path(vendor: Vendor) -> &'static str {
    if vendor == Vendor::Cova { "/usermanager" } else { "" }
}

/// A builder with one vendor at this origin, and settings for tests in a hurry.
pub fn builder(vendor: Vendor, origin: &str, credential: impl Into<Credential>) -> ClientBuilder {
    configure(hurried(), vendor, format!("{origin}{}", base_path(vendor)), credential)
}

/// Short time-outs and waits.
pub fn hurried() -> ClientBuilder {
    Client::builder().attempt_timeout(ms(3000)).connect_timeout(ms(2000)).timeout(ms(8000)).retry(policy())
}

pub fn policy() -> RetryPolicy {
    RetryPolicy::default().backoff(ms(1), ms(2))
}

/// One attempt. Unlike `RetryPolicy::none` it lets a rate limit without a time be over at once.
pub fn once() -> RetryPolicy {
    policy().max_attempts(1)
}

/// Adds a vendor at a base URL to a builder, without the limit that it publishes: tests make more calls than that.
pub fn configure(
    builder: ClientBuilder,
    vendor: Vendor,
    url: impl Into<String>,
    credential: impl Into<Credential>,
) -> ClientBuilder {
    const MANY: u32 = 1_000_000;
    let url = url.into();
    match vendor {
        Vendor::ProjectManager => {
            builder.projectmanager(projectmanager::Config::new(credential).base_url(url).rate_limit(MANY, ms(1)))
        }
        Vendor::Cor => builder.cor(cor::Config::new(credential).base_url(url).rate_limit(MANY, ms(1))),
        Vendor::OnlyOffice => builder.onlyoffice(onlyoffice::Config::new(url, credential).rate_limit(MANY, ms(1))),
        Vendor::Persona => builder.persona(persona::Config::new(credential).base_url(url).rate_limit(MANY, ms(1))),
        Vendor::Cova => builder.cova(cova::Config::new(credential).base_url(url).rate_limit(MANY, ms(1))),
        other => panic!("{other} is new here"),
    }
}

pub fn client(vendor: Vendor, server: &Server) -> Client {
    builder(vendor, &server.url(), TOKEN).build().unwrap()
}

/// The same that tries once only.
pub fn single(vendor: Vendor, server: &Server) -> Client {
    builder(vendor, &server.url(), TOKEN).retry(once()).build().unwrap()
}

/// The `Authorization` value in the form each vendor takes.
pub fn authorization(vendor: Vendor, token: &str) -> String {
    match vendor {
        Vendor::OnlyOffice => token.to_owned(),
        _ => format!("Bearer {token}"),
    }
}

/// A connection attempt that is known to go nowhere: the client's errors come from this machine.
pub fn unreachable(port: u16) -> String {
    format!("http://127.0.0.1:{port}")
}
