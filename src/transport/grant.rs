//! Access tokens that expire: fetched from a vendor's token endpoint when one is needed, and kept until shortly before
//! they expire.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use reqwest::{Request, RequestBuilder};
use serde_json::Value;
use tokio::sync::OnceCell;
use tokio::time::{Instant, sleep};
use zeroize::Zeroizing;

use super::base_url::BaseUrl;
use super::credential::Credential;
use super::exchange::{Answer, Exchange};
use super::http::{Limits, PRODUCT, Pools, exchange};
use super::joint::Joint;
use super::retry::RetryPolicy;
use super::secret::Secret;
use crate::error::{Access, Error, ErrorKind, ErrorReport};
use crate::reading::{Finding, Members, Retry, Words, clean, number, refusal, unexpected};
use crate::vendor::Vendor;

/// How long before it expires a token is no longer given out, at the most: a call may take this long.
const MARGIN: Duration = Duration::from_secs(120);

/// How long one attempt to fetch a token may take.
const ATTEMPT: Duration = Duration::from_secs(30);

/// More than a token's envelope can have.
const MAX_BYTES: usize = 64 * 1024;

/// How a vendor's token endpoint is used.
pub(crate) trait Grant: Send + Sync + 'static {
    const VENDOR: Vendor;

    /// The status of success.
    const SUCCESS: u16 = 200;

    /// The endpoint's URL.
    fn url(&self) -> &str;

    /// What must not be printed, should the vendor repeat it.
    fn secrets(&self) -> Vec<&Secret>;

    /// Fills in a POST to the endpoint.
    fn request(&self, post: RequestBuilder) -> RequestBuilder;

    /// The token of a success, and how long it lives if that is said.
    fn read(&self, answer: &Answer) -> Option<(String, Option<Duration>)>;

    /// The vendor's words in a refusal.
    fn words(body: &[u8]) -> Option<Words>;
}

/// A credential that gets its tokens through a grant.
pub(crate) fn credential<G: Grant>(grant: G) -> Credential {
    let source =
        Arc::new(Source { grant, endpoint: OnceCell::new(), kept: Mutex::default(), fetching: Joint::default() });
    Credential::from_fn(move |need| {
        let source = source.clone();
        async move { Ok(source.token(need.rejected).await?.to_string()) }
    })
}

struct Source<G> {
    grant: G,
    endpoint: OnceCell<(BaseUrl, reqwest::Client)>,
    kept: Mutex<Option<Kept>>,
    fetching: Joint<Result<Zeroizing<String>, Error>>,
}

struct Kept {
    token: Zeroizing<String>,
    until: Option<Instant>,
}

impl<G: Grant> Source<G> {
    /// The token that is kept; a fetched one if there is none, or it was rejected.
    async fn token(self: Arc<Self>, rejected: bool) -> Result<Zeroizing<String>, Error> {
        if rejected {
            *self.kept() = None;
        }
        match self.current() {
            Some(token) => Ok(token),
            None => self.fetching.run(|| Box::pin(self.clone().renew()), panicked).await,
        }
    }

    /// The token that is kept, if it is still good.
    fn current(&self) -> Option<Zeroizing<String>> {
        let kept = self.kept();
        let current = kept.as_ref().filter(|kept| kept.until.is_none_or(|until| Instant::now() < until));
        current.map(|kept| kept.token.clone())
    }

    async fn renew(self: Arc<Self>) -> Result<Zeroizing<String>, Error> {
        // Another may have been fetched just before this was begun.
        if let Some(token) = self.current() {
            return Ok(token);
        }
        let (token, lives) = self.fetch().await?;
        let token = Zeroizing::new(token);
        let until = lives.map(|lives| Instant::now() + lives.saturating_sub(MARGIN.min(lives / 10)).min(FAR));
        *self.kept() = Some(Kept { token: token.clone(), until });
        Ok(token)
    }

    fn kept(&self) -> MutexGuard<'_, Option<Kept>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Fetches a token, trying again where that may help: the endpoint changes nothing but what it gives.
    async fn fetch(&self) -> Result<(String, Option<Duration>), Error> {
        let policy = RetryPolicy::default();
        let mut attempts = 0;
        loop {
            attempts += 1;
            let (finding, status) = match self.attempt().await {
                Ok(token) => return Ok(token),
                Err(why) => why,
            };
            let wait = finding.wait.unwrap_or_default().max(policy.jittered(attempts));
            if finding.retry == Retry::No || attempts >= policy.max_attempts || wait > policy.max_wait {
                return Err(self.error(finding, status, attempts));
            }
            sleep(wait).await;
        }
    }

