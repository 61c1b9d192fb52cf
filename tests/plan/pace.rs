//! The pace: plans and single calls keep inside a vendor's limit, and use it.

use std::time::{Duration, Instant};

use deprovision::sandbox::Fault;
use deprovision::{Access, ErrorKind, RetryPolicy, Revocation, Vendor, onlyoffice};
use futures_util::StreamExt;

use crate::help::{Setting, all, assert_all_gone, connection};
use crate::support::{ms, within};

#[track_caller]
fn assert_never_refused(settled: &[deprovision::Settled]) {
    for one in settled {
        assert_eq!(one.result.as_ref().unwrap().attempts, 1, "entry {}", one.index);
    }
}

#[tokio::test]
async fn a_plan_takes_about_the_least_time_the_limit_allows_and_is_never_refused() {
    const WINDOW: Duration = ms(800);
    let sandbox = Setting::new().await;
    sandbox.set_rate_limit(Vendor::Persona, 20, WINDOW);
    let client = sandbox.builder().persona(sandbox.persona().rate_limit(20, WINDOW)).build().unwrap();
    let plan = sandbox.connections(1..=70);
    let started = Instant::now();
    let settled = all(client.revoke_all(plan)).await;
    let took = started.elapsed();
    assert_all_gone(&settled, 70);
    assert_never_refused(&settled);
    assert_eq!(sandbox.count(Vendor::Persona), 70);
    // Four windows are begun, three waited for.
    let least = 3 * WINDOW;
    assert!(took >= least, "{took:?} of at least {least:?}");
    assert!(took <= least.mul_f64(1.4), "{took:?} of at least {least:?}");
}

#[tokio::test]
async fn the_vendors_headers_alone_keep_a_plan_from_being_refused() {
    const WINDOW: Duration = ms(1000);
    let sandbox = Setting::new().await;
    sandbox.set_rate_limit(Vendor::Cova, 15, WINDOW);
    let plan = sandbox.users(1..=40);
    let started = Instant::now();
    let settled = all(sandbox.client().revoke_all(plan).concurrency(4)).await;
    let took = started.elapsed();
    assert_all_gone(&settled, 40);
    assert_never_refused(&settled);
    assert_eq!(sandbox.count(Vendor::Cova), 40);
    // Cova tells the end of its window in whole seconds, rounded up.
    assert!(took >= 2 * WINDOW && took <= 2 * (WINDOW + ms(1000)), "{took:?}");
}

#[tokio::test]
async fn what_others_use_of_the_limit_is_seen_in_the_headers() {
    const WINDOW: Duration = ms(1500);
    let sandbox = Setting::new().await;
    sandbox.set_rate_limit(Vendor::Persona, 12, WINDOW);
    let plan = sandbox.connections(1..=8);
    let other = sandbox.builder().build().unwrap();
    for number in 101..=108 {
        sandbox.sandbox.persona().add_connection(&crate::help::connection_id(number));
        let _ = other.revoke(&connection(number)).await.unwrap();
    }
    // Eight of twelve are gone already, of which this client's own count knows nothing.
    let client = sandbox.builder().persona(sandbox.persona().rate_limit(12, WINDOW)).build().unwrap();
    let settled = all(client.revoke_all(plan).concurrency(2)).await;
    assert_all_gone(&settled, 8);
    assert_never_refused(&settled);
}

