//! A run that is gone on with: what is settled from the journal, what is sent, and with which keys.

use std::fs;

use deprovision::journal::{Journal, JournalRecord};
use deprovision::sandbox::Fault;
use deprovision::{
    Access, Credential, ErrorKind, Evidence, Outcome, RetryPolicy, Revocation, Vendor, plan, projectmanager,
};
use futures_util::StreamExt;
use uuid::Uuid;

use crate::help::{
    Folder, Setting, all, assert_all_gone, connection_id, indexes, is_there, mixed, open, put_back, records, user,
};
use crate::support::ms;

fn keys(sandbox: &Setting, part: &str) -> Vec<String> {
    let requests = sandbox.requests(Vendor::Persona);
    let keys = requests.iter().filter(|request| request.path.contains(part) && request.method == "POST");
    keys.map(|request| request.header("idempotency-key").unwrap().to_owned()).collect()
}

#[tokio::test]
async fn exactly_what_is_not_ok_is_sent_again_and_with_the_same_keys() {
    let (sandbox, folder) = (Setting::new().await, Folder::new());
    let path = folder.file("run.jsonl");
    let client = sandbox.builder().retry(RetryPolicy::none()).build().unwrap();
    let plan = sandbox.connections(1..=6);
    // The second is refused without that being stored, the fourth's answer gets lost.
    sandbox.on_request(|request| match request.path.as_str() {
        path if path.contains("cxn_0002") => Some(Fault::status(401)),
        path if path.contains("cxn_0004") => Some(Fault::lose_response()),
        _ => None,
    });
    let first = all(client.revoke_all(plan.clone()).journal(open(&path))).await;
    let failed: Vec<_> = first.iter().filter(|one| one.result.is_err()).map(|one| one.index).collect();
    assert_eq!(failed.len(), 2);
    sandbox.clear_hook();

    let second = all(client.revoke_all(plan.clone()).journal(open(&path))).await;
    assert_all_gone(&second, 6);
    for one in &second {
        let before = first.iter().find(|other| other.index == one.index).unwrap();
        assert_eq!(one.from_journal, before.result.is_ok());
        assert_eq!(one.revocation, before.revocation);
        if let Ok(receipt) = &before.result {
            let journaled = one.result.as_ref().unwrap();
            assert_eq!(journaled.response, None);
            assert_eq!((journaled.id, journaled.completed_at), (receipt.id, receipt.completed_at));
        }
        let keys = keys(&sandbox, &connection_id(one.index as u32 + 1));
        match one.from_journal {
            true => assert_eq!(keys.len(), 1),
            false => assert!(keys.len() == 2 && keys[0] == keys[1], "{keys:?}"),
        }
    }

    // And once more: nothing is left to be sent.
    let sent = sandbox.count(Vendor::Persona);
    let third = all(client.revoke_all(plan).journal(open(&path))).await;
    assert_all_gone(&third, 6);
    assert!(third.iter().all(|one| one.from_journal));
    assert_eq!(sandbox.count(Vendor::Persona), sent);
}

#[tokio::test]
async fn an_entry_whose_keys_were_used_up_goes_on_with_the_next() {
    let (sandbox, folder) = (Setting::new().await, Folder::new());
    let path = folder.file("run.jsonl");
    let client = sandbox.builder().retry(RetryPolicy::default().max_attempts(2).backoff(ms(1), ms(1))).build().unwrap();
    let plan = sandbox.connections([1]);
    // Persona stores a 503 under its key, and repeats it to whoever comes with that key again.
    sandbox.inject(Vendor::Persona, Fault::status(503).times(2));
    let journal = open(&path);
    let first_key = Uuid::new_v5(&journal.run(), b"0");
    let settled = all(client.revoke_all(plan.clone()).journal(journal)).await;
    assert_eq!(settled[0].result.as_ref().unwrap_err().kind(), ErrorKind::Unavailable);
    let JournalRecord::NotRevoked { next_key: 3, .. } = records(&path)[2] else { panic!("{:?}", records(&path)[2]) };

    let settled = all(client.revoke_all(plan).journal(open(&path))).await;
    assert_all_gone(&settled, 1);
    let receipt = settled[0].result.as_ref().unwrap();
    let nth = |n: &str| Uuid::new_v5(&first_key, n.as_bytes()).to_string();
    assert_eq!(keys(&sandbox, "cxn_0001"), [first_key.to_string(), nth("2"), nth("3")]);
    assert_eq!((receipt.attempts, receipt.idempotency_key.unwrap().to_string()), (1, nth("3")));
    assert!(matches!(records(&path)[4], JournalRecord::Intent { first_key: 3, .. }));
}

