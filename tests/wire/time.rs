//! Time-outs, deadlines, and calls that are given up.

use std::time::{Duration, Instant};

use deprovision::{Access, ErrorKind, RetryPolicy, Vendor};
use tokio::net::{TcpSocket, TcpStream};

use crate::support::reply::Reply;
use crate::support::server::{Server, Step};
use crate::support::vendors::{TOKEN, VENDORS, builder, client, policy, refusal, subject, success};
use crate::support::{ms, within};

#[tokio::test]
async fn an_attempt_ends_with_its_time_out_and_the_next_one_begins() {
    for vendor in VENDORS {
        let server = Server::script([Step::Stall, Step::Stall, success(vendor).into()]).await;
        let client = builder(vendor, &server.url(), TOKEN).attempt_timeout(ms(100)).build().unwrap();
        let started = Instant::now();
        let receipt = client.revoke(&subject(vendor)).await.unwrap();
        assert_eq!(receipt.attempts, 3);
        assert!(started.elapsed() >= ms(200) && started.elapsed() < ms(4000));
        // A connection that was given up is closed, not left hanging.
        server.until(|server| server.abandoned() == 2).await;
    }
}

#[tokio::test]
async fn a_body_in_small_pieces_does_not_outlive_the_attempt() {
    for vendor in VENDORS {
        let pieces = success(vendor).bytes().chunks(1).map(<[u8]>::to_vec).collect();
        let server = Server::script([Step::Trickle(pieces, ms(10))]).await;
        let client =
            builder(vendor, &server.url(), TOKEN).attempt_timeout(ms(100)).retry(RetryPolicy::none()).build().unwrap();
        let error = within(ms(4000), async { client.revoke(&subject(vendor)).await.unwrap_err() }).await;
        assert_eq!((error.kind(), error.access()), (ErrorKind::Timeout, Access::Unknown), "{error}");
    }
}

#[tokio::test]
async fn a_call_ends_with_its_time_out_all_attempts_together() {
    for vendor in VENDORS {
        let server = Server::responding(|_| Step::Stall).await;
        let client = builder(vendor, &server.url(), TOKEN)
            .attempt_timeout(ms(60))
            .timeout(ms(150))
            .retry(policy().max_attempts(100))
            .build()
            .unwrap();
        let started = Instant::now();
        let error = client.revoke(&subject(vendor)).await.unwrap_err();
        let took = started.elapsed();
        assert!(took >= ms(140) && took < ms(3000), "{vendor}: {took:?}");
        assert_eq!((error.kind(), error.access()), (ErrorKind::Timeout, Access::Unknown), "{error}");
        assert!(error.attempts() <= 3 && server.count() == error.attempts() as usize, "{error}");
        assert!(error.is_retryable());
    }
}

#[tokio::test]
async fn a_call_can_have_a_time_out_of_its_own() {
    for vendor in VENDORS {
        let server = Server::responding(|_| Step::Stall).await;
        let client = builder(vendor, &server.url(), TOKEN).attempt_timeout(ms(8000)).build().unwrap();
        let error =
            within(ms(4000), async { client.revoke(&subject(vendor)).timeout(ms(50)).await.unwrap_err() }).await;
        assert_eq!((error.kind(), error.access()), (ErrorKind::Timeout, Access::Unknown), "{error}");
        assert_eq!(error.attempts(), 1);
        assert!(error.message().contains("50ms"), "it names the time that ran out: {error}");
    }
}

#[tokio::test]
async fn a_call_with_no_time_at_all_is_refused_or_times_out_and_changes_nothing() {
    let server = Server::responding(|_| success(Vendor::Cova).into()).await;
    let error = client(Vendor::Cova, &server).revoke(&subject(Vendor::Cova)).timeout(Duration::ZERO).await.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::InvalidConfiguration | ErrorKind::Timeout), "{error}");
    assert_eq!(error.access(), Access::Unchanged, "{error}");
    assert_eq!(server.count(), 0);
}

#[tokio::test]
async fn the_longest_times_there_are_do_no_harm() {
    for vendor in VENDORS {
        let server = Server::script([refusal(vendor, 503, "x"), success(vendor)]).await;
        let client = builder(vendor, &server.url(), TOKEN)
            .connect_timeout(Duration::MAX)
            .attempt_timeout(Duration::MAX)
            .timeout(Duration::MAX)
            .retry(policy().max_wait(Duration::MAX))
            .build()
            .unwrap();
        assert_eq!(client.revoke(&subject(vendor)).timeout(Duration::MAX).await.unwrap().attempts, 2);
    }
}

