//! The command line.

use std::path::PathBuf;

use lexopt::prelude::{Long, Short};

pub const HELP: &str = "\
Ends the accesses of a plan, one after the other, and says of each whether it is gone.

Usage: cargo run --example offboard -- [OPTIONS]

Without options it is a demonstration: a leaver's five accesses at a sandbox of the vendors, on
this machine. It needs no account, and nothing leaves the machine.

Options:
  --plan FILE  The accesses to end: a JSON array, see examples/offboard/jane.json. Without --live
               they are ended at the sandbox, which knows the subjects that the documentation of
               `deprovision::sandbox` lists.
  --live       Use the real vendors. The credentials come from the environment:
                 PROJECTMANAGER_TOKEN, COR_TOKEN, ONLYOFFICE_TOKEN with ONLYOFFICE_URL,
                 PERSONA_API_KEY, COVA_TOKEN; <VENDOR>_URL sets another base URL.
               It says what it is about to do and asks first.
  --yes        With --live: do not ask.
  --json       Print a receipt or an error report per entry on standard output, as JSON Lines in
               the plan's order, and nothing else there.
  -h, --help   Print this.

Exit status: 0 if all accesses are gone, 1 if one of them is not shown to be gone, 2 if nothing
was done, because the arguments, the plan or the configuration are wrong or you said no.
";

/// What the command line asks for.
#[derive(Debug, Default)]
pub struct Options {
    pub help: bool,
    pub plan: Option<PathBuf>,
    pub live: bool,
    pub yes: bool,
    pub json: bool,
}

pub fn parse() -> Result<Options, lexopt::Error> {
    let mut options = Options::default();
    let mut parser = lexopt::Parser::from_env();
    while let Some(argument) = parser.next()? {
        match argument {
            Long("plan") if options.plan.is_some() => return Err("--plan is given twice".into()),
            Long("plan") => options.plan = Some(parser.value()?.into()),
            Long("live") => options.live = true,
            Long("yes") => options.yes = true,
            Long("json") => options.json = true,
            Long("help") | Short('h') => options.help = true,
            other => return Err(other.unexpected()),
        }
    }
    if options.live && options.plan.is_none() && !options.help {
        return Err("--live needs --plan FILE: the demonstration's accesses exist in the sandbox only".into());
    }
    Ok(options)
}
