//! Schedules drawn at random for the sandbox, whose state is the judge.
//!
//! `cargo test` goes through them for some seconds. `DEPROVISION_MATRIX_SECONDS` sets for how many, and
//! `DEPROVISION_MATRIX_SEED` with which seed. A failure prints the seed and the number of the schedule, and
//! `DEPROVISION_MATRIX_SCHEDULE` runs that one alone.

use std::collections::{HashMap, VecDeque};
use std::env;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use deprovision::sandbox::{Fault, Reply, Sandbox};
use deprovision::{
    Access, Client, Credential, Error, Outcome, Receipt, Response, RetryPolicy, Revocation, Vendor, cor, cova,
    onlyoffice, persona, projectmanager,
};
use fastrand::Rng;
use serde_json::json;
use tokio::time::timeout;
use uuid::Uuid;

use crate::printed::assert_no_secret;
use crate::support::ms;
use crate::support::vendors::VENDORS;
use crate::traced::{assert_no_secret_traced, watch};
use crate::vendor::TOKEN;

const USUAL_SECONDS: u64 = 6;
const HANGING: Duration = Duration::from_secs(30);
/// What a busy machine may add to a call's time.
const MARGIN: Duration = Duration::from_secs(3);
const SIDE_BY_SIDE: u64 = 24;
const STALL: Duration = ms(400);

/// What the vendor does to one request.
#[derive(Clone, Debug)]
struct Blow {
    fault: Option<Fault>,
    /// Whether Persona has burnt the key by it, where that is certain.
    burns: Option<bool>,
}

/// One call, or two at a time, and what happens to each of its requests.
#[derive(Clone, Debug)]
struct Schedule {
    number: u64,
    vendor: Vendor,
    request: Revocation,
    blows: Vec<Blow>,
    attempts: u32,
    max_wait: Duration,
    timeout: Option<Duration>,
    short_attempts: bool,
    /// The first token is rejected at first, and there is another.
    renewed: bool,
    twice: bool,
    key: Uuid,
    was_gone: bool,
    /// COR's workspaces that stay whatever is asked.
    staying: Vec<String>,
}

fn id(number: u64) -> u32 {
    u32::try_from(number).unwrap() + 10_000
}

impl Schedule {
    fn draw(seed: u64, number: u64) -> Self {
        let mut rng = Rng::with_seed(seed.wrapping_add(number.wrapping_mul(0x9e37_79b9_7f4a_7c15)));
        let vendor = VENDORS[rng.usize(..VENDORS.len())];
        let id = id(number);
        let mut staying = Vec::new();
        let request = match vendor {
            Vendor::ProjectManager => projectmanager::DisconnectProvider::new(Uuid::from_u128(id.into())).into(),
            Vendor::Cor => {
                let workspaces: Vec<String> = (0..rng.usize(1..=3)).map(|n| format!("W{n}")).collect();
                if rng.u8(..4) == 0 {
                    staying = workspaces.iter().filter(|_| rng.bool()).cloned().collect();
                }
                cor::DetachWorkspaces::new(format!("S-{id}"), workspaces, cor::Source::OKTA).unwrap().into()
            }
            Vendor::OnlyOffice => onlyoffice::UnlinkProject::new(id, 34).unwrap().into(),
            Vendor::Persona => persona::DeactivateConnection::new(format!("cxn_{id}")).unwrap().into(),
            Vendor::Cova => cova::DisableUser::new(id).unwrap().into(),
            other => panic!("{other} is new here"),
        };
        let mut blows: Vec<_> = (0..rng.usize(0..=5)).map(|_| blow(&mut rng, vendor)).collect();
        let renewed = rng.u8(..6) == 0;
        if renewed {
            blows.insert(0, Blow { fault: Some(Fault::status(401)), burns: Some(false) });
        }
        Self {
            number,
            vendor,
            request,
            blows,
            attempts: rng.u32(1..=5),
            max_wait: ms(rng.u64(1..15)),
            timeout: (rng.u8(..8) == 0).then(|| ms(rng.u64(20..400))),
            short_attempts: rng.u8(..12) == 0,
            renewed,
            twice: rng.u8(..10) == 0,
            key: Uuid::from_u128(rng.u128(..)),
            was_gone: rng.u8(..5) == 0,
            staying,
        }
    }

