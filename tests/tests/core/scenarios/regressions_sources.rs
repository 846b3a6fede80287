//! What went wrong once between a source and its cache, view, monitor or join.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use k8s_openapi::api::core::v1::Pod;
use kcache::{
    Cache, Codec, DecodeError, Feed, Filter, Handler, Input, JsonCodec, Key, Monitor, Object,
    Phase, Publisher, Raw, Selector,
};
use kcache_join::{Pair, SelectorJoin};

use crate::forms::{Form, Own, Spec};

fn own(name: &str, version: u64) -> Own {
    Own::of(&Spec::new("a", name, version))
}

fn bad(name: &str) -> Input<Own> {
    Input::Bad(Some(Key::new("a", name)), DecodeError::new("unreadable"))
}

/// A cache in its second incarnation, with `b` left of the first, where it was of version 1001.
fn restored_with_b_unreadable() -> (Publisher<Own>, Feed<Own>) {
    let (pods, mut feed) = kcache::feed();
    feed.relist([own("a", 1000), own("b", 1001)], Some("1001"))
        .unwrap();
    let list = [Input::Restart, Input::Item(own("a", 40)), bad("b")];
    feed.send_all(list).unwrap();
    feed.send(Input::Synced(Some("50".to_owned()))).unwrap();
    assert_eq!((pods.status().incarnation, pods.cache().len()), (2, 2));
    (pods, feed)
}

fn version_of_b(pods: &Publisher<Own>) -> Option<String> {
    let b = pods.cache().get("a", "b")?;
    Some(b.version().to_owned())
}

#[test]
fn what_is_kept_of_an_old_incarnation_takes_its_first_apply() {
    let (pods, mut feed) = restored_with_b_unreadable();
    feed.apply(own("b", 60)).unwrap();
    assert_eq!(version_of_b(&pods).as_deref(), Some("60"));
    // From here on its version counts again.
    feed.relist([own("a", 40), own("b", 55)], Some("70"))
        .unwrap();
    assert_eq!(version_of_b(&pods).as_deref(), Some("55"));
    assert_eq!(pods.status().incarnation, 3);
}

#[test]
fn what_is_kept_of_an_old_incarnation_takes_its_removal() {
    let (pods, mut feed) = restored_with_b_unreadable();
    feed.remove(own("b", 61)).unwrap();
    assert_eq!(version_of_b(&pods), None);
}

#[test]
fn what_is_kept_of_an_old_incarnation_takes_the_next_list() {
    let (pods, mut feed) = restored_with_b_unreadable();
    feed.send_all([Input::Restart, Input::Item(own("a", 40)), bad("b")])
        .unwrap();
    feed.send(Input::Synced(Some("70".to_owned()))).unwrap();
    assert_eq!(version_of_b(&pods).as_deref(), Some("1001"));
    feed.relist([own("a", 40), own("b", 60)], Some("80"))
        .unwrap();
    assert_eq!(version_of_b(&pods).as_deref(), Some("60"));
    assert_eq!(
        (pods.status().incarnation, pods.status().stale_inputs),
        (2, 0)
    );
}

#[test]
fn json_that_is_no_such_object_is_named_and_survives_a_relist() {
    let read = |json: &str| JsonCodec::default().decode(Raw::Json(json.as_bytes()));
    let good = r#"{"metadata":{"namespace":"a","name":"p","resourceVersion":"5"}}"#;
    let bad = r#"{"metadata":{"namespace":"a","name":"p","resourceVersion":"9"},"spec":{"containers":"x"}}"#;
    let (pods, mut feed) = kcache::feed::<Pod>();
    feed.send(Input::decoded(Input::Item, read(good))).unwrap();
    feed.send(Input::Synced(Some("6".to_owned()))).unwrap();
    let unreadable = read(bad).unwrap_err();
    assert_eq!(unreadable.key(), Some(&Key::new("a", "p")));
    let list = [
        Input::Restart,
        Input::decoded(Input::Item, Err(unreadable)),
        Input::Synced(Some("10".to_owned())),
    ];
    feed.send_all(list).unwrap();
    assert_eq!((pods.cache().len(), pods.status().bad_objects), (1, 1));
    feed.relist([], Some("11")).unwrap();
    assert!(pods.cache().is_empty());
}

