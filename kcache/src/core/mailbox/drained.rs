//! What is taken out of a mailbox at once.

use std::sync::Arc;

use super::backlog::Backlog;
use super::start::StartRemainder;
use crate::event::Change;
use crate::filter::Filter;
use crate::object::Object;
use crate::store::{Moment, State};

/// All that waited, as it waited.
pub(crate) struct Drained<V> {
    pub(crate) at: Moment,
    pub(super) start: Option<StartRemainder<V>>,
    pub(super) waiting: Backlog<V>,
    /// The state that it goes up to, for who derives states. It may be newer than the commit, by what
    /// the filter leaves out.
    pub(crate) state: Option<Arc<State<V>>>,
    /// It is taken to let an old state go.
    pub(crate) renews: bool,
}

/// The filter that takes effect with what was taken out, and the net change of each key.
pub(crate) type Taken<V> = (Option<Filter<V>>, Vec<Change<V>>);

impl<V: Object> Drained<V> {
    /// How many objects it may be about.
    pub(crate) fn len(&self) -> usize {
        self.waiting.len() + self.start.as_ref().map_or(0, StartRemainder::len)
    }

    /// True if it is surely nothing: neither a start nor a filter nor a change.
    pub(crate) fn is_nothing(&self) -> bool {
        self.start.is_none() && self.waiting.is_empty()
    }

    pub(crate) fn into_changes(self) -> Taken<V> {
        let mut waiting = self.waiting;
        if let Some(start) = self.start {
            let filter = start.filter();
            if waiting.is_empty() {
                return (filter, start.into_changes());
            }
            waiting = waiting.begun_with(filter, start.into_changes());
        }
        waiting.drain()
    }
}
