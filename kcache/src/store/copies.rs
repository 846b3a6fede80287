//! The writer's side of a table: two copies of it, of which readers have one.

use std::sync::Arc;

use super::table::{Table, Touched};
use crate::object::{KeyRef, Object};

/// Two copies of a table that are changed in turns.
///
/// Readers have the one; the writer changes the other in place and publishes it. The one that it
/// replaces takes over what was changed, once nobody reads it any longer. So nothing is copied that
/// leads to many parts, whose counts are rarely in the processor's cache; what has no counts, the
/// shards of the index and the leaves of the order, both copies share.
pub(crate) struct Copies<V> {
    live: Arc<Table<V>>,
    spare: Arc<Table<V>>,
    /// Where the spare copy differs from the live one.
    behind: Touched,
    /// Slots that are free, and the first that was never used.
    free: Vec<u32>,
    top: u32,
    /// An edit was not finished, because an object panicked.
    torn: bool,
}

/// So many replaced objects at most may wait to be let go until somebody has read the spare copy.
const WAITING: usize = 512;
/// An order is made anew for at least so many changes.
pub(crate) const MANY: usize = 256;

impl<V> Copies<V> {
    /// How many objects there are.
    pub(crate) fn len(&self) -> usize {
        self.live.len()
    }
}

impl<V: Object> Copies<V> {
    /// Begins to change about so many objects.
    pub(crate) fn edit(&mut self, changes: usize) -> Edit<'_, V> {
        if std::mem::replace(&mut self.torn, true) {
            self.recover();
        }
        if !self.behind.slots.is_empty() {
            self.replay();
        }
        let reorders = changes > MANY && changes > self.live.len() / 16;
        Edit {
            copies: self,
            reorders,
            left: Vec::new(),
            entered: Vec::new(),
        }
    }

    /// Begins with these objects, of which no two have one key, if nothing is there.
    pub(crate) fn fill(&mut self, objects: Vec<(u64, Arc<V>)>) -> Arc<Table<V>> {
        self.live = Arc::new(self.live.filled(objects));
        self.recover();
        self.torn = false;
        self.live.clone()
    }

    /// Brings the spare copy up to the live one, so that nothing that was replaced stays, unless
    /// somebody still reads it: then that is done before the next change.
    pub(crate) fn settle(&mut self) {
        let is_read = Arc::get_mut(&mut self.spare).is_none();
        let grew = self.spare.len() < self.live.len() / 2;
        if self.behind.slots.len() > WAITING && (is_read || grew) {
            self.behind = Touched::default();
            self.spare = Arc::new(Table::clone(&self.live));
        } else if !is_read {
            self.replay();
        }
    }

    fn replay(&mut self) {
        let spare = Arc::make_mut(&mut self.spare);
        spare.follow(&self.behind, &self.live);
        self.behind.clear(WAITING);
    }

    /// Begins anew with what is published.
    fn recover(&mut self) {
        self.behind = Touched::default();
        self.spare = Arc::new(Table::clone(&self.live));
        self.free.clear();
        self.top = 0;
        for (slot, object) in self.live.slots() {
            self.top = slot + 1;
            if object.is_none() {
                self.free.push(slot);
            }
        }
    }
}

impl<V> Default for Copies<V> {
    fn default() -> Self {
        Self {
            live: Arc::default(),
            spare: Arc::default(),
            behind: Touched::default(),
            free: Vec::new(),
            top: 0,
            torn: false,
        }
    }
}

/// Changes of a table that are one commit.
pub(crate) struct Edit<'a, V> {
    copies: &'a mut Copies<V>,
    /// The order is made anew at the end, for which these slots were left and entered.
    reorders: bool,
    left: Vec<u32>,
    entered: Vec<u32>,
}

impl<V: Object> Edit<'_, V> {
    /// Looks ahead at what is under the hashes of keys that are to be changed next.
    pub(crate) fn touch(&self, hashes: impl Iterator<Item = u64>) {
        let table = &self.copies.spare;
        table.touch(hashes.filter_map(|hash| table.first(hash)));
    }

    /// Puts an object in, whose key has this hash, and returns what was there.
    pub(crate) fn put(&mut self, hash: u64, object: &Arc<V>) -> Option<Arc<V>> {
        let copies = &mut *self.copies;
        let table = Arc::make_mut(&mut copies.spare);
        let touched = &mut copies.behind;
        if let Some(slot) = table.find(hash, KeyRef::of(&**object)) {
            return table.replace(touched, slot, object.clone());
        }
        let slot = copies.free.pop().unwrap_or_else(|| {
            copies.top += 1;
            copies.top - 1
        });
        table.enter(touched, hash, slot, object.clone());
        if self.reorders {
            self.entered.push(slot);
        } else {
            table.enter_order(touched, slot);
        }
        None
    }

    /// Takes an object out, whose key has this hash, and returns it.
    pub(crate) fn remove(&mut self, hash: u64, key: KeyRef<'_>) -> Option<Arc<V>> {
        let copies = &mut *self.copies;
        let slot = copies.spare.find(hash, key)?;
        let table = Arc::make_mut(&mut copies.spare);
        let touched = &mut copies.behind;
        if self.reorders {
            self.left.push(slot);
        } else {
            table.leave_order(touched, slot);
        }
        copies.free.push(slot);
        table.leave(touched, hash, slot)
    }

    /// The table with all changes, which is to be published.
    pub(crate) fn finish(self) -> Arc<Table<V>> {
        let Self {
            copies,
            left,
            entered,
            ..
        } = self;
        if !left.is_empty() || !entered.is_empty() {
            let table = Arc::make_mut(&mut copies.spare);
            table.reorder(&mut copies.behind, &left, entered);
        }
        copies.torn = false;
        if !copies.behind.slots.is_empty() {
            std::mem::swap(&mut copies.live, &mut copies.spare);
        }
        copies.live.clone()
    }
}
