//! Two spellings of one name: the wire has `displayName`, the vendor's documentation `DisplayName`.

use bytes::Bytes;

/// A JSON document with the first letter of every member's name in lower case.
///
/// It is done on the text, so that a document that has both spellings of a name ends up naming it twice, which reading
/// refuses, and not with one of the two silently gone.
pub(super) fn to_camel_case(body: Bytes) -> Bytes {
    if !body.trim_ascii_start().starts_with(b"{") {
        return body;
    }
    let capitals = capitals_of_names(&body);
    if capitals.is_empty() {
        return body;
    }
    let mut bytes = Vec::from(body);
    for (at, bit) in capitals {
        if let Some(byte) = bytes.get_mut(at) {
            *byte |= bit;
        }
    }
    bytes.into()
}

/// Where a member's name begins with a capital letter: the byte, and its bit that is set in the small letter.
fn capitals_of_names(json: &[u8]) -> Vec<(usize, u8)> {
    let mut capitals = Vec::new();
    let mut bytes = json.iter().enumerate();
    while let Some((_, byte)) = bytes.next() {
        if *byte != b'"' {
            continue;
        }
        let first = bytes.clone().next();
        let mut escaped = false;
        for (_, byte) in bytes.by_ref() {
            match byte {
                _ if escaped => escaped = false,
                b'\\' => escaped = true,
                b'"' => break,
                _ => {}
            }
        }
        let is_name =
            bytes.clone().find(|(_, byte)| !byte.is_ascii_whitespace()).is_some_and(|(_, byte)| *byte == b':');
        if let Some((at, _)) = first
            && is_name
        {
            capitals.extend(json.get(at..).and_then(capital).map(|(offset, bit)| (at + offset, bit)));
        }
    }
    capitals
}

/// The same for a text that begins with a capital letter, also where that is written as an escape.
fn capital(text: &[u8]) -> Option<(usize, u8)> {
    match text {
        [letter, ..] if letter.is_ascii_uppercase() => Some((0, 0x20)),
        [b'\\', b'u', b'0', b'0', high @ b'4'..=b'5', low, ..] => {
            let hex = [*high, *low];
            let code = u8::from_str_radix(std::str::from_utf8(&hex).ok()?, 16).ok()?;
            code.is_ascii_uppercase().then_some((4, 0x02))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mend(json: &'static str) -> String {
        String::from_utf8(to_camel_case(Bytes::from_static(json.as_bytes())).to_vec()).unwrap()
    }

    #[test]
    fn names_are_changed_and_values_are_not() {
        assert_eq!(
            mend(r#"{"Status":0, "Response" : {"DisplayName":"Ada \"X\": Y","Tags":["A","B"]},"id":"Q"}"#),
            r#"{"status":0, "response" : {"displayName":"Ada \"X\": Y","tags":["A","B"]},"id":"Q"}"#
        );
    }

    #[test]
    fn a_capital_may_be_an_escape() {
        assert_eq!(mend(r#"{"\u0053tatus":"\u0053","\u005Atc":1}"#), r#"{"\u0073tatus":"\u0053","\u007Atc":1}"#);
        for text in [r#"{"\u0040":1,"\u005b":1,"\u0061":1,"\u00c4":1,"\u0":1}"#, r#"{"\\u0041":1}"#] {
            assert_eq!(mend(text), text);
        }
    }

    #[test]
    fn what_is_not_a_json_object_is_left_alone() {
        for text in ["", "<Result/>", r#"["A"]"#, r#"{"a":1}"#, r#"{"a"#, r#"{"A\"#] {
            assert_eq!(mend(text), text);
        }
    }
}
