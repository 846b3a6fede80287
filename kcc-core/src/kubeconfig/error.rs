use std::fmt;
use std::io;
use std::path::PathBuf;

use super::named::{NamedKind, Origin};
use crate::url::UrlProblem;
use crate::yaml::SyntaxProblem;

/// Why a kubeconfig cannot be used. All of them are final: only the user can fix the file.
///
/// No message shows what a file holds but for names of contexts, clusters and users, and paths:
/// a file that cannot be parsed may have a token anywhere.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KubeconfigError {
    /// The file that the caller named does not exist. (Files of `KUBECONFIG` may be missing.)
    #[error("kubeconfig {} does not exist: name a file that does", .path.display())]
    NotFound {
        /// The file.
        path: PathBuf,
    },
    /// A file is there and cannot be read.
    #[error("cannot read kubeconfig {}: check that it is a file and that you may read it", .path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// A file is neither YAML nor JSON that kubectl would read.
    #[error("{origin}:{column}: invalid kubeconfig: {problem}")]
    Syntax {
        /// File and line.
        origin: Origin,
        /// The column, from 1.
        column: usize,
        /// What is wrong there.
        problem: SyntaxProblem,
    },
    /// A list has two entries of one name.
    #[error(
        "{origin}: a second {kind} named {name:?}, the first is in line {first}: rename or remove one"
    )]
    DuplicateName {
        /// The second one.
        origin: Origin,
        /// What they are.
        kind: NamedKind,
        /// The name of both.
        name: String,
        /// The line of the first one, in the same file.
        first: usize,
    },
    /// Neither a file nor the caller names a context, nor the caller a cluster.
    #[error("no context is chosen: name one, or kubectl config use-context; {}", Available(NamedKind::Context, .available))]
    NoContext {
        /// The names that exist.
        available: Vec<String>,
    },
    /// A name leads nowhere.
    #[error("{}there is no {kind} {name:?}; {}", Prefix(.origin.as_ref()), Available(*.kind, .available))]
    UnknownName {
        /// What was looked for.
        kind: NamedKind,
        /// The name that was looked for.
        name: String,
        /// What names it: `current-context` or a context; none for the caller's own choice.
        origin: Option<Origin>,
        /// The names that exist.
        available: Vec<String>,
    },
    /// The chosen context names no cluster.
    #[error("{origin}: context {name:?} has no cluster: add one or name one")]
    ContextWithoutCluster {
        /// The context.
        origin: Origin,
        /// Its name.
        name: String,
    },
    /// The chosen cluster cannot be used.
    #[error("{origin}: cluster {name:?}: {problem}")]
    InvalidCluster {
        /// The cluster.
        origin: Origin,
        /// Its name.
        name: String,
        /// What is wrong.
        problem: ClusterProblem,
    },
    /// The chosen user cannot be used.
    #[error("{origin}: user {name:?}: {problem}")]
    InvalidUser {
        /// The user.
        origin: Origin,
        /// Its name.
        name: String,
        /// What is wrong.
        problem: UserProblem,
    },
}

/// Why a cluster cannot be used (clientcmd/validation.go, `validateClusterInfo`).
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ClusterProblem {
    /// No `server`.
    #[error("server is missing: add the API server's URL")]
    NoServer,
    /// A proxy of an unknown kind.
    #[error("proxy-url must begin with http://, https:// or socks5://")]
    ProxyUrl,
    /// A proxy that cannot be found.
    #[error("proxy-url: {0}")]
    MalformedProxyUrl(UrlProblem),
    /// Two certificate authorities.
    #[error("certificate-authority and certificate-authority-data are both there: remove one")]
    TwoAuthorities,
    /// A file that the cluster names.
    #[error(transparent)]
    Unreadable(#[from] UnreadableFile),
}

/// Why a user cannot be used (clientcmd/validation.go, `validateAuthInfo`).
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum UserProblem {
    /// Both forms of one thing.
    #[error("{field} and {field}-data are both there: remove one")]
    FileAndData {
        /// The field.
        field: &'static str,
    },
    /// A certificate alone is of no use.
    #[error("a client certificate needs client-key or client-key-data")]
    NoKey,
    /// A token and a name with a password.
    #[error("token and username/password are both there: remove one")]
    TwoMethods,
    /// Impersonation without a name.
    #[error("as-uid, as-groups and as-user-extra need as")]
    ImpersonationWithoutUser,
    /// `exec` and `auth-provider`.
    #[error("exec and auth-provider are both there: remove one")]
    ExecAndAuthProvider,
    /// `exec` without a command.
    #[error("exec.command is missing")]
    NoCommand,
    /// `exec` without a version.
    #[error("exec.apiVersion is missing: write client.authentication.k8s.io/v1")]
    NoApiVersion,
    /// `exec` in a version that no client speaks.
    #[error(
        "exec.apiVersion {found:?} is not supported: write client.authentication.k8s.io/v1 or client.authentication.k8s.io/v1beta1, as the plugin wants it"
    )]
    ApiVersion {
        /// The version that was found.
        found: String,
    },
    /// An environment variable without a name.
    #[error("an element of exec.env has no name")]
    NoVariableName,
    /// v1 leaves no default for it.
    #[error("exec.interactiveMode is missing: write Never, IfAvailable or Always")]
    NoInteractiveMode,
    /// Not one of the three.
    #[error("exec.interactiveMode {found:?} is unknown: write Never, IfAvailable or Always")]
    InteractiveMode {
        /// What was found.
        found: String,
    },
    /// A file that the user names.
    #[error(transparent)]
    Unreadable(#[from] UnreadableFile),
}

/// A file that a cluster or user names, and that cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("cannot read {field} {}", .path.display())]
#[non_exhaustive]
pub struct UnreadableFile {
    /// The field that names it.
    pub field: &'static str,
    /// The file.
    pub path: PathBuf,
    /// Why not.
    pub source: io::Error,
}

struct Prefix<'a>(Option<&'a Origin>);

impl fmt::Display for Prefix<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.map_or(Ok(()), |origin| write!(f, "{origin}: "))
    }
}

struct Available<'a>(NamedKind, &'a [String]);

impl fmt::Display for Available<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.1 {
            [] => write!(f, "no {} is defined", self.0),
            names => write!(f, "there is {}", names.join(", ")),
        }
    }
}
