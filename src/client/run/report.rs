//! What a call comes to: a receipt or an error, of the exchange that decided.

use bytes::Bytes;
use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::exchange::Heard;
use super::{Failed, Proof, Run, nth};
use crate::error::{Access, Error, ErrorReport};
use crate::reading::{Finding, Gone, clean};
use crate::receipt::{RateLimit, Receipt};
use crate::transport::Failure;
use crate::vendor::Endpoint;

/// What of a deciding exchange goes onto a receipt or into an error.
#[derive(Default)]
pub(super) struct Shown {
    status: Option<u16>,
    request_id: Option<String>,
    rate_limit: Option<RateLimit>,
    received_at: Option<DateTime<Utc>>,
    body: Bytes,
}

impl Shown {
    pub(super) fn of<T>(heard: &Heard<T>) -> Self {
        let answer = &heard.answer;
        Self {
            status: Some(answer.status),
            request_id: answer.request_id().map(str::to_owned),
            rate_limit: heard.rate_limit,
            received_at: Some(answer.received_at),
            body: answer.raw.clone(),
        }
    }
}

impl<E: Endpoint> Run<'_, E> {
    pub(super) fn proof(
        &self,
        gone: Gone,
        shown: Shown,
        response: Option<Box<E::Response>>,
    ) -> Proof<Box<E::Response>> {
        let body = shown.body.clone();
        Proof { receipt: self.receipt(gone, shown, response), body }
    }

    fn receipt(&self, gone: Gone, shown: Shown, response: Option<Box<E::Response>>) -> Receipt<Box<E::Response>> {
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
            idempotency_key: E::KEYED.then(|| nth(self.key, self.nth_key)),
            rate_limit: shown.rate_limit,
            response,
        }
    }

    /// An error of a call of which nothing was sent.
    pub(super) fn unsent(&self, failure: &Failure) -> Failed {
        let access = if self.doubt.open { Access::Unknown } else { Access::Unchanged };
        self.failed(Finding::from_failure(failure, access), access, Shown::default())
    }

    pub(super) fn failed(&self, finding: Finding, access: Access, shown: Shown) -> Failed {
        Failed { error: self.error(finding, access, shown), next_key: self.nth_key }
    }

    fn error(&self, finding: Finding, access: Access, shown: Shown) -> Error {
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
            is_retryable: finding.may_pass,
        })
    }

    /// Somebody else's text without our credentials and fit for one line. It is cut last, so that no part of a
    /// credential is left at the edge.
    fn printable(&self, mut text: String) -> String {
        for secret in self.secrets() {
            secret.scrub(&mut text);
        }
        clean(&text)
    }
}

/// Most field errors that are kept of one answer.
const MAX_DETAILS: usize = 20;

/// The vendor's 401, and why there is no fresh token to repeat the call with.
pub(super) fn with_failure(mut finding: Finding, failure: &Failure) -> Finding {
    finding.message = format!("{}; no fresh token: {}", finding.message, failure.message);
    finding.may_pass = failure.passing;
    finding
}
