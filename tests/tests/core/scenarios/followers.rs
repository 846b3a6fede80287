//! What is derived from a publisher: what it hears of it, keeps alive, and sees at its end.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use kcache::{
    Cache, Error, Event, Feed, Filter, Handler, Input, Key, Notice, Object, Phase, Publisher,
};
use kcache_join::KeyJoin;

use crate::forms::{Form, Own, Spec};

fn own(name: &str, version: u64) -> Own {
    Own::of(&Spec::new("a", name, version))
}

fn fed(names: &[&str]) -> (Publisher<Own>, Feed<Own>) {
    let (publisher, mut feed) = kcache::feed();
    let objects = names.iter().map(|name| own(name, 20));
    feed.relist(objects, Some("20")).unwrap();
    (publisher, feed)
}

/// Objects are joined with those of the same name.
fn by_name() -> KeyJoin<Own, Own> {
    KeyJoin::new(|own| vec![Key::of(own)], |own| vec![Key::of(own)])
}

/// With a paused clock, sleeping ends when no task has anything left to do.
async fn settle() {
    tokio::time::sleep(Duration::from_secs(1)).await;
}

#[tokio::test(start_paused = true)]
async fn a_new_incarnation_passes_on_also_where_nothing_is_let_in() {
    let (pods, mut feed) = fed(&["one", "two"]);
    let (others, _other_feed) = fed(&["one"]);
    let view = pods.view(Filter::name("a", "one"));
    let of_view = view.view(Filter::nothing());
    let index = pods.index_by_label("app");
    let join = by_name().with_pairs().join(&others, &of_view);
    let pairs = join.pairs().expect("it has some").clone();
    join.ready().await.unwrap();
    let mut notices = [view.notices(), of_view.notices(), join.notices()];
    // A restored backup: `two` goes back, nothing else changes.
    feed.relist([own("one", 20), own("two", 7)], Some("1000009"))
        .unwrap();
    settle().await;
    assert_eq!(pods.status().incarnation, 2);
    for publisher in [&*view, &*of_view, &*join] {
        assert_eq!(publisher.status().incarnation, 2);
        assert_eq!(publisher.cache().snapshot().incarnation(), 2);
    }
    assert_eq!((pairs.status().incarnation, index.incarnation()), (2, 2));
    for notices in &mut notices {
        assert_eq!(
            notices.next().await,
            Some(Notice::NewIncarnation { incarnation: 2 })
        );
    }
    // What begins later knows which incarnation it is in, and tells no news of it.
    let late = view.view(Filter::everything());
    late.ready().await.unwrap();
    assert_eq!(late.status().incarnation, 2);
    // Each incarnation of either input is one of the join.
    feed.relist([own("two", 3)], Some("2000000")).unwrap();
    settle().await;
    assert_eq!(
        (join.status().incarnation, late.status().incarnation),
        (3, 3)
    );
}

