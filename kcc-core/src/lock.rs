use std::fs::{File, TryLockError};
use std::io;
use std::os::unix::fs::FileExt;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use rustix::io::FdFlags;
use rustix::process::Signal;
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::error::Failure;
use crate::key::Key;
use crate::process::ProcessId;
use crate::settings::PLUGIN_TIMEOUT;
use crate::store::Store;

/// For how long a failed plugin run stands for those who waited for it.
const FAILURE_SHARED_FOR: Duration = Duration::from_secs(2);

/// A stopped plugin gets this long between SIGTERM and SIGKILL.
pub(crate) const TERMINATION_GRACE: Duration = Duration::from_millis(500);

/// More than any record takes; padded with blanks, which JSON allows.
const RECORD_SIZE: usize = 256;

const LOCK: &str = "lock";
const RUN: &str = "run";

/// The lock file of one key: whoever holds its lock may run the plugin and write the entry. The
/// file is never removed, since somebody may wait on it, and holds what the last run came to.
#[derive(Debug)]
pub(crate) struct KeyLock {
    file: File,
}

/// What came of an attempt to take a lock.
#[derive(Debug)]
pub(crate) enum Attempt {
    Locked,
    HeldByAnother,
    /// The file system has no locks.
    Impossible(io::Error),
}

/// A second lock, which the plugin inherits: it is held while a plugin runs, also when the process
/// that started it was killed. All that is done with its file is done under the key's lock.
#[derive(Debug)]
pub(crate) struct RunLock<'a> {
    file: File,
    store: &'a Store,
    key: Key,
}

/// How a failed run is told to the processes that wait.
#[derive(Debug, Serialize, Deserialize)]
struct FailureRecord {
    /// Microseconds since the Unix epoch.
    at: i64,
    #[serde(flatten)]
    failure: Failure,
}

/// Who runs, for the process that finds the run lock held after its starter was killed.
#[derive(Debug, Default, Serialize, Deserialize)]
struct RunRecord {
    plugin: Option<ProcessId>,
    /// Whether the plugin leads a process group of its own.
    group: bool,
    /// Microseconds since the Unix epoch; `None` where its time is not limited.
    deadline: Option<i64>,
}

impl KeyLock {
    pub(crate) fn open(store: &Store, key: Key) -> io::Result<Self> {
        let file = store.open_beside(key, LOCK)?;
        Ok(Self { file })
    }

    pub(crate) fn attempt(&self) -> Attempt {
        match self.file.try_lock() {
            Ok(()) => Attempt::Locked,
            Err(TryLockError::WouldBlock) => Attempt::HeldByAnother,
            Err(TryLockError::Error(error)) => Attempt::Impossible(error),
        }
    }

    /// A failure since `began`, if it is fresh enough to stand for this process, too.
    pub(crate) fn failure_since(&self, began: Timestamp, now: Timestamp) -> Option<Failure> {
        let record: FailureRecord = read_record(&self.file)?;
        let at = Timestamp::from_microsecond(record.at).ok()?;
        let age = now.duration_since(at).unsigned_abs();
        (at >= began && age <= FAILURE_SHARED_FOR).then_some(record.failure)
    }

    /// Leaves what the run came to for those who wait. That they learn of it is a courtesy: what
    /// cannot be written is left out.
    pub(crate) fn record_failure(&self, failure: Failure, now: Timestamp) {
        let at = now.as_microsecond();
        write_record(&self.file, &FailureRecord { at, failure });
    }
}

impl<'a> RunLock<'a> {
    /// Waits until no plugin of an earlier, killed process runs for this key any more, and takes
    /// the run lock. `None` where the file system has no locks.
    ///
    /// Such a plugin is waited for, since it may be exchanging a refresh token that must not be
    /// lost; after its own time limit it is stopped, as its starter would have stopped it.
    pub(crate) fn acquire(store: &'a Store, key: Key) -> Option<Self> {
        let give_up = Instant::now() + PLUGIN_TIMEOUT;
        let mut pause = Pause::default();
        let mut stopping: Option<Instant> = None;
        loop {
            let file = store.open_beside(key, RUN).ok()?;
            match file.try_lock() {
                Ok(()) => return Some(Self { file, store, key }),
                Err(TryLockError::Error(_)) => return None,
                Err(TryLockError::WouldBlock) => {}
            }
            let record: RunRecord = read_record(&file).unwrap_or_default();
            let late = record.is_overdue(give_up);
            match &record.plugin {
                // What it left running holds the lock with it; nobody waits for that.
                Some(plugin) if !plugin.is_alive() => store.remove_beside(key, RUN).ok()?,
                Some(plugin) if late => {
                    let since = *stopping.get_or_insert_with(Instant::now);
                    let patient = since.elapsed() < TERMINATION_GRACE;
                    let signal = if patient { Signal::TERM } else { Signal::KILL };
                    plugin.signal(signal, record.group);
                }
                None if late => store.remove_beside(key, RUN).ok()?,
                _ => {}
            }
            pause.sleep();
        }
    }

    /// Lets the plugin that is started next inherit the lock, and says until when it may run.
    pub(crate) fn hand_on(&self, group: bool, deadline: Option<Timestamp>) -> io::Result<()> {
        self.record(None, group, deadline);
        Ok(rustix::io::fcntl_setfd(&self.file, FdFlags::empty())?)
    }

    /// Says who inherited the lock. From here on nobody else does.
    pub(crate) fn handed_on_to(&self, plugin: u32, group: bool, deadline: Option<Timestamp>) {
        let _ = rustix::io::fcntl_setfd(&self.file, FdFlags::CLOEXEC);
        self.record(ProcessId::of(plugin), group, deadline);
    }

    fn record(&self, plugin: Option<ProcessId>, group: bool, deadline: Option<Timestamp>) {
        let deadline = deadline.map(Timestamp::as_microsecond);
        let record = RunRecord {
            plugin,
            group,
            deadline,
        };
        write_record(&self.file, &record);
    }
}

impl RunRecord {
    /// Whether its time is over; where it had no limit, ours decides.
    fn is_overdue(&self, give_up: Instant) -> bool {
        match self.deadline {
            Some(deadline) => Timestamp::now().as_microsecond() > deadline,
            None => Instant::now() > give_up,
        }
    }
}

/// The plugin has ended, and nobody else is in here: what it left running holds only a file that
/// has no name any more.
impl Drop for RunLock<'_> {
    fn drop(&mut self) {
        let _ = self.store.remove_beside(self.key, RUN);
    }
}

/// Waits between two looks: 1 ms at first, 20 ms at most.
#[derive(Debug)]
pub(crate) struct Pause(Duration);

impl Pause {
    pub(crate) fn sleep(&mut self) {
        std::thread::sleep(self.0);
        self.0 = (self.0 * 3 / 2).min(Duration::from_millis(20));
    }
}

impl Default for Pause {
    fn default() -> Self {
        Self(Duration::from_millis(1))
    }
}

/// The record in a lock file; a file without one has none.
fn read_record<T: DeserializeOwned>(file: &File) -> Option<T> {
    let mut bytes = [0; RECORD_SIZE];
    file.read_exact_at(&mut bytes, 0).ok()?;
    serde_json::from_slice(&bytes).ok()
}

/// One write of a fixed size, so that a reader, or a process killed in between, leaves no half.
fn write_record<T: Serialize>(file: &File, record: &T) {
    if let Ok(mut bytes) = serde_json::to_vec(record) {
        bytes.resize(RECORD_SIZE, b' ');
        let _ = file.write_all_at(&bytes, 0);
    }
}
