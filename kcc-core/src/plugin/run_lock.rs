use std::fs::{File, TryLockError};
use std::io;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use rustix::io::FdFlags;
use rustix::process::Signal;
use serde::{Deserialize, Serialize};

use super::record::{read_record, write_record};
use super::wait::Wait;
use crate::key::Key;
use crate::process::ProcessId;
use crate::settings::PLUGIN_TIMEOUT;
use crate::store::{RUN, Store};

/// A stopped plugin gets this long between SIGTERM and SIGKILL.
pub(crate) const TERMINATION_GRACE: Duration = Duration::from_millis(500);

/// A second lock, which the plugin inherits: it is held while a plugin runs, also when the process
/// that started it was killed. All that is done with its file is done under the key's lock.
#[derive(Debug)]
pub(crate) struct RunLock<'a> {
    file: File,
    store: &'a Store,
    key: Key,
}

/// Who runs, for the process that comes after the one that started it was killed.
#[derive(Debug, Default, Serialize, Deserialize)]
struct RunRecord {
    plugin: Option<ProcessId>,
    /// Whether the plugin leads a process group of its own.
    group: bool,
    /// Microseconds since the Unix epoch.
    started: i64,
    /// Microseconds that it may run; `None` where that is not limited.
    limit: Option<u64>,
}

/// How a plugin is started, as far as those who come after a killed process have to know it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RunTerms {
    /// Whether it leads a process group of its own.
    pub(crate) group: bool,
    /// How long it may run.
    pub(crate) limit: Option<Duration>,
}

impl<'a> RunLock<'a> {
    /// Waits until no plugin of an earlier, killed process runs for this key any more, and takes
    /// the run lock. `None` where the file system has no locks. `waits_long` is called once if it
    /// takes long.
    ///
    /// Such a plugin is waited for, since it may be exchanging a refresh token that must not be
    /// lost; after its own time limit it is stopped, as its starter would have stopped it.
    pub(crate) fn acquire(
        store: &'a Store,
        key: Key,
        waits_long: &mut dyn FnMut(),
    ) -> Option<Self> {
        let mut wait = Wait::new(None);
        let mut stopping: Option<Instant> = None;
        loop {
            let file = store.open_beside(key, RUN).ok()?;
            let record: RunRecord = read_record(&file).unwrap_or_default();
            match file.try_lock() {
                // A plugin that closes what it inherits runs on without the lock.
                Ok(()) if !record.is_seen_running() => return Some(Self { file, store, key }),
                Err(TryLockError::Error(_)) => return None,
                Ok(()) | Err(TryLockError::WouldBlock) => {}
            }
            let late = record.is_overdue(wait.waited());
            match &record.plugin {
                // What it left running holds the lock with it; nobody waits for that.
                Some(plugin) if !plugin.may_run() => store.remove_beside(key, RUN).ok()?,
                Some(plugin) if late => {
                    let since = stopping.get_or_insert_with(Instant::now).elapsed();
                    if !plugin.is_known() || since > 4 * TERMINATION_GRACE {
                        // It cannot be reached from here, or not be ended.
                        store.remove_beside(key, RUN).ok()?;
                    } else if since > TERMINATION_GRACE {
                        plugin.signal(Signal::KILL, record.group);
                    } else {
                        plugin.signal(Signal::TERM, record.group);
                    }
                }
                // Its starter was killed before it could say whom it had started.
                None if late => match ProcessId::of_plugin_with(&file).filter(|_| record.group) {
                    Some(plugin) => record.with_plugin(plugin).write(&file),
                    None => store.remove_beside(key, RUN).ok()?,
                },
                _ => {}
            }
            drop(file);
            wait.pause(waits_long);
        }
    }

    /// Lets the plugin that is started next inherit the lock, and says how it is started.
    pub(crate) fn hand_on(&self, terms: RunTerms) -> io::Result<()> {
        self.record(None, terms);
        Ok(rustix::io::fcntl_setfd(&self.file, FdFlags::empty())?)
    }

