//! The informers that have the shard of a replica.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::sleep;

use crate::reshard::{Reshard, ReshardError, Sharded};
use crate::shard::Shard;
use crate::sync::{Mutex, lock};

/// All that follow, and what they follow.
#[derive(Default)]
pub(super) struct Followers(Mutex<Inner>);

struct Inner {
    shard: Shard,
    all: Vec<Arc<dyn Sharded>>,
}

impl Default for Inner {
    fn default() -> Self {
        let shard = Shard::nothing();
        Self { shard, all: vec![] }
    }
}

impl Followers {
    /// One more, which gets what the others have.
    pub(super) fn add(&self, informer: Arc<dyn Sharded>) {
        let mut inner = lock(&self.0);
        informer.reshard(inner.shard.clone());
        inner.all.push(informer);
    }

    /// All get another shard.
    pub(super) fn reshard(&self, shard: &Shard) {
        let mut inner = lock(&self.0);
        if inner.shard == *shard {
            return;
        }
        inner.shard = shard.clone();
        for informer in &inner.all {
            informer.reshard(shard.clone());
        }
    }

    /// Waits until none has anything that is outside of the shard, or of one that it was given since.
    pub(super) async fn released(&self) {
        let all = lock(&self.0).all.clone();
        for informer in all {
            loop {
                // The same shard once more is the same request.
                let reshard: Reshard = {
                    let inner = lock(&self.0);
                    informer.reshard(inner.shard.clone())
                };
                match reshard.released().await {
                    Ok(()) => break,
                    Err(ReshardError::Overtaken) => sleep(Duration::from_millis(1)).await,
                    Err(_) => {
                        self.forget(&informer);
                        break;
                    }
                }
            }
        }
    }

    /// What is closed follows nothing.
    fn forget(&self, closed: &Arc<dyn Sharded>) {
        let mut inner = lock(&self.0);
        inner.all.retain(|informer| !Arc::ptr_eq(informer, closed));
    }

    pub(super) fn clear(&self) {
        lock(&self.0).all.clear();
    }
}
