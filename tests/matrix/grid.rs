//! All combinations, each on a subject of its own.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use deprovision::{Access, Client, Credential, Error, Outcome, Receipt, Response, RetryPolicy, Vendor};
use tokio::sync::Semaphore;
use tokio::time::timeout;

use crate::cell::{Before, Cell, Fault, Opener, Says};
use crate::faults::{MAX_BODY, faults};
use crate::model::{self, ATTEMPTS, expected};
use crate::printed::assert_no_secret;
use crate::support::ms;
use crate::support::vendors::{KEY, VENDORS, configure};
use crate::traced::{assert_no_secret_traced, watch};
use crate::vendor::{TOKEN, prefix, subject};
use crate::world::{Truth, World};

/// Of an attempt, where the server never comes to an end.
const SHORT: Duration = ms(200);
/// Longer than anything here takes that is not to be waited for.
const LONG: Duration = Duration::from_secs(60);
/// A call that takes this long hangs.
const HANGING: Duration = Duration::from_secs(30);
/// At the same time.
const CALLS: usize = 48;

const OPENERS: [Opener; 3] = [Opener::Lost, Opener::Busy, Opener::Limited];

fn cells() -> Vec<Cell> {
    let mut cells = Vec::new();
    let mut count = 0;
    let mut add = |cell: Cell| {
        count += 1;
        cells.push(Cell { number: count, ..cell });
    };
    for vendor in VENDORS {
        for (index, fault) in faults(vendor).into_iter().map(Arc::new).enumerate() {
            let cell = |at, before, opener| Cell {
                number: 0,
                vendor,
                fault: Arc::clone(&fault),
                at,
                before,
                opener,
                on_look: false,
            };
            for before in fault.befores.iter().copied() {
                add(cell(1, before, Opener::Lost));
            }
            for at in 2..=ATTEMPTS {
                for (turn, opener) in OPENERS.into_iter().enumerate() {
                    let turns = fault.wide || (index + at as usize) % OPENERS.len() == turn;
                    if turns && suits(&fault, opener) {
                        let befores = fault.befores.iter().copied().filter(|before| match before {
                            Before::There => fault.wide || at == 2,
                            Before::Applied => fault.wide || at == 3,
                            // With an attempt before that was lost it is the same as applied.
                            Before::Gone => fault.wide && at == 2,
                        });
                        befores.for_each(|before| add(cell(at, before, opener)));
                    }
                }
            }
            if vendor == Vendor::Persona && !matches!(fault.says, Says::Yes | Says::Anything) {
                add(Cell { on_look: true, ..cell(1, Before::Gone, Opener::Lost) });
            }
        }
    }
    cells
}

fn suits(fault: &Fault, opener: Opener) -> bool {
    !fault.proves_in_doubt || opener == Opener::Limited
}

/// A client for the whole matrix: making one for each call would take longer than all calls together.
pub fn client(port: u16, attempt: Duration) -> Client {
    let builder = Client::builder()
        .connect_timeout(LONG)
        .attempt_timeout(attempt)
        .timeout(LONG)
        .max_response_bytes(MAX_BODY)
        .retry(RetryPolicy::default().max_attempts(ATTEMPTS).backoff(ms(1), ms(1)).max_wait(ms(5)));
    let url = |vendor| format!("http://127.0.0.1:{port}{}", prefix(vendor));
    VENDORS
        .into_iter()
        .fold(builder, |builder, vendor| configure(builder, vendor, url(vendor), Credential::from(TOKEN)))
        .build()
        .unwrap()
}

struct Clients {
    patient: Client,
    hurried: Client,
}

impl Clients {
    fn new(port: u16) -> Self {
        Self { patient: client(port, LONG), hurried: client(port, SHORT) }
    }
}

type Outcomes = Result<Receipt<Response>, Error>;

