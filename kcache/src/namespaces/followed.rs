//! What is followed.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::informer::Informer;
use crate::object::Object;
use crate::sync::Mutex;
use crate::wait::Follower;

/// What is followed, by namespace.
pub(super) type Followed<V> = Arc<Mutex<BTreeMap<Arc<str>, Part<V>>>>;

/// One namespace.
pub(super) struct Part<V: Object> {
    pub(super) informer: Informer<V>,
    /// Through with what the whole has of it.
    pub(super) merged: Follower,
}
