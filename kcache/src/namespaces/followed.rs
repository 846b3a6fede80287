//! What is followed.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::informer::Informer;
use crate::object::Object;
use crate::sync::{Mutex, lock};
use crate::wait::{Follower, Parts};

/// What is followed, by namespace.
pub(super) type Followed<V> = Arc<Mutex<BTreeMap<Arc<str>, Part<V>>>>;

/// One namespace.
pub(super) struct Part<V: Object> {
    pub(super) informer: Informer<V>,
    /// Through with what the whole has of it.
    pub(super) merged: Follower,
}

/// How far the whole is with each namespace; gone when it is closed.
pub(super) struct Waits<V: Object>(pub(super) Followed<V>);

impl<V: Object> Parts for Waits<V> {
    fn followers(&self) -> Vec<Follower> {
        let parts = lock(&self.0);
        parts.values().map(|part| part.merged.clone()).collect()
    }
}
