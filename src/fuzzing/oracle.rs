//! What each vendor's answers cannot mean, written down a second time and in another way than the vendors' rooms do it.

use bytes::Bytes;
use uuid::Uuid;

use super::answers::Vocabulary;
use super::json::{self, Node};
use crate::reading::Doubt;
use crate::transport::{Answer, Body};
use crate::vendor::{Endpoint, cor, cova, onlyoffice, persona, projectmanager};

/// Why an answer cannot mean that the access is gone.
pub(super) type Refuted = Option<&'static str>;

/// A vendor's request, and what refutes that its access is gone.
pub(super) trait Judged: Endpoint {
    const VOCABULARY: &'static Vocabulary;

    /// The request that answers are about.
    fn sample() -> Self;

    /// What an answer with this status and whole body shows. `None` does not mean that the access is gone: only that
    /// nothing here speaks against it.
    fn refuted(&self, status: u16, body: &[u8], doubt: Doubt) -> Refuted;

    /// Whether a 200 of this body may be read as a statement that nothing changed.
    fn may_be_unchanged(&self, body: &[u8]) -> bool;

    /// The ids that a finding may list as not revoked.
    fn asked(&self) -> Vec<String> {
        Vec::new()
    }
}

/// What refutes a reading of *gone*, for any vendor.
pub(super) fn refuted<E: Judged>(request: &E, answer: &Answer, doubt: Doubt) -> Refuted {
    match (&answer.body, answer.status) {
        // A status that says that there is no body needs none.
        (_, 204) => request.refuted(204, b"", doubt),
        (Body::Whole(bytes), 200 | 400..=499) => request.refuted(answer.status, &without_blanks(bytes), doubt),
        (_, 200 | 400..=499) => Some("the body did not come whole"),
        _ => Some("no status of a success"),
    }
}

fn without_blanks(bytes: &Bytes) -> Vec<u8> {
    bytes.trim_ascii().to_vec()
}

fn any_twice(object: &Node, names: &[&str]) -> bool {
    names.iter().any(|name| object.is_named_twice(name))
}

