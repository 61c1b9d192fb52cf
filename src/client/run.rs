//! The one path that every call takes: attempts until one settles it, with what is true of the access joined over all.

mod exchange;
mod report;

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::FutureExt;
use tokio::time::{Instant, sleep_until, timeout_at};
use tracing::Instrument;
use uuid::Uuid;

use self::exchange::{Heard, Step, Unheard};
use self::report::{Shown, with_failure};
use super::Shared;
use super::builder::check_policy;
use super::call::Options;
use super::preview::Preview;
use crate::error::{Access, Error, ErrorKind};
use crate::reading::{Doubt, Finding, Reading, Retry, Verdict};
use crate::receipt::Receipt;
use crate::transport::{Failure, Issuer, Place, RetryPolicy, Token};
use crate::vendor::{Channel, Endpoint, Listed, Settings};

/// A receipt, and the body of the response that decided.
pub(crate) struct Proof<R> {
    pub(crate) receipt: Receipt<R>,
    pub(crate) body: Bytes,
}

/// An error, and the number of the key that another call of the same entry has to begin with.
pub(crate) struct Failed {
    pub(crate) error: Error,
    pub(crate) next_key: u32,
}

pub(super) async fn run<E: Endpoint>(
    client: &Shared,
    options: Options,
    request: &E,
) -> Result<Proof<Box<E::Response>>, Failed> {
    let action = E::ACTION;
    let span = tracing::info_span!(
        "revoke",
        deprovision.action = %action,
        deprovision.vendor = %action.vendor(),
        deprovision.outcome = tracing::field::Empty,
        deprovision.evidence = tracing::field::Empty,
        deprovision.access = tracing::field::Empty,
        error.type = tracing::field::Empty,
    );
    let first_key = options.first_key;
    let result = match Run::new(client, options, request) {
        Ok(mut run) => {
            // Pinned before it is wrapped: it is large, and would be copied.
            let settling = pin!(run.settle());
            settling.instrument(span.clone()).await
        }
        Err(error) => Err(Failed { error: error.for_action(action), next_key: first_key }),
    };
    match &result {
        Ok(Proof { receipt, .. }) => {
            span.record("deprovision.outcome", tracing::field::display(receipt.outcome));
            span.record("deprovision.evidence", tracing::field::display(receipt.evidence));
        }
        Err(Failed { error, .. }) => {
            span.record("deprovision.access", tracing::field::display(error.access()));
            span.record("error.type", tracing::field::display(error.kind()));
        }
    }
    result
}

/// The request that a call would send first.
pub(super) fn preview<E: Endpoint>(client: &Shared, options: Options, request: &E) -> Result<Preview, Error> {
    let run = Run::new(client, options, request).map_err(|error| error.for_action(E::ACTION))?;
    // Nothing is waited for where nothing is sent, so one poll is enough.
    let sealed = run.seal(Step::Act, &Token::redacted(run.channel.config.scheme())).now_or_never();
    match sealed {
        Some(Ok(sealed)) => Ok(Preview::of(E::ACTION, sealed.request())),
        Some(Err(failure)) => Err(Error::new(failure.kind, failure.message).for_action(E::ACTION)),
        None => Err(Error::new(ErrorKind::InvalidRequest, "the request was not shown").for_action(E::ACTION)),
    }
}

/// A call on its way.
struct Run<'a, E: Endpoint> {
    client: &'a Shared,
    channel: &'a Channel<E::Config>,
    request: &'a E,
    issuer: Issuer,
    policy: RetryPolicy,
    timeout: Duration,
    deadline: Instant,
    /// The call's key, where the vendor takes one; further keys follow from it.
    key: Uuid,
    nth_key: u32,
    /// Whether waiting for room in the vendor's limit is outside the time.
    patient: bool,
    place: Option<Place<'a>>,
    attempts: u32,
    /// The tokens used so far, the current one last. All of them are kept out of what is printed.
    tokens: Vec<Arc<Token>>,
    doubt: Doubt,
}

