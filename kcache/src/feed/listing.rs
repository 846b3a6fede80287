//! A list while it comes in, and what it means at its end.

use std::cmp::Ordering;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use crate::object::{Key, Object};
use crate::store::State;
use crate::version;
use crate::writer::Updates;

/// The objects of a list that is not complete yet.
pub(super) struct Listing<V> {
    /// Each where it will stay: a table of the objects themselves would be moved as it grows.
    objects: HashMap<Key, Arc<V>>,
    /// Keys of objects that could not be read: they are there, whatever they are.
    kept: HashSet<Key>,
    /// The versions at which objects were removed while the list came in.
    removed: HashMap<Key, Option<String>>,
    /// An object without a known key could not be read: whatever is not in the list may be there.
    lacks: bool,
    /// The newest version in it: the list is at least as new.
    newest: Option<String>,
}

impl<V> Default for Listing<V> {
    fn default() -> Self {
        Self {
            objects: HashMap::new(),
            kept: HashSet::new(),
            removed: HashMap::new(),
            lacks: false,
            newest: None,
        }
    }
}

impl<V: Object> Listing<V> {
    pub(super) fn put(&mut self, object: V) {
        version::raise(&mut self.newest, object.version());
        let key = Key::of(&object);
        let newer = self
            .objects
            .get(&key)
            .is_some_and(|there| is_older(object.version(), there.version()));
        let past = self.removed.get(&key).and_then(Option::as_ref);
        if past.is_some_and(|removed| is_older(object.version(), removed)) {
            return;
        }
        self.kept.remove(&key);
        if !newer {
            self.objects.insert(key, Arc::new(object));
        }
    }

    pub(super) fn take(&mut self, key: Key, version: &str) {
        version::raise(&mut self.newest, version);
        let newer = self
            .objects
            .get(&key)
            .is_some_and(|there| is_older(version, there.version()));
        if !newer {
            self.objects.remove(&key);
            self.kept.remove(&key);
            version::raise(self.removed.entry(key).or_default(), version);
        }
    }

    pub(super) fn len(&self) -> usize {
        self.objects.len()
    }

    pub(super) fn newest(&self) -> Option<&str> {
        self.newest.as_deref()
    }

    pub(super) fn keep(&mut self, key: Option<Key>) {
        self.lacks |= key.is_none();
        self.kept.extend(key);
    }

    /// The updates that make a state this list, and how many objects of the list were older than
    /// what is known. A new history may give old versions to new objects, so what is of the old
    /// one is not known; only what stays of that is left in `old_history`.
    pub(super) fn against(
        mut self,
        state: &State<V>,
        old_history: &mut HashSet<Key>,
    ) -> (Updates<V>, u64) {
        let mut updates = Vec::with_capacity(self.objects.len());
        let mut refused = 0;
        let mut loses = crate::fault::DropDelete.strikes();
        for there in state.unordered() {
            let key = Key::of(&**there);
            let listed = self.objects.remove(&key);
            if listed.is_none() && (self.lacks || self.kept.contains(&key)) {
                continue;
            }
            let known = !old_history.remove(&key);
            match listed {
                Some(listed) if known && is_same(&*listed, &**there) => {}
                Some(listed) if known && is_older(listed.version(), there.version()) => {
                    refused += 1;
                }
                Some(listed) => updates.push((key, Some(listed))),
                None if std::mem::take(&mut loses) => {}
                None => updates.push((key, None)),
            }
        }
        let new = self.objects.into_iter();
        updates.extend(new.map(|(key, object)| (key, Some(object))));
        (updates.into_iter().collect(), refused)
    }
}

fn is_same<V: Object>(a: &V, b: &V) -> bool {
    a.uid() == b.uid() && version::compare(a.version(), b.version()) == Some(Ordering::Equal)
}

fn is_older(version: &str, than: &str) -> bool {
    let order = version::compare(version, than);
    order == Some(Ordering::Less) && !crate::fault::TakeOlder.strikes()
}
