//! Kubeconfig files, read, merged and resolved by kubectl's rules.
//!
//! ```text
//! LoadingRules ──► files ──► YAML 1.1 tree ──► Named parts with their Origin ──► Kubeconfig
//!                                                                                 │ resolve(Overrides)
//!                                                                                 ▼
//!                                                             Resolved: context, cluster, user, namespace
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

// What a kubeconfig says.
mod named;
mod cluster;
mod user;
mod merged;
mod error;
// From files to that.
mod folder;
mod decode;
mod load;
// From that to a client's choice.
mod validate;
mod resolve;

pub use crate::url::{ServerUrl, UrlProblem};
pub use crate::yaml::SyntaxProblem;
pub use cluster::Cluster;
pub use error::{ClusterProblem, KubeconfigError, UnreadableFile, UserProblem};
pub use folder::folder;
pub use load::LoadingRules;
pub use merged::{Context, Kubeconfig};
pub use named::{CurrentContext, Named, NamedKind, Origin};
pub use resolve::{Overrides, Resolved};
pub use user::{ExecSpec, Impersonation, InteractiveMode, User};

#[cfg(test)]
mod tests;
