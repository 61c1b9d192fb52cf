//! Credentials, and where they come from.

use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use http::HeaderValue;
use zeroize::Zeroizing;

use super::exchange::Failure;
use super::joint::Joint;
use super::secret::Secret;
use crate::error::{Error, ErrorKind};
use crate::vendor::Vendor;

/// Any error, as a credential source may return it.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// What a token is needed for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct TokenNeed {
    /// The vendor the token is for.
    pub vendor: Vendor,
    /// Whose token it must be, where the vendor acts on the caller (`projectmanager::DisconnectProvider::account`).
    pub account: Option<String>,
    /// The token last given was answered by a 401: a kept one will not do.
    pub rejected: bool,
}

type Fetch = dyn Fn(TokenNeed) -> Pin<Box<dyn Future<Output = Result<String, BoxError>> + Send>> + Send + Sync;

/// A vendor's API key or access token, or something that gets one when it is needed.
///
/// The text is never printed and is wiped from memory when the last copy is dropped.
///
/// ```
/// use deprovision::Credential;
///
/// let fixed = Credential::from("a token");
/// let fetched = Credential::from_fn(|need| async move {
///     let path = format!("/run/secrets/{}", need.vendor);
///     Ok(std::fs::read_to_string(path)?.trim_end().to_owned())
/// });
/// # let _ = (fixed, fetched);
/// ```
#[derive(Clone)]
pub struct Credential(Kind);

#[derive(Clone)]
enum Kind {
    Fixed(Arc<Secret>),
    Source(Arc<Source>),
}

impl Credential {
    /// A credential that `fetch` gets. It is asked once for each call, so what is costly to get it should keep itself.
    ///
    /// When the vendor answers a 401 it is asked once more, with [`TokenNeed::rejected`] set, by one call however many
    /// got that answer, and each of those calls is repeated once. A rejected token that it hands out again is not sent
    /// again where a newer one is known.
    ///
    /// An error it returns becomes an [`Error`] of the kind [`ErrorKind::Unauthorized`] (or, if it is an [`Error`]
    /// itself, of that error's kind) with that error's text: it should not put secrets there.
    pub fn from_fn<F, Fut>(fetch: F) -> Self
    where
        F: Fn(TokenNeed) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<String, BoxError>> + Send + 'static,
    {
        let fetch: Box<Fetch> = Box::new(move |need| Box::pin(fetch(need)));
        Self(Kind::Source(Arc::new(Source { fetch, renewals: Mutex::default() })))
    }
}

impl From<&str> for Credential {
    fn from(token: &str) -> Self {
        Self::from(token.to_owned())
    }
}

impl From<String> for Credential {
    fn from(token: String) -> Self {
        Self(Kind::Fixed(Arc::new(Secret::new(token))))
    }
}

impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            Kind::Fixed(_) => "Credential([redacted])",
            Kind::Source(_) => "Credential::from_fn(..)",
        })
    }
}

/// How a token is written into the `Authorization` header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scheme {
    Bearer,
    /// The token alone, without a scheme's word.
    Raw,
}

/// A token that was found fit, ready to be sent.
pub(crate) struct Token {
    pub(crate) secret: Arc<Secret>,
    pub(crate) header: HeaderValue,
}

impl Token {
    /// What stands for a token where a request is only shown.
    pub(crate) fn redacted(scheme: Scheme) -> Self {
        let header = HeaderValue::from_static(match scheme {
            Scheme::Bearer => "Bearer [redacted]",
            Scheme::Raw => "[redacted]",
        });
        Self { secret: Arc::new(Secret::new(String::new())), header }
    }

    fn new(secret: Arc<Secret>, scheme: Scheme) -> Result<Self, &'static str> {
        let text = secret.expose();
        if text.is_empty() {
            return Err("is empty");
        }
        if text.contains(['\r', '\n']) {
            return Err("contains a line break; trim what is read from a file");
        }
        if text.get(..7).is_some_and(|word| word.eq_ignore_ascii_case("bearer ")) {
            return Err("begins with `Bearer `; give the token alone, the scheme is added where the vendor wants it");
        }
        if !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err("contains a blank or a character that cannot be sent in a header");
        }
        let mut value = Zeroizing::new(Vec::with_capacity("Bearer ".len() + text.len()));
        if scheme == Scheme::Bearer {
            value.extend_from_slice(b"Bearer ");
        }
        value.extend_from_slice(text.as_bytes());
        // Owned by the header as it is, so that this copy is wiped too.
        let mut header = HeaderValue::from_maybe_shared(Bytes::from_owner(value)).map_err(|_| "cannot be sent")?;
        header.set_sensitive(true);
        Ok(Self { secret, header })
    }
}

/// A credential made ready for one vendor: checked, and with that vendor's scheme.
#[derive(Clone)]
pub(crate) struct Issuer {
    vendor: Vendor,
    scheme: Scheme,
    kind: Issue,
}

