//! Texts: what is printed of somebody else's words holds no secret and fits one line, and a mended document still says
//! the same.

use bytes::Bytes;

use super::draw::Draw;
use super::json::{self, Node};
use crate::reading::clean;
use crate::transport::Secret;
use crate::vendor::{Endpoint, onlyoffice::UnlinkProject};

pub(super) fn check(data: &[u8]) {
    let mut draw = Draw::new(data);
    match draw.below(4) {
        0 => cleaned(&String::from_utf8_lossy(draw.rest())),
        1 => {
            let pieces: String = (0..draw.below(600)).map(|_| piece(&mut draw)).collect();
            cleaned(&pieces);
        }
        2 => scrubbed(&mut draw),
        _ => mended(&mut draw),
    }
}

fn piece(draw: &mut Draw<'_>) -> String {
    const PIECES: &[&str] = &[
        "<",
        ">",
        "<b",
        "</b>",
        "<!--",
        "-->",
        "<?x",
        "/",
        "!",
        "a",
        "ä",
        " ",
        "\r\n",
        "\t",
        "\u{0}",
        "\u{1b}[31m",
        "\u{202e}",
        "\u{200b}",
        "\u{feff}",
        "\u{2028}",
        "\u{85}",
        "\u{ad}",
        "\u{e0041}",
        "&lt;",
        "…",
        "\u{1f600}",
    ];
    match draw.below(8) {
        0 => draw.text(),
        1 => draw.one_of(PIECES).repeat(draw.below(400)),
        _ => draw.one_of(PIECES).to_owned(),
    }
}

fn cleaned(text: &str) {
    let line = clean(text);
    assert!(line.chars().count() <= 301, "{} characters", line.chars().count());
    let hidden =
        |c: char| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}' | '\u{200b}' | '\u{202e}' | '\u{feff}');
    assert!(!line.contains(hidden), "{line:?}");
    assert!(line.trim() == line && !line.contains("  "), "{line:?}");
    for (at, _) in line.match_indices('<') {
        let rest = &line[at + 1..];
        let opens = rest.starts_with(|c: char| c.is_ascii_alphabetic() || "/!?".contains(c));
        assert!(!opens || !rest.contains('>'), "a tag in {line:?}");
    }
    assert_eq!(clean(&line), line);
}

/// A secret, and texts that hold it.
fn scrubbed(draw: &mut Draw<'_>) {
    let alphabet = ["aB3", "abc123", "0074ab", "aA\\/", "u00", "a\"b:{},1", "x-_.~+/=", "!#$%&'()*<>?@^`|"];
    let alphabet = draw.one_of(&alphabet);
    let letters: Vec<char> = alphabet.chars().collect();
    let text: String = (0..draw.below(24)).map(|_| letters[draw.below(letters.len())]).collect();
    let lower = text.to_ascii_lowercase();
    // What stands in its place may not spell it itself.
    if text.len() >= 6 && "[redacted]".contains(&lower) {
        return;
    }
    let secret = Secret::new(text.clone());
    let mut words = String::new();
    for _ in 0..draw.below(8) {
        words += &match draw.below(6) {
            0 => text.clone(),
            1 => text.to_ascii_uppercase(),
            2 => text.chars().skip(draw.below(24)).collect(),
            3 => format!("\\{text}"),
            4 => text.chars().take(draw.below(24)).collect(),
            _ => draw.text(),
        };
    }
    let mut clean = words.clone();
    secret.scrub(&mut clean);
    if text.len() < 6 || !words.contains('\\') && !words.to_ascii_lowercase().contains(&lower) {
        assert_eq!(clean, words);
    } else {
        assert!(!clean.to_ascii_lowercase().contains(&lower), "{text} is in {clean:?}");
    }
    scrubbed_in_json(draw, &secret, &lower, &words);
}

