//! How long other tasks of a runtime with one thread wait while a whole collection is gone through.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use kcache::{Feed, Filter, Publisher};
use kcache_join::SelectorJoin;

use crate::{Thing, fed, relation};

const OBJECTS: usize = 100_000;

/// Runs each on a runtime of its own, beside a task that always wants its turn; the longest that this
/// one waited, in milliseconds, as the median of five runs.
pub(crate) fn rows() -> Vec<(&'static str, f64)> {
    let names = [
        "subscribe and take",
        "start a view",
        "start an index",
        "start a join",
    ];
    let names = names
        .into_iter()
        .chain(["a relist in which all is gone, behind a view"]);
    let median = |what: usize| {
        let mut waits: Vec<_> = (0..5).map(|_| longest_wait(what)).collect();
        waits.sort();
        waits[2].as_secs_f64() * 1e3
    };
    names
        .enumerate()
        .map(|(what, name)| (name, median(what)))
        .collect()
}

fn longest_wait(what: usize) -> Duration {
    let runtime = tokio::runtime::Builder::new_current_thread().build();
    let runtime = runtime.expect("a runtime");
    let (things, feed) = fed(OBJECTS);
    let longest = Arc::new(AtomicU64::new(0));
    let found = longest.clone();
    runtime.block_on(async {
        tokio::spawn(async move {
            loop {
                let before = Instant::now();
                tokio::task::yield_now().await;
                let waited = before.elapsed().as_micros();
                found.fetch_max(u64::try_from(waited).unwrap_or(u64::MAX), Ordering::Relaxed);
            }
        });
        tokio::task::yield_now().await;
        work(what, &things, feed).await;
        tokio::task::yield_now().await;
    });
    Duration::from_micros(longest.load(Ordering::Relaxed))
}

async fn work(what: usize, things: &Publisher<Thing>, mut feed: Feed<Thing>) {
    match what {
        0 => {
            let mut changes = things.subscribe();
            for _ in 0..OBJECTS {
                assert!(changes.next().await.is_some());
            }
        }
        1 => {
            let view = things.view(Filter::everything());
            view.ready().await.expect("it is open");
            assert_eq!(view.cache().len(), OBJECTS);
        }
        2 => {
            let index = things.index_by_label("app");
            index.ready().await.expect("it is open");
            assert_eq!(index.get("app-7").len(), 10);
        }
        3 => {
            let join: SelectorJoin<Thing> = relation();
            let join = join.join(things, things);
            join.ready().await.expect("it is open");
            assert_eq!(join.cache().len(), OBJECTS);
        }
        _ => {
            let view = things.view(Filter::everything());
            view.ready().await.expect("it is open");
            let empty = move || {
                feed.relist([], None).expect("it is open");
                feed
            };
            let feed = tokio::task::spawn_blocking(empty).await;
            while !view.cache().is_empty() {
                tokio::task::yield_now().await;
            }
            drop(feed);
        }
    }
}
