//! A list while it comes in, and what it means at its end.

use std::cmp::Ordering;
use std::collections::HashSet;
use std::sync::Arc;

use super::fingerprints::{Fingerprint, Fingerprints};
use crate::object::{Key, KeyRef, Object};
use crate::store::{Index, Members, State};
use crate::updates::Entry;
use crate::version;

/// The objects of a list that is not complete yet.
pub(super) struct Listing<V> {
    /// In the order in which they came; one that was taken out again leaves a gap.
    objects: Vec<Option<Listed<V>>>,
    /// Where each of them is.
    places: Index,
    /// Slots of what is there and is the same in the list. Nothing is committed while it comes in, so they
    /// stay what they are.
    unchanged: Members,
    /// Keys of objects that could not be read: they are there, whatever they are.
    kept: HashSet<Key>,
    /// An object without a known key could not be read: whatever is not in the list may be there.
    lacks: bool,
    /// The newest version in it: the list is at least as new.
    newest: Option<String>,
}

/// An object of a list.
struct Listed<V> {
    object: Arc<V>,
    key_hash: u64,
    /// Of its content, if there is one.
    fingerprint: Option<Fingerprint>,
}

/// What a list makes of a state.
pub(super) struct ListDiff<V> {
    pub(super) updates: Vec<Entry<V>>,
    /// An object went back, so the list is of another incarnation than what was there.
    pub(super) new_incarnation: bool,
}

impl<V> Default for Listing<V> {
    fn default() -> Self {
        Self {
            objects: Vec::new(),
            places: Index::default(),
            unchanged: Members::default(),
            kept: HashSet::new(),
            lacks: false,
            newest: None,
        }
    }
}

impl<V: Object> Listing<V> {
    /// What comes later is true, whatever its version says.
    pub(super) fn put(&mut self, key_hash: u64, object: V, fingerprint: Option<Fingerprint>) {
        version::raise(&mut self.newest, object.version());
        let key = KeyRef::of(&object);
        if !self.kept.is_empty() {
            self.kept.remove(&Key::new(key.0, key.1));
        }
        let place = self.place(key_hash, key);
        let listed = Some(Listed {
            object: Arc::new(object),
            key_hash,
            fingerprint,
        });
        if let Some(place) = place {
            self.objects[place as usize] = listed;
        } else {
            let place = u32::try_from(self.objects.len()).expect("fewer than 2^32 objects");
            self.objects.push(listed);
            self.places.insert(key_hash, place);
        }
    }

    pub(super) fn take(&mut self, key_hash: u64, key: &Key, version: &str) {
        version::raise(&mut self.newest, version);
        if let Some(place) = self.place(key_hash, key.parts()) {
            self.objects[place as usize] = None;
            self.places.remove(key_hash, place);
        }
        self.kept.remove(key);
    }

    /// The list has what is in this slot, as it is.
    pub(super) fn is_unchanged(&mut self, slot: u32, key_hash: u64, there: &V) {
        version::raise(&mut self.newest, there.version());
        if self.places.len() > 0 || !self.kept.is_empty() {
            self.take(key_hash, &Key::of(there), there.version());
        }
        self.unchanged.insert(slot);
    }

    pub(super) fn has_unchanged(&self) -> bool {
        self.unchanged.len() > 0
    }

    /// What the list has of this key is something else than what is there, or nothing.
    pub(super) fn is_changed(&mut self, state: &State<V>, key_hash: u64, key: KeyRef<'_>) {
        if let Some(slot) = state.slot(key_hash, key) {
            self.unchanged.remove(slot);
        }
    }

    fn place(&self, key_hash: u64, key: KeyRef<'_>) -> Option<u32> {
        let is_it = |place: u32| {
            let listed = self.objects[place as usize].as_ref();
            let found = listed.filter(|listed| KeyRef::of(&*listed.object) == key);
            found.map(|_| place)
        };
        self.places.find(key_hash, is_it)
    }

