//! A mailbox that is registered with a publisher: the part of a subscription that others may hold, to
//! refilter and to close it.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::Notify;

use crate::core::Core;
use crate::core::mailbox::{Drained, Limits, Mailbox, Stage, Taken, Wakeup};
use crate::error::Error;
use crate::event::Change;
use crate::filter::Filter;
use crate::object::Object;
use crate::offload::{self, Offload};
use crate::publisher::Publisher;
use crate::seeded_fault::InputOnly;
use crate::status::{Phase, Status};
use crate::store::State;
use crate::sync::{Mutex, lock};
use crate::wait::{Follow, Progress, Waiting, until};

/// A mailbox at a publisher, with the filter that it has there.
pub(crate) struct Registration<V: Object> {
    source: Publisher<V>,
    mailbox: Arc<Mailbox<V>>,
    /// The newest filter, which may be waiting for its turn.
    filter: Mutex<Option<Filter<V>>>,
    /// Held while the publisher gets another filter, so that refilters come one after the other.
    refilters: Mutex<Refilters<V>>,
    /// No refilter is being worked out any longer.
    idle: Notify,
    /// How many changes the subscriber took out of the mailbox and has not handed out yet.
    passed: AtomicUsize,
}

struct Refilters<V> {
    /// The filter that the publisher has.
    registered: Option<Filter<V>>,
    /// What it changes is being worked out on another thread, and so will be a filter that
    /// comes meanwhile.
    busy: bool,
}

/// What it takes to work out what another filter changes.
struct Refilter<V> {
    state: Arc<State<V>>,
    from: Filter<V>,
    /// The new filter, whole.
    to: Filter<V>,
    /// Name what both let in, too, because a closure may evaluate it differently.
    recheck: bool,
    /// What was left of a start, and what came after that.
    left: Option<Drained<V>>,
}

/// What was left before, and what the filter changes.
type RefilterChanges<V> = (Option<Taken<V>>, Vec<Change<V>>);

impl<V: Object> Refilter<V> {
    /// How many objects are to be looked at.
    fn len(&self) -> usize {
        let to = self.to.data();
        let left = self.left.as_ref().map_or(0, Drained::len);
        left + self.from.reach(&self.state) + to.reach(&self.state)
    }

    fn work_out(&mut self) -> Result<RefilterChanges<V>, Error> {
        Error::catch(|| {
            let left = self.left.take().map(Drained::into_changes);
            let changes = difference(&self.state, &self.from, &self.to.data(), self.recheck);
            (left, changes)
        })
    }
}

impl<V: Object> Registration<V> {
    pub(crate) fn open(source: Publisher<V>, limits: Limits) -> Arc<Self> {
        let counts = source.core().counters.lags.clone();
        let mailbox = Arc::new(Mailbox::new(limits, counts));
        source.core().subscribe(&mailbox);
        Arc::new(Self {
            source,
            mailbox,
            filter: Mutex::new(None),
            refilters: Mutex::new(Refilters {
                registered: None,
                busy: false,
            }),
            idle: Notify::new(),
            passed: AtomicUsize::new(0),
        })
    }

    pub(crate) fn source(&self) -> &Publisher<V> {
        &self.source
    }

    pub(crate) fn core(&self) -> &Core<V> {
        self.source.core()
    }

    /// All that waits.
    pub(crate) fn drain(&self) -> Drained<V> {
        self.core().drain(&self.mailbox)
    }

    pub(crate) fn mailbox(&self) -> &Arc<Mailbox<V>> {
        &self.mailbox
    }

    pub(crate) fn note_passed(&self, count: usize) {
        self.passed.store(count, Ordering::Relaxed);
    }

    pub(crate) fn filter(&self) -> Option<Filter<V>> {
        lock(&self.filter).clone()
    }

    /// Changes the filter from the next commit on, and puts what that changes in the state before
    /// it into the mailbox. It takes no longer than that: what goes through many
    /// objects is done on another thread, or as the start is read.
    pub(crate) fn refilter(self: &Arc<Self>, filter: Filter<V>) -> Result<(), Error> {
        let mut refilters = lock(&self.refilters);
        if let Some(error) = self.mailbox.error() {
            return Err(error);
        }
        if self.filter().as_ref() == Some(&filter) {
            return Ok(());
        }
        if refilters.busy {
            *lock(&self.filter) = Some(filter);
            return Ok(());
        }
        let (refilter, wakeup) = self.reroute(&mut refilters, filter.clone())?;
        *lock(&self.filter) = Some(filter);
        refilters.busy = refilter.is_some();
        drop(refilters);
        wakeup.wake();
        let Some(refilter) = refilter else {
            return Ok(());
        };
        let many = self.mailbox.is_many(refilter.len());
        let registration = self.clone();
        match offload::start(many, move || registration.run(refilter)) {
            Offload::Spawned(_) => Ok(()),
            Offload::Inline(work) => work(),
        }
    }

    /// Gives the publisher another filter, and says what is to be worked out then, if anything.
    fn reroute(
        &self,
        refilters: &mut Refilters<V>,
        filter: Filter<V>,
    ) -> Result<(Option<Refilter<V>>, Wakeup), Error> {
        let known = refilters.registered.as_ref();
        let (from, to) = (
            known.map_or_else(Filter::nothing, Filter::data),
            filter.data(),
        );
        let recheck = filter.has_closure() || known.is_some_and(Filter::has_closure);
        let mailbox = &self.mailbox;
        let begun = |state: &Arc<State<V>>| {
            let unread = known.is_none() || mailbox.forget_start();
            if unread && mailbox.is_many(to.reach(state)) {
                return (None, mailbox.begin(state.clone(), filter.clone()));
            }
            let left = mailbox.take_left(state);
            mailbox.hold(state);
            let refilter = Refilter {
                state: state.clone(),
                from: if unread {
                    Filter::nothing()
                } else {
                    from.clone()
                },
                to: filter.clone(),
                recheck,
                left,
            };
            (Some(refilter), Wakeup::default())
        };
        let begun = self.core().reroute(mailbox, &from, &to, begun)?;
        refilters.registered = Some(filter);
        Ok(begun)
    }