/// What one attempt came to, with a look where one was needed.
struct Settled<T> {
    verdict: Verdict,
    shown: Shown,
    response: Option<Box<T>>,
}

impl<'a, E: Endpoint> Run<'a, E> {
    fn new(client: &'a Shared, options: Options, request: &'a E) -> Result<Self, Error> {
        let vendor = E::Config::VENDOR;
        let channel = E::Config::channel(&client.channels).ok_or_else(|| {
            let variable = E::Config::CREDENTIAL_VARIABLE;
            let what = format!("the client has no configuration for {vendor}; give its builder one, or set {variable}");
            Error::new(ErrorKind::NotConfigured, what)
        })?;
        let issuer = match &options.credential {
            Some(credential) => Issuer::new(credential, vendor, channel.config.scheme())?,
            None => channel.issuer.clone(),
        };
        let policy = options.retry.unwrap_or(client.retry);
        check_policy(&policy).map_err(|what| Error::new(ErrorKind::InvalidConfiguration, what))?;
        let timeout = options.timeout.unwrap_or(client.timeout);
        if timeout.is_zero() {
            return Err(Error::new(ErrorKind::InvalidConfiguration, "timeout: must be above zero"));
        }
        Ok(Self {
            client,
            channel,
            request,
            issuer,
            policy,
            timeout,
            deadline: after(timeout),
            key: if E::KEYED { options.idempotency_key.unwrap_or_else(Uuid::new_v4) } else { Uuid::nil() },
            nth_key: options.first_key,
            patient: options.patient,
            place: None,
            attempts: 0,
            tokens: Vec::new(),
            doubt: Doubt { open: options.in_doubt, was_there: options.in_doubt },
        })
    }

    async fn settle(&mut self) -> Result<Proof<Box<E::Response>>, Failed> {
        if self.patient {
            self.place = self.channel.gate.enter(after(FAR), FAR).await.ok();
            self.deadline = after(self.timeout);
        }
        let account = self.request.account();
        match timeout_at(self.deadline, self.issuer.token(account)).await {
            Ok(Ok(token)) => self.tokens.push(token),
            Ok(Err(failure)) => return Err(self.unsent(&failure)),
            Err(_) => return Err(self.unsent(&self.late("the credential's source"))),
        }
        let mut counted = 0;
        loop {
            counted += 1;
            let Settled { verdict, shown, response } = self.attempt().await;
            let finding = match verdict {
                Ok(gone) => return Ok(self.proof(gone, shown, response)),
                Err(finding) => finding,
            };
            let access = self.doubt.join(&finding);
            if finding.retry == Retry::NextKey {
                self.nth_key += 1;
            }
            match self.again(&finding, &mut counted).await {
                Ok(true) => {}
                Ok(false) => return Err(self.failed(finding, access, shown)),
                Err(failure) => return Err(self.failed(with_failure(finding, &failure), access, shown)),
            }
        }
    }

    /// Whether to try again after `finding`, and waits until it is time. `counted` is how many tries there were.
    ///
    /// A rejected token is renewed once in a call. The repetition is owed whatever the policy says, so it does not use
    /// up one of its tries. The error is why there is no fresh token.
    async fn again(&mut self, finding: &Finding, counted: &mut u32) -> Result<bool, Failure> {
        if finding.kind == ErrorKind::Unauthorized && self.tokens.len() == 1 && self.renew().await? {
            *counted -= 1;
            return Ok(true);
        }
        match self.resume(finding, *counted) {
            Some(resume) => sleep_until(resume).await,
            None => return Ok(false),
        }
        Ok(true)
    }

    /// When to try again after `finding`; `None` if that is not to be, or not in time.
    fn resume(&self, finding: &Finding, counted: u32) -> Option<Instant> {
        if finding.retry == Retry::No || counted >= self.policy.max_attempts {
            return None;
        }
        let asked = finding.wait.unwrap_or_default();
        if self.patient && finding.kind == ErrorKind::RateLimited && asked <= self.policy.max_wait {
            // The vendor's gate holds it back, and that is outside the call's time.
            return Some(Instant::now());
        }
        let wait = asked.max(self.policy.jittered(counted));
        let resume = Instant::now().checked_add(wait)?;
        (asked <= self.policy.max_wait && resume < self.deadline).then_some(resume)
    }

