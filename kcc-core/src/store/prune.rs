//! Takes away what nobody can use any more.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, Write};
use std::os::unix::fs::MetadataExt;

use jiff::{SignedDuration, Timestamp};
use rustix::fs::{AtFlags, OFlags};

use super::{Store, entry_name, open_at, unlink};
use crate::key::Key;
use crate::lock::KeyLock;

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
const BESIDE: [&str; 4] = ["served", "run", "tmp", "lock"];

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
        open_at(&self.directory, STAMP, flags)?.write_all(b"\n")
    }

    fn prune(&self, now: Timestamp) -> io::Result<()> {
        let mut keys = BTreeSet::new();
        for file in rustix::fs::Dir::read_from(&self.directory)?.take(AT_MOST) {
            let file = file?;
            let Ok(name) = file.file_name().to_str() else {
                continue;
            };
            let Some((stem, rest)) = name.split_once('.') else {
                continue;
            };
            if rest == KeyLock::SESSION {
                self.prune_session(name, now);
            } else if rest.strip_suffix(".tmp").is_none() {
                keys.extend(Key::from_hex(stem));
            } else if self.is_old(name, now) {
                // Written by one process alone, within moments.
                let _ = unlink(&self.directory, name);
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
            && let Ok(lock) = open_at(&self.directory, name, OFlags::RDWR)
            && lock.try_lock().is_ok()
        {
            let _ = unlink(&self.directory, name);
        }
    }

    /// Under the key's lock, so that nobody is at it, and after another look.
    fn prune_key(&self, key: Key, now: Timestamp) -> io::Result<()> {
        let lock = self.open_beside(key, "lock")?;
        if lock.try_lock().is_err() || is_removed(&lock) || !self.is_of_no_use(key, now) {
            return Ok(());
        }
        self.remove(key)?;
        for extension in BESIDE {
            match self.remove_beside(key, extension) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        Ok(())
    }

    /// Whether the entry has long expired, or cannot be used and is old; or, where there is none,
    /// whether what stands in its place is.
    fn is_of_no_use(&self, key: Key, now: Timestamp) -> bool {
        // A plugin that a killed process has left, perhaps.
        if self.changed_at(&format!("{key}.run")).is_some()
            && !self.is_old(&format!("{key}.run"), now)
        {
            return false;
        }
        match self.head(key) {
            Ok(Some(metadata)) => now.duration_since(metadata.expires_at) > KEPT_FOR,
            Ok(None) => BESIDE.iter().all(|extension| {
                let name = format!("{key}.{extension}");
                self.changed_at(&name).is_none() || self.is_old(&name, now)
            }),
            Err(fault) => fault.is_replaceable() && self.is_old(&entry_name(key), now),
        }
    }

    fn is_old(&self, name: &str, now: Timestamp) -> bool {
        let changed_at = self.changed_at(name);
        changed_at.is_some_and(|at| now.duration_since(at) > KEPT_FOR)
    }

    fn changed_at(&self, name: &str) -> Option<Timestamp> {
        let flags = AtFlags::SYMLINK_NOFOLLOW;
        let stat = rustix::fs::statat(&self.directory, name, flags).ok()?;
        Timestamp::from_second(stat.st_mtime).ok()
    }
}

/// Whether this open file has no name any more.
pub(crate) fn is_removed(file: &File) -> bool {
    file.metadata().is_ok_and(|metadata| metadata.nlink() == 0)
}
