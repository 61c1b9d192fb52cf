//! placeholder
use deprovision::{
    RetryPolicy, Revocation, Vendor, cor, cova, onlyoffice, persona, projectmanager, sandbox::Fault, sandbox::Sandbox,
};
#[tokio::main]
async fn main() {
    let sandbox = Sandbox::start().await.unwrap();
    let client = sandbox.client_builder().build().unwrap();
    sandbox.inject(Vendor::Cova, Fault::lose_response());
    let plan: Vec<Revocation> = vec![
        cova::DisableUser::new(8545).unwrap().into(),
        cova::DisableUser::new(8544).unwrap().into(),
        persona::DeactivateConnection::new("cxn_active").unwrap().into(),
        persona::DeactivateConnection::new("cxn_inactive").unwrap().into(),
        projectmanager::DisconnectProvider::new(deprovision::sandbox::PROVIDER).account("john@acme.example").into(),
        onlyoffice::UnlinkProject::new(1, 2).unwrap().into(),
        cor::DetachWorkspaces::new("OKTA-USER-12345", ["Workspaces-example-5"], cor::Source::OKTA).unwrap().into(),
    ];
    for r in &plan {
        match client.revoke(r).await {
            Ok(r) => println!("{r}\n{}", serde_json::to_string(&r).unwrap()),
            Err(e) => println!("{e}"),
        }
    }
    let _ = RetryPolicy::none();
}