    fn set_up(&self, sandbox: &Sandbox) {
        let id = id(self.number);
        match &self.request {
            Revocation::ProjectManager(request) if !self.was_gone => {
                sandbox.projectmanager().connect("jane@acme.example", request.provider_id());
            }
            Revocation::Cor(request) => {
                let (cor, user) = (sandbox.cor(), request.user_id());
                cor.attach("OKTA", user, "another");
                for workspace in request.workspaces().iter().filter(|_| !self.was_gone) {
                    cor.attach("OKTA", user, workspace);
                }
                self.staying.iter().for_each(|workspace| cor.let_stay("OKTA", user, workspace));
            }
            Revocation::OnlyOffice(_) => {
                sandbox.onlyoffice().link(id, if self.was_gone { 35 } else { 34 });
            }
            Revocation::Persona(request) => {
                let status = if self.was_gone { "inactive" } else { ["active", "pending"][id as usize % 2] };
                sandbox.persona().set_status(request.connection_id(), status);
            }
            Revocation::Cova(_) if !self.was_gone => sandbox.cova().add_user(id),
            _ => {}
        }
    }

    /// The parts of the access that are there: one, or COR's workspaces.
    fn there(&self, sandbox: &Sandbox) -> Vec<String> {
        let one = |there: bool| there.then(String::new).into_iter().collect();
        match &self.request {
            Revocation::ProjectManager(request) => {
                one(sandbox.projectmanager().is_connected("jane@acme.example", request.provider_id()))
            }
            Revocation::Cor(request) => {
                let attached = sandbox.cor().workspaces("OKTA", request.user_id());
                attached.into_iter().filter(|workspace| request.workspaces().contains(workspace)).collect()
            }
            Revocation::OnlyOffice(request) => {
                one(sandbox.onlyoffice().is_linked(request.contact_id(), request.project_id()))
            }
            Revocation::Persona(request) => one(sandbox.persona().is_active(request.connection_id())),
            Revocation::Cova(request) => one(sandbox.cova().is_active(request.user_id())),
            other => panic!("{other:?} is new here"),
        }
    }
}

/// Anything that a vendor or what is in between may do, short of lying: one that refuses has done nothing, and none says
/// in its own words that there is nothing left while there is.
fn blow(rng: &mut Rng, vendor: Vendor) -> Blow {
    let own = |fault| Blow { fault: Some(fault), burns: None };
    let kept = |fault| Blow { fault: Some(fault), burns: Some(false) };
    let burnt = |fault| Blow { fault: Some(fault), burns: Some(true) };
    let failures = [500, 500, 502, 503, 504, 501, 408, 599];
    let failing = failures[rng.usize(..failures.len())];
    let refusals = [400, 401, 403, 405, 409, 410, 417, 422, 499];
    let refusing = refusals[rng.usize(..refusals.len())];
    match rng.u8(..24) {
        0..=2 => Blow { fault: None, burns: None },
        3 | 4 => kept(Fault::lose_response()),
        5 => kept(Fault::close()),
        6 => own(Fault::cut_off()),
        7 => own(Fault::slow(ms(rng.u64(1..20)))),
        8 => own(Fault::stall(STALL)),
        9 | 10 => burnt(Fault::status(failing)),
        11 => own(Fault::status(failing).after_revoking()),
        12 => burnt(Fault::html(failing)),
        13 => burnt(Fault::html(failing).after_revoking()),
        // The head may be lost with the connection.
        14 => own(Fault::html(failing).after_revoking().body_cut_off()),
        15 => own(Fault::redirect(format!("https://elsewhere.example/{TOKEN}")).after_revoking()),
        16 => own(Fault::reply(foreign(rng)).after_revoking()),
        17 => own(Fault::reply(foreign(rng))),
        18 if refusing == 401 => kept(Fault::status(401)),
        18 => burnt(Fault::status(refusing)),
        19 => own(Fault::html(refusing)),
        20 => kept(Fault::status(429).retry_after([0, 0, 1, 4_000_000][rng.usize(..4)])),
        21 => kept(Fault::reply(Reply::text(429, "text/plain", TOKEN)).header("retry-after", "-1e9")),
        // These two answer a refusal inside of a success in words that mean one.
        22 if matches!(vendor, Vendor::ProjectManager | Vendor::OnlyOffice) => {
            own(Fault::status([400, 403, 404, 429, 500][rng.usize(..5)]).sent_as(200))
        }
        // Only what the vendor itself keeps under a key is a replay: not what it gives out as something else.
        22 => own(Fault::html(200)),
        _ => own(Fault::own_answer().header("retry-after", "99999999999999999999").header("x-request-id", TOKEN)),
    }
}

