//! Instructions per call, by callgrind.

use std::env;
use std::process::Command;

use super::callers;

const FEW: u64 = 100;
const MANY: u64 = 300;

/// Makes calls and nothing else: what callgrind runs.
pub fn run(caller: &str, url: &str, calls: u64) {
    let caller = callers::make(caller, url);
    callers::runtime().block_on(async {
        for _ in 0..calls {
            caller.call().await;
        }
    });
}

pub fn table(url: &str) {
    println!("Instructions per call (callgrind, the difference between {FEW} and {MANY} calls)");
    if Command::new("valgrind").arg("--version").output().is_err() {
        println!("valgrind is not installed: not counted");
        return;
    }
    println!("{:<14} {:>12} {:>10}", "", "instructions", "ratio");
    let mut base = None;
    for caller in callers::NAMES {
        let counted = (count(caller, url, MANY) - count(caller, url, FEW)) as f64 / (MANY - FEW) as f64;
        let base = *base.get_or_insert(counted);
        println!("{caller:<14} {counted:>12.0} {:>10.3}", counted / base);
    }
}

fn count(caller: &str, url: &str, calls: u64) -> u64 {
    let program = env::current_exe().expect("this program");
    let mut command = Command::new("valgrind");
    command.args(["--tool=callgrind", "--callgrind-out-file=/dev/null"]).arg(program);
    let output = command.args(["run", caller, url, &calls.to_string()]).output().expect("valgrind");
    let text = String::from_utf8_lossy(&output.stderr);
    let line = text.lines().find_map(|line| line.split("Collected : ").nth(1));
    line.and_then(|count| count.trim().parse().ok()).unwrap_or_else(|| panic!("no count in:\n{text}"))
}
