#![doc = include_str!("../README.md")]

mod client;
mod error;
#[cfg(any(test, fuzzing))]
#[doc(hidden)]
pub mod fuzzing;
mod id;
pub mod journal;
pub mod plan;
mod reading;
mod receipt;
#[cfg(feature = "sandbox")]
pub mod sandbox;
mod schema;
mod transport;
mod vendor;

pub use client::{Call, Client, ClientBuilder, Header, Preview, Revoke};
pub use error::{Access, Detail, Error, ErrorKind, ErrorReport};
pub use plan::{RevokeAll, Settled};
pub use receipt::{Evidence, Outcome, RateLimit, Receipt};
pub use schema::schema;
pub use transport::{BoxError, Credential, RetryPolicy, TokenNeed};
pub use vendor::{Action, Response, Revocation, Vendor, cor, cova, onlyoffice, persona, projectmanager};
