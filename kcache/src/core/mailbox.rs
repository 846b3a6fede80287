//! Where a subscription's changes wait for it.

mod limits;
mod backlog;
mod start;
mod drained;
mod lag;
mod wakeup;
mod read_start;

use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use tokio::sync::{Notify, broadcast, watch};

use self::backlog::Backlog;
pub(crate) use self::backlog::QueueItem;
pub(crate) use self::drained::{Drained, Taken};
use self::lag::Lag;
pub(crate) use self::limits::Limits;
pub use self::limits::Overflow;
pub(crate) use self::limits::QUEUE;
use self::start::PendingStart;
pub(crate) use self::start::{Portion, StartRemainder};
use self::wakeup::{Announcement, Signals};
pub(crate) use self::wakeup::{Stage, Wakeup};
use crate::counts::LagCounts;
use crate::error::Error;
use crate::event::Change;
use crate::filter::Filter;
use crate::object::Object;
use crate::status::{Notice, NoticeSender};
use crate::store::{Moment, State};
use crate::sync::{Mutex, lock};
use crate::wait::until;

/// One subscription's share of every commit, narrowed to the data part of its filter.
///
/// The writer only ever appends, and holds the lock for no longer than that takes. Whoever takes
/// out is alone: a subscription is not shared.
pub(crate) struct Mailbox<V> {
    inner: Mutex<Inner<V>>,
    signals: Arc<Signals>,
    limits: Limits,
    /// Of all subscriptions of the publisher.
    counts: Arc<LagCounts>,
}

struct Inner<V> {
    stage: Stage,
    /// What is left of a start, which comes before all that waits. There is none while a refilter is
    /// worked out.
    start: Option<PendingStart<V>>,
    waiting: Backlog<V>,
    /// What commits bring while a refilter is worked out, whose own changes come first.
    held: Option<Backlog<V>>,
    /// What waits was thrown away, so there is nothing to take any longer.
    discarded: bool,
    lag: Lag,
    waker: Option<Waker>,
    /// The newest commit and incarnation that were taken out by batches.
    drained: Moment,
    /// The newest commit that the reader is through with: it came back for more.
    done: u64,
    /// The state at which the refilter that is worked out began, for who derives states.
    held_at: Option<Arc<State<V>>>,
    /// How often much was replaced since the reader took out a state.
    age: u8,
}

/// A reader that stands on a state of this age is woken to take a newer one.
const OLD: u8 = 2;

/// What a reader takes next, one by one.
pub(crate) enum Next<V> {
    /// A start of many objects was not read to its end; [`Mailbox::lend_start`] gives the rest.
    Start,
    Item(QueueItem<V>),
}

impl<V: Object> Inner<V> {
    /// The state of that moment, which it starts with, is in it. Returns the stage to announce, if
    /// that is news.
    fn open(&mut self, at: Moment) -> Option<Stage> {
        let opens = matches!(self.stage, Stage::Deferred);
        if opens {
            self.stage = Stage::Open;
            self.drained.incarnation = at.incarnation;
        }
        opens.then_some(Stage::Open)
    }

    fn error(&self) -> Option<&Error> {
        match &self.stage {
            Stage::Ended(error) => Some(error),
            _ => None,
        }
    }

    /// Makes room for a commit beside a start that is not read: where the two are too much, what is
    /// not read yet will be read of a newer state. Returns what is news to the reader if that is not
    /// all.
    fn beside_start(
        &mut self,
        changes: &[Arc<Change<V>>],
        limits: Limits,
    ) -> Option<Vec<Arc<Change<V>>>> {
        let start = self.start.as_mut()?;
        let room = self.waiting.fits(changes.len(), limits.queue);
        let large = changes.len() > limits.many && start.is_unread();
        let too_much = limits.overflow == Overflow::Merge && (large || !room);
        if too_much && start.forget() {
            self.waiting.keep_only(|key| start.was_read(key));
        }
        if start.is_kept() {
            return None;
        }
        let news = changes.iter();
        let news = news.filter(|change| start.was_read(change.key_ref()));
        Some(news.cloned().collect())
    }
}

impl<V: Object> Mailbox<V> {
    pub(crate) fn new(limits: Limits, counts: Arc<LagCounts>) -> Self {
        let inner = Inner {
            stage: Stage::Deferred,
            start: None,
            waiting: Backlog::default(),
            held: None,
            discarded: false,
            lag: Lag::default(),
            waker: None,
            drained: Moment::default(),
            done: 0,
            held_at: None,
            age: 0,
        };
        Self {
            inner: Mutex::new(inner),
            signals: Arc::new(Signals {
                stage: watch::Sender::new(Stage::Deferred),
                notices: NoticeSender::default(),
                done: Notify::new(),
            }),
            limits,
            counts,
        }
    }

