//! The state of a cache: immutable, replaced whole by each commit.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::ops::Bound;
use std::sync::Arc;

use equivalent::Equivalent;

use crate::event::Change;
use crate::object::{Key, KeyRef, Object};

/// One consistent state. Cloning it copies a few pointers, and two states share what they have in
/// common.
pub(crate) struct State<V> {
    pub(crate) moment: Moment,
    /// The newest commit of each input that this state has seen.
    pub(crate) input_commits: Arc<[u64]>,
    /// For gets: twice as fast as an ordered map.
    objects: imbl::HashMap<Stored<V>, ()>,
    /// For lists; an update leaves it alone.
    order: imbl::OrdSet<Key>,
}

/// An object as its own key, so that a node of the map holds one pointer for each and copying it
/// touches one count.
struct Stored<V>(Arc<V>);

impl<V> Clone for Stored<V> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<V: Object> Stored<V> {
    fn parts(&self) -> KeyRef<'_> {
        KeyRef(self.0.namespace().unwrap_or_default(), self.0.name())
    }
}

impl<V: Object> PartialEq for Stored<V> {
    fn eq(&self, other: &Self) -> bool {
        self.parts() == other.parts()
    }
}

impl<V: Object> Eq for Stored<V> {}

impl<V: Object> Hash for Stored<V> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.parts().hash(state);
    }
}

impl<V: Object> Equivalent<Stored<V>> for KeyRef<'_> {
    fn equivalent(&self, stored: &Stored<V>) -> bool {
        *self == stored.parts()
    }
}

impl<V> Default for State<V> {
    fn default() -> Self {
        Self {
            moment: Moment {
                commit: 0,
                incarnation: 1,
            },
            input_commits: Arc::default(),
            objects: imbl::HashMap::default(),
            order: imbl::OrdSet::default(),
        }
    }
}

impl<V> Clone for State<V> {
    fn clone(&self) -> Self {
        Self {
            moment: self.moment,
            input_commits: self.input_commits.clone(),
            objects: self.objects.clone(),
            order: self.order.clone(),
        }
    }
}

/// Where a state stands among those of its publisher.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Moment {
    pub(crate) commit: u64,
    pub(crate) incarnation: u64,
}

impl<V: Object> State<V> {
    pub(crate) fn get(&self, namespace: &str, name: &str) -> Option<&Arc<V>> {
        self.get_parts(KeyRef(namespace, name))
    }

    pub(crate) fn at(&self, key: &Key) -> Option<&Arc<V>> {
        self.get_parts(key.parts())
    }

    fn get_parts(&self, parts: KeyRef<'_>) -> Option<&Arc<V>> {
        let (Stored(object), ()) = self.objects.get_key_value(&parts)?;
        Some(object)
    }

    pub(crate) fn len(&self) -> usize {
        self.objects.len()
    }

    /// All objects, ordered by namespace and name.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&Key, &Arc<V>)> {
        self.order
            .iter()
            .filter_map(|key| Some((key, self.at(key)?)))
    }

    /// All objects, in any order: faster than in order.
    pub(crate) fn unordered(&self) -> impl Iterator<Item = &Arc<V>> {
        self.objects.keys().map(|Stored(object)| object)
    }

    pub(crate) fn in_namespace(&self, namespace: &str) -> impl Iterator<Item = (&Key, &Arc<V>)> {
        let from = Bound::Included(KeyRef(namespace, ""));
        let keys = self.order.range::<_, KeyRef<'_>>((from, Bound::Unbounded));
        let keys = keys.take_while(move |key| key.namespace() == namespace);
        keys.filter_map(|key| Some((key, self.at(key)?)))
    }

    /// The objects behind a key, in order, of one namespace or of all.
    pub(crate) fn after<'a>(
        &'a self,
        namespace: Option<&'a str>,
        key: Option<&Key>,
    ) -> impl Iterator<Item = (&'a Key, &'a Arc<V>)> {
        let from = match key {
            Some(key) => Bound::Excluded(key.parts()),
            None => Bound::Included(KeyRef(namespace.unwrap_or_default(), "")),
        };
        let keys = self.order.range::<_, KeyRef<'_>>((from, Bound::Unbounded));
        let keys = keys.take_while(move |key| namespace.is_none_or(|ns| key.namespace() == ns));
        keys.filter_map(|key| Some((key, self.at(key)?)))
    }

    /// Puts one change in, and makes it say what was really there before.
    pub(crate) fn apply(&mut self, change: &mut Change<V>) {
        change.old = self.at(&change.key).cloned();
        match &change.new {
            Some(new) => drop(self.objects.insert(Stored(new.clone()), ())),
            None => drop(self.objects.remove(&change.key.parts())),
        }
        match (&change.old, &change.new) {
            (None, Some(_)) => drop(self.order.insert(change.key.clone())),
            (Some(_), None) => drop(self.order.remove(&change.key)),
            _ => {}
        }
    }
}

/// One consistent state of a publisher: every get and list of it is of the same commit.
///
/// It keeps the objects of that commit alive, so it should not be held for long.
///
/// # Example
///
/// ```
/// # use k8s_openapi::api::core::v1::ConfigMap;
/// let (maps, mut feed) = kcache::feed::<ConfigMap>();
/// let before = maps.cache().snapshot();
/// # let map: ConfigMap = serde_json::from_str(r#"{"metadata": {"name": "a"}}"#).expect("a map");
/// feed.relist([map], None)?;
/// assert_eq!((before.len(), maps.cache().len()), (0, 1));
/// assert!(before.commit() < maps.cache().snapshot().commit());
/// # Ok::<(), kcache::Error>(())
/// ```
pub struct Snapshot<V>(pub(crate) Arc<State<V>>);

impl<V: Object> Snapshot<V> {
    /// The number of the commit; each has a higher one than the one before it.
    pub fn commit(&self) -> u64 {
        self.0.moment.commit
    }

    /// The server incarnation that the versions belong to.
    pub fn incarnation(&self) -> u64 {
        self.0.moment.incarnation
    }

    /// The commits of the inputs that this state has seen: of a view's source, or of the sources
    /// and the targets of a join. Empty for what is fed from outside.
    pub fn input_commits(&self) -> &[u64] {
        &self.0.input_commits
    }

    /// The object of this name; the namespace is empty for a cluster-scoped one.
    pub fn get(&self, namespace: &str, name: &str) -> Option<&Arc<V>> {
        self.0.get(namespace, name)
    }

    /// All objects, ordered by namespace and name.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<V>> {
        self.0.iter().map(|(_, object)| object)
    }

    /// The objects of one namespace, ordered by name.
    pub fn in_namespace(&self, namespace: &str) -> impl Iterator<Item = &Arc<V>> {
        self.0.in_namespace(namespace).map(|(_, object)| object)
    }

    /// How many objects there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// True if there is no object.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl<V> Clone for Snapshot<V> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<V> fmt::Debug for Snapshot<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut f = f.debug_struct("Snapshot");
        f.field("commit", &self.0.moment.commit)
            .field("len", &self.0.objects.len());
        f.finish_non_exhaustive()
    }
}
