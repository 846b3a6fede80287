//! A credential is refreshed before its time, in the background, so that nobody waits for it.

use super::place::Place;
use super::{Ask, Hold};
use crate::cache::{MissReason, Notice, Source};
use crate::error::Error;
use crate::lock::{Attempt, KeyLock};
use crate::served::ServedLog;
use crate::settings::RefreshAhead;
use crate::store::{Entry, Lookup, Store};

impl Ask<'_> {
    /// Whether this process is to start one that refreshes this good entry ahead.
    pub(super) fn refresh_is_due(&self, place: Place<'_>, entry: &Entry) -> bool {
        let wanted = match self.settings.refresh_ahead {
            RefreshAhead::Never => false,
            RefreshAhead::Always => true,
            RefreshAhead::WithoutPrompt => !self.may_prompt(),
        };
        wanted
            && self.serves_parent
            && self.is_ahead_time(entry)
            && ServedLog::open(place.store, place.key)
                .is_some_and(|mut log| log.begins_ahead(entry.metadata.stored_at, self.began))
    }

    /// Refreshes the entry if it is time and nobody else is at it; whether it did.
    pub(crate) fn refresh_ahead(mut self, store: &Store) -> Result<bool, Error> {
        let place = self.place(store);
        // Whoever holds the lock is about to do the same.
        let Ok(lock) = KeyLock::open(store, place.key) else {
            return Ok(false);
        };
        let Attempt::Locked = lock.attempt() else {
            return Ok(false);
        };
        match place.look_up() {
            Lookup::Found(entry) if self.is_ahead_time(&entry) => {
                let reason = MissReason::Ahead;
                let path = Some(store.path_of(place.key));
                (self.notify)(Notice::Miss { reason, path });
            }
            // Renewed or removed in between.
            _ => return Ok(false),
        }
        let answer = self.answer_by_plugin(place, &Hold::Lock(lock))?;
        Ok(answer.source == Source::Plugin)
    }

    fn is_ahead_time(&self, entry: &Entry) -> bool {
        let metadata = &entry.metadata;
        let ahead_at = self
            .settings
            .ahead_at(metadata.stored_at, metadata.expires_at);
        ahead_at <= self.clock.now()
    }
}
