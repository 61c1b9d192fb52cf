//! Ends the accesses of a leaver and says of each whether it is gone: `cargo run --example offboard`.
//!
//! Without arguments it is a demonstration against the sandbox; `--help` tells the rest.

mod args;
mod live;
mod plan;
mod text;

use std::io::{self, Write};
use std::process::ExitCode;

use deprovision::sandbox::{Fault, Sandbox};
use deprovision::{Client, Outcome, Revocation, Vendor};

use args::Options;

/// The plan of the demonstration.
const DEMONSTRATION: &str = include_str!("jane.json");

#[tokio::main]
async fn main() -> ExitCode {
    let options = match args::parse() {
        Ok(options) => options,
        Err(error) => return refuse(&[format!("{error} (--help tells what there is)")]),
    };
    if options.help {
        print!("{}", args::HELP);
        return ExitCode::SUCCESS;
    }
    let plan = match &options.plan {
        Some(path) => plan::read(path),
        None => plan::parse("jane.json", DEMONSTRATION),
    };
    let plan = match plan {
        Ok(plan) => plan,
        Err(faults) => return refuse(&faults),
    };
    let result = if options.live { at_the_vendors(&options, &plan).await } else { at_a_sandbox(&options, &plan).await };
    match result {
        Ok(counts) => ExitCode::from(u8::from(counts.left() > 0)),
        Err(why) => refuse(&[why]),
    }
}

/// Says what is wrong. Nothing was sent.
fn refuse(faults: &[String]) -> ExitCode {
    for fault in faults {
        eprintln!("offboard: {fault}");
    }
    eprintln!("Nothing was sent.");
    ExitCode::from(2)
}

async fn at_the_vendors(options: &Options, plan: &[Revocation]) -> Result<Counts, String> {
    let client = live::client(plan)?;
    live::announce(&client, plan);
    if !options.yes && !live::is_wanted()? {
        return Err("the answer was not `yes`".to_owned());
    }
    let counts = run(&client, plan, options.json).await;
    tell(options.json, &format!("\n{}", counts.line()));
    Ok(counts)
}

async fn at_a_sandbox(options: &Options, plan: &[Revocation]) -> Result<Counts, String> {
    let sandbox = Sandbox::start().await.map_err(|error| format!("the sandbox does not start: {error}"))?;
    let client = sandbox.client_builder().build().map_err(|error| error.to_string())?;
    let is_demonstration = options.plan.is_none();
    let intro = if is_demonstration {
        sandbox.inject(Vendor::Cova, Fault::lose_response());
        "A demonstration. Jane leaves Acme, and her five accesses are ended at a sandbox: the five vendors imitated on \
         this machine. To make it worth watching, one access is gone already, one answer gets lost on its way, and one \
         request cannot be granted."
    } else {
        "A rehearsal at the sandbox, the five vendors imitated on this machine: no real access ends. It knows the \
         subjects that the documentation of `deprovision::sandbox` lists, and no others."
    };
    tell(options.json, &text::paragraph(intro));
    let counts = run(&client, plan, options.json).await;
    tell(options.json, &format!("\n{}", counts.line()));
    if is_demonstration {
        let end = "The exit status is 1, because an access is left open. Here that is intended: entry 2 asks COR to \
                   detach a workspace that the user never had, and COR refuses the whole request for it, so the other \
                   workspace stays attached too. For your own plan: cargo run --example offboard -- --help";
        tell(options.json, &text::paragraph(end));
    }
    Ok(counts)
}

/// Ends the accesses one after the other, and prints each result as it comes.
async fn run(client: &Client, plan: &[Revocation], as_json: bool) -> Counts {
    let mut counts = Counts::default();
    for (number, revocation) in (1..).zip(plan) {
        let result = client.revoke(revocation).await;
        match &result {
            Ok(receipt) if receipt.outcome == Outcome::AlreadyRevoked => counts.already_revoked += 1,
            Ok(_) => counts.revoked += 1,
            Err(_) => counts.left_open.push(number),
        }
        if as_json {
            let line = match &result {
                Ok(receipt) => serde_json::to_string(receipt),
                Err(error) => serde_json::to_string(&error.report()),
            };
            match line {
                Ok(line) => print(&line),
                Err(error) => eprintln!("offboard: entry {number} is done and cannot be printed: {error}"),
            }
        } else {
            print(&format!(
                "\n{}",
                text::block(&format!("{number} of {}", plan.len()), revocation, &result).trim_end()
            ));
        }
    }
    counts
}

/// How the entries of a plan ended.
#[derive(Default)]
struct Counts {
    revoked: usize,
    already_revoked: usize,
    /// Their numbers, from 1.
    left_open: Vec<usize>,
}

impl Counts {
    fn left(&self) -> usize {
        self.left_open.len()
    }

    fn line(&self) -> String {
        let Self { revoked, already_revoked, left_open } = self;
        let all = text::accesses(revoked + already_revoked + left_open.len());
        let mut line =
            format!("{all}: {revoked} revoked, {already_revoked} already revoked, {} left open", self.left());
        if !left_open.is_empty() {
            let numbers: Vec<String> = left_open.iter().map(usize::to_string).collect();
            let entry = if left_open.len() == 1 { "entry" } else { "entries" };
            line.push_str(&format!(" ({entry} {})", numbers.join(", ")));
        }
        line
    }
}

/// Words for a person: beside the JSON on standard error, else on standard output.
fn tell(as_json: bool, text: &str) {
    if as_json { eprintln!("{}", text.trim_end()) } else { print(text.trim_end_matches('\n')) }
}

/// Prints a line. If nobody reads on, the plan is carried out all the same, and the exit status tells the result.
fn print(line: &str) {
    let _ = writeln!(io::stdout().lock(), "{line}");
}
