//! The journal of a run: its lines, its file, and that it is ahead of what is sent.

use std::fs;

use deprovision::journal::{Journal, JournalRecord};
use deprovision::sandbox::Fault;
use deprovision::{ErrorKind, Evidence, Vendor, plan};
use futures_util::StreamExt;
use serde_json::Value;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::help::{Folder, Setting, all, assert_all_gone, open, records, user};
use crate::support::ms;
use crate::support::server::{Server, Step};
use crate::support::vendors::{TOKEN, VENDORS, builder, gone, subject, success};

#[tokio::test]
async fn the_first_line_says_whose_it_is_then_each_intent_is_followed_by_its_result() {
    let (sandbox, folder) = (Setting::new().await, Folder::new());
    let path = folder.file("run.jsonl");
    let plan = [user(8545), user(404)];
    let settled = all(sandbox.client().revoke_all(plan.clone()).concurrency(1).journal(open(&path))).await;
    let records = records(&path);
    assert_eq!(records.len(), 5);
    let JournalRecord::Run { format, version, operator, reason, run, .. } = &records[0] else {
        panic!("{:?}", records[0])
    };
    assert_eq!((format.as_str(), *version), ("deprovision journal", 1));
    assert_eq!((operator.as_str(), reason.as_str()), ("hr@acme.example", "leaver 4711"));
    let JournalRecord::Intent { index: 0, revocation, first_key: 1, at: intended, .. } = &records[1] else {
        panic!("{:?}", records[1])
    };
    assert_eq!(*revocation, plan[0]);
    let JournalRecord::Revoked { index: 0, receipt, at: revoked, .. } = &records[2] else { panic!("{:?}", records[2]) };
    assert!(intended <= revoked);
    assert_eq!(receipt.id, settled[0].result.as_ref().unwrap().id);
    assert!(matches!(&records[3], JournalRecord::Intent { index: 1, revocation, .. } if *revocation == plan[1]));
    let JournalRecord::NotRevoked { index: 1, error, next_key: 1, .. } = &records[4] else {
        panic!("{:?}", records[4])
    };
    assert_eq!(**error, settled[1].result.as_ref().unwrap_err().report());

    let journal = Journal::open(&path, "x", "y").unwrap();
    assert_eq!(journal.run(), *run, "the run's id stays");
}

