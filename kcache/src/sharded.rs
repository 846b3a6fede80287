//! Informers of a shard, and another shard while they run.

use crate::informer::{Informer, InformerBuilder};
use crate::object::Object;
use crate::reshard::{Reshard, Sharded};
use crate::shard::Shard;

impl<V: Object, C> InformerBuilder<V, C> {
    /// Only the objects of a shard. The server is asked for no more (`shardSelector`, KEP-5866: Kubernetes 1.36
    /// with the feature gate `ShardedListAndWatch`, which is alpha), and what it sends all the same is left out
    /// before it is decoded: older servers send everything, and so may an aggregated one.
    /// [`Status::sharded_by_server`](crate::Status::sharded_by_server) says what is known of it.
    ///
    /// It goes beside [`labels`](Self::labels), [`fields`](Self::fields) and namespaces: an object has to
    /// match all of them. Of [`Shard::nothing`] no request is sent, and the informer is live and empty at once. The
    /// shard can be changed while it runs: [`Informer::reshard`].
    ///
    /// # Example
    ///
    /// ```no_run
    /// # use k8s_openapi::api::core::v1::Pod;
    /// use kcache::{Informer, Shard};
    ///
    /// # async fn example(client: kube::Client) -> Result<(), Box<dyn std::error::Error>> {
    /// let pods = Informer::<Pod>::builder(client).shard(Shard::of(0, 3)).start(); // a third of all
    /// pods.ready().await?;
    /// # Ok(()) }
    /// ```
    pub fn shard(mut self, shard: Shard) -> Self {
        self.target.set_shard(shard);
        self
    }
}

impl<V: Object> Informer<V> {
    /// Follows another shard from now on, as if it had been given to
    /// [`InformerBuilder::shard`]. It returns at once, and two steps follow, which the result waits for:
    ///
    /// 1. What is outside of the new shard goes: its deletes are one commit, before anything is requested, so
    ///    also while the server is away.
    /// 2. What is new is listed, and comes as one commit of creates, with what changed meanwhile in what
    ///    stays. What did not change is neither decoded again nor an event, and nothing of what stays is
    ///    missing at any time. If the new shard is within the old one nothing has to be listed.
    ///
    /// If another shard is asked for before that is done, the last one counts, and the earlier waits end with
    /// [`ReshardError::Overtaken`](crate::ReshardError::Overtaken). If it is the shard that it has already, nothing
    /// is done.
    ///
    /// The status stays as it is: an informer that is live is so while the new shard is listed, too.
    ///
    /// A stored form that does not answer its [`uid`](Object::uid) is known by what the server sent, if the
    /// informer was started [`with a shard`](InformerBuilder::shard), which may be [`Shard::whole`]. If not, the first
    /// list after this says what goes, and both steps are done then.
    ///
    /// # Example
    ///
    /// ```no_run
    /// # use k8s_openapi::api::core::v1::Pod;
    /// use kcache::{Informer, Shard};
    ///
    /// # async fn example(pods: Informer<Pod>) -> Result<(), kcache::ReshardError> {
    /// let reshard = pods.reshard(Shard::of(0, 4));
    /// reshard.released().await?; // others may have what it lost
    /// reshard.ready().await?; // what it gained is there
    /// # Ok(()) }
    /// ```
    pub fn reshard(&self, shard: Shard) -> Reshard {
        Reshard::of(self.control.ask(shard))
    }

    /// The shard that it follows, or is about to; [`Shard::whole`] if it was never given one.
    pub fn shard(&self) -> Shard {
        self.control.wanted()
    }
}

impl<V: Object> Sharded for Informer<V> {
    fn reshard(&self, shard: Shard) -> Reshard {
        Informer::reshard(self, shard)
    }
}
