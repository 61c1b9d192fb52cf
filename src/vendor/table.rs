//! What the table of vendors is turned into.

macro_rules! vendors {
    ($(
        $room:ident, $vendor:ident, $name:literal:
            $request:ident -> $response:ident, $action:ident, $action_name:literal;
    )*) => {
        /// A vendor. In text and serde its name in lower case, such as `cova`.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
        #[non_exhaustive]
        pub enum Vendor {
            $(
                #[doc = concat!("See [`", stringify!($room), "`](crate::", stringify!($room), ").")]
                #[serde(rename = $name)]
                $vendor,
            )*
        }

        impl Vendor {
            /// All vendors, in the order of their declaration.
            pub const ALL: &'static [Self] = &[$( Self::$vendor, )*];

            /// Its name, such as `cova`.
            pub fn as_str(self) -> &'static str {
                match self {
                    $( Self::$vendor => $name, )*
                }
            }
        }

        impl fmt::Display for Vendor {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(self.as_str())
            }
        }

        /// What can be done at a vendor. In text and serde its name, such as `cova.disable_user`.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
        #[non_exhaustive]
        pub enum Action {
            $(
                #[doc = concat!("[`", stringify!($room), "::", stringify!($request), "`]")]
                #[serde(rename = $action_name)]
                $action,
            )*
        }

        impl Action {
            /// All actions, in the order of their declaration.
            pub const ALL: &'static [Self] = &[$( Self::$action, )*];

            /// Its name, such as `cova.disable_user`.
            pub fn as_str(self) -> &'static str {
                match self {
                    $( Self::$action => $action_name, )*
                }
            }

            /// The vendor it is done at.
            pub fn vendor(self) -> Vendor {
                match self {
                    $( Self::$action => Vendor::$vendor, )*
                }
            }
        }

        impl fmt::Display for Action {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(self.as_str())
            }
        }

        /// Any of the requests, tagged by `action` in serde: an entry of a plan.
        ///
        /// It is a request itself, so plans are data. Deserializing validates as the constructors do; an unknown action,
        /// an unknown member and a member named twice are errors that name it.
        #[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, JsonSchema)]
        #[serde(tag = "action")]
        #[non_exhaustive]
        pub enum Revocation {
            $(
                #[doc = concat!("[`", stringify!($room), "::", stringify!($request), "`]")]
                #[serde(rename = $action_name)]
                $vendor($room::$request),
            )*
        }

        $(
            impl From<$room::$request> for Revocation {
                fn from(request: $room::$request) -> Self {
                    Self::$vendor(request)
                }
            }
        )*

        impl<'de> Deserialize<'de> for Revocation {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let entry = tagged::Tagged::deserialize(deserializer)?;
                match entry.action.as_str() {
                    $( $action_name => entry.into_request().map(Self::$vendor), )*
                    _ => Err(entry.unknown_action(Action::ALL)),
                }
            }
        }

        /// The typed response of any of the vendors, tagged by `vendor` in serde.
        #[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
        #[serde(tag = "vendor")]
        #[non_exhaustive]
        pub enum Response {
            $(
                #[doc = concat!("Of [`", stringify!($room), "`](crate::", stringify!($room), ").")]
                #[serde(rename = $name)]
                $vendor($room::$response),
            )*
        }

        $(
            impl Revoke for $room::$request {
                type Response = $room::$response;

                fn action(&self) -> Action {
                    Action::$action
                }

                fn run(self, job: Job) -> Running<Self::Response> {
                    Box::pin(job.run(self))
                }

                fn preview(&self, job: Job) -> Result<Preview, Error> {
                    job.preview(self)
                }
            }
            impl crate::client::Sealed for $room::$request {}
        )*

        impl crate::client::Sealed for Revocation {}

        impl Revoke for Revocation {
            type Response = Response;

            fn action(&self) -> Action {
                match self {
                    $( Self::$vendor(_) => Action::$action, )*
                }
            }

            fn run(self, job: Job) -> Running<Response> {
                match self {
                    $(
                        Self::$vendor(request) => {
                            Box::pin(async { Ok(job.run(request).await?.map(Response::$vendor)) })
                        }
                    )*
                }
            }

            fn preview(&self, job: Job) -> Result<Preview, Error> {
                match self {
                    $( Self::$vendor(request) => job.preview(request), )*
                }
            }
        }

        impl Revocation {
            /// Whose access it is, at its vendor.
            pub(crate) fn subject(&self) -> String {
                match self {
                    $( Self::$vendor(request) => request.subject(), )*
                }
            }

            /// Runs it with what a plan needs beside the receipt.
            pub(crate) async fn prove(self, job: Job) -> Result<Proof<Response>, Failed> {
                match self {
                    $(
                        Self::$vendor(request) => {
                            let Proof { receipt, body } = job.prove(request).await?;
                            let receipt = receipt.map(|response| Response::$vendor(*response));
                            Ok(Proof { receipt, body })
                        }
                    )*
                }
            }
        }

        /// The configurations that a builder was given.
        #[derive(Clone, Debug, Default)]
        pub(crate) struct Configs {
            $( $room: Option<$room::Config>, )*
        }

        impl Configs {
            /// Checks all of them and makes them ready.
            pub(crate) fn open<F>(self, open: F) -> Result<Channels, Error>
            where
                F: Open,
            {
                Ok(Channels { $( $room: self.$room.map(|config| open.open(config)).transpose()?, )* })
            }

            /// Those that the environment gives.
            pub(crate) fn from_environment(
                environment: &impl Fn(&str) -> Result<Option<String>, Error>,
            ) -> Result<Self, Error> {
                Ok(Self { $( $room: crate::client::configured(environment)?, )* })
            }
        }

        /// Opens a channel to any vendor; a closure could not be generic.
        pub(crate) trait Open {
            fn open<C: Settings>(&self, config: C) -> Result<Channel<C>, Error>;
        }

        /// The vendors that a client can call.
        #[derive(Default)]
        pub(crate) struct Channels {
            $( pub(crate) $room: Option<Channel<$room::Config>>, )*
        }

        $(
            impl Listed for $room::Config {
                fn channel(channels: &Channels) -> Option<&Channel<Self>> {
                    channels.$room.as_ref()
                }
            }
        )*

        impl Channels {
            /// The configured vendors and their base URLs.
            pub(crate) fn base_urls(&self) -> impl Iterator<Item = (Vendor, &str)> {
                [$( (Vendor::$vendor, self.$room.as_ref().map(|channel| channel.base.as_str())), )*]
                    .into_iter()
                    .filter_map(|(vendor, url)| Some((vendor, url?)))
            }
        }

        impl ClientBuilder {
            $(
                #[doc = concat!("Configures ", stringify!($vendor), ". Without this its requests fail as not configured.")]
                pub fn $room(mut self, config: $room::Config) -> Self {
                    self.configs.$room = Some(config);
                    self
                }
            )*
        }
    };
}
pub(super) use vendors;
