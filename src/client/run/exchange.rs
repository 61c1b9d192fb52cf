//! One exchange with the vendor: through its gate, by its generated client, and what came decoded.

use std::cmp::Reverse;
use std::time::Duration;

use tokio::time::Instant;

use super::{FAR, Run, after, nth};
use crate::error::{Access, ErrorKind};
use crate::reading::Members;
use crate::receipt::RateLimit;
use crate::transport::{Answer, Body, Exchange, Failure, Limits, NoPlace, Outgoing, Secret, Token, Wire};
use crate::vendor::{Attempt, Channel, Endpoint, Settings};

/// An answer, and what it comes with. (A response is large and handed on many times, so it is in a box.)
pub(super) struct Heard<T> {
    pub(super) answer: Answer,
    pub(super) response: Option<Box<T>>,
    pub(super) rate_limit: Option<RateLimit>,
    pub(super) sent_at: Instant,
}

/// Why there is no answer, and what is true of the access then.
pub(super) struct Unheard {
    pub(super) failure: Failure,
    pub(super) access: Access,
}

impl Unheard {
    fn unsent(failure: Failure) -> Self {
        Self { failure, access: Access::Unchanged }
    }
}

/// Which of the vendor's operations an exchange is for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    Act,
    Look,
}

impl<E: Endpoint> Run<'_, E> {
    /// One exchange through a generated client of its own, as soon as the vendor's limit has room for it.
    pub(super) async fn exchange(&mut self, step: Step) -> Result<Heard<E::Response>, Unheard> {
        let Some(token) = self.tokens.last().cloned() else {
            return Err(Unheard::unsent(Failure::lasting(ErrorKind::Unauthorized, "there is no token")));
        };
        let place = match self.place.take() {
            Some(place) => place,
            None => {
                let asked_at = Instant::now();
                let (deadline, longest) =
                    if self.patient { (after(FAR), FAR) } else { (self.deadline, self.policy.max_wait) };
                match self.channel.gate.enter(deadline, longest).await {
                    Ok(place) if self.patient => {
                        self.deadline += asked_at.elapsed();
                        place
                    }
                    Ok(place) => place,
                    Err(NoPlace(wait)) => return Err(Unheard::unsent(held_back(wait))),
                }
            }
        };
        if step == Step::Act {
            self.attempts += 1;
        }
        let sealed = self.seal(step, &token).await.map_err(Unheard::unsent)?;
        let exchange = sealed.send(&self.channel.http, self.limits(), self.attempts.saturating_sub(1)).await;
        // Before the headers are noted, so that this request is not taken for one that they may not count yet.
        let sent_at = place.give_back();
        let mut answer = match exchange {
            Exchange::Answered(answer) => answer,
            Exchange::NotSent(failure) => return Err(Unheard::unsent(failure)),
            Exchange::NoHead(failure) => return Err(Unheard { failure, access: Access::Unknown }),
        };
        let rate_limit = E::rate_limit(&answer);
        if let Some(RateLimit { remaining: Some(remaining), reset_at: Some(reset_at), .. }) = rate_limit {
            let reset = (reset_at - answer.received_at).to_std().unwrap_or_default();
            self.channel.gate.note(sent_at, remaining, reset);
        }
        let response = self.decode(&mut answer);
        Ok(Heard { answer, response, rate_limit, sent_at })
    }

    /// Makes an answer ready to be read, and decodes it if it is a success. What `read` looks at is noted on the way.
    fn decode(&self, answer: &mut Answer) -> Option<Box<E::Response>> {
        let secrets = self.secrets();
        if (300..=399).contains(&answer.status) {
            answer.scrub_location(&secrets);
        }
        let Body::Whole(body) = &mut answer.body else { return None };
        *body = E::mend(std::mem::take(body));
        if !(200..=299).contains(&answer.status) {
            return None;
        }
        // The response goes to the caller, who may print it: a credential the vendor echoes is taken out first.
        let mut clean: Option<Vec<u8>> = None;
        for secret in secrets {
            clean = secret.scrub_json(clean.as_deref().unwrap_or(body)).or(clean);
        }
        match clean {
            Some(clean) => serde_json::from_slice(&clean).ok(),
            None => {
                let (members, response) = Members::read_with(body.trim_ascii(), E::FACTS)?;
                answer.members = Some(members);
                Some(response)
            }
        }
    }

    /// The request that the generated client makes, ready to be sent.
    pub(super) async fn seal(&self, step: Step, token: &Token) -> Result<Outgoing<'_>, Failure> {
        let Channel { config, base, http, .. } = self.channel;
        let attempt = Attempt { config, key: nth(self.key, self.nth_key), http, wire: Wire::new(base.clone()) };
        match step {
            Step::Act => self.request.send(&attempt).await,
            Step::Look => self.request.look(&attempt).await,
        }
        Outgoing::new(attempt.wire.taken(), base, E::Config::OPERATIONS, token)
    }

    fn limits(&self) -> Limits {
        let attempt_deadline = after(self.client.attempt_timeout);
        let (deadline, allowed) = if attempt_deadline <= self.deadline {
            (attempt_deadline, self.client.attempt_timeout)
        } else {
            (self.deadline, self.timeout)
        };
        Limits { max_response_bytes: self.client.max_response_bytes, allowed, deadline }
    }

    /// The credentials used so far, the longest first.
    pub(super) fn secrets(&self) -> Vec<&Secret> {
        let mut secrets: Vec<&Secret> = self.tokens.iter().map(|token| &*token.secret).collect();
        secrets.sort_by_key(|secret| Reverse(secret.len()));
        secrets
    }
}

fn held_back(wait: Duration) -> Failure {
    let what = format!("not sent: the vendor's rate limit has no room within the call's time, for about {wait:.1?}");
    Failure { wait: Some(wait), ..Failure::new(ErrorKind::RateLimited, what) }
}
