//! The vendor's words, and how they are made fit to print.

use std::borrow::Cow;

use http::header::CONTENT_TYPE;
use serde_json::Value;

use crate::error::Detail;
use crate::transport::Answer;

/// Longest text that is kept of anything a vendor says, in characters.
const MAX_CHARS: usize = 300;

/// What a vendor says of a refusal.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Words {
    pub(crate) message: String,
    pub(crate) details: Vec<Detail>,
}

impl Words {
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), details: Vec::new() }
    }

    /// What can be said of a body that is not in the vendor's envelope.
    pub(crate) fn of_any(answer: &Answer) -> Self {
        let body = answer.bytes().trim_ascii();
        let content_type = answer.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        if body.is_empty() {
            return Self::new("no reason was given");
        }
        let text = String::from_utf8_lossy(body);
        if is_markup(&text) || (content_type.contains("html") && text.contains('<')) {
            return Self::new(match title(&text) {
                Some(title) => format!("a web page, not the vendor's answer: {title}"),
                None => "a web page, not the vendor's answer".to_owned(),
            });
        }
        match serde_json::from_slice::<Value>(body) {
            Ok(json) if json.is_object() || json.is_array() => Self::new(match foreign(&json) {
                Some(words) => format!("{words} (not in this vendor's envelope)"),
                None => "JSON that is not in this vendor's envelope".to_owned(),
            }),
            _ => Self::new(text),
        }
    }
}

fn is_markup(text: &str) -> bool {
    let start: String = text.chars().take(512).collect::<String>().to_ascii_lowercase();
    start.starts_with('<') || ["<html", "<!doctype", "<head", "<body"].iter().any(|tag| start.contains(tag))
}

/// The words of a gateway in between: the member that is most likely to hold them.
fn foreign(json: &Value) -> Option<&str> {
    ["message", "Message", "detail", "error_description", "error", "title"]
        .into_iter()
        .find_map(|member| json.get(member)?.as_str())
        .filter(|words| !words.trim().is_empty())
}

/// The title of a web page: all of it that is worth a line.
fn title(page: &str) -> Option<String> {
    // ASCII lower-casing keeps every byte's place.
    let lower = page.to_ascii_lowercase();
    let start = lower.find("<title")?;
    let start = start + lower.get(start..)?.find('>')? + 1;
    let end = start + lower.get(start..)?.find("</title")?;
    let title = page.get(start..end)?.trim();
    (!title.is_empty() && !title.contains('<')).then(|| title.to_owned())
}

/// One line that is fit to print: no markup, no control characters, no runs of blanks, not too long.
pub(crate) fn clean(text: &str) -> String {
    // Enough of it for the line; what a page has beyond is never looked at.
    let end = text.char_indices().nth(MAX_CHARS * 16).map_or(text.len(), |(at, _)| at);
    let text = &without_tags(text.get(..end).unwrap_or_default());
    let mut line = String::with_capacity(text.len().min(MAX_CHARS * 4));
    let mut kept = 0;
    let mut blank = false;
    for c in text.chars() {
        if c.is_whitespace() || c.is_control() || is_invisible(c) {
            blank = kept > 0;
            continue;
        }
        if kept + usize::from(blank) >= MAX_CHARS {
            line.push('…');
            break;
        }
        if blank {
            line.push(' ');
            kept += 1;
            blank = false;
        }
        line.push(c);
        kept += 1;
    }
    line
}

/// A text without the tags of a markup language, where it has any.
fn without_tags(text: &str) -> Cow<'_, str> {
    let is_tag = |rest: &str| rest.starts_with(|c: char| c.is_ascii_alphabetic() || c == '/' || c == '!' || c == '?');
    let mut kept = Cow::Borrowed(text);
    let mut from = 0;
    while let Some(found) = kept.get(from..).and_then(|rest| rest.find('<')) {
        let open = from + found;
        let Some(inside) = kept.get(open + 1..) else { break };
        match inside.find('>') {
            Some(length) if is_tag(inside) => kept.to_mut().replace_range(open..open + length + 2, " "),
            _ => from = open + 1,
        }
    }
    kept
}

/// Characters that change how the ones around them are shown.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_clean_and_cut() {
        assert_eq!(clean("  a\r\n\tb\u{0}c\u{1b}[31m \u{202e}d "), "a b c [31m d");
        let long = clean(&"ä".repeat(1000));
        assert_eq!(long.chars().count(), MAX_CHARS + 1);
        assert!(long.ends_with('…'));
        assert_eq!(clean(""), "");
        // A blank at the edge counts as well.
        let words = clean(&"abcd ".repeat(100));
        assert!(words.chars().count() <= MAX_CHARS + 1 && words.ends_with("d…"), "{words}");
        let words = clean(&format!("{} b", "a".repeat(MAX_CHARS - 1)));
        assert_eq!(words, format!("{}…", "a".repeat(MAX_CHARS - 1)));
    }

    #[test]
    fn a_line_has_no_markup() {
        assert_eq!(clean("<html><body>no</body></html>"), "no");
        assert_eq!(clean("Error <h1>Bad</h1><p class='x'>x</p>"), "Error Bad x");
        assert_eq!(clean("1 < 2 and 3 > 2, a <b"), "1 < 2 and 3 > 2, a <b");
    }

    #[test]
    fn a_page_is_reduced_to_its_title() {
        assert_eq!(title("<HTML><Title id=x> 502 Bad Gateway </TITLE>"), Some("502 Bad Gateway".to_owned()));
        for page in ["<html>", "<title>", "<title></title>", "<title><b></title>", "<title"] {
            assert_eq!(title(page), None, "{page}");
        }
    }
}
