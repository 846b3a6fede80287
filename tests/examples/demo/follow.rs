//! Subscribers whose events are shown as they come.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use console::style;
use futures_util::FutureExt;
use kcache::{Event, Key, Object, Publisher, Subscription};

use crate::show::say;

/// How long something may take before the demo gives up on it.
const PATIENCE: Duration = Duration::from_secs(30);

/// A publisher under a name, and what it says.
pub(crate) struct Followed<V: Object> {
    name: &'static str,
    publisher: Publisher<V>,
    changes: Subscription<V>,
}

impl<V: Object> Followed<V> {
    pub(crate) fn new(name: &'static str, publisher: &Publisher<V>) -> Self {
        Self {
            name,
            changes: publisher.subscribe(),
            publisher: publisher.clone(),
        }
    }

    pub(crate) fn name(&self) -> &'static str {
        self.name
    }

    /// The keys of what it holds.
    pub(crate) fn keys(&self) -> BTreeSet<Key> {
        let list = self.publisher.cache().list();
        list.iter().map(|object| Key::of(&**object)).collect()
    }

    /// Waits until it holds this and nothing else.
    pub(crate) async fn until(&self, holds: impl Fn(&Publisher<V>) -> bool) -> Result<()> {
        let started = Instant::now();
        while !holds(&self.publisher) {
            if started.elapsed() > PATIENCE {
                let status = self.publisher.status();
                bail!("{} does not get there: {:?}", self.name, status.phase);
            }
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        Ok(())
    }

    /// Shows the events that are there, and gives their number.
    pub(crate) fn show(&mut self) -> Result<usize> {
        let mut shown = 0;
        while let Some(Some(event)) = self.changes.next().now_or_never() {
            self.show_event(&event)?;
            shown += 1;
        }
        Ok(shown)
    }

    /// Waits for the next event and shows it; gives whether there was one.
    pub(crate) async fn show_next(&mut self) -> Result<bool> {
        let Some(event) = self.changes.next().await else {
            return Ok(false);
        };
        self.show_event(&event)?;
        Ok(true)
    }

    fn show_event(&self, event: &Event<V>) -> Result<()> {
        let key = Key::of(&**event.object());
        let what = match event {
            Event::Create { .. } => style(format!("+ {key}")).green(),
            Event::Update { .. } => style(format!("~ {key}")).yellow(),
            Event::Delete { .. } => style(format!("- {key}")).red(),
        };
        say(&format!("      {:<14} {what}", self.name))
    }
}
