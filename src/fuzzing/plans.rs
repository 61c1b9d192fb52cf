//! Plans: every line that is not blank is an entry or an error that says which line it is.

use std::io::BufReader;

use super::draw::Draw;
use super::json;
use crate::error::{Access, Error, ErrorKind};
use crate::plan::lines;
use crate::vendor::{Action, Revocation};

const ENTRIES: &[&str] = &[
    r#"{"action":"cova.disable_user","user_id":8545}"#,
    r#"{"action":"projectmanager.disconnect_provider","provider_id":"6f0c1d52-7a3e-4d0b-9a55-0c8d8a3a1b11","account":"jane@acme.example"}"#,
    r#"{"action":"cor.detach_workspaces","user_id":"OKTA-USER-12345","workspaces":["OKTA-WS-1","OKTA-WS-2"],"source":"OKTA"}"#,
    r#"{"action":"onlyoffice.unlink_project","contact_id":1234,"project_id":5678}"#,
    r#"{"action":"persona.deactivate_connection","connection_id":"cxn_ABC123"}"#,
    "",
    " \t\r",
];

const NAMES: &[&str] =
    &["action", "user_id", "workspaces", "account", "provider_id", "source", "dry\nrun", "\u{1b}[31m"];

const VALUES: &[&str] = &[
    "null",
    "0",
    "1",
    "2147483648",
    "-1",
    "1.0",
    r#""..""#,
    r#""a\nb\u001b[31m\u202e""#,
    r#""cova.disable_user""#,
    r#""cova.enable\nuser""#,
    r#"["a","a"]"#,
    r#"[""]"#,
    "[]",
    "{}",
    "true",
];

pub(super) fn check(data: &[u8]) {
    let mut draw = Draw::new(data);
    let piece = 1 + draw.below(64);
    let mut plan = Vec::new();
    if draw.below(4) == 0 {
        plan.extend(draw.rest());
    } else {
        for _ in 0..draw.below(5) {
            plan.extend(entry(&mut draw));
            plan.push(b'\n');
        }
    }
    let read: Vec<_> = lines(plan.as_slice()).collect();
    // However the bytes arrive, the plan is the same.
    let in_pieces: Vec<_> = lines(BufReader::with_capacity(piece, plan.as_slice())).collect();
    assert_eq!(read, in_pieces);

    let unmarked = plan.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&plan);
    let filled = unmarked.split(|byte| *byte == b'\n').zip(1..).filter(|(line, _)| !line.trim_ascii().is_empty());
    let filled: Vec<_> = filled.collect();
    assert_eq!(read.len(), filled.len());
    for (entry, (line, number)) in read.iter().zip(filled) {
        match entry {
            Ok(revocation) => is_the_entry_of(revocation, line),
            Err(error) => is_about_line(error, number),
        }
    }
}

fn entry(draw: &mut Draw<'_>) -> Vec<u8> {
    let entry: &str = draw.one_of(ENTRIES);
    let Some(mut json) = json::parse(entry.as_bytes()) else { return entry.as_bytes().to_vec() };
    for _ in 0..draw.below(4) {
        json.mutate(draw, NAMES, VALUES);
    }
    let mut line = json.to_string().into_bytes();
    draw.scratch(&mut line);
    line
}

fn is_the_entry_of(revocation: &Revocation, line: &[u8]) {
    let json = json::parse(line).expect("an entry is JSON");
    let mut names: Vec<_> = json.members().iter().map(|(name, _)| name.as_str()).collect();
    names.sort_unstable();
    let all = names.len();
    names.dedup();
    assert_eq!(names.len(), all, "a member is named twice and taken all the same");
    let action = json.only("action").and_then(json::Node::text).expect("an entry has an action");
    assert!(Action::ALL.iter().any(|known| known.as_str() == action), "{action}");
    let written = serde_json::to_string(revocation).unwrap();
    assert!(written.contains(action), "{written} is not {json}");
    assert_eq!(serde_json::from_str::<Revocation>(&written).ok().as_ref(), Some(revocation), "{written}");
}

fn is_about_line(error: &Error, number: usize) {
    assert_eq!((error.kind(), error.access(), error.attempts()), (ErrorKind::InvalidRequest, Access::Unchanged, 0));
    let message = error.message();
    assert!(message.starts_with(&format!("line {number}: ")), "{message}");
    let shown = error.to_string();
    assert!(!shown.contains(|c: char| c.is_control() || c == '\u{202e}'), "{shown:?} is not one line");
    assert!(message.len() < 4096, "{} bytes are no message", message.len());
}
