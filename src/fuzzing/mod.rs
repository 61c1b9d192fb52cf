//! What holds for any input, whoever wrote it: checks over arbitrary bytes, which the property tests and the fuzz targets
//! in `fuzz/` run alike.
//!
//! No part of the crate's interface: it is compiled for tests, and with `cfg(fuzzing)` for the targets.
//!
//! Each check draws its input from bytes ([`draw`]), so that a fuzzer that flips one of them makes a small change to what
//! is checked, and a property test that shrinks them a simpler one. It fails by a panic.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a check fails by a panic, as a test does"
)]

mod answers;
mod draw;
mod ids;
mod journals;
mod json;
mod oracle;
mod plans;
mod readings;
#[cfg(test)]
mod tests;
mod texts;
mod waits;

/// A check over arbitrary bytes.
pub type Check = fn(&[u8]);

/// All checks by name; each is a fuzz target of that name.
pub const CHECKS: &[(&str, Check)] = &[
    ("ids", ids::check),
    ("journals", journals::check),
    ("plans", plans::check),
    ("readings", readings::check),
    ("texts", texts::check),
    ("waits", waits::check),
];

/// Runs the check of this name.
pub fn run(name: &str, data: &[u8]) {
    let (_, check) = CHECKS.iter().find(|(known, _)| *known == name).expect("a check of this name");
    check(data);
}
