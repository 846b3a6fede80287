//! The objects of a state, each in a slot, with an index of their keys and an order.

use std::cmp::Ordering;
use std::sync::Arc;

use super::index::Index;
use super::members::Members;
use super::order::{Order, Place};
use super::pages::Pages;
use super::sort::sort_by_key;
use crate::object::{KeyRef, Object};

/// Objects by slot, by key and in order. A clone shares all that it has.
pub(crate) struct Table<V> {
    slots: Pages<Chunk<V>, 64>,
    index: Index,
    order: Order,
    len: usize,
    /// How many objects were replaced or have left so far.
    replaced: u64,
}

/// Some objects together: whoever copies a chunk touches the count of each object in it, which is
/// rarely in the processor's cache.
type Chunk<V> = Option<Arc<[Option<Arc<V>>; CHUNK]>>;
const CHUNK: usize = 32;

/// How many objects to look at ahead.
pub(crate) const TOGETHER: usize = 16;

/// Splits the number of a slot into its chunk and its place there.
fn split(slot: u32) -> (usize, usize) {
    let slot = slot as usize;
    (slot / CHUNK, slot % CHUNK)
}

impl<V> Table<V> {
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// How many objects were replaced or have left so far: by so many it differs from an earlier one.
    pub(crate) fn replaced(&self) -> u64 {
        self.replaced
    }

    pub(crate) fn at(&self, slot: u32) -> Option<&Arc<V>> {
        let (chunk, place) = split(slot);
        self.slots.get(chunk)?.as_ref()?[place].as_ref()
    }

    /// All slots, in no order of keys, with the object of each that has one.
    pub(crate) fn slots(&self) -> impl Iterator<Item = (u32, Option<&Arc<V>>)> {
        let chunks = self.slots.iter().flatten();
        let objects = chunks.flat_map(|chunk| chunk.iter());
        (0..).zip(objects.map(Option::as_ref))
    }

    pub(super) fn set(&mut self, slot: u32, object: Option<Arc<V>>) -> Option<Arc<V>> {
        let (chunk, place) = split(slot);
        let empty = || Arc::new([const { None }; CHUNK]);
        let chunk = self.slots.get_mut(chunk).get_or_insert_with(empty);
        std::mem::replace(&mut Arc::make_mut(chunk)[place], object)
    }

    /// Becomes another table, from which it differs in these parts only.
    pub(super) fn follow(&mut self, touched: &Touched, other: &Self) {
        for slot in &touched.slots {
            self.set(*slot, other.at(*slot).cloned());
        }
        self.index.follow(&touched.shards, &other.index);
        if touched.order {
            self.order = other.order.clone();
        }
        for node in &touched.nodes {
            self.order.follow(*node, &other.order);
        }
        self.len = other.len;
        self.replaced = other.replaced;
    }
}

/// The parts of a table that were changed.
#[derive(Default)]
pub(super) struct Touched {
    pub(super) slots: Vec<u32>,
    shards: Vec<usize>,
    /// Nodes of the order.
    nodes: Vec<usize>,
    /// All of the order.
    order: bool,
}

impl Touched {
    fn note_node(&mut self, node: Option<usize>) {
        self.order |= node.is_none();
        self.nodes.extend(node);
    }

    /// Forgets all, and gives memory back if that is for many.
    pub(super) fn clear(&mut self, keep: usize) {
        self.slots.clear();
        self.shards.clear();
        self.nodes.clear();
        self.slots.shrink_to(keep);
        self.shards.shrink_to(keep);
        self.nodes.shrink_to(keep);
        self.order = false;
    }
}

impl<V: Object> Table<V> {
    /// The slot of a key, whose hash this is, and its object.
    pub(crate) fn get(&self, hash: u64, key: KeyRef<'_>) -> Option<(u32, &Arc<V>)> {
        self.index.find(hash, |slot| {
            let object = self.at(slot)?;
            (KeyRef::of(&**object) == key).then_some((slot, object))
        })
    }

    /// The slot of a key, whose hash this is.
    pub(crate) fn find(&self, hash: u64, key: KeyRef<'_>) -> Option<u32> {
        self.get(hash, key).map(|(slot, _)| slot)
    }

    /// The first slot under a hash, whatever its key.
    pub(super) fn first(&self, hash: u64) -> Option<u32> {
        self.index.find(hash, Some)
    }

    /// Looks at the objects of some slots, which are needed soon. An object is rarely in the processor's
    /// cache; with nothing to do in between, the processor waits for some of them at once.
    pub(crate) fn touch(&self, slots: impl Iterator<Item = u32>) {
        let first = |text: &str| text.as_bytes().first().copied().unwrap_or_default();
        let objects = slots.take(TOGETHER).filter_map(|slot| self.at(slot));
        let touched = objects.map(|object| {
            let KeyRef(namespace, name) = KeyRef::of(&**object);
            first(namespace) ^ first(name) ^ first(object.version())
        });
        std::hint::black_box(touched.fold(0, |all, one| all ^ one));
    }

