//! Another shard while it runs.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::sharding::Place;
use super::{Reflector, Step};
use crate::codec::Codec;
use crate::counts::Relist;
use crate::error::Error;
use crate::feed::Input;
use crate::object::Object;
use crate::seeded_fault;
use crate::shard::Shard;

impl<V: Object, C: Codec<V>> Reflector<V, C> {
    /// Waits until another shard is asked for.
    pub(super) async fn rest(&mut self) -> Result<Step, Error> {
        self.sharding.requests.asked().await;
        Ok(Step::Rest)
    }

    /// What comes next, also if another shard is asked for by now.
    pub(super) async fn take_shard(&mut self, next: Step) -> Result<Step, Error> {
        match self.sharding.requests.take() {
            Some(shard) => self.reshard(shard, next).await,
            None => Ok(next),
        }
    }

    /// Lets go what is outside of a shard, before anything else, and says how to come by what is in it.
    async fn reshard(&mut self, shard: Shard, next: Step) -> Result<Step, Error> {
        tracing::debug!(%shard, "another shard is followed");
        // A watch has brought it of what stays, too.
        self.sink.flush()?;
        self.target.set_shard(shard);
        let place = self.sharding.follow::<V>(&self.target);
        self.sink.sharded(self.sharding.by_server());
        let unknown = Arc::new(AtomicBool::new(false));
        let is_unknown = unknown.clone();
        let keeps = move |object: &V| {
            let place = place(object);
            is_unknown.fetch_or(place == Place::Unknown, Ordering::Relaxed);
            place != Place::Outside || seeded_fault::LateRelease.strikes()
        };
        self.sink.keep_only(keeps).await?;
        if unknown.load(Ordering::Relaxed) {
            self.sharding.unknown();
        } else {
            self.sharding.requests.released();
        }
        if self.target.is_nothing() {
            self.sink.put(Input::Restart);
            self.sink.put(Input::Synced(None));
            self.sink.flush()?;
            self.complete();
            return Ok(Step::Rest);
        }
        let goes_on = self.versions.seen().is_some() && !self.sink.has_bad();
        if goes_on && self.sharding.goes_on(next == Step::Watch) {
            // What is there was listed before.
            self.sharding.requests.ready();
            return Ok(Step::Watch);
        }
        self.trouble.get_or_insert(Relist::Resharded);
        Ok(Step::Stream)
    }

    /// All that is in the shard is there.
    pub(super) fn complete(&mut self) {
        let sink = &self.sink;
        self.sharding.listed(|key| sink.has(key));
    }
}
