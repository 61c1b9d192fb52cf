//! What a plan costs: its pace against the limit, its speed against calls made by hand, its memory at any length, and its
//! journal.
//!
//! `cargo bench --bench plan`; with `PLAN_BENCH_QUICK=1` all plans have a tenth of the entries.
//!
//! What is measured runs in a process of its own, the server in this one.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a benchmark that fails has nothing to print"
)]

use std::fs;
use std::net::Ipv4Addr;
use std::process::Command;
use std::time::{Duration, Instant};

use deprovision::journal::Journal;
use deprovision::sandbox::Sandbox;
use deprovision::{Client, Vendor, cova, persona};
use futures_util::{StreamExt, stream};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// What a child is to do: how many entries, by hand or as a plan, and the journal's path where there is to be one.
const ENTRIES: &str = "PLAN_BENCH_ENTRIES";
const BY_HAND: &str = "PLAN_BENCH_BY_HAND";
const JOURNAL: &str = "PLAN_BENCH_JOURNAL";
const URL: &str = "PLAN_BENCH_URL";
const QUICK: &str = "PLAN_BENCH_QUICK";

/// How many calls a plan makes at a time, if it is not told otherwise.
const IN_FLIGHT: usize = 8;

#[tokio::main]
async fn main() {
    if let Ok(entries) = std::env::var(ENTRIES) {
        let entries = entries.parse().expect("a number");
        let started = Instant::now();
        match std::env::var_os(BY_HAND) {
            Some(_) => by_hand(entries).await,
            None => plan(entries).await,
        }
        println!("{} {} {}", started.elapsed().as_secs_f64(), status("VmRSS"), status("VmHWM"));
        return;
    }
    let part = if std::env::var_os(QUICK).is_some() { 10 } else { 1 };
    pace().await;
    let url = serve().await;
    speed(&url, 100_000 / part).await;
    memory(&url, [1_000, 100_000, 1_000_000].map(|entries| entries / part)).await;
    journal(&url, 10_000 / part).await;
}

/// A plan under a limit, on the sandbox: the time it takes against the least that the limit allows.
async fn pace() {
    println!("pace: a plan of Persona's on the sandbox, 8 calls at a time");
    println!("{:>24} {:>10} {:>10} {:>8} {:>10}", "limit", "least", "taken", "more", "refused");
    for (limit, seconds, entries) in [(20, 2, 110), (50, 2, 260), (300, 4, 1000)] {
        let window = Duration::from_secs(seconds);
        let sandbox = Sandbox::start().await.expect("a sandbox");
        sandbox.set_rate_limit(Vendor::Persona, limit, window);
        let config = persona::Config::new(sandbox.token(Vendor::Persona))
            .base_url(sandbox.url(Vendor::Persona))
            .rate_limit(limit, window);
        let client = Client::builder().persona(config).build().expect("a client");
        let ids: Vec<String> = (0..entries).map(|number| format!("cxn_{number}")).collect();
        ids.iter().for_each(|id| sandbox.persona().add_connection(id));
        let plan = ids.into_iter().map(|id| persona::DeactivateConnection::new(id).expect("an id"));
        let started = Instant::now();
        let settled: Vec<_> = client.revoke_all(plan).collect().await;
        let taken = started.elapsed();
        assert!(settled.iter().all(|one| one.result.is_ok()));
        let refused = sandbox.count(Vendor::Persona) - u64::from(entries);
        let least = window * ((entries - 1) / limit);
        let more = (taken.as_secs_f64() / least.as_secs_f64() - 1.0) * 100.0;
        let limit = format!("{limit} per {window:?}, {entries}");
        println!("{limit:>24} {least:>10.2?} {taken:>10.2?} {more:>6.1} % {refused:>10}");
    }
}

/// A plan against the same calls made by hand, in turn.
async fn speed(url: &str, entries: u64) {
    const ROUNDS: usize = 5;
    println!("\nspeed: {entries} entries of Cova's, {IN_FLIGHT} calls at a time, {ROUNDS} rounds in turn");
    println!("{:>24} {:>12} {:>10}", "", "per second", "ratio");
    let (mut hand, mut plan, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let by_hand = child(url, entries, Some(BY_HAND), None).await.seconds;
        let by_plan = child(url, entries, None, None).await.seconds;
        hand.push(entries as f64 / by_hand);
        plan.push(entries as f64 / by_plan);
        ratios.push(by_hand / by_plan);
    }
    println!("{:>24} {:>12.0} {:>10.3}", "buffer_unordered", median(hand), 1.0);
    println!("{:>24} {:>12.0} {:>10.3}", "revoke_all", median(plan), median(ratios));
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    *values.get(values.len() / 2).expect("a value")
}

/// Plans of several lengths, each in a process of its own.
async fn memory(url: &str, lengths: [u64; 3]) {
    println!("\nmemory: a plan of Cova's against a server that says yes at once");
    println!("{:>24} {:>14} {:>14} {:>12}", "entries", "resident", "at most", "per second");
    for entries in lengths {
        let Measured { seconds, resident, peak } = child(url, entries, None, None).await;
        let rate = entries as f64 / seconds;
        println!("{entries:>24} {:>10.1} MiB {:>10.1} MiB {rate:>12.0}", resident / 1024.0, peak / 1024.0);
    }
}