    /// True if it gets a commit before others.
    pub(crate) fn is_first(&self) -> bool {
        self.limits.first
    }

    fn wakeup(&self, waker: Option<Waker>, stage: Option<Stage>, notice: Option<Notice>) -> Wakeup {
        let announcement = (stage.is_some() || notice.is_some()).then(|| {
            let signals = self.signals.clone();
            Box::new(Announcement {
                signals,
                stage,
                notice,
            })
        });
        Wakeup {
            waker,
            announcement,
        }
    }

    /// Takes in what one commit means to this subscription, and returns whom to wake. It means
    /// nothing but that a new incarnation begins if there are no changes.
    pub(crate) fn push(&self, at: Moment, changes: &[Arc<Change<V>>]) -> Wakeup {
        let inner = &mut *lock(&self.inner);
        if inner.error().is_some() {
            return Wakeup::default();
        }
        let Limits {
            queue, overflow, ..
        } = self.limits;
        // Only commits count: what a start or a refilter brings was requested.
        let queued = inner.waiting.queued() + inner.held.as_ref().map_or(0, Backlog::queued);
        let count = changes.len();
        if overflow == Overflow::End && count > 0 && queued > 0 && queued + count > queue {
            inner.stage = Stage::Ended(Error::Lagged { queue });
            return self.wakeup(inner.waker.take(), Some(inner.stage.clone()), None);
        }
        let backlog = inner.held.as_ref().unwrap_or(&inner.waiting);
        let notice = (count > 0).then(|| inner.lag.note(self.limits, backlog, count));
        let notice = notice.flatten();
        if notice.is_some() {
            self.counts.lags.add(1);
        }
        let news = inner.beside_start(changes, self.limits);
        let changes = news.as_deref().unwrap_or(changes);
        let backlog = inner.held.as_mut().unwrap_or(&mut inner.waiting);
        if changes.is_empty() {
            backlog.reach(at);
            return self.wakeup(inner.waker.take(), None, notice);
        }
        let merged = backlog.push(at, changes, self.limits.merge_beyond());
        if merged > 0 && self.limits.lags {
            self.counts.merged.add(merged as u64);
        }
        if crate::seeded_fault::LoseWakeup.strikes() && backlog.len() == 1 {
            return Wakeup::default();
        }
        self.wakeup(inner.waker.take(), None, notice)
    }

    /// True if its reader derives states from those that it is brought up to.
    pub(crate) fn derives(&self) -> bool {
        self.limits.derives
    }

    /// Notes that much was replaced once more, or so much that it counts twice: who derives states
    /// and stands on an old one, which keeps what was replaced, is woken to take the newest.
    pub(crate) fn grow_old(&self, twice: bool) -> Wakeup {
        let mut inner = lock(&self.inner);
        inner.age = inner.age.saturating_add(1 + u8::from(twice));
        let waker = (inner.age >= OLD).then(|| inner.waker.take()).flatten();
        self.wakeup(waker, None, None)
    }

    /// From the next commit on, what comes in waits behind the refilter that is being worked out.
    pub(crate) fn hold(&self, state: &Arc<State<V>>) {
        let mut inner = lock(&self.inner);
        inner.held = Some(Backlog::default());
        inner.held_at = self.limits.derives.then(|| state.clone());
    }

    /// Puts in a filter and what it changes, as of a commit, behind what was left of a start, and
    /// then what was held. Returns whom to wake.
    pub(crate) fn release(
        &self,
        at: Moment,
        left: Option<Taken<V>>,
        filter: Filter<V>,
        changes: Vec<Change<V>>,
    ) -> Wakeup {
        let mut inner = lock(&self.inner);
        let inner = &mut *inner;
        let held = inner.held.take().unwrap_or_default();
        inner.held_at = None;
        if inner.discarded {
            return Wakeup::default();
        }
        if let Some((filter, left)) = left {
            inner.waiting = inner.waiting.take_out().begun_with(filter, left);
        }
        let limit = self.limits.merge_beyond();
        let count = changes.len() + held.len();
        let notice = inner.lag.note(self.limits, &inner.waiting, count);
        inner.waiting.push_filter(filter, changes, limit);
        inner.waiting.reach(at);
        inner.waiting.append(held, limit);
        let opens = inner.open(at);
        self.wakeup(inner.waker.take(), opens, notice)
    }

    /// True if nothing is made of a start over so many objects before it is read.
    pub(crate) fn is_many(&self, count: usize) -> bool {
        count > self.limits.many
    }

    /// Lets nothing more in, and returns whom to wake. The first reason stands.
    pub(crate) fn end(&self, error: &Error) -> Wakeup {
        let mut inner = lock(&self.inner);
        let ends = inner.error().is_none();
        if ends {
            inner.stage = Stage::Ended(error.clone());
        }
        let stage = ends.then(|| inner.stage.clone());
        self.wakeup(inner.waker.take(), stage, None)
    }

