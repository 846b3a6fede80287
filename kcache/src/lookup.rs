//! Objects by a value of theirs.

use std::collections::HashMap;
use std::fmt;
use std::future::poll_fn;
use std::sync::Arc;

use arc_swap::ArcSwap;
use tokio::sync::watch;

use crate::core::mailbox::Limits;
use crate::error::Error;
use crate::event::Change;
use crate::filter::Filter;
use crate::object::{Key, Object};
use crate::offload::{drop_offloaded, offload};
use crate::publisher::Publisher;
use crate::spawn::spawn;
use crate::store::Moment;
use crate::subscription::Registration;
use crate::sync::{Mutex, lock};

/// The objects under each value, ordered by key.
type Table<V> = imbl::HashMap<String, imbl::OrdMap<Key, Arc<V>>>;

/// The objects of a publisher, by the values that a label or a function gives them.
///
/// It is as new as any event that was taken from its publisher, or from what is derived from it: who
/// looks up another object while handling an event sees the commit of that event, as with
/// client-go's indexers. A task of its own follows the publisher; what it has not indexed yet, a read
/// indexes first, so a read may run the function. Each answer is of one commit. It keeps the publisher
/// alive. A function that panics ends it.
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
    shared: Arc<Shared<V>>,
    ready: watch::Receiver<bool>,
    /// Ends the task when the last handle goes.
    close_on_drop: Arc<CloseOnDrop<V>>,
}

struct CloseOnDrop<V: Object>(Arc<Registration<V>>);

impl<V: Object> Drop for CloseOnDrop<V> {
    fn drop(&mut self) {
        self.0.close(&Error::Closed);
    }
}

/// What the readers and the task share.
struct Shared<V: Object> {
    indexed: ArcSwap<Indexed<V>>,
    /// Held while changes are taken and indexed, so that they are indexed in their order.
    indexer: Mutex<Indexer<V>>,
    registration: Arc<Registration<V>>,
}

/// The table as of a commit.
struct Indexed<V> {
    at: Moment,
    table: Table<V>,
}

type Values<V> = Box<dyn Fn(&V) -> Vec<String> + Send>;

struct Indexer<V> {
    values: Values<V>,
    /// The values that each object was indexed under, whatever the function would say now.
    indexed_under: HashMap<Key, Vec<String>>,
}

impl<V: Object> Publisher<V> {
    /// The objects by the value of a label.
    pub fn index_by_label(&self, label: &str) -> Lookup<V> {
        let label = label.to_owned();
        self.index_by(move |object| object.label(&label).map(str::to_owned))
    }

    /// The objects by values that a function reads from each. It is run by the index's own task.
    pub fn index_by<I>(&self, values: impl Fn(&V) -> I + Send + 'static) -> Lookup<V>
    where
        I: IntoIterator<Item = String>,
    {
        Lookup::start(self, move |object| values(object).into_iter().collect())
    }
}

impl<V: Object> Lookup<V> {
    fn start(source: &Publisher<V>, values: impl Fn(&V) -> Vec<String> + Send + 'static) -> Self {
        let registration = Registration::open(source.clone(), Limits::INDEX);
        // What goes wrong ends it, which it then says.
        let _ = registration.refilter(Filter::everything());
        let indexer = Indexer {
            values: Box::new(values),
            indexed_under: HashMap::new(),
        };
        let shared = Arc::new(Shared {
            indexed: ArcSwap::default(),
            indexer: Mutex::new(indexer),
            registration: registration.clone(),
        });
        let (sender, ready) = watch::channel(false);
        spawn(follow(shared.clone(), sender));
        let close_on_drop = Arc::new(CloseOnDrop(registration));
        Self {
            shared,
            ready,
            close_on_drop,
        }
    }

    /// The objects of this value, ordered by namespace and name.
    pub fn get(&self, value: &str) -> Vec<Arc<V>> {
        let indexed = self.shared.newest();
        indexed
            .table
            .get(value)
            .into_iter()
            .flat_map(imbl::OrdMap::values)
            .cloned()
            .collect()
    }

    /// The values that there are, in no order.
    pub fn values(&self) -> Vec<String> {
        self.shared.newest().table.keys().cloned().collect()
    }

    /// The commit of the publisher that an answer is of now.
    pub fn commit(&self) -> u64 {
        self.shared.newest().at.commit
    }

    /// The server incarnation that this commit is of.
    pub fn incarnation(&self) -> u64 {
        self.shared.newest().at.incarnation
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
        self.close_on_drop.0.close(&Error::Closed);
    }

    /// Waits until it has ended, and says why.
    pub async fn closed(&self) -> Error {
        self.close_on_drop.0.ended().await
    }

    /// Why it ended, or `None` if it did not.
    pub fn error(&self) -> Option<Error> {
        self.close_on_drop.0.mailbox().error()
    }
}

async fn follow<V: Object>(shared: Arc<Shared<V>>, ready: watch::Sender<bool>) {
    // Of a publisher that has closed, what it had is indexed still.
    let _ = shared.registration.source().ready().await;
    loop {
        let indexer = shared.clone();
        let count = shared.registration.mailbox().waiting();
        if offload(count, move || indexer.catch_up()).await.is_none() {
            return;
        }
        ready.send_if_modified(|ready| {
            let had = !shared.indexed.load().table.is_empty()
                || shared.registration.mailbox().error().is_none();
            had && !std::mem::replace(ready, true)
        });
        let mailbox = shared.registration.mailbox();
        if poll_fn(|cx| mailbox.poll_waiting(cx)).await.is_none() {
            break;
        }
    }
    drop_offloaded(shared.registration.core().state.load().len(), shared);
}

impl<V: Object> Shared<V> {
    /// The table with all that has come in.
    fn newest(&self) -> Arc<Indexed<V>> {
        let indexed = self.indexed.load_full();
        if self.registration.mailbox().delivered() <= indexed.at.commit {
            return indexed;
        }
        self.catch_up();
        self.indexed.load_full()
    }

    /// Indexes what has come in.
    fn catch_up(&self) {
        let mut indexer = lock(&self.indexer);
        let drained = self.registration.drain();
        let at = drained.at;
        if drained.is_nothing() && at == self.indexed.load().at {
            return;
        }
        let table = Table::clone(&self.indexed.load().table);
        match Error::catch(|| indexer.index(table, drained.into_changes().1)) {
            Ok(table) => self.indexed.store(Arc::new(Indexed { at, table })),
            Err(error) => {
                drop(indexer);
                self.registration.close(&error);
            }
        }
    }
}

impl<V: Object> Indexer<V> {
    fn index(&mut self, mut table: Table<V>, changes: Vec<Change<V>>) -> Table<V> {
        for change in changes {
            let key = change.key();
            let new = change.new;
            for value in self.indexed_under.remove(&key).into_iter().flatten() {
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
                self.indexed_under.insert(key, values);
            }
        }
        table
    }
}

impl<V> Default for Indexed<V> {
    fn default() -> Self {
        Self {
            at: Moment::default(),
            table: Table::default(),
        }
    }
}

impl<V: Object> Clone for Lookup<V> {
    fn clone(&self) -> Self {
        Self {
            shared: self.shared.clone(),
            ready: self.ready.clone(),
            close_on_drop: self.close_on_drop.clone(),
        }
    }
}

impl<V: Object> fmt::Debug for Lookup<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let values = self.shared.indexed.load().table.len();
        f.debug_struct("Lookup")
            .field("values", &values)
            .finish_non_exhaustive()
    }
}
