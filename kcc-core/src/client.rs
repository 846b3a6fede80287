//! From a kubeconfig to a [`kube::Client`] whose credentials come from the cache.
//!
//! ```text
//! kubeconfig ──► ClientConfig ──► kube::Client
//!                   │                 │ request
//!                   │                 ▼
//!                   │            retry (429, 503, 504)
//!                   ▼                 ▼
//!  plugin ──► CredentialCache ──► authorize ── 401: one renewal, one retry
//!             (its entries are        ▼
//!              kubectl's, too)   HTTP/2, or HTTP/1.1, over TLS
//! ```
//!
//! Over plain http no credential of the user is sent and no plugin runs, as with kubectl; where the
//! server wants one, its response says so.
//!
//! kube itself never sees the exec plugin. The token is shared with `kcc-cache`: a tool that starts
//! after kubectl, or beside it, finds kubectl's token in the store, and the other way round.
//!
//! | what happens | what the client does |
//! |---|---|
//! | the credential is within its refresh margin | uses it, and renews it in the background, by one plugin run for all requests |
//! | it has expired | waits for that run |
//! | the server answers 401 | gets another credential, once for all requests, and sends the request again, once, unless its body is a stream |
//! | it answers 429, 503 or 504 | sends the request again, as kube's own client does, but one with [`NoRetry`] |
//! | a renewal fails | the old credential goes on while it is valid; the next attempt comes after 1 s, then 2 s, up to a minute |
//! | the plugin hangs | it is stopped after its time limit (`KUBE_CREDENTIAL_CACHE_PLUGIN_TIMEOUT`), and nothing waits for it at the end of the runtime |
//! | the plugin gives another client certificate | new connections, made with that one |
//!
//! What the plugin writes to standard error is seen as it comes. Warnings of the cache go to
//! `tracing`, and spans: `credential` for each that is waited for or renewed, with `plugin` in it for a run.
//! [`ClientConfig::counts`] has the numbers, which the feature `metrics` exports.
//!
//! # Example
//!
//! ```no_run
//! use kcc_core::client::ClientConfig;
//!
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let config = ClientConfig::loader().with_context("prod").load()?;
//! let client = config.client()?;
//! let version = client.apiserver_version().await?;
//! println!("{} runs {}", config.server(), version.git_version);
//! # Ok(())
//! # }
//! ```

// What all of them use.
mod counts;
mod error;
mod header;
mod reload;
// Which server, and by which proxy.
mod proxy;
mod target;
// How requests get there: TLS, and connections over it.
mod tls;
mod transport;
// Where the credential of each request comes from.
mod credentials;
// The layers around them, and how a client is put together.
mod authorize;
mod retry;
mod config;
mod load;
#[cfg(feature = "metrics")]
mod metrics;

#[cfg(feature = "metrics")]
pub use self::metrics::describe_metrics;
pub use config::ClientConfig;
pub use counts::CredentialCounts;
pub use error::{ClientError, ClientProblem, NamedRef};
pub use load::Loader;
pub use retry::NoRetry;
