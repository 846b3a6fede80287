//! The part of a subscription that others may hold: who filters and who closes it.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::error::Error;
use crate::event::Change;
use crate::filter::Filter;
use crate::mailbox::{Limits, Mailbox, Stage};
use crate::object::Object;
use crate::publisher::Publisher;
use crate::status::{Phase, Status};
use crate::store::State;
use crate::sync::{Mutex, lock};
use crate::wait::{Follow, Waiting};

/// A mailbox at a publisher, with the filter that it has there.
pub(crate) struct Tap<V: Object> {
    source: Publisher<V>,
    mailbox: Arc<Mailbox<V>>,
    filter: Mutex<Option<Filter<V>>>,
    /// Held during a refilter, so that they come one after the other.
    turn: Mutex<()>,
    /// How many changes the subscriber took out of the mailbox and has not handed out yet.
    passed: AtomicUsize,
}

impl<V: Object> Tap<V> {
    pub(crate) fn open(source: Publisher<V>, limits: Limits) -> Self {
        let mailbox = Arc::new(Mailbox::new(limits));
        source.core().join(&mailbox);
        Self {
            source,
            mailbox,
            filter: Mutex::new(None),
            turn: Mutex::new(()),
            passed: AtomicUsize::new(0),
        }
    }

    pub(crate) fn source(&self) -> &Publisher<V> {
        &self.source
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
    /// it into the mailbox. Only the first step holds up the writer, and it takes no longer than a
    /// subscription takes.
    pub(crate) fn refilter(&self, filter: Filter<V>) -> Result<(), Error> {
        let turn = lock(&self.turn);
        if let Some(error) = self.mailbox.error() {
            return Err(error);
        }
        let current = self.filter();
        if current.as_ref() == Some(&filter) {
            return Ok(());
        }
        let old = current.as_ref().map_or_else(Filter::nothing, Filter::data);
        let new = filter.data();
        let recheck = filter.has_closure() || current.as_ref().is_some_and(Filter::has_closure);
        let state = self.source.core().reroute(&self.mailbox, &old, &new)?;
        *lock(&self.filter) = Some(filter.clone());
        let changes = Error::catch(|| difference(&state, &old, &new, recheck));
        let call = match changes {
            Ok(changes) => self.mailbox.release(state.moment(), filter, changes),
            Err(error) => {
                drop(turn);
                self.close(&error);
                return Err(error);
            }
        };
        drop(turn);
        call.ring();
        Ok(())
    }

    pub(crate) fn close(&self, error: &Error) {
        let turn = lock(&self.turn);
        let data = self
            .filter()
            .as_ref()
            .map_or_else(Filter::nothing, Filter::data);
        self.source.core().leave(&self.mailbox, &data);
        let call = self.mailbox.end(error);
        self.mailbox.discard();
        drop(turn);
        call.ring();
    }

    /// Waits for the first filter.
    pub(crate) async fn opened(&self) -> Result<(), Error> {
        let mut stage = self.mailbox.stage();
        match stage
            .wait_for(|stage| !matches!(stage, Stage::Deferred))
            .await
            .as_deref()
        {
            Ok(Stage::Ended(error)) => Err(error.clone()),
            Ok(_) => Ok(()),
            // The sender is a part of the mailbox.
            Err(_) => Err(Error::Closed),
        }
    }

    /// Waits for the end.
    pub(crate) async fn ended(&self) -> Error {
        let mut stage = self.mailbox.stage();
        match stage
            .wait_for(|stage| matches!(stage, Stage::Ended(_)))
            .await
            .as_deref()
        {
            Ok(Stage::Ended(error)) => error.clone(),
            _ => Error::Closed,
        }
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

impl<V: Object> Follow for Tap<V> {
    fn reached<'a>(&'a self, version: &'a str) -> Waiting<'a> {
        Box::pin(async move {
            self.source.reached(version).await?;
            self.mailbox.done_with(self.mailbox.delivered()).await?;
            Ok(())
        })
    }
}

/// What it means in one state to have another filter. With `recheck`, what both let in is named
/// too, because a closure may judge it differently.
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
