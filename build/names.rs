//! How names in a document relate to names in Rust.

/// A name without its case and punctuation.
///
/// The generator turns names into Rust's cases; two that are the same by this measure may end up as one identifier.
pub fn loose(name: &str) -> String {
    name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// The known name that a misspelt one was meant to be, if one is close enough.
pub fn closest<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let limit = (name.chars().count() / 3).clamp(1, 3);
    known
        .map(|known| (distance(name, known), known))
        .filter(|(distance, _)| *distance <= limit)
        .min()
        .map(|(_, known)| known)
}

/// How many letters must be changed, put in or left out to get from one name to the other; case does not count.
fn distance(from: &str, to: &str) -> usize {
    let to: Vec<char> = to.to_lowercase().chars().collect();
    // Levenshtein's table, a row at a time: the distances from the letters so far to each beginning of `to`.
    let mut row: Vec<usize> = (0..=to.len()).collect();
    for (at, letter) in from.to_lowercase().chars().enumerate() {
        let mut left = at + 1;
        let mut next = vec![left];
        for (pair, other) in row.windows(2).zip(&to) {
            let &[diagonal, above] = pair else { continue };
            let replaced = diagonal + usize::from(letter != *other);
            left = replaced.min(above + 1).min(left + 1);
            next.push(left);
        }
        row = next;
    }
    row.last().copied().unwrap_or_default()
}
