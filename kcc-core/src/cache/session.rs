//! Plugin runs that work on one login take turns.
//!
//! Two kubeconfig users with one plugin, one list of arguments and one environment have two entries
//! and one login behind them: ten clusters with one OIDC client, say. Each run may exchange the
//! login's refresh token for a new one, and an identity provider that rotates those takes the second
//! exchange of one token for a theft and ends the login. Some plugins have a lock of their own for
//! that, and many have none; so their runs do not overlap here.

use super::fetch::Fetch;
use super::slot::Slot;
use crate::notice::Notice;
use crate::plugin::{Attempt, KeyLock, Wait, never_prompts};

impl Fetch<'_> {
    /// Waits until no plugin of another entry works on the same login. `None` where that cannot be
    /// known, or need not: a plugin that never prompts holds no login of its own.
    pub(super) fn await_session(&mut self, slot: Slot<'_>) -> Option<KeyLock> {
        if never_prompts(&self.program, &self.request.args) {
            return None;
        }
        let mut parts = self.key_parts();
        (parts.api_version, parts.cluster) = (None, None);
        parts.user = "".as_ref();
        let session = parts.key(slot.store.installation());
        let patience = self.patience();
        let mut lock = KeyLock::open_session(slot.store, session).ok()?;
        let (mut wait, mut turn) = (Wait::new(patience), lock.turn());
        loop {
            match lock.attempt() {
                Attempt::Locked => {
                    lock.take_turn(self.clock.now());
                    return Some(lock);
                }
                Attempt::Impossible(_) => return None,
                Attempt::Removed => lock = KeyLock::open_session(slot.store, session).ok()?,
                Attempt::HeldByAnother => {
                    let now = lock.turn();
                    if now != turn {
                        // Another's turn: what was waited for so far was not for that one.
                        (wait, turn) = (Wait::new(patience), now);
                    }
                    if wait.is_over() {
                        let seconds = wait.waited().as_secs();
                        let problem = format!(
                            "another user's run of it, with the same login, has taken {seconds} s"
                        );
                        (self.notify)(Notice::NotLocked { problem });
                        return None;
                    }
                    wait.pause(&mut || (self.notify)(Notice::Waiting));
                }
            }
        }
    }
}
