//! Before real accesses end: is everything there, and does a person want it?

use std::io::{self, BufRead, IsTerminal, Write};

use deprovision::{Client, Vendor};

use crate::plan::Survey;
use crate::text;

/// A client for the vendors of the plan; an error if one of them is not configured.
pub fn client(survey: &Survey) -> Result<Client, String> {
    let client = Client::from_env().map_err(|error| error.to_string())?;
    for (vendor, (_, one)) in &survey.vendors {
        client.preview(one).map_err(|error| format!("the plan has entries for {vendor}: {error}"))?;
    }
    // This endpoint acts on the token's owner, so one token cannot stand for two people.
    if survey.accounts.len() > 1 {
        let accounts: Vec<&str> = survey.accounts.iter().map(String::as_str).collect();
        return Err(format!(
            "projectmanager: the plan names several accounts ({}), and PROJECTMANAGER_TOKEN belongs to one; \
             make a plan for each",
            accounts.join(", ")
        ));
    }
    Ok(client)
}

/// Says on standard error what is about to be done.
pub fn announce(client: &Client, survey: &Survey) {
    eprintln!("About to end {} at the real vendors:", text::accesses(survey.entries - survey.unreadable));
    for (vendor, (entries, one)) in &survey.vendors {
        let host = client.preview(one).map(|preview| origin(&preview.url)).unwrap_or_default();
        eprintln!("  {:<15} {:<10} {host}", vendor.as_str(), text::entries(*entries));
    }
    for revocation in &survey.first {
        eprintln!("  - {}", text::one_line(revocation));
    }
    let more = survey.entries - survey.unreadable - survey.first.len();
    if more > 0 {
        eprintln!("  - and {more} more");
    }
    if survey.vendors.contains_key(&Vendor::ProjectManager) {
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

/// Scheme, host and port of a URL.
fn origin(url: &str) -> String {
    url.split('/').take(3).collect::<Vec<_>>().join("/")
}
