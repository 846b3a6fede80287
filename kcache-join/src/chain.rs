//! One relation after another.

use kcache::{Object, Publisher};

use crate::join::Join;
use crate::key_join::KeyJoin;
use crate::selector_join::SelectorJoin;

/// What two operators have in common: they join two publishers.
pub trait Relation<S: Object, T: Object> {
    /// Joins two publishers.
    fn join(&self, sources: &Publisher<S>, targets: &Publisher<T>) -> Join<S, T>;
}

impl<S: Object, T: Object> Relation<S, T> for SelectorJoin<S> {
    fn join(&self, sources: &Publisher<S>, targets: &Publisher<T>) -> Join<S, T> {
        self.join(sources, targets)
    }
}

impl<S: Object, T: Object> Relation<S, T> for KeyJoin<S, T> {
    fn join(&self, sources: &Publisher<S>, targets: &Publisher<T>) -> Join<S, T> {
        self.join(sources, targets)
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
}
