//! Every error says what is true of the access now: checked against a vendor that knows the truth.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use deprovision::{Access, Client, Evidence, Outcome, RetryPolicy, Vendor};
use proptest::prelude::*;
use serde_json::json;

use crate::support::ms;
use crate::support::reply::Reply;
use crate::support::server::{Request, Server, Step};
use crate::support::vendors::{TOKEN, VENDORS, builder, connection, refusal, subject, success};
use crate::{check, runtime};

/// What the vendor does with one request.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Act {
    /// It revokes and answers as it does.
    Usual,
    /// It answers with this status in its own shape, and does nothing.
    Refuse(u16),
    /// A proxy answers, and the vendor never hears of it.
    Page(u16),
    /// As `Page`, but the vendor has revoked.
    PageAfter(u16),
    LostBefore,
    LostAfter,
    CutOffAfter,
    FailBefore,
    FailAfter,
}

impl Act {
    /// Whether the caller cannot know from this answer alone what was done.
    fn leaves_doubt(self) -> bool {
        match self {
            Self::Usual => false,
            Self::Refuse(status) => status >= 500 || status == 408,
            Self::Page(status) | Self::PageAfter(status) => !(400..500).contains(&status) || status == 408,
            Self::LostBefore | Self::LostAfter | Self::CutOffAfter | Self::FailBefore | Self::FailAfter => true,
        }
    }
}

#[derive(Debug)]
struct World {
    vendor: Vendor,
    /// Whether the access is there.
    access: bool,
    acts: VecDeque<Act>,
    done: Vec<Act>,
}

impl World {
    fn answer(&mut self, request: &Request) -> Step {
        if request.method == "GET" {
            return Reply::json(200, &connection(if self.access { "active" } else { "inactive" })).into();
        }
        let act = self.acts.pop_front().unwrap_or(Act::Usual);
        self.done.push(act);
        match act {
            Act::Usual => {
                let was_there = std::mem::replace(&mut self.access, false);
                if was_there { success(self.vendor).into() } else { self.nothing_left().into() }
            }
            Act::Refuse(status) => refusal(self.vendor, status, "no").into(),
            Act::Page(status) => Reply::html(status).into(),
            Act::PageAfter(status) => self.revoked(Reply::html(status).into()),
            Act::LostBefore => Step::Close,
            Act::LostAfter => self.revoked(Step::Close),
            Act::CutOffAfter => {
                let cut = success(self.vendor).cut();
                self.revoked(Step::AnswerThenClose(cut))
            }
            Act::FailBefore => refusal(self.vendor, 500, "oops").into(),
            Act::FailAfter => {
                let oops = refusal(self.vendor, 500, "oops");
                self.revoked(oops.into())
            }
        }
    }

    fn revoked(&mut self, step: Step) -> Step {
        self.access = false;
        step
    }

    /// What the vendor says when the access is gone already.
    fn nothing_left(&self) -> Reply {
        match self.vendor {
            Vendor::ProjectManager => Reply::json(404, &json!({"error": {"message": "no connection"}})),
            Vendor::Cor => Reply::json(400, &json!({"code": "ZC001", "message": "Entity is not associated"})),
            Vendor::Persona => refusal(self.vendor, 409, "already inactive"),
            _ => success(self.vendor),
        }
    }
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        2 => Just(Act::Usual),
        // A 404 in the vendor's own shape would be a lie here: it says that nothing is left.
        2 => prop::sample::select(vec![400, 401, 403, 408, 409, 410, 418, 422, 429, 500, 501, 503]).prop_map(Act::Refuse),
        2 => prop::sample::select(vec![200, 202, 302, 403, 404, 408, 429, 500, 502]).prop_map(Act::Page),
        // Who says 4xx after the vendor has acted is not in between but in the way; nobody could tell.
        1 => prop::sample::select(vec![200, 202, 302, 408, 500, 502, 504]).prop_map(Act::PageAfter),
        2 => Just(Act::LostBefore),
        2 => Just(Act::LostAfter),
        2 => Just(Act::CutOffAfter),
        2 => Just(Act::FailBefore),
        2 => Just(Act::FailAfter),
    ]
}

async fn play(client: &Client, vendor: Vendor, world: &Mutex<World>, was_there: bool) -> Result<(), TestCaseError> {
    let result = client.revoke(&subject(vendor)).await;
    let world = world.lock().unwrap();
    let doubt = world.done.iter().any(|act| act.leaves_doubt());
    match result {
        Ok(receipt) => {
            prop_assert!(!world.access, "{receipt} {world:?}");
            prop_assert!(receipt.outcome == Outcome::Revoked || !was_there, "{receipt} {world:?}");
            prop_assert!(receipt.evidence != Evidence::Inferred || doubt, "{receipt} {world:?}");
            prop_assert_eq!(receipt.attempts as usize, world.done.len());
        }
        Err(error) => {
            match error.access() {
                Access::Unchanged => prop_assert_eq!(world.access, was_there, "{} {:?}", error, world),
                Access::Unknown => prop_assert!(doubt, "{error} {world:?}"),
                other => prop_assert!(false, "{other}: one access cannot be gone in part"),
            }
            prop_assert_eq!(error.attempts() as usize, world.done.len());
        }
    }
    Ok(())
}

#[test]
fn every_error_says_what_is_true_of_the_access() {
    let runtime = runtime();
    for vendor in VENDORS {
        let world = Arc::new(Mutex::new(World { vendor, access: true, acts: VecDeque::new(), done: Vec::new() }));
        let asked = Arc::clone(&world);
        let (server, client) = runtime.block_on(async {
            let server = Server::responding(move |request| asked.lock().unwrap().answer(request)).await;
            let policy = RetryPolicy::default().max_attempts(4).backoff(ms(0), ms(0));
            let client = builder(vendor, &server.url(), TOKEN).retry(policy).build().unwrap();
            (server, client)
        });
        check(150, &(any::<bool>(), prop::collection::vec(act(), 1..5)), |(was_there, acts)| {
            *world.lock().unwrap() = World { vendor, access: was_there, acts: acts.into(), done: Vec::new() };
            runtime.block_on(play(&client, vendor, &world, was_there))
        });
        drop(server);
    }
}
