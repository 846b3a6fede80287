//! One relation after another.

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use kcache::{Object, Publisher};

use crate::join::Join;
use crate::key_join::KeyJoin;
use crate::selector_join::SelectorJoin;
use crate::through::{ChainLookups, Link, Steps};

/// What two operators have in common: they join two publishers.
pub trait Relation<S: Object, T: Object> {
    /// Joins two publishers.
    fn join(&self, sources: &Publisher<S>, targets: &Publisher<T>) -> Join<S, T>;

    #[doc(hidden)]
    fn join_linked(
        &self,
        sources: &Publisher<S>,
        targets: &Publisher<T>,
        link: Link<S, T>,
    ) -> Join<S, T>;
}

impl<S: Object, T: Object> Relation<S, T> for SelectorJoin<S> {
    fn join(&self, sources: &Publisher<S>, targets: &Publisher<T>) -> Join<S, T> {
        self.join(sources, targets)
    }

    fn join_linked(
        &self,
        sources: &Publisher<S>,
        targets: &Publisher<T>,
        link: Link<S, T>,
    ) -> Join<S, T> {
        self.start(sources, targets, Some(link))
    }
}

impl<S: Object, T: Object> Relation<S, T> for KeyJoin<S, T> {
    fn join(&self, sources: &Publisher<S>, targets: &Publisher<T>) -> Join<S, T> {
        self.join(sources, targets)
    }

    fn join_linked(
        &self,
        sources: &Publisher<S>,
        targets: &Publisher<T>,
        link: Link<S, T>,
    ) -> Join<S, T> {
        self.start(sources, targets, Some(link))
    }
}

/// Two relations, one after the other: the targets of what the sources relate to.
///
/// # Example
///
/// The Pods that Services of Ingresses select:
///
/// ```
/// # use k8s_openapi::api::core::v1::{Pod, Service};
/// # use k8s_openapi::api::networking::v1::Ingress;
/// use kcache_join::{Chain, relations};
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), kcache::Error> {
/// # let (ingresses, mut ingress_feed) = kcache::feed::<Ingress>();
/// # let (services, mut service_feed) = kcache::feed::<Service>();
/// # let (pods, mut pod_feed) = kcache::feed::<Pod>();
/// let relation = Chain::new(relations::ingress_services(), relations::service_pods());
/// let behind = relation.join(&ingresses, &services, &pods);
/// # ingress_feed.relist([], None)?;
/// # service_feed.relist([], None)?;
/// # pod_feed.relist([], None)?;
/// behind.ready().await?;
/// # Ok(()) }
/// ```
#[derive(Clone, Debug)]
pub struct Chain<A, B> {
    first: A,
    second: B,
}

impl<A, B> Chain<A, B> {
    /// A relation by two others.
    pub fn new(first: A, second: B) -> Self {
        Self { first, second }
    }

    /// Joins three publishers. What the sources relate to in `between` is a join of its own, which the
    /// result keeps, and which closes with it.
    pub fn join<S: Object, M: Object, T: Object>(
        &self,
        sources: &Publisher<S>,
        between: &Publisher<M>,
        targets: &Publisher<T>,
    ) -> Join<M, T>
    where
        A: Relation<S, M>,
        B: Relation<M, T>,
    {
        self.second
            .join(&self.first.join(sources, between), targets)
    }

    /// Joins three publishers, and keeps who holds what from end to end, to be looked up: see
    /// [`ChainJoin::lookups`].
    pub fn join_with_lookups<S: Object, M: Object, T: Object>(
        &self,
        sources: &Publisher<S>,
        between: &Publisher<M>,
        targets: &Publisher<T>,
    ) -> ChainJoin<S, M, T>
    where
        A: Relation<S, M>,
        B: Relation<M, T>,
    {
        let steps = Steps::new();
        let first = self.first.join_linked(sources, between, steps.first());
        let join = self.second.join_linked(&first, targets, steps.second());
        ChainJoin { join, steps }
    }
}

/// The join that a chain of two relations makes, of which it can be looked up which source holds which target
/// through both. It is the [`Join`] of the second relation.
pub struct ChainJoin<S: Object, M: Object, T: Object> {
    join: Join<M, T>,
    steps: Arc<Steps<S, M, T>>,
}

impl<S: Object, M: Object, T: Object> ChainJoin<S, M, T> {
    /// Which sources hold a target, and which targets a source holds, from one end of the chain to the other.
    /// This is the newest state of both relations that fit together, read without a lock: it is as new as any
    /// event that was taken from the join. Empty before the join is ready; what was last known after it has
    /// ended.
    ///
    /// # Example
    ///
    /// Which Pods are behind an Ingress:
    ///
    /// ```
    /// # use k8s_openapi::api::core::v1::{Pod, Service};
    /// # use k8s_openapi::api::networking::v1::Ingress;
    /// use kcache::Key;
    /// use kcache_join::relations;
    /// # use serde_json::json;
    /// # fn read<V: serde::de::DeserializeOwned>(value: serde_json::Value) -> V {
    /// #     serde_json::from_value(value).expect("an object")
    /// # }
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), kcache::Error> {
    /// # let (ingresses, mut ingress_feed) = kcache::feed::<Ingress>();
    /// # let (services, mut service_feed) = kcache::feed::<Service>();
    /// # let (pods, mut pod_feed) = kcache::feed::<Pod>();
    /// # let labels = json!({"app": "web"});
    /// # let backend = json!({"service": {"name": "web", "port": {"number": 80}}});
    /// # let ingress = read(json!({"metadata": {"namespace": "shop", "name": "front"}, "spec": {"defaultBackend": backend}}));
    /// # let service = read(json!({"metadata": {"namespace": "shop", "name": "web"}, "spec": {"selector": labels}}));
    /// # let pod = read(json!({"metadata": {"namespace": "shop", "name": "web-1", "labels": labels}}));
    /// # ingress_feed.relist([ingress], None)?;
    /// # service_feed.relist([service], None)?;
    /// # pod_feed.relist([pod], None)?;
    /// let behind = relations::ingress_pods().join_with_lookups(&ingresses, &services, &pods);
    /// behind.ready().await?;
    /// let now = behind.lookups();
    /// assert_eq!(now.targets_of(&Key::new("shop", "front")).len(), 1);
    /// assert_eq!(now.sources_of(&Key::new("shop", "web-1")).len(), 1);
    /// # Ok(()) }
    /// ```
    pub fn lookups(&self) -> Arc<ChainLookups<S, M, T>> {
        self.steps.newest.load_full()
    }
}

impl<S: Object, M: Object, T: Object> Deref for ChainJoin<S, M, T> {
    type Target = Join<M, T>;

    fn deref(&self) -> &Join<M, T> {
        &self.join
    }
}

impl<S: Object, M: Object, T: Object> Clone for ChainJoin<S, M, T> {
    fn clone(&self) -> Self {
        let (join, steps) = (self.join.clone(), self.steps.clone());
        Self { join, steps }
    }
}

impl<S: Object, M: Object, T: Object> fmt::Debug for ChainJoin<S, M, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ChainJoin")
            .field("join", &self.join)
            .finish_non_exhaustive()
    }
}
