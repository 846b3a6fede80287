//! Reading a publisher's state.

use std::fmt;
use std::sync::Arc;

use crate::filter::Filter;
use crate::object::{Key, Object};
use crate::publisher::Publisher;
use crate::store::{Snapshot, State, clones};

/// The objects of a publisher, or those that a subscription's filter lets in.
///
/// It keeps its publisher alive, as a subscription does, so one that is taken from a temporary goes on.
/// Reads take the newest state and hold no lock: they never wait for a writer, and no writer waits
/// for them. Two calls may read two states; [`snapshot`](Self::snapshot) is one state for several
/// reads. Reads work before the publisher is ready, when it is degraded and after it is closed, and
/// then give what was last known: see [`Publisher::status`](crate::Publisher::status).
///
/// # Example
///
/// ```
/// # use k8s_openapi::api::core::v1::ConfigMap;
/// # use kube::core::ObjectMeta;
/// # fn map(namespace: &str, name: &str) -> ConfigMap {
/// #     let (namespace, name) = (Some(namespace.into()), Some(name.into()));
/// #     ConfigMap { metadata: ObjectMeta { namespace, name, ..Default::default() }, ..Default::default() }
/// # }
/// let (maps, mut feed) = kcache::feed();
/// feed.relist([map("b", "x"), map("a", "y"), map("a", "x")], None)?;
/// let cache = maps.cache();
/// assert!(cache.get("a", "x").is_some() && cache.get("a", "z").is_none());
/// assert_eq!(cache.list_namespace("a").len(), 2);
/// assert_eq!(cache.keys().iter().map(ToString::to_string).collect::<Vec<_>>(), ["a/x", "a/y", "b/x"]);
/// # Ok::<(), kcache::Error>(())
/// ```
pub struct Cache<V: Object> {
    publisher: Publisher<V>,
    /// Only for what is read through a subscription.
    filter: Option<Filter<V>>,
}

impl<V: Object> Publisher<V> {
    /// What can be read.
    pub fn cache(&self) -> Cache<V> {
        Cache::new(self.clone(), None)
    }
}

impl<V: Object> Cache<V> {
    pub(crate) fn new(publisher: Publisher<V>, filter: Option<Filter<V>>) -> Self {
        Self { publisher, filter }
    }

    fn state(&self) -> Arc<State<V>> {
        self.publisher.core().state.load_full()
    }

    /// The object of this name; the namespace is empty for a cluster-scoped one.
    pub fn get(&self, namespace: &str, name: &str) -> Option<Arc<V>> {
        let found = self
            .publisher
            .core()
            .state
            .load()
            .get(namespace, name)
            .cloned();
        found.filter(|object| self.accepts(object))
    }

    /// The object now stored under the key of this one: its newest version.
    pub fn get_object(&self, object: &V) -> Option<Arc<V>> {
        self.get(object.namespace().unwrap_or_default(), object.name())
    }

    /// All objects, ordered by namespace and name.
    pub fn list(&self) -> Vec<Arc<V>> {
        let state = self.state();
        self.collect(state.iter())
    }

    /// The objects of one namespace, ordered by name.
    pub fn list_namespace(&self, namespace: &str) -> Vec<Arc<V>> {
        let state = self.state();
        self.collect(state.in_namespace(namespace))
    }

    /// The keys of all objects, in order.
    pub fn keys(&self) -> Vec<Key> {
        let state = self.state();
        let accepted = state.iter().filter(|object| self.accepts(object));
        accepted.map(|object| Key::of(&**object)).collect()
    }

    /// How many objects there are. With a filter, each is looked at.
    pub fn len(&self) -> usize {
        let state = self.state();
        if self.filter.is_none() {
            return state.len();
        }
        let all = state.unordered();
        all.filter(|object| self.accepts(object)).count()
    }

    /// True if there is no object.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The publisher's newest state, for several reads of one commit. It is not narrowed by a
    /// subscription's filter.
    pub fn snapshot(&self) -> Snapshot<V> {
        Snapshot(self.state())
    }

    fn accepts(&self, object: &V) -> bool {
        self.filter
            .as_ref()
            .is_none_or(|filter| filter.accepts(object))
    }

    fn collect<'a>(&self, all: impl Iterator<Item = &'a Arc<V>>) -> Vec<Arc<V>> {
        clones(all.filter(|object| self.accepts(object)))
    }
}

impl<V: Object> Clone for Cache<V> {
    fn clone(&self) -> Self {
        Self {
            publisher: self.publisher.clone(),
            filter: self.filter.clone(),
        }
    }
}

impl<V: Object> fmt::Debug for Cache<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cache")
            .field("filter", &self.filter)
            .finish_non_exhaustive()
    }
}
