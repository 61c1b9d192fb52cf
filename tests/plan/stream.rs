//! The stream: what it reads, what it sends side by side, what it settles, and when it ends.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use deprovision::plan::{self, BadEntry};
use deprovision::sandbox::Fault;
use deprovision::{Access, Error, ErrorKind, Outcome, Revocation, Vendor, cor, cova, onlyoffice};
use futures_util::{FutureExt, StreamExt};
use tokio::time::sleep;

use crate::help::{Setting, all, assert_all_gone, indexes, is_there, mixed, most_side_by_side, put_back, user};
use crate::support::{ms, within};

#[tokio::test]
async fn entries_settle_in_the_order_of_settling_each_with_its_own_index() {
    let sandbox = Setting::new().await;
    let plan = sandbox.users([1, 2, 3]);
    // The first is the slowest.
    sandbox.on_request(|request| {
        let delay = if request.path.ends_with("users(1)") { 300 } else { 1 };
        Some(Fault::slow(ms(delay)))
    });
    let settled = all(sandbox.client().revoke_all(plan.clone())).await;
    assert_all_gone(&settled, 3);
    assert_eq!(settled.last().unwrap().index, 0);
    for one in settled {
        assert_eq!(one.revocation.as_ref(), Some(&plan[one.index]));
        assert_eq!(one.result.unwrap().revocation, plan[one.index]);
        assert!(!one.from_journal);
    }
}

#[tokio::test]
async fn a_plan_may_be_requests_of_one_vendor_or_any_or_results_of_reading_them() {
    let sandbox = Setting::new().await;
    let client = sandbox.client();
    let of_one_vendor = vec![cova::DisableUser::new(8545).unwrap(), cova::DisableUser::new(8546).unwrap()];
    assert_all_gone(&all(client.revoke_all(of_one_vendor)).await, 2);

    let any: [Revocation; 2] = [user(8547), onlyoffice::UnlinkProject::new(1, 2).unwrap().into()];
    assert_all_gone(&all(client.revoke_all(any)).await, 2);

    let read: Vec<Result<cova::DisableUser, Error>> = vec![cova::DisableUser::new(8548), cova::DisableUser::new(0)];
    let settled = all(client.revoke_all(read)).await;
    assert_eq!(indexes(&settled), [0, 1]);
    let refused = settled.iter().find(|one| one.index == 1).unwrap();
    assert_eq!(refused.revocation, None);
    let error = refused.result.as_ref().unwrap_err();
    assert_eq!((error.kind(), error.access()), (ErrorKind::InvalidRequest, Access::Unchanged));
    assert!(error.message().contains("user_id"), "{error}");

    assert_all_gone(&all(client.revoke_all(Vec::<Revocation>::new())).await, 0);
}

#[tokio::test]
async fn all_five_vendors_are_made_in_one_plan() {
    let sandbox = Setting::new().await;
    let plan = mixed(1..=4);
    plan.iter().for_each(|entry| put_back(&sandbox, entry));
    let settled = all(sandbox.client().revoke_all(plan.clone())).await;
    assert_all_gone(&settled, 20);
    assert!(plan.iter().all(|entry| !is_there(&sandbox, entry)));
}

#[tokio::test]
async fn a_plan_is_read_only_as_far_ahead_as_was_said() {
    let sandbox = Setting::new().await;
    sandbox.users(1..=200);
    sandbox.on_request(|_| Some(Fault::slow(ms(20))));
    let pulled = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&pulled);
    let plan = (1..=200).map(user).inspect(move |_| _ = counter.fetch_add(1, Ordering::Relaxed));
    let mut run = sandbox.client().revoke_all(plan).concurrency(2).look_ahead(10);
    assert_eq!(pulled.load(Ordering::Relaxed), 0, "nothing is read before it is polled");
    for settled in 1..=30 {
        let _ = run.next().await.unwrap().result.unwrap();
        let ahead = pulled.load(Ordering::Relaxed) - settled;
        // Ten wait, two are under way, and one more may have settled and not be handed out yet.
        assert!((2..=10 + 2 + 2).contains(&ahead), "{ahead} read ahead after {settled} settled");
    }
}

#[tokio::test]
async fn entries_that_repeat_others_are_read_no_further_ahead() {
    let sandbox = Setting::new().await;
    let pulled = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&pulled);
    // Endless: without a bound the plan would be read for ever.
    let plan = std::iter::repeat_with(|| user(8545)).inspect(move |_| _ = counter.fetch_add(1, Ordering::Relaxed));
    let mut run = sandbox.client().revoke_all(plan.take(1_000_000)).look_ahead(10);
    let _ = run.next().await.unwrap().result.unwrap();
    // What is settled made room for as many again.
    assert!(pulled.load(Ordering::Relaxed) <= 2 * (10 + 1), "{} read", pulled.load(Ordering::Relaxed));
}

