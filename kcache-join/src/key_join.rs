//! Relating by keys.

use std::collections::BTreeSet;
use std::collections::hash_map::Entry;
use std::fmt;
use std::hash::Hash;
use std::sync::Arc;

use foldhash::{HashMap, HashMapExt as _};
use kcache::{Fact, Key, Object, Publisher, Selector, SelectorError, Selects};

use crate::fact::{Names, selector_of};
use crate::join::{Extras, Join};
use crate::operator::{Operator, Unguarded};
use crate::slab::Slab;
use crate::through::Link;

type Keys<V, K> = Arc<dyn Fn(&V) -> Vec<K> + Send + Sync>;
type Select<S> = dyn Fn(&S) -> Result<Selector, SelectorError> + Send + Sync;
type Start<S, T> = dyn Fn(&KeyJoin<S, T>, &Publisher<S>, &Publisher<T>, Option<Link<S, T>>) -> Join<S, T>
    + Send
    + Sync;

/// A relation by keys: a source relates to the targets that share a key with it. Both sides can
/// have any number.
///
/// # Example
///
/// Pods to the Node that they are on:
///
/// ```
/// use k8s_openapi::api::core::v1::{Node, Pod};
/// use kcache::{Fact, Object};
/// use kcache_join::KeyJoin;
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), kcache::Error> {
/// # let (pods, mut pod_feed) = kcache::feed::<Pod>();
/// # let (nodes, mut node_feed) = kcache::feed::<Node>();
/// let node_of = |pod: &Pod| pod.fact().map(|kcache::NodeName(node)| node).into_iter().collect();
/// let in_use = KeyJoin::new(node_of, |node: &Node| vec![node.name().to_owned()]).join(&pods, &nodes);
/// # let mut node = Node::default();
/// # node.metadata.name = Some("n".to_owned());
/// # node_feed.relist([node], None)?;
/// # pod_feed.relist([], None)?;
/// in_use.ready().await?;
/// assert!(in_use.cache().is_empty());
/// # Ok(()) }
/// ```
pub struct KeyJoin<S: Object, T: Object> {
    start: Arc<Start<S, T>>,
    select: Option<Arc<Select<S>>>,
    extras: Extras,
}

impl<S: Object, T: Object> KeyJoin<S, T> {
    /// A relation by the keys that two functions read. One that panics ends the join.
    pub fn new<K: Hash + Ord + Clone + Send + Sync + 'static>(
        of_source: impl Fn(&S) -> Vec<K> + Send + Sync + 'static,
        of_target: impl Fn(&T) -> Vec<K> + Send + Sync + 'static,
    ) -> Self {
        let (of_source, of_target): (Keys<S, K>, Keys<T, K>) =
            (Arc::new(of_source), Arc::new(of_target));
        let start = move |relation: &Self,
                          sources: &Publisher<S>,
                          targets: &Publisher<T>,
                          link: Option<Link<S, T>>| {
            let operator = ByKey {
                of_source: of_source.clone(),
                of_target: of_target.clone(),
                select: relation.select.clone(),
                sources: Postings::default(),
                targets: Postings::default(),
                evaluations: 0,
            };
            Join::start(sources, targets, None, operator, relation.extras, link)
        };
        Self {
            start: Arc::new(start),
            select: None,
            extras: Extras::default(),
        }
    }

    /// The relation to the objects of kind `K` that the sources name.
    ///
    /// # Example
    ///
    /// The Secrets of a resource of your own, which has a [`Fact`] of [`Names<Secret>`](Names):
    ///
    /// ```
    /// # use k8s_openapi::api::core::v1::{Pod, Secret};
    /// use kcache_join::KeyJoin;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// # let (shops, _) = kcache::feed::<Pod>();
    /// # let (secrets, _) = kcache::feed::<Secret>();
    /// let used = KeyJoin::by_fact::<Secret>().join(&shops, &secrets);
    /// # }
    /// ```
    pub fn by_fact<K: 'static>() -> Self
    where
        S: Fact<Names<K>>,
    {
        let names = |source: &S| source.fact().map_or_else(Vec::new, Names::into_keys);
        Self::new(names, |target: &T| vec![Key::of(target)])
    }

    /// Relates only to targets whose labels match what the source says that it selects, by the rules
    /// of its kind. A source with an invalid selector relates to nothing and is reported by the join as
    /// a bad object.
    #[must_use]
    pub fn selecting(mut self) -> Self
    where
        S: Fact<Selects>,
    {
        self.select = Some(Arc::new(selector_of));
        self
    }

    /// Also keeps which source holds which target: see [`Join::pairs`].
    #[must_use]
    pub fn with_pairs(mut self) -> Self {
        self.extras.pairs = true;
        self
    }

    /// Also keeps who holds what to be looked up: see [`Join::lookups`].
    #[must_use]
    pub fn with_lookups(mut self) -> Self {
        self.extras.lookups = true;
        self
    }

    /// Joins two publishers.
    pub fn join(&self, sources: &Publisher<S>, targets: &Publisher<T>) -> Join<S, T> {
        self.start(sources, targets, None)
    }

    pub(crate) fn start(
        &self,
        sources: &Publisher<S>,
        targets: &Publisher<T>,
        link: Option<Link<S, T>>,
    ) -> Join<S, T> {
        (self.start)(self, sources, targets, link)
    }
}

