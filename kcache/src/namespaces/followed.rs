//! What is followed.

use std::collections::BTreeMap;
use std::sync::Arc;

use tokio::sync::watch;

use crate::informer::Informer;
use crate::object::Object;
use crate::reshard::Reshard;
use crate::shard::Shard;
use crate::status::Phase;
use crate::sync::{Mutex, lock};
use crate::wait::Follower;

/// What is followed, for the one who merges it and for all who ask about it.
pub(super) struct Parts<V: Object> {
    pub(super) followed: Mutex<Followed<V>>,
}

/// What is followed of which namespaces.
pub(super) struct Followed<V: Object> {
    pub(super) by_name: BTreeMap<Arc<str>, Part<V>>,
    /// What of each, those that are yet to come, too. `None` if that was never said.
    pub(super) shard: Option<Shard>,
}

/// One namespace.
pub(super) struct Part<V: Object> {
    pub(super) informer: Informer<V>,
    /// Through with what the whole has of it.
    pub(super) merged: Follower,
}

impl<V: Object> Parts<V> {
    pub(super) fn new(shard: Option<Shard>) -> Self {
        let by_name = BTreeMap::new();
        Self {
            followed: Mutex::new(Followed { by_name, shard }),
        }
    }

    pub(super) fn shard(&self) -> Shard {
        lock(&self.followed).shard.clone().unwrap_or_default()
    }

    /// Follows another shard. `whole` is what becomes of the merged set.
    pub(super) fn reshard(&self, shard: Shard, whole: &watch::Receiver<Phase>) -> Reshard {
        let mut followed = lock(&self.followed);
        let all = Reshard::all(followed.by_name.values().map(|part| {
            let reshard = part.informer.reshard(shard.clone());
            reshard.merged(&part.merged, whole)
        }));
        followed.shard = Some(shard);
        all
    }
}
