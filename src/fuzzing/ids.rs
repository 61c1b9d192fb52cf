//! Ids: one that a constructor takes leads nowhere but to its subject.

use std::sync::OnceLock;

use serde_json::json;

use super::draw::Draw;
use crate::client::Client;
use crate::error::ErrorKind;
use crate::vendor::{Revocation, cor, cova, onlyoffice, persona};

/// What ids that lead elsewhere are made of.
const PIECES: &[&str] = &[
    ".",
    "..",
    "%252e",
    "%252E%252e",
    "%25252e",
    "%2e",
    "%2E",
    "%25",
    "2e",
    "/",
    "\\",
    "%2f",
    "%5c",
    ";",
    "%3b",
    "%",
    "a",
    "cxn_1",
    "?",
    "#",
    " ",
    "@",
    ":",
    "&",
    "=",
    "ü",
    "%c0%ae",
    "\u{ff0e}",
    "\u{2024}",
    "%00",
    "%0a",
    "\t",
    "\n",
    "\u{a0}",
    "\u{200b}",
    "(",
    ")",
    "{",
    "}",
    "%u002e",
    "+",
    "'",
    "\"",
    "<",
    "|",
    "^",
    "`",
    "~",
    "[",
    "]",
    "*",
    ",",
    "!",
    "$",
];

pub(super) fn check(data: &[u8]) {
    let mut draw = Draw::new(data);
    let id = match draw.below(4) {
        0 => String::from_utf8_lossy(draw.rest()).into_owned(),
        1 => numbers(&mut draw),
        _ => (0..draw.below(12)).map(|_| draw.one_of(PIECES)).collect(),
    };
    text(&id);
}

/// Clients whose base URLs have no path, and one.
fn clients() -> &'static [(&'static str, Client); 2] {
    static CLIENTS: OnceLock<[(&str, Client); 2]> = OnceLock::new();
    CLIENTS.get_or_init(|| {
        ["http://127.0.0.1:9", "http://127.0.0.1:9/a/b"].map(|base| {
            let builder = Client::builder()
                .cor(cor::Config::new("t0ken").base_url(base))
                .onlyoffice(onlyoffice::Config::new(base, "t0ken"))
                .persona(persona::Config::new("t0ken").base_url(base))
                .cova(cova::Config::new("t0ken").base_url(base));
            (base, builder.build().unwrap())
        })
    })
}

/// Checks that what would be sent for a request goes to exactly this path, with `id` in the place of `{}`.
fn leads_to(request: &Revocation, template: &str, id: &str) {
    for (base, client) in clients() {
        let preview = client.preview(request).expect("a request that was made can be sent");
        let (before, after) = template.split_once("{}").unwrap_or((template, ""));
        let sent = preview.url.strip_prefix(base).and_then(|path| path.strip_prefix(before)).unwrap_or_default();
        let sent = sent.strip_suffix(after).unwrap_or_else(|| panic!("{} is not {template}", preview.url));
        let is_plain = |byte: u8| byte.is_ascii_graphic() && !b"/\\;?#".contains(&byte);
        assert!(sent.bytes().all(is_plain), "{id:?} is sent as {sent}");
        let mut decoded = sent.as_bytes().to_vec();
        for times in 0..=3 {
            let dots = |part: &[u8]| part == b"." || part == b"..";
            assert!(!decoded.split(|byte| b"/\\;".contains(byte)).any(dots), "{id:?} decoded {times} times");
            decoded = percent_decoded(&decoded);
            if times == 0 {
                assert_eq!(decoded, id.as_bytes(), "the server sees another id");
            }
        }
    }
}

fn percent_decoded(bytes: &[u8]) -> Vec<u8> {
    let digit = |at: usize| bytes.get(at).and_then(|byte| char::from(*byte).to_digit(16));
    let mut decoded = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        match (bytes[at], digit(at + 1), digit(at + 2)) {
            (b'%', Some(high), Some(low)) => {
                decoded.push(u8::try_from(high * 16 + low).unwrap());
                at += 3;
            }
            (byte, ..) => {
                decoded.push(byte);
                at += 1;
            }
        }
    }
    decoded
}

fn text(id: &str) {
    let connection = persona::DeactivateConnection::new(id);
    let entry = json!({"action": "persona.deactivate_connection", "connection_id": id});
    assert_eq!(serde_json::from_value::<Revocation>(entry).is_ok(), connection.is_ok(), "{id:?}");
    let user = cor::DetachWorkspaces::new(id, [id], cor::Source::OKTA);
    assert_eq!(user.is_ok(), connection.is_ok(), "{id:?}");
    match connection {
        Ok(request) => leads_to(&request.into(), "/api/v1/connect/connections/{}/deactivate", id),
        Err(error) => {
            assert_eq!(error.kind(), ErrorKind::InvalidRequest);
            assert!(error.message().starts_with("connection_id: ") && !error.message().contains(char::is_control));
        }
    }
    if let Ok(request) = user {
        leads_to(&request.into(), "/v2/integrations/users/{}/detach", id);
    }
    for taken in [cor::DetachWorkspaces::new("u", [id], cor::Source::OKTA).is_ok(), cor::Source::new(id).is_ok()] {
        let fit = !id.is_empty() && id.len() <= 512 && id.trim() == id && !id.contains(char::is_control);
        assert_eq!(taken, fit, "{id:?}");
    }
}

fn numbers(draw: &mut Draw<'_>) -> String {
    let (one, other) = (draw.u32(), draw.u32());
    let is_id = |number: u32| (1..=2_147_483_647).contains(&number);
    let user = cova::DisableUser::new(one);
    assert_eq!(user.is_ok(), is_id(one), "{one}");
    if let Ok(user) = user {
        leads_to(&user.into(), "/v1/users({})", &one.to_string());
    }
    let link = onlyoffice::UnlinkProject::new(one, other);
    assert_eq!(link.is_ok(), is_id(one) && is_id(other), "{one} {other}");
    if let Ok(link) = link {
        let template = format!("/api/2.0/crm/contact/{{}}/project/{other}");
        leads_to(&link.into(), &template, &one.to_string());
    }
    one.to_string()
}
