//! Who writes logs: tests.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use jiff::{SignedDuration, Timestamp};
use tokio::sync::watch;

/// All logs of a server or of a node. Clones are the same.
#[derive(Debug, Clone)]
pub struct ContainerLogs {
    containers: Arc<Mutex<HashMap<Name, Container>>>,
    /// Rises with each change.
    changes: watch::Sender<u64>,
}

/// Namespace, Pod and container.
pub(super) type Name = (String, String, String);

#[derive(Debug, Default)]
pub(super) struct Container {
    /// The newest is the last.
    pub(super) instances: Vec<Instance>,
    /// How often streams were torn.
    pub(super) tears: u64,
    /// Held by each of its readers, too: a container that comes back under its name is another.
    pub(super) identity: Arc<()>,
}

impl Container {
    fn readers(&self) -> usize {
        Arc::strong_count(&self.identity) - 1
    }
}

/// What a container wrote between a start and its end.
#[derive(Debug, Default)]
pub(super) struct Instance {
    pub(super) entries: Vec<Entry>,
    /// Where the file that is served begins.
    pub(super) file: usize,
    pub(super) ended: bool,
}

#[derive(Debug, Clone)]
pub(super) struct Entry {
    pub(super) time: Timestamp,
    /// With the line feed, if it has one.
    pub(super) text: Bytes,
}

impl Default for ContainerLogs {
    fn default() -> Self {
        Self {
            containers: Arc::default(),
            changes: watch::Sender::new(0),
        }
    }
}

impl ContainerLogs {
    /// One container's log, which begins when it is first written.
    pub fn of(&self, namespace: &str, pod: &str, container: &str) -> ContainerLog {
        ContainerLog {
            logs: self.clone(),
            name: (namespace.into(), pod.into(), container.into()),
        }
    }

    /// Forgets all that the containers of a Pod wrote; who follows comes to the end.
    pub fn remove(&self, namespace: &str, pod: &str) {
        self.lock()
            .retain(|name, _| (&*name.0, &*name.1) != (namespace, pod));
        self.changed();
    }

    /// How many streams are being read.
    pub fn readers(&self) -> usize {
        self.lock().values().map(Container::readers).sum()
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, HashMap<Name, Container>> {
        self.containers
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Hears of changes from now on.
    pub(super) fn changes(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }

    fn changed(&self) {
        self.changes.send_modify(|changes| *changes += 1);
    }
}

/// The log of one container.
#[derive(Debug, Clone)]
pub struct ContainerLog {
    logs: ContainerLogs,
    name: Name,
}

impl ContainerLog {
    /// The container writes a line, later than all before.
    pub fn write(&self, line: &str) {
        self.put(None, format!("{line}\n"));
    }

    /// The container writes a line at a moment.
    pub fn write_at(&self, time: Timestamp, line: &str) {
        self.put(Some(time), format!("{line}\n"));
    }

    /// The container writes the beginning of a line.
    pub fn write_unfinished(&self, text: &str) {
        self.put(None, text.to_owned());
    }

    /// What was written is moved to a file that nobody serves.
    pub fn rotate(&self) {
        self.change(|instance| instance.file = instance.entries.len());
    }

    /// The container ends, and those who follow come to the end.
    pub fn end(&self) {
        self.change(|instance| instance.ended = true);
    }

    /// The container ends and starts again.
    pub fn restart(&self) {
        self.end();
        let mut logs = self.logs.lock();
        let container = logs.entry(self.name.clone()).or_default();
        container.instances.push(Instance::default());
        drop(logs);
        self.logs.changed();
    }

    /// Those who follow get half of the next line, and then an error.
    pub fn tear(&self) {
        let mut logs = self.logs.lock();
        logs.entry(self.name.clone()).or_default().tears += 1;
    }

    /// How many streams of it are being read.
    pub fn readers(&self) -> usize {
        let logs = self.logs.lock();
        logs.get(&self.name).map_or(0, Container::readers)
    }

    fn put(&self, time: Option<Timestamp>, text: String) {
        self.change(|instance| {
            let last = instance.entries.last().map(|entry| entry.time);
            let later = last.map(|last| last + SignedDuration::from_nanos(1));
            let time =
                time.unwrap_or_else(|| later.max(Some(Timestamp::now())).unwrap_or_default());
            let text = text.into();
            instance.entries.push(Entry { time, text });
        });
    }

    fn change(&self, change: impl FnOnce(&mut Instance)) {
        let mut logs = self.logs.lock();
        let container = logs.entry(self.name.clone()).or_default();
        if container.instances.is_empty() {
            container.instances.push(Instance::default());
        }
        if let Some(instance) = container.instances.last_mut() {
            change(instance);
        }
        drop(logs);
        self.logs.changed();
    }
}
