//! What is wrong with a document, as one line a person can act on.

/// One thing that is wrong in one document.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Fault {
    /// Line in the document, from 1.
    pub line: usize,
    /// Where in the document's tree, such as `$.paths./v1/users({UserId}).delete`.
    pub path: String,
    /// What is wrong, and what to do about it.
    pub what: String,
}

impl Fault {
    /// A fault at a line and a path.
    pub fn new(line: usize, path: impl Into<String>, what: impl Into<String>) -> Self {
        Self { line, path: path.into(), what: what.into() }
    }

    /// A fault of the document as a whole.
    pub fn whole(what: impl Into<String>) -> Self {
        Self::new(1, "$", what)
    }

    /// The fault as a compiler would print it.
    ///
    /// Always one line: a message taken from a library may hold line breaks, and Cargo reads the output of a build
    /// script line by line.
    pub fn in_file(&self, file: &str) -> String {
        let text = format!("{file}:{}: {}: {}", self.line, self.path, self.what);
        text.split_whitespace().collect::<Vec<_>>().join(" ")
    }
}
