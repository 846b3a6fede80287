//! Kubeconfig files, read, merged and resolved by kubectl's rules.
//!
//! ```text
//! LoadingRules ──► files ──► YAML 1.1 tree ──► entries with their Origin ──► Kubeconfig
//!                                                                              │ resolve(Overrides)
//!                                                                              ▼
//!                                                          Resolved: context, cluster, user, namespace
//! ```
//!
//! The reference is client-go's `tools/clientcmd`; each rule names the file it comes from. What
//! kubectl accepts is read the same way: YAML 1.1 scalars (`yes` is a boolean), the last of two
//! equal keys, the first document of several. What it refuses is refused, but for a few spellings
//! whose meaning is plain, such as JSON's `\/` and `\ud83d\ude00`.
//! Nothing here touches the network, runs a program or writes a file.
//!
//! # Example
//!
//! ```
//! use kcc_core::kubeconfig::{Kubeconfig, LoadingRules, Overrides};
//!
//! # let dir = tempfile::tempdir()?;
//! # let file = dir.path().join("config");
//! # std::fs::write(&file, "
//! # current-context: dev
//! # contexts: [{name: dev, context: {cluster: c, user: u}}]
//! # clusters: [{name: c, cluster: {server: 'https://127.0.0.1:6443'}}]
//! # users: [{name: u, user: {token: t}}]")?;
//! let rules = LoadingRules::from_env().with_explicit(&file);
//! let kubeconfig = Kubeconfig::load(&rules)?;
//! let resolved = kubeconfig.resolve(&Overrides::default())?;
//! assert_eq!(resolved.cluster.value.server, "https://127.0.0.1:6443");
//! assert_eq!(resolved.namespace, "default");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod decode;
mod error;
mod load;
mod resolve;
mod scalar;
mod url;
mod validate;
pub(crate) mod yaml;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt;
use std::path::PathBuf;

use crate::secret::Secret;
use crate::url::without_password;

/// A file's first document by kubectl's rules, whatever its type. The error names line and column
/// and nothing that stands there.
pub(crate) fn yaml_to_json(bytes: &[u8]) -> Result<serde_json::Value, String> {
    match yaml::read(bytes) {
        Ok(item) => Ok(item.value.to_json()),
        Err(error) => Err(format!(
            "line {}, column {}: {}",
            error.line, error.column, error.problem
        )),
    }
}

pub use error::{ClusterProblem, EntryKind, KubeconfigError, SyntaxProblem, UserProblem};
pub use load::LoadingRules;
pub use resolve::{Overrides, Resolved};
pub(crate) use scalar::decode_base64;
#[cfg(feature = "client")]
pub(crate) use url::Url;
pub use url::{ServerUrl, UrlProblem};

/// Everything that the kubeconfig files say, merged.
///
/// An entry comes whole from the first file that has its name; later files add names but no
/// fields (clientcmd/loader.go, clientcmd/merge.go).
#[derive(Clone, Debug, Default)]
pub struct Kubeconfig {
    /// Clusters by name.
    pub clusters: BTreeMap<String, Entry<Cluster>>,
    /// Users by name.
    pub users: BTreeMap<String, Entry<User>>,
    /// Contexts by name.
    pub contexts: BTreeMap<String, Entry<Context>>,
    /// The name from the first file that sets `current-context` to something.
    pub current_context: Option<CurrentContext>,
    /// The files that were read, in order of precedence.
    pub files: Vec<PathBuf>,
    /// The files that were named and do not exist. kubectl skips them; it warns where `files` is
    /// empty and `KUBECONFIG` was set.
    pub missing: Vec<PathBuf>,
}

impl Kubeconfig {
    /// Whether no file says anything: the case in which a client tries its service account.
    pub fn is_empty(&self) -> bool {
        self.clusters.is_empty()
            && self.users.is_empty()
            && self.contexts.is_empty()
            && self.current_context.is_none()
    }

    /// Adds what `later`, a file of lower precedence, has and `self` has not.
    fn merge(&mut self, later: Self) {
        fn add<T>(to: &mut BTreeMap<String, Entry<T>>, from: BTreeMap<String, Entry<T>>) {
            for (name, entry) in from {
                to.entry(name).or_insert(entry);
            }
        }
        add(&mut self.clusters, later.clusters);
        add(&mut self.users, later.users);
        add(&mut self.contexts, later.contexts);
        self.current_context = self.current_context.take().or(later.current_context);
    }
}

