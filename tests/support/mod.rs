//! What the wire-level tests share: a server that does as it is told, and the five vendors' requests and answers.

#![allow(
    dead_code,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "test support: what fails here fails the test, and each test binary uses a part of it"
)]

pub mod capture;
pub mod reply;
pub mod server;
pub mod vendors;

use std::future::Future;
use std::time::Duration;

/// Fails a test that would otherwise hang.
pub async fn within<T>(limit: Duration, future: impl Future<Output = T>) -> T {
    tokio::time::timeout(limit, future).await.unwrap_or_else(|_| panic!("not done within {limit:?}"))
}

pub const fn ms(milliseconds: u64) -> Duration {
    Duration::from_millis(milliseconds)
}
