//! The closure part of a filter, run by the subscriber.

use std::sync::Arc;

use super::accepted::Accepted;
use super::aspect::{Aspects, UpdateFilter};
use crate::core::mailbox::Limits;
use crate::event::{self, Change};
use crate::filter::Filter;
use crate::object::{KeyRef, Object};
use crate::store::State;

/// Evaluates the closures on what the data part of a filter let through.
///
/// It keeps what it has accepted, so that whatever a closure says, a subscriber sees legal
/// steps only. Without a closure there is nothing to keep.
pub(crate) struct ClosureFilter<V> {
    /// The whole filter, if it has a closure.
    filter: Option<Filter<V>>,
    accepted: Accepted<V>,
    /// What is the same again is passed on too, for who derives states: it may have another slot.
    passes_same: bool,
    /// What comes last: which updates are of interest.
    updates: UpdateFilter<V>,
}

impl<V> Default for ClosureFilter<V> {
    fn default() -> Self {
        Self {
            filter: None,
            accepted: Accepted::default(),
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
        let had = self.forget(&change);
        self.accepted.go_on(None);
        let evaluated = self.evaluate(change, had)?;
        self.updates.pass(evaluated)
    }

    /// What a new filter, if there is one, and the changes that come with it mean to the
    /// subscriber, deletes first. With the state that the changes lead to, if it is known.
    pub(crate) fn pass_all(
        &mut self,
        filter: Option<Filter<V>>,
        changes: Vec<Change<V>>,
        state: Option<&Arc<State<V>>>,
    ) -> Vec<Change<V>> {
        // All leave before the first enters: a slot may have gone from one object to another.
        let had: Vec<bool> = changes.iter().map(|change| self.forget(change)).collect();
        match filter {
            Some(filter) => {
                self.filter = Some(filter).filter(Filter::has_closure);
                let state = state.filter(|_| self.filter.is_some());
                self.accepted = Accepted::nothing(state);
            }
            None => self.accepted.go_on(state),
        }
        let mut passed = Vec::with_capacity(changes.len());
        for (change, had) in changes.into_iter().zip(had) {
            let evaluated = self.evaluate(change, had);
            passed.extend(evaluated.and_then(|change| self.updates.pass(change)));
        }
        event::sort(&mut passed);
        passed
    }

    /// True if the subscriber has what the change calls the old object. It no longer counts as
    /// accepted.
    fn forget(&mut self, change: &Change<V>) -> bool {
        let had = self.filter.is_none() || self.accepted.remove(change.key_ref());
        had && change.old.is_some()
    }

    fn evaluate(&mut self, mut change: Change<V>, had: bool) -> Option<Change<V>> {
        if !had {
            change.old = None;
        }
        if let Some(filter) = &self.filter {
            change.new = change.new.filter(|new| filter.accepts(new));
            if let Some(new) = &change.new {
                self.accepted.insert(KeyRef::of(&**new));
            }
        }
        let same = self.passes_same && change.old.is_some() && change.new.is_some();
        (same || !change.is_nothing()).then_some(change)
    }
}
