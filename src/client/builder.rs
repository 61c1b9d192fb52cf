//! What a client is made of, and the checks it has to pass.

use std::env::{self, VarError};
use std::sync::Arc;
use std::time::Duration;

use super::{Client, Shared};
use crate::error::{Error, ErrorKind};
use crate::transport::{BaseUrl, Gate, Issuer, Pools, RetryPolicy};
use crate::vendor::{Channel, Common, Configs, Open, Settings};

/// Collects what a [`Client`] is made of. Everything is checked in [`build`](ClientBuilder::build).
#[derive(Clone, Debug)]
#[must_use = "a builder does nothing until it is built"]
pub struct ClientBuilder {
    pub(crate) configs: Configs,
    retry: RetryPolicy,
    connect_timeout: Duration,
    attempt_timeout: Duration,
    timeout: Duration,
    max_response_bytes: usize,
}

impl Default for ClientBuilder {
    fn default() -> Self {
        Self {
            configs: Configs::default(),
            retry: RetryPolicy::default(),
            connect_timeout: Duration::from_secs(5),
            attempt_timeout: Duration::from_secs(30),
            timeout: Duration::from_secs(120),
            max_response_bytes: 1024 * 1024,
        }
    }
}

impl ClientBuilder {
    /// A builder with the vendors that the environment names, see [`Client::from_env`].
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidConfiguration`] naming the variable.
    pub fn from_env() -> Result<Self, Error> {
        Ok(Self { configs: Configs::from_environment(&variable)?, ..Self::default() })
    }

    /// When calls are tried again. The default is [`RetryPolicy::default`].
    pub fn retry(mut self, policy: RetryPolicy) -> Self {
        self.retry = policy;
        self
    }

    /// How long connecting may take, TLS included. The default is 5 s. It is kept below the other
    /// two time-outs, so that a host that cannot be reached is known not to have been sent anything. (With a shorter
    /// time-out for a single call that is not known.)
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect_timeout = timeout;
        self
    }

    /// How long one attempt may take, from connecting to the body's end. The default is 30 s.
    pub fn attempt_timeout(mut self, timeout: Duration) -> Self {
        self.attempt_timeout = timeout;
        self
    }

    /// How long a call may take, all attempts and waits together. The default is 120 s.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// How long a response's body may be, in bytes after decompression. The default is 1 MiB.
    pub fn max_response_bytes(mut self, bytes: usize) -> Self {
        self.max_response_bytes = bytes;
        self
    }

    /// Checks everything and makes the client. Nothing is sent.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidConfiguration`] naming the vendor and the setting that is refused.
    pub fn build(self) -> Result<Client, Error> {
        let settings = [
            ("connect_timeout", self.connect_timeout.is_zero()),
            ("attempt_timeout", self.attempt_timeout.is_zero()),
            ("timeout", self.timeout.is_zero()),
            ("max_response_bytes", self.max_response_bytes == 0),
        ];
        if let Some((setting, _)) = settings.iter().find(|(_, is_zero)| *is_zero) {
            return Err(invalid(format!("{setting}: must be above zero")));
        }
        check_policy(&self.retry).map_err(invalid)?;
        // With less time than the attempt has it is the connecting that is reported, and that nothing was sent.
        let connect_timeout = self.connect_timeout.min(self.attempt_timeout.min(self.timeout).mul_f64(0.9));
        let pools = Pools::new(connect_timeout);
        Ok(Client(Arc::new(Shared {
            channels: self.configs.open(Opener { pools })?,
            retry: self.retry,
            attempt_timeout: self.attempt_timeout,
            timeout: self.timeout,
            max_response_bytes: self.max_response_bytes,
        })))
    }
}

pub(super) fn check_policy(policy: &RetryPolicy) -> Result<(), String> {
    if policy.max_attempts == 0 {
        return Err("retry: max_attempts must be at least 1".to_owned());
    }
    Ok(())
}

fn invalid(message: String) -> Error {
    Error::new(ErrorKind::InvalidConfiguration, message)
}

struct Opener {
    pools: Pools,
}

impl Open for Opener {
    fn open<C: Settings>(&self, config: C) -> Result<Channel<C>, Error> {
        let refused = |what: String| invalid(what).for_vendor(C::VENDOR);
        let Common { credential, base_url, limit } = config.common();
        let base = BaseUrl::parse(base_url).map_err(|what| refused(format!("base_url: {what}")))?;
        if base.is_https() && !cfg!(any(feature = "rustls", feature = "native-tls")) {
            return Err(refused(
                "base_url: is https, and this build has no TLS; enable `rustls` or `native-tls`".into(),
            ));
        }
        config.check().map_err(|error| error.for_vendor(C::VENDOR))?;
        if limit.is_some_and(|limit| limit.requests == 0 || limit.window.is_zero()) {
            return Err(refused("rate_limit: must allow at least one request, in a window above zero".to_owned()));
        }
        let issuer = Issuer::new(credential, C::VENDOR, config.scheme())?;
        let gate = Gate::new(*limit);
        let http = self.pools.for_base(&base).map_err(|why| refused(format!("TLS: cannot be set up: {why}")))?;
        Ok(Channel { config, base: Arc::new(base), issuer, gate, http })
    }
}

/// An environment variable, if it is set. An empty one is an error: it is a secret that did not arrive.
fn variable(name: &str) -> Result<Option<String>, Error> {
    match env::var(name) {
        Ok(value) if value.is_empty() => Err(invalid(format!("{name}: is set but empty; give it a value or unset it"))),
        Ok(value) => Ok(Some(value)),
        Err(VarError::NotPresent) => Ok(None),
        Err(VarError::NotUnicode(_)) => Err(invalid(format!("{name}: is not valid text"))),
    }
}

/// A vendor's configuration from the environment, if its credential is there.
pub(crate) fn configured<C: Settings>(
    variable: &impl Fn(&str) -> Result<Option<String>, Error>,
) -> Result<Option<C>, Error> {
    let of_vendor = |error: Error| error.for_vendor(C::VENDOR);
    let Some(credential) = variable(C::CREDENTIAL_VARIABLE).map_err(of_vendor)? else { return Ok(None) };
    let url = format!("{}_URL", C::VENDOR.as_str().to_ascii_uppercase());
    let base_url = variable(&url).map_err(of_vendor)?;
    let mut config = C::with_credential(credential);
    if let Some(base_url) = base_url {
        config.common_mut().base_url = base_url;
    }
    if config.common().base_url.is_empty() {
        return Err(of_vendor(invalid(format!("{url}: is not set, and there is no default"))));
    }
    Ok(Some(config))
}
