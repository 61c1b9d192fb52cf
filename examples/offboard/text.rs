//! Results as a person reads them: plain text, at most 79 columns wide, if no word is longer.

use deprovision::{
    Access, Error, ErrorKind, Evidence, Outcome, Preview, Receipt, Response, Revocation, Revoke, Settled,
};
use serde_json::Value;

const WIDTH: usize = 79;
const INDENT: &str = "        ";

/// One entry's result as a block of lines; `place` is such as `2 of 5`.
pub fn block(place: &str, settled: &Settled) -> String {
    let result = &settled.result;
    let verdict = match result {
        Ok(_) => "GONE",
        Err(error) if error.access() == Access::Unknown => "UNKNOWN",
        Err(_) => "OPEN",
    };
    let action = settled.revocation.as_ref().map_or("an entry that cannot be read", |it| it.action().as_str());
    let mut block = format!("{place:<7} {verdict}  {action}\n");
    let mut row = |label: &str, text: &str| wrap(&mut block, label, text);
    if let Some(revocation) = &settled.revocation {
        row("access", &subject(revocation));
    }
    match result {
        Ok(receipt) => {
            row("outcome", outcome(receipt.outcome));
            row("evidence", evidence(receipt.evidence));
            let exchange = exchange(receipt.attempts, Some(receipt.status), receipt.request_id.as_deref());
            row("exchange", &exchange);
            let from = if settled.from_journal { ", of an earlier session, from the journal" } else { "" };
            row("receipt", &format!("{}{from}", receipt.id));
        }
        Err(error) => {
            row("why", &format!("{}: {}", error.kind(), error.message()));
            for detail in error.details() {
                match &detail.field {
                    Some(field) => row("", &format!("{field}: {}", detail.message)),
                    None => row("", &detail.message),
                }
            }
            row("now", &now(error));
            row("next", &next(error));
            row("exchange", &exchange(error.attempts(), error.status(), error.request_id()));
        }
    }
    block
}

/// An access that is gone, in a line.
pub fn short(place: &str, receipt: &Receipt<Response>, from_journal: bool) -> String {
    let from = if from_journal { "  (journal)" } else { "" };
    let (outcome, evidence) = (receipt.outcome, receipt.evidence);
    format!("{place:<7} GONE  {}: {outcome}, {evidence}{from}", one_line(&receipt.revocation))
}

/// A request as it would be sent, as a block of lines.
pub fn preview(place: &str, preview: &Preview) -> String {
    let mut block = format!("\n{place}  {}\n  {} {}\n", preview.action, preview.method, preview.url);
    for header in &preview.headers {
        block.push_str(&format!("    {}: {}\n", header.name, header.value));
    }
    if let Some(body) = preview.body.as_deref().filter(|body| !body.is_empty()) {
        block.push_str(&format!("\n    {body}\n"));
    }
    block
}

/// What an entry is about, as the plan has it.
pub fn one_line(revocation: &Revocation) -> String {
    format!("{}: {}", revocation.action(), subject(revocation))
}

/// A member of an entry, as text.
pub fn member(revocation: &Revocation, name: &str) -> Option<String> {
    serde_json::to_value(revocation).ok()?.get(name)?.as_str().map(str::to_owned)
}

pub fn accesses(n: usize) -> String {
    format!("{n} {}", if n == 1 { "access" } else { "accesses" })
}

pub fn entries(n: usize) -> String {
    format!("{n} {}", if n == 1 { "entry" } else { "entries" })
}

/// Text in lines of at most [`WIDTH`] columns.
pub fn paragraph(text: &str) -> String {
    let mut lines = String::new();
    fill(&mut lines, "", "", text);
    lines
}

/// All members but the action, whatever vendor it is.
fn subject(revocation: &Revocation) -> String {
    let Ok(Value::Object(members)) = serde_json::to_value(revocation) else { return String::new() };
    let members = members.iter().filter(|(name, _)| *name != "action");
    members.map(|(name, value)| format!("{name} {}", plain(value))).collect::<Vec<_>>().join(", ")
}

fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(items) => format!("[{}]", items.iter().map(plain).collect::<Vec<_>>().join(", ")),
        other => other.to_string(),
    }
}

fn outcome(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Revoked => "revoked",
        Outcome::AlreadyRevoked => "already revoked: it was gone before this call",
        _ => "gone",
    }
}

fn evidence(evidence: Evidence) -> &'static str {
    match evidence {
        Evidence::Confirmed => "confirmed: the vendor's response shows the new state",
        Evidence::Acknowledged => "acknowledged: the vendor said yes, without showing the state",
        Evidence::Inferred => "inferred: an earlier attempt's answer was lost, and nothing is left to revoke",
        _ => "see the receipt",
    }
}

fn exchange(attempts: u32, status: Option<u16>, request_id: Option<&str>) -> String {
    let attempts = match attempts {
        0 => "nothing was sent".to_owned(),
        1 => "1 attempt".to_owned(),
        n => format!("{n} attempts"),
    };
    let status = status.map_or_else(|| "no response".to_owned(), |status| format!("status {status}"));
    let request_id = request_id.map_or_else(|| "no request id".to_owned(), |id| format!("request id {id}"));
    format!("{attempts}, {status}, {request_id}")
}

/// What is true of the access.
fn now(error: &Error) -> String {
    match error.access() {
        Access::Unchanged => "this call has changed nothing; whoever had the access has it still".to_owned(),
        Access::PartlyRevoked => format!("a part is gone; still there: {}", error.not_revoked().join(", ")),
        _ => "the access may be gone or not; asking again is safe".to_owned(),
    }
}

/// What a person can do about it.
fn next(error: &Error) -> String {
    let step = match error.kind() {
        ErrorKind::InvalidRequest => "correct the entry",
        ErrorKind::InvalidConfiguration | ErrorKind::NotConfigured => "correct the setting, then run the plan again",
        ErrorKind::Connection | ErrorKind::Timeout => "check the network and the base URL, then run the plan again",
        ErrorKind::Unauthorized => "get a valid credential for this vendor, then run the plan again",
        ErrorKind::Forbidden => "give the credential the right to do this, or see whether a quota is used up",
        ErrorKind::NotFound => {
            "look the ids up at the vendor: one of them is unknown there, belongs to nothing this credential can see, \
             or has no such link; correct the entry and run the plan again"
        }
        ErrorKind::Conflict => "wait a little and run the plan again",
        ErrorKind::Rejected => "read the vendor's reason, correct the entry and run the plan again",
        ErrorKind::RateLimited => "wait, then run the plan again",
        ErrorKind::Unavailable => "the vendor is failing: run the plan again later",
        ErrorKind::Incomplete => "end what is left in the vendor's own screens, or run the plan again",
        ErrorKind::Journal => "see to the journal's file, then run the plan again",
        ErrorKind::UnexpectedResponse => {
            "see what stands between here and the vendor (proxy, base URL), then look it up"
        }
        _ => "look it up at the vendor",
    };
    match error.retry_after() {
        Some(wait) => format!("{step} (the vendor asks to wait {} s)", wait.as_secs_f64().ceil()),
        None => step.to_owned(),
    }
}

fn wrap(block: &mut String, label: &str, text: &str) {
    let first = format!("{INDENT}{label:<9} ");
    let rest = " ".repeat(first.len());
    fill(block, &first, &rest, text);
}

/// Appends `text` in lines: the first begins with `first`, the others with `rest`.
fn fill(lines: &mut String, first: &str, rest: &str, text: &str) {
    let mut line = first.to_owned();
    let mut is_empty = true;
    for word in text.split_whitespace() {
        if !is_empty && line.chars().count() + 1 + word.chars().count() > WIDTH {
            lines.push_str(line.trim_end());
            lines.push('\n');
            line = rest.to_owned();
            is_empty = true;
        }
        if !is_empty {
            line.push(' ');
        }
        line.push_str(word);
        is_empty = false;
    }
    lines.push_str(line.trim_end());
    lines.push('\n');
}
