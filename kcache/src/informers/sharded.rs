//! Another shard for all.

use super::Informers;
use crate::reshard::{Reshard, Sharded};
use crate::shard::Shard;
use crate::sync::lock;

impl Informers {
    /// Follows another shard from now on, in all that run and in those that are yet to start, but for kinds that
    /// have [one of their own](crate::KindOptions::shard): as
    /// [`Informer::reshard`](crate::Informer::reshard), of all at once. What is read through this sees
    /// nothing of what is outside.
    ///
    /// # Example
    ///
    /// ```no_run
    /// use kcache::{Informers, KindOptions, Shard};
    ///
    /// # async fn example(client: kube::Client) -> Result<(), kcache::ReshardError> {
    /// let informers = Informers::builder(client)
    ///     .all_kinds(KindOptions::new().shard(Shard::nothing()))
    ///     .build();
    /// // Once it is known which part is ours:
    /// informers.reshard(Shard::of(0, 2).by_namespace()).ready().await?;
    /// # Ok(()) }
    /// ```
    pub fn reshard(&self, shard: Shard) -> Reshard {
        let wanted = |shard| *lock(&self.0.shard) = Some(shard);
        self.0.running.reshard(shard, wanted)
    }
}

impl Sharded for Informers {
    fn reshard(&self, shard: Shard) -> Reshard {
        Informers::reshard(self, shard)
    }
}
