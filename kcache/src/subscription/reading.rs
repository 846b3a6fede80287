//! From the mailbox to the subscriber: what was taken out is judged by the closure part of the
//! filter, on another thread if it is much, and handed out.

use std::collections::HashMap;
use std::future::Future as _;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, ready};

use tokio::task::coop::consume_budget;

use super::closure_filter::Gate;
use super::{Judged, Subscription};
use crate::core::mailbox::{Drained, Letter, Next};
use crate::error::Error;
use crate::event::{self, Change, Event};
use crate::object::Object;
use crate::offload::{self, Begun};

/// How many objects of a start are looked at before others may have their turn.
const PORTION: usize = 16;

impl<V: Object> Subscription<V> {
    pub(super) fn poll_event(&mut self, cx: &mut Context<'_>) -> Poll<Option<Event<V>>> {
        loop {
            ready!(self.poll_judged(cx));
            self.forget_closed();
            self.starting = false;
            if !self.passed.is_empty() {
                // Events that are there already are a reason to let other tasks have their turn.
                ready!(pin!(consume_budget()).poll(cx));
                return Poll::Ready(self.pop_passed());
            }
            let Some(next) = ready!(self.tap.mailbox().poll_take(cx)) else {
                return Poll::Ready(None);
            };
            self.started = true;
            match next {
                Next::Start => {
                    ready!(pin!(consume_budget()).poll(cx));
                    self.take_portion();
                }
                Next::Letter(Letter::Change(change)) => {
                    self.judge(1, |gate| gate.pass(change).into_iter().collect());
                }
                Next::Letter(Letter::Rest(changes)) => {
                    self.judge(changes.len(), |gate| gate.pass_all(None, changes));
                }
                Next::Letter(Letter::Refilter(filter, changes)) => {
                    self.judge(changes.len(), |gate| gate.pass_all(Some(filter), changes));
                }
            }
        }
    }

    /// Reads on in a start of many objects.
    fn take_portion(&mut self) {
        let mailbox = self.tap.mailbox();
        // A refilter may have taken it meanwhile.
        let Some(rest) = self.tap.source().core().lend_start(mailbox) else {
            return;
        };
        match Error::catch(|| rest.portion(PORTION)) {
            Ok(mut portion) => {
                let changes = std::mem::take(&mut portion.changes);
                mailbox.took(&portion);
                let filter = rest.filter();
                self.judge(changes.len(), |gate| gate.pass_all(filter, changes));
            }
            Err(error) => self.fail(error),
        }
    }

    /// Takes what waited, to be judged.
    pub(super) fn judge_all(&mut self, drained: Drained<V>) {
        self.started = true;
        self.taken = drained.at;
        self.judge(drained.len(), |gate| {
            let (filter, changes) = drained.into_changes();
            gate.pass_all(filter, changes)
        });
    }

    /// Lets the gate judge, on another thread if there are many objects.
    fn judge(
        &mut self,
        count: usize,
        pass: impl FnOnce(&mut Gate<V>) -> Vec<Change<V>> + Send + 'static,
    ) {
        let mut gate = std::mem::take(&mut self.gate);
        let pass = move || {
            let passed = Error::catch(|| pass(&mut gate));
            (gate, passed)
        };
        match offload::begin(self.tap.mailbox().is_many(count), pass) {
            Begun::Job(job) => {
                self.tap.note_passed(self.passed.len() + count);
                self.job = Some(job);
            }
            Begun::Here(pass) => self.judged(pass()),
        }
    }

    /// Waits for what is being judged.
    pub(super) fn poll_judged(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if let Some(job) = &mut self.job {
            let judged = ready!(Pin::new(job).poll(cx));
            self.job = None;
            match judged {
                Ok(judged) => self.judged(judged),
                // The runtime shuts down.
                Err(_) => self.fail(Error::Closed),
            }
        }
        Poll::Ready(())
    }

    fn judged(&mut self, (gate, passed): Judged<V>) {
        self.gate = gate;
        match passed {
            Ok(later) if self.passed.is_empty() => self.passed = later.into(),
            Ok(later) => {
                let earlier = std::mem::take(&mut self.passed);
                self.passed = in_sequence(earlier.into(), later).into();
            }
            Err(error) => self.fail(error),
        }
        self.tap.note_passed(self.passed.len());
    }

    fn fail(&mut self, error: Error) {
        self.tap.close(&error);
        self.failed = Some(error);
    }

    pub(super) fn take_passed(&mut self) -> Vec<Change<V>> {
        self.forget_closed();
        self.tap.note_passed(0);
        std::mem::take(&mut self.passed).into()
    }

    /// Throws away what passed the gate if it was closed since.
    pub(super) fn forget_closed(&mut self) {
        if !self.passed.is_empty() && self.tap.mailbox().is_discarded() {
            self.passed.clear();
        }
    }

    /// The first event of what passed the gate.
    fn pop_passed(&mut self) -> Option<Event<V>> {
        self.forget_closed();
        let change = self.passed.pop_front()?;
        let [first, second] = change.into_events();
        if let Some(Event::Create { new }) = second {
            // The delete of an object that was replaced is handed out, its create is not.
            self.passed.push_front(Change::created(new));
        }
        self.tap.note_passed(self.passed.len());
        first
    }
}

/// What two sets of changes do one after the other: the net change of each key, deletes first.
fn in_sequence<V: Object>(earlier: Vec<Change<V>>, later: Vec<Change<V>>) -> Vec<Change<V>> {
    let mut places: HashMap<_, usize> = HashMap::new();
    let mut net: Vec<Change<V>> = Vec::with_capacity(earlier.len() + later.len());
    for change in earlier.into_iter().chain(later) {
        if let Some(place) = places.get(&change.key) {
            net[*place].new = change.new;
        } else {
            places.insert(change.key.clone(), net.len());
            net.push(change);
        }
    }
    net.retain(|change| !change.is_nothing());
    event::sort(&mut net);
    net
}
