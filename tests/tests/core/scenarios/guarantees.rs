//! The guarantees of `docs/guarantees.md`, one named test or more for each.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, mpsc};
use std::time::Duration;

use k8s_openapi::api::core::v1::Pod;
use kcache::{
    Error, Event, Field, Filter, Handler, Input, Notice, Object, Overflow, Phase, SubscribeOptions,
    Subscription,
};

use crate::forms::{Form, Own, Spec};

fn own(name: &str, version: u64) -> Own {
    Own::of(&Spec::new("a", name, version))
}

fn web(name: &str, version: u64) -> Own {
    Own::of(&Spec::new("a", name, version).label("app", "web"))
}

/// An event as text: what, which, from and to which version.
fn show<V: Object>(event: &Event<V>) -> String {
    match event {
        Event::Create { new } => format!("create {} {}", new.name(), new.version()),
        Event::Update { old, new } => {
            format!("update {} {}->{}", new.name(), old.version(), new.version())
        }
        Event::Delete { old } => format!("delete {} {}", old.name(), old.version()),
    }
}

/// What can be taken without anything else happening.
async fn waiting<V: Object>(subscription: &mut Subscription<V>) -> Vec<String> {
    let mut events = Vec::new();
    let none = Duration::from_millis(1);
    while let Ok(Some(event)) = tokio::time::timeout(none, subscription.next()).await {
        events.push(show(&event));
    }
    events
}

/// Lets every task do what it can.
async fn settle() {
    tokio::time::sleep(Duration::from_millis(1)).await;
}

// 1. No gap.

#[tokio::test(start_paused = true)]
async fn a_subscription_starts_with_one_state_and_misses_nothing_after_it() {
    let (pods, mut feed) = kcache::feed();
    feed.relist([own("p1", 1), own("p2", 2)], Some("2"))
        .unwrap();
    let mut early = pods.subscribe();
    let start = early.snapshot().await.unwrap();
    assert_eq!((start.commit, start.objects.len()), (1, 2));
    feed.apply(own("p1", 3)).unwrap();
    feed.remove(own("p2", 4)).unwrap();
    assert_eq!(waiting(&mut early).await, ["update p1 1->3", "delete p2 2"]);
    let mut late = pods.subscribe();
    assert_eq!(waiting(&mut late).await, ["create p1 3"]);
}

#[tokio::test(start_paused = true)]
async fn a_deferred_subscription_starts_at_its_first_filter() {
    let (pods, mut feed) = kcache::feed();
    feed.relist([own("p1", 1)], None).unwrap();
    let mut changes = pods.subscribe_deferred();
    assert!(
        tokio::time::timeout(Duration::from_secs(1), changes.ready())
            .await
            .is_err()
    );
    assert!(changes.cache().is_empty());
    feed.apply(own("p2", 2)).unwrap();
    changes.refilter(Filter::everything()).unwrap();
    changes.ready().await.unwrap();
    assert_eq!(changes.snapshot().await.unwrap().objects.len(), 2);
}

// 2. No silent loss.

#[tokio::test(start_paused = true)]
async fn a_subscriber_that_lags_gets_the_net_change() {
    let (pods, mut feed) = kcache::feed();
    feed.relist([own("p1", 1), own("p2", 2)], None).unwrap();
    let mut slow = pods.subscribe_options(SubscribeOptions::default().queue(2));
    let mut notices = slow.notices();
    slow.snapshot().await.unwrap();
    for version in 10..20 {
        feed.apply(own("p1", version)).unwrap();
    }
    feed.remove(own("p2", 20)).unwrap();
    feed.apply(own("p3", 21)).unwrap();
    feed.remove(own("p3", 22)).unwrap();
    assert_eq!(notices.next().await, Some(Notice::Lagged { waiting: 3 }));
    assert_eq!((slow.status().lags, slow.status().waiting), (1, 2));
    assert_eq!(waiting(&mut slow).await, ["update p1 1->19", "delete p2 2"]);
    feed.apply(own("p1", 30)).unwrap();
    assert_eq!(waiting(&mut slow).await, ["update p1 19->30"]);
}

