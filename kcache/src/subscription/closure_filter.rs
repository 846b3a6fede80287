//! The closure part of a filter, run by the subscriber.

use std::collections::HashSet;

use super::aspect::{Aspects, UpdateFilter};
use crate::core::mailbox::Limits;
use crate::event::{self, Change};
use crate::filter::Filter;
use crate::object::{Key, Object};

/// Evaluates the closures on what the data part of a filter let through.
///
/// It keeps which keys it has accepted, so that whatever a closure says, a subscriber sees legal
/// steps only. Without a closure there is nothing to keep.
pub(crate) struct ClosureFilter<V> {
    /// The whole filter, if it has a closure.
    filter: Option<Filter<V>>,
    accepted: HashSet<Key>,
    /// What is the same again is passed on too, for who derives states: it may have another slot.
    passes_same: bool,
    /// What comes last: which updates are of interest.
    updates: UpdateFilter<V>,
}

impl<V> Default for ClosureFilter<V> {
    fn default() -> Self {
        Self {
            filter: None,
            accepted: HashSet::new(),
            passes_same: false,
            updates: UpdateFilter::default(),
        }
    }
}

impl<V: Object> ClosureFilter<V> {
    pub(crate) fn new(limits: Limits) -> Self {
        Self {
            passes_same: limits.derives,
            ..Self::default()
        }
    }

    /// From now on updates pass that change one of these aspects, and no others.
    pub(crate) fn only(&mut self, aspects: Aspects) {
        self.updates = UpdateFilter::new(aspects);
    }

    /// What one change means to the subscriber.
    pub(crate) fn pass(&mut self, change: Change<V>) -> Option<Change<V>> {
        let had = self.had(&change);
        let evaluated = self.evaluate(change, had)?;
        self.updates.pass(evaluated)
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
            let updates = std::mem::take(&mut self.updates);
            let accepted = HashSet::new();
            let next = Self {
                filter,
                accepted,
                passes_same: self.passes_same,
                updates,
            };
            std::mem::replace(self, next)
        });
        let mut passed = Vec::with_capacity(changes.len());
        for change in changes {
            let had = before.as_ref().unwrap_or(self).had(&change);
            let evaluated = self.evaluate(change, had);
            passed.extend(evaluated.and_then(|change| self.updates.pass(change)));
        }
        event::sort(&mut passed);
        passed
    }

    /// True if the subscriber has what the change calls the old object.
    fn had(&self, change: &Change<V>) -> bool {
        change.old.is_some() && (self.filter.is_none() || self.accepted.contains(&change.key()))
    }

    fn evaluate(&mut self, mut change: Change<V>, had: bool) -> Option<Change<V>> {
        if !had {
            change.old = None;
        }
        if let Some(filter) = &self.filter {
            let key = change.key();
            change.new = change.new.filter(|new| filter.accepts(new));
            if change.new.is_some() {
                self.accepted.insert(key);
            } else {
                self.accepted.remove(&key);
            }
        }
        let same = self.passes_same && change.old.is_some() && change.new.is_some();
        (same || !change.is_nothing()).then_some(change)
    }
}
