//! The five vendors as a local server, for tests: with state, their own envelopes, and faults on demand.
//!
//! ```
//! use deprovision::sandbox::{Fault, Sandbox};
//! use deprovision::{Outcome, Vendor, cova};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let sandbox = Sandbox::start().await?;
//! let client = sandbox.client_builder().build()?;
//!
//! // The user is disabled, and the answer gets lost on its way.
//! sandbox.inject(Vendor::Cova, Fault::lose_response());
//! let receipt = client.revoke(&cova::DisableUser::new(8545)?).await?;
//!
//! assert_eq!(receipt.outcome, Outcome::Revoked);
//! assert!(!sandbox.cova().is_active(8545));
//! assert_eq!(sandbox.count(Vendor::Cova), 2);
//! # Ok(())
//! # }
//! ```
//!
//! # Who is in it
//!
//! | vendor | from the start | second revocation |
//! |---|---|---|
//! | ProjectManager | [`PROVIDER`], connected for `jane@acme.example` ([`Sandbox::token`]) and `john@acme.example` (token `sandbox-projectmanager-token-john`) | 404 in the envelope (inferred) |
//! | COR | `OKTA-USER-12345` with `Workspaces-example-5`, `-6`, `-7`, in source `OKTA` and again in `MICROSOFT_DYNAMICS`; `OKTA-USER-67890` in `OKTA` with `Finance` and a workspace that has no external id | 400 `ZC001` |
//! | ONLYOFFICE | contact 1 linked with projects 2 and 3, the private contact 1234 with project 5678 | 200, the contact again |
//! | Persona | `cxn_active`, `cxn_pending`, `cxn_inactive` | 409, or as set by [`PersonaConnections::refuse_inactive_with`] |
//! | Cova | users 8545, 8546, 8547 active, 8548 disabled | 200, the disabled user again (inferred) |
//!
//! More are added by [`Sandbox::projectmanager`], [`Sandbox::cor`], [`Sandbox::onlyoffice`], [`Sandbox::persona`] and
//! [`Sandbox::cova`], which also tell whether an access is there.
//!
//! # What holds for every request
//!
//! It is logged and counted; then comes what a test has queued for it ([`Sandbox::inject`], else [`Sandbox::on_request`]),
//! else the vendor's usual answer: credential, rate limit, idempotency key, the operation. Rate limits are off until set.
//!
//! The token endpoints of COR, ONLYOFFICE and Cova ([`Sandbox::token_url`]) are outside of faults and limits. They take:
//! COR, HTTP Basic `sandbox-api-key` and `sandbox-client-secret`; ONLYOFFICE and Cova, the user `admin@sandbox.example`
//! with `sandbox-password`; Cova also the client `sandbox-client` and `sandbox-client-secret`.
//!
//! What is not imitated: TLS, ONLYOFFICE's XML, vendors' endpoints other than those named here. A vendor without a service
//! here has a URL and a token too, and all its requests get a 404 in plain text.

mod call;
mod client;
mod cor;
mod cova;
mod fault;
mod onlyoffice;
mod persona;
mod projectmanager;
mod rate;
mod reply;
mod server;
mod state;
#[cfg(test)]
mod tests;
mod tokens;

use std::fmt;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::oneshot;

use crate::Vendor;

pub use call::Received;
pub use cor::CorWorkspaces;
pub use cova::CovaUsers;
pub use fault::Fault;
pub use onlyoffice::OnlyOfficeLinks;
pub use persona::PersonaConnections;
pub use projectmanager::{PROVIDER, ProjectManagerConnections};
pub use reply::Reply;

use rate::Window;
use state::{Shared, State};

/// The vendors that are imitated. Another one has no service here: a request to it gets a 404.
const VENDORS: [Vendor; 5] = [Vendor::ProjectManager, Vendor::Cor, Vendor::OnlyOffice, Vendor::Persona, Vendor::Cova];

/// The first part of the path, which stands for the vendor's host.
fn prefix(vendor: Vendor) -> &'static str {
    vendor.as_str()
}

