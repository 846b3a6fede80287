//! How far a container's log was read, whoever reads it.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Mutex;
use tokio::time::Instant;

use crate::lines::LogLine;
use crate::position::Position;

/// The one task that reads a log holds it. A Pod that leaves the selection and comes back is read on by another
/// task, which begins when the one before has ended.
pub(crate) type Kept = Arc<Mutex<Progress>>;

pub(crate) struct Progress {
    pub(crate) start: Start,
    pub(crate) position: Position,
    /// The instance of which something was read.
    pub(crate) instance: Option<i32>,
    /// What stood behind the last line feed when the last stream ended.
    pub(crate) rest: Option<LogLine>,
}

/// From where on a log is read at first.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Start {
    Beginning,
    /// Lines that were as old as this at that moment.
    Since(Duration, Instant),
}

impl Progress {
    /// Nothing was read yet.
    pub(crate) fn new(start: Start) -> Self {
        Self {
            start,
            position: Position::default(),
            instance: None,
            rest: None,
        }
    }
}