#[derive(Clone)]
enum Issue {
    Fixed(Arc<Token>),
    Source(Arc<Source>),
}

impl Issuer {
    /// Checks a credential as far as that can be done without fetching it.
    pub(crate) fn new(credential: &Credential, vendor: Vendor, scheme: Scheme) -> Result<Self, Error> {
        let kind = match &credential.0 {
            Kind::Source(source) => Issue::Source(source.clone()),
            Kind::Fixed(secret) => {
                let token = Token::new(secret.clone(), scheme).map_err(|what| {
                    Error::new(ErrorKind::InvalidConfiguration, format!("credential: the token {what}"))
                        .for_vendor(vendor)
                })?;
                Issue::Fixed(Arc::new(token))
            }
        };
        Ok(Self { vendor, scheme, kind })
    }

    /// A token for a call on behalf of `account`.
    pub(crate) async fn token(&self, account: Option<&str>) -> Result<Arc<Token>, Failure> {
        match &self.kind {
            Issue::Fixed(token) => Ok(token.clone()),
            Issue::Source(source) => {
                let given = self.ready(source.clone().fetch(self.need(account, false)).await?)?;
                let Some(renewal) = source.known_renewal(&self.subject(account)) else { return Ok(given) };
                let mut state = renewal.state();
                if !state.was_rejected(&given.secret) {
                    state.current = Some(given.secret.clone());
                }
                state.current.clone().map_or(Ok(given), |current| self.ready(current))
            }
        }
    }

    /// A fresh token in place of one that was answered by a 401; `None` if there is nothing fresher.
    ///
    /// One is fetched for all who ask while it is fetched, be the result a token or none.
    pub(crate) async fn renewed(&self, account: Option<&str>, rejected: &Token) -> Result<Option<Arc<Token>>, Failure> {
        let Issue::Source(source) = &self.kind else { return Ok(None) };
        let renewal = source.renewal(self.subject(account));
        if let Some(current) = renewal.state().reject(&rejected.secret) {
            return self.ready(current).map(Some);
        }
        let fetching = renewal.fetching.run(|| Box::pin(source.clone().fetch(self.need(account, true))), panicked);
        let fresh = self.ready(fetching.await?)?;
        let mut state = renewal.state();
        if !state.was_rejected(&fresh.secret) {
            state.current = Some(fresh.secret.clone());
        }
        state.current.clone().map(|current| self.ready(current)).transpose()
    }

    fn need(&self, account: Option<&str>, rejected: bool) -> TokenNeed {
        TokenNeed { vendor: self.vendor, account: account.map(str::to_owned), rejected }
    }

    fn ready(&self, secret: Arc<Secret>) -> Result<Arc<Token>, Failure> {
        Token::new(secret, self.scheme).map(Arc::new).map_err(|what| {
            Failure::lasting(ErrorKind::InvalidConfiguration, format!("credential: the token its source gave {what}"))
        })
    }

    fn subject(&self, account: Option<&str>) -> Subject {
        (self.vendor, account.map(str::to_owned))
    }
}

type Subject = (Vendor, Option<String>);

type Fetched = Result<Arc<Secret>, Failure>;

fn panicked() -> Fetched {
    Err(Failure::new(ErrorKind::Unauthorized, "credential: its source panicked"))
}

struct Source {
    fetch: Box<Fetch>,
    /// What is known of subjects whose token was rejected once; nothing is kept of the others.
    renewals: Mutex<HashMap<Subject, Arc<Renewal>>>,
}

/// Most subjects whose renewals are remembered. Forgetting one costs a 401 more.
const MAX_RENEWALS: usize = 4096;

/// Most rejected tokens of a subject that are remembered.
const MAX_REJECTED: usize = 8;

impl Source {
    async fn fetch(self: Arc<Self>, need: TokenNeed) -> Fetched {
        let text = (self.fetch)(need).await.map_err(|error| match error.downcast_ref::<Error>() {
            Some(error) => Failure {
                passing: error.is_retryable(),
                wait: error.retry_after(),
                ..Failure::new(error.kind(), format!("credential: {}", error.message()))
            },
            None => Failure::new(ErrorKind::Unauthorized, format!("credential: its source failed: {error}")),
        })?;
        Ok(Arc::new(Secret::new(text)))
    }

    fn known_renewal(&self, subject: &Subject) -> Option<Arc<Renewal>> {
        self.renewals.lock().unwrap_or_else(PoisonError::into_inner).get(subject).cloned()
    }

    fn renewal(&self, subject: Subject) -> Arc<Renewal> {
        let mut renewals = self.renewals.lock().unwrap_or_else(PoisonError::into_inner);
        if renewals.len() >= MAX_RENEWALS && !renewals.contains_key(&subject) {
            renewals.clear();
        }
        renewals.entry(subject).or_default().clone()
    }
}