    /// Sends the request once and reads what comes.
    async fn attempt(&mut self) -> Settled<E::Response> {
        let heard = match self.exchange(Step::Act).await {
            Ok(heard) => heard,
            Err(Unheard { failure, access }) => {
                let verdict = Err(Finding::from_failure(&failure, access));
                return Settled { verdict, shown: Shown::default(), response: None };
            }
        };
        let verdict = match self.read(&heard, self.doubt) {
            Reading::Gone(gone) => Ok(gone),
            Reading::NotGone(finding) => Err(finding),
            // In a box, so that the calls that need no look, which are most, do not make room for it.
            Reading::Look => return Box::pin(self.look(&heard)).await,
        };
        Settled { verdict, shown: Shown::of(&heard), response: heard.response }
    }

    /// Reads an answer, and tells the vendor's gate what it says of the rate limit.
    fn read(&self, heard: &Heard<E::Response>, doubt: Doubt) -> Reading {
        let reading = self.request.read(&heard.answer, doubt);
        match &reading {
            Reading::NotGone(finding) if finding.kind == ErrorKind::RateLimited => {
                self.channel.gate.hold(finding.wait.unwrap_or(self.policy.initial));
            }
            Reading::Gone(_) => self.channel.gate.lift(heard.sent_at),
            _ => {}
        }
        reading
    }

    /// Asks for the state and reads it together with the answer that left it open.
    async fn look(&mut self, first: &Heard<E::Response>) -> Settled<E::Response> {
        let mut looks = 0;
        let mut wait = None;
        let look = loop {
            looks += 1;
            let (failed, heard) = match self.exchange(Step::Look).await {
                Err(Unheard { failure, .. }) => (Finding::from_failure(&failure, Access::Unknown), None),
                Ok(heard) => match self.read(&heard, Doubt::default()) {
                    Reading::NotGone(finding) => (finding, Some(heard)),
                    Reading::Gone(_) | Reading::Look => break Some(heard),
                },
            };
            wait = failed.wait;
            if !self.again(&failed, &mut looks).await.unwrap_or(false) {
                break heard;
            }
        };
        let verdict = self.request.read_look(&first.answer, look.as_ref().map(|heard| &heard.answer), self.doubt);
        let verdict = verdict.map_err(|finding| Finding { wait: finding.wait.or(wait), ..finding });
        // A receipt shows the exchange that proves; an error the refusal it reports, unless there was none.
        let shown = match &look {
            Some(look) if verdict.is_ok() || first.answer.status == 200 => Shown::of(look),
            _ => Shown::of(first),
        };
        Settled { verdict, shown, response: look.and_then(|heard| heard.response) }
    }

    /// Gets a fresh token after a 401; false if there is nothing fresher.
    async fn renew(&mut self) -> Result<bool, Failure> {
        let Some(rejected) = self.tokens.last() else { return Ok(false) };
        match timeout_at(self.deadline, self.issuer.renewed(self.request.account(), rejected)).await {
            Ok(fresh) => Ok(fresh?.map(|fresh| self.tokens.push(fresh)).is_some()),
            Err(_) => Err(self.late("the credential's source")),
        }
    }

    fn late(&self, what: &str) -> Failure {
        Failure::new(ErrorKind::Timeout, format!("{what} did not answer within {:?}", self.timeout))
    }
}

/// The `n`-th key of a call: the first is the call's own, and the others can be found again from it.
fn nth(key: Uuid, n: u32) -> Uuid {
    if n <= 1 { key } else { Uuid::new_v5(&key, n.to_string().as_bytes()) }
}

/// The instant after a time; one that is too far to be counted is far enough.
fn after(time: Duration) -> Instant {
    Instant::now() + time.min(FAR)
}

/// Ten years.
const FAR: Duration = Duration::from_secs(60 * 60 * 24 * 365 * 10);
