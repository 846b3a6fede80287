//! Objects by a value of theirs.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use arc_swap::ArcSwap;
use tokio::sync::watch;

use crate::error::Error;
use crate::event::Change;
use crate::object::{Key, Object};
use crate::publisher::Publisher;
use crate::subscription::{Subscription, Tap};

/// The objects under each value, ordered by key.
type Table<V> = imbl::HashMap<String, imbl::OrdMap<Key, Arc<V>>>;

/// The objects of a publisher, by the values that a label or a function gives them.
///
/// It is a task that follows the publisher, so it can be a moment behind it; each answer is of one
/// commit. It keeps the publisher alive. A function that panics ends it.
///
/// # Example
///
/// ```
/// # use k8s_openapi::api::core::v1::ConfigMap;
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), kcache::Error> {
/// # let (maps, mut feed) = kcache::feed::<ConfigMap>();
/// let by_key = maps.index_by(|map: &ConfigMap| {
///     map.data.iter().flatten().map(|(key, _)| key.clone()).collect::<Vec<_>>()
/// });
/// # let json = r#"{"metadata": {"name": "a"}, "data": {"config.yaml": ""}}"#;
/// # let map: ConfigMap = serde_json::from_str(json).expect("a map");
/// feed.relist([map], None)?;
/// by_key.ready().await?;
/// assert_eq!(by_key.get("config.yaml").len(), 1);
/// # Ok(()) }
/// ```
pub struct Lookup<V: Object> {
    table: Arc<ArcSwap<Table<V>>>,
    ready: watch::Receiver<bool>,
    /// Ends the task when the last handle goes.
    tap: Arc<Ending<V>>,
}

struct Ending<V: Object>(Arc<Tap<V>>);

impl<V: Object> Drop for Ending<V> {
    fn drop(&mut self) {
        self.0.close(&Error::Closed);
    }
}

impl<V: Object> Lookup<V> {
    pub(crate) fn start(
        source: &Publisher<V>,
        values: impl Fn(&V) -> Vec<String> + Send + 'static,
    ) -> Self {
        let input = Subscription::batches(source, Some(crate::Filter::everything()));
        let tap = Arc::new(Ending(input.tap().clone()));
        let table = Arc::new(ArcSwap::default());
        let (sender, ready) = watch::channel(false);
        let follower = Follower {
            values,
            filed: HashMap::new(),
            table: table.clone(),
        };
        tokio::spawn(follower.follow(input, sender));
        Self { table, ready, tap }
    }

    /// The objects of this value, ordered by namespace and name.
    pub fn get(&self, value: &str) -> Vec<Arc<V>> {
        let table = self.table.load_full();
        table
            .get(value)
            .into_iter()
            .flat_map(imbl::OrdMap::values)
            .cloned()
            .collect()
    }

    /// The values that there are, in no order.
    pub fn values(&self) -> Vec<String> {
        self.table.load_full().keys().cloned().collect()
    }

    /// Waits until the publisher is ready and its objects are in the index.
    ///
    /// # Errors
    ///
    /// Why it ended, if it ends before.
    pub async fn ready(&self) -> Result<(), Error> {
        match self.ready.clone().wait_for(|ready| *ready).await {
            Ok(_) => Ok(()),
            Err(_) => Err(self.error().unwrap_or(Error::Closed)),
        }
    }

    /// Ends it.
    pub fn close(&self) {
        self.tap.0.close(&Error::Closed);
    }

    /// Waits until it has ended, and says why.
    pub async fn closed(&self) -> Error {
        self.tap.0.ended().await
    }

    /// Why it ended, or `None` if it did not.
    pub fn error(&self) -> Option<Error> {
        self.tap.0.mailbox().error()
    }
}

struct Follower<V, F> {
    values: F,
    /// The values that each object was filed under, whatever the function would say now.
    filed: HashMap<Key, Vec<String>>,
    table: Arc<ArcSwap<Table<V>>>,
}

impl<V: Object, F: Fn(&V) -> Vec<String>> Follower<V, F> {
    async fn follow(mut self, mut input: Subscription<V>, ready: watch::Sender<bool>) {
        let Ok(start) = input.snapshot().await else {
            return;
        };
        let mut changes = start.objects.into_iter().map(Change::created).collect();
        loop {
            if let Err(error) = Error::catch(|| self.file(changes)) {
                return input.tap().close(&error);
            }
            ready.send_replace(true);
            match input.next_batch().await {
                Some(batch) => changes = batch.changes,
                None => return,
            }
        }
    }

    fn file(&mut self, changes: Vec<Change<V>>) {
        let mut table = Table::clone(&self.table.load());
        for Change { key, new, .. } in changes {
            for value in self.filed.remove(&key).into_iter().flatten() {
                let emptied = table.get_mut(&value).is_some_and(|objects| {
                    objects.remove(&key);
                    objects.is_empty()
                });
                if emptied {
                    table.remove(&value);
                }
            }
            if let Some(object) = new {
                let values = (self.values)(&object);
                for value in &values {
                    let objects = table.entry(value.clone()).or_default();
                    objects.insert(key.clone(), object.clone());
                }
                self.filed.insert(key, values);
            }
        }
        self.table.store(Arc::new(table));
    }
}

impl<V: Object> Clone for Lookup<V> {
    fn clone(&self) -> Self {
        Self {
            table: self.table.clone(),
            ready: self.ready.clone(),
            tap: self.tap.clone(),
        }
    }
}

impl<V: Object> fmt::Debug for Lookup<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let values = self.table.load().len();
        f.debug_struct("Lookup")
            .field("values", &values)
            .finish_non_exhaustive()
    }
}
