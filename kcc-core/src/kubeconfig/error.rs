use std::fmt;
use std::io;
use std::path::PathBuf;

use super::{Origin, UrlProblem};

/// Why a kubeconfig cannot be used. All of them are final: only the user can mend the file.
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
        kind: EntryKind,
        /// The name of both.
        name: String,
        /// The line of the first one, in the same file.
        first: usize,
    },
    /// Neither a file nor the caller names a context, nor the caller a cluster.
    #[error("no context is chosen: name one, or kubectl config use-context; {}", Available(EntryKind::Context, .available))]
    NoContext {
        /// The names that exist.
        available: Vec<String>,
    },
    /// A name leads nowhere.
    #[error("{}there is no {kind} {name:?}; {}", Prefix(.origin.as_ref()), Available(*.kind, .available))]
    UnknownEntry {
        /// What was looked for.
        kind: EntryKind,
        /// The name that was looked for.
        name: String,
        /// Who asks for it: `current-context` or a context; none for the caller's own choice.
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

/// What a kubeconfig is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EntryKind {
    /// An element of `clusters`.
    Cluster,
    /// An element of `users`.
    User,
    /// An element of `contexts`.
    Context,
}

impl fmt::Display for EntryKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Cluster => "cluster",
            Self::User => "user",
            Self::Context => "context",
        })
    }
}

/// Why a file is not a kubeconfig. Never says what stands there.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SyntaxProblem {
    /// Bytes that are no text.
    #[error("not UTF-8 text")]
    Encoding,
    /// The YAML parser gave up.
    #[error(
        "not valid YAML; look for wrong indentation, a tab, or an open quote or bracket here or just before"
    )]
    Yaml,
    /// `%YAML` asks for another version than 1.1.
    #[error("only YAML 1.1 is read: remove the %YAML line")]
    Version,
    /// An alias without its anchor, or inside of it.
    #[error("an alias (*name) needs an anchor (&name) that ends before it")]
    Alias,
    /// Aliases that unfold to more than a million values.
    #[error("aliases unfold to more than a million values")]
    TooLarge,
    /// `<<` before something that is no mapping.
    #[error("a merge key (<<) needs a mapping or a list of mappings")]
    Merge,
    /// A null, a list or a mapping as a key.
    #[error("a key must be a plain word")]
    Key,
    /// A tag and a value that do not go together.
    #[error("the value does not have the type that its tag says")]
    Tag,
    /// `.inf` or `.nan`, which JSON cannot hold.
    #[error("infinite and not-a-number values are not allowed: quote it if it is text")]
    NotFinite,
    /// A value of another type than kubectl wants.
    #[error("{field} must be {expected}, not {found}{}", QuoteHint(.expected, .found))]
    WrongType {
        /// The field's name.
        field: &'static str,
        /// The type it has to have.
        expected: &'static str,
        /// The type it has.
        found: &'static str,
    },
    /// A `...-data` field that is not base64.
    #[error("{field} is not base64")]
    Base64 {
        /// The field's name.
        field: &'static str,
    },
    /// `apiVersion` and `kind` are there and not those of a kubeconfig.
    #[error("not a kubeconfig: apiVersion must be v1 and kind must be Config")]
    Kind,
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
    #[error("cannot read {field} {}", .path.display())]
    Unreadable {
        /// The field that names it.
        field: &'static str,
        /// The file.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
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
    #[error("cannot read {field} {}", .path.display())]
    Unreadable {
        /// The field that names it.
        field: &'static str,
        /// The file.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
}

struct Prefix<'a>(Option<&'a Origin>);

impl fmt::Display for Prefix<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.map_or(Ok(()), |origin| write!(f, "{origin}: "))
    }
}

struct Available<'a>(EntryKind, &'a [String]);

impl fmt::Display for Available<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.1 {
            [] => write!(f, "no {} is defined", self.0),
            names => write!(f, "there is {}", names.join(", ")),
        }
    }
}

struct QuoteHint<'a>(&'a str, &'a str);

impl fmt::Display for QuoteHint<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.0, self.1) {
            ("text", "a number" | "a boolean") => f.write_str(": put it in quotes"),
            ("a boolean", "text") => f.write_str(": remove the quotes"),
            _ => Ok(()),
        }
    }
}
