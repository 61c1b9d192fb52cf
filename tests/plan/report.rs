//! The report of a run.

use std::time::Duration;

use deprovision::journal::{Journal, Report};
use deprovision::projectmanager::DisconnectProvider;
use deprovision::sandbox::{Fault, PROVIDER};
use deprovision::{Access, ErrorKind, Evidence, Outcome, RetryPolicy, Revocation, Vendor, onlyoffice, persona, plan};
use futures_util::StreamExt;

use crate::help::{Folder, Setting, all, open, user};
use crate::support::ms;

fn counts(report: &Report, vendor: Vendor) -> (Vec<(Outcome, Evidence, u64)>, u64) {
    let Some(one) = report.vendors.iter().find(|one| one.vendor == vendor) else { return (Vec::new(), 0) };
    (one.revoked.iter().map(|count| (count.outcome, count.evidence, count.count)).collect(), one.open)
}

fn as_line(entry: impl Into<Revocation>) -> String {
    serde_json::to_string(&entry.into()).unwrap()
}

/// A plan in which everything happens, and the text of it.
fn everything() -> String {
    let connection = |id| persona::DeactivateConnection::new(id).unwrap();
    [
        as_line(DisconnectProvider::new(PROVIDER)),
        as_line(onlyoffice::UnlinkProject::new(1, 2).unwrap()),
        as_line(connection("cxn_active")),
        as_line(connection("cxn_inactive")),
        as_line(user(8545)),
        as_line(user(8546)),
        as_line(user(404)),
        "{\"action\":\"cova.disable_user\"}".to_owned(),
        as_line(connection("cxn_pending")),
    ]
    .join("\n")
}

#[tokio::test]
async fn its_figures_are_those_of_the_run() {
    let (sandbox, folder) = (Setting::new().await, Folder::new());
    let path = folder.file("run.jsonl");
    let client = sandbox.builder().retry(RetryPolicy::default().max_attempts(2).backoff(ms(1), ms(1))).build().unwrap();
    sandbox.on_request(|request| match request.path.as_str() {
        path if path.ends_with("users(8546)") => Some(Fault::slow(ms(150))),
        path if path.contains("cxn_pending") => Some(Fault::status(503)),
        _ => None,
    });
    sandbox.inject(Vendor::ProjectManager, Fault::lose_response());
    let text = everything();
    let run = |journal| client.revoke_all(plan::lines(std::io::Cursor::new(text.clone()))).journal(journal);
    let journal = open(&path);
    let id = journal.run();
    let settled = all(run(journal)).await;
    assert_eq!(settled.len(), 9);

    let report = Journal::report(&path).unwrap();
    assert_eq!((report.run, report.sessions.len()), (id, 1));
    let session = &report.sessions[0];
    assert_eq!((session.operator.as_str(), session.reason.as_str()), ("hr@acme.example", "leaver 4711"));
    assert!(session.at <= report.last_at && report.last_at <= chrono::Utc::now());
    assert_eq!((report.entries, report.revoked, report.open.len()), (9, 6, 3));
    let revoked = Outcome::Revoked;
    assert_eq!(counts(&report, Vendor::ProjectManager), (vec![(revoked, Evidence::Inferred, 1)], 0));
    assert_eq!(counts(&report, Vendor::Cor), (vec![], 0));
    assert_eq!(counts(&report, Vendor::OnlyOffice), (vec![(revoked, Evidence::Acknowledged, 1)], 0));
    assert_eq!(counts(&report, Vendor::Cova), (vec![(revoked, Evidence::Confirmed, 2)], 1));
    let (mut of_persona, open_at_persona) = counts(&report, Vendor::Persona);
    of_persona.sort_by_key(|(outcome, ..)| *outcome == revoked);
    let already = (Outcome::AlreadyRevoked, Evidence::Confirmed, 1);
    assert_eq!((of_persona, open_at_persona), (vec![already, (revoked, Evidence::Confirmed, 1)], 1));

    let [not_found, unread, failing] = report.open.as_slice() else { panic!("{:?}", report.open) };
    assert_eq!((not_found.index, not_found.access), (6, Access::Unchanged));
    assert_eq!(not_found.revocation, Some(user(404)));
    assert_eq!(not_found.error.as_ref().unwrap().kind, ErrorKind::NotFound);
    assert_eq!((unread.index, &unread.revocation, unread.access), (7, &None, Access::Unchanged));
    assert_eq!((failing.index, failing.access), (8, Access::Unknown));
    let longest = report.longest_wait.as_ref().unwrap();
    assert_eq!(longest.index, 5);
    assert!((150..2000).contains(&longest.ms), "{longest:?}");

    // Every open entry has one line of its own, with the reason.
    let shown = report.to_string();
    for (index, word) in [(6, "User not found"), (7, "user_id"), (8, "503")] {
        let lines: Vec<_> = shown.lines().filter(|line| line.contains(&format!("entry {index}:"))).collect();
        assert!(lines.len() == 1 && lines[0].contains(word), "{index}: {lines:?}");
    }
    let after_open = shown.lines().skip_while(|line| *line != "Open:").count();
    assert_eq!(after_open, 1 + 3, "{shown}");
    assert!(shown.contains("9 entries, 6 revoked, 3 open"), "{shown}");
    assert!(shown.contains("hr@acme.example") && shown.contains("leaver 4711"), "{shown}");

    // Gone on with when the vendors are well again.
    sandbox.clear_hook();
    sandbox.cova().add_user(404);
    let journal = Journal::open(&path, "it@acme.example", "once more").unwrap();
    assert_eq!(all(run(journal)).await.len(), 9);
    let report = Journal::report(&path).unwrap();
    assert_eq!((report.run, report.sessions.len()), (id, 2));
    assert_eq!(report.sessions[1].operator, "it@acme.example");
    assert_eq!((report.entries, report.revoked, report.open.len()), (9, 8, 1));
    assert_eq!(counts(&report, Vendor::Cova), (vec![(revoked, Evidence::Confirmed, 3)], 0));
    assert_eq!(report.open[0].index, 7);
    assert!(report.to_string().contains("resumed"), "{report}");
}

