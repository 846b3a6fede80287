//! The state of a cache: immutable, replaced whole by each commit.

mod clones;
mod pages;
mod members;
mod index;
mod order;
mod sort;
mod table;
mod copies;
mod derived;
#[cfg(test)]
mod tests;

use std::fmt;
use std::sync::Arc;

pub(crate) use self::clones::clones;
pub(crate) use self::copies::{Copies, MANY};
pub(crate) use self::members::Members;
pub(crate) use self::table::{TOGETHER, Table};
use crate::object::{KeyRef, Object};

/// Fewer members than this part of a table are sorted rather than looked for in its order.
const SPARSE: usize = 64;

/// One consistent state: objects of a table, all or some of them. Cloning it copies a few pointers.
pub(crate) struct State<V> {
    pub(crate) moment: Moment,
    /// The newest commit of each input that this state has seen.
    pub(crate) input_commits: Arc<[u64]>,
    pub(crate) table: Arc<Table<V>>,
    /// Of a state that is a part of another one, the slots of its objects in that one's table.
    pub(crate) members: Option<Members>,
}

impl<V> Default for State<V> {
    fn default() -> Self {
        Self {
            moment: Moment {
                commit: 0,
                incarnation: 1,
            },
            input_commits: Arc::default(),
            table: Arc::default(),
            members: None,
        }
    }
}

impl<V> Clone for State<V> {
    fn clone(&self) -> Self {
        Self {
            moment: self.moment,
            input_commits: self.input_commits.clone(),
            table: self.table.clone(),
            members: self.members.clone(),
        }
    }
}

/// Where a state stands among those of its publisher.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Moment {
    pub(crate) commit: u64,
    pub(crate) incarnation: u64,
}

impl<V> State<V> {
    pub(crate) fn len(&self) -> usize {
        let members = self.members.as_ref();
        members.map_or(self.table.len(), Members::len)
    }

    fn has(&self, slot: u32) -> bool {
        let members = self.members.as_ref();
        members.is_none_or(|members| members.contains(slot))
    }

    /// All objects, in any order: faster than in order.
    pub(crate) fn unordered(&self) -> impl Iterator<Item = &Arc<V>> {
        let members = self.members.as_ref();
        let all = members.is_none().then(|| self.table.slots());
        let all = all.into_iter().flatten();
        let some = members.into_iter().flat_map(Members::iter);
        let some = some.filter_map(|slot| self.table.at(slot));
        all.filter_map(|(_, object)| object).chain(some)
    }

    fn objects(&self, slots: impl Iterator<Item = u32>) -> impl Iterator<Item = &Arc<V>> {
        let slots = slots.filter(|slot| self.has(*slot));
        slots.filter_map(|slot| self.table.at(slot))
    }
}

impl<V: Object> State<V> {
    pub(crate) fn get(&self, namespace: &str, name: &str) -> Option<&Arc<V>> {
        self.at(KeyRef(namespace, name))
    }

    pub(crate) fn at(&self, key: KeyRef<'_>) -> Option<&Arc<V>> {
        let (slot, object) = self.table.get(key.hash64(), key)?;
        self.has(slot).then_some(object)
    }

    /// The slot of the object of a key, whose hash this is.
    pub(crate) fn slot(&self, hash: u64, key: KeyRef<'_>) -> Option<u32> {
        let slot = self.table.find(hash, key);
        slot.filter(|slot| self.has(*slot))
    }

    /// All objects, ordered by namespace and name.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Arc<V>> {
        let few = self.members.as_ref();
        let few = few.filter(|members| members.len() < self.table.len() / SPARSE);
        let all = few.is_none().then(|| self.objects(self.table.ordered()));
        let few = few.map(|members| self.table.sorted(members.iter().collect()));
        let few = few.into_iter().flatten();
        let few = few.filter_map(|slot| self.table.at(slot));
        all.into_iter().flatten().chain(few)
    }

    pub(crate) fn in_namespace(&self, namespace: &str) -> impl Iterator<Item = &Arc<V>> {
        self.objects(self.table.in_namespace(namespace))
    }

    /// The objects behind a key, in order, of one namespace or of all.
    pub(crate) fn after(
        &self,
        namespace: Option<&str>,
        key: Option<KeyRef<'_>>,
    ) -> impl Iterator<Item = &Arc<V>> {
        self.objects(self.table.after(namespace, key))
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
        self.0.iter()
    }

    /// The objects of one namespace, ordered by name.
    pub fn in_namespace(&self, namespace: &str) -> impl Iterator<Item = &Arc<V>> {
        self.0.in_namespace(namespace)
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
            .field("len", &self.0.len());
        f.finish_non_exhaustive()
    }
}
