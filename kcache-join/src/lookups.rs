//! Which source holds which target, to look it up.

use std::fmt;
use std::sync::Arc;

use arc_swap::ArcSwap;
use imbl::{HashMap, OrdSet, Vector};
use kcache::{Key, Object};

use crate::slab::names;

/// Which source of a join holds which target, at one moment: what [`Join::lookups`](crate::Join::lookups) gives.
///
/// It does not change, so several reads of it fit together; it keeps the objects alive that it names, so it
/// should not be held for long.
pub struct Lookups<S, T> {
    input_commits: Arc<[u64]>,
    sources: Half<S>,
    targets: Half<T>,
}

impl<S: Object, T: Object> Lookups<S, T> {
    /// The sources that hold a target, ordered by namespace and name; none if it is not in the join.
    pub fn sources_of(&self, target: &Key) -> Vec<Arc<S>> {
        others(&self.targets, target, &self.sources)
    }

    /// The targets that a source holds, ordered by namespace and name.
    pub fn targets_of(&self, source: &Key) -> Vec<Arc<T>> {
        others(&self.sources, source, &self.targets)
    }

    /// The commits of the inputs that this state has seen, as
    /// [`Snapshot::input_commits`](kcache::Snapshot::input_commits) of the join has them: where the two are
    /// equal, so are the targets.
    pub fn input_commits(&self) -> &[u64] {
        &self.input_commits
    }
}

/// The objects of one side that hold something or are held, in the slots that the join has them in.
struct Half<V> {
    slots: HashMap<Key, u32>,
    /// By slot.
    objects: Vector<Option<Held<V>>>,
}

/// An object, and the slots of those on the other side.
struct Held<V> {
    object: Arc<V>,
    others: Slots,
}

/// At least one slot. Most targets have one source, and a set of one takes a hundred bytes and more.
#[derive(Clone)]
enum Slots {
    One(u32),
    Several(OrdSet<u32>),
}

impl Slots {
    fn insert(&mut self, slot: u32) {
        match self {
            Self::One(only) if *only == slot => {}
            Self::One(only) => *self = Self::Several(OrdSet::from_iter([*only, slot])),
            Self::Several(slots) => drop(slots.insert(slot)),
        }
    }

    /// Takes a slot away; true if that was the last one.
    fn remove(&mut self, slot: u32) -> bool {
        match self {
            Self::One(only) => *only == slot,
            Self::Several(slots) => {
                slots.remove(&slot);
                if slots.len() == 1
                    && let Some(only) = slots.get_min()
                {
                    *self = Self::One(*only);
                }
                false
            }
        }
    }

    fn iter(&self) -> impl Iterator<Item = u32> {
        let (only, several) = match self {
            Self::One(only) => (Some(*only), None),
            Self::Several(slots) => (None, Some(slots.iter().copied())),
        };
        only.into_iter().chain(several.into_iter().flatten())
    }
}

fn others<V: Object, W: Object>(of: &Half<V>, key: &Key, at: &Half<W>) -> Vec<Arc<W>> {
    let slot = of.slots.get(key);
    let held = slot.and_then(|slot| of.get(*slot));
    let slots = held.into_iter().flat_map(|held| held.others.iter());
    let objects = slots.filter_map(|slot| at.get(slot));
    let mut objects: Vec<_> = objects.map(|held| held.object.clone()).collect();
    objects.sort_by(|a, b| names(&**a).cmp(&names(&**b)));
    objects
}

impl<V: Object> Half<V> {
    fn get(&self, slot: u32) -> Option<&Held<V>> {
        self.objects.get(slot as usize)?.as_ref()
    }

    fn get_mut(&mut self, slot: u32) -> Option<&mut Held<V>> {
        self.objects.get_mut(slot as usize)?.as_mut()
    }

    fn link(&mut self, slot: u32, object: &Arc<V>, other: u32) {
        if let Some(held) = self.get_mut(slot) {
            held.others.insert(other);
            return;
        }
        while self.objects.len() <= slot as usize {
            self.objects.push_back(None);
        }
        self.slots.insert(Key::of(&**object), slot);
        let (object, others) = (object.clone(), Slots::One(other));
        self.objects
            .set(slot as usize, Some(Held { object, others }));
    }

    fn unlink(&mut self, slot: u32, other: u32) {
        let Some(held) = self.get_mut(slot) else {
            return;
        };
        if held.others.remove(other) {
            let key = Key::of(&*held.object);
            self.slots.remove(&key);
            self.objects.set(slot as usize, None);
        }
    }

    fn replace(&mut self, slot: u32, object: &Arc<V>) {
        if let Some(held) = self.get_mut(slot) {
            held.object = object.clone();
        }
    }
}

impl<V> Default for Half<V> {
    fn default() -> Self {
        let (slots, objects) = (HashMap::new(), Vector::new());
        Self { slots, objects }
    }
}

