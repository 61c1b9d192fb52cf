//! Latency and throughput, in many short rounds in turn, because machines drift.

use std::time::{Duration, Instant};

use tokio::runtime::Builder;
use tokio::task::JoinSet;

use super::callers::{self, Caller};

const ROUNDS: usize = 60;
const CALLS: usize = 400;

pub fn table(url: &str) {
    let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
    let callers: Vec<&'static dyn Caller> =
        callers::NAMES.iter().map(|name| &*Box::leak(callers::make(name, url))).collect();
    for in_flight in [1, 64] {
        println!("\n{in_flight} in flight, {ROUNDS} rounds of {CALLS} calls in turn");
        println!("{:<14} {:>12} {:>12} {:>10}", "", "calls/s", "us/call", "ratio");
        let mut rounds: Vec<Vec<Duration>> = vec![Vec::new(); callers.len()];
        for round in 0..ROUNDS + 2 {
            for (place, caller) in callers.iter().enumerate() {
                let took = runtime.block_on(time(*caller, in_flight));
                // The first rounds open the connections.
                if round >= 2 {
                    rounds[place].push(took);
                }
            }
        }
        // The ratio is the median of the ratios round by round: what slows a round slows its neighbours too.
        for (place, name) in callers::NAMES.iter().enumerate() {
            let mut ratios: Vec<f64> = rounds[0]
                .iter()
                .zip(&rounds[place])
                .map(|(base, own)| base.as_secs_f64() / own.as_secs_f64())
                .collect();
            let took = median(&mut rounds[place].iter().map(Duration::as_secs_f64).collect::<Vec<_>>());
            let rate = CALLS as f64 / took;
            let latency = took / CALLS as f64 * 1e6 * in_flight as f64;
            println!("{name:<14} {rate:>12.0} {latency:>12.1} {:>10.3}", median(&mut ratios));
        }
    }
}

fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

async fn time(caller: &'static dyn Caller, in_flight: usize) -> Duration {
    let start = Instant::now();
    let mut workers = JoinSet::new();
    for _ in 0..in_flight {
        workers.spawn(async move {
            for _ in 0..CALLS / in_flight {
                caller.call().await;
            }
        });
    }
    while workers.join_next().await.is_some() {}
    start.elapsed()
}
