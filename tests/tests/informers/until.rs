//! Waiting for one object, and streams.

use std::time::Duration;

use futures_util::StreamExt;
use k8s_openapi::api::core::v1::Pod;
use kcache::{Compact, DecodeError, Error, Feed, Input, Key, Notice, Object, Phase, Publisher};
use kube::core::PartialObjectMeta;
use kube::runtime::wait::{Condition, conditions};
use serde_json::json;
use tokio::time::timeout;

fn pod(uid: &str, version: u64, phase: &str) -> Pod {
    let value = json!({
        "metadata": {
            "namespace": "shop", "name": "a", "uid": uid, "resourceVersion": version.to_string(),
        },
        "status": { "phase": phase },
    });
    serde_json::from_value(value).unwrap()
}

fn phase(pod: &Pod) -> Option<&str> {
    pod.status.as_ref()?.phase.as_deref()
}

async fn is_left_waiting<T>(waits: &mut tokio::task::JoinHandle<T>) {
    assert!(timeout(Duration::from_secs(1), waits).await.is_err());
}

/// The phases that a condition judges until there is a third one.
fn judged(pods: &Publisher<Pod>, enough: usize) -> tokio::task::JoinHandle<Vec<Option<String>>> {
    let pods = pods.clone();
    tokio::spawn(async move {
        let mut judged = Vec::new();
        let condition = |pod: Option<&Pod>| {
            judged.push(pod.and_then(phase).map(str::to_owned));
            judged.len() == enough
        };
        pods.until("shop", "a", condition).await.unwrap();
        judged
    })
}

#[tokio::test(start_paused = true)]
async fn absence_is_known_when_there_is_a_state() {
    let (pods, mut feed) = kcache::feed::<Pod>();
    let absent = |pods: &Publisher<Pod>| {
        let pods = pods.clone();
        tokio::spawn(async move { pods.until("shop", "a", |pod| pod.is_none()).await })
    };
    let mut waits = absent(&pods);
    is_left_waiting(&mut waits).await;
    feed.relist([pod("1", 1, "Pending")], None).unwrap();
    is_left_waiting(&mut waits).await;
    feed.relist([], None).unwrap();
    assert_eq!(waits.await.unwrap(), Ok(None));
}

#[tokio::test(start_paused = true)]
async fn every_state_is_judged() {
    let (pods, mut feed) = kcache::feed::<Pod>();
    feed.relist([], None).unwrap();
    let waits = judged(&pods, 5);
    tokio::task::yield_now().await;
    for (version, phase) in ["Pending", "Running"].into_iter().enumerate() {
        feed.apply(pod("1", version as u64 + 1, phase)).unwrap();
    }
    // Under the same name, so the first is gone in between.
    feed.apply(pod("2", 9, "Pending")).unwrap();
    let want = [
        None,
        Some("Pending"),
        Some("Running"),
        None,
        Some("Pending"),
    ];
    assert_eq!(
        waits.await.unwrap(),
        want.map(|phase| phase.map(str::to_owned))
    );
}

#[tokio::test(start_paused = true)]
async fn the_conditions_of_kube_are_conditions() {
    let (pods, mut feed) = kcache::feed::<Pod>();
    feed.relist([pod("1", 1, "Pending")], None).unwrap();
    let running = conditions::is_pod_running();
    let wait = pods.until("shop", "a", |pod| running.matches_object(pod));
    let (found, ()) = tokio::join!(wait, async {
        tokio::time::sleep(Duration::from_secs(1)).await;
        feed.apply(pod("1", 2, "Running")).unwrap();
    });
    assert_eq!(found.unwrap().unwrap().version(), "2");
    let deleted = conditions::is_deleted("1");
    let wait = pods.until("shop", "a", |pod| deleted.matches_object(pod));
    let (found, ()) = tokio::join!(wait, async {
        tokio::time::sleep(Duration::from_secs(1)).await;
        feed.apply(pod("2", 3, "Running")).unwrap();
    });
    assert_eq!(found, Ok(None));
}

#[tokio::test(start_paused = true)]
async fn it_ends_with_the_publisher_and_ends_nothing_when_it_is_given_up() {
    let (pods, feed) = kcache::feed::<Pod>();
    let never = pods.until("shop", "a", |_| false);
    assert!(timeout(Duration::from_secs(1), never).await.is_err());
    let never = pods.until("shop", "a", |_| false);
    let (ended, ()) = tokio::join!(never, async { feed.close() });
    assert_eq!(ended, Err(Error::Closed));
}

/// A publisher of another form, fed by hand.
async fn is_deleted_in<V: Object>(make: impl Fn(&str, u64) -> V) {
    let (objects, mut feed): (Publisher<V>, Feed<V>) = kcache::feed();
    feed.relist([make("1", 1)], None).unwrap();
    // What the answer to the request says of it.
    let deleted = pod("1", 1, "Running");
    let waits = {
        let (objects, deleted) = (objects.clone(), deleted.clone());
        tokio::spawn(async move { objects.until_deleted(&deleted).await })
    };
    tokio::time::sleep(Duration::from_secs(1)).await;
    feed.apply(make("1", 2)).unwrap();
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert!(!waits.is_finished(), "it has changed, and is there");
    // In one commit there is another one.
    feed.relist([make("2", 3)], None).unwrap();
    assert_eq!(waits.await.unwrap(), Ok(()));
    // Without a UID only its name can be looked at.
    let nameless = pod("", 0, "Running");
    let wait = timeout(Duration::from_secs(1), objects.until_deleted(&nameless));
    assert!(wait.await.is_err());
    feed.relist([], None).unwrap();
    objects.until_deleted(&nameless).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_deletion_is_of_one_uid_in_any_form() {
    is_deleted_in(|uid, version| pod(uid, version, "Running")).await;
    is_deleted_in(|uid, version| {
        let metadata = pod(uid, version, "").metadata;
        let types = None;
        PartialObjectMeta::<Pod> {
            types,
            metadata,
            _phantom: std::marker::PhantomData,
        }
    })
    .await;
    is_deleted_in(|uid, version| {
        let text = serde_json::to_vec(&pod(uid, version, "Running")).unwrap();
        let mut codec = kcache::CompactCodec::default();
        let compact: Compact<Pod> =
            kcache::Codec::decode(&mut codec, kcache::Raw::Json(&text)).unwrap();
        compact
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn batches_phases_and_notices_are_streams() {
    let (pods, mut feed) = kcache::feed::<Pod>();
    let batches = pods.subscribe().into_batches();
    let (phases, notices) = (pods.phase_stream(), pods.notices().into_stream());
    feed.relist([pod("1", 1, "Pending")], None).unwrap();
    let mut batches = batches.map(|batch| (batch.commit, batch.changes.len()));
    assert_eq!(batches.next().await, Some((1, 1)));
    feed.apply(pod("1", 2, "Running")).unwrap();
    assert_eq!(batches.next().await, Some((2, 1)));
    let bad = Input::Bad(Some(Key::new("shop", "b")), DecodeError::new("it is odd"));
    feed.send(bad).unwrap();
    feed.close();
    let notices: Vec<_> = notices.collect().await;
    assert!(
        matches!(notices[..], [Notice::BadObject { .. }]),
        "{notices:?}"
    );
    // Who is slow gets the newest, and the last in any case.
    let phases: Vec<_> = phases.collect().await;
    assert!(matches!(phases[..], [Phase::Closed(_)]), "{phases:?}");
    drop(pods);
    assert_eq!(batches.next().await, None);
}
