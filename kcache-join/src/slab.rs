//! The objects of one side of a join, by slot and by key.

use std::collections::HashMap;
use std::ops::{Index, IndexMut};
use std::sync::Arc;

use kcache::Key;

/// Objects, each in a slot that stays the same while it is there.
pub(crate) struct Slab<V, F> {
    slots: HashMap<Key, u32>,
    entries: Vec<Option<Entry<V, F>>>,
    free: Vec<u32>,
}

/// One object.
pub(crate) struct Entry<V, F> {
    pub(crate) object: Arc<V>,
    /// What the join needs of it.
    pub(crate) fact: F,
    /// Of a target, how many sources it has.
    pub(crate) count: usize,
}

impl<V, F> Default for Slab<V, F> {
    fn default() -> Self {
        Self {
            slots: HashMap::new(),
            entries: Vec::new(),
            free: Vec::new(),
        }
    }
}

impl<V, F> Slab<V, F> {
    pub(crate) fn slot(&self, key: &Key) -> Option<u32> {
        self.slots.get(key).copied()
    }

    pub(crate) fn len(&self) -> usize {
        self.slots.len()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (u32, &Entry<V, F>)> {
        let entries = (0..).zip(&self.entries);
        entries.filter_map(|(slot, entry)| Some((slot, entry.as_ref()?)))
    }

    pub(crate) fn insert(&mut self, key: Key, object: Arc<V>, fact: F) -> u32 {
        let entry = Entry {
            object,
            fact,
            count: 0,
        };
        let slot = self.free.pop().unwrap_or_else(|| {
            self.entries.push(None);
            u32::try_from(self.entries.len() - 1).expect("fewer than 2^32 objects")
        });
        self.entries[slot as usize] = Some(entry);
        self.slots.insert(key, slot);
        slot
    }

    pub(crate) fn remove(&mut self, key: &Key) -> Option<(u32, Entry<V, F>)> {
        let slot = self.slots.remove(key)?;
        self.free.push(slot);
        Some((slot, self.entries[slot as usize].take()?))
    }
}

impl<V, F> Index<u32> for Slab<V, F> {
    type Output = Entry<V, F>;

    fn index(&self, slot: u32) -> &Entry<V, F> {
        let entry = self.entries[slot as usize].as_ref();
        entry.expect("an index names only objects that are there")
    }
}

impl<V, F> IndexMut<u32> for Slab<V, F> {
    fn index_mut(&mut self, slot: u32) -> &mut Entry<V, F> {
        let entry = self.entries[slot as usize].as_mut();
        entry.expect("an index names only objects that are there")
    }
}