fn foreign(rng: &mut Rng) -> Reply {
    match rng.u8(..6) {
        0 => Reply::json(200, &json!({"ok": true, "token": TOKEN})),
        1 => Reply::json(200, &json!([null, TOKEN])),
        2 => Reply::text(200, "application/json", format!("{}{}", "[".repeat(3000), "]".repeat(3000))),
        3 => Reply::json(202, &json!({"success": true, "status": 0, "IsActive": false, "workspaces": []})),
        4 => Reply::text(
            200,
            "application/json",
            "{\"success\":true,\"success\":false,\"IsActive\":false,\"IsActive\":true}",
        ),
        _ => Reply::json(200, &json!({"success": null, "status": null, "data": null, "Id": null, "workspaces": null})),
    }
}

/// What is left of a subject's blows, and with which keys they came.
#[derive(Debug, Default)]
struct Desk {
    blows: VecDeque<Blow>,
    keys: Vec<(String, Option<bool>)>,
}

struct Stage {
    sandbox: Sandbox,
    patient: Client,
    hurried: Client,
    desks: Arc<Mutex<HashMap<u32, Desk>>>,
}

impl Stage {
    async fn new() -> Self {
        let sandbox = Sandbox::start().await.unwrap();
        sandbox.set_log_capacity(0);
        for vendor in VENDORS {
            sandbox.accept_token(vendor, TOKEN);
            sandbox.set_rate_limit(vendor, 150, ms(100));
        }
        let desks: Arc<Mutex<HashMap<u32, Desk>>> = Arc::default();
        let hooked = Arc::clone(&desks);
        sandbox.on_request(move |received| {
            let id = subject_of(received.vendor, &received.path)?;
            let mut desks = hooked.lock().unwrap();
            let desk = desks.get_mut(&id)?;
            let blow = desk.blows.pop_front().unwrap_or(Blow { fault: None, burns: None });
            if received.method == "POST" {
                desk.keys.push((received.header("idempotency-key").unwrap_or_default().to_owned(), blow.burns));
            }
            blow.fault
        });
        let client = |attempt| {
            let builder = Client::builder().attempt_timeout(attempt).timeout(ms(20_000));
            let url = |vendor| sandbox.url(vendor);
            let add = |builder, vendor| crate::support::vendors::configure(builder, vendor, url(vendor), TOKEN);
            VENDORS.into_iter().fold(builder, add).build().unwrap()
        };
        let (patient, hurried) = (client(ms(15_000)), client(ms(60)));
        Self { sandbox, patient, hurried, desks }
    }

    async fn play(&self, schedule: &Schedule) -> Result<(), String> {
        schedule.set_up(&self.sandbox);
        let desk = Desk { blows: schedule.blows.clone().into(), keys: Vec::new() };
        self.desks.lock().unwrap().insert(id(schedule.number), desk);
        let before = schedule.there(&self.sandbox);
        let (first, second) = if schedule.twice {
            let (first, second) = tokio::join!(self.call(schedule, schedule.key), self.call(schedule, Uuid::new_v4()));
            (first?, Some(second?))
        } else {
            (self.call(schedule, schedule.key).await?, None)
        };
        // What a client has given up waiting for may still be done: it says unknown then.
        let after = schedule.there(&self.sandbox);
        let desk = self.desks.lock().unwrap().remove(&id(schedule.number)).unwrap();
        let said = || format!("{first:?} and {second:?}; before {before:?}, after {after:?}, {:?}", desk.keys);
        for result in [Some(&first), second.as_ref()].into_iter().flatten() {
            assert_no_secret(result)?;
            truthful(result, &before, &after, second.is_none()).map_err(|what| format!("{what}: {}", said()))?;
        }
        // A client in a hurry may not have heard what burnt the key.
        if schedule.vendor == Vendor::Persona && second.is_none() && !schedule.short_attempts {
            keys_follow(&desk.keys, schedule.key).map_err(|what| format!("{what}: {}", said()))?;
        }
        Ok(())
    }

    async fn call(&self, schedule: &Schedule, key: Uuid) -> Result<Result<Receipt<Response>, Error>, String> {
        let client = if schedule.short_attempts { &self.hurried } else { &self.patient };
        let policy =
            RetryPolicy::default().max_attempts(schedule.attempts).backoff(ms(1), ms(3)).max_wait(schedule.max_wait);
        let mut call = client.revoke(&schedule.request).idempotency_key(key).retry(policy);
        if let Some(time) = schedule.timeout {
            call = call.timeout(time);
        }
        if schedule.renewed {
            let next = self.sandbox.token(schedule.vendor);
            call = call.credential(Credential::from_fn(move |need| async move {
                Ok(if need.rejected { next } else { TOKEN }.to_owned())
            }));
        }
        let begun = Instant::now();
        let result = timeout(HANGING, call.into_future()).await.map_err(|_| "it hangs".to_owned())?;
        let took = begun.elapsed();
        if schedule.timeout.is_some_and(|time| took > time + MARGIN) {
            return Err(format!("it took {took:?}"));
        }
        let attempts = result.as_ref().map_or_else(Error::attempts, |receipt| receipt.attempts);
        if attempts > schedule.attempts + 1 || (attempts > schedule.attempts && first_token_is_fine(schedule)) {
            return Err(format!("{attempts} attempts: {result:?}"));
        }
        Ok(result)
    }
}

