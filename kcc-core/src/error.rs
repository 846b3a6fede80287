use std::ffi::OsString;
use std::io;
use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::exec_info::{self, ApiVersion};
use crate::policy::PolicyError;

/// Why there is no credential. No variant carries a token, a key or anything a plugin printed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A `KUBE_CREDENTIAL_CACHE_*` variable has a value of another form. Final.
    #[error("{name}={value:?}: expected {accepted}")]
    Variable {
        /// The variable.
        name: &'static str,
        /// What it holds.
        value: String,
        /// What it may hold.
        accepted: &'static str,
    },

    /// `KUBERNETES_EXEC_INFO` is not what a client sends. Final.
    #[error(
        "{}: {problem}; unset it to call the plugin by hand",
        exec_info::VARIABLE
    )]
    ExecInfo {
        /// What is wrong with it.
        problem: String,
    },

    /// There is no place for credentials. Only for those who manage what is stored: an ask is
    /// answered all the same, with a warning.
    #[error("no stored credentials: {problem}")]
    NoStore {
        /// Why, with the path.
        problem: String,
    },

    /// The user's kuberc does not let the plugin run. Final.
    #[error(transparent)]
    Policy(#[from] PolicyError),

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

    /// The plugin ended with a failure; what it had to say it said on stderr. The next ask runs it
    /// again.
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
        .command.display(), crate::settings::variable::PLUGIN_TIMEOUT
    )]
    TimedOut {
        /// The plugin's command as it was given.
        command: OsString,
        /// Its time limit.
        after: Duration,
    },

    /// The plugin asked for the terminal, which the client had not offered, and was stopped.
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
    Answer {
        /// The plugin's command as it was given.
        command: OsString,
        /// What is wrong with its output.
        problem: AnswerProblem,
    },

    /// Another process asked for the same credential at the same time, and its plugin run failed;
    /// the plugin's messages went to that process.
    #[error(
        "{} failed for another process that asked at the same time ({failure})",
        .command.display()
    )]
    Shared {
        /// The plugin's command as it was given.
        command: OsString,
        /// What is known of that failure.
        failure: Failure,
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

/// What is wrong with a plugin's output.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AnswerProblem {
    /// Nothing was printed on stdout.
    #[error("it printed nothing on stdout")]
    Empty,
    /// More was printed than a credential can be.
    #[error("it printed more than {} KiB on stdout", .limit / 1024)]
    TooLarge {
        /// The limit in bytes.
        limit: usize,
    },
    /// Neither JSON nor YAML.
    #[error("its stdout is neither JSON nor YAML of the expected form (line {line})")]
    Syntax {
        /// Where, counted from 1.
        line: u64,
    },
    /// Not text.
    #[error("its stdout is not UTF-8")]
    NotUtf8,
    /// The `kind` is another.
    #[error("its kind is not ExecCredential")]
    OtherKind,
    /// There is no `apiVersion`.
    #[error("it has no apiVersion")]
    NoApiVersion,
    /// The `apiVersion` is not the one that was asked for.
    #[error("its apiVersion is not the {asked} that the client asked for")]
    OtherApiVersion {
        /// What was asked for.
        asked: ApiVersion,
    },
    /// The `apiVersion` is none that is known.
    #[error("its apiVersion is no known version of client.authentication.k8s.io")]
    UnknownApiVersion,
    /// There is no `status`.
    #[error("it has no status")]
    NoStatus,
    /// `status` has neither token nor certificate.
    #[error("its status has neither a token nor a client certificate with its key")]
    NoCredential,
    /// A certificate without its key.
    #[error("its status has clientCertificateData without clientKeyData")]
    CertificateWithoutKey,
    /// A key without its certificate.
    #[error("its status has clientKeyData without clientCertificateData")]
    KeyWithoutCertificate,
    /// The certificate cannot be read.
    #[error("its clientCertificateData is not a PEM certificate")]
    Certificate,
    /// The key cannot be read.
    #[error("its clientKeyData is not a PEM private key, or is encrypted")]
    Key,
    /// The certificate and the key are none that a client can use together. Only a client looks at
    /// that.
    #[error("its client certificate and key cannot be used: {0}")]
    ClientCertificate(String),
    /// The token cannot be sent. Only a client looks at that.
    #[error("its token has characters that no HTTP header can hold")]
    Token,
    /// The timestamp cannot be read.
    #[error("its expirationTimestamp is not an RFC 3339 time such as 2030-01-02T03:04:05Z")]
    Timestamp,
}

/// What processes that asked at the same time learn of a failed plugin run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{class}, exit code {exit_code}")]
pub struct Failure {
    /// What kind of failure.
    pub class: FailureClass,
    /// The exit code with which that process ended.
    pub exit_code: u8,
}

/// The kind of a failed plugin run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum FailureClass {
    /// It could not be started.
    #[error("it could not be started")]
    Start,
    /// It ended with an exit code or by a signal.
    #[error("it ended with an error")]
    End,
    /// It was stopped after its time limit.
    #[error("it ran into its time limit")]
    Timeout,
    /// It asked for the terminal.
    #[error("it wanted the terminal")]
    Terminal,
    /// It printed no usable credential.
    #[error("it gave no usable credential")]
    Answer,
}

/// A signal's number, and its name where it has one.
fn numbered(signal: i32) -> String {
    match signal_hook::low_level::signal_name(signal) {
        Some(name) => format!("{signal} ({name})"),
        None => signal.to_string(),
    }
}

impl Error {
    /// The exit code for a process that ends because of this: the plugin's own where it has one,
    /// 127 and 126 for a plugin that is missing or not executable (as a shell does) or that kuberc
    /// does not allow, 124 for one
    /// that timed out (as `timeout` does), 128 and the number for a signal, 2 for wrong settings.
    pub fn exit_code(&self) -> u8 {
        let by_signal = |signal: i32| u8::try_from(128 + signal).unwrap_or(u8::MAX);
        match self {
            Self::Variable { .. } | Self::ExecInfo { .. } => 2,
            Self::Policy(error) => error.exit_code(),
            Self::Start { problem, .. } => match problem {
                StartProblem::NotFound { .. } | StartProblem::InWorkingDirectory { .. } => 127,
                _ => 126,
            },
            Self::Failed {
                end: End::Code(code),
                ..
            } => u8::try_from(*code).unwrap_or(1),
            Self::Failed {
                end: End::Signal(signal),
                ..
            }
            | Self::Interrupted { signal } => by_signal(*signal),
            Self::TimedOut { .. } => 124,
            Self::Answer { .. } | Self::WantsTerminal { .. } | Self::NoStore { .. } => 1,
            Self::Shared { failure, .. } => failure.exit_code,
        }
    }

    /// What the kubeconfig says to do where the plugin is missing.
    pub fn install_hint(&self) -> Option<&str> {
        match self {
            Self::Start { hint, .. } => hint.as_deref(),
            _ => None,
        }
    }

    /// Whether this process was told to end.
    pub(crate) fn is_interruption(&self) -> bool {
        matches!(self, Self::Interrupted { .. })
    }

    /// What the processes that wait for the same answer may know; `None` where the failure is
    /// this process's own matter.
    pub(crate) fn failure(&self) -> Option<Failure> {
        let class = match self {
            Self::Start { .. } => FailureClass::Start,
            Self::Failed { .. } => FailureClass::End,
            Self::TimedOut { .. } => FailureClass::Timeout,
            Self::WantsTerminal { .. } => FailureClass::Terminal,
            Self::Answer { .. } => FailureClass::Answer,
            _ => return None,
        };
        let exit_code = self.exit_code();
        Some(Failure { class, exit_code })
    }
}