#[tokio::test]
async fn receipts_are_kept_without_the_response_but_with_the_hash_of_its_body() {
    for vendor in VENDORS {
        let folder = Folder::new();
        let path = folder.file("run.jsonl");
        let server = Server::responding(move |_| Step::from(success(vendor))).await;
        let client = builder(vendor, &server.url(), TOKEN).build().unwrap();
        let settled = all(client.revoke_all([subject(vendor)]).journal(open(&path))).await;
        let handed_over = settled[0].result.as_ref().unwrap();
        assert!(handed_over.response.is_some(), "the caller has it");

        let JournalRecord::Revoked { receipt, body_sha256, .. } = &records(&path)[2] else { panic!("no receipt") };
        assert_eq!(receipt.response, None);
        assert_eq!((receipt.id, receipt.evidence), (handed_over.id, handed_over.evidence));
        let body = gone(vendor).to_string();
        let hash: String = Sha256::digest(body.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(*body_sha256, hash);

        // Of what the vendors' answers tell of people nothing is in the file, nor is the credential.
        let text = fs::read_to_string(&path).unwrap();
        for secret in ["jane@acme.example", "Department", "displayName", "org_a", TOKEN] {
            assert!(!text.contains(secret), "{vendor}: {secret} is in {text}");
        }
    }
}

/// The hash is of what came over the wire, decompressed, whatever the crate makes of it.
#[tokio::test]
async fn the_hash_is_that_of_the_body_as_it_came() {
    use crate::support::reply::Reply;

    let folder = Folder::new();
    let path = folder.file("run.jsonl");
    // In the other casing, with a byte order mark, compressed.
    let body = "\u{feff}{\"Count\":1,\"Status\":0,\"StatusCode\":200,\"Response\":{\"Id\":12}}";
    let reply = Reply::text(200, "application/json", body).gzip();
    let server = Server::script([reply]).await;
    let client = builder(Vendor::OnlyOffice, &server.url(), TOKEN).build().unwrap();
    assert_all_gone(&all(client.revoke_all([subject(Vendor::OnlyOffice)]).journal(open(&path))).await, 1);
    let JournalRecord::Revoked { body_sha256, .. } = &records(&path)[2] else { panic!("no receipt") };
    let hash: String = Sha256::digest(body.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(*body_sha256, hash);
}

#[tokio::test]
async fn an_intent_is_in_the_file_before_its_request_arrives() {
    let (sandbox, folder) = (Setting::new().await, Folder::new());
    let path = folder.file("run.jsonl");
    let file = path.clone();
    sandbox.on_request(move |request| {
        let text = fs::read_to_string(&file).unwrap();
        let id = request.path.trim_end_matches(')').rsplit('(').next().unwrap();
        let written = text.lines().any(|line| line.contains("\"intent\"") && line.contains(&format!(":{id}}}")));
        // What was sent unannounced is refused, and so seen below.
        (!written).then(|| Fault::status(400))
    });
    let plan = sandbox.users(1..=40);
    assert_all_gone(&all(sandbox.client().revoke_all(plan).journal(open(&path))).await, 40);
}

#[tokio::test]
async fn a_result_is_in_the_file_before_it_is_handed_out() {
    let (sandbox, folder) = (Setting::new().await, Folder::new());
    let path = folder.file("run.jsonl");
    let plan = sandbox.users(1..=20);
    let mut run = sandbox.client().revoke_all(plan).journal(open(&path));
    while let Some(settled) = run.next().await {
        let receipt = settled.result.unwrap().id.to_string();
        let text = fs::read_to_string(&path).unwrap();
        assert!(text.lines().any(|line| line.contains("\"revoked\"") && line.contains(&receipt)));
    }
}

#[tokio::test]
async fn an_entrys_key_follows_from_the_runs_id_and_its_index() {
    let (sandbox, folder) = (Setting::new().await, Folder::new());
    let path = folder.file("run.jsonl");
    let journal = open(&path);
    let run = journal.run();
    let plan = sandbox.connections(1..=3);
    let settled = all(sandbox.client().revoke_all(plan).journal(journal)).await;
    for one in settled {
        let key = Uuid::new_v5(&run, one.index.to_string().as_bytes());
        assert_eq!(one.result.unwrap().idempotency_key, Some(key));
        assert_eq!(
            sandbox
                .requests(Vendor::Persona)
                .iter()
                .filter(|it| it.header("idempotency-key") == Some(&key.to_string()))
                .count(),
            1
        );
    }
}

#[tokio::test]
async fn equal_entries_and_bad_lines_are_journaled_each() {
    let (sandbox, folder) = (Setting::new().await, Folder::new());
    let path = folder.file("run.jsonl");
    let text = "{\"action\":\"cova.disable_user\",\"user_id\":8545}\nnonsense\n\
                {\"action\":\"cova.disable_user\",\"user_id\":8545}\n\
                {\"action\":\"cova.disable_user\",\"user_id\":404}\n{\"action\":\"cova.disable_user\",\"user_id\":404}\n";
    let run = || sandbox.client().revoke_all(plan::lines(text.as_bytes()));
    let settled = all(run().journal(open(&path))).await;
    assert_eq!(settled.len(), 5);
    assert_eq!(sandbox.count(Vendor::Cova), 2);
    let records = records(&path);
    let revoked = records.iter().filter(|record| matches!(record, JournalRecord::Revoked { index: 0 | 2, .. }));
    assert_eq!(revoked.count(), 2);
    let open_entries =
        records.iter().filter(|record| matches!(record, JournalRecord::NotRevoked { index: 1 | 3 | 4, .. }));
    assert_eq!(open_entries.count(), 3);
    let report = Journal::report(&path).unwrap();
    assert_eq!((report.entries, report.revoked, report.vendors[0].open), (5, 2, 2));
    assert!(report.open.iter().all(|open| (open.index == 1) == open.revocation.is_none()), "{report}");

    // Gone on with, all of it is known: the repeated ones too.
    let settled = all(run().journal(open(&path))).await;
    let from_journal: Vec<_> = settled.iter().filter(|one| one.from_journal).map(|one| one.index).collect();
    assert_eq!((from_journal, sandbox.count(Vendor::Cova)), (vec![0, 2], 3));
}

#[cfg(unix)]
#[tokio::test]
async fn only_its_owner_can_read_it_whatever_it_was_before() {
    use std::os::unix::fs::PermissionsExt;

    let folder = Folder::new();
    let path = folder.file("run.jsonl");
    let mode = || fs::metadata(&path).unwrap().permissions().mode() & 0o777;
    drop(open(&path));
    assert_eq!(mode(), 0o600);
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
    drop(open(&path));
    assert_eq!(mode(), 0o600);
}

#[tokio::test]
async fn it_is_locked_until_its_run_is_over() {
    let (sandbox, folder) = (Setting::new().await, Folder::new());
    let path = folder.file("run.jsonl");
    let locked = || Journal::open(&path, "x", "y").err().map(|error| (error.kind(), error.to_string()));
    let mut run = sandbox.client().revoke_all(sandbox.users(1..=2)).journal(open(&path));
    let before = fs::read(&path).unwrap();
    let (kind, text) = locked().expect("it is locked before the run begins");
    assert_eq!(kind, ErrorKind::Journal);
    assert!(text.contains("another process is using it") && text.contains(path.to_str().unwrap()), "{text}");
    assert_eq!(fs::read(&path).unwrap(), before);
    assert!(run.next().await.is_some());
    assert!(locked().is_some(), "it is locked while the run goes on");
    while run.next().await.is_some() {}
    assert_eq!(locked(), None, "it is free when the run is over, dropped or not");

    let mut run = sandbox.client().revoke_all(sandbox.users(3..=9)).journal(Journal::open(&path, "x", "y").unwrap());
    assert!(run.next().await.is_some());
    drop(run);
    assert_eq!(locked(), None, "it is free when the run is dropped");
}

#[tokio::test]
async fn what_a_dropped_run_had_sent_is_in_the_file_as_intents() {
    let (sandbox, folder) = (Setting::new().await, Folder::new());
    let path = folder.file("run.jsonl");
    let plan = sandbox.users(1..=30);
    sandbox.on_request(|_| Some(Fault::slow(ms(50))));
    let mut run = sandbox.client().revoke_all(plan.clone()).concurrency(3).journal(open(&path));
    assert!(run.next().await.is_some());
    drop(run);
    let intents: Vec<u64> = records(&path)
        .iter()
        .filter_map(|record| match record {
            JournalRecord::Intent { index, .. } => Some(*index),
            _ => None,
        })
        .collect();
    let sent = sandbox.requests(Vendor::Cova);
    assert!(sent.len() >= 3 && sent.len() <= intents.len(), "{} sent, {} intended", sent.len(), intents.len());
    for request in sent {
        let known = intents.iter().any(|index| request.path.ends_with(&format!("users({})", index + 1)));
        assert!(known, "{} was sent without an intent", request.path);
    }
}

#[tokio::test]
async fn every_line_is_a_record_of_the_documented_members_and_no_others() {
    let (sandbox, folder) = (Setting::new().await, Folder::new());
    let path = folder.file("run.jsonl");
    sandbox.inject(Vendor::ProjectManager, Fault::lose_response());
    let plan = [subject(Vendor::ProjectManager), subject(Vendor::Cova), user(404)];
    let settled = all(sandbox.client().revoke_all(plan).journal(open(&path))).await;
    let inferred = settled.iter().filter_map(|one| one.result.as_ref().ok()).find(|it| it.attempts == 2).unwrap();
    assert_eq!(inferred.evidence, Evidence::Inferred);
    drop(open(&path));
    for line in fs::read_to_string(&path).unwrap().lines() {
        let value: Value = serde_json::from_str(line).unwrap();
        let record: JournalRecord = serde_json::from_str(line).unwrap();
        assert_eq!(serde_json::to_value(&record).unwrap(), value, "nothing is lost in reading");
        let mut more = value.clone();
        more["more"] = true.into();
        assert!(serde_json::from_value::<JournalRecord>(more).is_err(), "an unknown member is refused");
    }
}
