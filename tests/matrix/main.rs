//! Every way in which an exchange can go wrong, at every attempt, with what is true of the access as the judge.
//!
//! [`grid`] goes through all of them on a TCP server of its own; [`schedules`] draws more at random for the sandbox.

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
mod cell;
mod faults;
mod grid;
mod model;
mod printed;
mod refused;
mod schedules;
mod traced;
mod vendor;
mod world;
