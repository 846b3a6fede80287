//! How to subscribe.

use super::aspect::Aspects;
use crate::core::mailbox::{Overflow, QUEUE};
use crate::filter::Filter;
use crate::offload::MANY;

/// How to subscribe.
///
/// # Example
///
/// ```
/// # use k8s_openapi::api::core::v1::ConfigMap;
/// use kcache::{Overflow, SubscribeOptions};
/// # let (maps, _feed) = kcache::feed::<ConfigMap>();
/// let every_change = SubscribeOptions::default().queue(10_000).overflow(Overflow::End);
/// let audit = maps.subscribe_options(every_change);
/// # let _ = audit;
/// ```
#[derive(Debug)]
pub struct SubscribeOptions<V> {
    pub(crate) filter: Option<Filter<V>>,
    pub(crate) queue: usize,
    pub(crate) overflow: Overflow,
    pub(crate) aspects: Aspects,
    pub(crate) many: usize,
}

impl<V> Default for SubscribeOptions<V> {
    fn default() -> Self {
        Self {
            filter: Some(Filter::everything()),
            queue: QUEUE,
            overflow: Overflow::default(),
            aspects: Aspects::default(),
            many: MANY,
        }
    }
}

impl<V> SubscribeOptions<V> {
    /// Only what this filter lets in.
    #[must_use]
    pub fn filter(mut self, filter: Filter<V>) -> Self {
        self.filter = Some(filter);
        self
    }

    /// No filter until the first refilter.
    #[must_use]
    pub fn deferred(mut self) -> Self {
        self.filter = None;
        self
    }

    /// How many changes wait one by one; 256 by default, at least 1. One commit always has room.
    #[must_use]
    pub fn queue(mut self, length: usize) -> Self {
        self.queue = length.max(1);
        self
    }

    /// From how many objects on work is done in portions: a knob for tests, which have few.
    #[doc(hidden)]
    #[must_use]
    pub fn many(mut self, objects: usize) -> Self {
        self.many = objects;
        self
    }

    /// What happens to changes that the queue has no room for.
    #[must_use]
    pub fn overflow(mut self, overflow: Overflow) -> Self {
        self.overflow = overflow;
        self
    }

    /// An update is given only if one of these aspects differs between what the subscriber was last
    /// given and what is there now; said again, it adds more. Creates and deletes are always given, and
    /// so is another object of the same name. `old` stays the very object that was last given, so
    /// where updates are left out, those objects are kept for that long.
    ///
    /// It is about events only: [`cache`](crate::Subscription::cache) shows the newest state.
    ///
    /// # Example
    ///
    /// ```
    /// # use k8s_openapi::api::apps::v1::Deployment;
    /// use kcache::{Aspect, Event, SubscribeOptions};
    /// # fn deployment(generation: i64, version: &str) -> Deployment {
    /// #     let metadata = serde_json::json!({"name": "a", "generation": generation, "resourceVersion": version});
    /// #     serde_json::from_value(serde_json::json!({"metadata": metadata})).expect("a Deployment")
    /// # }
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), kcache::Error> {
    /// let (deployments, mut feed) = kcache::feed();
    /// let specs = SubscribeOptions::default().changes_of(Aspect::Generation | Aspect::Labels);
    /// let mut changes = deployments.subscribe_options(specs);
    /// feed.relist([deployment(1, "7")], None)?;
    /// feed.apply(deployment(1, "8"))?; // a new status
    /// feed.apply(deployment(2, "9"))?; // a new spec
    /// assert!(matches!(changes.next().await, Some(Event::Create { .. })));
    /// let update = changes.next().await.expect("an update");
    /// assert_eq!(format!("{update:?}"), "Update(a@9)");
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn changes_of(mut self, aspects: impl Into<Aspects>) -> Self {
        self.aspects = self.aspects | aspects;
        self
    }
}
