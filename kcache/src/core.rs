//! What the two ends of a publisher share: its state, and who gets its changes.

pub(crate) mod mailbox;
mod dispatcher;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use arc_swap::ArcSwap;
use tokio::sync::watch;

use self::dispatcher::Dispatcher;
use self::mailbox::{Drained, Mailbox, StartRemainder, Wakeup};
use crate::bad_objects::{BadObjects, Novelty};
use crate::counts::{Count, Counts, Known, SourceCounts, Spent};
use crate::encoding::LastEncoding;
use crate::error::Error;
use crate::event::Change;
use crate::filter::Filter;
use crate::object::{Key, Object};
use crate::status::{Notice, NoticeSender, Phase, Status};
use crate::store::State;
use crate::sync::{Mutex, lock};
use crate::wait::Progress;

/// So many replaced objects are kept for a derived state without a thought.
const MUCH: u64 = 256;

/// What the writer and all readers of one publisher share.
///
/// Lock order: a registration's refilters, its filter, the dispatcher, a mailbox. Whoever waits for
/// events, notices or an end is woken when all are released.
pub(crate) struct Core<V> {
    /// The newest state. Stored only under the dispatcher's lock, so that whoever holds that lock
    /// sees a state and the subscriptions that got it; loaded without any lock.
    pub(crate) state: ArcSwap<State<V>>,
    dispatcher: Mutex<Dispatcher<V>>,
    phase: watch::Sender<Phase>,
    pub(crate) notices: NoticeSender,
    pub(crate) counters: Counters,
    pub(crate) progress: Progress,
    /// Never held while anything else is locked.
    pub(crate) bad: Mutex<BadObjects>,
}

#[derive(Default)]
pub(crate) struct Counters {
    /// How many objects are bad now.
    bad_objects: AtomicU64,
    pub(crate) stale_inputs: AtomicU64,
    pub(crate) evaluations: AtomicU64,
    changes: Count,
    pub(crate) commit_time: Spent,
    /// Shared with the publishers that this one merges, so that what they count is counted here.
    pub(crate) source: Arc<SourceCounts>,
    /// What the source's objects were last written in.
    pub(crate) encoding: LastEncoding,
    /// Whether the server sends no more than the shard that it is asked for.
    pub(crate) sharded: Known,
}

impl Counters {
    fn set_bad(&self, count: u64) {
        let before = self.bad_objects.swap(count, Ordering::Relaxed);
        self.source.change_bad(before, count);
    }
}

impl Drop for Counters {
    fn drop(&mut self) {
        self.set_bad(0);
    }
}

impl<V: Object> Core<V> {
    /// It counts here what its source does.
    pub(crate) fn new(source: Arc<SourceCounts>) -> Self {
        let mut counters = Counters::default();
        counters.source = source;
        Self {
            state: ArcSwap::default(),
            dispatcher: Mutex::new(Dispatcher::default()),
            phase: watch::Sender::new(Phase::Syncing { failure: None }),
            notices: NoticeSender::default(),
            counters,
            progress: Progress::default(),
            bad: Mutex::default(),
        }
    }

    /// Makes a state the newest one, and then brings its changes to the subscriptions.
    pub(crate) fn publish(&self, state: State<V>, changes: &[Change<V>]) {
        self.counters.changes.add(changes.len() as u64);
        let (at, gone) = (state.moment, state.table.replaced());
        let much = MUCH.max(state.table.len() as u64 / 64);
        // What stands on a derived state, which is renewed that seldom, is renewed with it.
        let much = if state.members.is_some() {
            much / 2
        } else {
            much
        };
        let mut dispatcher = lock(&self.dispatcher);
        if dispatcher.closed.is_some() {
            return;
        }
        let replaced = self.state.swap(Arc::new(state));
        let mut delivered = dispatcher.deliver(at, changes);
        dispatcher.grow_old(gone, much, &mut delivered.wakeups);
        drop(dispatcher);
        drop(replaced);
        let evaluations = &self.counters.evaluations;
        evaluations.fetch_add(delivered.evaluations, Ordering::Relaxed);
        delivered.wakeups.into_iter().for_each(Wakeup::wake);
    }

    /// Adds a mailbox that gets nothing yet.
    pub(crate) fn subscribe(&self, mailbox: &Arc<Mailbox<V>>) {
        let mut dispatcher = lock(&self.dispatcher);
        match dispatcher.closed.clone() {
            Some(error) => {
                drop(dispatcher);
                mailbox.end(&error).wake();
            }
            None => dispatcher.subscribe(&Filter::nothing(), mailbox.clone()),
        }
    }

    /// Gives a mailbox another filter from the next commit on, and does what is to be done with the
    /// state before it.
    pub(crate) fn reroute<T>(
        &self,
        mailbox: &Arc<Mailbox<V>>,
        from: &Filter<V>,
        to: &Filter<V>,
        with: impl FnOnce(&Arc<State<V>>) -> T,
    ) -> Result<T, Error> {
        let mut dispatcher = lock(&self.dispatcher);
        // One that has ended gets nothing more: its end may have come while this was waited for.
        if let Some(error) = dispatcher.closed.clone().or_else(|| mailbox.error()) {
            return Err(error);
        }
        dispatcher.unsubscribe(from, mailbox);
        dispatcher.subscribe(to, mailbox.clone());
        Ok(with(&self.state.load_full()))
    }

