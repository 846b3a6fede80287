use std::fs::{File, TryLockError};
use std::io;
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::failure::Failure;
use super::record::{read_record, write_record};
use crate::key::Key;
use crate::store::{LOCK, SESSION, Store, is_removed};

/// For how long a failed plugin run stands for those who waited for it.
const FAILURE_SHARED_FOR: Duration = Duration::from_secs(2);

/// The lock file of one key: whoever holds its lock may run the plugin and write the entry. The file
/// holds what the last run came to. It is removed only a day after its entry has ended, by somebody
/// who holds its lock; whoever gets the lock of a removed file has to open the new one.
#[derive(Debug)]
pub(crate) struct KeyLock {
    file: File,
}

/// What came of an attempt to take a lock.
#[derive(Debug)]
pub(crate) enum Attempt {
    Locked,
    HeldByAnother,
    /// The file has been removed since it was opened, and its lock is worth nothing.
    Removed,
    /// The file system has no locks.
    Impossible(io::Error),
}

/// How a failed run is told to the processes that wait.
#[derive(Debug, Serialize, Deserialize)]
struct FailureRecord {
    /// Microseconds since the Unix epoch.
    at: i64,
    /// Whether the plugin could prompt.
    interactive: bool,
    #[serde(flatten)]
    failure: Failure,
}

/// Whose turn it is to work on a login.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct TurnRecord {
    pid: u32,
    /// Microseconds since the Unix epoch.
    since: i64,
}

impl KeyLock {
    pub(crate) fn open(store: &Store, key: Key) -> io::Result<Self> {
        let file = store.open_beside(key, LOCK)?;
        Ok(Self { file })
    }

    /// The lock of a login on which the plugin runs of several keys work. Whoever has it marks his
    /// turn, so that those who wait see that they do not wait for one for ever.
    pub(crate) fn open_session(store: &Store, session: Key) -> io::Result<Self> {
        let file = store.open_beside(session, SESSION)?;
        Ok(Self { file })
    }

    /// Whose turn it is, as long as it is the same one's.
    pub(crate) fn turn(&self) -> Option<TurnRecord> {
        read_record(&self.file)
    }

    pub(crate) fn take_turn(&self, now: Timestamp) {
        let turn = TurnRecord {
            pid: std::process::id(),
            since: now.as_microsecond(),
        };
        write_record(&self.file, &turn);
    }

    pub(crate) fn attempt(&self) -> Attempt {
        match self.file.try_lock() {
            Ok(()) if is_removed(&self.file) => Attempt::Removed,
            Ok(()) => Attempt::Locked,
            Err(TryLockError::WouldBlock) => Attempt::HeldByAnother,
            Err(TryLockError::Error(error)) => Attempt::Impossible(error),
        }
    }

    /// A failure since `began`, if it is fresh enough to stand for this process, too. It does not
    /// where this one could prompt and that one could not.
    pub(crate) fn failure_since(
        &self,
        began: Timestamp,
        now: Timestamp,
        interactive: bool,
    ) -> Option<Failure> {
        let record: FailureRecord = read_record(&self.file)?;
        let at = Timestamp::from_microsecond(record.at).ok()?;
        let is_ours = at >= began && (record.interactive || !interactive);
        let age = now.duration_since(at).unsigned_abs();
        (is_ours && age <= FAILURE_SHARED_FOR).then_some(record.failure)
    }

    /// Leaves what the run came to for those who wait. That they learn of it is a courtesy: what
    /// cannot be written is left out.
    pub(crate) fn record_failure(&self, failure: Failure, now: Timestamp, interactive: bool) {
        let record = FailureRecord {
            at: now.as_microsecond(),
            interactive,
            failure,
        };
        write_record(&self.file, &record);
    }
}

#[cfg(test)]
mod tests {
    use super::super::failure::FailureClass;
    use super::*;

    #[test]
    fn a_failure_stands_for_who_waited_and_for_two_seconds() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("entries")).unwrap();
        let lock = KeyLock::open(&store, Key::from_hex(&"07".repeat(32)).unwrap()).unwrap();
        let at = Timestamp::from_second(1_800_000_000).unwrap();
        let later = |seconds: i64| Timestamp::from_second(at.as_second() + seconds).unwrap();
        let failure = Failure {
            class: FailureClass::End,
            exit_code: 73,
        };
        assert_eq!(lock.failure_since(at, at, false), None);
        lock.record_failure(failure.clone(), at, false);
        assert_eq!(
            lock.failure_since(later(-9), later(2), false),
            Some(failure.clone())
        );
        assert_eq!(lock.failure_since(later(-9), later(3), false), None);
        assert_eq!(lock.failure_since(later(1), later(1), false), None);
        assert_eq!(
            lock.failure_since(later(-9), at, true),
            None,
            "it can prompt"
        );
        lock.record_failure(failure.clone(), at, true);
        assert_eq!(lock.failure_since(later(-9), at, true), Some(failure));
    }
}
