//! Connections that are refused, and those that end between two calls: here the server's port itself is the fault.

use std::net::Ipv4Addr;

use deprovision::{Access, Client, ErrorKind, Vendor};
use tokio::net::TcpListener;

use crate::grid::client;
use crate::model::ATTEMPTS;
use crate::support::reply::Reply;
use crate::support::server::{Server, Step, closed_port};
use crate::support::vendors::VENDORS;
use crate::support::{ms, within};
use crate::vendor::{nothing_left, refusal, subject, success};

async fn refused(client: &Client, vendor: Vendor, access: Access, what: &str) {
    let error = within(ms(20_000), client.revoke(&subject(vendor, 1)).into_future()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Connection, "{what}: {error}");
    assert_eq!((error.access(), error.attempts()), (access, ATTEMPTS), "{what}: {error}");
}

#[tokio::test]
async fn a_refused_connection_changes_nothing() {
    let client = client(closed_port().await, ms(20_000));
    for vendor in VENDORS {
        refused(&client, vendor, Access::Unchanged, "from the first attempt on").await;
    }
}

/// A server that takes so many connections, one request each, and is gone.
async fn serve_then_leave(answers: Vec<Vec<u8>>) -> u16 {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        let mut listener = Some(listener);
        let last = answers.len() - 1;
        for (index, answer) in answers.into_iter().enumerate() {
            let (mut stream, _) = listener.as_ref().unwrap().accept().await.unwrap();
            let _ = stream.read(&mut [0; 4096]).await;
            if index == last {
                // Before the client hears of it, so that its next attempt is refused for certain.
                listener = None;
            }
            let _ = stream.write_all(&answer).await;
        }
    });
    port
}

#[tokio::test]
async fn a_connection_refused_at_a_later_attempt_says_no_more_than_the_attempts_before() {
    let closing = |reply: Reply| reply.header("Connection", "close").bytes();
    for vendor in VENDORS {
        for before in 1..ATTEMPTS as usize {
            let openers = [
                ("lost", Vec::new(), Access::Unknown),
                ("busy", closing(refusal(vendor, 500)), Access::Unknown),
                ("limited", closing(refusal(vendor, 429).header("Retry-After", 0)), Access::Unchanged),
            ];
            for (name, opener, access) in openers {
                let client = client(serve_then_leave(vec![opener; before]).await, ms(20_000));
                refused(&client, vendor, access, &format!("{vendor}, after {before} {name}")).await;
            }
        }
    }
}

#[tokio::test]
async fn a_connection_that_ends_between_two_calls_costs_an_attempt_at_most() {
    for vendor in VENDORS {
        let server = Server::responding(move |request| {
            // Without a word of it in the head.
            let number = crate::vendor::number(vendor, &request.target).unwrap();
            Step::AnswerThenClose(success(vendor, number).bytes())
        })
        .await;
        let client = client(server.port(), ms(20_000));
        for number in 1..40 {
            let receipt = within(ms(20_000), client.revoke(&subject(vendor, number)).into_future()).await.unwrap();
            assert!(receipt.attempts <= ATTEMPTS, "{receipt}");
            tokio::time::sleep(ms(u64::from(number % 3))).await;
        }
    }
}

#[tokio::test]
async fn no_call_outlives_its_time_whatever_the_server_does() {
    for vendor in VENDORS {
        let head = success(vendor, 1).head();
        let drops = vec![b"HTTP/1.1 100 Continue\r\n\r\n".to_vec(); 400];
        let again = nothing_left(vendor, 1).bytes();
        for step in [
            Step::Stall,
            Step::AnswerThenStall(head),
            Step::Trickle(drops, ms(20)),
            Step::After(ms(5000), Box::new(Step::Answer(again))),
        ] {
            let server = Server::script([step.clone(), step.clone(), step]).await;
            let client = client(server.port(), ms(20_000));
            let begun = std::time::Instant::now();
            let error = client.revoke(&subject(vendor, 1)).timeout(ms(150)).await.unwrap_err();
            assert!(begun.elapsed() < ms(2500), "{vendor}: {:?}", begun.elapsed());
            assert_eq!((error.kind(), error.access()), (ErrorKind::Timeout, Access::Unknown), "{vendor}: {error}");
            assert_eq!(error.attempts(), 1);
        }
    }
}
