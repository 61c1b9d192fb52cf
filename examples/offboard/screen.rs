//! Where words go: a bar for each vendor on a terminal, lines elsewhere.

use std::collections::BTreeMap;
use std::io::{self, IsTerminal, Write};
use std::time::Duration;

use deprovision::{Revoke, Settled, Vendor};
use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde_json::json;

use crate::plan::Survey;
use crate::text;

/// What is shown while a plan runs.
pub struct Screen {
    as_json: bool,
    /// Whether entries that went well are printed too.
    every_entry: bool,
    /// Whether those are printed at length.
    at_length: bool,
    total: usize,
    bars: Option<Bars>,
}

struct Bars {
    all: MultiProgress,
    by_vendor: BTreeMap<Vendor, Bar>,
}

struct Bar {
    bar: ProgressBar,
    entries: usize,
    gone: usize,
    open: usize,
}

impl Screen {
    /// For a few entries, each printed at length.
    pub fn of_few(total: usize, as_json: bool) -> Self {
        Self { as_json, every_entry: true, at_length: true, total, bars: None }
    }

    /// For a plan.
    pub fn of_plan(survey: &Survey, as_json: bool) -> Self {
        let bars = io::stderr().is_terminal().then(|| Bars::new(survey));
        let every_entry = bars.is_none() || as_json || !io::stdout().is_terminal();
        Self { as_json, every_entry, at_length: false, total: survey.entries, bars }
    }

    /// Shows what came of an entry.
    pub fn show(&mut self, settled: &Settled) {
        if let Some(bars) = &mut self.bars {
            bars.advance(settled);
        }
        if self.as_json {
            let line = json_line(settled);
            self.above(|| print(&line));
        } else if settled.result.is_err() || self.every_entry {
            let number = format!("{} of {}", settled.index + 1, self.total);
            let place = format!("{number:<width$}", width = format!("{0} of {0}", self.total).len());
            let lines = match &settled.result {
                Ok(receipt) if !self.at_length => text::short(&place, receipt, settled.from_journal),
                _ if self.at_length => format!("\n{}", text::block(&place, settled).trim_end()),
                // What follows, a line or the bars, is not to touch it.
                _ => text::block(&place, settled),
            };
            self.above(|| print(&lines));
        }
        if let Some(error) = &settled.journal_error {
            let what = format!("the result of entry {} is not in the journal: {}", settled.index + 1, error.message());
            self.above(|| eprintln!("offboard: {what}"));
        }
    }

    /// Leaves the bars as they are; what is printed next stands below.
    pub fn close(&mut self, was_stopped: bool) {
        let Some(bars) = self.bars.take() else { return };
        if was_stopped {
            // The terminal has shown the keys that were pressed, so another drawing would be a line too low.
            bars.all.set_draw_target(ProgressDrawTarget::hidden());
        }
        for one in bars.by_vendor.values() {
            one.bar.abandon();
        }
        // The cursor is behind the last bar.
        eprintln!();
    }

    /// Words for a person: beside the JSON on standard error, else on standard output.
    pub fn tell(&self, text: &str) {
        tell(self.as_json, text);
    }

    fn above(&self, print: impl FnOnce()) {
        match &self.bars {
            Some(bars) => bars.all.suspend(print),
            None => print(),
        }
    }
}

impl Bars {
    fn new(survey: &Survey) -> Self {
        let template = "{prefix:<15} [{bar:28}] {elapsed:>4}  {msg}";
        let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
        let style = style.progress_chars("=> ");
        let all = MultiProgress::new();
        let by_vendor = survey.vendors.iter().map(|(vendor, (entries, _))| {
            let bar = all.add(ProgressBar::new(u64::try_from(*entries).unwrap_or(u64::MAX)));
            bar.set_style(style.clone());
            bar.set_prefix(vendor.as_str());
            bar.set_message(format!("0 of {entries}"));
            // A vendor may be waited for; the seconds show that it goes on.
            bar.enable_steady_tick(Duration::from_millis(500));
            (*vendor, Bar { bar, entries: *entries, gone: 0, open: 0 })
        });
        Self { by_vendor: by_vendor.collect(), all }
    }

    fn advance(&mut self, settled: &Settled) {
        let vendor = settled.revocation.as_ref().map(|revocation| revocation.action().vendor());
        let Some(one) = vendor.and_then(|vendor| self.by_vendor.get_mut(&vendor)) else { return };
        match &settled.result {
            Ok(_) => one.gone += 1,
            Err(_) => one.open += 1,
        }
        let open = if one.open > 0 { format!(", {} open", one.open) } else { String::new() };
        let done = one.gone + one.open;
        one.bar.set_message(format!("{done} of {}: {} gone{open}", one.entries, one.gone));
        one.bar.inc(1);
        if done == one.entries {
            one.bar.abandon();
        }
    }
}

fn json_line(settled: &Settled) -> String {
    let index = settled.index;
    let mut line = match &settled.result {
        Ok(receipt) => json!({ "index": index, "receipt": receipt, "from_journal": settled.from_journal }),
        Err(error) => json!({ "index": index, "error": error.report() }),
    };
    if let (Some(error), Some(members)) = (&settled.journal_error, line.as_object_mut()) {
        members.insert("journal_error".to_owned(), json!(error.report()));
    }
    line.to_string()
}

/// Words for a person: beside the JSON on standard error, else on standard output.
pub fn tell(as_json: bool, text: &str) {
    let text = text.strip_suffix("\n").unwrap_or(text);
    if as_json { eprintln!("{text}") } else { print(text) }
}

/// Prints a line. If nobody reads on, the plan is carried out all the same, and the exit status tells the result.
pub fn print(line: &str) {
    let _ = writeln!(io::stdout().lock(), "{line}");
}
