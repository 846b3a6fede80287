//! What a commit is to change.

use std::fmt;
use std::sync::Arc;
use std::vec::Drain;

use foldhash::{HashMap, HashMapExt as _};

use crate::object::{Key, KeyRef, Object};

/// What a commit leaves under each key: an object, or nothing. Of several updates of one key the last
/// one counts.
pub struct Updates<V> {
    entries: Vec<Entry<V>>,
    /// Where each hash is among the entries, once there are more than [`FEW`].
    places: HashMap<u64, usize>,
}

/// An update with the hash of its key.
pub(crate) struct Entry<V> {
    pub(crate) hash: u64,
    pub(crate) update: Update<V>,
}

/// An object that is to be there, or a key under which nothing is to be.
pub(crate) enum Update<V> {
    Put(Arc<V>),
    Remove(Key),
}

/// So many are looked through faster than they are put into a table.
const FEW: usize = 32;
/// For so many there is always room once there were as many.
pub(crate) const KEPT: usize = 512;

impl<V> Updates<V> {
    /// No update.
    pub fn new() -> Self {
        Self {
            entries: Vec::new(),
            places: HashMap::new(),
        }
    }

    /// How many keys there is an update of.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// True if nothing is to be changed.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    pub(crate) fn into_entries(self) -> Vec<Entry<V>> {
        self.entries
    }

    /// Takes all entries out. What they were in stays, for as many as come one after the other: it would
    /// be some kilobytes to allocate for each commit, for which glibc's allocator sorts what was freed.
    pub(crate) fn take_entries(&mut self) -> Drain<'_, Entry<V>> {
        self.places.clear();
        self.places.shrink_to(KEPT);
        self.entries.drain(..)
    }

    /// Gives memory back if it is for many.
    pub(crate) fn shrink(&mut self) {
        self.entries.shrink_to(KEPT);
    }
}

impl<V: Object> Updates<V> {
    /// This object is to be there, under its own key.
    pub fn put(&mut self, object: Arc<V>) {
        let hash = KeyRef::of(&*object).hash64();
        self.push(Entry::put(hash, object));
    }

    /// Nothing is to be there under this key.
    pub fn remove(&mut self, key: Key) {
        self.push(Entry::remove(key.parts().hash64(), key));
    }

    /// True if there is an update of this key, whose hash this is.
    pub(crate) fn contains(&self, hash: u64, key: KeyRef<'_>) -> bool {
        self.place(hash, key).is_some()
    }

    fn place(&self, hash: u64, key: KeyRef<'_>) -> Option<usize> {
        let is_it = |entry: &Entry<V>| entry.hash == hash && entry.key() == key;
        if self.entries.len() > FEW {
            let place = *self.places.get(&hash)?;
            if is_it(&self.entries[place]) {
                return Some(place);
            }
        }
        self.entries.iter().position(is_it)
    }

    pub(crate) fn push(&mut self, entry: Entry<V>) {
        match self.place(entry.hash, entry.key()) {
            Some(place) => self.entries[place] = entry,
            None => self.push_new(entry),
        }
    }

    /// The same of a key of which there is no update yet.
    pub(crate) fn push_new(&mut self, entry: Entry<V>) {
        self.entries.push(entry);
        let noted = match self.entries.len() - 1 {
            ..FEW => return,
            FEW => 0,
            last => last,
        };
        if noted == 0 {
            self.places.reserve(4 * FEW);
        }
        for (place, entry) in self.entries.iter().enumerate().skip(noted) {
            self.places.insert(entry.hash, place);
        }
    }
}

impl<V: Object> Entry<V> {
    pub(crate) fn put(hash: u64, object: Arc<V>) -> Self {
        let update = Update::Put(object);
        Self { hash, update }
    }

    pub(crate) fn remove(hash: u64, key: Key) -> Self {
        let update = Update::Remove(key);
        Self { hash, update }
    }

    pub(crate) fn key(&self) -> KeyRef<'_> {
        match &self.update {
            Update::Put(object) => KeyRef::of(&**object),
            Update::Remove(key) => key.parts(),
        }
    }
}

impl<V> Default for Updates<V> {
    fn default() -> Self {
        Self::new()
    }
}

impl<V: Object> fmt::Debug for Updates<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let keys = self.entries.iter().map(|entry| {
            let KeyRef(namespace, name) = entry.key();
            (
                Key::new(namespace, name),
                matches!(entry.update, Update::Put(_)),
            )
        });
        f.debug_map().entries(keys).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Thing(String, u32);

    impl Object for Thing {
        fn name(&self) -> &str {
            &self.0
        }
    }

    #[test]
    fn the_last_update_of_a_key_counts() {
        let mut updates = Updates::new();
        for round in 0..3 {
            for number in 0..100 {
                updates.put(Arc::new(Thing(number.to_string(), round)));
            }
            updates.remove(Key::new("", "7"));
            updates.remove(Key::new("a", "7"));
        }
        assert_eq!(updates.len(), 101);
        let rounds = updates
            .into_entries()
            .into_iter()
            .map(|entry| match entry.update {
                Update::Put(thing) => (thing.0 != "7" && thing.1 == 2).then_some(1),
                Update::Remove(key) => (key.name() == "7").then_some(0),
            });
        assert_eq!(
            rounds
                .collect::<Option<Vec<_>>>()
                .unwrap()
                .iter()
                .sum::<i32>(),
            99
        );
    }
}
