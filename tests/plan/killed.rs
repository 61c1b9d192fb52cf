//! A process that is killed in the middle of a plan, again and again, and gone on with.

use std::collections::HashMap;
use std::fs;
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use deprovision::journal::{Journal, JournalRecord};
use deprovision::{Revocation, Vendor};

use crate::child;
use crate::help::{Folder, Setting, is_there, mixed, put_back, records};

/// How far an entry is by the journal.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Known {
    /// About to be sent, and nothing more.
    Intended,
    Revoked,
    Refused,
}

/// What the whole lines of a journal say: how far each entry is, and how often it was announced.
fn known(path: &Path, entries: usize) -> (HashMap<usize, Known>, Vec<usize>) {
    let text = fs::read_to_string(path).unwrap_or_default();
    let (mut known, mut intents) = (HashMap::new(), vec![0; entries]);
    for line in text.split_inclusive('\n').filter(|line| line.ends_with('\n')) {
        match serde_json::from_str(line).unwrap() {
            JournalRecord::Intent { index, .. } => {
                intents[index as usize] += 1;
                known.insert(index as usize, Known::Intended)
            }
            JournalRecord::Revoked { index, .. } => known.insert(index as usize, Known::Revoked),
            JournalRecord::NotRevoked { index, .. } => known.insert(index as usize, Known::Refused),
            _ => None,
        };
    }
    (known, intents)
}

/// How many requests there were for each entry.
fn sent(sandbox: &Setting, plan: &[Revocation]) -> Vec<usize> {
    let mut counts = HashMap::new();
    for vendor in Vendor::ALL {
        for request in sandbox.requests(*vendor) {
            // Looking is not revoking.
            if request.method != "GET" {
                *counts.entry((*vendor, request.path)).or_insert(0) += 1;
            }
        }
    }
    let path = |entry: &Revocation| match entry {
        Revocation::ProjectManager(it) => {
            format!("/api/data/integrations/providers/{}/user-connection", it.provider_id())
        }
        Revocation::Cor(it) => format!("/v2/integrations/users/{}/detach", it.user_id()),
        Revocation::OnlyOffice(it) => format!("/api/2.0/crm/contact/{}/project/{}", it.contact_id(), it.project_id()),
        Revocation::Persona(it) => format!("/api/v1/connect/connections/{}/deactivate", it.connection_id()),
        Revocation::Cova(it) => format!("/usermanager/v1/users({})", it.user_id()),
        other => panic!("{other:?} is new here"),
    };
    let vendor = |entry: &Revocation| deprovision::Revoke::vendor(entry);
    plan.iter().map(|entry| counts.get(&(vendor(entry), path(entry))).copied().unwrap_or_default()).collect()
}

fn requests(sandbox: &Setting) -> u64 {
    Vendor::ALL.iter().map(|vendor| sandbox.count(*vendor)).sum()
}

/// Runs a child and kills it (SIGKILL on Unix) when `after` requests have come from it; says whether it had to be.
fn killed(sandbox: &Setting, plan: &Path, journal: &Path, after: u64) -> bool {
    let before = requests(sandbox);
    let mut command = child::command(sandbox, plan, journal, "a session", 4, "");
    let mut child = command.stdout(Stdio::null()).spawn().unwrap();
    let deadline = Instant::now() + Duration::from_secs(20);
    loop {
        if let Some(status) = child.try_wait().unwrap() {
            assert!(status.success(), "{status}");
            return false;
        }
        if requests(sandbox) >= before + after {
            child.kill().unwrap();
            child.wait().unwrap();
            return true;
        }
        assert!(Instant::now() < deadline, "the child hangs");
        std::thread::sleep(Duration::from_micros(200));
    }
}

#[cfg(unix)]
#[tokio::test]
async fn a_plan_killed_many_times_is_gone_on_with_and_nothing_is_missing_or_done_twice_without_need() {
    let (sandbox, folder) = (Setting::new().await, Folder::new());
    let (plan_file, journal) = (folder.file("plan.jsonl"), folder.file("run.jsonl"));
    let plan = mixed(1..=50);
    plan.iter().for_each(|entry| put_back(&sandbox, entry));
    child::write_plan(&plan_file, &plan);

    let mut kills = 0;
    let mut in_doubt = vec![0; plan.len()];
    loop {
        let (known_before, intents_before) = known(&journal, plan.len());
        // Before the first request, then ever later.
        let was_killed = killed(&sandbox, &plan_file, &journal, kills * 4);
        let (known_after, intents_after) = known(&journal, plan.len());
        for index in 0..plan.len() {
            let announced = intents_after[index] - intents_before[index];
            assert!(announced <= 1, "entry {index}: {announced} times in one session");
            match known_before.get(&index) {
                Some(Known::Revoked) => assert_eq!(announced, 0, "entry {index} was revoked already"),
                Some(Known::Intended | Known::Refused) => in_doubt[index] += announced,
                None => {}
            }
            let gone = known_after.get(&index) == Some(&Known::Revoked);
            assert!(!gone || !is_there(&sandbox, &plan[index]), "entry {index} is not gone");
        }
        match was_killed {
            true => kills += 1,
            false => break,
        }
        assert!(kills < 60, "it does not get on");
    }
    assert!(kills >= 10, "killed {kills} times only");

    let (known, intents) = known(&journal, plan.len());
    let sent = sent(&sandbox, &plan);
    for (index, entry) in plan.iter().enumerate() {
        assert!(!is_there(&sandbox, entry), "entry {index} is not gone");
        // Nothing unannounced, and nothing again but where a kill left open whether it was done.
        assert!((1..=intents[index]).contains(&sent[index]), "entry {index}: {} requests", sent[index]);
        assert_eq!(intents[index], 1 + in_doubt[index], "entry {index}");
        assert_eq!(known.get(&index), Some(&Known::Revoked), "entry {index}");
    }
    // No line of it was lost.
    let records = records(&journal);
    assert!(matches!(records[0], JournalRecord::Run { .. }));
    let report = Journal::report(&journal).unwrap();
    assert_eq!(report.entries, plan.len() as u64);
    assert!(report.sessions.len() as u64 <= kills + 1);
    assert!(report.open.is_empty(), "{report}");
}
