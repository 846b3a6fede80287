//! A publisher as the store and the triggers of a controller.

use std::collections::VecDeque;
use std::hash::Hash;
use std::sync::Arc;

use futures_core::Stream;
use futures_util::stream;
use kube::Resource;
use kube::runtime::reflector::{Store, store::Writer};
use kube::runtime::watcher;

use super::shared::Shared;
use crate::event::Change;
use crate::object::Object;
use crate::publisher::Publisher;
use crate::subscription::{Aspects, SubscribeOptions, Subscription};

impl<K> Publisher<K>
where
    K: Resource<DynamicType: Clone + Eq + Hash> + Clone + Object,
{
    /// What `Controller::for_shared_stream` takes: the objects that are created or changed, and the store
    /// of kube's that a controller reads them from. The store is filled while the stream is read, and an
    /// object is in it before it comes out of the stream.
    ///
    /// The objects are those of the publisher, not copies. When the publisher is closed the stream ends;
    /// a controller that should end with it is told so by `graceful_shutdown_on`.
    ///
    /// # Example
    ///
    /// ```
    /// # use std::sync::Arc;
    /// # use k8s_openapi::api::core::v1::ConfigMap;
    /// use futures_util::StreamExt;
    /// use kube::runtime::reflector::ObjectRef;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let (maps, mut feed) = kcache::feed::<ConfigMap>();
    /// # let map: ConfigMap = serde_json::from_str(r#"{"metadata": {"name": "a", "namespace": "shop"}}"#)?;
    /// feed.relist([map], None)?;
    ///
    /// let (triggers, store) = maps.reflect();
    /// let mut triggers = std::pin::pin!(triggers);
    /// assert!(triggers.next().await.is_some());
    /// let there = store.get(&ObjectRef::new("a").within("shop")).ok_or("nothing")?;
    /// let here = maps.cache().get("shop", "a").ok_or("nothing")?;
    /// assert!(Arc::ptr_eq(&there.object(), &here));
    /// # Ok(()) }
    /// ```
    pub fn reflect(
        &self,
    ) -> (
        impl Stream<Item = Arc<Shared<K>>> + Send + use<K>,
        Store<Shared<K>>,
    )
    where
        K::DynamicType: Default,
    {
        self.reflect_with(SubscribeOptions::default(), K::DynamicType::default())
    }

    /// The same with a filter, aspects, or a kind that is known at run time. What the filter leaves out is not
    /// reconciled and not in the store. Updates that change none of the
    /// [aspects](SubscribeOptions::changes_of) trigger nothing, and are in the store.
    pub fn reflect_with(
        &self,
        mut options: SubscribeOptions<K>,
        dyntype: K::DynamicType,
    ) -> (
        impl Stream<Item = Arc<Shared<K>>> + Send + use<K>,
        Store<Shared<K>>,
    ) {
        let aspects = std::mem::take(&mut options.aspects);
        let writer = Writer::new(dyntype);
        let store = writer.as_reader();
        let reflection = Reflection {
            subscription: self.subscribe_options(options),
            aspects,
            writer,
            triggers: VecDeque::new(),
            started: false,
        };
        (stream::unfold(reflection, Reflection::next), store)
    }
}

/// Fills a store of kube's with what a subscription brings.
struct Reflection<K: Resource<DynamicType: Clone + Eq + Hash> + Clone + Object> {
    subscription: Subscription<K>,
    /// Which updates trigger; all if there are none.
    aspects: Aspects,
    writer: Writer<Shared<K>>,
    /// What is in the store and was not handed out.
    triggers: VecDeque<Arc<Shared<K>>>,
    /// The store has the state that the subscription begins with.
    started: bool,
}

impl<K: Resource<DynamicType: Clone + Eq + Hash> + Clone + Object> Reflection<K> {
    async fn next(mut self) -> Option<(Arc<Shared<K>>, Self)> {
        loop {
            if let Some(object) = self.triggers.pop_front() {
                return Some((object, self));
            }
            if self.started {
                let batch = self.subscription.next_batch().await?;
                batch
                    .changes
                    .into_iter()
                    .for_each(|change| self.take(change));
            } else {
                let start = self.subscription.snapshot().await.ok()?;
                self.begin(start.objects);
            }
        }
    }

    fn begin(&mut self, objects: Vec<Arc<K>>) {
        self.started = true;
        self.apply(&watcher::Event::Init);
        for object in objects {
            let object = Shared::new(object);
            self.triggers.push_back(Arc::new(object.clone()));
            self.apply(&watcher::Event::InitApply(object));
        }
        self.apply(&watcher::Event::InitDone);
    }

    fn take(&mut self, Change { old, new }: Change<K>) {
        match (old, new) {
            (old, Some(new)) => {
                let new = Shared::new(new);
                if old.is_none_or(|old| self.aspects.trigger(&*old, &*new)) {
                    self.triggers.push_back(Arc::new(new.clone()));
                }
                self.apply(&watcher::Event::Apply(new));
            }
            (Some(_), None) if crate::seeded_fault::KeepReflected.strikes() => {}
            (Some(old), None) => self.apply(&watcher::Event::Delete(Shared::new(old))),
            (None, None) => {}
        }
    }

    fn apply(&mut self, event: &watcher::Event<Shared<K>>) {
        self.writer.apply_watcher_event(event);
    }
}
