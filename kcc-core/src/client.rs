//! From a kubeconfig to a [`kube::Client`] whose credentials come from the cache.
//!
//! ```text
//! kubeconfig ──► ClientConfig ──► kube::Client
//!                   │                 │ request
//!                   │                 ▼
//!                   │            retry (not for list and watch)
//!                   ▼                 ▼
//!  plugin ──► CredentialCache ──► authorize ── 401: one renewal, one retry
//!             (its entries are        ▼
//!              kubectl's, too)   HTTP/2, or HTTP/1.1, over TLS
//! ```
//!
//! Over plain http no credential of the user is sent and no plugin runs, as with kubectl; where the
//! server wants one, its answer says so.
//!
//! kube itself never sees the exec plugin. The token is shared with `kcc-cache`: a tool that starts
//! after kubectl, or beside it, finds kubectl's token in the store, and the other way round.
//!
//! | what happens | what the client does |
//! |---|---|
//! | the credential is within its refresh margin | uses it, and renews it in the background, by one plugin run for all requests |
//! | it has expired | waits for that run |
//! | the server answers 401 | asks for another credential, once for all requests, and sends the request again, once, unless its body is a stream |
//! | a renewal fails | the old credential goes on while it is valid; the next attempt comes after 1 s, then 2 s, up to a minute |
//! | the plugin hangs | it is stopped after its time limit (`KUBE_CREDENTIAL_CACHE_PLUGIN_TIMEOUT`), and nothing waits for it at the end of the runtime |
//! | the plugin gives another client certificate | new connections, made with that one |
//!
//! What the plugin writes to standard error is seen as it comes. Warnings of the cache go to
//! `tracing`.
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

mod authorize;
mod certificate;
mod connect;
mod connections;
mod credential;
mod distrust;
mod error;
mod forward;
mod from_files;
mod load;
mod login;
mod plugin_user;
mod proxy;
mod refresh;
mod retry;
mod roots;
mod service_account;
mod streams;
mod target;
mod tls;
mod transport;
mod trust;
mod unchecked;
mod unsent;
mod verb;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use http::HeaderMap;
use kube::client::middleware::BaseUriLayer;
use tower::Layer;
use tower::retry::Retry;

use crate::environment::Environment;
use crate::url::without_password;

use authorize::Authorize;
use login::Login;
use retry::Retries;
use target::Target;
use transport::Transport;
use unsent::Unsent;

pub use error::{ClientError, ClientProblem, Place};
pub use load::Loader;

/// Where to go, as whom: everything that a client needs.
///
/// All clients of one `ClientConfig`, and of its clones, share one credential in memory; those of
/// other `ClientConfig`s and other processes share it through the store.
#[derive(Clone)]
pub struct ClientConfig {
    target: Arc<Target>,
    login: Arc<Login>,
    unsent: Option<Arc<Unsent>>,
    impersonation: HeaderMap,
    namespace: String,
    context: Option<String>,
    environment: Environment,
    file_period: Duration,
}

impl ClientConfig {
    /// What kubectl would use: the files of `KUBECONFIG`, else `~/.kube/config`, and where those say
    /// nothing, the service account of the Pod that this runs in.
    ///
    /// # Errors
    /// [`ClientError`], which names file, line, cluster or user. No plugin runs yet.
    pub fn load() -> Result<Self, ClientError> {
        Self::loader().load()
    }

    /// The same with a choice of file, context, cluster, user or namespace.
    pub fn loader() -> Loader {
        Loader::new()
    }

    /// The server's URL, without a name and password that it may have.
    pub fn server(&self) -> String {
        self.target.server.to_string()
    }

    /// The namespace for what has one: the caller's choice, the context's, or `default`.
    pub fn namespace(&self) -> &str {
        &self.namespace
    }

    /// The kubeconfig's context, if one was used.
    pub fn context(&self) -> Option<&str> {
        self.context.as_deref()
    }

    /// A client with connections of its own. It runs no plugin before its first request.
    ///
    /// # Errors
    /// [`ClientError::NoRuntime`] outside of a tokio runtime, and [`ClientError::Unusable`] where
    /// the certificate authority cannot be read.
    pub fn client(&self) -> Result<kube::Client, ClientError> {
        if tokio::runtime::Handle::try_current().is_err() {
            return Err(ClientError::NoRuntime);
        }
        let authorize = Authorize {
            login: Arc::clone(&self.login),
            unsent: self.unsent.clone(),
            url_login: self.target.url_login.clone(),
            transport: Arc::new(Transport::new(
                &self.target,
                &self.environment,
                self.file_period,
            )?),
            impersonation: self.impersonation.clone(),
        };
        let service = BaseUriLayer::new(self.target.server.clone()).layer(authorize);
        let service = Retry::new(Retries::new(), service);
        Ok(kube::Client::new(service, self.namespace.as_str()))
    }
}

impl fmt::Debug for ClientConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientConfig")
            .field("server", &without_password(&self.server()))
            .field("namespace", &self.namespace)
            .field("context", &self.context)
            .finish_non_exhaustive()
    }
}