impl<V> Clone for Half<V> {
    fn clone(&self) -> Self {
        let (slots, objects) = (self.slots.clone(), self.objects.clone());
        Self { slots, objects }
    }
}

impl<V> Clone for Held<V> {
    fn clone(&self) -> Self {
        let (object, others) = (self.object.clone(), self.others.clone());
        Self { object, others }
    }
}

impl<S, T> Default for Lookups<S, T> {
    fn default() -> Self {
        Self {
            input_commits: Arc::default(),
            sources: Half::default(),
            targets: Half::default(),
        }
    }
}

/// Cloning it copies a few pointers.
impl<S, T> Clone for Lookups<S, T> {
    fn clone(&self) -> Self {
        Self {
            input_commits: self.input_commits.clone(),
            sources: self.sources.clone(),
            targets: self.targets.clone(),
        }
    }
}

impl<S, T> fmt::Debug for Lookups<S, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lookups")
            .field("input_commits", &self.input_commits)
            .field("sources", &self.sources.slots.len())
            .field("targets", &self.targets.slots.len())
            .finish_non_exhaustive()
    }
}

/// The newest state, which readers load without a lock.
pub(crate) type Newest<S, T> = Arc<ArcSwap<Lookups<S, T>>>;

/// The one who changes it: what readers have stays as it is until the next commit.
pub(crate) struct LookupWriter<S, T> {
    newest: Newest<S, T>,
    next: Lookups<S, T>,
}

impl<S: Object, T: Object> LookupWriter<S, T> {
    pub(crate) fn new(newest: Newest<S, T>) -> Self {
        let next = Lookups::default();
        Self { newest, next }
    }

    /// The objects in these slots relate to each other now.
    pub(crate) fn link(&mut self, source: (u32, &Arc<S>), target: (u32, &Arc<T>)) {
        self.next.sources.link(source.0, source.1, target.0);
        self.next.targets.link(target.0, target.1, source.0);
    }

    /// They do no longer.
    pub(crate) fn unlink(&mut self, source: u32, target: u32) {
        self.next.sources.unlink(source, target);
        #[cfg(kcache_faults)]
        if kcache::SeededFault::KeepLookup.strikes() {
            return;
        }
        self.next.targets.unlink(target, source);
    }

    pub(crate) fn replace_source(&mut self, slot: u32, object: &Arc<S>) {
        self.next.sources.replace(slot, object);
    }

    pub(crate) fn replace_target(&mut self, slot: u32, object: &Arc<T>) {
        #[cfg(kcache_faults)]
        if kcache::SeededFault::StaleLookup.strikes() {
            return;
        }
        self.next.targets.replace(slot, object);
    }

    /// Gives what is the newest state from now on.
    pub(crate) fn commit(&mut self, input_commits: &[u64]) -> Arc<Lookups<S, T>> {
        self.next.input_commits = input_commits.into();
        let newest = Arc::new(self.next.clone());
        self.newest.store(newest.clone());
        newest
    }
}

#[cfg(test)]
mod tests {
    use k8s_openapi::api::core::v1::ConfigMap;

    use super::*;

    fn map(name: &str, version: &str) -> Arc<ConfigMap> {
        let mut map = ConfigMap::default();
        map.metadata.name = Some(name.to_owned());
        map.metadata.resource_version = Some(version.to_owned());
        Arc::new(map)
    }

    #[test]
    fn a_state_stays_as_it_is_and_nothing_is_left_of_what_goes() {
        let newest = Newest::default();
        let mut writer = LookupWriter::new(newest.clone());
        let (a, b) = (map("a", "1"), map("b", "1"));
        for (slot, source) in [(0, &b), (1, &a)] {
            writer.link((slot, source), (7, &a));
        }
        assert!(newest.load().sources_of(&Key::of(&*a)).is_empty());
        writer.commit(&[1, 1]);
        let before = newest.load_full();
        writer.replace_target(7, &map("a", "2"));
        writer.unlink(0, 7);
        writer.commit(&[2, 2]);
        let after = newest.load_full();
        assert_eq!(before.sources_of(&Key::of(&*a)), [a.clone(), b.clone()]);
        assert_eq!(before.targets_of(&Key::of(&*b)), std::slice::from_ref(&a));
        assert_eq!(after.sources_of(&Key::of(&*a)), std::slice::from_ref(&a));
        assert_eq!(after.targets_of(&Key::of(&*a)), [map("a", "2")]);
        assert!(after.targets_of(&Key::of(&*b)).is_empty());
        assert_eq!(
            (before.input_commits(), after.input_commits()),
            (&[1, 1][..], &[2, 2][..])
        );
        writer.unlink(1, 7);
        let Lookups {
            sources, targets, ..
        } = writer.next;
        assert!(sources.slots.is_empty() && sources.objects.iter().all(Option::is_none));
        assert!(targets.slots.is_empty() && targets.objects.iter().all(Option::is_none));
    }
}
