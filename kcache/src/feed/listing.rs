//! A list while it comes in, and what it means at its end.

use std::cmp::Ordering;
use std::collections::HashSet;
use std::sync::Arc;

use super::fingerprints::{Fingerprint, Fingerprints};
use super::places::Places;
use crate::object::{Key, KeyRef, Object};
use crate::store::{State, TOGETHER};
use crate::updates::Entry;
use crate::version;

/// The objects of a list that is not complete yet.
pub(super) struct Listing<V> {
    /// What was there when the list began. Nothing is committed while it comes in.
    state: Arc<State<V>>,
    /// What the list has of the object in each slot of the state.
    by_slot: Vec<Presence>,
    /// Where to look for the next object first: lists are nearly in the order of slots.
    next: u32,
    /// In the order in which they came, without those that are the same as before; one that was taken
    /// out again leaves a gap.
    objects: Vec<Option<Listed<V>>>,
    /// Where each of them is that is not in the state.
    places: Places,
    /// How many objects the list has.
    len: usize,
    /// Keys of objects that could not be read: they are there, whatever they are.
    kept: HashSet<Key>,
    /// An object without a known key could not be read: whatever is not in the list may be there.
    lacks: bool,
    /// The newest version in it: the list is at least as new.
    newest: Option<String>,
}

/// What a list has of an object that was there before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Presence {
    Absent,
    Unchanged,
    /// It is among the objects, in this place.
    Listed(u32),
}

/// An object of a list.
struct Listed<V> {
    object: Arc<V>,
    key_hash: u64,
    /// Of its content, if there is one.
    fingerprint: Option<Fingerprint>,
    novelty: Novelty,
}

/// What an object of a list is to the one that was there before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Novelty {
    /// There was none.
    New,
    /// By its version and its content.
    Same,
    /// By its version alone, which a new incarnation would not be.
    Alike,
    Changed,
    /// It cannot have come after it.
    GoesBack,
}

/// What a list makes of a state.
pub(super) struct ListDiff<V> {
    pub(super) updates: Vec<Entry<V>>,
    /// An object went back, so the list is of another incarnation than what was there.
    pub(super) new_incarnation: bool,
}

impl<V: Object> Listing<V> {
    /// The beginning of a list that replaces a state.
    pub(super) fn new(state: Arc<State<V>>) -> Self {
        Self {
            state,
            by_slot: Vec::new(),
            next: 0,
            objects: Vec::new(),
            places: Places::default(),
            len: 0,
            kept: HashSet::new(),
            lacks: false,
            newest: None,
        }
    }

    /// What comes later is true, whatever its version says. `known` is the fingerprint of what is there.
    pub(super) fn put(
        &mut self,
        key_hash: u64,
        object: V,
        fingerprint: Option<Fingerprint>,
        known: Option<Fingerprint>,
    ) {
        version::raise(&mut self.newest, object.version());
        let key = KeyRef::of(&object);
        if !self.kept.is_empty() {
            self.kept.remove(&Key::new(key.0, key.1));
        }
        let there = self.there(key_hash, key);
        let prints = fingerprint.zip(known).map(|(new, known)| new == known);
        let novelty = there.map_or(Novelty::New, |(_, there)| {
            Novelty::of(&object, there, prints)
        });
        let slot = there.map(|(slot, _)| slot);
        if let (Some(slot), Novelty::Same) = (slot, novelty) {
            return self.set(slot, Presence::Unchanged);
        }
        let earlier = match slot {
            Some(slot) => self.place_of(slot),
            None => self.place(key_hash, key),
        };
        let listed = Some(Listed {
            object: Arc::new(object),
            key_hash,
            fingerprint,
            novelty,
        });
        if let Some(earlier) = earlier {
            self.objects[earlier] = listed;
            return;
        }
        let place = self.objects.len();
        self.objects.push(listed);
        let Some(slot) = slot else {
            self.len += 1;
            return self.places.insert(key_hash, place);
        };
        let place = u32::try_from(place).expect("fewer than 2^32 objects");
        self.set(slot, Presence::Listed(place));
    }

    pub(super) fn take(&mut self, key_hash: u64, key: &Key, version: &str) {
        version::raise(&mut self.newest, version);
        self.kept.remove(key);
        if let Some((slot, _)) = self.there(key_hash, key.parts()) {
            self.set(slot, Presence::Absent);
        } else if let Some(place) = self.place(key_hash, key.parts()) {
            self.objects[place] = None;
            self.len -= 1;
        }
    }

    /// The list has what is in this slot, as it is.
    pub(super) fn is_unchanged(&mut self, slot: u32) {
        if let Some(there) = self.state.table.at(slot) {
            version::raise(&mut self.newest, there.version());
            if !self.kept.is_empty() {
                self.kept.remove(&Key::of(&**there));
            }
        }
        self.set(slot, Presence::Unchanged);
    }