    /// How many objects there are, those that could not be read, too.
    pub(super) fn len(&self) -> usize {
        self.places.len() + self.unchanged.len() + self.kept.len()
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
        let mut seen = Seen::of(state, std::mem::take(&mut self.unchanged));
        old_incarnation.retain(|key| !seen.has(key.parts()));
        for listed in std::mem::take(&mut self.objects).into_iter().flatten() {
            let there = seen.take(listed.key_hash, KeyRef::of(&*listed.object));
            let print = listed.fingerprint;
            let known_print = fingerprints.get(listed.key_hash);
            fingerprints.put(listed.key_hash, print);
            let Some(there) = there else {
                updates.push(listed.into_entry());
                continue;
            };
            let known = !forget(old_incarnation, KeyRef::of(&**there));
            let back = known && goes_back(&*listed.object, &**there);
            new_incarnation |= back;
            if back && crate::seeded_fault::RefuseOlder.strikes() {
                continue;
            }
            let same = is_same_version(&*listed.object, &**there);
            let prints = print.zip(known_print);
            match prints.map(|(new, old)| new == old) {
                Some(true) if same => {}
                None if same && known && is_alike(&*listed.object, &**there) => alike.push(listed),
                _ => updates.push(listed.into_entry()),
            }
        }
        let mut stays = HashSet::new();
        let mut loses = crate::seeded_fault::DropDelete.strikes();
        for there in seen.rest() {
            let key = Key::of(&**there);
            if self.lacks || self.kept.contains(&key) {
                stays.insert(key);
            } else if !std::mem::take(&mut loses) {
                forget(old_incarnation, key.parts());
                let hash = key.parts().hash64();
                fingerprints.put(hash, None);
                updates.push(Entry::remove(hash, key));
            }
        }
        if new_incarnation {
            updates.extend(alike.into_iter().map(Listed::into_entry));
            *old_incarnation = stays;
        }
        ListDiff {
            updates,
            new_incarnation,
        }
    }
}

impl<V: Object> Listed<V> {
    fn into_entry(self) -> Entry<V> {
        Entry::put(self.key_hash, self.object)
    }
}

/// True if the key was in the set, which it no longer is.
fn forget(keys: &mut HashSet<Key>, key: KeyRef<'_>) -> bool {
    !keys.is_empty() && keys.remove(&Key::new(key.0, key.1))
}

/// Which objects of a state a list has. Both are nearly in the same order, so each is most often
/// behind the one before it.
struct Seen<'a, V> {
    state: &'a State<V>,
    slots: Members,
    next: u32,
}

impl<'a, V: Object> Seen<'a, V> {
    fn of(state: &'a State<V>, slots: Members) -> Self {
        let next = 0;
        Self { state, slots, next }
    }

    fn has(&self, key: KeyRef<'_>) -> bool {
        let slot = self.state.slot(key.hash64(), key);
        slot.is_some_and(|slot| self.slots.contains(slot))
    }

    /// The object of this key, which the list has.
    fn take(&mut self, hash: u64, key: KeyRef<'_>) -> Option<&'a Arc<V>> {
        let table = &self.state.table;
        let next = Some(self.next).filter(|next| table.is_at(*next, key));
        let slot = next.or_else(|| table.find(hash, key))?;
        self.slots.insert(slot);
        self.next = slot + 1;
        table.at(slot)
    }

    /// The objects that it does not have.
    fn rest(&self) -> impl Iterator<Item = &'a Arc<V>> {
        let all = self.slots.len() == self.state.len();
        let slots = (!all).then(|| self.state.table.slots());
        let rest = slots.into_iter().flatten();
        let rest = rest.filter(|(slot, _)| !self.slots.contains(*slot));
        rest.filter_map(|(_, object)| object)
    }
}

/// The same object at the same version.
pub(super) fn is_same_version<V: Object>(a: &V, b: &V) -> bool {
    a.uid() == b.uid() && version::compare(a.version(), b.version()) == Some(Ordering::Equal)
}

/// All that is cheap to compare is the same.
fn is_alike<V: Object>(a: &V, b: &V) -> bool {
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