    /// Works out what a refilter changes, and then the next one if there is one meanwhile.
    fn run(&self, mut refilter: Refilter<V>) -> Result<(), Error> {
        loop {
            let worked_out = refilter.work_out();
            let mut refilters = lock(&self.refilters);
            let (left, changes) = match worked_out {
                Ok(changes) => changes,
                Err(error) => {
                    refilters.busy = false;
                    drop(refilters);
                    self.close(&error);
                    return Err(error);
                }
            };
            let at = refilter.state.moment;
            let wakeup = self.mailbox.release(at, left, refilter.to.clone(), changes);
            let newest = self.filter().filter(|newest| *newest != refilter.to);
            let next = newest.map(|newest| self.reroute(&mut refilters, newest));
            // A publisher that has closed adds nobody; what it had is in the mailbox.
            let (next, also) = next.and_then(Result::ok).unwrap_or_default();
            refilters.busy = next.is_some();
            drop(refilters);
            wakeup.wake();
            also.wake();
            match next {
                Some(next) => refilter = next,
                None => break,
            }
        }
        self.idle.notify_waiters();
        Ok(())
    }

    /// Waits until no refilter is being worked out.
    pub(crate) async fn refiltered(&self) {
        until(&self.idle, || !lock(&self.refilters).busy).await;
    }

    pub(crate) fn close(&self, error: &Error) {
        let refilters = lock(&self.refilters);
        let registered = refilters.registered.as_ref();
        let registered = registered.map_or_else(Filter::nothing, Filter::data);
        self.core().unsubscribe(&self.mailbox, &registered);
        let wakeup = self.mailbox.end(error);
        self.mailbox.discard();
        drop(refilters);
        wakeup.wake();
        self.idle.notify_waiters();
    }

    /// Waits for the first filter.
    pub(crate) async fn opened(&self) -> Result<(), Error> {
        match self.stage(|stage| !matches!(stage, Stage::Deferred)).await {
            Stage::Ended(error) => Err(error),
            _ => Ok(()),
        }
    }

    /// Waits for the end.
    pub(crate) async fn ended(&self) -> Error {
        match self.stage(|stage| matches!(stage, Stage::Ended(_))).await {
            Stage::Ended(error) => error,
            _ => Error::Closed,
        }
    }

    async fn stage(&self, is_wanted: impl Fn(&Stage) -> bool) -> Stage {
        let mut stages = self.mailbox.stage();
        let stage = stages.wait_for(is_wanted).await;
        // The sender is a part of the mailbox.
        stage.map_or(Stage::Ended(Error::Closed), |stage| stage.clone())
    }

    pub(crate) fn status(&self) -> Status {
        let mut status = self.source.status();
        if self.mailbox.is_deferred() {
            status.phase = Phase::Syncing { failure: None };
        }
        if let Some(error) = self.mailbox.error() {
            status.phase = Phase::Closed(error);
        }
        status.lags = self.mailbox.lags();
        if !self.mailbox.is_discarded() {
            status.waiting = self.mailbox.waiting() + self.passed.load(Ordering::Relaxed);
        }
        status
    }
}

impl<V: Object> Follow for Registration<V> {
    fn progress(&self) -> &Progress {
        &self.core().progress
    }

    fn reached<'a>(&'a self, way: &'a [Arc<dyn Follow>], version: &'a str) -> Waiting<'a> {
        Box::pin(async move {
            let reached = self.core().progress.reached_by(way, version);
            tokio::select! {
                biased;
                reached = self.source.while_open(reached) => reached?,
                // Its reader takes nothing more, whatever comes.
                error = self.ended() => return Err(error.into()),
            }
            // What came since its reader closed it was not brought here.
            if let (Some(error), None) = (self.mailbox.error(), self.source.error()) {
                return Err(error.into());
            }
            if !InputOnly.strikes() {
                self.mailbox.done_with(self.mailbox.delivered()).await?;
            }
            Ok(())
        })
    }

    fn caught_up(&self) -> Waiting<'_> {
        Box::pin(async move {
            self.mailbox.done_with(self.mailbox.delivered()).await?;
            Ok(())
        })
    }

    fn is_even(&self, taken: u64, with: u64) -> bool {
        self.mailbox.is_even(taken, with)
    }
}

/// What it means in one state to have another filter. With `recheck`, what both let in is named
/// too, because a closure may evaluate it differently.
fn difference<V: Object>(
    state: &State<V>,
    old: &Filter<V>,
    new: &Filter<V>,
    recheck: bool,
) -> Vec<Change<V>> {
    let mut changes = Vec::new();
    old.scan(state, |object| {
        let stays = new.accepts(object);
        if old.accepts(object) && (recheck || !stays) {
            let new = stays.then(|| object.clone());
            let gone = Change::deleted(object.clone());
            changes.push(Change { new, ..gone });
        }
    });
    new.scan(state, |object| {
        if new.accepts(object) && !old.accepts(object) {
            changes.push(Change::created(object.clone()));
        }
    });
    changes
}
