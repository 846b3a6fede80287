//! A list while it comes in, and what it means at its end.

use std::cmp::Ordering;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::fingerprints::{Fingerprint, Fingerprints};
use crate::object::{Key, Object};
use crate::store::State;
use crate::version;
use crate::writer::Updates;

/// The objects of a list that is not complete yet.
pub(super) struct Listing<V> {
    /// Each where it will stay: a table of the objects themselves would be moved as it grows.
    objects: HashMap<Key, Listed<V>>,
    /// Keys of objects that could not be read: they are there, whatever they are.
    kept: HashSet<Key>,
    /// An object without a known key could not be read: whatever is not in the list may be there.
    lacks: bool,
    /// The newest version in it: the list is at least as new.
    newest: Option<String>,
}

/// An object of a list, and the fingerprint of its content if there is one.
type Listed<V> = (Arc<V>, Option<Fingerprint>);

/// What a list makes of a state.
pub(super) struct ListDiff<V> {
    pub(super) updates: Updates<V>,
    /// An object went back, so the list is of another incarnation than what was there.
    pub(super) new_incarnation: bool,
}

impl<V> Default for Listing<V> {
    fn default() -> Self {
        Self {
            objects: HashMap::new(),
            kept: HashSet::new(),
            lacks: false,
            newest: None,
        }
    }
}

impl<V: Object> Listing<V> {
    /// What comes later is true, whatever its version says.
    pub(super) fn put(&mut self, key: Key, object: V, fingerprint: Option<Fingerprint>) {
        version::raise(&mut self.newest, object.version());
        self.kept.remove(&key);
        self.objects.insert(key, (Arc::new(object), fingerprint));
    }

    pub(super) fn take(&mut self, key: &Key, version: &str) {
        version::raise(&mut self.newest, version);
        self.objects.remove(key);
        self.kept.remove(key);
    }

    /// How many objects there are, those that could not be read, too.
    pub(super) fn len(&self) -> usize {
        self.objects.len() + self.kept.len()
    }

    pub(super) fn newest(&self) -> Option<&str> {
        self.newest.as_deref()
    }

    pub(super) fn keep(&mut self, key: Option<Key>) {
        self.lacks |= key.is_none();
        self.kept.extend(key);
    }

    /// The updates that make a state this list. A new incarnation may give old versions to new objects,
    /// so of what is there of the old one versions say nothing; only what stays of that is left in
    /// `old_incarnation`.
    pub(super) fn diff(
        mut self,
        state: &State<V>,
        fingerprints: &mut Fingerprints,
        old_incarnation: &mut HashSet<Key>,
        mut new_incarnation: bool,
    ) -> ListDiff<V> {
        let mut updates = Vec::with_capacity(self.objects.len());
        // What is the same by its version alone, which a new incarnation would not be.
        let mut alike = Vec::new();
        let mut stays = HashSet::new();
        let mut loses = crate::seeded_fault::DropDelete.strikes();
        for there in state.unordered() {
            let key = Key::of(&**there);
            let Some((listed, fingerprint)) = self.objects.remove(&key) else {
                if self.lacks || self.kept.contains(&key) {
                    stays.insert(key);
                } else if !std::mem::take(&mut loses) {
                    fingerprints.put(&key, None);
                    old_incarnation.remove(&key);
                    updates.push((key, None));
                }
                continue;
            };
            let known = !old_incarnation.remove(&key);
            let back = known && goes_back(&*listed, &**there);
            new_incarnation |= back;
            if back && crate::seeded_fault::RefuseOlder.strikes() {
                continue;
            }
            let same = is_same_version(&*listed, &**there);
            let prints = fingerprint.zip(fingerprints.get(&key));
            let same_content = prints.and_then(|(new, old)| new.is_same(old));
            fingerprints.put(&key, fingerprint);
            match same_content {
                Some(true) if same => {}
                None if same && known && is_alike(&*listed, &**there) => alike.push((key, listed)),
                _ => updates.push((key, Some(listed))),
            }
        }
        for (key, (object, fingerprint)) in self.objects {
            fingerprints.put(&key, fingerprint);
            updates.push((key, Some(object)));
        }
        if new_incarnation {
            updates.extend(alike.into_iter().map(|(key, object)| (key, Some(object))));
            *old_incarnation = stays;
        }
        ListDiff {
            updates: updates.into_iter().collect(),
            new_incarnation,
        }
    }
}

/// The same object at the same version.
pub(super) fn is_same_version<V: Object>(a: &V, b: &V) -> bool {
    a.uid() == b.uid() && version::compare(a.version(), b.version()) == Some(Ordering::Equal)
}

/// All that is cheap to compare is the same.
pub(super) fn is_alike<V: Object>(a: &V, b: &V) -> bool {
    a.generation() == b.generation()
        && a.deletion_timestamp() == b.deletion_timestamp()
        && a.labels().eq(b.labels())
        && a.owners().eq(b.owners())
        && a.annotations().eq(b.annotations())
        && a.finalizers().eq(b.finalizers())
}

/// True if an object cannot have come after another in one incarnation: it is older, or another one of
/// the same version.
fn goes_back<V: Object>(listed: &V, there: &V) -> bool {
    match version::compare(listed.version(), there.version()) {
        Some(Ordering::Less) => true,
        Some(Ordering::Equal) => {
            let uids = [listed.uid(), there.uid()];
            !uids.contains(&"") && uids[0] != uids[1] && version::is_number(listed.version())
        }
        _ => false,
    }
}
