//! A publisher, read as a store of kube's.

use std::fmt;
use std::sync::Arc;

use kube::Resource;
use kube::core::{Selector, SelectorExt as _};
use kube::runtime::reflector::ObjectRef;

use crate::cache::Cache;
use crate::error::Error;
use crate::object::Object;
use crate::publisher::Publisher;
use crate::store::clones;

/// The objects of a publisher by the methods of [`kube::runtime::reflector::Store`], so that what
/// takes one is moved over by its type alone. It keeps the publisher alive, and holds no object.
///
/// What kube does under a lock happens here on one state, which nothing waits for.
///
/// # Example
///
/// ```
/// # use k8s_openapi::api::core::v1::ConfigMap;
/// use kcache::kube_runtime::Store;
/// use kube::runtime::reflector::ObjectRef;
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), kcache::Error> {
/// # let (maps, mut feed) = kcache::feed::<ConfigMap>();
/// # let map: ConfigMap = serde_json::from_str(r#"{"metadata": {"name": "a", "namespace": "shop"}}"#).expect("a map");
/// # feed.relist([map], None)?;
/// let store: Store<ConfigMap> = maps.store();
/// store.wait_until_ready().await?;
/// assert!(store.get(&ObjectRef::new("a").within("shop")).is_some());
/// assert!(store.find(|map| map.data.is_some()).is_none());
/// assert_eq!((store.len(), store.state().len()), (1, 1));
/// # Ok(()) }
/// ```
pub struct Store<K: Object> {
    publisher: Publisher<K>,
    cache: Cache<K>,
}

impl<K: Resource + Object> Publisher<K> {
    /// It, to be read as a store of kube's.
    pub fn store(&self) -> Store<K> {
        Store {
            publisher: self.clone(),
            cache: self.cache(),
        }
    }
}

impl<K: Resource + Object> Store<K> {
    /// Waits until there is a complete state. Unlike kube's it also ends if there never will be one.
    ///
    /// # Errors
    ///
    /// Why the publisher is closed.
    pub async fn wait_until_ready(&self) -> Result<(), Error> {
        self.publisher.ready().await
    }

    /// The object that is referred to. As kube's does, it takes a namespace that a cluster-scoped object
    /// does not have.
    pub fn get(&self, key: &ObjectRef<K>) -> Option<Arc<K>> {
        let namespace = key.namespace.as_deref().unwrap_or_default();
        let found = self.cache.get(namespace, &key.name);
        found.or_else(|| self.cache.get("", &key.name))
    }

    /// All objects.
    pub fn state(&self) -> Vec<Arc<K>> {
        self.cache.list()
    }

    /// An object that the predicate accepts, if there is one.
    pub fn find(&self, predicate: impl Fn(&K) -> bool) -> Option<Arc<K>> {
        let state = self.cache.snapshot();
        state.iter().find(|object| predicate(object)).cloned()
    }

    /// The objects that the predicate accepts.
    pub fn state_filter(&self, predicate: impl Fn(&K) -> bool) -> Vec<Arc<K>> {
        let state = self.cache.snapshot();
        clones(state.iter().filter(|object| predicate(object)))
    }

    /// The objects whose labels match the selector.
    pub fn state_filter_selector(&self, selector: &Selector) -> Vec<Arc<K>> {
        let none = std::collections::BTreeMap::new();
        self.state_filter(|object| {
            let labels = object.meta().labels.as_ref();
            selector.matches(labels.unwrap_or(&none))
        })
    }

    /// How many objects there are.
    pub fn len(&self) -> usize {
        self.cache.len()
    }

    /// True if there is no object.
    pub fn is_empty(&self) -> bool {
        self.cache.is_empty()
    }
}

impl<K: Object> Clone for Store<K> {
    fn clone(&self) -> Self {
        Self {
            publisher: self.publisher.clone(),
            cache: self.cache.clone(),
        }
    }
}

impl<K: Object> fmt::Debug for Store<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Store").field(&self.publisher).finish()
    }
}