/// The same plan without and with a journal, and gone on with when all is done.
async fn journal(url: &str, entries: u64) {
    let directory = std::env::temp_dir().join(format!("deprovision-bench-{}", std::process::id()));
    fs::create_dir(&directory).expect("a directory");
    let path = directory.join("run.jsonl");
    println!("\njournal: {entries} entries of Cova's, in {}", std::env::temp_dir().display());
    println!("{:>24} {:>14} {:>14} {:>14}", "", "per entry", "at most", "file");
    for (name, journal) in [("without", None), ("with", Some(&path)), ("all from it", Some(&path))] {
        let Measured { seconds, peak, .. } =
            child(url, entries, None, journal.map(|path| path.to_str().expect("text"))).await;
        let each = Duration::from_secs_f64(seconds / entries as f64);
        let size = journal.map_or(0, |path| fs::metadata(path).expect("a journal").len());
        println!("{name:>24} {each:>14.1?} {:>10.1} MiB {:>10.0} B/entry", peak / 1024.0, size as f64 / entries as f64);
    }
    fs::remove_dir_all(&directory).expect("it is ours");
}

/// What a child found, sizes in KiB.
struct Measured {
    seconds: f64,
    resident: f64,
    peak: f64,
}

async fn child(url: &str, entries: u64, by_hand: Option<&str>, journal: Option<&str>) -> Measured {
    let mut command = Command::new(std::env::current_exe().expect("this program"));
    command.env(URL, url).env(ENTRIES, entries.to_string());
    if let Some(by_hand) = by_hand {
        command.env(by_hand, "1");
    }
    if let Some(path) = journal {
        command.env(JOURNAL, path);
    }
    let output = tokio::task::spawn_blocking(move || command.output()).await.expect("a thread").expect("a child");
    let text = String::from_utf8(output.stdout).expect("text");
    assert!(output.status.success(), "{text}{}", String::from_utf8_lossy(&output.stderr));
    let mut numbers = text.split_whitespace().map(|number| number.parse().expect("a number"));
    let mut next = || numbers.next().expect("three numbers");
    Measured { seconds: next(), resident: next(), peak: next() }
}

/// The child's part, as one would write it without this crate.
async fn by_hand(entries: u32) {
    let url = std::env::var(URL).expect("a URL");
    let client = reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(30)).build().expect("a client");
    let disable = |id: u32| {
        let request = client.delete(format!("{url}/v1/users({id})"));
        let request = request.bearer_auth("a-token").header("accept", "application/json");
        async move {
            let response = request.send().await.expect("a response").error_for_status().expect("a success");
            response.json::<cova::User>().await.expect("a user")
        }
    };
    let mut users = stream::iter(1..=entries).map(disable).buffer_unordered(IN_FLIGHT);
    while let Some(user) = users.next().await {
        assert_eq!(user.is_active, Some(false));
    }
}

/// The child's part: a plan that is made as it is read.
async fn plan(entries: u32) {
    let config = cova::Config::new("a-token").base_url(std::env::var(URL).expect("a URL"));
    let client = Client::builder().cova(config).build().expect("a client");
    let plan = (1..=entries).map(|id| cova::DisableUser::new(id).expect("an id"));
    let mut run = client.revoke_all(plan);
    if let Ok(path) = std::env::var(JOURNAL) {
        run = run.journal(Journal::open(path, "the benchmark", "to see what it costs").expect("a journal"));
    }
    let mut settled = 0;
    while let Some(one) = run.next().await {
        assert!(one.result.is_ok() && one.journal_error.is_none());
        settled += 1;
    }
    assert_eq!(settled, entries);
}

/// A figure of this process in KiB; 0 where the system does not tell.
fn status(name: &str) -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
    line.and_then(|rest| rest.split_whitespace().next()?.parse().ok()).unwrap_or_default()
}

/// A server that says of every request at once that its user is disabled.
async fn serve() -> String {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a port");
    let url = format!("http://{}/usermanager", listener.local_addr().expect("an address"));
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(answer(stream));
        }
    });
    url
}

async fn answer(mut stream: TcpStream) {
    const END: &[u8] = b"\r\n\r\n";
    const ANSWER: &[u8] =
        b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 18\r\n\r\n{\"IsActive\":false}";
    let _ = stream.set_nodelay(true);
    let (mut held, mut piece) = (Vec::new(), [0; 4096]);
    while let Ok(read @ 1..) = stream.read(&mut piece).await {
        held.extend_from_slice(piece.get(..read).expect("what was read"));
        // Its requests have no body.
        while let Some(at) = held.windows(END.len()).position(|window| window == END) {
            held.drain(..at + END.len());
            if stream.write_all(ANSWER).await.is_err() {
                return;
            }
        }
    }
}
