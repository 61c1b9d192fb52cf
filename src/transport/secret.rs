//! Text that is never printed.

use memchr::{memchr, memchr2_iter};
use zeroize::Zeroizing;

/// What stands in a text where a credential stood.
const REDACTED: &str = "[redacted]";

/// Shorter credentials are not searched for: no vendor issues one, and their letters occur in ordinary words.
const SHORTEST_SEARCHED: usize = 6;

/// A credential's text. It has no `Debug`, and its memory is wiped when it is dropped.
pub(crate) struct Secret {
    text: Zeroizing<String>,
    /// Where its character is that other texts are least likely to have.
    rarest: usize,
}

impl Secret {
    pub(crate) fn new(text: String) -> Self {
        let rarest = text.bytes().enumerate().min_by_key(|(_, byte)| commonness(*byte));
        let rarest = rarest.map_or(0, |(place, _)| place);
        Self { text: Zeroizing::new(text), rarest }
    }

    pub(crate) fn expose(&self) -> &str {
        &self.text
    }

    /// Takes this secret out of a text that somebody else wrote.
    pub(crate) fn scrub(&self, text: &mut String) {
        if self.len() < SHORTEST_SEARCHED {
            return;
        }
        // Some vendors change the case of what they repeat. ASCII lower-casing keeps every byte's place.
        let secret = Zeroizing::new(self.text.to_ascii_lowercase());
        let lower = Zeroizing::new(text.to_ascii_lowercase());
        let mut clean = String::new();
        let mut copied = 0;
        for (at, found) in lower.match_indices(secret.as_str()) {
            clean.push_str(text.get(copied..at).unwrap_or_default());
            clean.push_str(REDACTED);
            copied = at + found.len();
        }
        if copied > 0 {
            clean.push_str(text.get(copied..).unwrap_or_default());
            *text = clean;
        }
        // A body that is no whole JSON document is shown as it is, with the escapes it has.
        if text.contains('\\')
            && let Some(clean) = self.scrub_json(text.as_bytes())
        {
            *text = String::from_utf8_lossy(&clean).into_owned();
        }
    }

    /// Its length in bytes: of several secrets the longest is taken out first, as it may hold another.
    pub(crate) fn len(&self) -> usize {
        self.text.len()
    }

    /// The same for the bytes of a JSON document, where any character may be written as an escape; `None` if this secret
    /// is not in it.
    pub(crate) fn scrub_json(&self, json: &[u8]) -> Option<Vec<u8>> {
        let secret = self.text.as_bytes();
        if secret.len() < SHORTEST_SEARCHED {
            return None;
        }
        // Most documents have neither an escape nor the rarest character of the secret where it would have to be.
        if memchr(b'\\', json).is_none() && !self.is_spelled_in(json) {
            return None;
        }
        let mut clean: Option<Vec<u8>> = None;
        let mut copied = 0;
        let mut at = 0;
        while at < json.len() {
            match match_escaped(json.get(at..)?, secret) {
                Some(length) => {
                    let clean = clean.get_or_insert_with(|| Vec::with_capacity(json.len()));
                    clean.extend_from_slice(json.get(copied..at)?);
                    clean.extend_from_slice(REDACTED.as_bytes());
                    at += length;
                    copied = at;
                }
                // What follows a backslash is no character of its own, and to begin there would leave half an escape.
                None => at += escape_length(json.get(at..)?),
            }
        }
        let mut clean = clean?;
        clean.extend_from_slice(json.get(copied..)?);
        Some(clean)
    }

    /// Whether this secret stands in `text` without escapes, in whatever case.
    fn is_spelled_in(&self, text: &[u8]) -> bool {
        let secret = self.text.as_bytes();
        let Some(rarest) = secret.get(self.rarest) else { return false };
        memchr2_iter(rarest.to_ascii_lowercase(), rarest.to_ascii_uppercase(), text).any(|at| {
            let spelled = at.checked_sub(self.rarest).and_then(|start| text.get(start..start + secret.len()));
            spelled.is_some_and(|spelled| spelled.eq_ignore_ascii_case(secret))
        })
    }
}

