//! Before real accesses end: is everything there, and does a person want it?

use std::collections::BTreeMap;
use std::io::{self, BufRead, IsTerminal, Write};

use deprovision::{Client, Revocation, Revoke, Vendor};

use crate::text;

/// How many entries are listed before asking.
const SHOWN: usize = 50;

/// A client for the vendors of the plan; an error if one of them is not configured.
pub fn client(plan: &[Revocation]) -> Result<Client, String> {
    let client = Client::from_env().map_err(|error| error.to_string())?;
    for (vendor, (_, one)) in by_vendor(plan) {
        client.preview(one).map_err(|error| format!("the plan has entries for {vendor}: {error}"))?;
    }
    // This endpoint acts on the token's owner, so one token cannot stand for two people.
    let mut accounts: Vec<String> = plan.iter().filter_map(|it| text::member(it, "account")).collect();
    accounts.sort();
    accounts.dedup();
    if accounts.len() > 1 {
        return Err(format!(
            "projectmanager: the plan names several accounts ({}), and PROJECTMANAGER_TOKEN belongs to one; \
             make a plan for each",
            accounts.join(", ")
        ));
    }
    Ok(client)
}

/// Says on standard error what is about to be done.
pub fn announce(client: &Client, plan: &[Revocation]) {
    eprintln!("About to end {} at the real vendors:", text::accesses(plan.len()));
    for (vendor, (entries, one)) in by_vendor(plan) {
        let host = client.preview(one).map(|preview| origin(&preview.url)).unwrap_or_default();
        eprintln!("  {:<15} {:<10} {host}", vendor.as_str(), text::entries(entries));
    }
    for revocation in plan.iter().take(SHOWN) {
        eprintln!("  - {}", text::one_line(revocation));
    }
    if plan.len() > SHOWN {
        eprintln!("  - and {} more", plan.len() - SHOWN);
    }
    if plan.iter().any(|it| it.vendor() == Vendor::ProjectManager) {
        eprintln!("ProjectManager acts on the owner of PROJECTMANAGER_TOKEN, whatever account an entry names.");
    }
}

/// Whether the person at the terminal says yes; an error if there is none to ask.
pub fn is_wanted() -> Result<bool, String> {
    if !io::stdin().is_terminal() {
        return Err("there is no terminal to ask at; give --yes to go ahead without".to_owned());
    }
    eprint!("Type `yes` to go ahead: ");
    let mut answer = String::new();
    let read = io::stderr().flush().and_then(|()| io::stdin().lock().read_line(&mut answer));
    read.map_err(|error| format!("no answer could be read: {error}"))?;
    Ok(answer.trim() == "yes")
}

/// How many entries each vendor has, and the first of them.
fn by_vendor(plan: &[Revocation]) -> BTreeMap<Vendor, (usize, &Revocation)> {
    let mut vendors = BTreeMap::new();
    for revocation in plan {
        vendors.entry(revocation.vendor()).or_insert((0, revocation)).0 += 1;
    }
    vendors
}

/// Scheme, host and port of a URL.
fn origin(url: &str) -> String {
    url.split('/').take(3).collect::<Vec<_>>().join("/")
}
