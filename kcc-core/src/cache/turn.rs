//! Of the processes that miss at once, one runs the plugin; the others wait for its result.

use super::fetch::Fetch;
use super::slot::Slot;
use crate::notice::{MissReason, Notice};
use crate::plugin::{Attempt, Failure, KeyLock, Wait};
use crate::store::{Entry, LOCK, Lookup};

/// Whose turn it is to run the plugin.
pub(super) enum Turn {
    /// Ours.
    Ours(Hold),
    /// Nobody's: another process's run was for us, too.
    Answered(Entry),
    /// Nobody's: another process's run was for us, too, and failed.
    Failed(Failure),
}

/// What is in hand when the plugin is run; the warning is out where it is not the lock.
pub(super) enum Hold {
    /// The key's lock.
    Lock(KeyLock),
    /// Nothing; another process may run the plugin at the same time.
    Nothing,
    /// Nothing, and the credential cannot be stored either.
    NoStore,
}

impl Fetch<'_> {
    /// Waits for the key's lock, or for what the process that holds it comes to.
    pub(super) fn await_turn(&mut self, slot: Slot<'_>) -> Turn {
        let Some(mut lock) = self.open_lock(slot) else {
            return Turn::Ours(Hold::NoStore);
        };
        let mut wait = Wait::new(self.patience());
        loop {
            let attempt = lock.attempt();
            if let Attempt::Impossible(error) = attempt {
                return self.without_lock(slot, &format!("no locks there: {error}"));
            }
            if let Attempt::Removed = attempt {
                match self.open_lock(slot) {
                    Some(new) => lock = new,
                    None => return Turn::Ours(Hold::NoStore),
                }
                continue;
            }
            // Also with the lock in hand: it may be the one that another has just let go.
            if let Some(entry) = self.entry_of_another(slot) {
                return Turn::Answered(entry);
            }
            let now = self.clock.now();
            if let Some(failure) = lock.failure_since(self.began, now, self.interactive()) {
                return Turn::Failed(failure);
            }
            if let Attempt::Locked = attempt {
                return Turn::Ours(Hold::Lock(lock));
            }
            if wait.is_over() {
                let seconds = wait.waited().as_secs();
                return self.without_lock(slot, &format!("it has been held for {seconds} s"));
            }
            wait.pause(&mut || (self.notify)(Notice::Waiting));
        }
    }

    fn open_lock(&mut self, slot: Slot<'_>) -> Option<KeyLock> {
        let opened = KeyLock::open(slot.store, slot.key);
        opened
            .map_err(|error| {
                let path = slot.store.path_beside(slot.key, LOCK);
                let problem = format!("{}: {error}", path.display());
                (self.notify)(Notice::NotStored { problem });
            })
            .ok()
    }

    fn without_lock(&mut self, slot: Slot<'_>, problem: &str) -> Turn {
        let path = slot.store.path_beside(slot.key, LOCK);
        let problem = format!("{}: {problem}", path.display());
        (self.notify)(Notice::NotLocked { problem });
        Turn::Ours(Hold::Nothing)
    }

    /// An entry that answers: a fresh one, or one that was stored for a request of our time, however
    /// short its life is.
    fn entry_of_another(&self, slot: Slot<'_>) -> Option<Entry> {
        let Lookup::Found(entry) = slot.look_up() else {
            return None;
        };
        let answers = match self.reason_to_renew(&entry) {
            None => true,
            Some(MissReason::InMargin | MissReason::FilesChanged) => {
                entry.metadata.stored_at >= self.began
            }
            Some(_) => false,
        };
        answers.then_some(entry)
    }
}