/// Calls once and says what is wrong with what came.
async fn check(world: &World, clients: &Clients, cell: &Cell) -> Result<Outcomes, String> {
    let client = if cell.fault.slow { &clients.hurried } else { &clients.patient };
    for tries in 1.. {
        world.reset(cell);
        let call = client.revoke(&subject(cell.vendor, cell.number)).idempotency_key(KEY);
        let begun = Instant::now();
        let result = timeout(HANGING, call.into_future()).await.map_err(|_| "it hangs".to_owned())?;
        let truth = world.truth(cell);
        let said = format!("{result:?}, {truth:?}, after {:?}", begun.elapsed());
        truthful(cell, &result, &truth).map_err(|what| format!("{what}: {said}"))?;
        assert_no_secret(&result)?;
        match as_expected(cell, &result, &truth) {
            Ok(()) => return Ok(result),
            // On a busy machine another attempt may come too late as well; and a kept connection may be closed just
            // when it is used again, which costs an attempt.
            Err(_) if tries < 5 && (cell.fault.slow || attempts_of(&result) > truth.attempts) => {}
            Err(what) => return Err(format!("{what}: {said}")),
        }
    }
    unreachable!()
}

fn attempts_of(result: &Outcomes) -> u32 {
    result.as_ref().map_or_else(Error::attempts, |receipt| receipt.attempts)
}

/// What holds whatever happens.
fn truthful(cell: &Cell, result: &Outcomes, truth: &Truth) -> Result<(), String> {
    let changed = truth.gone && cell.before != Before::Gone;
    let attempts = match result {
        Ok(receipt) => {
            if !truth.gone {
                return Err("a receipt while the access is there".to_owned());
            }
            if receipt.outcome == Outcome::AlreadyRevoked && changed {
                return Err("already revoked, by this call".to_owned());
            }
            receipt.attempts
        }
        Err(error) => {
            match error.access() {
                Access::Unchanged if changed => return Err("unchanged, and it is gone".to_owned()),
                Access::PartlyRevoked => return Err("partly revoked, and there are no parts".to_owned()),
                _ => {}
            }
            error.attempts()
        }
    };
    // One that got nowhere may be missing here; none may be there that the caller is not told of.
    if attempts < truth.attempts || attempts > ATTEMPTS {
        return Err(format!("{attempts} attempts are counted"));
    }
    Ok(())
}

fn as_expected(cell: &Cell, result: &Outcomes, truth: &Truth) -> Result<(), String> {
    let Some(expected) = expected(cell, KEY) else { return Ok(()) };
    let mut came = match result {
        Ok(receipt) => model::Result::Gone(receipt.outcome),
        Err(error) => model::Result::Failed(error.kind(), error.access(), error.status()),
    };
    if let (model::Result::Failed(_, _, status @ None), model::Result::Failed(_, _, Some(200))) =
        (&mut came, &expected.result)
        && cell.fault.status_may_be_lost
    {
        *status = Some(200);
    }
    let Truth { attempts, looks, keys, .. } = truth;
    if (&came, *attempts, *looks, keys) != (&expected.result, expected.attempts, expected.looks, &expected.keys) {
        return Err(format!("expected {expected:?}"));
    }
    Ok(())
}

#[test]
fn every_way_in_which_an_exchange_can_go_wrong_at_every_attempt() {
    watch();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        let cells = cells();
        let count = cells.len();
        let world = World::new(&cells);
        let (port, _) = world.serve().await;
        let clients = Arc::new(Clients::new(port));
        let (places, done) = (Arc::new(Semaphore::new(CALLS)), Arc::new(AtomicU32::new(0)));
        let mut calls = Vec::new();
        for cell in cells {
            let (world, clients, done) = (Arc::clone(&world), Arc::clone(&clients), Arc::clone(&done));
            let place = Arc::clone(&places).acquire_owned().await.unwrap();
            let name = cell.name();
            let call = tokio::spawn(async move {
                let _place = place;
                let checked = check(&world, &clients, &cell).await;
                done.fetch_add(1, Ordering::Relaxed);
                checked
            });
            calls.push((name, call));
        }
        let mut wrong = Vec::new();
        for (name, call) in calls {
            match call.await {
                Ok(Ok(_)) => {}
                Ok(Err(what)) => wrong.push(format!("{name}: {what}")),
                Err(panic) => wrong.push(format!("{name}: {panic}")),
            }
        }
        assert_eq!(done.load(Ordering::Relaxed) as usize, count);
        println!("{count} cells");
        let first: Vec<_> = wrong.iter().take(40).map(String::as_str).collect();
        assert!(wrong.is_empty(), "{} of {count} cells:\n{}", wrong.len(), first.join("\n\n"));
        assert_no_secret_traced();
    });
}