#[tokio::test]
async fn the_default_look_ahead_is_1024_entries_of_a_vendor() {
    let sandbox = Setting::new().await;
    sandbox.on_request(|_| Some(Fault::slow(ms(20))));
    let pulled = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&pulled);
    let plan = (1..=5000).map(user).inspect(move |_| _ = counter.fetch_add(1, Ordering::Relaxed));
    let mut run = sandbox.client().revoke_all(plan);
    run.next().await.unwrap().result.unwrap_err();
    assert!((1024..=1024 + 20).contains(&pulled.load(Ordering::Relaxed)), "{}", pulled.load(Ordering::Relaxed));
}

#[tokio::test]
async fn a_slow_vendor_holds_up_no_other_within_the_look_ahead() {
    let sandbox = Setting::new().await;
    let slow = sandbox.users(1..=20);
    let quick = sandbox.links(1..=20);
    sandbox.on_request(|request| (request.vendor == Vendor::Cova).then(|| Fault::slow(ms(400))));
    // All of the slow vendor's come first.
    let plan: Vec<Revocation> = slow.into_iter().chain(quick).collect();
    let mut run = sandbox.client().revoke_all(plan).concurrency(1).look_ahead(64);
    for _ in 0..20 {
        let settled = within(ms(390), run.next()).await.unwrap();
        assert!(settled.index >= 20, "{}", settled.index);
        assert!(settled.result.is_ok());
    }
}

#[tokio::test]
async fn beyond_the_look_ahead_the_plan_waits_for_the_slow_vendor() {
    let sandbox = Setting::new().await;
    let plan: Vec<_> = sandbox.users(1..=9).into_iter().chain(sandbox.links([1])).collect();
    sandbox.on_request(|request| (request.vendor == Vendor::Cova).then(|| Fault::slow(ms(30))));
    let settled = all(sandbox.client().revoke_all(plan).concurrency(1).look_ahead(2)).await;
    assert_all_gone(&settled, 10);
    let place = settled.iter().position(|one| one.index == 9).unwrap();
    assert!(place >= 6, "ONLYOFFICE's entry was not to be read yet: {place}");
}

#[tokio::test]
async fn a_vendor_is_made_as_many_calls_at_a_time_as_was_said() {
    const TIME: std::time::Duration = ms(60);
    for (said, expected) in [(Some(1), 1), (Some(3), 3), (Some(0), 1), (None, 8)] {
        let sandbox = Setting::new().await;
        let plan: Vec<_> = sandbox.users(1..=20).into_iter().chain(sandbox.connections(1..=20)).collect();
        sandbox.on_request(|_| Some(Fault::slow(TIME)));
        let run = sandbox.client().revoke_all(plan);
        let run = match said {
            Some(calls) => run.concurrency(calls),
            None => run,
        };
        assert_all_gone(&all(run).await, 40);
        for vendor in [Vendor::Cova, Vendor::Persona] {
            assert_eq!(most_side_by_side(&sandbox.requests(vendor), TIME), expected, "{vendor}, {said:?}");
        }
    }
}

#[tokio::test]
async fn calls_with_one_subject_are_never_side_by_side_and_do_not_hold_up_others() {
    const TIME: std::time::Duration = ms(40);
    let sandbox = Setting::new().await;
    let workspaces = ["one", "two", "three", "four"];
    let of_one_user = workspaces.map(|workspace| {
        sandbox.cor().attach("OKTA", "leaver", workspace);
        Revocation::from(cor::DetachWorkspaces::new("leaver", [workspace], cor::Source::OKTA).unwrap())
    });
    sandbox.cor().attach("OKTA", "other", "one");
    let of_another = cor::DetachWorkspaces::new("other", ["one"], cor::Source::OKTA).unwrap();
    sandbox.on_request(|_| Some(Fault::slow(TIME)));
    let plan: Vec<_> = of_one_user.into_iter().chain([of_another.into()]).collect();
    let settled = all(sandbox.client().revoke_all(plan)).await;
    assert_all_gone(&settled, 5);
    let requests = sandbox.requests(Vendor::Cor);
    let (leaver, other): (Vec<_>, Vec<_>) = requests.into_iter().partition(|one| one.path.contains("leaver"));
    assert_eq!(most_side_by_side(&leaver, TIME), 1);
    assert!(other[0].at < leaver[1].at, "the other user's need not wait");
    // In the order of the plan.
    let bodies: Vec<_> = leaver.iter().map(|request| request.body.clone()).collect();
    assert!(bodies.iter().zip(workspaces).all(|(body, workspace)| body.contains(workspace)), "{bodies:?}");
}