fn scrubbed_in_json(draw: &mut Draw<'_>, secret: &Secret, lower: &str, words: &str) {
    let document = format!(
        r#"{{"{}":[{},"{}"],"a\\":"\\{}","n":123123}}"#,
        escaped(draw, words),
        escaped_as_a_whole(words),
        escaped(draw, words),
        escaped(draw, words)
    );
    assert!(json::parse(document.as_bytes()).is_some(), "{document}");
    let Some(clean) = secret.scrub_json(document.as_bytes()) else {
        assert!(lower.len() < 6 || !holds(&json::parse(document.as_bytes()).unwrap(), lower), "{lower} in {document}");
        return;
    };
    let shown = String::from_utf8_lossy(&clean);
    // One that is made of what stands outside of texts may be a number; without it the document is none.
    if lower.chars().all(|c| c.is_ascii_digit() || "+-.e,:[]{}trufalsn".contains(c)) {
        return;
    }
    // The strict reader is the one that decides whether there is a typed response.
    let json: Result<serde_json::Value, _> = serde_json::from_slice(&clean);
    assert!(json.is_ok(), "{document} is no JSON without {lower}: {shown}");
    let json = json::parse(&clean).unwrap();
    assert!(!holds(&json, lower), "{lower} is in {shown}");
}

fn escaped_as_a_whole(text: &str) -> serde_json::Value {
    text.into()
}

/// A text as it may stand between the quotes of JSON: some characters as escapes, those that must be and others.
fn escaped(draw: &mut Draw<'_>, text: &str) -> String {
    let mut json = String::new();
    for c in text.chars() {
        match c {
            '"' | '\\' => json.extend(['\\', c]),
            '/' if draw.flag() => json += "\\/",
            c if c.is_control() || c.is_ascii() && draw.below(4) == 0 => json += &format!("\\u{:04x}", u32::from(c)),
            c => json.push(c),
        }
    }
    json
}

/// Whether any text of a document, a name or a value, holds this.
fn holds(json: &Node, lower: &str) -> bool {
    let mut found = false;
    json.walk(&mut |node| {
        found |= node.text().is_some_and(|text| text.to_ascii_lowercase().contains(lower));
        found |= node.members().iter().any(|(name, _)| name.to_ascii_lowercase().contains(lower));
    });
    found
}

/// ONLYOFFICE's two casings: a document that is mended has its names in one of them and is the same in all else.
fn mended(draw: &mut Draw<'_>) {
    const NAMES: &[&str] = &["Status", "status", "DisplayName", "STATUS", "Ä", "", "Id", "\\u0049d", "A b"];
    const VALUES: &[&str] = &["null", "0", r#""Name""#, r#"["A",{"B":"C"}]"#, r#""A\": \"B""#, r#"{"Id" : 1}"#];
    let mut body = draw.bytes().to_vec();
    if draw.flag() {
        let mut json =
            json::parse(br#"{"Count":1,"Status":0,"Response":{"Id":1,"Tags":["A","B"],"Note":"A:B"}}"#).unwrap();
        for _ in 0..draw.below(6) {
            json.mutate(draw, NAMES, VALUES);
        }
        body = json.to_string().into_bytes();
        if draw.flag() {
            draw.scratch(&mut body);
        }
    }
    let mended = UnlinkProject::mend(Bytes::from(body.clone()));
    assert_eq!(mended.len(), body.len());
    assert_eq!(UnlinkProject::mend(mended.clone()), mended);
    let (before, after) = (json::parse(&body), json::parse(&mended));
    assert_eq!(before.map(|json| if json.is_object() { in_lower_case(json) } else { json }), after);
}

fn in_lower_case(json: Node) -> Node {
    match json {
        Node::Object(members) => {
            let lower = |name: String| {
                let mut letters = name.chars();
                letters.next().map(|first| first.to_ascii_lowercase()).into_iter().chain(letters).collect()
            };
            Node::Object(members.into_iter().map(|(name, node)| (lower(name), in_lower_case(node))).collect())
        }
        Node::List(items) => Node::List(items.into_iter().map(in_lower_case).collect()),
        scalar => scalar,
    }
}
