//! Where a subscription's changes wait for it.

mod backlog;

use std::task::{Context, Poll, Waker};

use tokio::sync::watch;

use self::backlog::Backlog;
pub(crate) use self::backlog::Letter;
use crate::error::Error;
use crate::event::Change;
use crate::filter::Filter;
use crate::status::{Notice, NoticeBoard};
use crate::sync::{Mutex, lock};

/// One subscription's share of every commit, narrowed to the data part of its filter.
///
/// The writer only ever appends, and holds the lock for no longer than that takes. Whoever takes
/// out is alone: a subscription is not shared.
pub(crate) struct Mailbox<V> {
    inner: Mutex<Inner<V>>,
    stage: watch::Sender<Stage>,
    pub(crate) notices: NoticeBoard,
    limits: Limits,
}

/// How much may wait.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// How many changes are queued one by one.
    pub(crate) queue: usize,
    /// What happens to those that do not fit.
    pub(crate) overflow: Overflow,
}

/// What a subscription does with changes that its queue has no room for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Overflow {
    /// From there on one entry a key waits, with the net change.
    #[default]
    Merge,
    /// The subscription ends with [`Error::Lagged`], after what waits was taken.
    End,
}

impl Limits {
    /// For whoever always takes all that waits.
    pub(crate) const BATCHES: Self = Self {
        queue: 0,
        overflow: Overflow::Merge,
    };

    /// From how many changes on they are merged.
    fn merge_beyond(self) -> usize {
        match self.overflow {
            Overflow::Merge => self.queue,
            Overflow::End => usize::MAX,
        }
    }
}

/// How far a mailbox is in its life.
#[derive(Clone, Debug)]
pub(crate) enum Stage {
    /// There is no filter yet.
    Deferred,
    /// The starting state is in it.
    Open,
    /// Nothing more will come in; what is in it can still be taken.
    Ended(Error),
}

struct Inner<V> {
    waiting: Backlog<V>,
    /// What commits bring while a refilter is worked out, whose own changes come first.
    held: Option<Backlog<V>>,
    /// What waits was thrown away, so there is nothing to take any longer.
    discarded: bool,
    lag: Lag,
    waker: Option<Waker>,
}

/// Whether changes are being merged, and how often that began.
#[derive(Default)]
struct Lag {
    lagging: bool,
    times: u64,
}

impl Lag {
    /// Notes and announces it if so many more changes will make the backlog merge.
    fn note<V>(&mut self, mailbox: &Mailbox<V>, backlog: &Backlog<V>, count: usize) {
        let Limits { queue, overflow } = mailbox.limits;
        let lagging = overflow == Overflow::Merge && queue > 0 && !backlog.fits(count, queue);
        if lagging && !self.lagging {
            self.times += 1;
            let waiting = backlog.len() + count;
            mailbox.notices.post(Notice::Lagged { waiting });
        }
        self.lagging |= lagging;
    }
}

/// All that waited.
pub(crate) struct Drained<V> {
    pub(crate) commit: u64,
    pub(crate) filter: Option<Filter<V>>,
    pub(crate) changes: Vec<Change<V>>,
}

impl<V> Inner<V> {
    fn drain(&mut self) -> Drained<V> {
        self.lag.lagging = false;
        let (filter, changes) = self.waiting.drain();
        Drained {
            commit: self.waiting.commit,
            filter,
            changes,
        }
    }
}

impl<V> Mailbox<V> {
    pub(crate) fn new(limits: Limits) -> Self {
        let inner = Inner {
            waiting: Backlog::default(),
            held: None,
            discarded: false,
            lag: Lag::default(),
            waker: None,
        };
        Self {
            inner: Mutex::new(inner),
            stage: watch::Sender::new(Stage::Deferred),
            notices: NoticeBoard::default(),
            limits,
        }
    }

    /// Takes in what one commit means to this subscription, and returns whom to wake.
    pub(crate) fn push(&self, commit: u64, changes: Vec<Change<V>>) -> Option<Waker> {
        let inner = &mut *lock(&self.inner);
        if self.error().is_some() {
            return None;
        }
        let Limits { queue, overflow } = self.limits;
        // Only commits count: what a start or a refilter brings was asked for.
        let queued = inner.waiting.queued() + inner.held.as_ref().map_or(0, Backlog::queued);
        if overflow == Overflow::End && queued > 0 && queued + changes.len() > queue {
            self.stage
                .send_replace(Stage::Ended(Error::Lagged { queue }));
            return inner.waker.take();
        }
        let backlog = inner.held.as_mut().unwrap_or(&mut inner.waiting);
        inner.lag.note(self, backlog, changes.len());
        backlog.push(commit, changes, self.limits.merge_beyond());
        if crate::fault::LoseWakeup.strikes() && backlog.len() == 1 {
            return None;
        }
        inner.waker.take()
    }

