//! What a call costs: this crate against the obvious hand-written code and against the bare generated client.
//!
//! `cargo bench --bench call` prints all tables. The server is a process of its own, so that only the caller is counted.
//! Instructions are counted by callgrind where valgrind is installed: the difference between two numbers of calls, so
//! that starting up is not in it.

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

/// Counts every allocation.
#[global_allocator]
static ALLOCATOR: dhat::Alloc = dhat::Alloc;

fn main() {
    let arguments: Vec<String> = env::args().skip(1).filter(|argument| argument != "--bench").collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["serve"] => server::serve(),
        ["run", caller, url, calls] => instructions::run(caller, url, calls.parse().expect("a number of calls")),
        [] => {
            let server = server::Server::start();
            instructions::table(&server.url);
            allocations(&server.url);
            rates::table(&server.url);
        }
        other => panic!("unknown arguments {other:?}"),
    }
}

/// Heap allocations of a call, counted over many.
fn allocations(url: &str) {
    const CALLS: u64 = 200;
    println!("\nHeap allocations per call");
    println!("{:<14} {:>12} {:>10}", "", "allocations", "ratio");
    let runtime = callers::runtime();
    let mut base = None;
    for caller in callers::NAMES {
        let caller_of = callers::make(caller, url);
        runtime.block_on(async {
            for _ in 0..20 {
                caller_of.call().await;
            }
        });
        let profiler = dhat::Profiler::builder().testing().build();
        let before = dhat::HeapStats::get().total_blocks;
        runtime.block_on(async {
            for _ in 0..CALLS {
                caller_of.call().await;
            }
        });
        let counted = (dhat::HeapStats::get().total_blocks - before) as f64 / CALLS as f64;
        drop(profiler);
        let base = *base.get_or_insert(counted);
        println!("{caller:<14} {counted:>12.1} {:>10.3}", counted / base);
    }
}
