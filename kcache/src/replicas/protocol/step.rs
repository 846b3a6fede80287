//! What a replica does, and what comes of it.

use std::sync::Arc;
use std::time::Duration;

use super::entry::Entry;
use crate::replicas::slots::Slots;

/// A moment of the replica's own clock.
pub(crate) type Moment = Duration;

/// What is to be done next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// Nothing until something happens, or until this moment.
    Wait(Moment),
    /// A consistent list of the Leases of the group.
    List,
    /// Make the Lease, without claims.
    Create,
    /// Replace the Lease, if it still has this version.
    Replace { version: Arc<str>, claims: Slots },
    /// Delete a Lease, if it still has this version.
    Delete { name: Arc<str>, version: Arc<str> },
    /// There is no Lease of this replica any longer, and there shall be none.
    Left,
}

/// What came of a request.
#[derive(Clone, Debug)]
pub(crate) enum Answer {
    /// The Lease has been made or replaced, and has this version.
    Written(Arc<str>),
    Listed(Vec<Entry>),
    Deleted,
    /// It has another version, or none, or there is one already.
    Conflict,
    /// No answer, or a refusal: it may have been done all the same.
    Failed,
}
