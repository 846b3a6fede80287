use serde::{Deserialize, Serialize};

/// What processes that requested the same credential at the same time learn of a failed plugin run.
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
    /// It wanted the terminal.
    #[error("it wanted the terminal")]
    Terminal,
    /// It printed no usable credential.
    #[error("it gave no usable credential")]
    #[serde(rename = "answer")]
    Output,
}
