//! Ends the accesses of a leaver, or of many, and says of each whether it is gone: `cargo run --example offboard`.
//!
//! Without arguments it is a demonstration against the sandbox; `--help` tells the rest.

mod args;
mod counts;
mod live;
mod plan;
mod rehearsal;
mod screen;
mod text;

use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use deprovision::journal::Journal;
use deprovision::sandbox::{Fault, Sandbox};
use deprovision::{Client, RevokeAll, Vendor};
use futures_util::StreamExt;
use serde_json::json;

use args::Options;
use counts::Counts;
use plan::{Entries, Plan, Survey};
use rehearsal::Seeds;
use screen::{Screen, print, tell};

/// The plan of the demonstration.
const DEMONSTRATION: &str = include_str!("jane.json");

/// How long the sandbox takes to answer in a rehearsal, unless said otherwise.
const LATENCY: Duration = Duration::from_millis(200);

/// The exit status of what was stopped by Ctrl-C.
const STOPPED: u8 = 130;

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
        Some(path) => Plan::open(path),
        None => plan::parse("jane.json", DEMONSTRATION).map(Plan::Array),
    };
    let result = match plan {
        Ok(plan) if options.live => at_the_vendors(&options, &plan).await,
        Ok(plan) => at_a_sandbox(&options, &plan).await,
        Err(faults) => Err(faults),
    };
    match result {
        Ok(status) => ExitCode::from(status),
        Err(faults) => refuse(&faults),
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

async fn at_the_vendors(options: &Options, plan: &Plan) -> Result<u8, Vec<String>> {
    let survey = plan.survey(|_| {}).map_err(one)?;
    check(options, &survey)?;
    let client = live::client(&survey).map_err(one)?;
    if options.dry_run {
        return dry_run(options, plan, &survey, &client);
    }
    live::announce(&client, &survey);
    if !options.yes && !live::is_wanted().map_err(one)? {
        return Err(one("the answer was not `yes`"));
    }
    let screen = Screen::of_plan(&survey, options.json);
    run(options, &client, plan, survey.entries, screen).await
}

async fn at_a_sandbox(options: &Options, plan: &Plan) -> Result<u8, Vec<String>> {
    let sandbox = Sandbox::start().await.map_err(|error| one(format!("the sandbox does not start: {error}")))?;
    let client = sandbox.client_builder().build().map_err(one)?;
    let is_demonstration = options.plan.is_none();
    let mut seeds = Seeds::default();
    let survey = plan
        .survey(|entry| {
            if !is_demonstration {
                seeds.sow(&sandbox, entry)
            }
        })
        .map_err(one)?;
    check(options, &survey)?;
    if options.dry_run {
        return dry_run(options, plan, &survey, &client);
    }
    if !is_demonstration {
        let intro = "A rehearsal at the sandbox, the five vendors imitated on this machine: no real access ends. It is \
                     given the accesses of the plan, besides those it has from the start.";
        tell(options.json, &format!("{}\n", text::paragraph(intro)));
        rehearsal::slow_down(&sandbox, options.latency.unwrap_or(LATENCY));
        return run(options, &client, plan, survey.entries, Screen::of_plan(&survey, options.json)).await;
    }
    sandbox.inject(Vendor::Cova, Fault::lose_response());
    rehearsal::slow_down(&sandbox, options.latency.unwrap_or_default());
    let intro = "A demonstration. Jane leaves Acme, and her five accesses are ended at a sandbox: the five vendors \
                 imitated on this machine. To make it worth watching, one access is gone already, one answer gets lost on \
                 its way, and one request cannot be granted.";
    tell(options.json, &text::paragraph(intro));
    let status = run(options, &client, plan, survey.entries, Screen::of_few(survey.entries, options.json)).await?;
    if status == 1 {
        let end = "The exit status is 1, because an access is left open. Here that is intended: entry 2 asks COR to \
                   detach a workspace that the user never had, and COR refuses the whole request for it, so the other \
                   workspace stays attached too. For your own plan: cargo run --example offboard -- --help";
        tell(options.json, &text::paragraph(end));
    }
    Ok(status)
}

/// Refuses a plan with nothing to do, or with entries that nobody can read.
fn check(options: &Options, survey: &Survey) -> Result<(), Vec<String>> {
    if survey.entries == 0 {
        return Err(one("the plan has no entries"));
    }
    if survey.unreadable == 0 || options.settle_bad_entries {
        return Ok(());
    }
    let mut faults = survey.faults.clone();
    if survey.unreadable > faults.len() {
        faults.push(format!("and {} entries more cannot be read", survey.unreadable - faults.len()));
    }
    Err(faults)
}

/// Prints what would be sent.
fn dry_run(options: &Options, plan: &Plan, survey: &Survey, client: &Client) -> Result<u8, Vec<String>> {
    let mut cannot = 0;
    for (index, entry) in plan.entries().map_err(one)?.enumerate() {
        match entry.and_then(|entry| client.preview(&entry)) {
            Ok(preview) if options.json => print(&json!({ "index": index, "preview": preview }).to_string()),
            Ok(preview) => {
                print(text::preview(&format!("{} of {}", index + 1, survey.entries), &preview).trim_end());
            }
            Err(error) => {
                cannot += 1;
                if options.json {
                    print(&json!({ "index": index, "error": error.report() }).to_string());
                } else {
                    print(&format!("\n{} of {}  {error}", index + 1, survey.entries));
                }
            }
        }
    }
    let mut end = format!("\n{} shown, nothing was sent.", text::entries(survey.entries));
    if !options.live {
        end.push_str(" The URLs are the sandbox's; with --live they are the vendors'.");
    }
    if options.journal.is_some() {
        end.push_str(" The journal was not looked at: what it says is revoked would not be sent again.");
    }
    tell(options.json, &end);
    Ok(u8::from(cannot > 0))
}

/// Ends the accesses of a plan, and says what came of it.
async fn run(
    options: &Options,
    client: &Client,
    plan: &Plan,
    total: usize,
    mut screen: Screen,
) -> Result<u8, Vec<String>> {
    let mut accesses = client.revoke_all(plan.entries().map_err(one)?);
    if let Some(calls) = options.concurrency {
        accesses = accesses.concurrency(calls);
    }
    if let Some(path) = &options.journal {
        accesses = accesses.journal(open_journal(options, path)?);
    }
    let (counts, was_stopped) = watch(accesses, total, &mut screen).await;
    screen.close(was_stopped);
    if was_stopped {
        let what = "Stopped: nothing more is sent. What was under way may be done or not; going on settles it.";
        screen.tell(&format!("\n{}", text::paragraph(what)));
    }
    screen.tell(&format!("\n{}", counts.line()));
    if let Some(path) = &options.journal {
        match Journal::report(path) {
            Ok(report) => screen.tell(&format!("\nThe journal's report (it counts entries from 0):\n{report}")),
            Err(error) => eprintln!("offboard: {error}"),
        }
    }
    if options.journal.is_some() && counts.are_some_refused() {
        let how = "A journal belongs to one plan. The same plan and journal again ask for what is open; an entry that has to \
                   be corrected goes to the plan's end, or into another plan.";
        screen.tell(&format!("\n{}", text::paragraph(how)));
    }
    if was_stopped || counts.unsettled() > 0 {
        let how = match options.journal {
            Some(_) => "To go on with what is not revoked yet:",
            None => "There is no journal to go on from. Everything again, which is safe, and with a journal:",
        };
        screen.tell(&format!("\n{how}\n  {}", args::command(options)));
    }
    Ok(if was_stopped { STOPPED } else { u8::from(!counts.are_all_gone()) })
}

/// Runs a plan to its end, or until Ctrl-C. Dropping it then ends it: what is under way is cut off.
async fn watch(mut accesses: RevokeAll<Entries>, total: usize, screen: &mut Screen) -> (Counts, bool) {
    let mut counts = Counts::of(total);
    let mut stop = std::pin::pin!(stopped());
    loop {
        tokio::select! {
            biased;
            () = &mut stop => return (counts, true),
            settled = accesses.next() => match settled {
                Some(settled) => {
                    counts.add(&settled);
                    screen.show(&settled);
                }
                None => return (counts, false),
            },
        }
    }
}

/// Comes back at Ctrl-C.
async fn stopped() {
    if let Err(error) = tokio::signal::ctrl_c().await {
        eprintln!("offboard: Ctrl-C cannot be listened for, and ends this at once: {error}");
        std::future::pending::<()>().await;
    }
}

fn open_journal(options: &Options, path: &Path) -> Result<Journal, Vec<String>> {
    let user = || std::env::var("USER").ok().filter(|user| !user.is_empty());
    let operator = options.operator.clone().or_else(user).unwrap_or_else(|| "unknown".to_owned());
    let reason = options.reason.clone().unwrap_or_else(|| "offboard example".to_owned());
    Journal::open(path, operator, reason).map_err(one)
}

fn one(fault: impl std::fmt::Display) -> Vec<String> {
    vec![fault.to_string()]
}
