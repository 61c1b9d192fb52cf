//! The JSON Schemas: the files are current, and real values fit them.

#![allow(clippy::unwrap_used, reason = "a test may panic, and so may what it calls")]

use std::fs;
use std::path::Path;

use boon::{Compiler, SchemaIndex, Schemas};
use deprovision::journal::Journal;
use deprovision::sandbox::{Fault, Sandbox};
use deprovision::{RetryPolicy, Revocation, Vendor, cor, cova, onlyoffice, persona, projectmanager};
use futures_util::StreamExt;
use serde_json::{Value, json};

/// Writes the files anew when this is set, as the contributors' guide says.
const UPDATE: &str = "UPDATE_SCHEMAS";

#[test]
fn the_files_are_what_the_crate_gives() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/schema");
    for (name, schema) in deprovision::schema() {
        let file = folder.join(format!("{name}.json"));
        let text = format!("{schema:#}\n");
        if std::env::var_os(UPDATE).is_some() {
            fs::write(&file, &text).unwrap();
        }
        let there = fs::read_to_string(&file).unwrap_or_default();
        assert!(there == text, "docs/schema/{name}.json is not current; run the test once with {UPDATE}=1 set");
    }
    let files = fs::read_dir(folder).unwrap().count();
    assert_eq!(files, deprovision::schema().len(), "docs/schema has a file of no schema");
}

/// The schemas, compiled.
struct Checker {
    schemas: Schemas,
    by_name: Vec<(&'static str, SchemaIndex)>,
}

impl Checker {
    fn new() -> Self {
        let mut schemas = Schemas::new();
        let mut compiler = Compiler::new();
        let mut by_name = Vec::new();
        for (name, schema) in deprovision::schema() {
            let url = format!("https://schemas.invalid/{name}.json");
            compiler.add_resource(&url, schema).unwrap();
            by_name.push((name, compiler.compile(&url, &mut schemas).unwrap()));
        }
        Self { schemas, by_name }
    }

    fn check(&self, name: &str, value: &Value) -> Result<(), String> {
        let (_, index) = self.by_name.iter().find(|(known, _)| *known == name).unwrap();
        self.schemas.validate(value, *index).map_err(|error| format!("{value:#}\nis no {name}: {error:#}"))
    }

    fn takes(&self, name: &str, value: &impl serde::Serialize) {
        self.check(name, &serde_json::to_value(value).unwrap()).unwrap();
    }

    fn refuses(&self, name: &str, value: &Value) {
        assert!(self.check(name, value).is_err(), "{value:#} is taken for a {name}");
    }
}

fn plan() -> Vec<Revocation> {
    let missing = cova::DisableUser::new(1).unwrap();
    vec![
        projectmanager::DisconnectProvider::new(deprovision::sandbox::PROVIDER).account("jane@acme.example").into(),
        cor::DetachWorkspaces::new("OKTA-USER-12345", ["Workspaces-example-5"], cor::Source::OKTA).unwrap().into(),
        cor::DetachWorkspaces::new("nobody", ["a"], cor::Source::new("HR").unwrap()).unwrap().into(),
        onlyoffice::UnlinkProject::new(1234, 5678).unwrap().into(),
        persona::DeactivateConnection::new("cxn_active").unwrap().into(),
        persona::DeactivateConnection::new("cxn_inactive").unwrap().into(),
        cova::DisableUser::new(8545).unwrap().into(),
        missing.into(),
    ]
}

#[tokio::test]
async fn real_values_fit() {
    let checker = Checker::new();
    let sandbox = Sandbox::start().await.unwrap();
    sandbox.inject(Vendor::Cova, Fault::status(503));
    let retry =
        RetryPolicy::default().backoff(std::time::Duration::from_millis(1), std::time::Duration::from_millis(2));
    let client = sandbox.client_builder().retry(retry).build().unwrap();
    let path = std::env::temp_dir().join(format!("deprovision-schema-{}.jsonl", std::process::id()));
    let journal = Journal::open(&path, "tester", "schemas").unwrap();

    checker.takes("plan", &plan());
    let mut settled = 0;
    let mut run = client.revoke_all(plan()).journal(journal);
    while let Some(one) = run.next().await {
        settled += 1;
        checker.takes("revocation", &one.revocation.unwrap());
        match one.result {
            Ok(receipt) => {
                assert!(receipt.response.is_some());
                checker.takes("receipt", &receipt);
            }
            Err(error) => checker.takes("error_report", &error.report()),
        }
    }
    drop(run);
    assert_eq!(settled, plan().len());
    for request in plan() {
        checker.takes("preview", &client.preview(&request).unwrap());
    }
    let lines = fs::read_to_string(&path).unwrap();
    assert_eq!(lines.lines().count(), 1 + 2 * plan().len());
    for line in lines.lines() {
        checker.check("journal_record", &serde_json::from_str(line).unwrap()).unwrap();
    }
    checker.takes("report", &Journal::report(&path).unwrap());
    fs::remove_file(path).unwrap();
}

#[test]
fn wrong_values_do_not() {
    let checker = Checker::new();
    for wrong in [
        json!({"action": "cova.disable_user"}),
        json!({"action": "cova.disable_user", "user_id": 0}),
        json!({"action": "cova.disable_user", "user_id": 2_147_483_648_u32}),
        json!({"action": "cova.disable_user", "user_id": 1, "extra": 1}),
        json!({"action": "cova.enable_user", "user_id": 1}),
        json!({"user_id": 1}),
        json!({"action": "cor.detach_workspaces", "user_id": "u", "workspaces": [], "source": "OKTA"}),
        json!({"action": "cor.detach_workspaces", "user_id": "", "workspaces": ["w"], "source": "OKTA"}),
        json!({"action": "persona.deactivate_connection", "connection_id": 1}),
        json!({"action": "projectmanager.disconnect_provider", "provider_id": "not a uuid at all", "acount": "x"}),
    ] {
        checker.refuses("revocation", &wrong);
    }
}
