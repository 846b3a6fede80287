use std::ffi::OsString;
use std::io;
use std::path::PathBuf;
use std::time::Duration;

use super::failure::{Failure, FailureClass};
use crate::exec::OutputProblem;
use crate::variable;

/// Why a plugin gave no credential. No variant carries anything that it printed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PluginError {
    /// The plugin could not be started. Final until it is installed or repaired.
    #[error("cannot run {}: {problem}", .command.display())]
    Start {
        /// The plugin's command as it was given.
        command: OsString,
        /// Why.
        problem: StartProblem,
        /// The kubeconfig's `installHint`.
        hint: Option<String>,
    },

    /// The plugin ended with a failure; what it had to say it said on stderr. The next request runs
    /// it again.
    #[error("{} {end}", .command.display())]
    Failed {
        /// The plugin's command as it was given.
        command: OsString,
        /// How it ended.
        end: End,
        /// Whether it is known to have said something on stderr, which was passed on.
        heard: bool,
    },

    /// The plugin was stopped, with its process group, after its time was over.
    #[error(
        "{} did not end within {after:?} and was stopped; {}=0 lifts the limit",
        .command.display(), variable::PLUGIN_TIMEOUT
    )]
    TimedOut {
        /// The plugin's command as it was given.
        command: OsString,
        /// Its time limit.
        after: Duration,
    },

    /// The plugin wanted the terminal, which the client had not offered, and was stopped.
    #[error(
        "{} wants the terminal, and the client did not offer it: log in first, or let the client \
         prompt (interactiveMode: IfAvailable, and no pipe into its stdin)",
        .command.display()
    )]
    WantsTerminal {
        /// The plugin's command as it was given.
        command: OsString,
    },

    /// The plugin printed something that is no credential.
    #[error("{} gave no usable ExecCredential: {problem}", .command.display())]
    Output {
        /// The plugin's command as it was given.
        command: OsString,
        /// What is wrong with its output.
        problem: OutputProblem,
    },

    /// This process was told to end while the plugin ran; the plugin was told the same and ended.
    #[error("ended by signal {signal}")]
    Interrupted {
        /// The signal.
        signal: i32,
    },
}

/// Why a plugin could not be started.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartProblem {
    /// No such file, or none of that name in `PATH`.
    #[error("{}", if *.in_path { "not found in PATH" } else { "no such file" })]
    NotFound {
        /// Whether `PATH` was searched.
        in_path: bool,
    },
    /// `PATH` has it by a relative or empty element, so that the working directory decides which
    /// program it is.
    #[error(
        "not found in PATH but as {}, which the working directory decides, whoever that belongs to; \
         write that element of PATH in full",
        .path.display()
    )]
    InWorkingDirectory {
        /// The file, from the working directory on.
        path: PathBuf,
    },
    /// The file is there; what its first line names is not.
    #[error("the interpreter that its first line names was not found")]
    NoInterpreter,
    /// The file is not executable for this user.
    #[error("it is not executable; chmod +x it, or check who may run it")]
    NotExecutable,
    /// Anything else that the operating system says.
    #[error("{0}")]
    System(io::Error),
}

/// How a plugin ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum End {
    /// By itself.
    #[error("failed with exit code {0}")]
    Code(i32),
    /// By a signal.
    #[error("was ended by signal {}", numbered(*.0))]
    Signal(i32),
}

impl PluginError {
    /// The plugin's own exit code where it has one, 127 and 126 for one that is missing or not
    /// executable (as a shell does), 124 for one that timed out (as `timeout` does), 128 and the
    /// number for a signal.
    pub(crate) fn exit_code(&self) -> u8 {
        let by_signal = |signal: i32| u8::try_from(128 + signal).unwrap_or(u8::MAX);
        match self {
            Self::Start { problem, .. } => match problem {
                StartProblem::NotFound { .. } | StartProblem::InWorkingDirectory { .. } => 127,
                _ => 126,
            },
            Self::Failed { end, .. } => match end {
                End::Code(code) => u8::try_from(*code).unwrap_or(1),
                End::Signal(signal) => by_signal(*signal),
            },
            Self::Interrupted { signal } => by_signal(*signal),
            Self::TimedOut { .. } => 124,
            Self::Output { .. } | Self::WantsTerminal { .. } => 1,
        }
    }

    /// What the processes that wait for the same credential may know; `None` where the failure is
    /// this process's own matter.
    pub(crate) fn failure(&self) -> Option<Failure> {
        let class = match self {
            Self::Start { .. } => FailureClass::Start,
            Self::Failed { .. } => FailureClass::End,
            Self::TimedOut { .. } => FailureClass::Timeout,
            Self::WantsTerminal { .. } => FailureClass::Terminal,
            Self::Output { .. } => FailureClass::Output,
            Self::Interrupted { .. } => return None,
        };
        let exit_code = self.exit_code();
        Some(Failure { class, exit_code })
    }
}

/// A signal's number, and its name where it has one.
fn numbered(signal: i32) -> String {
    match signal_hook::low_level::signal_name(signal) {
        Some(name) => format!("{signal} ({name})"),
        None => signal.to_string(),
    }
}
