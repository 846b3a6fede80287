//! States that are parts of another publisher's states.

use std::sync::Arc;

use super::State;
use crate::event::Change;
use crate::object::Object;
use crate::updates::{Entry, Update};

impl<V: Object> State<V> {
    /// This state after some updates, as a part of a newer state of what it is a part of: of each key
    /// that is put in it has the object that `whole` has. All others are the same in both.
    pub(crate) fn derive(&self, whole: &Self, updates: &[Entry<V>]) -> (Self, Vec<Change<V>>) {
        let mut members = self.members.clone().unwrap_or_default();
        // All leave before the first enters: a slot may have gone from one object to another.
        let mut leave = |entry: &Entry<V>| {
            let slot = self.slot(entry.hash, entry.key())?;
            members.remove(slot);
            self.table.at(slot).cloned()
        };
        let left: Vec<Option<Arc<V>>> = updates.iter().map(&mut leave).collect();
        let mut enter = |entry: &Entry<V>| {
            let is_put = matches!(entry.update, Update::Put(_));
            let slot = whole.slot(entry.hash, entry.key());
            let slot = slot.filter(|_| is_put)?;
            members.insert(slot);
            whole.table.at(slot).cloned()
        };
        let changes = updates.iter().zip(left).map(|(entry, old)| {
            let new = enter(entry);
            Change { old, new }
        });
        let changes = changes.filter(|change| !change.is_nothing()).collect();
        let derived = Self {
            moment: self.moment,
            input_commits: self.input_commits.clone(),
            table: whole.table.clone(),
            members: Some(members),
        };
        (derived, changes)
    }
}
