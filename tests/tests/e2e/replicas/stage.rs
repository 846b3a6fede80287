//! What the trials have in common: how long things last.

use std::time::Duration;

/// A limit that only a hang reaches.
pub(super) const PATIENCE: Duration = Duration::from_secs(240);
/// Short, so that a test need not wait for long.
pub(super) const LEASE: Duration = Duration::from_secs(3);
pub(super) const RENEW: Duration = Duration::from_secs(2);
pub(super) const RETRY: Duration = Duration::from_millis(400);