#[tokio::test(start_paused = true)]
async fn a_lagging_subscriber_holds_an_entry_a_key_and_no_more() {
    let (pods, mut feed) = kcache::feed();
    feed.relist([], None).unwrap();
    let slow = pods.subscribe_options(SubscribeOptions::default().queue(4));
    for version in 1..2_000 {
        feed.apply(own(&format!("p{}", version % 7), version))
            .unwrap();
    }
    assert_eq!(slow.status().waiting, 7);
    for version in 0..100 {
        let name = format!("short-lived-{version}");
        feed.apply(own(&name, 3_000 + 2 * version)).unwrap();
        feed.remove(own(&name, 3_001 + 2 * version)).unwrap();
    }
    assert_eq!(slow.status().waiting, 7);
}

#[tokio::test(start_paused = true)]
async fn replaced_objects_that_do_not_match_are_freed() {
    let (pods, mut feed) = kcache::feed();
    feed.relist([own("p1", 1)], None).unwrap();
    let idle = pods.subscribe_with(Filter::labels([("app", "web")]));
    let old = Arc::downgrade(&pods.cache().get("a", "p1").unwrap());
    feed.apply(own("p1", 2)).unwrap();
    assert!(
        old.upgrade().is_none(),
        "an idle subscription pins what it does not see"
    );
    assert_eq!(idle.status().waiting, 0);
}

#[tokio::test(start_paused = true)]
async fn who_wants_every_change_is_told_when_that_fails() {
    let (pods, mut feed) = kcache::feed();
    feed.relist([own("p1", 1)], None).unwrap();
    let every = SubscribeOptions::default().queue(2).overflow(Overflow::End);
    let mut changes = pods.subscribe_options(every);
    changes.snapshot().await.unwrap();
    for version in 2..6 {
        feed.apply(own("p1", version)).unwrap();
    }
    assert_eq!(
        waiting(&mut changes).await,
        ["update p1 1->2", "update p1 2->3"]
    );
    assert_eq!(changes.next().await.map(|event| show(&event)), None);
    assert_eq!(changes.error(), Some(Error::Lagged { queue: 2 }));
}

// 3. No coupling.