impl<S: Object, T: Object> Clone for KeyJoin<S, T> {
    fn clone(&self) -> Self {
        Self {
            start: self.start.clone(),
            select: self.select.clone(),
            extras: self.extras,
        }
    }
}

impl<S: Object, T: Object> fmt::Debug for KeyJoin<S, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyJoin")
            .field("selecting", &self.select.is_some())
            .field("extras", &self.extras)
            .finish_non_exhaustive()
    }
}

struct ByKey<S, T, K> {
    of_source: Keys<S, K>,
    of_target: Keys<T, K>,
    select: Option<Arc<Select<S>>>,
    sources: Postings<K>,
    targets: Postings<K>,
    evaluations: u64,
}

/// The keys of a source, and what else it wants of its targets.
#[derive(PartialEq)]
pub(crate) struct SourceKeys<K> {
    keys: BTreeSet<K>,
    selector: Option<Selector>,
}

impl<K> SourceKeys<K> {
    fn accepts(&self, target: &impl Object) -> bool {
        let mut selector = self.selector.iter();
        selector.all(|selector| selector.matches(target))
    }
}

/// The slots under each key.
pub(crate) struct Postings<K>(HashMap<K, BTreeSet<u32>>);

impl<K> Default for Postings<K> {
    fn default() -> Self {
        Self(HashMap::new())
    }
}

impl<K: Hash + Ord + Clone> Postings<K> {
    #[cfg(test)]
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn insert<'a>(&mut self, slot: u32, keys: impl IntoIterator<Item = &'a K>)
    where
        K: 'a,
    {
        for key in keys {
            self.0.entry(key.clone()).or_default().insert(slot);
        }
    }

    pub(crate) fn remove<'a>(&mut self, slot: u32, keys: impl IntoIterator<Item = &'a K>)
    where
        K: 'a,
    {
        for key in keys {
            if let Entry::Occupied(mut slots) = self.0.entry(key.clone()) {
                slots.get_mut().remove(&slot);
                if slots.get().is_empty() {
                    slots.remove();
                }
            }
        }
    }

    /// Those under any of the keys, each once.
    pub(crate) fn under<'a>(&self, keys: impl IntoIterator<Item = &'a K>) -> Vec<u32>
    where
        K: 'a,
    {
        let keys = keys.into_iter();
        let found = keys.filter_map(|key| self.0.get(key)).flatten();
        let once: BTreeSet<u32> = found.copied().collect();
        once.into_iter().collect()
    }
}

impl<S, T, K> Operator<S, T> for ByKey<S, T, K>
where
    S: Object,
    T: Object,
    K: Hash + Ord + Clone + Send + Sync + 'static,
{
    type Source = SourceKeys<K>;
    type Target = BTreeSet<K>;
    type Guard = Unguarded;

    fn source(&self, object: &S) -> (SourceKeys<K>, Option<String>) {
        let selector = self.select.as_ref().map(|select| select(object));
        let (selector, problem) = match selector.transpose() {
            Ok(selector) => (selector, None),
            Err(error) => (Some(Selector::nothing()), Some(error.to_string())),
        };
        let keys = (self.of_source)(object).into_iter().collect();
        (SourceKeys { keys, selector }, problem)
    }

    fn target(&self, object: &T) -> BTreeSet<K> {
        (self.of_target)(object).into_iter().collect()
    }

    fn same_target(&self, fact: &BTreeSet<K>, known: &T, new: &T) -> bool {
        let same_labels = self.select.is_none() || known.labels().eq(new.labels());
        same_labels && *fact == Operator::<S, T>::target(self, new)
    }

    fn add_source(&mut self, slot: u32, fact: &SourceKeys<K>) {
        self.sources.insert(slot, &fact.keys);
    }

    fn drop_source(&mut self, slot: u32, fact: &SourceKeys<K>) {
        self.sources.remove(slot, &fact.keys);
    }

    fn add_target(&mut self, slot: u32, fact: &BTreeSet<K>) {
        self.targets.insert(slot, fact);
    }

    fn drop_target(&mut self, slot: u32, fact: &BTreeSet<K>) {
        self.targets.remove(slot, fact);
    }

    fn targets(&mut self, fact: &SourceKeys<K>, all: &Slab<T, BTreeSet<K>>) -> Vec<u32> {
        let mut found = self.targets.under(&fact.keys);
        self.evaluations += found.len() as u64;
        found.retain(|slot| fact.accepts(&*all[*slot].object));
        found
    }

    fn sources(
        &mut self,
        object: &T,
        fact: &BTreeSet<K>,
        all: &Slab<S, SourceKeys<K>>,
    ) -> Vec<u32> {
        let mut found = self.sources.under(fact);
        self.evaluations += found.len() as u64;
        found.retain(|slot| all[*slot].fact.accepts(object));
        found
    }

    fn take_evaluations(&mut self) -> u64 {
        std::mem::take(&mut self.evaluations)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn empty_inputs_leave_an_empty_index() {
        let mut postings = Postings::default();
        let facts = [
            BTreeSet::from(["a", "b"]),
            BTreeSet::from(["b"]),
            BTreeSet::new(),
        ];
        for (slot, fact) in (0..).zip(&facts) {
            postings.insert(slot, fact);
        }
        assert_eq!(postings.under(&BTreeSet::from(["a", "b"])), [0, 1]);
        for (slot, fact) in (0..).zip(&facts) {
            postings.remove(slot, fact);
        }
        assert!(postings.is_empty());
    }
}
