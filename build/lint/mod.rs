//! What the build refuses, said before the generator can panic at it or, worse, pass over it.
//!
//! The documents are this project's own, so the rules can be stricter than OpenAPI's. Each fault says what to do.

mod keywords;
mod operations;
mod parameters;
mod responses;
mod schemas;
mod structure;
mod tolerance;

use super::fault::Fault;
use super::read::{Node, member};

/// All that is wrong with a document, in the order of its lines.
pub fn lint(document: &Node) -> Vec<Fault> {
    let mut lint = Lint { document, faults: Vec::new() };
    structure::check(&mut lint);
    operations::check(&mut lint);
    schemas::check(&mut lint);
    tolerance::check(&mut lint);
    lint.faults.sort();
    // A schema that is reached on two ways is looked at twice.
    lint.faults.dedup();
    lint.faults
}

/// A document and what has been found wrong with it so far.
struct Lint<'d> {
    document: &'d Node,
    faults: Vec<Fault>,
}

/// A place in a document: a value and the way to it.
#[derive(Clone, Debug)]
struct Place<'d> {
    node: &'d Node,
    path: String,
}

impl<'d> Lint<'d> {
    /// Notes a fault at a place.
    fn fault(&mut self, place: &Place<'_>, what: impl Into<String>) {
        let fault = Fault::new(place.node.line, &place.path, what);
        self.faults.push(fault);
    }

    /// The document's root.
    fn root(&self) -> Place<'d> {
        Place { node: self.document, path: String::from("$") }
    }

    /// The place itself, or what its `$ref` leads to. `None` if that is nowhere, which `structure` reports.
    fn resolve(&self, place: Place<'d>) -> Option<Place<'d>> {
        let Some(reference) = place.node.get("$ref") else {
            return Some(place);
        };
        let mut found = self.root();
        for part in reference.text()?.strip_prefix("#/")?.split('/') {
            found = found.get(part)?;
        }
        // A component that is a `$ref` itself is a fault of its own; following it could go on for ever.
        found.node.get("$ref").is_none().then_some(found)
    }
}

impl<'d> Place<'d> {
    /// The value of a key.
    fn get(&self, key: &str) -> Option<Place<'d>> {
        Some(Place { node: self.node.get(key)?, path: member(&self.path, key) })
    }

    /// The keys and values of a mapping, if it is one.
    fn members(&self) -> impl Iterator<Item = (&'d str, Place<'d>)> + use<'d> {
        let path = self.path.clone();
        self.node.entries().iter().map(move |(key, node)| {
            let path = member(&path, key);
            (key.as_str(), Place { node, path })
        })
    }

    /// The items of a sequence, if it is one.
    fn items(&self) -> impl Iterator<Item = Place<'d>> + use<'d> {
        let path = self.path.clone();
        self.node.items().iter().enumerate().map(move |(index, node)| {
            let path = super::read::element(&path, index);
            Place { node, path }
        })
    }

    /// The text at a key, if there is one.
    fn text(&self, key: &str) -> Option<&'d str> {
        self.node.get(key)?.text()
    }
}