impl Judged for projectmanager::DisconnectProvider {
    const VOCABULARY: &'static Vocabulary = &Vocabulary {
        bodies: &[
            r#"{"error":null,"success":true,"hasError":false,"statusCode":"OK"}"#,
            r#"{"success":true,"hasError":false,"statusCode":200}"#,
            r#"{"error":{"technicalError":"t","additionalErrors":["a"],"validationErrors":{"id":["v","w"]},"message":"m"},"success":false,"hasError":true,"statusCode":"NotFound"}"#,
            r#"{"error":{"message":"m","validationErrors":{"name":["v"]}}}"#,
            r#"{"success":false,"message":"m"}"#,
            r#"{"message":"m"}"#,
            "",
        ],
        names: &["success", "hasError", "statusCode", "error", "message", "Success", "has_error", "validationErrors"],
        values: &[
            r#""OK""#,
            r#""NotFound""#,
            r#""TooManyRequests""#,
            r#""internalservererror""#,
            "404",
            "503",
            r#""409""#,
            "399.5",
            "400.5",
            r#"{"message":"m"}"#,
            r#"{"code":"x"}"#,
        ],
        turns: &[
            ("success", "true"),
            ("success", "false"),
            ("success", "null"),
            ("success", r#""False""#),
            ("hasError", "true"),
            ("hasError", "false"),
            ("hasError", "null"),
            ("hasError", "1"),
            ("error", r#"{"message":"m"}"#),
            ("error", r#""no""#),
            ("error", "{}"),
            ("statusCode", r#""NotFound""#),
            ("statusCode", "404"),
            ("statusCode", "null"),
        ],
    };

    fn sample() -> Self {
        Self::new(Uuid::from_u128(0x6f0c_1d52_7a3e_4d0b_9a55_0c8d_8a3a_1b11)).account("jane@acme.example")
    }

    fn refuted(&self, status: u16, body: &[u8], doubt: Doubt) -> Refuted {
        if status == 204 || status == 200 && body.is_empty() {
            return None;
        }
        if status == 404 && !doubt.open || !matches!(status, 200 | 404) {
            return Some("a refusal");
        }
        let Some(json) = json::parse(body).filter(Node::is_object) else { return Some("not JSON of the vendor") };
        if any_twice(&json, &["success", "hasError", "statusCode", "error"]) {
            return Some("a member is named twice");
        }
        let says = |name, flag| json.only(name).is_some_and(|node| node.says(flag));
        if status == 404 {
            let own = ["success", "hasError"].iter().any(|name| json.only(name).is_some());
            return match json.only("error").is_some_and(Node::is_object) || own {
                _ if says("success", true) || says("hasError", false) => Some("a 404 that reports success"),
                true => None,
                false => Some("not the vendor's envelope"),
            };
        }
        let named = json.only("statusCode");
        match () {
            () if says("success", false) || says("hasError", true) => Some("a flag against it"),
            () if json.only("error").is_some_and(Node::is_filled) => Some("an error"),
            () if named.and_then(Node::number).is_some_and(|code| code >= 400.0) => Some("the code of a refusal"),
            () if named.and_then(Node::text).is_some_and(|word| REFUSALS.contains(&word)) => Some("a refusal's name"),
            () if !says("success", true) && !says("hasError", false) => Some("nothing for it"),
            () => None,
        }
    }

    fn may_be_unchanged(&self, body: &[u8]) -> bool {
        json::parse(body).is_some_and(|json| {
            json.all("success")
                .chain(json.all("hasError"))
                .chain(json.all("error"))
                .chain(json.all("statusCode"))
                .count()
                > 0
        })
    }
}

const REFUSALS: &[&str] =
    &["BadRequest", "Unauthorized", "Forbidden", "NotFound", "Conflict", "TooManyRequests", "InternalServerError"];

impl Judged for cor::DetachWorkspaces {
    const VOCABULARY: &'static Vocabulary = &Vocabulary {
        bodies: &[
            r#"{"id":1,"name":"n","email":"e","workspaces":[]}"#,
            r#"{"id":1,"workspaces":[{"id":7,"name":"w","active":true,"metadata":{},"json_integrations":{"source":"OKTA","origin_external_id":"OKTA-WS-9","status":"NOT_SEND"},"pivot":{"workspace_id":7,"user_id":1,"percentage":"50.00"}}]}"#,
            r#"{"workspaces":[{"json_integrations":[{"source":"OKTA","origin_external_id":"OKTA-WS-1"},{"source":"JIRA","origin_external_id":"OKTA-WS-2"}]},{"json_integrations":null}]}"#,
            r#"{"workspaces":[{"json_integrations":"{\"origin_external_id\":\"OKTA-WS-2\"}"}],"errors":[]}"#,
            r#"{"workspaces":[],"errors":[{"workspace":"OKTA-WS-2","code":"ZC001","message":"OKTA-WS-2 is not associated"}]}"#,
            r#"{"status":400,"name":"ValidationError","code":"ZC001","message":"Entity is not associated"}"#,
            r#"[{"field":"workspaces","validation":"required","message":"m"},{"code":"ZC001","message":"n"}]"#,
            r#"{"error":{"code":"NotAttachedError","message":"m"}}"#,
        ],
        names: &[
            "workspaces",
            "errors",
            "error",
            "json_integrations",
            "origin_external_id",
            "source",
            "code",
            "name",
            "message",
            "field",
        ],
        values: &[
            r#""OKTA-WS-1""#,
            r#""OKTA-WS-2""#,
            r#""OKTA""#,
            r#""okta""#,
            r#""JIRA""#,
            "4711",
            "4711.0",
            r#""ZC001""#,
            r#""NotAttachedError""#,
            r#"{"origin_external_id":"OKTA-WS-1"}"#,
            r#"{"source":"OKTA","origin_external_id":4711}"#,
            r#""{\"origin_external_id\":\"OKTA-WS-1\"}""#,
            r#""[{\"origin_external_id\":\"OKTA-WS-1\",\"origin_external_id\":\"OKTA-WS-9\"}]""#,
        ],
        turns: &[
            ("workspaces", "[]"),
            ("workspaces", "null"),
            ("workspaces", r#"["OKTA-WS-1"]"#),
            ("workspaces", r#"[{"json_integrations":null}]"#),
            ("errors", r#"[{"code":"ZC001"}]"#),
            ("errors", r#""no""#),
            ("errors", "[]"),
            ("json_integrations", r#"{"origin_external_id":"OKTA-WS-1"}"#),
            ("json_integrations", r#"{"a":[{"origin_external_id":"OKTA-WS-2","source":"Okta"}]}"#),
            ("json_integrations", r#""[{\"origin_external_id\":\"OKTA-WS-1\",\"origin_external_id\":\"OKTA-WS-9\"}]""#),
            ("json_integrations", r#""{\"source\":null,\"origin_external_id\":\"OKTA-WS-1\",\"n\":1e999}""#),
            ("origin_external_id", r#""OKTA-WS-1""#),
            ("origin_external_id", r#""OKTA-WS-9""#),
            ("origin_external_id", "4711"),
            ("source", r#""JIRA""#),
            ("source", "null"),
            ("code", r#""ZC001""#),
            ("code", r#""E1""#),
        ],
    };

    fn sample() -> Self {
        Self::new("OKTA-USER-12345", ["OKTA-WS-1", "OKTA-WS-2", "4711"], cor::Source::OKTA).unwrap()
    }

    fn refuted(&self, status: u16, body: &[u8], doubt: Doubt) -> Refuted {
        let Some(json) = json::parse(body) else { return Some("no JSON") };
        if status != 200 {
            // What one workspace of several is refused for says nothing of the others.
            return match doubt.open && self.workspaces().len() == 1 && status != 204 {
                true if names_a_code(&json) => None,
                _ => Some("a refusal"),
            };
        }
        if any_twice(&json, &["workspaces", "errors"]) {
            return Some("a member is named twice");
        }
        let Some(left) = json.only("workspaces").filter(|node| node.is_list()) else {
            return Some("no list of workspaces");
        };
        let mut ids = Vec::new();
        for workspace in left.items() {
            ids.extend(workspace.text().map(str::to_owned));
            workspace.all("json_integrations").for_each(|ties| external_ids(ties, self.source().as_str(), &mut ids));
        }
        if ids.iter().any(|id| self.workspaces().contains(id)) {
            return Some("a workspace is still attached");
        }
        match json.only("errors") {
            Some(errors) if errors.is_filled() && !errors.says(false) => Some("errors beside it"),
            _ => None,
        }
    }

    fn may_be_unchanged(&self, body: &[u8]) -> bool {
        let text = String::from_utf8_lossy(body).into_owned();
        text.contains("workspaces")
    }

    fn asked(&self) -> Vec<String> {
        self.workspaces().to_vec()
    }
}

fn names_a_code(json: &Node) -> bool {
    let mut found = false;
    json.walk(&mut |node| found |= matches!(node.text(), Some("ZC001" | "NotAttachedError")));
    found
}

/// The external ids in `ties` that may be of this source, however they are written.
fn external_ids(ties: &Node, source: &str, ids: &mut Vec<String>) {
    if let Some(inner) =
        ties.text().and_then(|text| json::parse(text.as_bytes())).filter(|it| it.is_object() || it.is_list())
    {
        external_ids(&inner, source, ids);
    }
    ties.items().iter().for_each(|item| external_ids(item, source, ids));
    for (name, node) in ties.members() {
        if name == "origin_external_id"
            && ties
                .only("source")
                .and_then(Node::text)
                .is_none_or(|of| of.trim().is_empty() || of.eq_ignore_ascii_case(source))
        {
            ids.extend(node.text().map(str::to_owned));
            // Numbers are compared as numbers: 4711.0 is the workspace 4711.
            ids.extend(node.number().filter(|_| node.text().is_none()).map(|number| number.to_string()));
        }
        if node.is_object() || node.is_list() {
            external_ids(node, source, ids);
        }
    }
}

impl Judged for onlyoffice::UnlinkProject {
    const VOCABULARY: &'static Vocabulary = &Vocabulary {
        bodies: &[
            r#"{"count":1,"status":0,"statusCode":200,"response":{"id":1234,"displayName":"n","currency":null,"shareType":0}}"#,
            r#"{"Count":1,"Status":0,"StatusCode":200,"Response":{"Id":1234,"DisplayName":"n"}}"#,
            r#"{"status":1,"statusCode":404,"error":{"message":"Not found","hresult":-2146233088,"data":{}}}"#,
            r#"{"status":0,"response":{"id":1234}}"#,
            "<result><status>0</status><statusCode>200</statusCode><response><id>1234</id></response></result>",
            "<Result><Status>1</Status><StatusCode>404</StatusCode><Error><Message>no</Message></Error></Result>",
            "<!DOCTYPE html><html><head><title>502</title></head></html>",
        ],
        names: &[
            "status",
            "Status",
            "statusCode",
            "StatusCode",
            "response",
            "Response",
            "id",
            "Id",
            "error",
            "message",
        ],
        values: &[
            "1234",
            "1235",
            r#""1234""#,
            "200",
            "404",
            r#""503""#,
            r#"{"id":1235}"#,
            r#"{"message":"m"}"#,
            "-0.0",
        ],
        turns: &[
            ("status", "0"),
            ("status", "1"),
            ("Status", "1"),
            ("status", r#""0""#),
            ("statusCode", "404"),
            ("statusCode", "503"),
            ("StatusCode", "200"),
            ("response", "null"),
            ("response", "[]"),
            ("Response", r#"{"id":1235}"#),
            ("id", "1235"),
            ("Id", "1234"),
            ("id", r#""1234""#),
        ],
    };

    fn sample() -> Self {
        Self::new(1234, 5678).unwrap()
    }

    fn refuted(&self, status: u16, body: &[u8], _doubt: Doubt) -> Refuted {
        if status != 200 {
            return Some("no success of this vendor");
        }
        if body.starts_with(b"<") {
            return refuted_by_xml(&String::from_utf8_lossy(body).to_lowercase());
        }
        let Some(json) = json::parse(body).filter(Node::is_object) else { return Some("not JSON of the vendor") };
        let either = |object: &Node, names: [&'static str; 2]| -> Vec<Node> {
            names.iter().flat_map(|name| object.all(name).cloned().collect::<Vec<_>>()).collect()
        };
        let states = either(&json, ["status", "Status"]);
        let codes = either(&json, ["statusCode", "StatusCode"]);
        let contacts = either(&json, ["response", "Response"]);
        if states.len() != 1 || codes.len() > 1 || contacts.len() > 1 {
            return Some("no status, or something is named twice");
        }
        if states[0].number() != Some(0.0) {
            return Some("a status other than 0");
        }
        if codes.first().and_then(Node::number).is_some_and(|code| code >= 400.0) {
            return Some("the code of a refusal");
        }
        let contact = contacts.first().filter(|contact| !contact.is_null())?;
        if !contact.is_object() {
            return Some("no contact");
        }
        let ids = either(contact, ["id", "Id"]);
        let other = |id: &Node| !id.is_null() && id.number() != Some(1234.0);
        (ids.len() > 1 || ids.first().is_some_and(other)).then_some("another contact")
    }

    fn may_be_unchanged(&self, body: &[u8]) -> bool {
        body.starts_with(b"<") || json::parse(body).is_some_and(|json| json.is_object())
    }
}

/// What a page in XML shows, read as text. What hides text from such reading is not looked into.
fn refuted_by_xml(page: &str) -> Refuted {
    if page.contains("<!doctype") {
        return Some("a document type");
    }
    if !page.contains("<result") && !page.contains(":result") {
        return Some("another document");
    }
    if ["<!--", "<!", "&", "<?"].iter().any(|hidden| page.contains(hidden)) {
        return None;
    }
    let mut states = page.split("<status>").skip(1).filter_map(|rest| rest.split('<').next());
    match (states.next(), states.next()) {
        (Some(state), None) if state.trim().parse() != Ok(0.0) => Some("a status other than 0"),
        _ => None,
    }
}

impl Judged for persona::DeactivateConnection {
    const VOCABULARY: &'static Vocabulary = &Vocabulary {
        bodies: &[
            r#"{"data":{"type":"connect/connection","id":"cxn_ABC123","attributes":{"status":"inactive","created-at":"2026-01-15T12:00:00Z"},"relationships":{"creator":{"data":{"id":"u","type":"user"}}}}}"#,
            r#"{"data":{"id":"cxn_ABC123","attributes":{"status":"active"}}}"#,
            r#"{"data":{}}"#,
            r#"{"errors":[{"title":"Conflict","details":"already inactive","source":{"pointer":"/data"},"meta":{}}]}"#,
        ],
        names: &["data", "errors", "id", "attributes", "status", "Status", "title", "details", "source", "pointer"],
        values: &[
            r#""inactive""#,
            r#""active""#,
            r#""pending""#,
            r#""Inactive""#,
            r#"" inactive""#,
            r#""cxn_ABC123""#,
            r#""cxn_abc123""#,
            r#"{"status":"inactive"}"#,
            r#"{"status":"active","status":"inactive"}"#,
            r#"{"attributes":{"status":"inactive"}}"#,
        ],
        turns: &[
            ("status", r#""inactive""#),
            ("status", r#""active""#),
            ("status", r#""pending""#),
            ("status", r#""Inactive""#),
            ("status", "null"),
            ("status", "false"),
            ("errors", r#"[{"title":"no"}]"#),
            ("errors", "[]"),
            ("id", r#""cxn_other""#),
            ("id", r#""cxn_ABC123""#),
            ("attributes", "[]"),
            ("attributes", r#"{"status":"inactive"}"#),
            ("data", "[]"),
            ("data", r#"{"attributes":{"status":"inactive"}}"#),
        ],
    };

    fn sample() -> Self {
        Self::new("cxn_ABC123").unwrap()
    }

    fn refuted(&self, status: u16, body: &[u8], _doubt: Doubt) -> Refuted {
        if status != 200 {
            return Some("no success of this vendor");
        }
        let Some(json) = json::parse(body) else { return Some("no JSON") };
        let Some(data) = json.only("data").filter(|data| data.is_object()) else { return Some("no connection") };
        if any_twice(&json, &["errors"]) || any_twice(data, &["id", "attributes"]) {
            return Some("a member is named twice");
        }
        if json.only("errors").is_some_and(Node::is_filled) {
            return Some("errors");
        }
        if data.only("id").is_some_and(|id| id.text() != Some(self.connection_id())) {
            return Some("another connection");
        }
        let attributes = data.only("attributes")?;
        if !attributes.is_object() || any_twice(attributes, &["status"]) {
            return Some("attributes of something else");
        }
        attributes.only("status").is_some_and(|status| status.text() != Some("inactive")).then_some("not inactive")
    }

    /// What a success leaves open is looked up.
    fn may_be_unchanged(&self, _body: &[u8]) -> bool {
        false
    }
}

impl Judged for cova::DisableUser {
    const VOCABULARY: &'static Vocabulary = &Vocabulary {
        bodies: &[
            r#"{"Id":8545,"UserName":"n","IsActive":false,"CorrelationId":null,"Picture":{},"Profiles":{},"Attributes":{"a":1}}"#,
            r#"{"Id":8545,"UserName":"n"}"#,
            r#"{"Id":8545,"IsActive":true}"#,
            r#"{"Message":"User not found","Description":"d","Details":["e"]}"#,
            r#"{"Message":"No HTTP resource was found that matches the request URI 'https://x.example/v1/users(1)'"}"#,
            "invalid token",
            "",
        ],
        names: &["Id", "UserName", "IsActive", "isActive", "ISACTIVE", "id", "Message", "Description", "Details"],
        values: &["8545", "8546", r#""8545""#, "8545.0", r#""seven""#, r#""User not found""#, r#""a user / a path""#],
        turns: &[
            ("IsActive", "true"),
            ("IsActive", "false"),
            ("IsActive", "null"),
            ("IsActive", r#""True""#),
            ("IsActive", r#""yes""#),
            ("isActive", "true"),
            ("Id", "8546"),
            ("Id", "null"),
            ("UserName", "null"),
            ("Message", r#""User not found""#),
            ("Message", r#""no route /users""#),
        ],
    };

    fn sample() -> Self {
        Self::new(8545).unwrap()
    }

    fn refuted(&self, status: u16, body: &[u8], doubt: Doubt) -> Refuted {
        if status == 204 || status == 200 && body.is_empty() {
            return None;
        }
        if status == 404 && !doubt.open || !matches!(status, 200 | 404) {
            return Some("a refusal");
        }
        let Some(json) = json::parse(body).filter(Node::is_object) else { return Some("not JSON of the vendor") };
        if status == 404 {
            let said = json.only("Message").and_then(Node::text).unwrap_or_default().to_lowercase();
            let more = json.only("Description").and_then(Node::text).unwrap_or_default().to_lowercase();
            return match said.contains("user") || !said.is_empty() && more.contains("user") {
                true if !said.contains('/') => None,
                _ => Some("not about the user"),
            };
        }
        if any_twice(&json, &["Id", "UserName", "IsActive"]) {
            return Some("a member is named twice");
        }
        if ["Id", "UserName", "IsActive"].iter().all(|name| json.only(name).is_none()) {
            return Some("no user");
        }
        let active = ["IsActive", "isActive"]
            .iter()
            .flat_map(|name| json.all(name))
            .any(|node| !node.is_null() && !node.says(false));
        if active {
            return Some("the user is active");
        }
        json.only("Id").and_then(Node::number).is_some_and(|id| id != 8545.0).then_some("another user")
    }

    fn may_be_unchanged(&self, body: &[u8]) -> bool {
        json::parse(body).is_some_and(|json| json.all("IsActive").any(|node| node.says(true)))
    }
}
