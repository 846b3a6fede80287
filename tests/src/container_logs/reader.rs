//! A log as it is read.

use std::io;
use std::sync::Arc;

use bytes::Bytes;
use tokio::sync::watch;

use super::logs::{Container, ContainerLogs, Entry, Instance, Name};
use super::options::LogOptions;

/// A stream of the lines of one instance of a container.
pub(crate) struct LogReader {
    logs: ContainerLogs,
    name: Name,
    container: Arc<()>,
    options: LogOptions,
    /// Which of the instances is read.
    instance: usize,
    /// The next entry.
    next: usize,
    /// How often streams of the container had been torn when this one began.
    tears: u64,
    torn: bool,
    changes: watch::Receiver<u64>,
}

impl LogReader {
    /// Begins to read.
    ///
    /// # Errors
    /// The message of the kubelet's refusal.
    pub(crate) fn open(
        logs: &ContainerLogs,
        (namespace, pod, name): (&str, &str, &str),
        options: LogOptions,
    ) -> Result<Self, String> {
        let key = (namespace.to_owned(), pod.to_owned(), name.to_owned());
        let containers = logs.lock();
        let Some(container) = containers.get(&key) else {
            return Err(format!(
                "container \"{name}\" in pod \"{pod}\" is waiting to start: ContainerCreating"
            ));
        };
        let back = if options.previous { 2 } else { 1 };
        let Some(instance) = container.instances.len().checked_sub(back) else {
            return Err(format!(
                "previous terminated container \"{name}\" in pod \"{pod}\" not found"
            ));
        };
        let next = container.instances[instance].first(&options);
        let (tears, identity) = (container.tears, container.identity.clone());
        drop(containers);
        Ok(Self {
            logs: logs.clone(),
            name: key,
            container: identity,
            options,
            instance,
            next,
            tears,
            torn: false,
            changes: logs.changes(),
        })
    }

    /// The lines that there are, or the next ones; `None` at the end.
    ///
    /// # Errors
    /// The stream was torn.
    pub(crate) async fn next(&mut self) -> io::Result<Option<Vec<Bytes>>> {
        loop {
            self.changes.borrow_and_update();
            if let Some(frames) = self.take()? {
                return Ok((!frames.is_empty()).then_some(frames));
            }
            if self.changes.changed().await.is_err() {
                return Ok(None);
            }
        }
    }

    /// What there is; nothing at the end, `None` if more may come.
    fn take(&mut self) -> io::Result<Option<Vec<Bytes>>> {
        if self.torn {
            return Err(io::Error::other("the log's stream is torn"));
        }
        let containers = self.logs.lock();
        let container = containers.get(&self.name);
        let same = |container: &&Container| Arc::ptr_eq(&container.identity, &self.container);
        let Some(container) = container.filter(same) else {
            return Ok(Some(Vec::new()));
        };
        let Some(instance) = container.instances.get(self.instance) else {
            return Ok(Some(Vec::new()));
        };
        let wanted = instance.entries[self.next..]
            .iter()
            .filter(|entry| self.options.since.is_none_or(|since| entry.time >= since));
        let mut frames: Vec<Bytes> = wanted
            .map(|entry| entry.frame(self.options.timestamps))
            .collect();
        if container.tears > self.tears && !frames.is_empty() {
            let half = frames[0].len() / 2;
            frames = vec![frames[0].slice(..half)];
            self.torn = true;
        }
        self.next = instance.entries.len();
        let over = instance.ended || !self.options.follow;
        Ok((over || !frames.is_empty()).then_some(frames))
    }
}

impl Instance {
    /// Where reading begins. The last lines are counted before times are looked at.
    fn first(&self, options: &LogOptions) -> usize {
        let last = options
            .tail_lines
            .map_or(0, |lines| self.entries.len().saturating_sub(lines));
        last.max(self.file)
    }
}

impl Entry {
    /// As the kubelet writes it: times have nine digits (`types.RFC3339NanoFixed`).
    fn frame(&self, timestamps: bool) -> Bytes {
        if !timestamps {
            return self.text.clone();
        }
        let time = self.time.strftime("%Y-%m-%dT%H:%M:%S.%9fZ").to_string();
        [time.as_bytes(), b" ", &self.text].concat().into()
    }
}
