//! The slots of a table in the order of their keys.

mod leaf;

use std::cmp::Ordering;
use std::ops::Range;
use std::sync::Arc;

use self::leaf::{FILLED, Leaf};
use crate::object::{Key, KeyRef};

/// A tree of three levels: this, nodes of leaves, leaves of slots. A change copies the leaf that it
/// touches and what is above it, as far as another order has them.
#[derive(Clone, Default)]
pub(super) struct Order {
    nodes: Arc<[Arc<Node>]>,
}

#[derive(Clone)]
struct Node {
    /// At least one.
    leaves: Vec<Arc<Leaf>>,
}

/// How many leaves a node has at most.
const NODE: usize = 64;

/// A place in the order: a node, a leaf of it, and how many slots of that come before.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    node: usize,
    leaf: usize,
    slot: usize,
}

impl Order {
    /// Of slots that are sorted by their keys.
    pub(super) fn of_sorted<'a>(slots: &[u32], key: impl Fn(u32) -> KeyRef<'a>) -> Self {
        let leaf = |slots: &[u32]| Arc::new(Leaf::new(slots, &key));
        let leaves: Vec<_> = slots.chunks(FILLED).map(leaf).collect();
        let node = |leaves: &[Arc<Leaf>]| {
            let leaves = leaves.to_vec();
            Arc::new(Node { leaves })
        };
        Self {
            nodes: leaves.chunks(NODE * 3 / 4).map(node).collect(),
        }
    }

    /// Behind all slots whose keys come before what is looked for: the order of each key to that is
    /// what `compare` says.
    pub(super) fn search<'a>(
        &self,
        key: impl Fn(u32) -> KeyRef<'a>,
        compare: impl Fn(KeyRef<'_>) -> Ordering,
    ) -> Place {
        let (at, leaf) = self.leaf_of(&compare);
        let slot = leaf.map_or(0, |leaf| leaf.search(key, compare));
        Place { slot, ..at }
    }

    /// The leaf that what is looked for would be in, and the place of its first slot.
    fn leaf_of(&self, compare: impl Fn(KeyRef<'_>) -> Ordering) -> (Place, Option<&Leaf>) {
        let begins = |from: &Key| compare(from.parts()) != Ordering::Greater;
        let nodes = &self.nodes;
        let node = nodes.partition_point(|node| begins(&node.leaves[0].from));
        let node = node.saturating_sub(1);
        let leaves = nodes.get(node).map_or(&[][..], |node| &node.leaves);
        let leaf = leaves.partition_point(|leaf| begins(&leaf.from));
        let leaf = leaf.saturating_sub(1);
        let slot = 0;
        let found = leaves.get(leaf).map(|leaf| &**leaf);
        (Place { node, leaf, slot }, found)
    }

    pub(super) fn start() -> Place {
        Place {
            node: 0,
            leaf: 0,
            slot: 0,
        }
    }

    pub(super) fn end(&self) -> Place {
        Place {
            node: self.nodes.len(),
            leaf: 0,
            slot: 0,
        }
    }

    /// The slots from one place up to another.
    pub(super) fn range(&self, range: Range<Place>) -> impl Iterator<Item = u32> {
        let Range { start: at, end } = range;
        let nodes = self.nodes.iter().enumerate().skip(at.node);
        let leaves = nodes.flat_map(|(n, node)| {
            let leaves = node.leaves.iter().enumerate();
            leaves.map(move |(l, leaf)| ((n, l), leaf))
        });
        let leaves = leaves.skip(at.leaf);
        let leaves = leaves.take_while(move |(place, _)| *place <= (end.node, end.leaf));
        let runs = leaves.map(move |(place, leaf)| {
            let first = if place == (at.node, at.leaf) {
                at.slot
            } else {
                0
            };
            let is_last = place == (end.node, end.leaf);
            let slots = leaf.slots();
            let last = if is_last { end.slot } else { slots.len() };
            &slots[first.min(last)..last]
        });
        runs.flatten().copied()
    }

    /// Puts a slot in, and returns the node that changed, or `None` if there are other nodes now.
    pub(super) fn insert<'a>(
        &mut self,
        slot: u32,
        key: impl Fn(u32) -> KeyRef<'a>,
    ) -> Option<usize> {
        let new = key(slot);
        let (at, _) = self.leaf_of(|other| other.cmp(&new));
        if self.nodes.is_empty() {
            *self = Self::of_sorted(&[slot], key);
            return None;
        }
        let node = self.node_mut(at.node);
        let leaf = Arc::make_mut(&mut node.leaves[at.leaf]);
        leaf.insert(slot, &key);
        if leaf.is_full() {
            let right = leaf.split(&key);
            node.leaves.insert(at.leaf + 1, Arc::new(right));
        }
        if node.leaves.len() >= NODE {
            let leaves = node.leaves.split_off(NODE / 2);
            let mut nodes = self.nodes.to_vec();
            nodes.insert(at.node + 1, Arc::new(Node { leaves }));
            self.nodes = nodes.into();
            return None;
        }
        Some(at.node)
    }

    /// Takes a slot out, whose key this is, and returns the node that changed, or `None` if there are
    /// other nodes now.
    pub(super) fn remove<'a>(
        &mut self,
        slot: u32,
        key: impl Fn(u32) -> KeyRef<'a>,
    ) -> Option<usize> {
        let gone = key(slot);
        let (at, leaf) = self.leaf_of(|other| other.cmp(&gone));
        if leaf.is_none_or(|leaf| !leaf.slots().contains(&slot)) {
            return Some(at.node);
        }
        let node = self.node_mut(at.node);
        Arc::make_mut(&mut node.leaves[at.leaf]).remove(slot);
        node.merge(at.leaf, key);
        if node.leaves.is_empty() {
            let mut nodes = self.nodes.to_vec();
            nodes.remove(at.node);
            self.nodes = nodes.into();
            return None;
        }
        Some(at.node)
    }

    /// Makes a node as it is in another order, which has as many of them.
    pub(super) fn follow(&mut self, node: usize, other: &Self) {
        let Some(theirs) = other.nodes.get(node) else {
            return;
        };
        if Arc::ptr_eq(&self.nodes[node], theirs) {
            return;
        }
        let ours = &mut self.node_mut(node).leaves;
        if ours.len() != theirs.leaves.len() {
            ours.clone_from(&theirs.leaves);
            return;
        }
        let changed = ours.iter_mut().zip(&theirs.leaves);
        for (ours, theirs) in changed.filter(|(ours, theirs)| !Arc::ptr_eq(ours, theirs)) {
            *ours = theirs.clone();
        }
    }

    fn node_mut(&mut self, node: usize) -> &mut Node {
        Arc::make_mut(&mut Arc::make_mut(&mut self.nodes)[node])
    }
}

impl Node {
    /// Puts a leaf that has few slots left to the one before or behind it, if both fit into one.
    fn merge<'a>(&mut self, leaf: usize, key: impl Fn(u32) -> KeyRef<'a>) {
        let len = |leaf: usize| self.leaves.get(leaf).map(|leaf| leaf.slots().len());
        let own = len(leaf).unwrap_or_default();
        if own > FILLED / 4 {
            return;
        }
        let fits = |other: Option<usize>| other.is_some_and(|other| other + own <= FILLED);
        let before = leaf.checked_sub(1);
        let left = match before {
            Some(before) if fits(len(before)) => before,
            _ if fits(len(leaf + 1)) => leaf,
            _ if own == 0 => {
                self.leaves.remove(leaf);
                return;
            }
            _ => return,
        };
        let right = self.leaves.remove(left + 1);
        Arc::make_mut(&mut self.leaves[left]).append(&right, key);
    }
}