#[tokio::test]
async fn a_host_that_does_not_take_connections_was_sent_nothing() {
    // A listener whose queue is full drops what knocks: connecting hangs.
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let address = socket.local_addr().unwrap();
    let _listener = socket.listen(1).unwrap();
    let mut queue = Vec::new();
    while let Ok(Ok(stream)) = tokio::time::timeout(ms(100), TcpStream::connect(address)).await {
        queue.push(stream);
    }
    for vendor in VENDORS {
        // Also where the attempt has less time than connecting may take.
        let times = [(ms(40), ms(3000)), (ms(9000), ms(800))];
        for (connect, attempt) in &times[..if vendor == Vendor::Cova { 2 } else { 1 }] {
            let client = builder(vendor, &format!("http://{address}"), TOKEN)
                .connect_timeout(*connect)
                .attempt_timeout(*attempt)
                .retry(policy().max_attempts(2))
                .build()
                .unwrap();
            let error = within(ms(4000), async { client.revoke(&subject(vendor)).await.unwrap_err() }).await;
            assert_eq!((error.kind(), error.access()), (ErrorKind::Timeout, Access::Unchanged), "{vendor}: {error}");
            assert_eq!((error.attempts(), error.status()), (2, None));
        }
        // The call's own time-out may be the shortest.
        let client = builder(vendor, &format!("http://{address}"), TOKEN)
            .connect_timeout(ms(4000))
            .attempt_timeout(ms(4000))
            .timeout(ms(60))
            .build()
            .unwrap();
        let error = within(ms(4000), async { client.revoke(&subject(vendor)).await.unwrap_err() }).await;
        assert_eq!(error.kind(), ErrorKind::Timeout, "{vendor}: {error}");
    }
}

#[tokio::test]
async fn a_wait_that_would_outlast_the_call_ends_it_at_once() {
    let server = Server::responding(|_| Reply::html(503).into()).await;
    let patient = RetryPolicy::default().max_attempts(50).backoff(Duration::from_secs(600), Duration::from_secs(600));
    let client =
        builder(Vendor::Cova, &server.url(), TOKEN).retry(patient).timeout(Duration::from_millis(300)).build().unwrap();
    let error = within(ms(4000), async { client.revoke(&subject(Vendor::Cova)).await.unwrap_err() }).await;
    assert_eq!((error.kind(), error.access()), (ErrorKind::Unavailable, Access::Unknown));
}

#[tokio::test]
async fn a_call_that_is_dropped_is_given_up_and_sends_nothing_more() {
    for vendor in VENDORS {
        let server = Server::script([Step::Stall, success(vendor).into()]).await;
        let client = builder(vendor, &server.url(), TOKEN).attempt_timeout(ms(3000)).build().unwrap();
        let call = tokio::spawn(client.revoke(&subject(vendor)).into_future());
        server.until(|server| server.count() == 1).await;
        call.abort();
        assert!(call.await.unwrap_err().is_cancelled());
        server.until(|server| server.abandoned() == 1).await;
        assert_eq!(server.count(), 1);
        // Calling again is safe, and the client is none the worse.
        assert_eq!(client.revoke(&subject(vendor)).await.unwrap().attempts, 1);
    }
}

#[tokio::test]
async fn a_call_that_is_never_awaited_sends_nothing() {
    let server = Server::script([success(Vendor::Cova)]).await;
    let client = client(Vendor::Cova, &server);
    drop(client.revoke(&subject(Vendor::Cova)));
    drop(client.revoke(&subject(Vendor::Cova)).into_future());
    tokio::time::sleep(ms(10)).await;
    assert_eq!(server.connections(), 0);
}

#[tokio::test]
async fn a_call_is_send_and_static_and_runs_anywhere() {
    fn check<T: Send + 'static>(future: T) -> T {
        future
    }
    let server = Server::responding(|_| success(Vendor::Cova).into()).await;
    let call = {
        let client = client(Vendor::Cova, &server);
        let request = subject(Vendor::Cova);
        check(client.revoke(&request).into_future())
    };
    assert_eq!(tokio::spawn(call).await.unwrap().unwrap().attempts, 1);
}

#[tokio::test]
async fn calls_do_not_wait_for_each_other() {
    let server = Server::responding(|request| {
        let slow = request.target.contains("users(1)");
        let reply = Reply::json(200, &serde_json::json!({"IsActive": false}));
        if slow { Step::After(ms(300), Box::new(reply.into())) } else { reply.into() }
    })
    .await;
    let client = client(Vendor::Cova, &server);
    let slow = tokio::spawn(client.revoke(&deprovision::cova::DisableUser::new(1).unwrap()).into_future());
    server.until(|server| server.count() == 1).await;
    for id in 2..10 {
        let _ = client.revoke(&deprovision::cova::DisableUser::new(id).unwrap()).await.unwrap();
    }
    assert!(!slow.is_finished());
    let _ = slow.await.unwrap().unwrap();
}
