//! The one path that every call takes: attempts until one settles it, with what is true of the access joined over all.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use tokio::time::{Instant, sleep_until, timeout_at};
use tracing::Instrument;
use uuid::Uuid;

use super::Shared;
use super::builder::check_policy;
use super::call::Options;
use crate::error::{Access, Error, ErrorKind, ErrorReport};
use crate::reading::{Doubt, Finding, Gone, Reading, Retry, Verdict, clean};
use crate::receipt::{RateLimit, Receipt};
use crate::transport::{Answer, Exchange, Failure, Issuer, Limits, RetryPolicy, Token, Wire};
use crate::vendor::{Attempt, Channel, Endpoint, Listed, Settings};

pub(super) async fn run<E: Endpoint>(
    client: &Shared,
    options: Options,
    request: E,
) -> Result<Receipt<E::Response>, Error> {
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
    let result = async { Run::new(client, options, &request)?.settle().await }.instrument(span.clone()).await;
    match &result {
        Ok(receipt) => {
            span.record("deprovision.outcome", tracing::field::display(receipt.outcome));
            span.record("deprovision.evidence", tracing::field::display(receipt.evidence));
        }
        Err(error) => {
            span.record("deprovision.access", tracing::field::display(error.access()));
            span.record("error.type", tracing::field::display(error.kind()));
        }
    }
    result.map_err(|error| error.for_action(action))
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
    /// The call's key; further keys follow from it.
    key: Uuid,
    attempts: u32,
    /// The tokens used so far, the current one last. All of them are kept out of what is printed.
    tokens: Vec<Arc<Token>>,
    doubt: Doubt,
}

/// What of a deciding exchange goes onto a receipt or into an error.
#[derive(Default)]
struct Shown {
    status: Option<u16>,
    request_id: Option<String>,
    rate_limit: Option<RateLimit>,
    received_at: Option<DateTime<Utc>>,
}

impl Shown {
    fn of<E: Endpoint>(answer: &Answer) -> Self {
        Self {
            status: Some(answer.status),
            request_id: answer.request_id().map(str::to_owned),
            rate_limit: E::rate_limit(answer),
            received_at: Some(answer.received_at),
        }
    }
}

/// What one attempt came to, with a look where one was needed.
struct Settled<T> {
    verdict: Verdict,
    shown: Shown,
    response: Option<T>,
}