/// A refusal of one vendor's first request; how long it, and no other, is paused by it.
async fn a_refusal_pauses(vendor: Vendor, fault: Fault) {
    let sandbox = Setting::new().await;
    let (persona, onlyoffice, cova) = (sandbox.connections(1..=12), sandbox.links(1..=12), sandbox.users(1..=12));
    let plan: Vec<Revocation> = persona.into_iter().chain(onlyoffice).chain(cova).collect();
    sandbox.inject(vendor, fault);
    let client = sandbox.client();
    let started = Instant::now();
    let run = all(client.revoke_all(plan).concurrency(3));
    let single = async {
        tokio::time::sleep(ms(200)).await;
        // Another subject than any in the plan.
        let single: Revocation = match vendor {
            Vendor::Persona => connection(99),
            _ => onlyoffice::UnlinkProject::new(1234, 5678).unwrap().into(),
        };
        let _ = client.revoke(&single).await;
        started.elapsed()
    };
    let (settled, single) = tokio::join!(run, single);
    assert_all_gone(&settled, 36);
    assert!(single >= ms(1000), "a single call passes the same gate: {single:?}");
    for other in [Vendor::Persona, Vendor::OnlyOffice, Vendor::Cova] {
        let requests = sandbox.requests(other);
        let first = requests[0].at;
        // The three that were under way when it came do not count.
        let next = requests[3].at - first;
        match other == vendor {
            true => assert!(next >= ms(990) && next < ms(2500), "{other}: {next:?}"),
            false => assert!(requests.iter().all(|one| one.at - first < ms(900)), "{other} was held up"),
        }
    }
}

#[tokio::test]
async fn a_plan_waits_longer_for_a_vendor_than_a_single_call() {
    let sandbox = Setting::new().await;
    let busy = Fault::status(429).retry_after(1);
    let client = |max_wait| {
        let policy = RetryPolicy::default().max_wait(max_wait);
        sandbox.builder().retry(policy).timeout(ms(900)).build().unwrap()
    };

    // What is left of a call's time is not enough; a planned call's time does not run meanwhile.
    sandbox.inject(Vendor::Persona, busy.clone().times(3));
    let plan: Vec<Revocation> = sandbox.connections(1..=4);
    let error = client(ms(2000)).revoke(&plan[0]).await.unwrap_err();
    assert_eq!((error.kind(), error.retry_after()), (ErrorKind::RateLimited, Some(ms(1000))));
    assert_all_gone(&all(client(ms(2000)).revoke_all(plan).concurrency(2)).await, 4);

    // The entry that is told to wait for too long is an error at once, and those behind it wait.
    sandbox.inject(Vendor::Persona, busy);
    let plan: Vec<Revocation> = sandbox.connections(5..=7);
    let started = Instant::now();
    let settled = all(client(ms(100)).revoke_all(plan).concurrency(1)).await;
    let errors: Vec<_> = settled.iter().filter_map(|one| one.result.as_ref().err()).collect();
    assert_eq!((errors.len(), errors[0].attempts(), errors[0].retry_after()), (1, 1, Some(ms(1000))));
    assert!(started.elapsed() >= ms(990), "{:?}", started.elapsed());
    let requests = sandbox.requests(Vendor::Persona);
    assert!(requests[requests.len() - 2].at - started >= ms(990), "they were sent before their time");
}

#[tokio::test]
async fn a_429_pauses_its_vendor_and_no_other() {
    a_refusal_pauses(Vendor::Persona, Fault::status(429).retry_after(1)).await;
}

#[tokio::test]
async fn a_503_of_onlyoffice_that_says_when_pauses_it_and_no_other() {
    a_refusal_pauses(Vendor::OnlyOffice, Fault::status(503).retry_after(1)).await;
}

#[tokio::test]
async fn a_single_call_waits_for_its_place_like_those_of_a_plan() {
    let sandbox = Setting::new().await;
    let client = sandbox.builder().persona(sandbox.persona().rate_limit(2, ms(500))).build().unwrap();
    sandbox.connections(1..=3);
    let started = Instant::now();
    for number in 1..=3 {
        let _ = client.revoke(&connection(number)).await.unwrap();
    }
    assert!(started.elapsed() >= ms(500));
    // Clones share the gate.
    client.clone().revoke(&connection(4)).await.unwrap_err();
    let requests = sandbox.requests(Vendor::Persona);
    assert!(requests[2].at - requests[0].at >= ms(500) && requests[3].at - requests[1].at >= ms(500));
}