#[tokio::test]
async fn an_entry_that_differs_from_the_journaled_one_ends_the_run_before_it_is_sent() {
    for journaled in [Fault::own_answer(), Fault::status(400), Fault::lose_response()] {
        let (sandbox, folder) = (Setting::new().await, Folder::new());
        let path = folder.file("run.jsonl");
        sandbox.users(1..=9);
        let client = sandbox.builder().retry(RetryPolicy::none()).build().unwrap();
        sandbox.inject(Vendor::Cova, journaled);
        let first = all(client.revoke_all([user(1)]).journal(open(&path))).await;
        assert_eq!(first.len(), 1);

        let settled = all(client.revoke_all([user(2), user(3), user(4)]).journal(open(&path))).await;
        assert_eq!(indexes(&settled), [0]);
        let error = settled[0].result.as_ref().unwrap_err();
        assert_eq!((error.kind(), settled[0].revocation.as_ref()), (ErrorKind::Journal, Some(&user(2))));
        assert!(error.message().contains("belongs to another plan"), "{error}");
        assert!(error.message().contains(path.to_str().unwrap()), "{error}");
        assert_eq!(sandbox.count(Vendor::Cova), 1, "nothing was sent");

        // The plan it belongs to is gone on with.
        assert_all_gone(&all(client.revoke_all([user(1), user(5)]).journal(open(&path))).await, 2);
    }
}

#[tokio::test]
async fn a_line_that_became_unreadable_ends_the_run_and_leaves_the_journal_as_it_was() {
    let (sandbox, folder) = (Setting::new().await, Folder::new());
    let path = folder.file("run.jsonl");
    assert_all_gone(&all(sandbox.client().revoke_all([user(8545)]).journal(open(&path))).await, 1);
    let before = Journal::report(&path).unwrap();

    let entries = plan::lines("nonsense\n{\"action\":\"cova.disable_user\",\"user_id\":8546}".as_bytes());
    let settled = all(sandbox.client().revoke_all(entries).journal(open(&path))).await;
    assert_eq!(indexes(&settled), [0]);
    assert_eq!(settled[0].result.as_ref().unwrap_err().kind(), ErrorKind::InvalidRequest);
    let error = settled[0].journal_error.as_ref().unwrap();
    assert!(error.message().contains("belongs to another plan"), "{error}");
    assert_eq!(sandbox.count(Vendor::Cova), 1);
    let after = Journal::report(&path).unwrap();
    assert_eq!((after.entries, after.revoked, after.open), (before.entries, before.revoked, before.open));
}

#[tokio::test]
async fn a_line_that_was_unreadable_may_be_put_right() {
    let (sandbox, folder) = (Setting::new().await, Folder::new());
    let path = folder.file("run.jsonl");
    let run = |text: &'static str| sandbox.client().revoke_all(plan::lines(text.as_bytes())).journal(open(&path));
    assert!(all(run("nonsense\n")).await[0].result.is_err());
    assert_all_gone(&all(run("{\"action\":\"cova.disable_user\",\"user_id\":8545}\n")).await, 1);
    assert!(all(run("{\"action\":\"cova.disable_user\",\"user_id\":8545}\n")).await[0].from_journal);
}

#[tokio::test]
async fn a_plan_may_have_grown_at_its_end() {
    let (sandbox, folder) = (Setting::new().await, Folder::new());
    let path = folder.file("run.jsonl");
    let client = sandbox.client();
    let plan = sandbox.users(1..=6);
    assert_all_gone(&all(client.revoke_all(plan[..4].to_vec()).journal(open(&path))).await, 4);
    let settled = all(client.revoke_all(plan).journal(open(&path))).await;
    assert_all_gone(&settled, 6);
    assert!(settled.iter().all(|one| one.from_journal == (one.index < 4)));
    assert_eq!(sandbox.count(Vendor::Cova), 6);
}

#[tokio::test]
async fn what_is_open_goes_on_while_entries_are_handed_out_from_the_journal() {
    let (sandbox, folder) = (Setting::new().await, Folder::new());
    let path = folder.file("run.jsonl");
    let client = sandbox.client();
    let plan = sandbox.users(1..=700);
    // All but the first are revoked by the first session.
    sandbox.inject(Vendor::Cova, Fault::status(400));
    all(client.revoke_all(plan.clone()).concurrency(1).journal(open(&path))).await;
    assert!(sandbox.cova().is_active(1));

    let mut run = client.revoke_all(plan).look_ahead(1).journal(open(&path));
    let mut order = Vec::new();
    while let Some(settled) = run.next().await {
        order.push(settled.index);
        assert!(settled.result.is_ok());
        // A reader that takes its time.
        tokio::time::sleep(ms(1)).await;
    }
    assert_eq!(order.len(), 700);
    let place = order.iter().position(|index| *index == 0).unwrap();
    assert!(place < 600, "the open entry was made after {place} that were not open");
}

