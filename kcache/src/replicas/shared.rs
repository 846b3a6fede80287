//! What the handles of a replica and its task share.

use std::sync::Arc;

use tokio::sync::watch;
use tokio::time::Instant;

use super::followers::Followers;
use super::slots::Slots;
use super::status::ReplicasStatus;
use crate::reshard::Sharded;
use crate::shard::Shard;
use crate::sync::{Mutex, lock};

/// Until when which slots are owned.
#[derive(Clone, Copy, Default)]
pub(super) struct Ownership {
    pub(super) slots: Slots,
    pub(super) until: Option<Instant>,
}

/// What handles have. The task has its parts, so that it learns when the last handle goes.
pub(super) struct Shared {
    pub(super) identity: Arc<str>,
    pub(super) by_namespace: bool,
    pub(super) ownership: Arc<Mutex<Ownership>>,
    pub(super) followers: Arc<Followers>,
    pub(super) status: Arc<watch::Sender<ReplicasStatus>>,
    /// The task leaves when this says so, or has gone.
    pub(super) stop: watch::Sender<bool>,
}

impl Shared {
    pub(super) fn owned(&self) -> Slots {
        let Ownership { slots, until } = *lock(&self.ownership);
        match until {
            Some(until) if Instant::now() < until => slots,
            _ => Slots::NONE,
        }
    }

    pub(super) fn owns_hash(&self, hash: u64) -> bool {
        self.owned().has(Slots::of_hash(hash))
    }

    pub(super) fn shard_of(&self, slots: Slots) -> Shard {
        shard_of(slots, self.by_namespace)
    }

    pub(super) fn follow(&self, informer: Arc<dyn Sharded>) {
        self.followers.add(informer);
    }

    pub(super) fn leave(&self) {
        self.stop.send_replace(true);
    }
}

/// The objects of these slots.
pub(super) fn shard_of(slots: Slots, by_namespace: bool) -> Shard {
    let shard = Shard::ranges(slots.ranges());
    if by_namespace {
        shard.by_namespace()
    } else {
        shard
    }
}
