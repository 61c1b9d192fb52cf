//! Latency, throughput and processor time, in many short rounds in turn, because machines drift.

use std::fs;
use std::time::{Duration, Instant};

use tokio::runtime::Builder;
use tokio::task::JoinSet;

use super::callers::{self, Caller};

const ROUNDS: usize = 100;
const CALLS: usize = 400;

/// What a round took: by the clock, and of this process's processor time, the system's work for it included.
#[derive(Clone, Copy)]
struct Took {
    clock: f64,
    processor: f64,
}

pub fn table(url: &str) {
    let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
    let callers: Vec<&'static dyn Caller> =
        callers::NAMES.iter().map(|name| &*Box::leak(callers::make(name, url))).collect();
    for in_flight in [1, 64] {
        println!("\n{in_flight} in flight, {ROUNDS} rounds of {CALLS} calls in turn");
        println!("{:<14} {:>10} {:>10} {:>8} {:>14} {:>8}", "", "calls/s", "us/call", "ratio", "processor us", "ratio");
        let mut rounds: Vec<Vec<Took>> = vec![Vec::new(); callers.len()];
        for round in 0..ROUNDS + 2 {
            for (place, caller) in callers.iter().enumerate() {
                let before = processor_time();
                let clock = runtime.block_on(time(*caller, in_flight)).as_secs_f64();
                let processor = (processor_time() - before).as_secs_f64();
                // The first rounds open the connections.
                if round >= 2 {
                    rounds[place].push(Took { clock, processor });
                }
            }
        }
        for (place, name) in callers::NAMES.iter().enumerate() {
            let took = median(rounds[place].iter().map(|took| took.clock));
            let processor = median(rounds[place].iter().map(|took| took.processor));
            // The median of the ratios round by round: what slows a round slows its neighbours too.
            let pairs = || rounds[0].iter().zip(&rounds[place]);
            let faster = median(pairs().map(|(base, own)| base.clock / own.clock));
            let more = median(pairs().map(|(base, own)| own.processor / base.processor));
            let rate = CALLS as f64 / took;
            let latency = in_flight as f64 / rate * 1e6;
            let each = processor / CALLS as f64 * 1e6;
            println!("{name:<14} {rate:>10.0} {latency:>10.1} {faster:>8.3} {each:>14.1} {more:>8.3}");
        }
    }
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// The processor time of all threads of this process so far; zero where the system does not tell.
fn processor_time() -> Duration {
    let threads = fs::read_dir("/proc/self/task").into_iter().flatten().flatten();
    let times = threads.filter_map(|thread| fs::read_to_string(thread.path().join("schedstat")).ok());
    let nanoseconds = times.filter_map(|times| times.split(' ').next()?.parse::<u64>().ok());
    Duration::from_nanos(nanoseconds.sum())
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
