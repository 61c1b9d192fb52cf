//! Whole plans: how they run, at what pace, what the journal keeps of them, and what a preview shows.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "in tests, also in their helpers, a panic is how to fail"
)]

#[path = "../support/mod.rs"]
mod support;

mod child;
mod help;
mod journal;
mod killed;
mod pace;
mod preview;
mod refused;
mod report;
mod resume;
mod stream;
mod truncated;
mod unwritable;
