//! From the mailbox to the subscriber: what was taken out is evaluated by the closure part of the
//! filter, on another thread if it is much, and handed out.

use std::collections::HashMap;
use std::future::Future as _;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use tokio::task::coop::consume_budget;

use super::closure_filter::ClosureFilter;
use super::{Evaluated, Subscription};
use crate::core::mailbox::{Drained, Next, QueueItem};
use crate::error::Error;
use crate::event::{self, Change, Event};
use crate::object::Object;
use crate::offload::{self, Offload};

/// How many objects of a start are looked at before others may have their turn.
const PORTION: usize = 16;

impl<V: Object> Subscription<V> {
    pub(super) fn poll_event(&mut self, cx: &mut Context<'_>) -> Poll<Option<Event<V>>> {
        loop {
            ready!(self.poll_evaluated(cx));
            self.forget_closed();
            self.starting = false;
            if !self.passed.is_empty() {
                // Events that are there already are a reason to let other tasks have their turn.
                ready!(pin!(consume_budget()).poll(cx));
                return Poll::Ready(self.pop_passed());
            }
            let Some(next) = ready!(self.registration.mailbox().poll_take(cx)) else {
                return Poll::Ready(None);
            };
            self.started = true;
            match next {
                Next::Start => {
                    ready!(pin!(consume_budget()).poll(cx));
                    self.take_portion();
                }
                Next::Item(QueueItem::Change(change)) => {
                    let change = Arc::unwrap_or_clone(change);
                    self.evaluate(1, |closure| closure.pass(change).into_iter().collect());
                }
                Next::Item(QueueItem::Rest(changes)) => {
                    self.evaluate(changes.len(), |closure| {
                        closure.pass_all(None, changes, None)
                    });
                }
                Next::Item(QueueItem::Refilter(filter, changes)) => {
                    self.evaluate(changes.len(), |closure| {
                        closure.pass_all(Some(filter), changes, None)
                    });
                }
            }
        }
    }

    /// Reads on in a start of many objects.
    fn take_portion(&mut self) {
        let mailbox = self.registration.mailbox();
        // A refilter may have taken it meanwhile.
        let Some(rest) = self.registration.core().lend_start(mailbox) else {
            return;
        };
        match Error::catch(|| rest.portion(PORTION)) {
            Ok(mut portion) => {
                let changes = std::mem::take(&mut portion.changes);
                mailbox.took(&portion);
                let filter = rest.filter();
                self.evaluate(changes.len(), |closure| {
                    closure.pass_all(filter, changes, None)
                });
            }
            Err(error) => self.fail(error),
        }
    }

    /// Takes what waited, to be evaluated.
    pub(super) fn evaluate_all(&mut self, drained: Drained<V>) {
        self.started = true;
        self.taken.at = drained.at;
        self.taken.state.clone_from(&drained.state);
        self.taken.renews |= drained.renews;
        self.evaluate(drained.len(), |closure| {
            let state = drained.state.clone();
            let (filter, changes) = drained.into_changes();
            closure.pass_all(filter, changes, state.as_ref())
        });
    }

    /// Runs the closure filter, on another thread if there are many objects.
    fn evaluate(
        &mut self,
        count: usize,
        pass: impl FnOnce(&mut ClosureFilter<V>) -> Vec<Change<V>> + Send + 'static,
    ) {
        let mut filter = std::mem::take(&mut self.closure_filter);
        let pass = move || {
            let passed = Error::catch(|| pass(&mut filter));
            (filter, passed)
        };
        match offload::start(self.registration.mailbox().is_many(count), pass) {
            Offload::Spawned(job) => {
                self.registration.note_passed(self.passed.len() + count);
                self.job = Some(job);
            }
            Offload::Inline(pass) => self.evaluated(pass()),
        }
    }

    /// Waits for what is being evaluated.
    pub(super) fn poll_evaluated(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if let Some(job) = &mut self.job {
            let evaluated = ready!(Pin::new(job).poll(cx));
            self.job = None;
            match evaluated {
                Ok(evaluated) => self.evaluated(evaluated),
                // The runtime shuts down.
                Err(_) => self.fail(Error::Closed),
            }
        }
        Poll::Ready(())
    }

    fn evaluated(&mut self, (filter, passed): Evaluated<V>) {
        self.closure_filter = filter;
        match passed {
            Ok(later) if self.passed.is_empty() => self.passed = later.into(),
            Ok(later) => {
                let earlier = std::mem::take(&mut self.passed);
                self.passed = in_sequence(earlier.into(), later).into();
            }
            Err(error) => self.fail(error),
        }
        self.registration.note_passed(self.passed.len());
    }

    fn fail(&mut self, error: Error) {
        self.registration.close(&error);
        self.failed = Some(error);
    }

    pub(super) fn take_passed(&mut self) -> Vec<Change<V>> {
        self.forget_closed();
        self.registration.note_passed(0);
        std::mem::take(&mut self.passed).into()
    }

    /// Throws away what passed if it was closed since.
    pub(super) fn forget_closed(&mut self) {
        if !self.passed.is_empty() && self.registration.mailbox().is_discarded() {
            self.passed.clear();
        }
    }

    /// The first event of what passed.
    fn pop_passed(&mut self) -> Option<Event<V>> {
        self.forget_closed();
        let change = self.passed.pop_front()?;
        let [first, second] = change.into_events();
        if let Some(Event::Create { new }) = second {
            // The delete of an object that was replaced is handed out, its create is not.
            self.passed.push_front(Change::created(new));
        }
        self.registration.note_passed(self.passed.len());
        first
    }
}

/// What two sets of changes do one after the other: the net change of each key, deletes first.
fn in_sequence<V: Object>(earlier: Vec<Change<V>>, later: Vec<Change<V>>) -> Vec<Change<V>> {
    let mut positions: HashMap<_, usize> = HashMap::new();
    let mut net: Vec<Change<V>> = Vec::with_capacity(earlier.len() + later.len());
    for change in earlier.into_iter().chain(later) {
        let position = *positions.entry(change.key()).or_insert(net.len());
        match net.get_mut(position) {
            Some(earlier) => earlier.new = change.new,
            None => net.push(change),
        }
    }
    net.retain(|change| !change.is_nothing());
    event::sort(&mut net);
    net
}