#[tokio::test]
async fn equal_entries_are_revoked_once_and_settled_each() {
    let sandbox = Setting::new().await;
    let plan = [8545, 8546, 8545, 8545, 8546].map(user);
    let settled = all(sandbox.client().revoke_all(plan)).await;
    assert_all_gone(&settled, 5);
    assert_eq!(sandbox.count(Vendor::Cova), 2);
    let receipt = |index| settled.iter().find(|one| one.index == index).unwrap().result.as_ref().unwrap();
    assert_eq!(receipt(0).id, receipt(3).id, "it is the same receipt");
    assert_ne!(receipt(0).id, receipt(1).id);
}

#[tokio::test]
async fn an_error_of_an_entry_is_that_of_its_equals_and_of_no_other() {
    let sandbox = Setting::new().await;
    let plan = [user(404), user(8545), user(404)];
    let settled = all(sandbox.client().revoke_all(plan)).await;
    assert_eq!(sandbox.requests_to(Vendor::Cova, "users(404)"), 1);
    for one in &settled {
        match one.index {
            1 => assert_eq!(one.result.as_ref().unwrap().outcome, Outcome::Revoked),
            _ => assert_eq!(one.result.as_ref().unwrap_err().kind(), ErrorKind::NotFound),
        }
    }
    assert_eq!(settled.len(), 3);
}

const WITH_BAD_LINES: &str = r#"{"action":"cova.disable_user","user_id":8545}

{"action":"cova.disable_user","user_id":0}
{"action":"cova.disable_user","user_id":8546,"because":"x"}
{"action":"cova.disable_account","user_id":8546}
not JSON
{"action":"cova.disable_user","user_id":8546}"#;

#[tokio::test]
async fn a_bad_line_is_settled_naming_line_and_field_and_the_others_go_on() {
    let sandbox = Setting::new().await;
    let settled = all(sandbox.client().revoke_all(plan::lines(WITH_BAD_LINES.as_bytes()))).await;
    assert_eq!(indexes(&settled), [0, 1, 2, 3, 4, 5]);
    for (index, parts) in [
        (1, ["line 3: ", "user_id"]),
        (2, ["line 4: ", "because"]),
        (3, ["line 5: ", "cova.disable_account"]),
        (4, ["line 6: ", "column"]),
    ] {
        let one = settled.iter().find(|one| one.index == index).unwrap();
        let error = one.result.as_ref().unwrap_err();
        assert_eq!((error.kind(), error.access()), (ErrorKind::InvalidRequest, Access::Unchanged));
        assert!(parts.iter().all(|part| error.message().contains(part)), "{error}");
        assert!(one.revocation.is_none());
    }
    assert!(!sandbox.cova().is_active(8545) && !sandbox.cova().is_active(8546));
    assert_eq!(sandbox.count(Vendor::Cova), 2);
}

#[tokio::test]
async fn a_bad_line_ends_the_run_before_anything_is_sent_if_so_chosen() {
    let sandbox = Setting::new().await;
    let plan = plan::lines(WITH_BAD_LINES.as_bytes());
    let settled = all(sandbox.client().revoke_all(plan).on_bad_entry(BadEntry::EndRun)).await;
    assert_eq!(indexes(&settled), [1]);
    assert!(settled[0].result.as_ref().unwrap_err().message().starts_with("line 3: "));
    assert_eq!(sandbox.count(Vendor::Cova), 0);

    let good = plan::lines(WITH_BAD_LINES.lines().next().unwrap().as_bytes());
    assert_all_gone(&all(sandbox.client().revoke_all(good).on_bad_entry(BadEntry::EndRun)).await, 1);
}

