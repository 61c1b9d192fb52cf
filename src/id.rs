//! The ids that requests carry, made safe at construction.

use std::num::NonZeroU32;

use percent_encoding::percent_decode_str;

use crate::error::Error;

/// Longest id accepted, in bytes.
const MAX_BYTES: usize = 512;

/// Largest numeric id: the vendors' ids are 32-bit signed integers.
const MAX_NUMBER: u32 = i32::MAX as u32;

/// A numeric id from 1 to 2147483647.
pub(crate) fn number(argument: &str, id: u32) -> Result<NonZeroU32, Error> {
    NonZeroU32::new(id).filter(|id| id.get() <= MAX_NUMBER).ok_or_else(|| {
        Error::invalid_request(argument, format_args!("{id} is not an id; ids go from 1 to {MAX_NUMBER}"))
    })
}

/// Text that travels in a body: any characters but those that only an accident puts there.
pub(crate) fn text(argument: &str, id: String) -> Result<String, Error> {
    let fault = if id.is_empty() {
        "is empty".to_owned()
    } else if id.len() > MAX_BYTES {
        format!("is {} bytes long; at most {MAX_BYTES} are accepted", id.len())
    } else if id.chars().any(char::is_control) {
        "contains a control character".to_owned()
    } else if id.trim() != id {
        "begins or ends with a blank".to_owned()
    } else {
        return Ok(id);
    };
    Err(Error::invalid_request(argument, fault))
}

/// Text that becomes one segment of a path.
///
/// Percent-encoding keeps `/` and `?` inside the segment, but nothing keeps `.` and `..` from being resolved away, and
/// servers and proxies in between decode once more, or read `\` and `;` as separators. So whatever could turn into a
/// dot segment within two decodings is refused.
pub(crate) fn path_segment(argument: &str, id: String) -> Result<String, Error> {
    let id = text(argument, id)?;
    if id.contains('\\') {
        return Err(Error::invalid_request(argument, "contains a backslash"));
    }
    let mut decoded = id.clone();
    for _ in 0..=2 {
        if decoded.split(['/', '\\', ';']).any(|part| part == "." || part == "..") {
            return Err(Error::invalid_request(argument, "contains `.` or `..` as a path segment, encoded or not"));
        }
        decoded = percent_decode_str(&decoded).decode_utf8_lossy().into_owned();
    }
    Ok(id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_1_to_2147483647() {
        assert_eq!(number("user_id", 1).unwrap().get(), 1);
        assert_eq!(number("user_id", 2_147_483_647).unwrap().get(), 2_147_483_647);
        for id in [0, 2_147_483_648, u32::MAX] {
            assert!(number("user_id", id).unwrap_err().to_string().contains("user_id"));
        }
    }

    #[test]
    fn text_refuses_what_only_an_accident_puts_there() {
        for bad in ["", " a", "a ", "\u{a0}a", "a\nb", "a\0", "a\u{7f}", &"x".repeat(513)] {
            assert!(text("workspace", bad.to_owned()).is_err(), "{bad:?}");
        }
        for good in ["..", "a/b", "a b", "ä", "%", &"x".repeat(512)] {
            assert!(text("workspace", good.to_owned()).is_ok(), "{good:?}");
        }
    }

    #[test]
    fn a_path_segment_cannot_be_decoded_into_another_path() {
        for bad in [
            ".",
            "..",
            "a/..",
            "../a",
            "a/./b",
            "a;..",
            "..;a",
            "%2e",
            "%2E%2e",
            "a%2f..",
            "%252e%252e",
            "a%252f%252e",
            "a%5c..",
            "%25%32%65",
            "a\\b",
            "%2e%2e%2fx",
            "a%3b..",
        ] {
            assert!(path_segment("id", bad.to_owned()).is_err(), "{bad:?}");
        }
        for good in ["cxn_1", "a.b", "...", "a/b", "a;b", "100%", "%zz", "jane@acme.example", ".hidden", "a..b", "ü"] {
            assert!(path_segment("id", good.to_owned()).is_ok(), "{good:?}");
        }
    }
}