/// A named part of a kubeconfig and the place that it came from.
#[derive(Clone, Debug)]
pub struct Entry<T> {
    /// Its name, unique among its kind.
    pub name: String,
    /// What it says.
    pub value: T,
    /// Where it says so.
    pub origin: Origin,
}

/// `current-context` and the place that it came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CurrentContext {
    /// The name; there may be no such context.
    pub name: String,
    /// Where it stands.
    pub origin: Origin,
}

/// A place in a kubeconfig file. Shown as `path:line`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// The file, as it was named (so perhaps relative to the working directory).
    pub path: PathBuf,
    /// The line where the entry begins, from 1. For an alias: of the alias.
    pub line: usize,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.path.display(), self.line)
    }
}

/// How to reach a cluster (clientcmd/api/v1/types.go, `Cluster`).
///
/// An empty string in the file is the same as an absent field. `Debug` hides the proxy, whose URL
/// may hold a password, and that of the server's URL.
#[derive(Clone, Default)]
pub struct Cluster {
    /// `server`: a URL. Empty if the file has none.
    pub server: String,
    /// `tls-server-name`: the name that the certificate must have, if not the server's.
    pub tls_server_name: Option<String>,
    /// `insecure-skip-tls-verify`.
    pub insecure_skip_tls_verify: bool,
    /// `certificate-authority`: a PEM file; a relative path was joined to the kubeconfig's folder.
    pub certificate_authority: Option<PathBuf>,
    /// `certificate-authority-data`: PEM.
    pub certificate_authority_data: Option<Vec<u8>>,
    /// `proxy-url`.
    pub proxy_url: Option<String>,
    /// `disable-compression`.
    pub disable_compression: bool,
    /// The extension `client.authentication.k8s.io/exec`: `spec.cluster.config` for a plugin that
    /// asks for cluster information.
    pub exec_config: Option<serde_json::Value>,
}

impl Cluster {
    /// Where `server` is.
    ///
    /// # Errors
    /// [`UrlProblem`] where no client would find it.
    pub fn server_url(&self) -> Result<ServerUrl, UrlProblem> {
        ServerUrl::parse(&self.server)
    }

    /// `server` for messages: without a name and password that it may have.
    pub fn shown_server(&self) -> Cow<'_, str> {
        without_password(&self.server)
    }
}

impl fmt::Debug for Cluster {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cluster")
            .field("server", &without_password(&self.server))
            .field("tls_server_name", &self.tls_server_name)
            .field("insecure_skip_tls_verify", &self.insecure_skip_tls_verify)
            .field("certificate_authority", &self.certificate_authority)
            .finish_non_exhaustive()
    }
}

/// Who one is on a cluster (clientcmd/api/v1/types.go, `AuthInfo`).
///
/// An empty string in the file is the same as an absent field.
#[derive(Clone, Debug, Default)]
pub struct User {
    /// `token`: a bearer token.
    pub token: Option<Secret>,
    /// `tokenFile`: a file that holds one; it is read again now and then.
    pub token_file: Option<PathBuf>,
    /// `username`, for basic authentication.
    pub username: Option<String>,
    /// `password`, for basic authentication.
    pub password: Option<Secret>,
    /// `client-certificate`: a PEM file.
    pub client_certificate: Option<PathBuf>,
    /// `client-certificate-data`: PEM.
    pub client_certificate_data: Option<Vec<u8>>,
    /// `client-key`: a PEM file.
    pub client_key: Option<PathBuf>,
    /// `client-key-data`: PEM.
    pub client_key_data: Option<Secret>,
    /// `as` and its relatives.
    pub impersonate: Impersonation,
    /// The name of an `auth-provider`. Its configuration, which may hold tokens, is not kept:
    /// no client of today runs one.
    pub auth_provider: Option<String>,
    /// `exec`: the plugin that gives the credential.
    pub exec: Option<ExecSpec>,
}

