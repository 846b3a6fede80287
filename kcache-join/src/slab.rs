//! The objects of one side of a join, by slot and by key.

use std::hash::BuildHasher as _;
use std::ops::{Index, IndexMut};
use std::sync::Arc;

use foldhash::quality::RandomState;
use hashbrown::HashTable;
use kcache::{Key, Object};

/// Objects, each in a slot that stays the same while it is there.
pub(crate) struct Slab<V, F> {
    /// By the hashes of their keys, which the objects have: a second copy of them would take more than
    /// all else here.
    slots: HashTable<u32>,
    hasher: RandomState,
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
            slots: HashTable::new(),
            hasher: RandomState::default(),
            entries: Vec::new(),
            free: Vec::new(),
        }
    }
}

impl<V, F> Slab<V, F> {
    pub(crate) fn len(&self) -> usize {
        self.slots.len()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (u32, &Entry<V, F>)> {
        let entries = (0..).zip(&self.entries);
        entries.filter_map(|(slot, entry)| Some((slot, entry.as_ref()?)))
    }
}

impl<V: Object, F> Slab<V, F> {
    /// The slot of what has the key of an object.
    pub(crate) fn slot(&self, object: &V) -> Option<u32> {
        self.slot_of(names(object))
    }

    fn slot_of(&self, key: Names<'_>) -> Option<u32> {
        let hash = self.hasher.hash_one(key);
        let is_it = |slot: &u32| self.names(*slot) == Some(key);
        self.slots.find(hash, is_it).copied()
    }

    fn names(&self, slot: u32) -> Option<Names<'_>> {
        let entry = self.entries[slot as usize].as_ref();
        entry.map(|entry| names(&*entry.object))
    }

    /// Makes room for so many more.
    pub(crate) fn reserve(&mut self, more: usize) {
        let (entries, hasher) = (&self.entries, &self.hasher);
        self.slots.reserve(more, |slot| {
            hash_of(entries[*slot as usize].as_ref(), hasher)
        });
        self.entries.reserve(more.saturating_sub(self.free.len()));
    }

    /// Puts an object in, of whose key there is none.
    pub(crate) fn insert(&mut self, object: Arc<V>, fact: F) -> u32 {
        let hash = self.hasher.hash_one(names(&*object));
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
        let (entries, hasher) = (&self.entries, &self.hasher);
        let rehash = |slot: &u32| hash_of(entries[*slot as usize].as_ref(), hasher);
        self.slots.insert_unique(hash, slot, rehash);
        slot
    }

    pub(crate) fn remove(&mut self, key: &Key) -> Option<(u32, Entry<V, F>)> {
        let key = (key.namespace(), key.name());
        let slot = self.slot_of(key)?;
        let hash = self.hasher.hash_one(key);
        let found = self.slots.find_entry(hash, |other| *other == slot);
        if let Ok(found) = found {
            found.remove();
        }
        self.free.push(slot);
        Some((slot, self.entries[slot as usize].take()?))
    }
}

fn hash_of<V: Object, F>(entry: Option<&Entry<V, F>>, hasher: &RandomState) -> u64 {
    let names = entry.map(|entry| names(&*entry.object));
    hasher.hash_one(names.unwrap_or_default())
}

/// Namespace and name.
pub(crate) type Names<'a> = (&'a str, &'a str);

pub(crate) fn names<V: Object>(object: &V) -> Names<'_> {
    (object.namespace().unwrap_or_default(), object.name())
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

#[cfg(test)]
mod tests {
    use k8s_openapi::api::core::v1::ConfigMap;

    use super::*;

    fn map(name: usize, version: usize) -> Arc<ConfigMap> {
        let mut map = ConfigMap::default();
        map.metadata.name = Some(name.to_string());
        map.metadata.resource_version = Some(version.to_string());
        Arc::new(map)
    }

    #[test]
    fn objects_are_found_while_others_come_and_go() {
        let mut slab = Slab::default();
        for round in 0..3 {
            for name in 0..500 {
                let slot = slab.slot(&*map(name, 0));
                assert_eq!(slot.is_some(), round > 0 && name % 3 == 0);
                if let Some(slot) = slot {
                    slab[slot].object = map(name, round);
                } else {
                    slab.insert(map(name, round), ());
                }
            }
            let gone = (0..500).filter(|name| name % 3 > 0);
            for name in gone {
                let (_, entry) = slab.remove(&Key::new("", &name.to_string())).unwrap();
                assert_eq!(entry.object, map(name, round));
            }
            assert!(slab.remove(&Key::new("a", "0")).is_none());
            assert_eq!((slab.len(), slab.iter().count()), (167, 167));
        }
    }
}