    /// All that waits in a mailbox.
    pub(crate) fn drain(&self, mailbox: &Mailbox<V>) -> Drained<V> {
        if !mailbox.has_start() && !mailbox.derives() {
            return mailbox.drain(None);
        }
        let dispatcher = lock(&self.dispatcher);
        let state = self.state.load_full();
        mailbox.renew_start(&state);
        if mailbox.derives() && dispatcher.closed.is_none() {
            mailbox.forget_ended();
        }
        let drained = mailbox.drain(mailbox.derives().then_some(state));
        drop(dispatcher);
        drained
    }

    /// The rest of a start in a mailbox, to read a portion of it.
    pub(crate) fn lend_start(&self, mailbox: &Mailbox<V>) -> Option<StartRemainder<V>> {
        let lent = mailbox.lend_start();
        if lent.is_some() || !mailbox.has_start() {
            return lent;
        }
        let dispatcher = lock(&self.dispatcher);
        mailbox.renew_start(&self.state.load_full());
        let lent = mailbox.lend_start();
        drop(dispatcher);
        lent
    }

    /// Notes in a mailbox which commit it has been brought up to: deliveries are made under the same
    /// lock, so none is half done.
    pub(crate) fn reach(&self, mailbox: &Mailbox<V>) {
        let dispatcher = lock(&self.dispatcher);
        mailbox.reach(self.state.load().moment);
        drop(dispatcher);
    }

    pub(crate) fn unsubscribe(&self, mailbox: &Arc<Mailbox<V>>, filter: &Filter<V>) {
        lock(&self.dispatcher).unsubscribe(filter, mailbox);
    }

    pub(crate) fn set_phase(&self, phase: Phase) {
        self.phase.send_if_modified(|now| {
            let open = now.closed().is_none();
            if open {
                *now = phase;
            }
            open
        });
    }

    /// Ends the publisher and its subscriptions. The first reason stands.
    pub(crate) fn close(&self, error: &Error) {
        let members = lock(&self.dispatcher).close(error);
        self.set_phase(Phase::Closed(error.clone()));
        let wakeups = members.iter().map(|mailbox| mailbox.end(error));
        wakeups.for_each(Wakeup::wake);
        self.notices.close();
    }

    pub(crate) fn phase(&self) -> Phase {
        self.phase.borrow().clone()
    }

    pub(crate) fn phases(&self) -> watch::Receiver<Phase> {
        self.phase.subscribe()
    }

    pub(crate) fn error(&self) -> Option<Error> {
        self.phase.borrow().closed().cloned()
    }

    pub(crate) async fn closed(&self) -> Error {
        let mut phases = self.phases();
        match phases.wait_for(|phase| phase.closed().is_some()).await {
            Ok(phase) => phase.closed().cloned().unwrap_or(Error::Closed),
            // The sender is a part of `self`.
            Err(_) => Error::Closed,
        }
    }

    pub(crate) fn status(&self) -> Status {
        let state = self.state.load();
        Status {
            phase: self.phase(),
            commit: state.moment.commit,
            incarnation: state.moment.incarnation,
            bad_objects: self.counters.source.bad_objects(),
            bad_reports: self.counters.source.bad_reports.get(),
            stale_inputs: self.counters.stale_inputs.load(Ordering::Relaxed),
            lags: 0,
            waiting: 0,
            encoding: self.counters.encoding.get(),
            sharded_by_server: self.counters.sharded.get(),
        }
    }

    pub(crate) fn counts(&self) -> Counts {
        let state = self.state.load();
        let counters = &self.counters;
        let source = &*counters.source;
        Counts {
            objects: state.len(),
            commits: state.moment.commit,
            changes: counters.changes.get(),
            commit_time: counters.commit_time.get(),
            evaluations: counters.evaluations.load(Ordering::Relaxed),
            bad_objects: source.bad_objects(),
            bad_reports: source.bad_reports.get(),
            lists: source.lists.get(),
            relists: source.relists(),
            watches: source.watches.get(),
            failures: source.failures.get(),
            stale_inputs: counters.stale_inputs.load(Ordering::Relaxed),
            decoded: source.decoded.get(),
            decode_time: source.decode_time.get(),
            received_bytes: source.received.get(),
            behind: source.behind(),
        }
    }

    /// An object is bad: reports it, if that is news.
    pub(crate) fn report_bad(&self, key: Option<Key>, reason: &str, listing: bool) {
        self.counters.source.bad_reports.add(1);
        let reason: Arc<str> = reason.into();
        let novelty = self.change_bad(|bad| bad.report(key.as_ref(), &reason, listing));
        let notice = Notice::BadObject { key, reason };
        match novelty {
            Novelty::Known => tracing::debug!(%notice, "still"),
            Novelty::Notice => self.notices.send(notice),
            Novelty::Warning => self.notice(notice),
        }
    }

    /// Changes what is bad.
    pub(crate) fn change_bad<T>(&self, change: impl FnOnce(&mut BadObjects) -> T) -> T {
        let mut bad = lock(&self.bad);
        let changed = change(&mut bad);
        let count = bad.count();
        self.counters.set_bad(count);
        changed
    }

    /// An object is good or gone, in a list or not. This is cheap while nothing is bad, which only
    /// who writes changes.
    pub(crate) fn clear_bad(&self, key: &Key, listing: bool) {
        if self.has_bad() {
            self.change_bad(|bad| bad.clear(key, listing));
        }
    }

    /// True if something is bad.
    pub(crate) fn has_bad(&self) -> bool {
        self.counters.bad_objects.load(Ordering::Relaxed) > 0
    }

    pub(crate) fn notice(&self, notice: Notice) {
        tracing::warn!(%notice, "watch cache");
        self.notices.send(notice);
    }
}