/// Each look of the view's closure brings the next change, so there is always one waiting.
#[tokio::test(start_paused = true)]
async fn a_view_under_steady_load_is_live_again() {
    let (pods, mut feed) = fed(&["one"]);
    feed.send(Input::Failed("away".into())).unwrap();
    let feed = Arc::new(Mutex::new(feed));
    let (source, looks) = (feed.clone(), Arc::new(AtomicUsize::new(0)));
    let count = looks.clone();
    let busy = Filter::by("busy", move |_: &Own| {
        let look = count.fetch_add(1, Ordering::Relaxed) as u64;
        if (1..1_000).contains(&look) {
            let mut source = source.lock().unwrap_or_else(PoisonError::into_inner);
            source.apply(own("one", 100 + look)).unwrap();
        }
        true
    });
    let view = pods.view(busy);
    view.ready().await.unwrap();
    assert!(matches!(view.status().phase, Phase::Degraded { .. }));
    let apply = own("one", 50);
    feed.lock().unwrap().apply(apply).unwrap();
    let mut phases = view.phases();
    let live = phases.wait_for(|phase| matches!(phase, Phase::Live));
    let live = tokio::time::timeout(Duration::from_secs(9), live).await;
    assert!(live.expect("in time").is_ok());
    assert!(looks.load(Ordering::Relaxed) < 1_000, "only after the load");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_join_reads_both_sides_while_one_is_busy_with_nothing() {
    let (sources, mut source_feed) = fed(&[]);
    let (targets, mut target_feed) = fed(&["none"]);
    let join = by_name().join(&sources, &targets);
    join.ready().await.unwrap();
    let stop = Arc::new(AtomicUsize::new(0));
    let stopped = stop.clone();
    // Creates that their deletes cancel before they are read.
    let busy = std::thread::spawn(move || {
        while stopped.load(Ordering::Relaxed) == 0 {
            target_feed.apply(own("x", 30)).unwrap();
            target_feed.remove(own("x", 31)).unwrap();
        }
        target_feed
    });
    for version in 21..600 {
        source_feed.apply(own("s", version)).unwrap();
        let version = version.to_string();
        let side = kcache_join::Side::Sources;
        let wait = join.wait_for(side, &version, Duration::from_secs(60));
        wait.await.expect("the sources are read");
    }
    stop.store(1, Ordering::Relaxed);
    drop(busy.join());
}

#[tokio::test(start_paused = true)]
async fn a_cache_of_a_temporary_keeps_what_it_reads() {
    let (pods, mut feed) = kcache::feed::<Own>();
    let cache: Cache<Own> = {
        let temporary = pods;
        temporary.cache()
    };
    feed.relist([own("one", 1)], Some("1")).expect("it is read");
    assert_eq!(cache.len(), 1);
    let of_subscription = {
        let (pods, feed) = fed(&["one", "two"]);
        drop(pods.clone());
        (pods.subscribe_with(Filter::name("a", "one")).cache(), feed)
    };
    assert_eq!(of_subscription.0.len(), 1);
    drop(cache);
    assert_eq!(feed.closed().await, Error::Closed);
}

#[tokio::test(start_paused = true)]
async fn a_control_keeps_nothing_alive() {
    let (pods, feed) = fed(&["one"]);
    let mut changes = pods.subscribe();
    let control = changes.control();
    changes.next().await.expect("an event");
    drop((changes, pods));
    assert_eq!(feed.closed().await, Error::Closed);
    assert_eq!(control.refilter(Filter::nothing()), Err(Error::Closed));
    assert!(matches!(
        control.status().phase,
        Phase::Closed(Error::Closed)
    ));
    control.close();
}

#[tokio::test(start_paused = true)]
async fn notices_end() {
    let (pods, mut feed) = fed(&["one"]);
    let changes = pods.subscribe();
    let mut notices = [pods.notices(), changes.notices()];
    feed.relist([own("one", 7)], Some("1000000")).unwrap();
    pods.close();
    for notices in &mut notices {
        // What was posted before the end is read.
        assert_eq!(
            notices.next().await,
            Some(Notice::NewIncarnation { incarnation: 2 })
        );
        assert_eq!(notices.next().await, None);
    }
    assert_eq!(pods.notices().next().await, None);
    // A subscription that was dropped has nothing more to report, its publisher may have.
    let (pods, _feed) = fed(&["one"]);
    let changes = pods.subscribe();
    let mut own = changes.notices();
    drop((changes, pods));
    assert_eq!(own.next().await, None);
}

/// A task that gets its first turn after the end sees what `next` hands out then.
#[tokio::test(start_paused = true)]
async fn what_starts_late_sees_what_was_there() {
    let (pods, mut feed) = fed(&["one"]);
    let mut changes = pods.subscribe();
    let view = pods.view(Filter::everything());
    let mut of_view = view.subscribe();
    let index = pods.index_by(|own: &Own| [own.name().to_owned()]);
    let join = by_name().join(&pods, &pods);
    let made = pods.flat_map(|own| Some(own.clone()));
    let both = kcache::union([&pods, &pods]);
    let (sender, mut seen) = tokio::sync::mpsc::unbounded_channel();
    let begun = sender.clone();
    let handler = Handler::new()
        .on_initialize(move |all: Vec<Arc<Own>>| begun.send(all.len()).unwrap())
        .on_create(move |_| sender.send(0).unwrap());
    let monitor = pods.monitor(handler);
    feed.apply(own("two", 21)).unwrap();
    pods.close();
    for _ in 0..2 {
        assert!(matches!(changes.next().await, Some(Event::Create { .. })));
        assert!(matches!(of_view.next().await, Some(Event::Create { .. })));
    }
    assert_eq!(
        (
            changes.next().await.is_none(),
            of_view.next().await.is_none()
        ),
        (true, true)
    );
    assert_eq!(monitor.closed().await, Error::Closed);
    assert_eq!(seen.recv().await, Some(2));
    index.closed().await;
    join.closed().await;
    settle().await;
    assert_eq!((view.cache().len(), join.cache().len()), (2, 2));
    assert_eq!((made.cache().len(), both.cache().len()), (2, 2));
    assert_eq!((index.get("one").len(), index.get("two").len()), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn an_index_is_as_new_as_the_event_in_hand() {
    let (pods, mut feed) = fed(&["one"]);
    let of_view = pods.view(Filter::everything());
    let index = pods.index_by(|own: &Own| [own.version().to_owned()]);
    let mut changes = pods.subscribe_with(Filter::name("a", "one"));
    let mut behind = of_view.subscribe();
    let (sender, mut found) = tokio::sync::mpsc::unbounded_channel();
    let looked_up = index.clone();
    // Made before the index, and after it: the order does not matter.
    let _monitor = pods.monitor(Handler::new().on_update(move |_, new: Arc<Own>| {
        let there = looked_up.get(new.version());
        sender.send(there.len()).unwrap();
    }));
    index.ready().await.unwrap();
    changes.next().await.expect("a start");
    behind.next().await.expect("a start");
    for version in 21..200 {
        feed.apply(own("one", version)).unwrap();
        let event = changes.next().await.expect("an update");
        let value = event.object().version().to_owned();
        assert_eq!(index.get(&value).len(), 1, "{version}");
        behind.next().await.expect("an update");
        assert_eq!(index.get(&value).len(), 1, "{version}");
        assert_eq!(index.commit(), pods.status().commit);
        assert_eq!(found.recv().await, Some(1), "{version}");
    }
}