/// How common a character is in what vendors send, roughly: only the speed of a search depends on it.
fn commonness(byte: u8) -> u8 {
    match byte.to_ascii_lowercase() {
        b'q' | b'x' | b'z' | b'j' | b'~' | b'+' | b'=' => 0,
        b'k' | b'v' | b'w' | b'_' => 1,
        b'0'..=b'9' | b'-' | b'.' | b'/' => 2,
        b'b' | b'f' | b'g' | b'h' | b'y' | b'p' => 3,
        _ => 4,
    }
}

/// How many bytes the first character of `json` is written with.
fn escape_length(json: &[u8]) -> usize {
    match json {
        [b'\\', b'u', ..] => 6,
        [b'\\', ..] => 2,
        _ => 1,
    }
}

/// How many bytes of `json` spell `secret` from their start, plainly or with escapes. Credentials are ASCII.
fn match_escaped(json: &[u8], secret: &[u8]) -> Option<usize> {
    let mut rest = json;
    for wanted in secret {
        let (byte, after) = match rest {
            [b'\\', b'u', hex @ ..] => {
                let digits = std::str::from_utf8(hex.get(..4)?).ok()?;
                (u8::try_from(u32::from_str_radix(digits, 16).ok()?).ok()?, hex.get(4..)?)
            }
            [b'\\', escaped, after @ ..] => (*escaped, after),
            // A quotation mark that is not escaped ends a string, and no text goes beyond that.
            [b'"', ..] => return None,
            [byte, after @ ..] => (*byte, after),
            [] => return None,
        };
        if !byte.eq_ignore_ascii_case(wanted) {
            return None;
        }
        rest = after;
    }
    Some(json.len() - rest.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_loses_every_occurrence() {
        let mut text = "invalid token tok/123+4, I said tok/123+4".to_owned();
        Secret::new("tok/123+4".into()).scrub(&mut text);
        assert_eq!(text, "invalid token [redacted], I said [redacted]");
        let mut text = "TOK/123+4 redacted".to_owned();
        Secret::new("tok/123+4".into()).scrub(&mut text);
        Secret::new("redacted".into()).scrub(&mut text);
        assert_eq!(text, "[[redacted]] [redacted]");
    }

    #[test]
    fn json_loses_escaped_spellings_too() {
        let secret = Secret::new("tok/123+4".into());
        for spelled in ["tok/123+4", r"tok\/123+4", r"tok\/123\u002B4", r"\u0074ok/123\u002b4"] {
            let json = format!(r#"{{"a":"x {spelled} y","b":"{spelled}"}}"#);
            let clean = String::from_utf8(secret.scrub_json(json.as_bytes()).unwrap()).unwrap();
            assert_eq!(clean, r#"{"a":"x [redacted] y","b":"[redacted]"}"#);
        }
        for other in [r#"{"a":"tok/123"}"#, r#"{"a":"tok\"#, r#"{"a":"\u00"#, r#"{"a":"\ud83d\ude00"}"#, ""] {
            assert_eq!(secret.scrub_json(other.as_bytes()), None);
        }
    }

    #[test]
    fn json_stays_json() {
        for (secret, json) in [
            ("nbcdef", r#"{"a":"\\nbcdef"}"#),
            ("0074ab", r#"{"a":"\u0074ab0074ab"}"#),
            ("u0074a", r#"{"a":"\\u0074ab"}"#),
            (r#"b","c""#, r#"{"a":"b\",\"c\"","b":["b","c"]}"#),
        ] {
            let clean = Secret::new(secret.into()).scrub_json(json.as_bytes()).unwrap();
            let clean: serde_json::Value = serde_json::from_slice(&clean).unwrap();
            assert!(clean["a"].as_str().unwrap().contains(REDACTED), "{clean}");
        }
    }

    #[test]
    fn a_word_is_not_mistaken_for_a_credential() {
        let mut text = "invalid token".to_owned();
        Secret::new("token".into()).scrub(&mut text);
        assert_eq!(text, "invalid token");
    }
}
