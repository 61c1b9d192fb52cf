//! A journal that ends at any byte, as a crash may leave it.

use std::collections::HashSet;
use std::fs;
use std::path::Path;

use deprovision::journal::{Journal, JournalRecord};
use deprovision::sandbox::Fault;
use deprovision::{Client, RetryPolicy, Revocation, Vendor};
use uuid::Uuid;

use crate::help::{Folder, Setting, all, assert_all_gone, is_there, open, put_back, records, user};
use crate::support::ms;

/// What a truncated journal says for certain: what of the plan is revoked, and the run's id if that is in it.
fn certain(bytes: &[u8]) -> (HashSet<u64>, Option<Uuid>) {
    let whole = |line: &&[u8]| serde_json::from_slice::<JournalRecord>(line).is_ok();
    let lines: Vec<&[u8]> = bytes.split(|byte| *byte == b'\n').filter(whole).collect();
    let mut revoked = HashSet::new();
    let mut id = None;
    for line in lines {
        match serde_json::from_slice(line).unwrap() {
            JournalRecord::Revoked { index, .. } => _ = revoked.insert(index),
            JournalRecord::Run { run, .. } => id = Some(run),
            _ => {}
        }
    }
    (revoked, id)
}

/// Goes on with one truncated journal at a sandbox that is as the journal says it must be.
async fn goes_on(sandbox: &Setting, client: &Client, plan: &[Revocation], path: &Path, bytes: &[u8]) {
    let length = bytes.len();
    fs::write(path, bytes).unwrap();
    let (revoked, id) = certain(bytes);
    sandbox.sandbox.persona().forget_idempotency_keys();
    for (index, entry) in (0..).zip(plan) {
        put_back(sandbox, entry);
        if revoked.contains(&index) {
            let _ = client.revoke(entry).await.unwrap();
        }
    }
    let count = || sandbox.count(Vendor::Persona) + sandbox.count(Vendor::Cova);
    let sent = count();

    let journal = open(path);
    assert!(id.is_none_or(|id| id == journal.run()), "at {length}: the run's id changed");
    let settled = all(client.revoke_all(plan.to_vec()).journal(journal)).await;
    assert_all_gone(&settled, plan.len());
    for one in &settled {
        assert_eq!(one.from_journal, revoked.contains(&(one.index as u64)), "at {length}: entry {}", one.index);
        assert!(!is_there(sandbox, &plan[one.index]), "at {length}: entry {}", one.index);
    }
    assert_eq!(count() - sent, (plan.len() - revoked.len()) as u64, "at {length}: requests");

    // Everything is in it now, and can be read.
    let (in_file, _) = certain(&fs::read(path).unwrap());
    assert_eq!(in_file.len(), plan.len(), "at {length}");
    records(path);
    let report = Journal::report(path).unwrap();
    assert_eq!((report.revoked, report.open.len()), (plan.len() as u64, 0), "at {length}");
}

/// A journal with every kind of line: two sessions, a refusal, a key that was used up.
async fn complete(sandbox: &Setting, path: &Path) -> (Vec<Revocation>, Vec<u8>) {
    let client = sandbox.builder().retry(RetryPolicy::none()).build().unwrap();
    let plan: Vec<Revocation> = sandbox.connections([1]).into_iter().chain([user(8545)]).collect();
    sandbox.inject(Vendor::Persona, Fault::status(503));
    all(client.revoke_all(plan.clone()).concurrency(1).journal(open(path))).await;
    assert_all_gone(&all(client.revoke_all(plan.clone()).journal(open(path))).await, 2);
    let kinds = |kind: fn(&JournalRecord) -> bool| records(path).iter().filter(|record| kind(record)).count();
    assert_eq!(kinds(|record| matches!(record, JournalRecord::NotRevoked { .. })), 1);
    assert_eq!(kinds(|record| matches!(record, JournalRecord::Revoked { .. })), 2);
    assert_eq!(kinds(|record| matches!(record, JournalRecord::Resumed { .. })), 1);
    (plan, fs::read(path).unwrap())
}

/// Every `of`-th byte offset, beginning with the `part`-th.
async fn truncated_at_every_byte(part: usize, of: usize) {
    let (sandbox, folder) = (Setting::new().await, Folder::in_memory());
    sandbox.set_log_capacity(0);
    let path = folder.file("run.jsonl");
    let (plan, bytes) = complete(&sandbox, &path).await;
    let client = sandbox
        .builder()
        .retry(RetryPolicy::default().backoff(ms(0), ms(0)))
        .persona(sandbox.persona().rate_limit(1_000_000, ms(1)));
    let client = client.build().unwrap();
    for length in (part..=bytes.len()).step_by(of) {
        goes_on(&sandbox, &client, &plan, &path, &bytes[..length]).await;
    }
}

#[tokio::test]
async fn a_journal_truncated_at_every_even_byte_is_gone_on_with_and_nothing_is_missing() {
    truncated_at_every_byte(0, 2).await;
}

#[tokio::test]
async fn a_journal_truncated_at_every_odd_byte_is_gone_on_with_and_nothing_is_missing() {
    truncated_at_every_byte(1, 2).await;
}

/// Some file systems leave zeros where the end of a file was not written any more.
#[tokio::test]
async fn zeros_in_place_of_the_last_line_are_no_obstacle() {
    let (sandbox, folder) = (Setting::new().await, Folder::in_memory());
    let path = folder.file("run.jsonl");
    let (plan, bytes) = complete(&sandbox, &path).await;
    let last = bytes[..bytes.len() - 1].iter().rposition(|byte| *byte == b'\n').unwrap() + 1;
    for kept in [0, 1, 20] {
        let mut torn = bytes.clone();
        torn[last + kept..].fill(0);
        let client = sandbox.client();
        goes_on(&sandbox, &client, &plan, &path, &torn).await;
    }
}