    /// What was there of this key before the list, and its slot.
    pub(super) fn there(&self, key_hash: u64, key: KeyRef<'_>) -> Option<(u32, &Arc<V>)> {
        let table = &self.state.table;
        let next = table
            .at(self.next)
            .filter(|next| KeyRef::of(&***next) == key);
        let next = next.map(|next| (self.next, next));
        next.or_else(|| table.get(key_hash, key))
    }

    /// Notes what the list has of an object that was there before.
    fn set(&mut self, slot: u32, presence: Presence) {
        self.next = slot + 1;
        if (self.next as usize).is_multiple_of(TOGETHER) {
            self.state.table.touch(self.next..);
        }
        let at = slot as usize;
        if at >= self.by_slot.len() {
            self.by_slot.resize(at + 1, Presence::Absent);
        }
        let before = std::mem::replace(&mut self.by_slot[at], presence);
        self.len += usize::from(presence != Presence::Absent);
        self.len -= usize::from(before != Presence::Absent);
        if let Presence::Listed(place) = before {
            self.objects[place as usize] = None;
        }
    }

    fn presence(&self, slot: u32) -> Presence {
        let presence = self.by_slot.get(slot as usize);
        presence.copied().unwrap_or(Presence::Absent)
    }

    /// Where an object is that is in the state, too.
    fn place_of(&self, slot: u32) -> Option<usize> {
        match self.presence(slot) {
            Presence::Listed(place) => Some(place as usize),
            Presence::Absent | Presence::Unchanged => None,
        }
    }

    /// Where an object is that is not in the state.
    fn place(&self, key_hash: u64, key: KeyRef<'_>) -> Option<usize> {
        self.places.find(key_hash, |place| {
            let listed = self.objects[place].as_ref();
            listed.is_some_and(|listed| KeyRef::of(&*listed.object) == key)
        })
    }

    /// How many objects there are, those that could not be read, too.
    pub(super) fn len(&self) -> usize {
        self.len + self.kept.len()
    }

    pub(super) fn newest(&self) -> Option<&str> {
        self.newest.as_deref()
    }

    pub(super) fn keep(&mut self, key: Option<Key>) {
        self.lacks |= key.is_none();
        self.kept.extend(key);
    }

    /// The updates that make the state this list. A new incarnation may give old versions to new objects,
    /// so of what is there of the old one versions say nothing; only what stays of that is left in
    /// `old_incarnation`.
    pub(super) fn diff(
        mut self,
        fingerprints: &mut Fingerprints,
        old_incarnation: &mut HashSet<Key>,
        mut new_incarnation: bool,
    ) -> ListDiff<V> {
        let objects = std::mem::take(&mut self.objects);
        let mut updates = Vec::with_capacity(objects.len());
        let mut alike = Vec::new();
        old_incarnation.retain(|key| !self.has_unchanged(key.parts()));
        for listed in objects.into_iter().flatten() {
            fingerprints.put(listed.key_hash, listed.fingerprint);
            let was_there = listed.novelty != Novelty::New;
            let is_old = was_there && forget(old_incarnation, KeyRef::of(&*listed.object));
            match listed.novelty {
                Novelty::Alike if !is_old => alike.push(listed),
                Novelty::GoesBack if !is_old => {
                    new_incarnation = true;
                    if !crate::seeded_fault::RefuseOlder.strikes() {
                        updates.push(listed.into_entry());
                    }
                }
                _ => updates.push(listed.into_entry()),
            }
        }
        let mut stays = HashSet::new();
        let mut loses = crate::seeded_fault::DropDelete.strikes();
        for there in self.rest() {
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

    fn has_unchanged(&self, key: KeyRef<'_>) -> bool {
        let there = self.there(key.hash64(), key);
        there.is_some_and(|(slot, _)| self.presence(slot) == Presence::Unchanged)
    }

    /// What was there that the list does not have.
    fn rest(&self) -> impl Iterator<Item = &Arc<V>> {
        let present = self.by_slot.iter();
        let present = present.filter(|presence| **presence != Presence::Absent);
        let all = present.count() == self.state.len();
        let slots = (!all).then(|| self.state.table.slots());
        let rest = slots.into_iter().flatten();
        let rest = rest.filter(|(slot, _)| self.presence(*slot) == Presence::Absent);
        rest.filter_map(|(_, object)| object)
    }
}

impl<V: Object> Listed<V> {
    fn into_entry(self) -> Entry<V> {
        Entry::put(self.key_hash, self.object)
    }
}

impl Novelty {
    /// `prints` says whether both are made of the same bytes, if that is known.
    fn of<V: Object>(listed: &V, there: &V, prints: Option<bool>) -> Self {
        if !is_same_version(listed, there) {
            return if goes_back(listed, there) {
                Self::GoesBack
            } else {
                Self::Changed
            };
        }
        match prints {
            Some(true) => Self::Same,
            None if is_alike(listed, there) => Self::Alike,
            _ => Self::Changed,
        }
    }
}

/// True if the key was in the set, which it no longer is.
fn forget(keys: &mut HashSet<Key>, key: KeyRef<'_>) -> bool {
    !keys.is_empty() && keys.remove(&Key::new(key.0, key.1))
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
