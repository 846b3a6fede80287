//! The objects of one side of a join, by number and by key.

use std::collections::HashMap;
use std::ops::{Index, IndexMut};
use std::sync::Arc;

use kcache::Key;

/// Objects in places that stay the same while they are there.
pub(crate) struct Slots<V, F> {
    places: HashMap<Key, u32>,
    entries: Vec<Option<Slot<V, F>>>,
    free: Vec<u32>,
}

/// One object.
pub(crate) struct Slot<V, F> {
    pub(crate) object: Arc<V>,
    /// What the join needs of it.
    pub(crate) fact: F,
    /// Of a target, how many sources it has.
    pub(crate) count: usize,
}

impl<V, F> Default for Slots<V, F> {
    fn default() -> Self {
        Self {
            places: HashMap::new(),
            entries: Vec::new(),
            free: Vec::new(),
        }
    }
}

impl<V, F> Slots<V, F> {
    pub(crate) fn place(&self, key: &Key) -> Option<u32> {
        self.places.get(key).copied()
    }

    pub(crate) fn len(&self) -> usize {
        self.places.len()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (u32, &Slot<V, F>)> {
        let entries = (0..).zip(&self.entries);
        entries.filter_map(|(place, slot)| Some((place, slot.as_ref()?)))
    }

    pub(crate) fn insert(&mut self, key: Key, object: Arc<V>, fact: F) -> u32 {
        let slot = Slot {
            object,
            fact,
            count: 0,
        };
        let place = self.free.pop().unwrap_or_else(|| {
            self.entries.push(None);
            u32::try_from(self.entries.len() - 1).expect("fewer than 2^32 objects")
        });
        self.entries[place as usize] = Some(slot);
        self.places.insert(key, place);
        place
    }

    pub(crate) fn remove(&mut self, key: &Key) -> Option<(u32, Slot<V, F>)> {
        let place = self.places.remove(key)?;
        self.free.push(place);
        Some((place, self.entries[place as usize].take()?))
    }
}

impl<V, F> Index<u32> for Slots<V, F> {
    type Output = Slot<V, F>;

    fn index(&self, place: u32) -> &Slot<V, F> {
        let slot = self.entries[place as usize].as_ref();
        slot.expect("an index names only objects that are there")
    }
}

impl<V, F> IndexMut<u32> for Slots<V, F> {
    fn index_mut(&mut self, place: u32) -> &mut Slot<V, F> {
        let slot = self.entries[place as usize].as_mut();
        slot.expect("an index names only objects that are there")
    }
}