/// Which of the vendor's operations an exchange is for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Step {
    Act,
    Look,
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
        Ok(Self {
            client,
            channel,
            request,
            issuer,
            policy,
            timeout,
            deadline: after(timeout),
            key: options.idempotency_key.unwrap_or_else(Uuid::new_v4),
            attempts: 0,
            tokens: Vec::new(),
            doubt: Doubt::default(),
        })
    }

    async fn settle(mut self) -> Result<Receipt<E::Response>, Error> {
        let account = self.request.account();
        match timeout_at(self.deadline, self.issuer.token(account)).await {
            Ok(Ok(token)) => self.tokens.push(token),
            Ok(Err(failure)) => return Err(self.unsent(&failure)),
            Err(_) => return Err(self.unsent(&self.late("the credential's source"))),
        }
        let mut nth_key = 1;
        let mut counted = 0;
        loop {
            self.attempts += 1;
            counted += 1;
            let key = nth(self.key, nth_key);
            let Settled { verdict, shown, response } = self.attempt(key).await;
            let finding = match verdict {
                Ok(gone) => return Ok(self.receipt(gone, shown, response, key)),
                Err(finding) => finding,
            };
            let access = self.doubt.join(&finding);
            if finding.kind == ErrorKind::Unauthorized && self.tokens.len() == 1 {
                match self.renew().await {
                    Ok(true) => {
                        // The repetition is owed whatever the policy says, so it does not use up one of its attempts.
                        counted -= 1;
                        continue;
                    }
                    Ok(false) => {}
                    Err(failure) => return Err(self.error(with_failure(finding, &failure), access, shown)),
                }
            }
            let Some(resume) = self.resume(&finding, counted) else { return Err(self.error(finding, access, shown)) };
            if finding.retry == Retry::NextKey {
                nth_key += 1;
            }
            sleep_until(resume).await;
        }
    }

    /// When to try again after `finding`; `None` if that is not to be, or not in time.
    fn resume(&self, finding: &Finding, counted: u32) -> Option<Instant> {
        if finding.retry == Retry::No || counted >= self.policy.max_attempts {
            return None;
        }
        let asked = finding.wait.unwrap_or_default();
        let wait = asked.max(self.policy.jittered(counted));
        let resume = Instant::now().checked_add(wait)?;
        (asked <= self.policy.max_wait && resume < self.deadline).then_some(resume)
    }

    /// Sends the request once and reads what comes.
    async fn attempt(&self, key: Uuid) -> Settled<E::Response> {
        let (exchange, response) = self.exchange(key, Step::Act).await;
        let answer = match exchange {
            Exchange::NotSent(failure) => return not_answered(&failure, Access::Unchanged),
            Exchange::NoHead(failure) => return not_answered(&failure, Access::Unknown),
            Exchange::Answered(answer) => answer,
        };
        let verdict = match self.request.read(&answer, self.doubt) {
            Reading::Gone(gone) => Ok(gone),
            Reading::NotGone(finding) => Err(finding),
            Reading::Look => return self.look(&answer, key).await,
        };
        Settled { verdict, shown: Shown::of::<E>(&answer), response }
    }

    /// Asks for the state and reads it together with the answer that left it open.
    async fn look(&self, first: &Answer, key: Uuid) -> Settled<E::Response> {
        let mut looks = 0;
        let (look, response) = loop {
            looks += 1;
            let (exchange, response) = self.exchange(key, Step::Look).await;
            let (finding, answer) = match exchange {
                Exchange::NotSent(failure) | Exchange::NoHead(failure) => {
                    (Finding::from_failure(&failure, Access::Unknown), None)
                }
                Exchange::Answered(answer) if answer.status == 200 => break (Some(answer), response),
                Exchange::Answered(answer) => match self.request.read(&answer, Doubt::default()) {
                    Reading::NotGone(finding) => (finding, Some(answer)),
                    _ => break (Some(answer), response),
                },
            };
            match self.resume(&finding, looks) {
                Some(resume) => sleep_until(resume).await,
                None => break (answer, response),
            }
        };
        let verdict = self.request.read_look(first, look.as_ref(), self.doubt);
        // A receipt shows the exchange that proves; an error the refusal it reports, unless there was none.
        let shown = match &look {
            Some(look) if verdict.is_ok() || first.status == 200 => Shown::of::<E>(look),
            _ => Shown::of::<E>(first),
        };
        Settled { verdict, shown, response }
    }

    /// One exchange through a generated client of its own.
    async fn exchange(&self, key: Uuid, step: Step) -> (Exchange, Option<E::Response>) {
        let Some(token) = self.tokens.last() else {
            let what = "there is no token";
            return (Exchange::NotSent(Failure::lasting(ErrorKind::Unauthorized, what)), None);
        };
        let attempt_deadline = after(self.client.attempt_timeout);
        let (deadline, allowed) = if attempt_deadline <= self.deadline {
            (attempt_deadline, self.client.attempt_timeout)
        } else {
            (self.deadline, self.timeout)
        };
        let wire = Wire::new(
            self.channel.base.clone(),
            self.channel.http.clone(),
            E::Config::OPERATIONS,
            E::mend,
            token.clone(),
            Limits { max_response_bytes: self.client.max_response_bytes, allowed, deadline },
            self.attempts.saturating_sub(1),
        );
        let attempt = Attempt { config: &self.channel.config, key, wire };
        let response = match step {
            Step::Act => self.request.send(&attempt).await,
            Step::Look => self.request.look(&attempt).await,
        };
        (attempt.wire.exchange(), response)
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

    fn receipt(self, gone: Gone, shown: Shown, response: Option<E::Response>, key: Uuid) -> Receipt<E::Response> {
        Receipt {
            id: Uuid::new_v4(),
            action: E::ACTION,
            revocation: self.request.clone().into(),
            outcome: gone.outcome,
            evidence: gone.evidence,
            completed_at: shown.received_at.unwrap_or_else(Utc::now),
            attempts: self.attempts,
            status: shown.status.unwrap_or_default(),
            request_id: shown.request_id.map(|id| self.printable(id)),
            idempotency_key: E::KEYED.then_some(key),
            rate_limit: shown.rate_limit,
            response,
        }
    }

    /// An error of a call of which nothing was sent.
    fn unsent(&self, failure: &Failure) -> Error {
        self.error(Finding::from_failure(failure, Access::Unchanged), Access::Unchanged, Shown::default())
    }

    fn error(&self, finding: Finding, access: Access, shown: Shown) -> Error {
        let lasting =
            finding.retry == Retry::No && !matches!(finding.kind, ErrorKind::Conflict | ErrorKind::Unavailable);
        let message = self.printable(finding.message);
        let details = finding.details.into_iter().take(MAX_DETAILS).map(|mut detail| {
            detail.field = detail.field.map(|field| self.printable(field));
            detail.message = self.printable(detail.message);
            detail
        });
        Error::from_report(ErrorReport {
            kind: finding.kind,
            access,
            vendor: Some(E::ACTION.vendor()),
            action: Some(E::ACTION),
            status: shown.status,
            request_id: shown.request_id.map(|id| self.printable(id)),
            message: if message.is_empty() { "no reason was given".to_owned() } else { message },
            details: details.collect(),
            not_revoked: finding.not_revoked,
            retry_after_ms: finding.wait.map(|wait| u64::try_from(wait.as_millis()).unwrap_or(u64::MAX)),
            attempts: self.attempts,
            is_retryable: !lasting,
        })
    }

    /// Somebody else's text without our credentials and fit for one line. It is cut last, so that no part of a
    /// credential is left at the edge.
    fn printable(&self, mut text: String) -> String {
        for token in &self.tokens {
            token.secret.scrub(&mut text);
        }
        clean(&text)
    }
}

/// Most field errors that are kept of one answer.
const MAX_DETAILS: usize = 20;

fn not_answered<T>(failure: &Failure, access: Access) -> Settled<T> {
    Settled { verdict: Err(Finding::from_failure(failure, access)), shown: Shown::default(), response: None }
}

/// The vendor's 401, and why there is no fresh token to repeat the call with.
fn with_failure(mut finding: Finding, failure: &Failure) -> Finding {
    finding.message = format!("{}; no fresh token: {}", finding.message, failure.message);
    finding
}

/// The `n`-th key of a call: the first is the call's own, and the others can be found again from it.
fn nth(key: Uuid, n: u32) -> Uuid {
    if n <= 1 { key } else { Uuid::new_v5(&key, n.to_string().as_bytes()) }
}

/// The instant after a time; one that is too far to be counted is far enough.
fn after(time: Duration) -> Instant {
    const FAR: Duration = Duration::from_secs(60 * 60 * 24 * 365 * 10);
    Instant::now() + time.min(FAR)
}
