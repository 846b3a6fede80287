use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use http::HeaderMap;
use kube::client::middleware::BaseUriLayer;
use tower::Layer;
use tower::retry::Retry;

use super::authorize::Authorize;
use super::counts::{Counters, CredentialCounts};
use super::credentials::{CredentialSource, UnsentCredential};
use super::error::ClientError;
use super::retry::Retries;
use super::target::Target;
use super::transport::Transport;
use crate::environment::Environment;
use crate::url::without_password;

/// Where to go, as whom: everything that a client needs.
///
/// All clients of one `ClientConfig`, and of its clones, share one credential in memory; those of
/// other `ClientConfig`s and other processes share it through the store.
#[derive(Clone)]
pub struct ClientConfig {
    pub(super) target: Arc<Target>,
    pub(super) credentials: Arc<CredentialSource>,
    pub(super) unsent: Option<Arc<UnsentCredential>>,
    pub(super) impersonation: HeaderMap,
    pub(super) namespace: String,
    pub(super) context: Option<String>,
    pub(super) environment: Environment,
    pub(super) file_period: Duration,
    pub(super) counters: Arc<Counters>,
}

impl ClientConfig {
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

    /// What its credentials took so far, of all its clients and clones together. Counting costs some
    /// nanoseconds a request.
    ///
    /// # Example
    ///
    /// ```no_run
    /// # fn example(config: &kcc_core::client::ClientConfig) {
    /// let counts = config.counts();
    /// println!("{} runs, {} answers 401", counts.plugin_runs, counts.unauthorized);
    /// # }
    /// ```
    pub fn counts(&self) -> CredentialCounts {
        self.counters.read()
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
            credentials: Arc::clone(&self.credentials),
            unsent: self.unsent.clone(),
            url_authorization: self.target.url_authorization.clone(),
            transport: Arc::new(Transport::new(
                &self.target,
                &self.environment,
                self.file_period,
            )?),
            impersonation: self.impersonation.clone(),
            counters: Arc::clone(&self.counters),
            server: self.target.server.clone(),
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
