//! Heap allocations of a call: this crate against the obvious hand-written code and against the bare generated client.
//!
//! `cargo bench --bench allocations`

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a benchmark that cannot run has nothing to report"
)]

#[path = "call/callers.rs"]
mod callers;
pub(crate) use callers::transport;
#[path = "call/server.rs"]
mod server;

const CALLS: u64 = 200;

/// Counts every allocation.
#[global_allocator]
static ALLOCATOR: dhat::Alloc = dhat::Alloc;

fn main() {
    if std::env::args().any(|argument| argument == "serve") {
        return server::serve();
    }
    let server = server::Server::start();
    println!("Heap allocations per call, over {CALLS} calls");
    println!("{:<14} {:>12} {:>10} {:>12} {:>10}", "", "allocations", "ratio", "bytes", "ratio");
    let mut base = None;
    for name in callers::NAMES {
        let (blocks, bytes) = count(&*callers::make(name, &server.url));
        let (base_blocks, base_bytes) = *base.get_or_insert((blocks, bytes));
        let (blocks_ratio, bytes_ratio) = (blocks / base_blocks, bytes / base_bytes);
        println!("{name:<14} {blocks:>12.1} {blocks_ratio:>10.3} {bytes:>12.0} {bytes_ratio:>10.3}");
    }
}

/// The blocks and the bytes that a call allocates.
fn count(caller: &dyn callers::Caller) -> (f64, f64) {
    let runtime = callers::runtime();
    let calls = |number: u64| {
        runtime.block_on(async {
            for _ in 0..number {
                caller.call().await;
            }
        });
    };
    // The first calls open the connection and fill what is kept.
    calls(20);
    let _profiler = dhat::Profiler::builder().testing().build();
    let before = dhat::HeapStats::get();
    calls(CALLS);
    let after = dhat::HeapStats::get();
    let per_call = |after: u64, before: u64| (after - before) as f64 / CALLS as f64;
    (per_call(after.total_blocks, before.total_blocks), per_call(after.total_bytes, before.total_bytes))
}