fn token_of(vendor: Vendor) -> &'static str {
    let tokens = [
        (Vendor::ProjectManager, "sandbox-projectmanager-token"),
        (Vendor::Cor, "sandbox-cor-token"),
        (Vendor::OnlyOffice, "sandbox-onlyoffice-token"),
        (Vendor::Persona, "sandbox-persona-token"),
        (Vendor::Cova, "sandbox-cova-token"),
    ];
    tokens.into_iter().find(|(of, _)| *of == vendor).map_or("sandbox-token", |(_, token)| token)
}

/// The five vendors on a loopback port, until it is dropped. See the [module](self) for an example.
///
/// It runs on a thread of its own, so that it answers whatever the test's runtime is busy with. Dropping it closes the
/// port and all connections before `drop` returns.
pub struct Sandbox {
    shared: Arc<Shared>,
    address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Sandbox {
    /// Starts a sandbox on a free port of 127.0.0.1.
    ///
    /// # Errors
    ///
    /// If no port can be bound or no thread be started.
    pub async fn start() -> io::Result<Self> {
        let shared = Arc::new(Shared::new(State::populated()));
        let (stop, stopped) = oneshot::channel();
        let (ready, started) = oneshot::channel();
        let serving = Arc::clone(&shared);
        let thread = thread::Builder::new()
            .name("deprovision-sandbox".to_owned())
            .spawn(move || run(serving, ready, stopped))?;
        let address = started.await.map_err(|_| io::Error::other("the sandbox's thread ended"))??;
        Ok(Self { shared, address, stop: Some(stop), thread: Some(thread) })
    }

    /// The base URL to configure for a vendor.
    #[must_use]
    pub fn url(&self, vendor: Vendor) -> String {
        // The one vendor whose base URL has a path.
        let path = if vendor == Vendor::Cova { "/usermanager" } else { "" };
        format!("http://{}/{}{path}", self.address, prefix(vendor))
    }

    /// The URL of a vendor's token endpoint, for the three that have one.
    #[must_use]
    pub fn token_url(&self, vendor: Vendor) -> Option<String> {
        let path = tokens::path(vendor)?;
        Some(format!("http://{}/{}{path}", self.address, prefix(vendor)))
    }

    /// A token that a vendor accepts from the start; ProjectManager's is that of `jane@acme.example`.
    #[must_use]
    pub fn token(&self, vendor: Vendor) -> &'static str {
        token_of(vendor)
    }

    /// Lets a vendor accept another token (ProjectManager: as one more of `jane@acme.example`).
    pub fn accept_token(&self, vendor: Vendor, token: &str) {
        let mut state = self.shared.lock();
        let tokens = &mut state.desk(vendor).tokens;
        tokens.accept(token, projectmanager::DEFAULT_ACCOUNT);
    }

    /// Lets a vendor answer a token with its 401 from now on.
    pub fn reject_token(&self, vendor: Vendor, token: &str) {
        self.shared.lock().desk(vendor).tokens.reject(token);
    }

    /// How long the tokens live that the vendor's token endpoint issues from now on.
    pub fn set_token_lifetime(&self, vendor: Vendor, lifetime: Duration) {
        self.shared.lock().desk(vendor).tokens.set_lifetime(lifetime);
    }

    /// Queues a fault for the vendor's next request, behind those already queued.
    pub fn inject(&self, vendor: Vendor, fault: Fault) {
        self.shared.lock().desk(vendor).faults.push_back(fault);
    }

    /// How many requests the queued faults of a vendor are still waiting for.
    #[must_use]
    pub fn pending_faults(&self, vendor: Vendor) -> u64 {
        let mut state = self.shared.lock();
        let faults = state.desk(vendor).faults.iter();
        faults.map(|fault| u64::from(fault.times)).sum()
    }

    /// Takes back the queued faults of a vendor.
    pub fn clear_faults(&self, vendor: Vendor) {
        self.shared.lock().desk(vendor).faults.clear();
    }

    /// Asks `hook` about every request that no fault is queued for: `None` lets it pass. It replaces an earlier hook, and
    /// may use the sandbox's state. A seeded generator in here makes a random test that can be repeated.
    pub fn on_request(&self, hook: impl FnMut(&Received) -> Option<Fault> + Send + 'static) {
        self.shared.set_hook(Some(Box::new(hook)));
    }

