//! The five requests as entries of a plan.

use serde_json::{Value, json};
use uuid::Uuid;

use super::{refuses_json, round_trips};
use crate::vendor::{Action, Response, Revocation, Vendor, cor, cova, onlyoffice, persona, projectmanager};

const PROVIDER: &str = "6f0c1d52-7a3e-4d0b-9a55-0c8d8a3a1b11";

/// Each request and the entry that it is in a plan.
fn plan() -> Vec<(Revocation, String)> {
    let provider = projectmanager::DisconnectProvider::new(PROVIDER.parse().unwrap());
    let detach = cor::DetachWorkspaces::new("OKTA-USER-12345", ["OKTA-WS-1"], cor::Source::OKTA).unwrap();
    vec![
        (
            provider.clone().account("jane@acme.example").into(),
            format!(
                r#"{{"action":"projectmanager.disconnect_provider","provider_id":"{PROVIDER}","account":"jane@acme.example"}}"#
            ),
        ),
        (
            provider.into(),
            format!(r#"{{"action":"projectmanager.disconnect_provider","provider_id":"{PROVIDER}"}}"#),
        ),
        (
            detach.into(),
            r#"{"action":"cor.detach_workspaces","user_id":"OKTA-USER-12345","workspaces":["OKTA-WS-1"],"source":"OKTA"}"#
                .to_owned(),
        ),
        (
            onlyoffice::UnlinkProject::new(1, 2).unwrap().into(),
            r#"{"action":"onlyoffice.unlink_project","contact_id":1,"project_id":2}"#.to_owned(),
        ),
        (
            persona::DeactivateConnection::new("cxn_ABC123").unwrap().into(),
            r#"{"action":"persona.deactivate_connection","connection_id":"cxn_ABC123"}"#.to_owned(),
        ),
        (
            cova::DisableUser::new(1).unwrap().into(),
            r#"{"action":"cova.disable_user","user_id":1}"#.to_owned(),
        ),
    ]
}

#[test]
fn each_request_is_an_entry_tagged_by_its_action() {
    for (revocation, entry) in plan() {
        round_trips(&revocation, &entry);
    }
}

#[test]
fn the_action_may_stand_anywhere_in_an_entry() {
    for (revocation, entry) in plan() {
        // A JSON value sorts its members, which moves the action behind `account`.
        let sorted: Value = serde_json::from_str(&entry).unwrap();
        assert_eq!(serde_json::from_value::<Revocation>(sorted).unwrap(), revocation);
        let members = entry.strip_prefix('{').unwrap().strip_suffix('}').unwrap();
        let (action, others) = members.split_once(',').unwrap();
        assert_eq!(serde_json::from_str::<Revocation>(&format!("{{{others},{action}}}")).unwrap(), revocation);
    }
}

#[test]
fn an_entry_that_is_wrong_is_refused_and_the_member_named() {
    refuses_json::<Revocation>(&[
        // The tag.
        (r#"{"user_id":1}"#, "action: is missing"),
        (r#"{}"#, "action: is missing"),
        (r#"{"action":1,"user_id":1}"#, "action: must be text"),
        (r#"{"action":null}"#, "action: must be text"),
        (r#"{"action":"cova.delete_user","user_id":1}"#, "action: `cova.delete_user` is unknown"),
        (r#"{"action":"cova.delete_user","user_id":1}"#, "cova.disable_user"),
        (r#"{"action":"Cova.disable_user","user_id":1}"#, "`Cova.disable_user` is unknown"),
        (r#"{"action":"a\nb"}"#, r"`a\nb` is unknown"),
        (r#"{"action":"cova.disable_user","user_id":1,"action":"cova.disable_user"}"#, "`action` is named twice"),
        // The members.
        (r#"{"action":"cova.disable_user"}"#, "user_id"),
        (r#"{"action":"cova.disable_user","user_id":0}"#, "user_id: 0 is not an id"),
        (r#"{"action":"cova.disable_user","user_id":2147483648}"#, "user_id: 2147483648 is not an id"),
        (r#"{"action":"cova.disable_user","user_id":4294967296}"#, "user_id"),
        (r#"{"action":"cova.disable_user","user_id":-1}"#, "user_id"),
        (r#"{"action":"cova.disable_user","user_id":1.5}"#, "user_id"),
        (r#"{"action":"cova.disable_user","user_id":"1"}"#, "user_id"),
        (r#"{"action":"cova.disable_user","user_id":null}"#, "user_id"),
        (r#"{"action":"cova.disable_user","user_id":1,"user_id":2}"#, "`user_id` is named twice"),
        (r#"{"action":"cova.disable_user","user_id":1,"dry_run":true}"#, "dry_run"),
        (r#"{"action":"onlyoffice.unlink_project","contact_id":1}"#, "project_id"),
        (r#"{"action":"onlyoffice.unlink_project","contact_id":1,"project_id":[]}"#, "project_id"),
        (r#"{"action":"onlyoffice.unlink_project","contact_id":0,"project_id":2}"#, "contact_id: 0"),
        (r#"{"action":"persona.deactivate_connection","connection_id":".."}"#, "connection_id: "),
        (r#"{"action":"persona.deactivate_connection","connection_id":7}"#, "connection_id"),
        (r#"{"action":"persona.deactivate_connection","user_id":1}"#, "user_id"),
        (r#"{"action":"projectmanager.disconnect_provider","provider_id":"seven"}"#, "provider_id"),
        (r#"{"action":"cor.detach_workspaces","user_id":"u","workspaces":[],"source":"OKTA"}"#, "workspaces: "),
        (r#"{"action":"cor.detach_workspaces","user_id":"u","workspaces":["a",7],"source":"OKTA"}"#, "workspaces[1]"),
        (r#"{"action":"cor.detach_workspaces","user_id":"u","workspaces":["a"," "],"source":"OKTA"}"#, "workspaces[1]"),
        (r#"{"action":"cor.detach_workspaces","user_id":"u","workspaces":["a"],"source":""}"#, "source: "),
        // No object at all.
        ("[]", "an object with an `action`"),
        (r#"["cova.disable_user",1]"#, "an object with an `action`"),
        (r#""cova.disable_user""#, "an object with an `action`"),
        ("null", "an object with an `action`"),
    ]);
}

#[test]
fn an_error_of_an_entry_begins_with_its_action() {
    let entry = r#"{"action":"cova.disable_user","user_id":"1"}"#;
    let error = serde_json::from_str::<Revocation>(entry).unwrap_err().to_string();
    assert!(error.starts_with("cova.disable_user: user_id: "), "{error}");
}

#[test]
fn the_schema_of_a_plan_has_the_five_actions() {
    let schema = schemars::schema_for!(Revocation).to_value();
    let entries = schema["oneOf"].as_array().unwrap();
    let actions: Vec<_> =
        entries.iter().map(|entry| entry["properties"]["action"]["const"].as_str().unwrap()).collect();
    assert_eq!(actions, Action::ALL.iter().map(|action| action.as_str()).collect::<Vec<_>>());
}

#[test]
fn vendors_and_actions_are_their_names_in_text_and_serde() {
    let names = ["projectmanager", "cor", "onlyoffice", "persona", "cova"];
    assert_eq!(Vendor::ALL.iter().map(|vendor| vendor.as_str()).collect::<Vec<_>>(), names);
    for vendor in Vendor::ALL {
        round_trips(vendor, &format!("\"{vendor}\""));
    }
    let names = [
        "projectmanager.disconnect_provider",
        "cor.detach_workspaces",
        "onlyoffice.unlink_project",
        "persona.deactivate_connection",
        "cova.disable_user",
    ];
    assert_eq!(Action::ALL.iter().map(|action| action.as_str()).collect::<Vec<_>>(), names);
    for action in Action::ALL {
        round_trips(action, &format!("\"{action}\""));
        assert!(action.as_str().starts_with(&format!("{}.", action.vendor())));
    }
    assert!(serde_json::from_str::<Vendor>("\"Cova\"").is_err());
    assert_eq!(format!("{:>6}|{:<6}|", Vendor::Cova, Vendor::Cor), "  cova|cor   |");
}

#[test]
fn a_response_is_tagged_by_its_vendor() {
    for (json, vendor) in [
        (json!({"vendor": "projectmanager", "success": true}), "projectmanager"),
        (json!({"vendor": "cor", "workspaces": []}), "cor"),
        (json!({"vendor": "onlyoffice", "status": 0}), "onlyoffice"),
        (json!({"vendor": "persona", "data": {"id": "cxn_ABC123"}}), "persona"),
        (json!({"vendor": "cova", "Id": 1, "IsActive": false}), "cova"),
    ] {
        let response: Response = serde_json::from_value(json.clone()).unwrap();
        let written = serde_json::to_value(&response).unwrap();
        assert_eq!(written["vendor"], vendor);
        assert_eq!(serde_json::from_value::<Response>(written).unwrap(), response);
    }
}

#[test]
fn a_provider_is_read_in_any_spelling_of_a_uuid() {
    let id: Uuid = PROVIDER.parse().unwrap();
    let entry = json!({"action": "projectmanager.disconnect_provider", "provider_id": id.simple().to_string()});
    let revocation: Revocation = serde_json::from_value(entry).unwrap();
    assert_eq!(revocation, projectmanager::DisconnectProvider::new(id).into());
}
