//! What a call costs: this crate against the obvious hand-written code and against the bare generated client.
//!
//! `cargo bench --bench call` prints all tables. The server is a process of its own, so that only the caller is counted.
//! Instructions are counted by callgrind where valgrind is installed: the difference between two numbers of calls, so
//! that starting up is not in it. `cargo bench --bench allocations` counts allocations: an allocator that counts would
//! be in the figures here.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a benchmark that cannot run has nothing to report"
)]

mod callers;
pub(crate) use callers::transport;
mod instructions;
mod rates;
mod server;

use std::env;

fn main() {
    let arguments: Vec<String> = env::args().skip(1).filter(|argument| argument != "--bench").collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["serve"] => server::serve(),
        ["run", caller, url, calls] => instructions::run(caller, url, calls.parse().expect("a number of calls")),
        [] => {
            let server = server::Server::start();
            instructions::table(&server.url);
            rates::table(&server.url);
        }
        other => panic!("unknown arguments {other:?}"),
    }
}
