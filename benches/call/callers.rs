//! The three ways of making the same call.

use std::future::Future;
use std::pin::Pin;

use deprovision::{Client, cova};
use tokio::runtime::{Builder, Runtime};

/// The hand-written code first: the others are compared with it.
pub const NAMES: [&str; 3] = ["hand-written", "generated", "deprovision"];

const TOKEN: &str = "a-token-of-the-usual-length-0123456789abcdef";
const USER: u32 = 8545;

pub trait Caller: Send + Sync {
    fn call(&self) -> Pin<Box<dyn Future<Output = ()> + Send + '_>>;
}

pub fn runtime() -> Runtime {
    Builder::new_current_thread().enable_all().build().expect("a runtime")
}

pub fn make(name: &str, url: &str) -> Box<dyn Caller> {
    match name {
        "hand-written" => Box::new(HandWritten { client: reqwest_client(), url: url.to_owned() }),
        "generated" => Box::new(Generated(generated::Client::new_with_client(
            url,
            reqwest_client(),
            transport::Wire(url.to_owned()),
        ))),
        "deprovision" => {
            let config = cova::Config::new(TOKEN).base_url(url);
            Box::new(Ours {
                client: Client::builder().cova(config).build().expect("a client"),
                request: cova::DisableUser::new(USER).expect("a request"),
            })
        }
        other => panic!("no caller `{other}`"),
    }
}

fn reqwest_client() -> reqwest::Client {
    reqwest::Client::builder().no_proxy().timeout(std::time::Duration::from_secs(30)).build().expect("a client")
}

struct HandWritten {
    client: reqwest::Client,
    url: String,
}

impl Caller for HandWritten {
    fn call(&self) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        Box::pin(async {
            let url = format!("{}/v1/users({USER})", self.url);
            let request = self.client.delete(url).bearer_auth(TOKEN).header("accept", "application/json");
            let response = request.send().await.expect("a response").error_for_status().expect("a success");
            let user: cova::User = response.json().await.expect("a user");
            assert_eq!(user.is_active, Some(false));
        })
    }
}

struct Generated(generated::Client);

impl Caller for Generated {
    fn call(&self) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        Box::pin(async {
            let user = self.0.disable_user(USER.try_into().expect("an id")).await.expect("a success").into_inner();
            assert_eq!(user.is_active, Some(false));
        })
    }
}

struct Ours {
    client: Client,
    request: cova::DisableUser,
}

impl Caller for Ours {
    fn call(&self) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        Box::pin(async {
            let receipt = self.client.revoke(&self.request).await.expect("a receipt");
            assert_eq!(receipt.response.and_then(|user| user.is_active), Some(false));
        })
    }
}

/// What the generated client expects of the crate it is made for.
pub mod transport {
    #[derive(Clone, Debug)]
    pub struct Wire(pub String);

    impl Wire {
        /// As the generator has it: text, which is parsed for each request.
        pub fn url(&self, path: &str) -> String {
            format!("{}{path}", self.0)
        }
    }

    #[allow(dead_code, reason = "part of what is generated, and of no use here")]
    pub struct Operation {
        pub id: &'static str,
        pub method: &'static str,
        pub path: &'static str,
    }
}

#[allow(warnings, reason = "generated")]
mod generated {
    mod wired {
        // The generated code names `crate::transport`.
        include!(concat!(env!("OUT_DIR"), "/cova.rs"));

        impl ClientHooks<crate::transport::Wire> for Client {
            async fn pre<E>(&self, request: &mut reqwest::Request, _: &OperationInfo) -> Result<(), Error<E>> {
                request
                    .headers_mut()
                    .insert("authorization", format!("Bearer {}", super::super::TOKEN).parse().expect("a header"));
                Ok(())
            }
        }
    }
    pub use wired::*;
}
