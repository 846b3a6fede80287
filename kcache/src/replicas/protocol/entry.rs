//! What members say in their Leases.

use std::sync::Arc;
use std::time::Duration;

use crate::replicas::slots::Slots;

/// What the Lease of a replica says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    /// The Lease's name, which is that of the member, too.
    pub(crate) name: Arc<str>,
    pub(crate) version: Arc<str>,
    /// Which process wrote it.
    pub(crate) instance: Arc<str>,
    pub(crate) duration: Duration,
    /// `None` if they cannot be read.
    pub(crate) claims: Option<Slots>,
}

impl Entry {
    /// What cannot be read may be anything.
    pub(super) fn claims(&self) -> Slots {
        self.claims.unwrap_or(Slots::ALL)
    }
}