#[derive(Default)]
struct Renewal {
    fetching: Joint<Fetched>,
    state: Mutex<RenewalState>,
}

impl Renewal {
    fn state(&self) -> MutexGuard<'_, RenewalState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[derive(Default)]
struct RenewalState {
    rejected: VecDeque<Arc<Secret>>,
    /// The token last given that was not rejected.
    current: Option<Arc<Secret>>,
}

impl RenewalState {
    fn was_rejected(&self, token: &Secret) -> bool {
        self.rejected.iter().any(|old| old.expose() == token.expose())
    }

    /// Notes that a token was rejected, and gives the one that was not, if there is one.
    fn reject(&mut self, token: &Arc<Secret>) -> Option<Arc<Secret>> {
        if !self.was_rejected(token) {
            self.rejected.push_back(token.clone());
        }
        while self.rejected.len() > MAX_REJECTED {
            self.rejected.pop_front();
        }
        self.current.take_if(|current| current.expose() == token.expose());
        self.current.clone()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;

    fn check(token: &str) -> Result<Issuer, Error> {
        Issuer::new(&Credential::from(token), Vendor::Cova, Scheme::Bearer)
    }

    #[test]
    fn a_token_that_cannot_be_right_is_refused_without_being_printed() {
        for bad in ["", "s3cret-\n", "s3cret\r\n", "Bearer s3cret", "bearer s3cret", "s3cret s3cret", "s3cret-\u{e4}"] {
            let error = check(bad).err().expect("refused");
            assert_eq!(error.kind(), ErrorKind::InvalidConfiguration);
            assert!(error.to_string().contains("credential"), "{error}");
            assert!(!format!("{error} {error:?}").contains("s3cret"), "{error}");
        }
        assert!(check("Bearer").is_ok());
    }

    #[tokio::test]
    async fn a_rejected_token_is_renewed_by_one_caller_and_not_sent_again() {
        let asked = Arc::new(AtomicU32::new(0));
        let count = asked.clone();
        let credential = Credential::from_fn(move |need| {
            let count = count.clone();
            async move {
                if need.rejected {
                    count.fetch_add(1, Ordering::SeqCst);
                    tokio::task::yield_now().await;
                    return Ok("fresh".to_owned());
                }
                Ok("stale".to_owned())
            }
        });
        let issuer = Issuer::new(&credential, Vendor::Cova, Scheme::Raw).unwrap();
        let stale = issuer.token(None).await.unwrap();
        let (a, b) = tokio::join!(issuer.renewed(None, &stale), issuer.renewed(None, &stale));
        for token in [a, b] {
            assert_eq!(token.unwrap().unwrap().secret.expose(), "fresh");
        }
        assert_eq!(issuer.token(None).await.unwrap().secret.expose(), "fresh");
        assert_eq!(issuer.token(Some("jane")).await.unwrap().secret.expose(), "stale");
        assert_eq!(asked.load(Ordering::SeqCst), 1);
    }

    #[tokio::test]
    async fn a_source_with_nothing_fresher_is_asked_once_however_many_wait() {
        let asked = Arc::new(AtomicU32::new(0));
        let count = asked.clone();
        let credential = Credential::from_fn(move |need| {
            count.fetch_add(u32::from(need.rejected), Ordering::SeqCst);
            async {
                tokio::task::yield_now().await;
                Ok("same".to_owned())
            }
        });
        let issuer = Issuer::new(&credential, Vendor::Cova, Scheme::Raw).unwrap();
        let same = issuer.token(None).await.unwrap();
        let (a, b) = tokio::join!(issuer.renewed(None, &same), issuer.renewed(None, &same));
        assert!(a.unwrap().is_none() && b.unwrap().is_none());
        assert_eq!(asked.load(Ordering::SeqCst), 1);
    }

    #[tokio::test]
    async fn no_rejected_token_comes_back_as_a_fresh_one() {
        let credential = Credential::from_fn(|need| async move {
            static NEXT: AtomicU32 = AtomicU32::new(1);
            Ok(if need.rejected { format!("t{}", NEXT.fetch_add(1, Ordering::SeqCst)) } else { "t0".to_owned() })
        });
        let issuer = Issuer::new(&credential, Vendor::Cova, Scheme::Raw).unwrap();
        let t0 = issuer.token(None).await.unwrap();
        let t1 = issuer.renewed(None, &t0).await.unwrap().unwrap();
        let t2 = issuer.renewed(None, &t1).await.unwrap().unwrap();
        assert_eq!(t2.secret.expose(), "t2");
        assert_eq!(issuer.token(None).await.unwrap().secret.expose(), "t2");
        assert_eq!(issuer.renewed(None, &t0).await.unwrap().unwrap().secret.expose(), "t2");
    }
}
