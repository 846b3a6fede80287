//! Plugin runs: at most one at a time for each key, with a time limit, and signals passed on.

// Which of them never prompt.
mod noninteractive;
// Who may run one.
mod failure;
mod wait;
mod record;
mod key_lock;
mod run_lock;
// A run.
mod error;
mod signals;
mod stderr;
mod life;
mod run;

pub use error::{End, PluginError, StartProblem};
pub use failure::{Failure, FailureClass};
pub(crate) use key_lock::{Attempt, KeyLock};
pub(crate) use noninteractive::never_prompts;
pub(crate) use run::Plugin;
pub(crate) use run_lock::RunLock;
pub use signals::ending_signals;
pub(crate) use wait::Wait;
