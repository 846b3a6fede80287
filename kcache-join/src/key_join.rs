//! Relating by keys.

use std::collections::hash_map::Entry;
use std::collections::{BTreeSet, HashMap};
use std::fmt;
use std::hash::Hash;
use std::sync::Arc;

use kcache::{Object, Publisher};

use crate::join::Join;
use crate::operator::Operator;
use crate::slab::Slab;

type Keys<V, K> = Arc<dyn Fn(&V) -> Vec<K> + Send + Sync>;

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
pub struct KeyJoin<S, T, K> {
    of_source: Keys<S, K>,
    of_target: Keys<T, K>,
    pairs: bool,
}

impl<S: Object, T: Object, K: Hash + Ord + Clone + Send + Sync + 'static> KeyJoin<S, T, K> {
    /// A relation by the keys that two functions read. One that panics ends the join.
    pub fn new(
        of_source: impl Fn(&S) -> Vec<K> + Send + Sync + 'static,
        of_target: impl Fn(&T) -> Vec<K> + Send + Sync + 'static,
    ) -> Self {
        Self {
            of_source: Arc::new(of_source),
            of_target: Arc::new(of_target),
            pairs: false,
        }
    }

    /// Also keeps which source holds which target: see [`Join::pairs`].
    #[must_use]
    pub fn with_pairs(mut self) -> Self {
        self.pairs = true;
        self
    }

    /// Joins two publishers.
    pub fn join(&self, sources: &Publisher<S>, targets: &Publisher<T>) -> Join<S, T> {
        let operator = ByKey {
            of_source: self.of_source.clone(),
            of_target: self.of_target.clone(),
            sources: Postings::default(),
            targets: Postings::default(),
            evaluations: 0,
        };
        Join::start(sources, targets, operator, self.pairs)
    }
}

impl<S, T, K> Clone for KeyJoin<S, T, K> {
    fn clone(&self) -> Self {
        Self {
            of_source: self.of_source.clone(),
            of_target: self.of_target.clone(),
            pairs: self.pairs,
        }
    }
}

impl<S, T, K> fmt::Debug for KeyJoin<S, T, K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyJoin")
            .field("pairs", &self.pairs)
            .finish_non_exhaustive()
    }
}

struct ByKey<S, T, K> {
    of_source: Keys<S, K>,
    of_target: Keys<T, K>,
    sources: Postings<K>,
    targets: Postings<K>,
    evaluations: u64,
}

/// The slots under each key.
struct Postings<K>(HashMap<K, BTreeSet<u32>>);

impl<K> Default for Postings<K> {
    fn default() -> Self {
        Self(HashMap::new())
    }
}

impl<K: Hash + Ord + Clone> Postings<K> {
    fn insert(&mut self, slot: u32, keys: &BTreeSet<K>) {
        for key in keys {
            self.0.entry(key.clone()).or_default().insert(slot);
        }
    }

    fn remove(&mut self, slot: u32, keys: &BTreeSet<K>) {
        for key in keys {
            if let Entry::Occupied(mut slots) = self.0.entry(key.clone()) {
                slots.get_mut().remove(&slot);
                if slots.get().is_empty() {
                    slots.remove();
                }
            }
        }
    }

    fn under(&self, keys: &BTreeSet<K>) -> Vec<u32> {
        let found = keys.iter().filter_map(|key| self.0.get(key)).flatten();
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
    type Source = BTreeSet<K>;
    type Target = BTreeSet<K>;

    fn source(&self, object: &S) -> (BTreeSet<K>, Option<String>) {
        ((self.of_source)(object).into_iter().collect(), None)
    }

    fn target(&self, object: &T) -> BTreeSet<K> {
        (self.of_target)(object).into_iter().collect()
    }

    fn same_target(&self, known: &BTreeSet<K>, _: &T, new: &T) -> bool {
        *known == Operator::<S, T>::target(self, new)
    }

    fn add_source(&mut self, slot: u32, fact: &BTreeSet<K>) {
        self.sources.insert(slot, fact);
    }

    fn drop_source(&mut self, slot: u32, fact: &BTreeSet<K>) {
        self.sources.remove(slot, fact);
    }

    fn add_target(&mut self, slot: u32, fact: &BTreeSet<K>) {
        self.targets.insert(slot, fact);
    }

    fn drop_target(&mut self, slot: u32, fact: &BTreeSet<K>) {
        self.targets.remove(slot, fact);
    }

    fn targets(&mut self, fact: &BTreeSet<K>, _: &Slab<T, BTreeSet<K>>) -> Vec<u32> {
        let found = self.targets.under(fact);
        self.evaluations += found.len() as u64;
        found
    }

    fn sources(&mut self, _: &T, fact: &BTreeSet<K>, _: &Slab<S, BTreeSet<K>>) -> Vec<u32> {
        let found = self.sources.under(fact);
        self.evaluations += found.len() as u64;
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
        assert!(postings.0.is_empty());
    }
}