    /// From the next commit on, what comes in waits behind the refilter that is being worked out.
    pub(crate) fn hold(&self) {
        lock(&self.inner).held = Some(Backlog::default());
    }

    /// Puts in a filter and what it changes, as of a commit, and then what was held. Returns whom
    /// to wake.
    #[must_use]
    pub(crate) fn release(
        &self,
        commit: u64,
        filter: Filter<V>,
        changes: Vec<Change<V>>,
    ) -> Option<Waker> {
        let mut inner = lock(&self.inner);
        let inner = &mut *inner;
        let held = inner.held.take().unwrap_or_default();
        let limit = self.limits.merge_beyond();
        inner
            .lag
            .note(self, &inner.waiting, changes.len() + held.len());
        inner.waiting.push_filter(filter, changes, limit);
        inner.waiting.commit = inner.waiting.commit.max(commit);
        inner.waiting.append(held, limit);
        self.stage.send_if_modified(|stage| {
            let deferred = matches!(stage, Stage::Deferred);
            if deferred {
                *stage = Stage::Open;
            }
            deferred
        });
        inner.waker.take()
    }

    /// Lets nothing more in, and returns whom to wake. The first reason stands.
    #[must_use]
    pub(crate) fn end(&self, error: &Error) -> Option<Waker> {
        let mut inner = lock(&self.inner);
        if self.error().is_none() {
            self.stage.send_replace(Stage::Ended(error.clone()));
        }
        inner.waker.take()
    }

    /// Throws away what waits, and what a refilter holds back.
    pub(crate) fn discard(&self) {
        let mut inner = lock(&self.inner);
        let waiting = std::mem::take(&mut inner.waiting);
        let held = inner.held.take();
        inner.discarded = true;
        drop(inner);
        drop((waiting, held));
    }

    /// True if what waited was thrown away.
    pub(crate) fn is_discarded(&self) -> bool {
        lock(&self.inner).discarded
    }

    /// Notes that all up to this commit was brought, also if that was nothing.
    pub(crate) fn reach(&self, commit: u64) {
        let inner = &mut *lock(&self.inner);
        if self.error().is_none() {
            let backlog = inner.held.as_mut().unwrap_or(&mut inner.waiting);
            backlog.commit = backlog.commit.max(commit);
        }
    }

    /// The next change, or `None` after the end.
    pub(crate) fn poll_take(&self, cx: &mut Context<'_>) -> Poll<Option<Letter<V>>> {
        self.poll(cx, |inner| {
            let letter = inner.waiting.take();
            inner.lag.lagging &= !inner.waiting.is_empty();
            letter
        })
    }

    /// All that waits, or `None` after the end.
    pub(crate) fn poll_drain(&self, cx: &mut Context<'_>) -> Poll<Option<Drained<V>>> {
        self.poll(cx, |inner| {
            (!inner.waiting.is_empty()).then(|| inner.drain())
        })
    }

    /// All that waits, which may be nothing.
    pub(crate) fn drain(&self) -> Drained<V> {
        lock(&self.inner).drain()
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
            None if inner.held.is_none() && self.error().is_some() => Poll::Ready(None),
            None => {
                inner.waker = Some(cx.waker().clone());
                Poll::Pending
            }
        }
    }

    pub(crate) fn stage(&self) -> watch::Receiver<Stage> {
        self.stage.subscribe()
    }

    /// Why it ended, if it did.
    pub(crate) fn error(&self) -> Option<Error> {
        match &*self.stage.borrow() {
            Stage::Ended(error) => Some(error.clone()),
            _ => None,
        }
    }

    pub(crate) fn is_deferred(&self) -> bool {
        matches!(*self.stage.borrow(), Stage::Deferred)
    }

    /// How many changes wait.
    pub(crate) fn waiting(&self) -> usize {
        let inner = lock(&self.inner);
        inner.waiting.len() + inner.held.as_ref().map_or(0, Backlog::len)
    }

    pub(crate) fn lags(&self) -> u64 {
        lock(&self.inner).lag.times
    }
}