#[test]
fn a_list_that_lacks_an_unknown_object_deletes_nothing() {
    let (pods, mut feed) = kcache::feed();
    feed.relist([own("a", 1), own("b", 2)], Some("2")).unwrap();
    let list = [
        Input::Restart,
        Input::Item(own("a", 5)),
        Input::Bad(None, DecodeError::new("unreadable")),
        Input::Synced(Some("6".to_owned())),
    ];
    feed.send_all(list).unwrap();
    assert_eq!(version_of_b(&pods).as_deref(), Some("2"));
    assert_eq!(pods.cache().get("a", "a").unwrap().version(), "5");
    feed.relist([own("a", 5)], Some("7")).unwrap();
    assert_eq!(version_of_b(&pods), None);
}

#[test]
fn within_a_list_what_comes_last_is_true() {
    let (pods, mut feed) = kcache::feed();
    let list = [
        Input::Restart,
        Input::Item(own("a", 3)),
        Input::Item(own("b", 3)),
        Input::Remove(own("a", 5)),
        Input::Remove(own("b", 6)),
        Input::Apply(own("a", 3)),
        Input::Apply(own("b", 7)),
        Input::Synced(Some("10".to_owned())),
    ];
    feed.send_all(list).unwrap();
    assert_eq!(
        pods.cache().get("a", "a").map(|a| a.version().to_owned()),
        Some("3".to_owned())
    );
    assert_eq!(version_of_b(&pods).as_deref(), Some("7"));
}

async fn in_time<T>(what: impl Future<Output = T>) -> T {
    let limit = Duration::from_secs(20);
    tokio::time::timeout(limit, what).await.expect("in time")
}