    /// Throws away what waits, and what a refilter holds back.
    pub(crate) fn discard(&self) {
        let mut inner = lock(&self.inner);
        let waiting = std::mem::take(&mut inner.waiting);
        let held = (inner.held.take(), inner.start.take(), inner.held_at.take());
        inner.discarded = true;
        drop(inner);
        drop((waiting, held));
        self.signals.done.notify_waiters();
    }

    /// True if what waited was thrown away.
    pub(crate) fn is_discarded(&self) -> bool {
        lock(&self.inner).discarded
    }

    /// Notes that all up to this commit was brought, also if that was nothing.
    pub(crate) fn reach(&self, at: Moment) {
        let inner = &mut *lock(&self.inner);
        if inner.error().is_none() {
            let backlog = inner.held.as_mut().unwrap_or(&mut inner.waiting);
            backlog.reach(at);
        }
    }

    /// What comes next, or `None` after the end.
    pub(crate) fn poll_take(&self, cx: &mut Context<'_>) -> Poll<Option<Next<V>>> {
        self.poll(cx, |inner| {
            if inner.start.is_some() {
                return Some(Next::Start);
            }
            let item = inner.waiting.take();
            inner.lag.lagging &= !inner.waiting.is_empty();
            item.map(Next::Item)
        })
    }

    /// Waits until there is something to take by batches, or else `None` after the end.
    pub(crate) fn poll_waiting(&self, cx: &mut Context<'_>) -> Poll<Option<()>> {
        let polled = self.poll(cx, |inner| {
            inner.done = inner.drained.commit;
            let waits = inner.start.is_some()
                || !inner.waiting.is_empty()
                || inner.waiting.at.incarnation > inner.drained.incarnation
                || inner.age >= OLD;
            if !waits {
                inner.done = inner.waiting.at.commit;
            }
            waits.then_some(())
        });
        self.signals.done.notify_waiters();
        polled
    }

    /// The newest commit that was brought here.
    pub(crate) fn delivered(&self) -> u64 {
        let inner = lock(&self.inner);
        let held = inner.held.as_ref().map_or(0, |held| held.at.commit);
        inner.waiting.at.commit.max(held)
    }

    /// True if the reader by batches, who was given the batch of this commit, has all that was brought here up
    /// to another one: what came since is taken back, or nothing came.
    pub(crate) fn is_even(&self, taken: u64, with: u64) -> bool {
        let inner = lock(&self.inner);
        let nothing_waits =
            inner.start.is_none() && inner.held.is_none() && inner.waiting.is_empty();
        let at = inner.waiting.at.commit;
        let drained = inner.drained.commit;
        nothing_waits && at >= with && (drained == taken || inner.done >= drained)
    }

    /// Waits until the reader by batches is through with a commit.
    pub(crate) async fn done_with(&self, commit: u64) -> Result<(), Error> {
        let done = || {
            let inner = lock(&self.inner);
            inner.done >= commit || inner.discarded
        };
        until(&self.signals.done, done).await;
        let inner = lock(&self.inner);
        match inner.error() {
            Some(error) if inner.done < commit => Err(error.clone()),
            _ => Ok(()),
        }
    }

    fn poll<T>(
        &self,
        cx: &mut Context<'_>,
        take: impl FnOnce(&mut Inner<V>) -> Option<T>,
    ) -> Poll<Option<T>> {
        let mut inner = lock(&self.inner);
        match take(&mut inner) {
            Some(taken) => Poll::Ready(Some(taken)),
            // What a refilter holds back came in before the end.
            None if inner.held.is_none() && inner.error().is_some() => Poll::Ready(None),
            None => {
                inner.waker = Some(cx.waker().clone());
                Poll::Pending
            }
        }
    }

    pub(crate) fn stage(&self) -> watch::Receiver<Stage> {
        self.signals.stage.subscribe()
    }

    pub(crate) fn notices(&self) -> broadcast::Receiver<Notice> {
        self.signals.notices.subscribe()
    }

    /// Why it ended, if it did.
    pub(crate) fn error(&self) -> Option<Error> {
        lock(&self.inner).error().cloned()
    }

    pub(crate) fn is_deferred(&self) -> bool {
        matches!(lock(&self.inner).stage, Stage::Deferred)
    }

    /// How many changes wait.
    pub(crate) fn waiting(&self) -> usize {
        let inner = lock(&self.inner);
        let held = inner.held.as_ref().map_or(0, Backlog::len);
        inner.waiting.len() + held + inner.start.as_ref().map_or(0, PendingStart::len)
    }

    pub(crate) fn lags(&self) -> u64 {
        lock(&self.inner).lag.times
    }
}
