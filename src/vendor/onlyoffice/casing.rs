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
    for at in capitals {
        if let Some(letter) = bytes.get_mut(at) {
            letter.make_ascii_lowercase();
        }
    }
    bytes.into()
}

/// Where a member's name begins with a capital letter.
fn capitals_of_names(json: &[u8]) -> Vec<usize> {
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
        let is_name = bytes.clone().find(|(_, byte)| !byte.is_ascii_whitespace()).is_some_and(|(_, byte)| *byte == b':');
        if let Some((at, letter)) = first
            && is_name
            && letter.is_ascii_uppercase()
        {
            capitals.push(at);
        }
    }
    capitals
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
    fn what_is_not_a_json_object_is_left_alone() {
        for text in ["", "<Result/>", r#"["A"]"#, r#"{"a":1}"#, r#"{"a"#, r#"{"A\"#] {
            assert_eq!(mend(text), text);
        }
    }
}
