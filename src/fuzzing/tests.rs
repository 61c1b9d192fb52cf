//! The checks on drawn bytes, and on what the fuzzers were started with and have found.

use std::fs;
use std::path::Path;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use super::{CHECKS, run};

/// So many cases of each check that all together take a few seconds; `PROPTEST_CASES` says otherwise.
fn cases(name: &str) -> u32 {
    let by_hand = std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok());
    by_hand.unwrap_or(match name {
        // These are files, and are put on disk.
        "journals" => 128,
        "readings" => 10_000,
        _ => 1024,
    })
}

fn holds_for_any_bytes(name: &str) {
    let config = Config { cases: cases(name), max_shrink_iters: 4096, failure_persistence: None, ..Config::default() };
    TestRunner::new(config)
        .run(&vec(any::<u8>(), 0..400), |data| {
            run(name, &data);
            Ok(())
        })
        .unwrap();
}

#[test]
fn ids_lead_nowhere_else() {
    holds_for_any_bytes("ids");
}

#[test]
fn journals_can_be_gone_on_with() {
    holds_for_any_bytes("journals");
}

#[test]
fn plans_are_entries_or_errors_with_a_line() {
    holds_for_any_bytes("plans");
}

#[test]
fn readings_are_what_an_answer_can_mean() {
    holds_for_any_bytes("readings");
}

#[test]
fn readings_notice_every_member_that_turns_an_answer() {
    super::readings::check_every_turn();
}

#[test]
fn texts_are_fit_to_print() {
    holds_for_any_bytes("texts");
}

#[test]
fn waits_are_never_negative() {
    holds_for_any_bytes("waits");
}

#[test]
fn what_the_fuzzers_begin_with_and_found_holds() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz");
    for (name, _) in CHECKS {
        for kind in ["seeds", "found"] {
            let Ok(files) = fs::read_dir(folder.join(kind).join(name)) else { continue };
            for file in files {
                run(name, &fs::read(file.unwrap().path()).unwrap());
            }
        }
    }
}
