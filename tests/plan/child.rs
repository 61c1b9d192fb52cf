//! A process that runs a plan and can be killed: this test binary once more.

use std::fs::File;
use std::io::{BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use deprovision::journal::Journal;
use deprovision::sandbox::Sandbox;
use deprovision::{Client, RetryPolicy, Revocation, Vendor, cor, cova, onlyoffice, persona, plan, projectmanager};
use futures_util::StreamExt;

use crate::support::ms;

const PLAN: &str = "DEPROVISION_TEST_PLAN";
const JOURNAL: &str = "DEPROVISION_TEST_JOURNAL";
const REASON: &str = "DEPROVISION_TEST_REASON";
const CONCURRENCY: &str = "DEPROVISION_TEST_CONCURRENCY";

/// What the child says of each settled entry begins with this; the test harness prints too.
const MARK: &str = "settled:";

/// An entry that a child told to be settled.
#[derive(serde::Serialize, serde::Deserialize)]
pub struct Told {
    pub index: usize,
    pub ok: bool,
    pub error: Option<String>,
    pub journal_error: Option<String>,
}

pub fn write_plan(path: &Path, plan: &[Revocation]) {
    let lines: Vec<String> = plan.iter().map(|entry| serde_json::to_string(entry).unwrap()).collect();
    std::fs::write(path, lines.join("\n")).unwrap();
}

/// A child that runs a plan against the parent's sandbox. `shell` goes before it, such as a limit on its files.
pub fn command(sandbox: &Sandbox, plan: &Path, journal: &Path, reason: &str, calls: usize, shell: &str) -> Command {
    let mut command = Command::new("sh");
    let own = std::env::current_exe().unwrap();
    command.arg("-c").arg(format!("{shell} exec \"$0\" \"$@\"")).arg(own);
    command.args(["--exact", "child::plays_its_part_when_asked", "--nocapture"]);
    command.env(PLAN, plan).env(JOURNAL, journal).env(REASON, reason).env(CONCURRENCY, calls.to_string());
    for vendor in Vendor::ALL {
        command.env(url_of(*vendor), sandbox.url(*vendor)).env(token_of(*vendor), sandbox.token(*vendor));
    }
    command.stdin(Stdio::null()).stderr(Stdio::inherit());
    command
}

/// What a child printed of the entries it settled.
pub fn told(output: &[u8]) -> Vec<Told> {
    let lines = std::str::from_utf8(output).unwrap().lines();
    lines.filter_map(|line| line.strip_prefix(MARK)).map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn url_of(vendor: Vendor) -> String {
    format!("DEPROVISION_TEST_{vendor}_URL")
}

fn token_of(vendor: Vendor) -> String {
    format!("DEPROVISION_TEST_{vendor}_TOKEN")
}

fn client() -> Client {
    let url = |vendor| std::env::var(url_of(vendor)).unwrap();
    let token = |vendor| std::env::var(token_of(vendor)).unwrap();
    let limit = (1_000_000, Duration::from_secs(1));
    Client::builder()
        .retry(RetryPolicy::default().backoff(ms(1), ms(2)))
        .projectmanager(
            projectmanager::Config::new(token(Vendor::ProjectManager)).base_url(url(Vendor::ProjectManager)),
        )
        .cor(cor::Config::new(token(Vendor::Cor)).base_url(url(Vendor::Cor)))
        .onlyoffice(
            onlyoffice::Config::new(url(Vendor::OnlyOffice), token(Vendor::OnlyOffice)).rate_limit(limit.0, limit.1),
        )
        .persona(
            persona::Config::new(token(Vendor::Persona)).base_url(url(Vendor::Persona)).rate_limit(limit.0, limit.1),
        )
        .cova(cova::Config::new(token(Vendor::Cova)).base_url(url(Vendor::Cova)))
        .build()
        .unwrap()
}

/// No test by itself: the other tests start it as a process of its own.
#[tokio::test]
async fn plays_its_part_when_asked() {
    let Ok(plan) = std::env::var(PLAN) else { return };
    let env = |name| std::env::var(name).unwrap();
    let journal = Journal::open(env(JOURNAL), "hr@acme.example", env(REASON));
    let journal = journal.unwrap_or_else(|error| {
        println!("\n{error}");
        std::process::exit(3);
    });
    let entries = plan::lines(BufReader::new(File::open(plan).unwrap()));
    let calls = env(CONCURRENCY).parse().unwrap();
    let mut run = client().revoke_all(entries).journal(journal).concurrency(calls);
    println!();
    while let Some(settled) = run.next().await {
        let told = Told {
            index: settled.index,
            ok: settled.result.is_ok(),
            error: settled.result.as_ref().err().map(ToString::to_string),
            journal_error: settled.journal_error.map(|error| error.to_string()),
        };
        let line = format!("{MARK}{}\n", serde_json::to_string(&told).unwrap());
        std::io::stdout().write_all(line.as_bytes()).unwrap();
    }
}
