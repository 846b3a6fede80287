//! The writer's side of a table: two copies of it, of which readers have one.

use std::sync::Arc;

use super::table::Table;
use crate::object::{KeyRef, Object};

/// Two copies of a table that are changed in turns.
///
/// Readers have the one; the writer changes the other in place and publishes it. What it changed is
/// done again to the one that it replaces, once nobody reads that any longer. Both share the
/// index and the order, whose parts are cheap to copy; chunks of objects are not.
pub(crate) struct Copies<V> {
    live: Arc<Table<V>>,
    spare: Arc<Table<V>>,
    /// What the spare copy lacks.
    behind: Vec<(u32, Option<Arc<V>>)>,
    /// Slots that are free, and the first that was never used.
    free: Vec<u32>,
    top: u32,
    /// An edit was not finished, because an object panicked.
    torn: bool,
}

/// So many replaced objects at most may wait to be let go until somebody has read the spare copy.
const WAITING: usize = 512;
/// An order is made anew for at least so many changes.
const MANY: usize = 256;

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
        if !self.behind.is_empty() {
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

    /// Brings the spare copy up to the live one, so that nothing that was replaced stays, unless
    /// somebody still reads it: then that is done before the next change.
    pub(crate) fn settle(&mut self) {
        let is_read = Arc::get_mut(&mut self.spare).is_none();
        let grew = self.spare.len() < self.live.len() / 2;
        if self.behind.len() > WAITING && (is_read || grew) {
            self.behind = Vec::new();
            self.spare = Arc::new(Table::clone(&self.live));
        } else if !is_read {
            self.replay();
        }
    }

    fn replay(&mut self) {
        let spare = Arc::make_mut(&mut self.spare);
        for (slot, object) in self.behind.drain(..) {
            spare.set(slot, object);
        }
        spare.share_keys(&self.live);
        self.behind.shrink_to(WAITING);
    }

    /// Begins anew with what is published.
    fn recover(&mut self) {
        self.behind = Vec::new();
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
            behind: Vec::new(),
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
    fn table(&mut self) -> &mut Table<V> {
        Arc::make_mut(&mut self.copies.spare)
    }

    /// Puts an object in, whose key has this hash, and returns what was there.
    pub(crate) fn put(&mut self, hash: u64, object: &Arc<V>) -> Option<Arc<V>> {
        let found = self.copies.spare.find(hash, KeyRef::of(&**object));
        if let Some(slot) = found {
            self.note(slot, Some(object.clone()));
            return self.table().replace(slot, object.clone());
        }
        let slot = self.free_slot();
        self.note(slot, Some(object.clone()));
        self.table().enter(hash, slot, object.clone());
        if self.reorders {
            self.entered.push(slot);
        } else {
            self.table().enter_order(slot);
        }
        None
    }

    /// Takes an object out, whose key has this hash, and returns it.
    pub(crate) fn remove(&mut self, hash: u64, key: KeyRef<'_>) -> Option<Arc<V>> {
        let slot = self.copies.spare.find(hash, key)?;
        if self.reorders {
            self.left.push(slot);
        } else {
            self.table().leave_order(slot);
        }
        self.note(slot, None);
        self.copies.free.push(slot);
        self.table().leave(hash, slot)
    }

    fn note(&mut self, slot: u32, object: Option<Arc<V>>) {
        self.copies.behind.push((slot, object));
    }

    fn free_slot(&mut self) -> u32 {
        let copies = &mut *self.copies;
        copies.free.pop().unwrap_or_else(|| {
            copies.top += 1;
            copies.top - 1
        })
    }

    /// The table with all changes, which is to be published.
    pub(crate) fn finish(mut self) -> Arc<Table<V>> {
        if !self.left.is_empty() || !self.entered.is_empty() {
            let (left, entered) = (
                std::mem::take(&mut self.left),
                std::mem::take(&mut self.entered),
            );
            self.table().reorder(&left, entered);
        }
        let copies = self.copies;
        copies.torn = false;
        if !copies.behind.is_empty() {
            std::mem::swap(&mut copies.live, &mut copies.spare);
        }
        copies.live.clone()
    }
}