impl User {
    /// The plugin that a client runs: none where the user says a credential, which goes before
    /// (client-go's exec.go, `UpdateTransportConfig`). A key without a certificate, and a password
    /// without a name, are none.
    pub fn plugin(&self) -> Option<&ExecSpec> {
        self.exec.as_ref().filter(|_| !self.says_credential())
    }

    /// Whether there is anything that could be sent, or run to get it.
    pub fn has_credential(&self) -> bool {
        self.says_credential() || self.exec.is_some() || self.auth_provider.is_some()
    }

    fn says_credential(&self) -> bool {
        self.token.is_some()
            || self.token_file.is_some()
            || self.username.is_some()
            || self.client_certificate.is_some()
            || self.client_certificate_data.is_some()
    }
}

/// Whom to impersonate (`as`, `as-uid`, `as-groups`, `as-user-extra`).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Impersonation {
    /// `as`.
    pub user: Option<String>,
    /// `as-uid`.
    pub uid: Option<String>,
    /// `as-groups`.
    pub groups: Vec<String>,
    /// `as-user-extra`.
    pub extra: BTreeMap<String, Vec<String>>,
}

/// Which user on which cluster (clientcmd/api/v1/types.go, `Context`).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Context {
    /// `cluster`: a cluster's name. Empty if the file has none.
    pub cluster: String,
    /// `user`: a user's name. Empty if the file has none.
    pub user: String,
    /// `namespace`.
    pub namespace: Option<String>,
}

/// An exec credential plugin as the kubeconfig declares it (clientcmd/api/v1/types.go,
/// `ExecConfig`).
///
/// As the file has it: only [`Kubeconfig::resolve`] checks it. `Debug` shows neither arguments nor
/// the values of variables, which may be secrets.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct ExecSpec {
    /// `apiVersion`. Empty if the file has none.
    pub api_version: String,
    /// `command`. With a path separator it was joined to the kubeconfig's folder; a bare name is
    /// looked for in `PATH` by whoever runs it. Empty if the file has none.
    pub command: OsString,
    /// `args`; nothing in them is resolved.
    pub args: Vec<String>,
    /// `env`: names and values, in the file's order.
    pub env: Vec<(String, String)>,
    /// `installHint`, as it stands; for a terminal see [`ExecSpec::printable_install_hint`].
    pub install_hint: Option<String>,
    /// `provideClusterInfo`.
    pub provide_cluster_info: bool,
    /// `interactiveMode`; `IfAvailable` where v1beta1 says nothing (clientcmd/api/v1/defaults.go).
    pub interactive_mode: Option<InteractiveMode>,
}

impl ExecSpec {
    /// The install hint without control characters, so that it cannot steer a terminal
    /// (`clientcmd/client_config.go`, `cleanANSIEscapeCodes`): ESC becomes `U+001B`.
    pub fn printable_install_hint(&self) -> Option<String> {
        let hint = self.install_hint.as_ref()?;
        let printable = |c: char| match c {
            '\t'..='\r' => c.to_string(),
            c if c.is_control() => format!("U+{:04X}", u32::from(c)),
            c => c.to_string(),
        };
        Some(hint.chars().map(printable).collect())
    }
}

impl fmt::Debug for ExecSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.env.iter().map(|(name, _)| name.as_str()).collect();
        f.debug_struct("ExecSpec")
            .field("api_version", &self.api_version)
            .field("command", &self.command)
            .field("args", &format_args!("{} of them", self.args.len()))
            .field("env", &names)
            .field("interactive_mode", &self.interactive_mode)
            .finish_non_exhaustive()
    }
}

/// What a plugin does with standard input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum InteractiveMode {
    /// Never reads it.
    Never,
    /// Reads it where there is a terminal.
    IfAvailable,
    /// Cannot work without one.
    Always,
    /// Something else; [`Kubeconfig::resolve`] refuses it.
    Other(String),
}

impl From<String> for InteractiveMode {
    fn from(text: String) -> Self {
        match text.as_str() {
            "Never" => Self::Never,
            "IfAvailable" => Self::IfAvailable,
            "Always" => Self::Always,
            _ => Self::Other(text),
        }
    }
}

#[cfg(test)]
mod tests;
