use std::fmt;
use std::path::PathBuf;

/// A named part of a kubeconfig and the place that it came from.
#[derive(Clone, Debug)]
pub struct Named<T> {
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
    /// The line where the part begins, from 1. For an alias: of the alias.
    pub line: usize,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.path.display(), self.line)
    }
}

/// What a kubeconfig is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NamedKind {
    /// An element of `clusters`.
    Cluster,
    /// An element of `users`.
    User,
    /// An element of `contexts`.
    Context,
}

impl fmt::Display for NamedKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Cluster => "cluster",
            Self::User => "user",
            Self::Context => "context",
        })
    }
}
