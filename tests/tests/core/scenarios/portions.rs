//! Nothing over a whole collection holds up other tasks.
//!
//! What is read of an object on the thread that runs the tasks is counted, and another task that always
//! wants its turn looks at the count each time that it gets it.

use std::cell::Cell;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use kcache::{Feed, Filter, Handler, Input, Key, Object, Publisher, Subscription};
use kcache_join::KeyJoin;

const OBJECTS: u64 = 5_000;
/// What is read of 512 objects at most.
const AT_ONCE: u64 = 512 * 12;

thread_local! {
    static READ: Cell<u64> = const { Cell::new(0) };
}

/// An object that counts how often anything of it is read.
struct Thing {
    name: String,
    version: String,
}

impl Thing {
    fn new(number: u64, version: u64) -> Self {
        Self {
            name: format!("{number:06}"),
            version: version.to_string(),
        }
    }
}

impl Object for Thing {
    fn namespace(&self) -> Option<&str> {
        Some("default")
    }

    fn name(&self) -> &str {
        READ.set(READ.get() + 1);
        &self.name
    }

    fn version(&self) -> &str {
        &self.version
    }
}

/// Looks how much was done between two of its turns.
struct Ticker {
    most: Arc<AtomicU64>,
    task: tokio::task::JoinHandle<()>,
}

impl Ticker {
    async fn start() -> Self {
        let most = Arc::new(AtomicU64::new(0));
        let found = most.clone();
        let task = tokio::spawn(async move {
            loop {
                let before = READ.get();
                tokio::task::yield_now().await;
                found.fetch_max(READ.get() - before, Ordering::Relaxed);
            }
        });
        tokio::task::yield_now().await;
        Self { most, task }
    }

    /// No turn was longer than it may be.
    #[track_caller]
    fn ends_content(self, what: &str) {
        self.task.abort();
        let most = self.most.load(Ordering::Relaxed);
        assert!(most <= AT_ONCE, "{what}: {most} questions in one piece");
    }
}

fn versions_of_all(version: u64) -> impl Iterator<Item = Thing> {
    (0..OBJECTS).map(move |number| Thing::new(number, version))
}

/// Lists where it holds up nobody.
async fn relist(
    mut feed: Feed<Thing>,
    objects: impl Iterator<Item = Thing> + Send + 'static,
) -> Feed<Thing> {
    let send = move || {
        feed.relist(objects, None).unwrap();
        feed
    };
    tokio::task::spawn_blocking(send).await.unwrap()
}

async fn filled() -> (Publisher<Thing>, Feed<Thing>) {
    let (publisher, feed) = kcache::feed();
    let feed = relist(feed, versions_of_all(1)).await;
    (publisher, feed)
}

async fn take(changes: &mut Subscription<Thing>, count: u64) {
    for _ in 0..count {
        changes.next().await.expect("an event");
    }
}

async fn until(holds: impl Fn() -> bool) {
    while !holds() {
        tokio::task::yield_now().await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_subscription_starts_and_is_read_in_portions() {
    let (things, _feed) = filled().await;
    let ticker = Ticker::start().await;
    let mut all = things.subscribe();
    take(&mut all, OBJECTS).await;
    // Most of it is looked at and not let in.
    let few = Filter::by("few", |thing: &Thing| thing.name.ends_with("999"));
    let mut few = things.subscribe_with(few);
    take(&mut few, OBJECTS / 1000).await;
    let start = things.subscribe().snapshot().await.unwrap();
    assert_eq!(start.objects.len() as u64, OBJECTS);
    ticker.ends_content("subscriptions");
}

#[tokio::test(start_paused = true)]
async fn a_refilter_is_worked_out_elsewhere() {
    let (things, _feed) = filled().await;
    let ticker = Ticker::start().await;
    let half = |digit: u8| {
        let name = format!("half {digit}");
        Filter::by(&name, move |thing: &Thing| {
            thing.name.as_bytes()[5] % 2 == digit
        })
    };
    let mut changes = things.subscribe_with(half(0));
    take(&mut changes, OBJECTS / 2).await;
    changes.refilter(half(1)).unwrap();
    take(&mut changes, OBJECTS).await;
    // In the middle of a start, too.
    let mut changes = things.subscribe_with(half(0));
    take(&mut changes, 100).await;
    changes.refilter(Filter::everything()).unwrap();
    take(&mut changes, OBJECTS - 100).await;
    ticker.ends_content("refilters");
}

#[tokio::test(start_paused = true)]
async fn views_indexes_monitors_and_joins_start_and_follow_elsewhere() {
    let (things, feed) = filled().await;
    let ticker = Ticker::start().await;
    let view = things.view(Filter::everything());
    let index = things.index_by(|thing: &Thing| [thing.name.clone()]);
    let itself = |thing: &Thing| vec![Key::new("default", &thing.name)];
    let join = KeyJoin::new(itself, itself).join(&things, &view);
    let monitor = things.monitor(Handler::new());
    view.ready().await.unwrap();
    index.ready().await.unwrap();
    join.ready().await.unwrap();
    monitor.ready().await.unwrap();
    assert_eq!(join.cache().len() as u64, OBJECTS);
    let mut behind = view.subscribe();
    take(&mut behind, OBJECTS).await;
    // A relist in which all is new, and one in which all is gone.
    let feed = relist(feed, versions_of_all(2)).await;
    take(&mut behind, OBJECTS).await;
    let feed = relist(feed, std::iter::empty()).await;
    take(&mut behind, OBJECTS).await;
    until(|| join.cache().is_empty() && index.values().is_empty()).await;
    drop((feed, view, index, join, monitor, behind, things));
    tokio::task::yield_now().await;
    ticker.ends_content("what is derived from it");
}

/// Who does not read keeps nothing old: what was replaced is gone, whatever was subscribed.
#[tokio::test(start_paused = true)]
async fn a_start_that_nobody_reads_keeps_nothing_old() {
    let (things, mut feed) = filled().await;
    let old = things.cache().get("default", "000000").unwrap();
    let mut idle = things.subscribe();
    let mut begun = things.subscribe();
    take(&mut begun, 10).await;
    let batches = Subscription::batches(&things, Some(Filter::everything()));
    for version in 2..400 {
        feed.send(Input::Apply(Thing::new(version % 300 + 100, version)))
            .unwrap();
    }
    feed.send(Input::Apply(Thing::new(0, 1_000))).unwrap();
    feed.send(Input::Apply(Thing::new(0, 1_001))).unwrap();
    // One here, and one as what `begun` was given, in the update that waits for it.
    assert_eq!(Arc::strong_count(&old), 2);
    // And each is brought to the newest state.
    take(&mut idle, OBJECTS).await;
    take(&mut begun, OBJECTS - 10 + 2).await;
    assert_eq!((idle.status().waiting, begun.status().waiting), (0, 0));
    assert_eq!((idle.status().lags, begun.status().lags), (1, 1));
    drop(batches);
}