    async fn attempt(&self) -> Result<(String, Option<Duration>), (Finding, Option<u16>)> {
        let (endpoint, client) =
            self.endpoint.get_or_try_init(|| async { self.open() }).await.map_err(|f| (f, None))?;
        let limits = Limits { max_response_bytes: MAX_BYTES, allowed: ATTEMPT, deadline: Instant::now() + ATTEMPT };
        let request = self.request(endpoint, client).map_err(|finding| (finding, None))?;
        let answer = match exchange(client, request, limits).await {
            Exchange::NotSent(failure) | Exchange::NoHead(failure) => {
                return Err((Finding::from_failure(&failure, Access::Unchanged), None));
            }
            Exchange::Answered(answer) => answer,
        };
        let token = (answer.status == G::SUCCESS).then(|| self.grant.read(&answer)).flatten();
        token.filter(|(token, _)| !token.trim().is_empty()).ok_or_else(|| {
            let finding = match answer.status {
                status if status == G::SUCCESS => unexpected("the token endpoint's response has no token"),
                // Wrong credentials are a 400 by the standard of OAuth.
                400 => Finding { kind: ErrorKind::Unauthorized, ..refusal(&answer, G::words, None) },
                _ => refusal(&answer, G::words, None),
            };
            (finding, Some(answer.status))
        })
    }

    fn open(&self) -> Result<(BaseUrl, reqwest::Client), Finding> {
        let wrong = |what: String| Finding::new(ErrorKind::InvalidConfiguration, Access::Unchanged, what);
        let url = BaseUrl::parse(self.grant.url()).map_err(|what| wrong(format!("token_url: {what}")))?;
        let pools = Pools::new(Duration::from_secs(5));
        let client = pools.for_base(&url).map_err(|why| wrong(format!("TLS: cannot be set up: {why}")))?;
        Ok((url, client))
    }

    fn request(&self, endpoint: &BaseUrl, client: &reqwest::Client) -> Result<Request, Finding> {
        let post = client.post(endpoint.as_str()).header(http::header::USER_AGENT, PRODUCT);
        let post = post.header(http::header::ACCEPT, "application/json");
        let request = self.grant.request(post).build();
        request.map_err(|error| {
            Finding::new(ErrorKind::InvalidRequest, Access::Unchanged, error.without_url().to_string())
        })
    }

    fn error(&self, finding: Finding, status: Option<u16>, attempts: u32) -> Error {
        let mut message = format!("token endpoint: {}", finding.message);
        if let Some(status) = status {
            message = format!("{message} (status {status}, {attempts} tries)");
        }
        for secret in self.grant.secrets() {
            secret.scrub(&mut message);
        }
        Error::from_report(ErrorReport {
            vendor: Some(G::VENDOR),
            retry_after_ms: finding.wait.map(|wait| u64::try_from(wait.as_millis()).unwrap_or(u64::MAX)),
            is_retryable: finding.may_pass,
            ..Error::new(finding.kind, clean(&message)).report()
        })
    }
}

fn panicked<T>() -> Result<T, Error> {
    Err(Error::new(ErrorKind::Unauthorized, "the token endpoint's call panicked"))
}

/// How long a token lives, by a number of seconds.
pub(crate) fn lifetime(seconds: Option<f64>) -> Option<Duration> {
    Duration::try_from_secs_f64(seconds?).ok()
}

/// The token of a token response as RFC 6749 has it (section 5.1), and how long it lives.
pub(crate) fn oauth_token(answer: &Answer) -> Option<(String, Option<Duration>)> {
    let mut members = Members::read(answer.bytes(), &["access_token", "expires_in"])?;
    match members.take("access_token") {
        Value::String(token) => Some((token, lifetime(number(members.get("expires_in"))))),
        _ => None,
    }
}

/// Ten years.
const FAR: Duration = Duration::from_secs(60 * 60 * 24 * 365 * 10);
