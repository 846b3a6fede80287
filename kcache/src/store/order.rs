//! The slots of a table in the order of their keys.

use std::cmp::Ordering;
use std::ops::Range;
use std::sync::Arc;

use crate::object::{Key, KeyRef};

/// A tree of three levels: this, nodes of leaves, leaves of slots. A change copies the node and the
/// leaf that it touches, if another order has them.
#[derive(Clone, Default)]
pub(super) struct Order {
    nodes: Arc<[Arc<Node>]>,
}

#[derive(Clone)]
struct Node {
    /// At least one.
    leaves: Vec<Arc<Leaf>>,
}

#[derive(Clone)]
struct Leaf {
    /// No key in this leaf is lower, and none in the leaves before it is as high. It is kept here so
    /// that a search looks at few objects.
    from: Key,
    /// At least one, and at most [`LEAF`].
    slots: Vec<u32>,
}

/// How many leaves a node has at most.
const NODE: usize = 64;
/// How many slots a leaf has at most, and how many one that is made of many has.
const LEAF: usize = 128;
const FILLED: usize = 112;

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
        let leaf = |slots: &[u32]| Arc::new(Leaf::new(slots.to_vec(), &key));
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
        let begins = |from: &Key| compare(from.parts()) != Ordering::Greater;
        let nodes = &self.nodes;
        let node = nodes.partition_point(|node| begins(&node.leaves[0].from));
        let node = node.saturating_sub(1);
        let leaves = nodes.get(node).map_or(&[][..], |node| &node.leaves);
        let leaf = leaves.partition_point(|leaf| begins(&leaf.from));
        let leaf = leaf.saturating_sub(1);
        let slots = leaves.get(leaf).map_or(&[][..], |leaf| &leaf.slots);
        let slot = slots.partition_point(|slot| compare(key(*slot)) == Ordering::Less);
        Place { node, leaf, slot }
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
            let last = if is_last { end.slot } else { leaf.slots.len() };
            &leaf.slots[first.min(last)..last]
        });
        runs.flatten().copied()
    }

    pub(super) fn insert<'a>(&mut self, slot: u32, key: impl Fn(u32) -> KeyRef<'a>) {
        let new = key(slot);
        let at = self.search(&key, |other| other.cmp(&new));
        if self.nodes.is_empty() {
            *self = Self::of_sorted(&[slot], key);
            return;
        }
        let node = self.node_mut(at.node);
        let leaf = Arc::make_mut(&mut node.leaves[at.leaf]);
        leaf.slots.insert(at.slot, slot);
        if at.slot == 0 && leaf.from.parts() > new {
            leaf.from = Key::new(new.0, new.1);
        }
        if leaf.slots.len() < LEAF {
            return;
        }
        let right = Leaf::new(leaf.slots.split_off(LEAF / 2), &key);
        node.leaves.insert(at.leaf + 1, Arc::new(right));
        if node.leaves.len() >= NODE {
            let leaves = node.leaves.split_off(NODE / 2);
            let mut nodes = self.nodes.to_vec();
            nodes.insert(at.node + 1, Arc::new(Node { leaves }));
            self.nodes = nodes.into();
        }
    }

    /// Takes a slot out, whose key this is.
    pub(super) fn remove<'a>(&mut self, slot: u32, key: impl Fn(u32) -> KeyRef<'a>) {
        let gone = key(slot);
        let at = self.search(&key, |other| other.cmp(&gone));
        let found = self.nodes.get(at.node).map(|node| &node.leaves[at.leaf]);
        if found.is_none_or(|leaf| leaf.slots.get(at.slot) != Some(&slot)) {
            return;
        }
        let node = self.node_mut(at.node);
        let leaf = Arc::make_mut(&mut node.leaves[at.leaf]);
        leaf.slots.remove(at.slot);
        node.merge(at.leaf);
        if node.leaves.is_empty() {
            let mut nodes = self.nodes.to_vec();
            nodes.remove(at.node);
            self.nodes = nodes.into();
        }
    }

    fn node_mut(&mut self, node: usize) -> &mut Node {
        Arc::make_mut(&mut Arc::make_mut(&mut self.nodes)[node])
    }
}

impl Node {
    /// Puts a leaf that has few slots left to the one before or behind it, if both fit into one.
    fn merge(&mut self, leaf: usize) {
        let len = |leaf: usize| self.leaves.get(leaf).map(|leaf| leaf.slots.len());
        let own = len(leaf).unwrap_or_default();
        if own > LEAF / 4 {
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
        let left = Arc::make_mut(&mut self.leaves[left]);
        left.slots.extend_from_slice(&right.slots);
    }
}

impl Leaf {
    fn new<'a>(slots: Vec<u32>, key: impl Fn(u32) -> KeyRef<'a>) -> Self {
        let KeyRef(namespace, name) = slots.first().map_or(KeyRef("", ""), |slot| key(*slot));
        let from = Key::new(namespace, name);
        Self { from, slots }
    }
}
