//! What the sandbox knows, and the way every request takes through it.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use super::call::{Call, Received};
use super::fault::{Answer, Fault};
use super::rate::{Quota, Window};
use super::tokens::{self, Tokens};
use super::{Reply, cor, cova, onlyoffice, persona, projectmanager};
use crate::Vendor;

/// One vendor's way of answering.
pub(super) trait Service {
    /// Does what an authenticated request asks for.
    fn answer(&mut self, call: &Call, account: &str) -> Reply;

    /// An error in the vendor's own shape.
    fn error(&self, status: u16) -> Reply;

    /// The token a request carries.
    fn token<'c>(&self, call: &'c Call) -> Option<&'c str> {
        call.bearer()
    }

    /// The answer to a request beyond the rate limit.
    fn limited(&self, _quota: Quota) -> Reply {
        self.error(429)
    }

    /// An answer already given to a request with the same idempotency key.
    fn replay(&self, _call: &Call) -> Option<Reply> {
        None
    }

    /// Stores an answer under the request's idempotency key.
    fn remember(&mut self, _call: &Call, _reply: &Reply) {}

    /// Adds the headers that all of the vendor's answers to an accepted credential carry.
    fn dress(&mut self, reply: Reply, _quota: Option<Quota>) -> Reply {
        reply
    }
}

/// What is kept alike for every vendor.
#[derive(Default)]
pub(super) struct Desk {
    pub(super) tokens: Tokens,
    pub(super) window: Option<Window>,
    pub(super) faults: VecDeque<Fault>,
    pub(super) count: u64,
}

pub(super) struct State {
    desks: HashMap<Vendor, Desk>,
    pub(super) projectmanager: projectmanager::State,
    pub(super) cor: cor::State,
    pub(super) onlyoffice: onlyoffice::State,
    pub(super) persona: persona::State,
    pub(super) cova: cova::State,
    pub(super) log: VecDeque<Received>,
    log_capacity: usize,
}

impl State {
    pub(super) fn populated() -> Self {
        let mut state = Self {
            desks: HashMap::new(),
            projectmanager: projectmanager::State::populated(),
            cor: cor::State::populated(),
            onlyoffice: onlyoffice::State::populated(),
            persona: persona::State::populated(),
            cova: cova::State::populated(),
            log: VecDeque::new(),
            log_capacity: 10_000,
        };
        for vendor in super::VENDORS {
            state.desk(vendor).tokens.accept(super::token_of(vendor), projectmanager::DEFAULT_ACCOUNT);
        }
        state.desk(Vendor::ProjectManager).tokens.accept(projectmanager::SECOND_TOKEN, projectmanager::SECOND_ACCOUNT);
        state
    }

    pub(super) fn desk(&mut self, vendor: Vendor) -> &mut Desk {
        self.desks.entry(vendor).or_default()
    }

    /// The service is `None` for a vendor that is not imitated.
    fn desk_and_service(&mut self, vendor: Vendor) -> (&mut Desk, Option<&mut dyn Service>) {
        let services: [(Vendor, &mut dyn Service); 5] = [
            (Vendor::ProjectManager, &mut self.projectmanager),
            (Vendor::Cor, &mut self.cor),
            (Vendor::OnlyOffice, &mut self.onlyoffice),
            (Vendor::Persona, &mut self.persona),
            (Vendor::Cova, &mut self.cova),
        ];
        let service = services.into_iter().find(|(of, _)| *of == vendor).map(|(_, service)| service);
        (self.desks.entry(vendor).or_default(), service)
    }

    fn record(&mut self, received: Received) {
        let desk = self.desk(received.vendor);
        desk.count = desk.count.saturating_add(1);
        self.log.push_back(received);
        self.set_log_capacity(self.log_capacity);
    }

    pub(super) fn set_log_capacity(&mut self, capacity: usize) {
        self.log_capacity = capacity;
        let surplus = self.log.len().saturating_sub(capacity);
        self.log.drain(..surplus);
    }

    /// The fault queued for a vendor's next request.
    fn next_fault(&mut self, vendor: Vendor) -> Option<Fault> {
        let faults = &mut self.desk(vendor).faults;
        while let Some(fault) = faults.front_mut() {
            if fault.times > 1 {
                fault.times -= 1;
                return Some(fault.clone());
            }
            let fault = faults.pop_front()?;
            if fault.times == 1 {
                return Some(fault);
            }
        }
        None
    }

