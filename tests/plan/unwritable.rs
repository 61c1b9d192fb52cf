//! A journal that cannot be written any more, in the middle of a run.

use std::collections::HashSet;
use std::fs;

use deprovision::Vendor;
use deprovision::journal::{Journal, JournalRecord};

use crate::child;
use crate::help::{Folder, Setting, all, assert_all_gone, open};

/// What a shell has to say so that no file of the child grows beyond a few kilobytes, and that this is an error to the
/// child and not its end.
const FULL: &str = "trap '' XFSZ; ulimit -f 8;";

#[cfg(unix)]
#[tokio::test]
async fn nothing_unrecorded_is_sent_and_no_receipt_is_lost() {
    let mut result_failed = 0;
    // Reasons of different lengths let the file be full at different places of a line.
    for padding in (0..1000).step_by(90) {
        let (sandbox, folder) = (Setting::new().await, Folder::new());
        let (plan_file, path) = (folder.file("plan.jsonl"), folder.file("run.jsonl"));
        let plan = sandbox.users(1..=60);
        child::write_plan(&plan_file, &plan);
        let reason = "x".repeat(padding);
        let output = child::command(&sandbox, &plan_file, &path, &reason, 1, FULL).output().unwrap();
        assert!(output.status.success(), "{output:?}");
        let told = child::told(&output.stdout);

        // The run ended early, with an entry that was not announced, or one whose result is missing, or both.
        assert!(told.len() < 60, "{}", told.len());
        let sound = told.iter().take_while(|one| one.ok && one.journal_error.is_none()).count();
        let why = match &told[sound..] {
            [intent] if !intent.ok => intent.error.clone().unwrap(),
            [result, intent @ ..] if intent.len() < 2 => {
                result_failed += 1;
                assert!(result.ok && intent.iter().all(|one| !one.ok && one.journal_error.is_none()));
                result.journal_error.clone().unwrap()
            }
            others => panic!("{} entries are not sound", others.len()),
        };
        assert!(why.contains(path.to_str().unwrap()) && why.contains("cannot be written"), "{why}");

        // What was sent is what was announced.
        let text = fs::read_to_string(&path).unwrap();
        let whole = text.split_inclusive('\n').filter(|line| line.ends_with('\n'));
        let intended: HashSet<u64> = whole
            .filter_map(|line| match serde_json::from_str(line).unwrap() {
                JournalRecord::Intent { index, .. } => Some(index),
                _ => None,
            })
            .collect();
        let requests = sandbox.requests(Vendor::Cova);
        assert_eq!(requests.len(), told.iter().filter(|one| one.ok).count());
        for request in &requests {
            let known = intended.iter().any(|index| request.path.ends_with(&format!("users({})", index + 1)));
            assert!(known, "{} was sent unrecorded", request.path);
        }

        // With room again it is gone on with; at most the entry without a recorded result is sent again.
        let settled = all(sandbox.client().revoke_all(plan).journal(open(&path))).await;
        assert_all_gone(&settled, 60);
        assert!((60..=61).contains(&sandbox.count(Vendor::Cova)), "{}", sandbox.count(Vendor::Cova));
        assert_eq!(Journal::report(&path).unwrap().revoked, 60);
    }
    assert!(result_failed > 0, "no result failed to be recorded");
}

#[cfg(unix)]
#[tokio::test]
async fn an_entry_whose_intent_cannot_be_recorded_is_not_sent() {
    let (sandbox, folder) = (Setting::new().await, Folder::new());
    let (plan_file, path) = (folder.file("plan.jsonl"), folder.file("run.jsonl"));
    let plan = sandbox.users(1..=60);
    child::write_plan(&plan_file, &plan);
    let run = |reason: &str| child::command(&sandbox, &plan_file, &path, reason, 1, FULL).output().unwrap();
    run("");
    // How much the file may hold depends on the shell.
    let limit = fs::metadata(&path).unwrap().len();
    let first_line = fs::read_to_string(&path).unwrap().lines().next().unwrap().len() as u64;
    fs::remove_file(&path).unwrap();
    let sent = sandbox.count(Vendor::Cova);

    let output = run(&"x".repeat((limit - first_line - 30) as usize));
    let told = child::told(&output.stdout);
    let [one] = told.as_slice() else { panic!("{} entries", told.len()) };
    let error = one.error.as_ref().unwrap();
    assert!(error.contains("cannot be written") && error.contains("access unchanged"), "{error}");
    assert_eq!((one.index, &one.journal_error, sandbox.count(Vendor::Cova)), (0, &None, sent));
}

#[cfg(unix)]
#[tokio::test]
async fn a_run_with_many_calls_under_way_ends_all_the_same() {
    let (sandbox, folder) = (Setting::new().await, Folder::new());
    let (plan_file, path) = (folder.file("plan.jsonl"), folder.file("run.jsonl"));
    let plan = sandbox.users(1..=100);
    child::write_plan(&plan_file, &plan);
    let output = child::command(&sandbox, &plan_file, &path, "y", 8, FULL).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    let told = child::told(&output.stdout);
    assert!(told.len() < 100);
    // Every request that was answered is handed over, with its receipt, recorded or not.
    assert_eq!(told.iter().filter(|one| one.ok).count(), sandbox.requests(Vendor::Cova).len());
    assert!(told.iter().any(|one| one.journal_error.is_some() || !one.ok));
    let settled = all(sandbox.client().revoke_all(plan).journal(open(&path))).await;
    assert_all_gone(&settled, 100);
}

/// What a full disk does to opening.
#[cfg(unix)]
#[tokio::test]
async fn a_journal_that_cannot_take_its_first_line_is_not_opened() {
    let (sandbox, folder) = (Setting::new().await, Folder::new());
    let (plan_file, path) = (folder.file("plan.jsonl"), folder.file("run.jsonl"));
    child::write_plan(&plan_file, &sandbox.users([1]));
    let shell = "trap '' XFSZ; ulimit -f 0;";
    let output = child::command(&sandbox, &plan_file, &path, "z", 1, shell).output().unwrap();
    assert_eq!(output.status.code(), Some(3), "{output:?}");
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.contains("journal unusable") && text.contains(path.to_str().unwrap()), "{text}");
    assert_eq!(sandbox.count(Vendor::Cova), 0);
    // What is left of it is no obstacle.
    assert_all_gone(&all(sandbox.client().revoke_all(sandbox.users([1])).journal(open(&path))).await, 1);
}