#[tokio::test]
async fn the_journal_says_who_went_on_with_it() {
    let (sandbox, folder) = (Setting::new().await, Folder::new());
    let path = folder.file("run.jsonl");
    drop(open(&path));
    let journal = Journal::open(&path, "it@acme.example", "the first was stopped").unwrap();
    assert_all_gone(&all(sandbox.client().revoke_all([user(8545)]).journal(journal)).await, 1);
    let JournalRecord::Resumed { operator, reason, .. } = &records(&path)[1] else { panic!("{:?}", records(&path)[1]) };
    assert_eq!((operator.as_str(), reason.as_str()), ("it@acme.example", "the first was stopped"));
}

#[tokio::test]
async fn a_journal_without_a_line_feed_at_its_end_is_gone_on_with() {
    let (sandbox, folder) = (Setting::new().await, Folder::new());
    let path = folder.file("run.jsonl");
    let plan: Vec<Revocation> = sandbox.users(1..=2);
    all(sandbox.client().revoke_all(plan.clone()).journal(open(&path))).await;
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, text.trim_end()).unwrap();
    let settled = all(sandbox.client().revoke_all(plan).journal(open(&path))).await;
    assert!(settled.iter().all(|one| one.from_journal), "{settled:?}");
    assert_eq!(records(&path).len(), 6);
}

/// COR and ProjectManager refuse to take away what is gone. After an attempt of unknown fate that proves that it is.
#[tokio::test]
async fn what_was_sent_and_not_heard_of_is_in_doubt_in_the_next_session_too() {
    let lost = [Fault::lose_response(), Fault::lose_response().delayed(ms(3000))];
    for (fault, is_recorded) in lost.into_iter().zip([true, false]) {
        let (sandbox, folder) = (Setting::new().await, Folder::new());
        let path = folder.file("run.jsonl");
        let client = sandbox.builder().retry(RetryPolicy::none()).build().unwrap();
        let plan: Vec<Revocation> = mixed([1]).into_iter().take(2).collect();
        plan.iter().for_each(|entry| put_back(&sandbox, entry));
        sandbox.on_request(move |_| Some(fault.clone()));
        let mut run = client.revoke_all(plan.clone()).journal(open(&path));
        if is_recorded {
            while let Some(settled) = run.next().await {
                assert_eq!(settled.result.unwrap_err().access(), Access::Unknown);
            }
        } else {
            // The run is dropped with both on their way.
            assert!(tokio::time::timeout(ms(500), run.next()).await.is_err());
            drop(run);
        }
        assert!(plan.iter().all(|entry| !is_there(&sandbox, entry)));
        sandbox.clear_hook();
        let settled = all(client.revoke_all(plan).journal(open(&path))).await;
        assert_all_gone(&settled, 2);
        for one in settled {
            let receipt = one.result.unwrap();
            assert_eq!((receipt.outcome, receipt.evidence), (Outcome::Revoked, Evidence::Inferred));
        }
    }
}

/// The doubt outlives a session that does not get to send anything.
#[tokio::test]
async fn a_session_that_sends_nothing_does_not_settle_a_doubt() {
    let (sandbox, folder) = (Setting::new().await, Folder::new());
    let path = folder.file("run.jsonl");
    let client = sandbox.builder().retry(RetryPolicy::none()).build().unwrap();
    let plan: Vec<Revocation> = mixed([1]).into_iter().take(1).collect();
    put_back(&sandbox, &plan[0]);
    sandbox.inject(Vendor::ProjectManager, Fault::lose_response());
    assert!(all(client.revoke_all(plan.clone()).journal(open(&path))).await[0].result.is_err());

    let source = Credential::from_fn(|_| async { Err("no token today".into()) });
    let config = projectmanager::Config::new(source).base_url(sandbox.url(Vendor::ProjectManager));
    let without_token = sandbox.builder().projectmanager(config).build().unwrap();
    let settled = all(without_token.revoke_all(plan.clone()).journal(open(&path))).await;
    assert_eq!(settled[0].result.as_ref().unwrap_err().access(), Access::Unknown);

    let settled = all(client.revoke_all(plan).journal(open(&path))).await;
    assert_eq!(settled[0].result.as_ref().unwrap().evidence, Evidence::Inferred);
}