    fn key(&self, slot: u32) -> KeyRef<'_> {
        self.at(slot)
            .map_or(KeyRef("", ""), |object| KeyRef::of(&**object))
    }

    /// All slots, in order.
    pub(crate) fn ordered(&self) -> impl Iterator<Item = u32> {
        self.between(Order::start(), self.order.end())
    }

    /// These slots, in order.
    pub(crate) fn sorted(&self, slots: Vec<u32>) -> Vec<u32> {
        sort_by_key(slots, |slot| self.key(slot))
    }

    /// The slots of a namespace, in order.
    pub(crate) fn in_namespace(&self, namespace: &str) -> impl Iterator<Item = u32> {
        self.between(self.start_of(namespace), self.end_of(namespace))
    }

    /// The slots behind a key, in order, of one namespace or of all.
    pub(crate) fn after(
        &self,
        namespace: Option<&str>,
        key: Option<KeyRef<'_>>,
    ) -> impl Iterator<Item = u32> {
        let start = match (key, namespace) {
            (Some(key), _) => self.search(|other| other.cmp(&key).then(Ordering::Less)),
            (None, Some(namespace)) => self.start_of(namespace),
            (None, None) => Order::start(),
        };
        let end = namespace.map_or_else(|| self.order.end(), |namespace| self.end_of(namespace));
        self.between(start, end)
    }

    fn start_of(&self, namespace: &str) -> Place {
        self.search(|other| other.cmp(&KeyRef(namespace, "")))
    }

    fn end_of(&self, namespace: &str) -> Place {
        self.search(|other| other.0.cmp(namespace).then(Ordering::Less))
    }

    fn search(&self, compare: impl Fn(KeyRef<'_>) -> Ordering) -> Place {
        self.order.search(|slot| self.key(slot), compare)
    }

    fn between(&self, start: Place, end: Place) -> impl Iterator<Item = u32> {
        self.order.range(start..end)
    }

    /// A table of these objects, with the hash of the key of each, of which no two have one key. It comes
    /// after this one.
    pub(super) fn filled(&self, objects: Vec<(u64, Arc<V>)>) -> Self {
        let index = Index::of(objects.iter().map(|(hash, _)| *hash));
        let mut objects = objects.into_iter().map(|(_, object)| object);
        let chunk = || {
            let chunk: [Option<Arc<V>>; CHUNK] = std::array::from_fn(|_| objects.next());
            chunk[0].is_some().then(|| Some(Arc::new(chunk)))
        };
        let slots: Pages<Chunk<V>, 64> = std::iter::from_fn(chunk).collect();
        let mut table = Self {
            len: index.len(),
            slots,
            index,
            order: Order::default(),
            replaced: self.replaced,
        };
        let all = u32::try_from(table.len).expect("fewer than 2^32 objects");
        let sorted = table.sorted((0..all).collect());
        table.order = Order::of_sorted(&sorted, |slot| table.key(slot));
        table
    }

    /// Puts an object into a free slot, and into the index but not into the order.
    pub(super) fn enter(&mut self, touched: &mut Touched, hash: u64, slot: u32, object: Arc<V>) {
        touched.slots.push(slot);
        self.set(slot, Some(object));
        touched.shards.push(self.index.insert(hash, slot));
        self.len += 1;
    }

    /// Puts an object in the place of another one of its key.
    pub(super) fn replace(
        &mut self,
        touched: &mut Touched,
        slot: u32,
        object: Arc<V>,
    ) -> Option<Arc<V>> {
        touched.slots.push(slot);
        self.replaced += 1;
        self.set(slot, Some(object))
    }

    /// Takes an object out of its slot, and out of the index but not out of the order.
    pub(super) fn leave(&mut self, touched: &mut Touched, hash: u64, slot: u32) -> Option<Arc<V>> {
        touched.slots.push(slot);
        touched.shards.push(self.index.remove(hash, slot));
        self.len -= 1;
        self.replaced += 1;
        self.set(slot, None)
    }

    pub(super) fn enter_order(&mut self, touched: &mut Touched, slot: u32) {
        let mut order = std::mem::take(&mut self.order);
        touched.note_node(order.insert(slot, |slot| self.key(slot)));
        self.order = order;
    }

    /// Takes a slot out of the order while its object is there.
    pub(super) fn leave_order(&mut self, touched: &mut Touched, slot: u32) {
        let mut order = std::mem::take(&mut self.order);
        touched.note_node(order.remove(slot, |slot| self.key(slot)));
        self.order = order;
    }

    /// Makes the order anew, after all objects that are no longer in these slots, or are there now,
    /// have left and entered.
    pub(super) fn reorder(&mut self, touched: &mut Touched, left: &[u32], mut entered: Vec<u32>) {
        let mut changed = Members::default();
        // Some were left and entered more than once.
        entered.retain(|slot| self.at(*slot).is_some() && changed.insert(*slot));
        for slot in left {
            changed.insert(*slot);
        }
        let stay = self.ordered().filter(|slot| !changed.contains(*slot));
        let stay: Vec<u32> = stay.collect();
        let entered = self.sorted(entered);
        let slots = self.merged(&stay, &entered);
        self.order = Order::of_sorted(&slots, |slot| self.key(slot));
        touched.order = true;
    }

    /// What both have, in order.
    fn merged(&self, stay: &[u32], entered: &[u32]) -> Vec<u32> {
        let mut slots = Vec::with_capacity(stay.len() + entered.len());
        let mut rest = stay;
        for slot in entered {
            let key = self.key(*slot);
            let (before, behind) =
                rest.split_at(rest.partition_point(|other| self.key(*other) < key));
            slots.extend_from_slice(before);
            slots.push(*slot);
            rest = behind;
        }
        slots.extend_from_slice(rest);
        slots
    }
}

impl<V> Default for Table<V> {
    fn default() -> Self {
        Self {
            slots: Pages::default(),
            index: Index::default(),
            order: Order::default(),
            len: 0,
            replaced: 0,
        }
    }
}

impl<V> Clone for Table<V> {
    fn clone(&self) -> Self {
        Self {
            slots: self.slots.clone(),
            index: self.index.clone(),
            order: self.order.clone(),
            len: self.len,
            replaced: self.replaced,
        }
    }
}
