//! What goes over the wire and what is made of what comes back, against a server that does as it is told.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "in tests, also in their helpers, a panic is how to fail"
)]

#[path = "../support/mod.rs"]
mod support;

mod bodies;
mod broken;
mod credentials;
mod lost;
mod persona;
mod readings;
mod requests;
mod retries;
mod time;
