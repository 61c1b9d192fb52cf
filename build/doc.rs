//! Descriptions from a document, as rustdoc takes them.
//!
//! OpenAPI's descriptions are CommonMark, and so are Rust's documentation comments, with three differences that make
//! rustdoc complain: `[word]` is taken for a link to an item, `<word>` for HTML, and a URL must be in `<>`.

/// The text with everything that rustdoc would misread escaped. Code, fenced or in backticks, stays as it is.
pub fn clean(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut fenced = false;
    for line in text.split_inclusive('\n') {
        let fence = line.trim_start().starts_with("```");
        fenced ^= fence;
        if fenced || fence {
            out.push_str(line);
        } else {
            clean_line(line, &mut out);
        }
    }
    out
}

fn clean_line(line: &str, out: &mut String) {
    let mut rest = line;
    while let Some(first) = rest.chars().next() {
        let taken = match first {
            '`' => code(rest),
            '[' => link(rest),
            '<' => autolink(rest),
            'h' => url(rest),
            '\\' => escape(rest),
            _ => None,
        };
        match (taken, first) {
            (Some(len), 'h') => {
                out.push('<');
                out.push_str(&rest[..len]);
                out.push('>');
                rest = &rest[len..];
            }
            (Some(len), _) => {
                out.push_str(&rest[..len]);
                rest = &rest[len..];
            }
            (None, _) => {
                if matches!(first, '[' | ']' | '<' | '>') {
                    out.push('\\');
                }
                out.push(first);
                rest = &rest[first.len_utf8()..];
            }
        }
    }
}

/// The length of `` `code` ``, with as many backticks as it has.
fn code(text: &str) -> Option<usize> {
    let ticks = text.len() - text.trim_start_matches('`').len();
    let fence = &text[..ticks];
    text[ticks..].find(fence).map(|at| at + 2 * ticks)
}

/// The length of `[words](target)`.
fn link(text: &str) -> Option<usize> {
    let middle = text.find("](")?;
    let inner = &text[1..middle];
    let end = text[middle..].find(')')? + middle + 1;
    (!inner.contains(['[', ']'])).then_some(end)
}

/// The length of `<https://…>`.
fn autolink(text: &str) -> Option<usize> {
    let end = text.find('>')?;
    (url(&text[1..]) == Some(end - 1)).then_some(end + 1)
}

/// The length of a bare URL, without the punctuation of the sentence around it.
fn url(text: &str) -> Option<usize> {
    if !text.starts_with("https://") && !text.starts_with("http://") {
        return None;
    }
    let end = text.find(|c: char| c.is_whitespace() || matches!(c, '<' | '>' | '`' | '"')).unwrap_or(text.len());
    let url = text[..end].trim_end_matches(['.', ',', ';', ':', ')', '!', '?', '\'']);
    Some(url.len())
}

/// The length of a backslash and the character that it escapes.
fn escape(text: &str) -> Option<usize> {
    let next = text[1..].chars().next()?;
    next.is_ascii_punctuation().then_some(1 + next.len_utf8())
}
