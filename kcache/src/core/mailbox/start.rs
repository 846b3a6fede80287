//! What a subscription to many objects starts with: a state, of which it is handed out as it is read.

use std::sync::Arc;

use crate::event::Change;
use crate::filter::Filter;
use crate::object::{Key, KeyRef, Object};
use crate::store::State;

/// A start that was not read to its end. Nothing is made of it before it is read, so that it takes
/// no time to begin with many objects.
pub(crate) struct PendingStart<V> {
    /// What there was; `None` if so much was changed since that it is no longer worth keeping. Then
    /// the rest is read of the newest state.
    state: Option<Arc<State<V>>>,
    filter: Filter<V>,
    /// Up to this key, in order, it was read.
    after: Option<Key>,
    /// How many objects there are, and how many were looked at.
    count: usize,
    seen: usize,
    /// A portion is being read, so the state stays.
    lent: bool,
}

/// What is left of a start.
pub(crate) struct StartRemainder<V> {
    state: Arc<State<V>>,
    filter: Filter<V>,
    after: Option<Key>,
}

/// Some of a start.
pub(crate) struct Portion<V> {
    pub(crate) changes: Vec<Change<V>>,
    /// The last key that was looked at; `None` at the end.
    last: Option<Key>,
    seen: usize,
}

impl<V> PendingStart<V> {
    /// True if this key was read, so that what happens to it is news.
    pub(super) fn was_read(&self, key: KeyRef<'_>) -> bool {
        let after = self.after.as_ref();
        after.is_some_and(|after| key <= after.parts())
    }

    pub(super) fn is_unread(&self) -> bool {
        self.after.is_none() && !self.lent
    }

    pub(super) fn is_kept(&self) -> bool {
        self.state.is_some()
    }

    /// Lets the state go if nobody is reading it. True if it went.
    pub(super) fn forget(&mut self) -> bool {
        let goes = self.state.is_some() && !self.lent;
        if goes {
            self.state = None;
        }
        goes
    }

    /// How many objects are still to be looked at.
    pub(super) fn len(&self) -> usize {
        self.count.saturating_sub(self.seen)
    }
}

impl<V: Object> PendingStart<V> {
    pub(super) fn new(state: Arc<State<V>>, filter: Filter<V>) -> Self {
        Self {
            count: state.len(),
            state: Some(state),
            filter,
            after: None,
            seen: 0,
            lent: false,
        }
    }

    /// From here on the rest is read of this state.
    pub(super) fn keep(&mut self, state: Arc<State<V>>) {
        self.count = state.len();
        self.state = Some(state);
    }

    /// The rest, for a portion to be read of it; [`took`](Self::took) says which.
    pub(super) fn lend(&mut self) -> Option<StartRemainder<V>> {
        let state = self.state.clone()?;
        self.lent = true;
        Some(StartRemainder {
            state,
            filter: self.filter.clone(),
            after: self.after.clone(),
        })
    }

    /// Notes what was read. True at the end.
    pub(super) fn took(&mut self, portion: &Portion<V>) -> bool {
        self.lent = false;
        self.seen += portion.seen;
        self.after.clone_from(&portion.last);
        self.after.is_none()
    }

    pub(super) fn into_remainder(self) -> Option<StartRemainder<V>> {
        let (filter, after) = (self.filter, self.after);
        self.state.map(|state| StartRemainder {
            state,
            filter,
            after,
        })
    }
}

impl<V: Object> StartRemainder<V> {
    /// How many objects it may be.
    pub(crate) fn len(&self) -> usize {
        self.state.len()
    }

    /// The filter that takes effect with it, if nothing of it was read before.
    pub(crate) fn filter(&self) -> Option<Filter<V>> {
        self.after.is_none().then(|| self.filter.clone())
    }

    /// Reads on over so many objects.
    pub(crate) fn portion(&self, size: usize) -> Portion<V> {
        let filter = self.filter.data();
        let mut portion = Portion {
            changes: Vec::new(),
            last: None,
            seen: 0,
        };
        let namespace = filter.shared_namespace();
        let after = self.after.as_ref().map(Key::parts);
        let mut last = None;
        for object in self.state.after(namespace, after) {
            if portion.seen == size {
                portion.last = last.map(|last: &Arc<V>| Key::of(&**last));
                return portion;
            }
            portion.seen += 1;
            last = Some(object);
            if filter.accepts(object) {
                portion.changes.push(Change::created(object.clone()));
            }
        }
        portion
    }

    /// All of it, in any order.
    pub(crate) fn into_changes(self) -> Vec<Change<V>> {
        let filter = self.filter.data();
        let mut changes = Vec::new();
        filter.scan(&self.state, |object| {
            if filter.accepts(object) {
                let after = self.after.as_ref().map(Key::parts);
                if after.is_none_or(|after| KeyRef::of(&**object) > after) {
                    changes.push(Change::created(object.clone()));
                }
            }
        });
        changes
    }
}