    /// What the vendor does and says when nothing goes wrong.
    fn usual(&mut self, vendor: Vendor, call: &Call) -> Reply {
        let (desk, Some(service)) = self.desk_and_service(vendor) else { return not_imitated(vendor) };
        let now = Instant::now();
        let account = service.token(call).and_then(|token| desk.tokens.account(token, now));
        let Some(account) = account else {
            return service.error(401);
        };
        let quota = desk.window.as_mut().map(|window| window.take(now));
        let reply = if let Some(quota) = quota.filter(|quota| quota.exceeded) {
            service.limited(quota)
        } else if let Some(reply) = service.replay(call) {
            reply
        } else {
            let reply = service.answer(call, &account);
            service.remember(call, &reply);
            reply
        };
        service.dress(reply, quota)
    }

    /// The vendor's own error, whatever was asked.
    fn error(&mut self, vendor: Vendor, call: &Call, status: u16, performed: bool) -> Reply {
        let (desk, Some(service)) = self.desk_and_service(vendor) else { return not_imitated(vendor) };
        let quota = desk.window.as_ref().map(|window| window.quota(Instant::now()));
        let stored = if performed || matches!(status, 401 | 429) { None } else { service.replay(call) };
        let reply = stored.unwrap_or_else(|| {
            let reply = service.error(status);
            service.remember(call, &reply);
            reply
        });
        if status == 401 {
            return reply;
        }
        service.dress(reply, quota)
    }

    /// What comes back under a fault; `None` is no answer at all.
    pub(super) fn respond(&mut self, vendor: Vendor, call: &Call, fault: &Fault) -> Option<Reply> {
        let usual = fault.performed.then(|| self.usual(vendor, call));
        let mut reply = match &fault.answer {
            Answer::Own => usual?,
            Answer::Error(status) => self.error(vendor, call, *status, fault.performed),
            Answer::Reply(reply) => reply.clone(),
            Answer::Nothing => return None,
        };
        for (name, value) in &fault.headers {
            reply = reply.header(name, value);
        }
        reply.status = fault.sent_as.unwrap_or(reply.status);
        Some(reply)
    }
}

fn not_imitated(vendor: Vendor) -> Reply {
    Reply::text(404, "text/plain", format!("The sandbox does not imitate {vendor}"))
}

pub(super) type Hook = Box<dyn FnMut(&Received) -> Option<Fault> + Send>;

/// What the server and the [`Sandbox`](super::Sandbox) share.
pub(super) struct Shared {
    state: Mutex<State>,
    hook: Mutex<Option<Arc<Mutex<Hook>>>>,
}

impl Shared {
    pub(super) fn new(state: State) -> Self {
        Self { state: Mutex::new(state), hook: Mutex::new(None) }
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn set_hook(&self, hook: Option<Hook>) {
        *self.hook.lock().unwrap_or_else(PoisonError::into_inner) = hook.map(|hook| Arc::new(Mutex::new(hook)));
    }

    /// Asks the hook with nothing else locked, so that it may use the sandbox itself.
    fn ask_hook(&self, received: &Received) -> Option<Fault> {
        let slot = self.hook.lock().unwrap_or_else(PoisonError::into_inner);
        let hook = slot.clone()?;
        drop(slot);
        let mut hook = hook.lock().unwrap_or_else(PoisonError::into_inner);
        (*hook)(received)
    }

    /// Records a request and decides what comes back: a reply (or none) and the fault that shaped it.
    pub(super) fn take_in(&self, vendor: Vendor, call: &Call) -> (Option<Reply>, Fault) {
        let received = call.received(vendor);
        let mut state = self.lock();
        state.record(received.clone());
        if let Some(reply) = tokens::endpoint(vendor, call, &mut state.desk(vendor).tokens) {
            return (Some(reply), Fault::own_answer());
        }
        let queued = state.next_fault(vendor);
        drop(state);
        let fault = queued.or_else(|| self.ask_hook(&received)).unwrap_or_else(Fault::own_answer);
        (self.lock().respond(vendor, call, &fault), fault)
    }
}