#[tokio::test(start_paused = true)]
async fn a_stalled_subscriber_delays_nobody() {
    let (pods, mut feed) = kcache::feed();
    feed.relist([], None).unwrap();
    let stalled = pods.subscribe();
    let mut brisk = pods.subscribe();
    for version in 1..1_000 {
        feed.apply(own("p1", version)).unwrap();
        assert_eq!(waiting(&mut brisk).await.len(), 1);
    }
    assert_eq!(stalled.status().waiting, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slow_closure_delays_only_its_view() {
    let (pods, mut feed) = kcache::feed();
    feed.relist([own("p1", 1)], None).unwrap();
    let (release, blocked) = mpsc::channel::<()>();
    let blocked = std::sync::Mutex::new(blocked);
    let view = pods.view(Filter::by("slow", move |_: &Own| {
        blocked.lock().unwrap().recv().is_err()
    }));
    let mut brisk = pods.subscribe();
    brisk.snapshot().await.unwrap();
    feed.apply(own("p2", 2)).unwrap();
    assert_eq!(
        brisk.next().await.map(|event| show(&event)),
        Some("create p2 2".to_owned())
    );
    assert_eq!((pods.cache().len(), view.cache().len()), (2, 0));
    drop(release);
    view.ready().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slow_callback_delays_only_its_monitor() {
    let (pods, mut feed) = kcache::feed();
    feed.relist([own("p1", 1)], None).unwrap();
    let (release, blocked) = mpsc::channel::<()>();
    let handler = Handler::new().on_initialize(move |_: Vec<Arc<Own>>| {
        let _ = blocked.recv();
    });
    let monitor = pods.monitor(handler);
    let mut brisk = pods.subscribe();
    brisk.snapshot().await.unwrap();
    feed.apply(own("p2", 2)).unwrap();
    assert_eq!(
        brisk.next().await.map(|event| show(&event)),
        Some("create p2 2".to_owned())
    );
    assert!(monitor.error().is_none());
    drop(release);
    monitor.close();
    assert_eq!(monitor.closed().await, Error::Closed);
}

#[tokio::test(start_paused = true)]
async fn a_panicking_closure_ends_its_subscription_and_nothing_else() {
    let (pods, mut feed) = kcache::feed();
    feed.relist([own("p1", 1)], None).unwrap();
    let panics = Filter::by("panics", |own: &Own| own.name() != "p2" || panic!("no p2"));
    let mut ends = pods.subscribe_with(panics.clone());
    let view = pods.view(panics);
    let mut goes_on = pods.subscribe();
    view.ready().await.unwrap();
    feed.apply(own("p2", 2)).unwrap();
    assert_eq!(waiting(&mut ends).await, ["create p1 1"]);
    let error = Error::Panicked("no p2".into());
    assert_eq!(ends.error(), Some(error.clone()));
    assert_eq!(ends.refilter(Filter::everything()), Err(error.clone()));
    assert_eq!(view.closed().await, error);
    feed.apply(own("p3", 3)).unwrap();
    assert_eq!(
        waiting(&mut goes_on).await,
        ["create p1 1", "create p2 2", "create p3 3"]
    );
}

#[tokio::test(start_paused = true)]
async fn a_panicking_field_ends_the_subscriptions_that_read_it() {
    let (pods, mut feed) = kcache::feed();
    feed.relist([], None).unwrap();
    let field = Field::new("panics", |_: &Own| panic!("a field's panic"));
    let mut ends = pods.subscribe_with(Filter::field(field, ["x"]));
    let mut goes_on = pods.subscribe();
    feed.apply(own("p1", 1)).unwrap();
    assert_eq!(ends.next().await.map(|event| show(&event)), None);
    assert_eq!(
        ends.error(),
        Some(Error::Panicked("a field's panic".into()))
    );
    assert_eq!(waiting(&mut goes_on).await, ["create p1 1"]);
}

#[tokio::test(start_paused = true)]
async fn an_impure_closure_gives_legal_events_only() {
    let (pods, mut feed) = kcache::feed();
    feed.relist([], None).unwrap();
    let answer = Arc::new(AtomicBool::new(true));
    let says = answer.clone();
    let impure = Filter::by("impure", move |_: &Own| says.load(Ordering::Relaxed));
    let mut changes = pods.subscribe_with(impure);
    let mut steps = Vec::new();
    for (version, says) in [(1, true), (2, false), (3, false), (4, true), (5, true)] {
        answer.store(says, Ordering::Relaxed);
        feed.apply(own("p1", version)).unwrap();
        steps.extend(waiting(&mut changes).await);
    }
    let legal = [
        "create p1 1",
        "delete p1 1",
        "create p1 4",
        "update p1 4->5",
    ];
    assert_eq!(steps, legal);
}

// 4. A relist is one diff.

#[tokio::test(start_paused = true)]
async fn a_relist_is_one_commit_with_exactly_what_changed() {
    let (pods, mut feed) = kcache::feed();
    feed.relist([own("same", 1), own("old", 2), own("gone", 3)], Some("3"))
        .unwrap();
    let mut changes = pods.subscribe();
    changes.snapshot().await.unwrap();
    let before = pods.cache().snapshot().commit();
    feed.relist([own("same", 1), own("old", 5), own("new", 4)], Some("6"))
        .unwrap();
    assert_eq!(pods.cache().snapshot().commit(), before + 1);
    assert_eq!(
        waiting(&mut changes).await,
        ["delete gone 3", "update old 2->5", "create new 4"]
    );
    feed.relist([own("same", 1), own("old", 5), own("new", 4)], Some("7"))
        .unwrap();
    assert_eq!(waiting(&mut changes).await, [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn what_a_watch_says_last_is_true() {
    let (pods, mut feed) = kcache::feed();
    feed.relist([own("p1", 5)], Some("9")).unwrap();
    let mut changes = pods.subscribe();
    changes.snapshot().await.unwrap();
    feed.apply(own("p1", 4)).unwrap();
    feed.apply(own("p1", 4)).unwrap();
    feed.remove(own("p1", 3)).unwrap();
    feed.apply(own("p2", 6)).unwrap();
    feed.remove(own("p2", 8)).unwrap();
    feed.apply(own("p2", 7)).unwrap();
    let told = [
        "update p1 5->4",
        "update p1 4->4",
        "delete p1 4",
        "create p2 6",
        "delete p2 6",
        "create p2 7",
    ];
    assert_eq!(waiting(&mut changes).await, told);
    assert_eq!(
        (pods.status().incarnation, pods.status().stale_inputs),
        (1, 0)
    );
}

#[tokio::test(start_paused = true)]
async fn a_list_replaces_and_an_object_that_goes_back_is_a_new_incarnation() {
    let (pods, mut feed) = kcache::feed();
    feed.relist([own("p1", 20), own("p2", 2)], Some("20"))
        .unwrap();
    let mut changes = pods.subscribe();
    let mut notices = pods.notices();
    changes.snapshot().await.unwrap();
    // A backup restored with a bumped revision.
    feed.relist([own("p1", 7), own("p2", 2)], Some("1000009"))
        .unwrap();
    assert_eq!(
        waiting(&mut changes).await,
        ["update p1 20->7", "update p2 2->2"]
    );
    let new = Notice::NewIncarnation { incarnation: 2 };
    assert_eq!(notices.next().await, Some(new));
    feed.relist([own("p1", 7), own("p2", 2)], Some("1000010"))
        .unwrap();
    assert_eq!(waiting(&mut changes).await, [""; 0]);
    assert_eq!(pods.status().incarnation, 2);
}

#[tokio::test(start_paused = true)]
async fn a_restored_server_begins_a_new_incarnation_in_one_diff() {
    let (pods, mut feed) = kcache::feed();
    feed.relist([own("p1", 50), own("p2", 51)], Some("51"))
        .unwrap();
    let mut changes = pods.subscribe();
    let mut notices = pods.notices();
    changes.snapshot().await.unwrap();
    feed.relist([own("p1", 7)], Some("9")).unwrap();
    assert_eq!(
        waiting(&mut changes).await,
        ["delete p2 51", "update p1 50->7"]
    );
    assert_eq!(
        notices.next().await,
        Some(Notice::NewIncarnation { incarnation: 2 })
    );
    feed.apply(own("p1", 10)).unwrap();
    assert_eq!(waiting(&mut changes).await, ["update p1 7->10"]);
    assert_eq!(pods.cache().snapshot().incarnation(), 2);
}

/// Found by the model: a first list of version "0" was remembered as the newest version, to which
/// no other compares.
#[tokio::test]
async fn a_version_without_an_order_is_not_remembered() {
    let (pods, mut feed) = kcache::feed();
    feed.relist([own("p1", 1)], Some("0")).unwrap();
    feed.relist([own("p1", 20)], Some("20")).unwrap();
    feed.relist([own("p1", 10)], Some("10")).unwrap();
    assert_eq!(pods.cache().get("a", "p1").unwrap().version(), "10");
}

#[tokio::test]
async fn an_interrupted_list_changes_nothing() {
    let (pods, mut feed) = kcache::feed();
    feed.relist([own("p1", 1)], None).unwrap();
    feed.send_all([Input::Restart, Input::Item(own("p2", 2))])
        .unwrap();
    assert!(pods.cache().get("a", "p1").is_some() && pods.cache().len() == 1);
    feed.relist([own("p3", 3)], None).unwrap();
    assert!(pods.cache().get("a", "p3").is_some() && pods.cache().len() == 1);
}

// 5. A new UID is another object. 6. Old and new.

#[tokio::test(start_paused = true)]
async fn another_uid_is_a_delete_and_a_create() {
    let (pods, mut feed) = kcache::feed();
    feed.relist([own("p1", 1)], None).unwrap();
    let other = || {
        Own::of(&Spec {
            uid: "other".to_owned(),
            ..Spec::new("a", "p1", 2)
        })
    };
    let mut brisk = pods.subscribe();
    let mut slow = pods.subscribe_options(SubscribeOptions::default().queue(1));
    brisk.snapshot().await.unwrap();
    slow.snapshot().await.unwrap();
    feed.apply(other()).unwrap();
    let last = Own::of(&Spec {
        uid: "other".to_owned(),
        ..Spec::new("a", "p1", 3)
    });
    feed.apply(last).unwrap();
    assert_eq!(
        waiting(&mut brisk).await,
        ["delete p1 1", "create p1 2", "update p1 2->3"]
    );
    assert_eq!(waiting(&mut slow).await, ["delete p1 1", "create p1 3"]);
}

#[tokio::test(start_paused = true)]
async fn old_is_the_very_object_that_was_last_given() {
    let (pods, mut feed) = kcache::feed();
    feed.relist([own("p1", 1)], None).unwrap();
    let mut changes = pods.subscribe();
    let first = changes.snapshot().await.unwrap().objects.remove(0);
    feed.apply(own("p1", 2)).unwrap();
    let Some(Event::Update { old, new }) = changes.next().await else {
        panic!("no update")
    };
    assert!(Arc::ptr_eq(&old, &first));
    feed.remove(own("p1", 3)).unwrap();
    let Some(Event::Delete { old }) = changes.next().await else {
        panic!("no delete")
    };
    assert!(Arc::ptr_eq(&old, &new));
}

// 7. Closed is not empty, stale is not fresh.

#[tokio::test(start_paused = true)]
async fn the_status_says_what_the_cache_is_worth() {
    let (pods, mut feed) = kcache::feed();
    assert!(matches!(
        pods.status().phase,
        Phase::Syncing { failure: None }
    ));
    feed.send(Input::Failed("no route".into())).unwrap();
    let phase = pods.status().phase;
    assert!(
        matches!(phase, Phase::Syncing { failure: Some(reason) } if reason.to_string() == "no route")
    );
    feed.relist([own("p1", 1)], None).unwrap();
    let view = pods.view(Filter::everything());
    view.ready().await.unwrap();
    feed.send(Input::Failed("gone".into())).unwrap();
    settle().await;
    for phase in [pods.status().phase, view.status().phase] {
        assert!(matches!(phase, Phase::Degraded { reason, .. } if reason.to_string() == "gone"));
    }
    assert_eq!((pods.cache().len(), view.cache().len()), (1, 1));
    feed.send(Input::Bookmark("9".to_owned())).unwrap();
    settle().await;
    assert!(matches!(view.status().phase, Phase::Live));
    drop(feed);
    assert_eq!(view.closed().await, Error::FeedEnded);
    assert_eq!((pods.cache().len(), view.cache().len()), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn ready_fails_if_the_source_dies_first() {
    let (pods, feed) = kcache::feed::<Own>();
    let changes = pods.subscribe();
    let view = pods.view(Filter::everything());
    drop(feed);
    assert_eq!(pods.ready().await, Err(Error::FeedEnded));
    assert_eq!(changes.ready().await, Err(Error::FeedEnded));
    assert_eq!(view.ready().await, Err(Error::FeedEnded));
}

// 8. One bad object never stops the rest.

#[tokio::test(start_paused = true)]
async fn a_bad_object_is_reported_and_keeps_what_was_known() {
    let (pods, mut feed) = kcache::feed();
    feed.relist([own("p1", 1), own("p2", 2)], None).unwrap();
    let mut notices = pods.notices();
    let key = kcache::Key::new("a", "p1");
    let error = kcache::DecodeError::new("truncated").with_key(key.clone());
    let bad = Input::decoded(Input::Item, Err(error));
    feed.send_all([
        Input::Restart,
        bad,
        Input::Item(own("p3", 3)),
        Input::Synced(None),
    ])
    .unwrap();
    let (key, reason) = (Some(key), "truncated".into());
    assert_eq!(
        notices.next().await,
        Some(Notice::BadObject { key, reason })
    );
    let names: Vec<_> = pods
        .cache()
        .keys()
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(
        (names, pods.status().bad_objects),
        (vec!["a/p1".to_owned(), "a/p3".into()], 1)
    );
}

// 9. Reads never wait.

#[test]
fn reads_go_on_while_a_commit_is_under_way() {
    static GATE: std::sync::Mutex<()> = std::sync::Mutex::new(());
    static READ: AtomicUsize = AtomicUsize::new(0);
    let (pods, mut feed) = kcache::feed();
    feed.relist([own("p1", 1)], None).unwrap();
    let gate = GATE.lock().unwrap();
    let slow = Field::new("slow", |_: &Own| {
        READ.fetch_add(1, Ordering::SeqCst);
        drop(GATE.lock());
        None
    });
    // Subscribed to what there is not yet, so that only the commit reads the field.
    let only_p2 = Filter::name("a", "p2") & Filter::field(slow, ["x"]);
    let _filtered = pods.subscribe_with(only_p2);
    let writer = std::thread::spawn(move || feed.apply(own("p2", 2)).map(|()| feed));
    while READ.load(Ordering::SeqCst) == 0 {
        std::thread::yield_now();
    }
    assert!(
        pods.cache().get("a", "p2").is_some(),
        "the state is stored before it is delivered"
    );
    assert_eq!(
        (pods.cache().list().len(), pods.cache().snapshot().len()),
        (2, 2)
    );
    drop(gate);
    writer.join().unwrap().unwrap();
}

#[tokio::test]
async fn a_snapshot_is_one_state() {
    let (pods, mut feed) = kcache::feed();
    feed.relist([own("p1", 1)], None).unwrap();
    let snapshot = pods.cache().snapshot();
    feed.apply(own("p1", 2)).unwrap();
    feed.apply(own("p2", 3)).unwrap();
    assert_eq!(
        (snapshot.len(), snapshot.iter().next().unwrap().version()),
        (1, "1")
    );
    assert_eq!(pods.cache().snapshot().commit(), snapshot.commit() + 2);
}

// Refilter, views, keep-alive and the rest of what users are given.

#[tokio::test(start_paused = true)]
async fn within_one_refilter_the_deletes_come_first() {
    let (pods, mut feed) = kcache::feed();
    let many = (0..500).map(|i| {
        if i < 250 {
            web(&format!("w{i}"), i + 1)
        } else {
            own(&format!("o{i}"), i + 1)
        }
    });
    feed.relist(many, None).unwrap();
    let web = Filter::labels([("app", "web")]);
    let closure = Filter::by("not web", |own: &Own| own.label("app").is_none());
    for other in [!web.clone(), closure] {
        let mut changes = pods.subscribe_with(web.clone());
        let view = pods.view(web.clone());
        changes.snapshot().await.unwrap();
        let mut of_view = view.subscribe();
        of_view.snapshot().await.unwrap();
        let commit = view.cache().snapshot().commit();
        changes.refilter(other.clone()).unwrap();
        view.refilter(other).unwrap();
        settle().await;
        assert_eq!(view.cache().snapshot().commit(), commit + 1);
        for steps in [waiting(&mut changes).await, waiting(&mut of_view).await] {
            let (first, last) = steps.split_at(250);
            assert!(first.iter().all(|step| step.starts_with("delete w")));
            assert!(last.len() == 250 && last.iter().all(|step| step.starts_with("create o")));
        }
    }
}

#[tokio::test(start_paused = true)]
async fn an_equal_filter_is_no_refilter() {
    let (pods, mut feed) = kcache::feed();
    feed.relist([web("p1", 1)], None).unwrap();
    let calls = Arc::new(AtomicUsize::new(0));
    let count = calls.clone();
    let counting = Filter::by("counting", move |_: &Own| {
        count.fetch_add(1, Ordering::Relaxed) < 99
    });
    let view = pods.view(counting.clone());
    view.ready().await.unwrap();
    view.refilter(counting).unwrap();
    settle().await;
    assert_eq!(calls.load(Ordering::Relaxed), 1);
}

#[tokio::test(start_paused = true)]
async fn what_is_derived_keeps_its_source_until_it_is_closed() {
    let (pods, mut feed) = kcache::feed();
    feed.relist([web("p1", 1)], None).unwrap();
    let view = pods
        .view(Filter::everything())
        .view(Filter::labels([("app", "web")]));
    let mut changes = view.subscribe();
    let handle = pods.clone();
    drop((pods, view));
    feed.apply(web("p2", 2)).unwrap();
    assert_eq!(waiting(&mut changes).await, ["create p1 1", "create p2 2"]);
    handle.close();
    assert_eq!(waiting(&mut changes).await, [""; 0]);
    assert_eq!(changes.error(), Some(Error::Closed));
    assert_eq!(feed.apply(web("p3", 3)), Err(Error::Closed));
}

#[tokio::test(start_paused = true)]
async fn a_feed_that_nobody_reads_is_closed() {
    let (pods, mut feed) = kcache::feed();
    feed.relist([own("p1", 1)], None).unwrap();
    let view = pods.view(Filter::everything());
    let lookup = pods.index_by_label("app");
    drop(pods);
    settle().await;
    feed.apply(own("p2", 2)).unwrap();
    drop((view, lookup));
    assert_eq!(feed.closed().await, Error::Closed);
}

#[tokio::test(start_paused = true)]
async fn what_waits_at_the_end_can_still_be_taken() {
    let (pods, mut feed) = kcache::feed();
    let mut changes = pods.subscribe();
    feed.relist([own("p1", 1)], None).unwrap();
    feed.close();
    assert_eq!(waiting(&mut changes).await, ["create p1 1"]);
    assert_eq!(changes.closed().await, Error::Closed);
    assert!(pods.subscribe().next().await.is_none());
}

#[tokio::test(start_paused = true)]
async fn a_subscription_reads_the_cache_through_its_filter() {
    let (pods, mut feed) = kcache::feed();
    feed.relist([web("p1", 1), own("p2", 2)], None).unwrap();
    let changes = pods.subscribe_with(Filter::labels([("app", "web")]));
    feed.apply(web("p3", 3)).unwrap();
    let cache = changes.cache();
    assert_eq!(
        (
            cache.len(),
            cache.list_namespace("a").len(),
            cache.keys().len()
        ),
        (2, 2, 2)
    );
    assert!(cache.get("a", "p3").is_some() && cache.get("a", "p2").is_none());
}

#[tokio::test(start_paused = true)]
async fn a_monitor_calls_what_it_was_given() {
    let (pods, mut feed) = kcache::feed();
    feed.relist([own("p1", 1)], None).unwrap();
    let (sender, calls) = mpsc::channel();
    let say = move |what: String| drop(sender.send(what));
    let (a, b, c, d) = (say.clone(), say.clone(), say.clone(), say);
    let handler = Handler::new()
        .on_initialize(move |all: Vec<Arc<Own>>| a(format!("{} at first", all.len())))
        .on_create(move |new| b(format!("create {}", new.name())))
        .on_update(move |old, new| c(format!("update {}->{}", old.version(), new.version())))
        .on_delete(move |old| d(format!("delete {}", old.name())));
    let monitor = pods.monitor(handler);
    settle().await;
    feed.apply(own("p2", 2)).unwrap();
    feed.apply(own("p1", 3)).unwrap();
    feed.remove(own("p2", 4)).unwrap();
    settle().await;
    monitor.close();
    assert_eq!(monitor.closed().await, Error::Closed);
    feed.apply(own("p4", 5)).unwrap();
    settle().await;
    let calls: Vec<_> = calls.try_iter().collect();
    assert_eq!(
        calls,
        ["1 at first", "create p2", "update 1->3", "delete p2"]
    );
}

#[tokio::test(start_paused = true)]
async fn a_panicking_callback_ends_its_monitor() {
    let (pods, mut feed) = kcache::feed();
    feed.relist([own("p1", 1)], None).unwrap();
    let panics = Handler::new().on_initialize(|_: Vec<Arc<Own>>| panic!("a callback's panic"));
    let monitor = pods.monitor(panics);
    assert_eq!(
        monitor.closed().await,
        Error::Panicked("a callback's panic".into())
    );
    assert!(pods.error().is_none());
}

#[tokio::test(start_paused = true)]
async fn indexes_by_label_and_by_function_follow() {
    let (pods, mut feed) = kcache::feed();
    feed.relist([web("p1", 1), own("p2", 2)], None).unwrap();
    let by_app = pods.index_by_label("app");
    let by_length = pods.index_by(|own: &Own| [own.name().len().to_string()]);
    by_app.ready().await.unwrap();
    by_length.ready().await.unwrap();
    feed.apply(web("p22", 3)).unwrap();
    feed.apply(own("p1", 4)).unwrap();
    settle().await;
    let names = |objects: Vec<Arc<Own>>| {
        objects
            .iter()
            .map(|o| o.name().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(names(by_app.get("web")), ["p22"]);
    assert_eq!(names(by_length.get("2")), ["p1", "p2"]);
    let panics = pods.index_by(|_: &Own| -> Vec<String> { panic!("an index's panic") });
    assert_eq!(
        panics.closed().await,
        Error::Panicked("an index's panic".into())
    );
}

#[tokio::test(start_paused = true)]
async fn a_view_names_the_commit_that_it_has_seen() {
    let (pods, mut feed) = kcache::feed();
    feed.relist([own("p1", 1)], None).unwrap();
    let view = pods.view(Filter::everything());
    view.ready().await.unwrap();
    for version in 2..5 {
        feed.apply(own("p1", version)).unwrap();
    }
    settle().await;
    let (source, view) = (pods.cache().snapshot(), view.cache().snapshot());
    assert_eq!(view.input_commits(), [source.commit()]);
}

/// Typed Pods, where the three filters of the original live that use a fact.
#[tokio::test(start_paused = true)]
async fn filters_by_node_selector_and_involved_object() {
    use k8s_openapi::api::core::v1::{Event as Happening, Service};
    let read = |value| serde_json::from_value(value);
    let pod: Pod =
        read(serde_json::json!({"metadata": {}, "spec": {"nodeName": "n1", "containers": []}}))
            .unwrap();
    assert!(Filter::nodes(["n1", "n2"]).accepts(&pod) && !Filter::nodes(["n2"]).accepts(&pod));
    let read = |value| serde_json::from_value(value);
    let service: Service =
        read(serde_json::json!({"metadata": {}, "spec": {"selector": {"app": "web"}}})).unwrap();
    assert!(Filter::selects([("app", "web"), ("x", "y")]).accepts(&service));
    assert!(!Filter::selects([("app", "db")]).accepts(&service));
    assert!(!Filter::selects([("app", "db")]).accepts(&Service::default()));
    let about = serde_json::json!({"kind": "Pod", "namespace": "a", "name": "p1"});
    let event: Happening =
        serde_json::from_value(serde_json::json!({"metadata": {}, "involvedObject": about}))
            .unwrap();
    assert!(Filter::involves("Pod", "a", "p1").accepts(&event));
    assert!(!Filter::involves("Node", "", "p1").accepts(&event));
}
