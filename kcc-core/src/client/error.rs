use std::fmt;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use crate::cache::RequestProblem;
use crate::error::Error;
use crate::kubeconfig::{KubeconfigError, Named, NamedKind, Origin, UrlProblem};
use crate::plugin::PluginError;

/// Why there is no client, or why a request of one has no credential.
///
/// A request fails with [`kube::Error::Service`] then, whose error is this one. No message holds a
/// secret, nor anything a plugin printed. A value is cheap to clone: all requests that waited for
/// one plugin run get the same.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum ClientError {
    /// The kubeconfig cannot be used. Final until it is changed.
    #[error("{0}")]
    Kubeconfig(Arc<KubeconfigError>),
    /// There is no kubeconfig, and this is no Pod. Final.
    #[error(
        "no cluster is configured: {} and this is no Pod (KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT are not set)",
        NotFound(.looked_at)
    )]
    NoCluster {
        /// The kubeconfig files that do not exist or are empty.
        looked_at: Vec<PathBuf>,
    },
    /// A cluster or user is complete and yet of no use. Final.
    #[error("{named}: {problem}")]
    Unusable {
        /// Which one.
        named: NamedRef,
        /// What is wrong.
        problem: ClientProblem,
    },
    /// The exec plugin gave no credential. The next request runs it again.
    #[error("{user}: {error}{}", Hint(.error.install_hint()))]
    Plugin {
        /// Whose plugin it is.
        user: NamedRef,
        /// What happened; names the plugin's command.
        error: Arc<Error>,
    },
    /// There is no connection to the server: its source says whether nobody answers, or its
    /// certificate is not trusted, or a proxy is in the way. The next request tries again.
    #[error("{cluster}: cannot connect to {server}")]
    Connect {
        /// Which one.
        cluster: NamedRef,
        /// Scheme, host and port.
        server: String,
        /// Why.
        #[source]
        error: Arc<dyn std::error::Error + Send + Sync>,
    },
    /// The operating system gives no thread for a plugin run, or that thread came to an end. The
    /// next request tries again.
    #[error("{user}: cannot run the exec plugin: {error}")]
    Thread {
        /// Whose plugin it is.
        user: NamedRef,
        /// Why.
        error: Arc<io::Error>,
    },
    /// [`ClientConfig::client`](super::ClientConfig::client) outside of a tokio runtime.
    #[error("a client can only be made within a tokio runtime")]
    NoRuntime,
}

/// The cluster or user of the kubeconfig that an error is about, and where it stands. Shown as
/// `/home/me/.kube/config:7: user "dev"`.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct NamedRef {
    /// File and line; none for a Pod's service account.
    pub origin: Option<Origin>,
    /// What it is.
    pub kind: NamedKind,
    /// Its name.
    pub name: String,
}

/// What is wrong with a cluster or user, beyond what [`KubeconfigError`] knows.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum ClientProblem {
    /// Not a URL of a server.
    #[error("server must be a URL such as https://example.com:6443: {0}")]
    ServerUrl(UrlProblem),
    /// Not host and port of a server.
    #[error("KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT are no host and port: in {0}")]
    ServiceVariables(UrlProblem),
    /// Not a URL of a proxy.
    #[error("proxy-url cannot be read as a URL: {0}")]
    ProxyUrl(UrlProblem),
    /// The same in the environment.
    #[error("HTTPS_PROXY or HTTP_PROXY cannot be read as a URL: {0}")]
    ProxyVariable(UrlProblem),
    /// Not a name.
    #[error("tls-server-name is neither a host name nor an address")]
    TlsServerName,
    /// A CA together with `insecure-skip-tls-verify`; client-go refuses it, too.
    #[error("a certificate authority and insecure-skip-tls-verify are both there: remove one")]
    AuthorityAndInsecure,
    /// Not PEM, or none in it.
    #[error("the certificate authority is no PEM certificate")]
    Authority,
    /// The operating system's certificate authorities.
    #[error("no certificate authority is named, and the system's could not be read: {0}")]
    SystemAuthorities(String),
    /// Not PEM, or the key is not the certificate's.
    #[error("the client certificate and its key cannot be used: {0}")]
    ClientCertificate(String),
    /// A file that is named.
    #[error("cannot read {}: {error}", .path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why not.
        error: Arc<io::Error>,
    },
    /// A token or password with characters that no HTTP header can hold.
    #[error("the {0} has characters that cannot be sent")]
    Header(&'static str),
    /// A name with a password, and a token in a file.
    #[error("username and tokenFile are both there: remove one")]
    TwoMethods,
    /// `auth-provider`, which no client of today runs.
    #[error("auth-provider {0:?} is not supported: use exec")]
    AuthProvider(String),
    /// The plugin cannot be run as kubectl would run it.
    #[error(transparent)]
    Request(#[from] RequestProblem),
    /// A setting of the cache.
    #[error("exec plugin {command}: {error}")]
    Settings {
        /// The plugin.
        command: String,
        /// What is wrong.
        error: Arc<Error>,
    },
}

impl ClientError {
    /// What happened to a plugin, in a word.
    pub(super) fn kind(&self) -> &'static str {
        let Self::Plugin { error, .. } = self else {
            return "_OTHER";
        };
        match &**error {
            Error::Settings(_) => "settings",
            Error::Policy(_) => "policy",
            Error::Shared { .. } => "shared",
            Error::Plugin(error) => match error {
                PluginError::Start { .. } => "start",
                PluginError::Failed { .. } => "exit",
                PluginError::TimedOut { .. } => "timeout",
                PluginError::WantsTerminal { .. } => "terminal",
                PluginError::Output { .. } => "output",
                PluginError::Interrupted { .. } => "interrupted",
            },
            Error::ExecInfo(_) | Error::NoStore { .. } => "_OTHER",
        }
    }
}

impl NamedRef {
    pub(super) fn of<T>(entry: &Named<T>, kind: NamedKind) -> Self {
        Self {
            origin: Some(entry.origin.clone()),
            kind,
            name: entry.name.clone(),
        }
    }

    pub(super) fn unusable(&self, problem: ClientProblem) -> ClientError {
        let named = self.clone();
        ClientError::Unusable { named, problem }
    }
}

impl ClientProblem {
    pub(super) fn unreadable(path: impl Into<PathBuf>, error: io::Error) -> Self {
        Self::Unreadable {
            path: path.into(),
            error: Arc::new(error),
        }
    }
}

impl From<KubeconfigError> for ClientError {
    fn from(error: KubeconfigError) -> Self {
        Self::Kubeconfig(Arc::new(error))
    }
}

impl fmt::Display for NamedRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.origin {
            Some(origin) => write!(f, "{origin}: {} {:?}", self.kind, self.name),
            None => write!(f, "{}", self.name),
        }
    }
}

struct NotFound<'a>(&'a [PathBuf]);

impl fmt::Display for NotFound<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let paths: Vec<_> = self
            .0
            .iter()
            .map(|path| path.display().to_string())
            .collect();
        write!(f, "no kubeconfig says anything ({})", paths.join(", "))
    }
}

/// client-go shows the hint on lines of its own, behind the error.
struct Hint<'a>(Option<&'a str>);

impl fmt::Display for Hint<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let hint = self.0.map(str::trim_end);
        hint.map_or(Ok(()), |hint| write!(f, "\n\n{hint}"))
    }
}
