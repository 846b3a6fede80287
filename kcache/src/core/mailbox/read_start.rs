//! Starts of many objects, on the mailbox's side.

use std::sync::Arc;

use super::start::PendingStart;
use super::{Drained, Inner, Mailbox, OLD, Overflow, Portion, StartRemainder, Wakeup};
use crate::filter::Filter;
use crate::object::Object;
use crate::store::State;
use crate::sync::lock;

impl<V: Object> Inner<V> {
    /// Reads the rest of the start of this state, if the one that it was read of was dropped.
    fn renew(&mut self, state: &Arc<State<V>>) {
        if let Some(start) = self.start.as_mut().filter(|start| !start.is_kept()) {
            start.keep(state.clone());
            self.waiting.reach(state.moment);
        }
    }
}

/// Starts of many objects. What needs a newer state is called by who holds the publisher's lock, so
/// that all that was committed up to that state is here.
impl<V: Object> Mailbox<V> {
    /// Begins with this state, of which nothing is made before it is read. Returns whom to wake.
    pub(crate) fn begin(&self, state: Arc<State<V>>, filter: Filter<V>) -> Wakeup {
        let inner = &mut *lock(&self.inner);
        let at = state.moment;
        inner.start = Some(PendingStart::new(state, filter));
        inner.waiting.reach(at);
        let opens = inner.open(at);
        self.wakeup(inner.waker.take(), opens, None)
    }

    /// Forgets a start of which nothing was read, with what has come since, if the reader wants no
    /// more than the newest state. True if there was one.
    pub(crate) fn forget_start(&self) -> bool {
        let inner = &mut *lock(&self.inner);
        let unread = inner.start.as_ref().is_some_and(PendingStart::is_unread);
        let forgets = unread && self.limits.overflow == Overflow::Merge;
        if forgets {
            inner.start = None;
            drop(inner.waiting.take_out());
        }
        forgets
    }

    /// True if there is a start that was not read to its end.
    pub(crate) fn has_start(&self) -> bool {
        lock(&self.inner).start.is_some()
    }

    /// The state that the rest of the start is read of, if it wants one.
    pub(crate) fn renew_start(&self, state: &Arc<State<V>>) {
        lock(&self.inner).renew(state);
    }

    /// Takes out what is left of a start, with what came after it, because a refilter comes.
    pub(crate) fn take_left(&self, state: &Arc<State<V>>) -> Option<Drained<V>> {
        let inner = &mut *lock(&self.inner);
        inner.renew(state);
        let start = inner.start.take()?;
        Some(Drained {
            at: inner.waiting.at,
            start: start.into_remainder(),
            waiting: inner.waiting.take_out(),
            state: None,
            renews: false,
        })
    }

    /// The rest of the start, to read a portion of it.
    pub(crate) fn lend_start(&self) -> Option<StartRemainder<V>> {
        lock(&self.inner)
            .start
            .as_mut()
            .and_then(PendingStart::lend)
    }

    /// Notes that a portion was read.
    pub(crate) fn took(&self, portion: &Portion<V>) {
        let mut inner = lock(&self.inner);
        let ends = inner
            .start
            .as_mut()
            .is_some_and(|start| start.took(portion));
        let ended = if ends { inner.start.take() } else { None };
        drop(inner);
        drop(ended);
    }

    /// All that waits, which may be nothing. Who derives states gets this one, the newest, or that
    /// before the refilter that is being worked out.
    pub(crate) fn drain(&self, state: Option<Arc<State<V>>>) -> Drained<V> {
        let inner = &mut *lock(&self.inner);
        inner.lag.lagging = false;
        inner.drained = inner.waiting.at;
        let age = std::mem::take(&mut inner.age);
        Drained {
            at: inner.drained,
            start: inner.start.take().and_then(PendingStart::into_remainder),
            waiting: inner.waiting.take_out(),
            state: inner.held_at.clone().or(state),
            renews: age >= OLD,
        }
    }

    /// Throws away what waits if it ended, because what came after its end is not in it.
    pub(crate) fn forget_ended(&self) {
        let mut inner = lock(&self.inner);
        if inner.error().is_some() {
            let forgotten = (inner.start.take(), inner.waiting.take_out());
            drop(inner);
            drop(forgotten);
        }
    }
}
