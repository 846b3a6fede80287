//! What a subscription gives in one piece.

use std::sync::Arc;

use crate::event::Change;
use crate::object::Object;
use crate::status::Phase;
use crate::store::Snapshot;

/// What waited for a subscription, as one net change a key, and where its publisher stood before
/// any of what is not in it.
#[derive(Debug)]
#[non_exhaustive]
pub struct Batch<V: Object> {
    /// The newest commit that is in it.
    pub commit: u64,
    /// The server incarnation that this commit is of.
    pub incarnation: u64,
    /// What the publisher was doing. All that it had committed by then is in this batch or in
    /// earlier ones.
    pub phase: Phase,
    /// The changes: deletes, updates, creates.
    pub changes: Vec<Change<V>>,
    /// The publisher's state after these changes, for
    /// [`Writer::commit_part`](crate::Writer::commit_part): only of a subscription by
    /// [`batches`](crate::Subscription::batches). What it may be ahead by, the filter leaves out. There
    /// an object that was gone in between and is back is a change, whose two sides are the same.
    pub snapshot: Option<Snapshot<V>>,
}

/// The state that a subscription starts with.
#[derive(Debug)]
#[non_exhaustive]
pub struct Start<V: Object> {
    /// The newest commit that is in it.
    pub commit: u64,
    /// The server incarnation that this commit is of.
    pub incarnation: u64,
    /// What the publisher was doing, as in a [`Batch`].
    pub phase: Phase,
    /// The objects.
    pub objects: Vec<Arc<V>>,
    /// The publisher's state, as in a [`Batch`].
    pub snapshot: Option<Snapshot<V>>,
}

/// A start as the batch that brings it: whoever takes batches had nothing before.
impl<V: Object> From<Start<V>> for Batch<V> {
    fn from(start: Start<V>) -> Self {
        let Start {
            commit,
            incarnation,
            phase,
            objects,
            snapshot,
        } = start;
        Self {
            commit,
            incarnation,
            phase,
            changes: objects.into_iter().map(Change::created).collect(),
            snapshot,
        }
    }
}
