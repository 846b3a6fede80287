//! Takes away what nobody can use any more.

use std::collections::BTreeSet;
use std::io::{self, Write};

use jiff::{SignedDuration, Timestamp};
use rustix::fs::OFlags;

use super::directory::is_removed;
use super::entries::{Store, name};
use super::extension::{ENTRY, LOCK, RUN, SESSION, TEMPORARY, USES};
use crate::key::Key;

/// Its time of change says when that was done last.
const STAMP: &str = "prune.stamp";

/// How often it is done.
const EVERY: SignedDuration = SignedDuration::from_hours(24);

/// For how long what is of no use stays, so that it can still be listed, and so that whatever goes
/// on around it has ended.
const KEPT_FOR: SignedDuration = SignedDuration::from_hours(24);

/// No more files than these are looked at in one go: somebody waits.
const AT_MOST: usize = 4096;

/// What may stand beside an entry. The lock goes last.
const BESIDE: [&str; 4] = [USES, RUN, TEMPORARY, LOCK];

impl Store {
    /// Removes what has expired or was never finished, each a day later, if that has not been done
    /// for a day. Not on the way of a hit. That it is done is a courtesy: what cannot be removed
    /// stays.
    pub(crate) fn prune_now_and_then(&self, now: Timestamp) {
        let last = self.changed_at(STAMP);
        if last.is_some_and(|last| last <= now && now.duration_since(last) < EVERY) {
            return;
        }
        if self.stamp().is_ok() {
            let _ = self.prune(now);
        }
    }

    fn stamp(&self) -> io::Result<()> {
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::TRUNC | OFlags::NONBLOCK;
        self.directory.open_file(STAMP, flags)?.write_all(b"\n")
    }

    fn prune(&self, now: Timestamp) -> io::Result<()> {
        let mut keys = BTreeSet::new();
        for name in self.directory.names()?.take(AT_MOST) {
            let name = name?;
            let Some((stem, rest)) = name.split_once('.') else {
                continue;
            };
            if rest == SESSION {
                self.prune_session(&name, now);
            } else if rest.strip_suffix(".tmp").is_none() {
                keys.extend(Key::from_hex(stem));
            } else if self.is_old(&name, now) {
                // Written by one process alone, within moments.
                let _ = self.directory.remove(&name);
            }
        }
        for key in keys {
            if self.is_of_no_use(key, now) {
                let _ = self.prune_key(key, now);
            }
        }
        Ok(())
    }

    /// Its last turn was long ago, and nobody has it: who waits for it opens the next one.
    fn prune_session(&self, name: &str, now: Timestamp) {
        if self.is_old(name, now)
            && let Ok(lock) = self.directory.open_file(name, OFlags::RDWR)
            && lock.try_lock().is_ok()
        {
            let _ = self.directory.remove(name);
        }
    }

    /// Under the key's lock, so that nobody is at it, and after another look.
    fn prune_key(&self, key: Key, now: Timestamp) -> io::Result<()> {
        let lock = self.open_beside(key, LOCK)?;
        if lock.try_lock().is_err() || is_removed(&lock) || !self.is_of_no_use(key, now) {
            return Ok(());
        }
        self.remove(key)?;
        for extension in BESIDE {
            self.directory.remove_if_there(&name(key, extension))?;
        }
        Ok(())
    }

    /// Whether the entry has long expired, or cannot be used and is old; or, where there is none,
    /// whether what stands in its place is.
    fn is_of_no_use(&self, key: Key, now: Timestamp) -> bool {
        // A plugin that a killed process has left, perhaps.
        let run = name(key, RUN);
        if self.changed_at(&run).is_some() && !self.is_old(&run, now) {
            return false;
        }
        match self.head(key) {
            Ok(Some(metadata)) => now.duration_since(metadata.expires_at) > KEPT_FOR,
            Ok(None) => BESIDE.iter().all(|extension| {
                let name = name(key, extension);
                self.changed_at(&name).is_none() || self.is_old(&name, now)
            }),
            Err(fault) => fault.is_replaceable() && self.is_old(&name(key, ENTRY), now),
        }
    }

    fn is_old(&self, name: &str, now: Timestamp) -> bool {
        let changed_at = self.changed_at(name);
        changed_at.is_some_and(|at| now.duration_since(at) > KEPT_FOR)
    }

    fn changed_at(&self, name: &str) -> Option<Timestamp> {
        let stat = self.directory.stat(name).ok()?;
        Timestamp::from_second(stat.st_mtime).ok()
    }
}