#[test]
fn what_a_bad_line_says_is_one_line_of_text() {
    let entries = plan::lines(r#"{"action":"cova.disable_user","user_id":1,"a\nb\u001b[31m":2}"#.as_bytes());
    let errors: Vec<String> = entries.map(|entry| entry.unwrap_err().to_string()).collect();
    assert!(errors.iter().all(|error| !error.contains(char::is_control)), "{errors:?}");
}

#[test]
fn a_plan_may_begin_with_a_byte_order_mark_and_have_any_line_ends() {
    let text = "\u{feff}{\"action\":\"cova.disable_user\",\"user_id\":1}\r\n\r\n{\"action\":\"cova.disable_user\",\"user_id\":2}";
    let entries: Result<Vec<_>, _> = plan::lines(text.as_bytes()).collect();
    assert_eq!(entries.unwrap(), [user(1), user(2)]);
}

#[test]
fn a_line_too_long_and_a_reader_that_fails_are_errors_that_end_the_plan() {
    let long = format!("{}\n{}", "x".repeat(1024 * 1024 + 1), r#"{"action":"cova.disable_user","user_id":1}"#);
    let entries: Vec<_> = plan::lines(long.as_bytes()).collect();
    assert_eq!(entries.len(), 1);
    assert!(entries[0].as_ref().unwrap_err().message().starts_with("line 1: is longer than"));

    struct Failing;
    impl std::io::Read for Failing {
        fn read(&mut self, _: &mut [u8]) -> std::io::Result<usize> {
            Err(std::io::Error::other("the share went away"))
        }
    }
    let entries: Vec<_> = plan::lines(std::io::BufReader::new(Failing)).take(3).collect();
    assert_eq!(entries.len(), 1);
    let error = entries[0].as_ref().unwrap_err();
    assert!(error.message().contains("line 1") && error.message().contains("the share went away"), "{error}");
}

#[tokio::test]
async fn a_dropped_run_sends_nothing_more() {
    let sandbox = Setting::new().await;
    let plan = sandbox.users(1..=50);
    sandbox.on_request(|_| Some(Fault::slow(ms(50))));
    let client = sandbox.client();
    let mut run = client.revoke_all(plan).concurrency(4);
    let _ = run.next().await.unwrap().result.unwrap();
    drop(run);
    let sent = sandbox.count(Vendor::Cova);
    assert!(sent <= 8, "{sent}");
    sleep(ms(250)).await;
    assert_eq!(sandbox.count(Vendor::Cova), sent);
}

#[tokio::test]
async fn a_run_that_is_not_polled_sends_nothing() {
    let sandbox = Setting::new().await;
    let plan = sandbox.users(1..=5);
    let run = sandbox.client().revoke_all(plan);
    sleep(ms(50)).await;
    assert_eq!(sandbox.count(Vendor::Cova), 0);
    assert!(format!("{run:?}").starts_with("RevokeAll"));
    drop(run);
}

#[tokio::test]
async fn a_run_that_is_over_stays_over() {
    let sandbox = Setting::new().await;
    let mut run = sandbox.client().revoke_all([user(8545)]);
    assert!(run.next().await.is_some());
    assert!(run.next().await.is_none());
    assert!(run.next().await.is_none());
}

#[tokio::test]
async fn a_vendor_that_is_not_configured_fails_its_own_entries_only() {
    let sandbox = Setting::new().await;
    let config = cova::Config::new(sandbox.token(Vendor::Cova)).base_url(sandbox.url(Vendor::Cova));
    let client = deprovision::Client::builder().cova(config).build().unwrap();
    let plan: Vec<_> = sandbox.connections([1]).into_iter().chain(sandbox.users([1])).collect();
    let settled = all(client.revoke_all(plan)).await;
    for one in &settled {
        match one.index {
            0 => assert_eq!(one.result.as_ref().unwrap_err().kind(), ErrorKind::NotConfigured),
            _ => assert!(one.result.is_ok()),
        }
    }
    assert_eq!(settled.len(), 2);
}

#[tokio::test]
async fn a_plan_that_panics_panics_where_it_is_polled_and_hangs_nothing() {
    let sandbox = Setting::new().await;
    sandbox.users(1..=5);
    sandbox.on_request(|_| Some(Fault::slow(ms(30))));
    let client = sandbox.client();
    let plan = (1..=5).map(|id| if id < 4 { user(id) } else { panic!("the plan's own fault") });
    let mut run = client.revoke_all(plan).concurrency(1).look_ahead(1);
    let caught = AssertUnwindSafe(async { while run.next().await.is_some() {} }).catch_unwind().await;
    assert_eq!(caught.unwrap_err().downcast_ref::<&str>(), Some(&"the plan's own fault"));
    drop(run);
    // The client is as good as new.
    assert!(within(ms(5000), client.revoke(&user(5)).into_future()).await.is_ok());
}

#[tokio::test]
async fn a_run_can_be_made_from_a_task_of_its_own() {
    let sandbox = Setting::new().await;
    let plan = sandbox.users(1..=20);
    let run = sandbox.client().revoke_all(plan);
    let settled = tokio::spawn(all(run)).await.unwrap();
    assert_all_gone(&settled, 20);
}
