//! The sandbox in a rehearsal: it gets what the plan is to end.

use std::collections::HashSet;
use std::time::Duration;

use deprovision::Revocation;
use deprovision::sandbox::{Fault, Sandbox};

use crate::text;

/// Lets each vendor take a while to answer, as real ones do.
pub fn slow_down(sandbox: &Sandbox, latency: Duration) {
    if !latency.is_zero() {
        sandbox.on_request(move |_| Some(Fault::slow(latency)));
    }
}

/// Gives the sandbox the accesses of a plan. Subjects that it has from the start stay as they are.
#[derive(Default)]
pub struct Seeds {
    cor_users: HashSet<(String, String)>,
}

impl Seeds {
    pub fn sow(&mut self, sandbox: &Sandbox, revocation: &Revocation) {
        match revocation {
            Revocation::ProjectManager(request) => match text::member(revocation, "account") {
                Some(account) if account != "jane@acme.example" && account != "john@acme.example" => {
                    let connections = sandbox.projectmanager();
                    connections.add_account(&account, &format!("sandbox-token-of-{account}"));
                    connections.connect(&account, request.provider_id());
                }
                _ => {}
            },
            Revocation::Cor(request) => {
                let (source, user) = (request.source().as_str(), request.user_id());
                let is_new = sandbox.cor().workspaces(source, user).is_empty();
                let key = (source.to_owned(), user.to_owned());
                if is_new || self.cor_users.contains(&key) {
                    request.workspaces().iter().for_each(|workspace| sandbox.cor().attach(source, user, workspace));
                    self.cor_users.insert(key);
                }
            }
            Revocation::OnlyOffice(request) if !matches!(request.contact_id(), 1 | 1234) => {
                sandbox.onlyoffice().link(request.contact_id(), request.project_id());
            }
            Revocation::Persona(request) if sandbox.persona().status(request.connection_id()).is_none() => {
                sandbox.persona().add_connection(request.connection_id());
            }
            Revocation::Cova(request) if !(8545..=8548).contains(&request.user_id()) => {
                sandbox.cova().add_user(request.user_id());
            }
            _ => {}
        }
    }
}