fn first_token_is_fine(schedule: &Schedule) -> bool {
    !schedule.renewed
}

fn subject_of(vendor: Vendor, path: &str) -> Option<u32> {
    match vendor {
        Vendor::Cor => path.split_once("/users/S-")?.1.split('/').next()?.parse().ok(),
        _ => crate::vendor::number(vendor, path),
    }
}

fn truthful(
    result: &Result<Receipt<Response>, Error>,
    before: &[String],
    after: &[String],
    alone: bool,
) -> Result<(), &'static str> {
    let changed = before != after;
    match result {
        Ok(_) if !after.is_empty() => Err("a receipt while the access is there"),
        Ok(receipt) if alone && receipt.outcome == Outcome::AlreadyRevoked && changed => {
            Err("already revoked, by this call")
        }
        Err(error) if alone => match error.access() {
            Access::Unchanged if changed => Err("unchanged, and it is not what it was"),
            Access::PartlyRevoked if !changed || after.is_empty() => Err("partly revoked, and it is not so"),
            _ => Ok(()),
        },
        _ => Ok(()),
    }
}

/// Each key is the one before or, where that was burnt, the next.
fn keys_follow(keys: &[(String, Option<bool>)], first: Uuid) -> Result<(), String> {
    let nth = |n: u32| if n == 1 { first } else { Uuid::new_v5(&first, n.to_string().as_bytes()) }.to_string();
    let mut n = 1;
    let mut burns = Some(false);
    for (index, (key, next)) in keys.iter().enumerate() {
        match (*key == nth(n), *key == nth(n + 1)) {
            (true, _) if burns != Some(true) => {}
            (_, true) if burns != Some(false) => n += 1,
            _ => return Err(format!("key {} is not the one it should be", index + 1)),
        }
        burns = *next;
    }
    Ok(())
}

fn number_in(variable: &str) -> Option<u64> {
    let text = env::var(variable).ok()?;
    Some(text.parse().unwrap_or_else(|_| panic!("{variable} is {text}, and not a number")))
}

#[test]
fn schedules_drawn_at_random_never_make_a_call_say_what_is_not_true() {
    watch();
    let seed = number_in("DEPROVISION_MATRIX_SEED").unwrap_or_else(|| fastrand::u64(..));
    let time = Duration::from_secs(number_in("DEPROVISION_MATRIX_SECONDS").unwrap_or(USUAL_SECONDS));
    let single = number_in("DEPROVISION_MATRIX_SCHEDULE");
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        let stage = Arc::new(Stage::new().await);
        let end = Instant::now() + time;
        let next = Arc::new(AtomicU64::new(single.unwrap_or(0)));
        let players = if single.is_some() { 1 } else { SIDE_BY_SIDE };
        let players: Vec<_> = (0..players)
            .map(|_| {
                let (stage, next) = (Arc::clone(&stage), Arc::clone(&next));
                tokio::spawn(async move {
                    loop {
                        let schedule = Schedule::draw(seed, next.fetch_add(1, Ordering::Relaxed));
                        let (stage, played) = (Arc::clone(&stage), schedule.clone());
                        let wrong = match tokio::spawn(async move { stage.play(&played).await }).await {
                            Ok(Ok(())) => None,
                            Ok(Err(what)) => Some(what),
                            Err(panic) => Some(panic.to_string()),
                        };
                        if let Some(what) = wrong {
                            return Err(format!("seed {seed}, schedule {}: {what}\n{schedule:#?}", schedule.number));
                        }
                        if single.is_some() || Instant::now() >= end {
                            return Ok(());
                        }
                    }
                })
            })
            .collect();
        for player in players {
            if let Err(what) = player.await.unwrap() {
                panic!("{what}");
            }
        }
        assert!(single.is_some() || next.load(Ordering::Relaxed) > 100, "hardly any schedule was played");
        if single.is_none() {
            assert_no_secret_traced();
        }
        println!("{} schedules, seed {seed}", next.load(Ordering::Relaxed));
    });
}