#[tokio::test]
async fn a_wait_beyond_a_calls_time_is_an_error_at_once_and_nothing_is_sent() {
    let sandbox = Setting::new().await;
    let window = Duration::from_secs(60);
    let client = sandbox.builder().persona(sandbox.persona().rate_limit(1, window)).build().unwrap();
    sandbox.connections(1..=2);
    let _ = client.revoke(&connection(1)).await.unwrap();
    let started = Instant::now();
    let error = client.revoke(&connection(2)).timeout(ms(700)).await.unwrap_err();
    assert!(started.elapsed() < ms(600), "{:?}", started.elapsed());
    assert_eq!((error.kind(), error.access()), (ErrorKind::RateLimited, Access::Unchanged));
    assert!(error.is_retryable());
    let after = error.retry_after().unwrap();
    assert!(after > Duration::from_secs(58) && after <= window, "{after:?}");
    assert_eq!((sandbox.count(Vendor::Persona), error.attempts()), (1, 0));

    // The same behind a plan that waits for its place.
    let mut run = client.revoke_all([connection(2)]);
    let waiting = tokio::spawn(async move { run.next().await });
    tokio::time::sleep(ms(50)).await;
    let started = Instant::now();
    let error = client.revoke(&connection(3)).timeout(ms(700)).await.unwrap_err();
    assert!(started.elapsed() < ms(600), "{:?}", started.elapsed());
    assert_eq!((error.kind(), error.attempts()), (ErrorKind::RateLimited, 0));
    waiting.abort();
}

#[tokio::test]
async fn waiting_for_the_limit_is_not_part_of_a_planned_calls_time_out() {
    let sandbox = Setting::new().await;
    let persona = sandbox.persona().rate_limit(2, ms(700));
    let client = sandbox.builder().timeout(ms(400)).persona(persona).build().unwrap();
    let settled = all(client.revoke_all(sandbox.connections(1..=5))).await;
    assert_all_gone(&settled, 5);
}

/// The calls of a plan wait for their places while nobody polls the plan, because its reader makes a call itself.
#[tokio::test]
async fn whoever_reads_a_plan_may_make_calls_of_the_same_vendor_meanwhile() {
    let sandbox = Setting::new().await;
    let client = sandbox.builder().persona(sandbox.persona().rate_limit(3, ms(300))).build().unwrap();
    let mut run = client.revoke_all(sandbox.connections(1..=6)).concurrency(2);
    sandbox.connections(101..=106);
    let mut others = 101..=106;
    within(Duration::from_secs(10), async {
        while let Some(settled) = run.next().await {
            assert!(settled.result.is_ok());
            let _ = client.revoke(&connection(others.next().unwrap())).await.unwrap();
        }
    })
    .await;
    assert_eq!((others.next(), sandbox.count(Vendor::Persona)), (None, 12));
}

#[tokio::test]
async fn two_plans_of_one_client_share_the_limit() {
    const WINDOW: Duration = ms(600);
    let sandbox = Setting::new().await;
    sandbox.set_rate_limit(Vendor::Persona, 10, WINDOW);
    let client = sandbox.builder().persona(sandbox.persona().rate_limit(10, WINDOW)).build().unwrap();
    let (first, second) = (sandbox.connections(1..=15), sandbox.connections(101..=115));
    let (first, second) = tokio::join!(all(client.revoke_all(first)), all(client.revoke_all(second)));
    assert_all_gone(&first, 15);
    assert_all_gone(&second, 15);
    assert_never_refused(&first);
    assert_never_refused(&second);
}

/// A second attempt needs a second place, which may be a long time in coming.
#[tokio::test]
async fn waiting_for_a_place_for_another_attempt_is_not_part_of_it_either() {
    let sandbox = Setting::new().await;
    let persona = sandbox.persona().rate_limit(1, ms(700));
    let client = sandbox.builder().timeout(ms(400)).persona(persona).build().unwrap();
    sandbox.inject(Vendor::Persona, Fault::status(503));
    let settled = all(client.revoke_all(sandbox.connections([1]))).await;
    assert_eq!(settled[0].result.as_ref().unwrap().attempts, 2);
}
