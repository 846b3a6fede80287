use std::ffi::OsString;

use crate::exec::ExecInfoError;
use crate::plugin::{Failure, PluginError};
use crate::policy::PolicyError;
use crate::settings::SettingsError;

/// Why there is no credential. No variant carries a token, a key or anything a plugin printed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A `KUBE_CREDENTIAL_CACHE_*` variable has a value of another form. Final.
    #[error(transparent)]
    Settings(#[from] SettingsError),

    /// `KUBERNETES_EXEC_INFO` is not what a client sends. Final.
    #[error(transparent)]
    ExecInfo(#[from] ExecInfoError),

    /// There is no place for credentials. Only for those who manage what is stored: a request is
    /// answered all the same, with a warning.
    #[error("no stored credentials: {problem}")]
    NoStore {
        /// Why, with the path.
        problem: String,
    },

    /// The user's kuberc does not let the plugin run. Final.
    #[error(transparent)]
    Policy(#[from] PolicyError),

    /// The plugin gave no credential. The next request runs it again.
    #[error(transparent)]
    Plugin(#[from] PluginError),

    /// Another process requested the same credential at the same time, and its plugin run failed;
    /// the plugin's messages went to that process.
    #[error(
        "{} failed for another process that requested it at the same time ({failure})",
        .command.display()
    )]
    Shared {
        /// The plugin's command as it was given.
        command: OsString,
        /// What is known of that failure.
        failure: Failure,
    },
}

impl Error {
    /// The exit code for a process that ends because of this: the plugin's own where it has one,
    /// 127 and 126 for a plugin that is missing or not executable (as a shell does) or that kuberc
    /// does not allow, 124 for one that timed out (as `timeout` does), 128 and the number for a
    /// signal, 2 for wrong settings.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Settings(_) | Self::ExecInfo(_) => 2,
            Self::NoStore { .. } => 1,
            Self::Policy(error) => error.exit_code(),
            Self::Plugin(error) => error.exit_code(),
            Self::Shared { failure, .. } => failure.exit_code,
        }
    }

    /// What the kubeconfig says to do where the plugin is missing.
    pub fn install_hint(&self) -> Option<&str> {
        match self {
            Self::Plugin(PluginError::Start { hint, .. }) => hint.as_deref(),
            _ => None,
        }
    }

    /// Whether this process was told to end.
    pub(crate) fn is_interruption(&self) -> bool {
        matches!(self, Self::Plugin(PluginError::Interrupted { .. }))
    }

    /// What the processes that wait for the same credential may know; `None` where the failure is
    /// this process's own matter.
    pub(crate) fn failure(&self) -> Option<Failure> {
        match self {
            Self::Plugin(error) => error.failure(),
            _ => None,
        }
    }
}
