//! The command line.

use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use lexopt::ValueExt;
use lexopt::prelude::{Long, Short};

pub const HELP: &str = "\
Ends the accesses of a plan, several at a time, and says of each whether it is
gone.

Usage: cargo run --example offboard -- [OPTIONS]

Without options it is a demonstration: a leaver's five accesses at a sandbox of
the vendors, on this machine. It needs no account, and nothing leaves the
machine.

Options:
  --plan FILE      The accesses to end: JSON Lines if the name ends in .jsonl,
                   read as needed (examples/offboard/plan.jsonl), else a JSON
                   array (examples/offboard/jane.json). Without --live they are
                   ended at the sandbox.
  --journal FILE   Record the run in this file. The same plan and file once
                   more go on with what is not revoked yet.
  --operator NAME  Who runs it, for the journal. Default: $USER, else
                   `unknown`.
  --reason TEXT    Why, for the journal. Default: `offboard example`.
  --dry-run        Print each request as it would be sent, without the
                   credential. Send nothing.
  --on-bad-entry end|settle
                   What to do if lines of a .jsonl plan cannot be read: name
                   them and send nothing (the default), or count them as left
                   open and go on with the others.
  --concurrency N  How many calls each vendor is made at a time. Default: 8.
  --latency MS     How long the sandbox takes to answer, in milliseconds.
                   Default: 200 for a plan, 0 for the demonstration.
  --live           Use the real vendors. It says what it is about to do and
                   asks first. The credentials come from the environment:
                   PROJECTMANAGER_TOKEN, COR_TOKEN, ONLYOFFICE_TOKEN with
                   ONLYOFFICE_URL, PERSONA_API_KEY, COVA_TOKEN; <VENDOR>_URL
                   sets another base URL.
  --yes            With --live: do not ask.
  --json           Print an object per entry on standard output, as JSON Lines
                   in the order of settling, and nothing else there: `index`
                   (from 0), and `receipt` or `error`, or with --dry-run
                   `preview`.
  -h, --help       Print this.

On a terminal a plan is shown as a bar for each vendor, with what is left open
above; elsewhere each entry is a line. Ctrl-C stops: nothing more is sent.

Exit status: 0 if all accesses are gone, 1 if one of them is not shown to be
gone, 2 if nothing was done, because the arguments, the plan, the journal or
the configuration are wrong or you said no, 130 if it was stopped by Ctrl-C.
";

/// What the command line asks for.
#[derive(Debug, Default)]
pub struct Options {
    pub help: bool,
    pub plan: Option<PathBuf>,
    pub journal: Option<PathBuf>,
    pub operator: Option<String>,
    pub reason: Option<String>,
    pub dry_run: bool,
    pub settle_bad_entries: bool,
    pub concurrency: Option<usize>,
    pub latency: Option<Duration>,
    pub live: bool,
    pub yes: bool,
    pub json: bool,
}

pub fn parse() -> Result<Options, lexopt::Error> {
    let mut options = Options::default();
    let mut parser = lexopt::Parser::from_env();
    while let Some(argument) = parser.next()? {
        match argument {
            Long("plan") => once("--plan", &mut options.plan, parser.value()?.into())?,
            Long("journal") => once("--journal", &mut options.journal, parser.value()?.into())?,
            Long("operator") => once("--operator", &mut options.operator, parser.value()?.string()?)?,
            Long("reason") => once("--reason", &mut options.reason, parser.value()?.string()?)?,
            Long("dry-run") => options.dry_run = true,
            Long("on-bad-entry") => options.settle_bad_entries = parser.value()?.parse_with(bad_entry)?,
            Long("concurrency") => options.concurrency = Some(parser.value()?.parse_with(at_least_one)?),
            Long("latency") => options.latency = Some(Duration::from_millis(parser.value()?.parse()?)),
            Long("live") => options.live = true,
            Long("yes") => options.yes = true,
            Long("json") => options.json = true,
            Long("help") | Short('h') => options.help = true,
            other => return Err(other.unexpected()),
        }
    }
    if !options.help {
        check(&options)?;
    }
    Ok(options)
}

fn check(options: &Options) -> Result<(), String> {
    if options.live && options.plan.is_none() {
        return Err("--live needs --plan FILE: the demonstration's accesses exist in the sandbox only".to_owned());
    }
    if options.live && options.latency.is_some() {
        return Err("--latency is the sandbox's: real vendors take what they take".to_owned());
    }
    if options.settle_bad_entries && !options.plan.as_deref().is_some_and(is_json_lines) {
        return Err("--on-bad-entry settle needs a plan of JSON Lines (.jsonl)".to_owned());
    }
    if options.journal.is_none() && (options.operator.is_some() || options.reason.is_some()) {
        return Err("--operator and --reason are for the journal: give --journal FILE too".to_owned());
    }
    Ok(())
}

/// Whether a plan is read line by line.
pub fn is_json_lines(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("jsonl"))
}

/// The command that this process was started by, with `--journal` added if it was without one.
pub fn command(options: &Options) -> String {
    let mut command = "cargo run --example offboard --".to_owned();
    for argument in std::env::args_os().skip(1) {
        command.push(' ');
        command.push_str(&quoted(&argument.to_string_lossy()));
    }
    if options.journal.is_none() {
        command.push_str(" --journal run.jsonl");
    }
    command
}

/// An argument as a shell takes it.
fn quoted(argument: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_./=:@,+%".contains(c);
    match !argument.is_empty() && argument.chars().all(is_plain) {
        true => argument.to_owned(),
        false => format!("'{}'", argument.replace('\'', r"'\''")),
    }
}

fn once<T>(name: &str, slot: &mut Option<T>, value: T) -> Result<(), String> {
    match slot.replace(value) {
        None => Ok(()),
        Some(_) => Err(format!("{name} is given twice")),
    }
}

fn bad_entry(value: &str) -> Result<bool, &'static str> {
    match value {
        "settle" => Ok(true),
        "end" => Ok(false),
        _ => Err("it is `end` or `settle`"),
    }
}

fn at_least_one(value: &str) -> Result<usize, &'static str> {
    match usize::from_str(value) {
        Ok(number) if number > 0 => Ok(number),
        _ => Err("it is a number from 1"),
    }
}
