use std::ffi::OsString;
use std::path::PathBuf;

use crate::search_path::LookUpError;

/// Why no plugin, or not this one, may run. All of them are final: only the user can fix the
/// kuberc.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PolicyError {
    /// The kuberc that `KUBERC` names cannot be read. (The default one would be ignored, with a
    /// warning.)
    #[error("kuberc: {}: {problem}; KUBERC=off switches it off", .kuberc.display())]
    Unreadable {
        /// The file.
        kuberc: PathBuf,
        /// Why.
        problem: String,
    },
    /// A kuberc contradicts itself.
    #[error("kuberc: {}: {problem}", .kuberc.display())]
    Misconfigured {
        /// The file.
        kuberc: PathBuf,
        /// How.
        problem: String,
    },
    /// No plugin may run.
    #[error("plugin {command:?} not allowed: policy set to \"DenyAll\" in {}", .kuberc.display())]
    Denied {
        /// The plugin.
        command: OsString,
        /// The file that says so.
        kuberc: PathBuf,
    },
    /// Only listed plugins may run, and it is unknown which file this one is.
    #[error(
        "plugin path {command:?} cannot be resolved for credential plugin allowlist check: {problem}"
    )]
    Unresolved {
        /// The plugin.
        command: OsString,
        /// Why.
        problem: LookUpError,
    },
    /// Only listed plugins may run, and this is none of them.
    #[error(
        "plugin path {path:?} is not permitted by the credential plugin allowlist of {}; add it to credentialPluginAllowlist there, if you trust it",
        .kuberc.display()
    )]
    NotListed {
        /// The plugin.
        path: PathBuf,
        /// The file that has the list.
        kuberc: PathBuf,
    },
    /// Only listed plugins may run, and the cache is one only in front of another: whatever stands
    /// behind a second one would be checked against the environment that the kubeconfig gives.
    #[error(
        "{command:?} behind the cache is the cache again, which the credential plugin allowlist of {} cannot permit; name the plugin itself",
        .kuberc.display()
    )]
    Nested {
        /// The plugin.
        command: OsString,
        /// The file that has the list.
        kuberc: PathBuf,
    },
}

impl PolicyError {
    /// 126 for a plugin that may not run, as for one that cannot be executed; 2 for a kuberc that
    /// has to be fixed.
    pub(crate) fn exit_code(&self) -> u8 {
        match self {
            Self::Unreadable { .. } | Self::Misconfigured { .. } => 2,
            _ => 126,
        }
    }
}
