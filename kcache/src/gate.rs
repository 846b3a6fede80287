//! The closure part of a filter, run by the subscriber.

use std::collections::HashSet;

use crate::event::{self, Change};
use crate::filter::Filter;
use crate::object::{Key, Object};

/// Judges what the data part of a filter let through.
///
/// It keeps which keys it has let in, so that whatever a closure says, a subscriber sees legal
/// steps only. Without a closure there is nothing to keep.
pub(crate) struct Gate<V> {
    /// The whole filter, if it has a closure.
    filter: Option<Filter<V>>,
    let_in: HashSet<Key>,
}

impl<V> Default for Gate<V> {
    fn default() -> Self {
        Self {
            filter: None,
            let_in: HashSet::new(),
        }
    }
}

impl<V: Object> Gate<V> {
    /// What one change means to the subscriber.
    pub(crate) fn pass(&mut self, change: Change<V>) -> Option<Change<V>> {
        let had = self.had(&change);
        self.judge(change, had)
    }

    /// What a new filter, if there is one, and the changes that come with it mean to the
    /// subscriber, deletes first.
    pub(crate) fn pass_all(
        &mut self,
        filter: Option<Filter<V>>,
        changes: Vec<Change<V>>,
    ) -> Vec<Change<V>> {
        let before = filter.map(|filter| {
            let filter = Some(filter).filter(Filter::has_closure);
            let let_in = HashSet::new();
            std::mem::replace(self, Self { filter, let_in })
        });
        let mut passed = Vec::with_capacity(changes.len());
        for change in changes {
            let had = before.as_ref().unwrap_or(self).had(&change);
            passed.extend(self.judge(change, had));
        }
        event::sort(&mut passed);
        passed
    }

    /// True if the subscriber has what the change calls the old object.
    fn had(&self, change: &Change<V>) -> bool {
        change.old.is_some() && (self.filter.is_none() || self.let_in.contains(&change.key))
    }

    fn judge(&mut self, mut change: Change<V>, had: bool) -> Option<Change<V>> {
        if !had {
            change.old = None;
        }
        if let Some(filter) = &self.filter {
            change.new = change.new.filter(|new| filter.accepts(new));
            if change.new.is_some() {
                self.let_in.insert(change.key.clone());
            } else {
                self.let_in.remove(&change.key);
            }
        }
        (!change.is_nothing()).then_some(change)
    }
}
