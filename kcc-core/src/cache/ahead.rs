//! A credential is refreshed before its time, in the background, so that nobody waits for it.

use super::fetch::Fetch;
use super::response::Source;
use super::slot::Slot;
use super::turn::Hold;
use crate::error::Error;
use crate::notice::{MissReason, Notice};
use crate::plugin::{Attempt, KeyLock};
use crate::settings::RefreshAhead;
use crate::store::{Entry, Lookup, Store};
use crate::use_log::UseLog;

impl Fetch<'_> {
    /// Whether this process is to start one that refreshes this good entry ahead.
    pub(super) fn refresh_is_due(&self, slot: Slot<'_>, entry: &Entry) -> bool {
        let wanted = match self.settings.refresh_ahead {
            RefreshAhead::Never => false,
            RefreshAhead::Always => true,
            RefreshAhead::WithoutPrompt => !self.may_prompt(),
        };
        wanted
            && self.serves_parent
            && self.is_ahead_time(entry)
            && UseLog::open(slot.store, slot.key)
                .is_some_and(|mut log| log.begins_ahead(entry.metadata.stored_at, self.began))
    }

    /// Refreshes the entry if it is time and nobody else is at it; whether it did.
    pub(super) fn refresh_ahead(mut self, store: &Store) -> Result<bool, Error> {
        let slot = self.slot(store);
        // Whoever holds the lock is about to do the same.
        let Ok(lock) = KeyLock::open(store, slot.key) else {
            return Ok(false);
        };
        let Attempt::Locked = lock.attempt() else {
            return Ok(false);
        };
        match slot.look_up() {
            Lookup::Found(entry) if self.is_ahead_time(&entry) => {
                let reason = MissReason::Ahead;
                let path = Some(store.path_of(slot.key));
                (self.notify)(Notice::Miss { reason, path });
            }
            // Renewed or removed in between.
            _ => return Ok(false),
        }
        let response = self.run_in_turn(slot, &Hold::Lock(lock))?;
        Ok(response.source == Source::Plugin)
    }
}