fn selecting() -> SelectorJoin<Own> {
    SelectorJoin::new(|own: &Own| match own.version() {
        "1" | "2" | "3" => Ok(Selector::everything()),
        _ => "app in (".parse(),
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_stands_on_a_degraded_source_never_says_live() {
    for _ in 0..200 {
        let (pods, mut feed) = kcache::feed();
        feed.relist([own("a", 1)], Some("1")).unwrap();
        feed.send(Input::Failed("down".into())).unwrap();
        let view = pods.view(Filter::everything());
        let join = selecting().join(&pods, &pods);
        in_time(view.ready()).await.unwrap();
        in_time(join.ready()).await.unwrap();
        assert!(matches!(view.status().phase, Phase::Degraded { .. }));
        assert!(matches!(join.status().phase, Phase::Degraded { .. }));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_says_live_again_has_what_its_source_has() {
    for _ in 0..200 {
        let (pods, mut feed) = kcache::feed();
        feed.relist([own("a", 1)], Some("1")).unwrap();
        feed.send(Input::Failed("down".into())).unwrap();
        let view = pods.view(Filter::everything());
        in_time(view.ready()).await.unwrap();
        let mut phases = view.phases();
        let reader = view.clone();
        let read = tokio::spawn(async move {
            let live = phases.wait_for(|phase| matches!(phase, Phase::Live)).await;
            drop(live.unwrap());
            reader.cache().len()
        });
        let many = (0..200).map(|i| own(&format!("n{i}"), i + 5));
        feed.relist(many, Some("600")).unwrap();
        assert_eq!(in_time(read).await.unwrap(), 200);
    }
}

#[tokio::test(start_paused = true)]
async fn no_callback_begins_after_close() {
    for _ in 0..50 {
        let (pods, mut feed) = kcache::feed();
        feed.relist([], None).unwrap();
        let slot: Arc<OnceLock<Monitor>> = Arc::default();
        let calls = Arc::new(AtomicUsize::new(0));
        let (own_slot, own_calls) = (slot.clone(), calls.clone());
        let handler = Handler::new().on_create(move |_| {
            own_calls.fetch_add(1, Ordering::SeqCst);
            own_slot.get().unwrap().close();
        });
        slot.set(pods.monitor(handler)).unwrap();
        tokio::task::yield_now().await;
        (0..100).for_each(|i| feed.apply(own(&format!("x{i}"), i + 10)).unwrap());
        in_time(slot.get().unwrap().closed()).await;
        assert!(calls.load(Ordering::SeqCst) <= 1);
    }
}

#[tokio::test(start_paused = true)]
async fn a_wrong_selector_is_reported_once() {
    let (sources, mut source_feed) = kcache::feed();
    let (targets, mut target_feed) = kcache::feed();
    source_feed.relist([own("s", 10)], None).unwrap();
    target_feed.relist([own("p", 1)], None).unwrap();
    let join = selecting().join(&sources, &targets);
    in_time(join.ready()).await.unwrap();
    for version in 11..20 {
        source_feed.apply(own("s", version)).unwrap();
        let taken = async {
            while join.cache().snapshot().input_commits()[0] < sources.status().commit {
                tokio::task::yield_now().await;
            }
        };
        in_time(taken).await;
    }
    assert_eq!(join.status().bad_objects, 1);
}

#[tokio::test(start_paused = true)]
async fn who_holds_the_pairs_keeps_the_join() {
    let (pods, mut feed) = kcache::feed();
    feed.relist([own("a", 1)], None).unwrap();
    let join = selecting().with_pairs().join(&pods, &pods);
    let pairs = join.pairs().unwrap().clone();
    in_time(pairs.ready()).await.unwrap();
    drop((join, pods));
    feed.remove(own("a", 2)).unwrap();
    let mut changes = pairs.subscribe();
    let emptied = async { while !pairs.cache().is_empty() && changes.next().await.is_some() {} };
    in_time(emptied).await;
    assert!(pairs.error().is_none() && pairs.cache().is_empty());
    drop((pairs, changes));
    in_time(feed.closed()).await;
}

/// Notes how many targets and pairs there are whenever the pairs wake it.
struct Noting(Cache<Own>, Cache<Pair<Own, Own>>, Mutex<Vec<[usize; 2]>>);

impl Wake for Noting {
    fn wake(self: Arc<Self>) {
        self.2.lock().unwrap().push([self.0.len(), self.1.len()]);
    }
}

#[tokio::test(start_paused = true)]
async fn pairs_leave_before_their_targets_and_enter_after_them() {
    let (sources, mut source_feed) = kcache::feed();
    let (targets, mut target_feed) = kcache::feed();
    source_feed.relist([own("s", 1)], None).unwrap();
    target_feed.relist([], None).unwrap();
    let join = selecting().with_pairs().join(&sources, &targets);
    let pairs = join.pairs().unwrap().clone();
    in_time(pairs.ready()).await.unwrap();
    let noting = Arc::new(Noting(join.cache(), pairs.cache(), Mutex::default()));
    let waker = Waker::from(noting.clone());
    let mut changes = pairs.subscribe();
    in_time(changes.snapshot()).await.unwrap();
    let steps = [Input::Apply(own("p", 1)), Input::Remove(own("p", 2))];
    for (input, noted) in steps.into_iter().zip([[1, 1], [1, 0]]) {
        {
            let mut next = std::pin::pin!(changes.next());
            let polled = next.as_mut().poll(&mut Context::from_waker(&waker));
            assert!(matches!(polled, Poll::Pending));
        }
        target_feed.send(input).unwrap();
        let woken = async {
            while noting.2.lock().unwrap().is_empty() {
                tokio::task::yield_now().await;
            }
        };
        in_time(woken).await;
        assert_eq!(std::mem::take(&mut *noting.2.lock().unwrap()), [noted]);
        in_time(changes.next()).await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn a_monitor_is_ready_after_its_first_callback() {
    let (pods, mut feed) = kcache::feed();
    let there = Arc::new(AtomicUsize::new(0));
    let count = there.clone();
    let handler =
        Handler::new().on_initialize(move |all: Vec<_>| count.store(all.len(), Ordering::SeqCst));
    let monitor = pods.monitor(handler);
    feed.relist([own("a", 1), own("b", 2)], None).unwrap();
    in_time(monitor.ready()).await.unwrap();
    assert_eq!(there.load(Ordering::SeqCst), 2);
    let (empty, ended) = kcache::feed::<Own>();
    let never = empty.monitor(Handler::new());
    drop(ended);
    assert!(in_time(never.ready()).await.is_err());
}