    /// Says who inherited the lock. From here on nobody else does.
    pub(crate) fn handed_on_to(&self, plugin: u32, terms: RunTerms) {
        let _ = rustix::io::fcntl_setfd(&self.file, FdFlags::CLOEXEC);
        self.record(ProcessId::of(plugin), terms);
    }

    fn record(&self, plugin: Option<ProcessId>, terms: RunTerms) {
        let limit = terms.limit.map(|limit| limit.as_micros());
        let record = RunRecord {
            plugin,
            group: terms.group,
            started: Timestamp::now().as_microsecond(),
            limit: limit.map(|micros| u64::try_from(micros).unwrap_or(u64::MAX)),
        };
        record.write(&self.file);
    }
}

impl RunRecord {
    fn with_plugin(&self, plugin: ProcessId) -> Self {
        Self {
            plugin: Some(plugin),
            ..*self
        }
    }

    fn write(&self, file: &File) {
        write_record(file, self);
    }

    fn is_seen_running(&self) -> bool {
        let plugin = self.plugin.as_ref();
        plugin.is_some_and(|plugin| plugin.is_known() && plugin.may_run())
    }

    /// Whether its time is over, by the clock or by how long it was waited for: it was started
    /// before that. Where its time was not limited, the limit of one that cannot prompt counts.
    fn is_overdue(&self, waited: Duration) -> bool {
        let limit = self.limit.map_or(PLUGIN_TIMEOUT, Duration::from_micros);
        let micros = i64::try_from(limit.as_micros()).unwrap_or(i64::MAX);
        let over = self.started.saturating_add(micros);
        let by_clock = self.limit.is_some() && Timestamp::now().as_microsecond() > over;
        by_clock || waited > limit
    }
}

/// The plugin has ended, and nobody else is in here: what it left running holds only a file that
/// has no name any more.
impl Drop for RunLock<'_> {
    fn drop(&mut self) {
        let _ = self.store.remove_beside(self.key, RUN);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn store_and_key() -> (tempfile::TempDir, Store, Key) {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("entries")).unwrap();
        (folder, store, Key::from_hex(&"07".repeat(32)).unwrap())
    }

    /// As a process in another container leaves it when it is killed.
    fn held_elsewhere(store: &Store, key: Key, limit: Duration) -> File {
        let file = store.open_beside(key, RUN).unwrap();
        file.lock().unwrap();
        let plugin = serde_json::json!({ "pid": 1, "start": 1, "origin": "elsewhere" });
        let record = RunRecord {
            plugin: serde_json::from_value(plugin).unwrap(),
            group: true,
            // The clock was set back by a day in between.
            started: Timestamp::now().as_microsecond() + 86_400_000_000,
            limit: Some(limit.as_micros().try_into().unwrap()),
        };
        write_record(&file, &record);
        file
    }

    #[test]
    fn a_plugin_that_cannot_be_seen_is_waited_for_no_longer_than_its_limit() {
        let (_folder, store, key) = store_and_key();
        let limit = Duration::from_millis(300);
        let held = held_elsewhere(&store, key, limit);
        let since = Instant::now();
        assert!(RunLock::acquire(&store, key, &mut || {}).is_some());
        assert!(since.elapsed() >= limit);
        drop(held);
    }

    /// Its starter was killed between the start and the note of whom it had started.
    #[test]
    #[cfg(target_os = "linux")]
    fn a_hanging_plugin_that_nobody_noted_is_ended_after_its_limit() {
        use std::os::unix::process::CommandExt;
        let (_folder, store, key) = store_and_key();
        let file = store.open_beside(key, RUN).unwrap();
        file.lock().unwrap();
        let record = RunRecord {
            plugin: None,
            group: true,
            started: Timestamp::now().as_microsecond(),
            limit: Some(200_000),
        };
        record.write(&file);
        let mut plugin = std::process::Command::new("sleep")
            .arg("60")
            .stdin(file)
            .process_group(0)
            .spawn()
            .unwrap();
        assert!(RunLock::acquire(&store, key, &mut || {}).is_some());
        let status = plugin.try_wait().unwrap().expect("it has ended");
        let by = std::os::unix::process::ExitStatusExt::signal(&status);
        assert_eq!(by, Some(Signal::TERM.as_raw()));
    }
}