#[tokio::test]
async fn it_can_be_had_of_a_journal_in_use_and_of_a_run_that_was_stopped() {
    let (sandbox, folder) = (Setting::new().await, Folder::new());
    let path = folder.file("run.jsonl");
    let plan = sandbox.users(1..=20);
    let mut run = sandbox.client().revoke_all(plan).concurrency(2).journal(open(&path));
    let report = Journal::report(&path).unwrap();
    assert_eq!((report.entries, report.revoked, report.longest_wait.is_none()), (0, 0, true));
    sandbox.on_request(|_| Some(Fault::slow(ms(30))));
    for revoked in 1..=3 {
        assert!(run.next().await.unwrap().result.is_ok());
        let report = Journal::report(&path).unwrap();
        assert!(report.revoked >= revoked, "{report}");
        assert_eq!(report.entries, report.revoked + report.open.len() as u64);
    }
    drop(run);
    let report = Journal::report(&path).unwrap();
    assert!(!report.open.is_empty());
    for open in &report.open {
        assert_eq!((&open.error, open.access), (&None, Access::Unknown));
        assert_eq!(open.revocation, Some(user(open.index as u32 + 1)));
        let shown = report.to_string();
        let line = shown.lines().find(|line| line.contains(&format!("entry {}:", open.index))).unwrap();
        assert!(line.contains("cova.disable_user"), "{line}");
    }
}

#[tokio::test]
async fn it_survives_the_way_through_json() {
    let (sandbox, folder) = (Setting::new().await, Folder::new());
    let path = folder.file("run.jsonl");
    let entries = plan::lines(std::io::Cursor::new(everything()));
    let client = sandbox.builder().retry(RetryPolicy::none()).build().unwrap();
    all(client.revoke_all(entries).journal(open(&path))).await;
    drop(open(&path));
    let report = Journal::report(&path).unwrap();
    let json = serde_json::to_string(&report).unwrap();
    assert_eq!(serde_json::from_str::<Report>(&json).unwrap(), report);
}

#[tokio::test]
async fn what_people_write_makes_no_line_of_its_own_in_the_text() {
    let folder = Folder::new();
    let path = folder.file("run.jsonl");
    drop(Journal::open(&path, "eve\nOpen:", "x\r\n  entry 1: all is well\u{1b}[2J").unwrap());
    let report = Journal::report(&path).unwrap();
    assert_eq!(report.sessions[0].operator, "eve\nOpen:", "the data is as it was given");
    let shown = report.to_string();
    assert_eq!(shown.lines().count(), 4, "{shown}");
    assert!(!shown.contains('\u{1b}') && !shown.contains('\r'), "{shown:?}");
}

#[tokio::test]
async fn the_longest_wait_goes_on_from_one_session_to_the_next() {
    let (sandbox, folder) = (Setting::new().await, Folder::new());
    let path = folder.file("run.jsonl");
    let client = sandbox.builder().retry(RetryPolicy::none()).build().unwrap();
    sandbox.inject(Vendor::Cova, Fault::status(503));
    assert!(all(client.revoke_all([user(8545)]).journal(open(&path))).await[0].result.is_err());
    tokio::time::sleep(Duration::from_millis(120)).await;
    assert!(all(client.revoke_all([user(8545)]).journal(open(&path))).await[0].result.is_ok());
    let longest = Journal::report(&path).unwrap().longest_wait.unwrap();
    assert!(longest.index == 0 && longest.ms >= 120, "{longest:?}");
}