    /// Takes the hook away.
    pub fn clear_hook(&self) {
        self.shared.set_hook(None);
    }

    /// Lets a vendor take `limit` requests per `window`, counted from now on; the window begins with its first request.
    pub fn set_rate_limit(&self, vendor: Vendor, limit: u32, window: Duration) {
        self.shared.lock().desk(vendor).window = Some(Window::new(limit, window));
    }

    /// Sets the published limits: Persona 300 in 60 s, ONLYOFFICE 500 in 10 s, Cova 1000 in 60 s. The other two publish
    /// none.
    pub fn set_published_rate_limits(&self) {
        self.set_rate_limit(Vendor::Persona, 300, Duration::from_secs(60));
        self.set_rate_limit(Vendor::OnlyOffice, 500, Duration::from_secs(10));
        self.set_rate_limit(Vendor::Cova, 1000, Duration::from_secs(60));
    }

    /// Lets a vendor take any number of requests.
    pub fn clear_rate_limit(&self, vendor: Vendor) {
        self.shared.lock().desk(vendor).window = None;
    }

    /// How many requests have come to a vendor, those to its token endpoint included.
    #[must_use]
    pub fn count(&self, vendor: Vendor) -> u64 {
        self.shared.lock().desk(vendor).count
    }

    /// The requests that came to a vendor, oldest first: the last 10,000 of all vendors together are kept, or as many as
    /// [`set_log_capacity`](Self::set_log_capacity) says.
    #[must_use]
    pub fn requests(&self, vendor: Vendor) -> Vec<Received> {
        let state = self.shared.lock();
        let log = state.log.iter();
        log.filter(|received| received.vendor == vendor).cloned().collect()
    }

    /// How many requests the log keeps.
    pub fn set_log_capacity(&self, requests: usize) {
        self.shared.lock().set_log_capacity(requests);
    }

    /// ProjectManager's connections.
    #[must_use]
    pub fn projectmanager(&self) -> ProjectManagerConnections<'_> {
        ProjectManagerConnections(&self.shared)
    }

    /// COR's users and workspaces.
    #[must_use]
    pub fn cor(&self) -> CorWorkspaces<'_> {
        CorWorkspaces(&self.shared)
    }

    /// ONLYOFFICE's contacts and projects.
    #[must_use]
    pub fn onlyoffice(&self) -> OnlyOfficeLinks<'_> {
        OnlyOfficeLinks(&self.shared)
    }

    /// Persona's connections.
    #[must_use]
    pub fn persona(&self) -> PersonaConnections<'_> {
        PersonaConnections(&self.shared)
    }

    /// Cova's users.
    #[must_use]
    pub fn cova(&self) -> CovaUsers<'_> {
        CovaUsers(&self.shared)
    }
}

impl fmt::Debug for Sandbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sandbox").field("address", &self.address).finish_non_exhaustive()
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        self.stop = None;
        if let Some(thread) = self.thread.take() {
            // A hook may hold the last reference to its own sandbox; a thread can't wait for itself.
            if thread.thread().id() != thread::current().id() {
                let _ = thread.join();
            }
        }
    }
}

/// The sandbox's thread: tells where it listens, then serves until the other end of `stopped` is gone.
fn run(shared: Arc<Shared>, ready: oneshot::Sender<io::Result<SocketAddr>>, stopped: oneshot::Receiver<()>) {
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return drop(ready.send(Err(error))),
    };
    runtime.block_on(async {
        let bound = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await;
        match bound.and_then(|listener| Ok((listener.local_addr()?, listener))) {
            Ok((address, listener)) => {
                tokio::spawn(server::accept(listener, shared));
                // If nobody waits for the address any more, `stopped` ends this at once.
                let _ = ready.send(Ok(address));
                let _ = stopped.await;
            }
            Err(error) => drop(ready.send(Err(error))),
        }
    });
    // Dropping the runtime drops the listener and all connections.
}
