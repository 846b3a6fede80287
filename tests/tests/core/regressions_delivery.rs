//! Delivery faults that there once were: what a subscription is handed, and when.

use std::time::Duration;

use kcache::{Change, Event, Feed, Publisher, SubscribeOptions, Subscription};

use crate::forms::{Form, Own, Spec, read};

fn own(name: &str, version: u64) -> Own {
    Own::of(&Spec::new("a", name, version))
}

/// An object of the same name, but not the same.
fn another(name: &str, version: u64) -> Own {
    let uid = "another".to_owned();
    Own::of(&Spec {
        uid,
        ..Spec::new("a", name, version)
    })
}

fn fed(objects: &[(&str, u64)]) -> (Publisher<Own>, Feed<Own>) {
    let (publisher, mut feed) = kcache::feed();
    let objects = objects.iter().map(|(name, version)| own(name, *version));
    feed.relist(objects, None).unwrap();
    (publisher, feed)
}

fn shown<V: kcache::Object>(changes: &[Change<V>]) -> Vec<String> {
    let mut shown: Vec<_> = changes.iter().map(|change| format!("{change:?}")).collect();
    shown.sort();
    shown
}

/// The events that can be taken without anything else happening.
async fn waiting(subscription: &mut Subscription<Own>) -> Vec<String> {
    let mut events = Vec::new();
    let none = Duration::from_millis(1);
    while let Ok(Some(event)) = tokio::time::timeout(none, subscription.next()).await {
        events.push(format!("{event:?}"));
    }
    events
}

#[tokio::test(start_paused = true)]
async fn a_batch_after_an_event_goes_on_from_that_event() {
    let (pods, mut feed) = fed(&[("p1", 1), ("p2", 2), ("p3", 3)]);
    let mut changes = pods.subscribe();
    let control = changes.control();
    // The order of creates is not said.
    let first = read(&**changes.next().await.unwrap().object());
    let [changed, removed] = ["p1", "p2", "p3"]
        .into_iter()
        .filter(|name| *name != first.name)
        .collect::<Vec<_>>()
        .try_into()
        .unwrap();
    assert_eq!((changes.status().waiting, control.status().waiting), (2, 2));
    feed.apply(own(changed, 5)).unwrap();
    feed.apply(own(&first.name, 6)).unwrap();
    feed.remove(own(removed, 7)).unwrap();
    let batch = changes.next_batch().await.unwrap();
    let mut expected = [
        format!(r#"a/{} Some("{}") -> Some("6")"#, first.name, first.version),
        format!(r#"a/{changed} None -> Some("5")"#),
    ];
    expected.sort();
    assert_eq!(shown(&batch.changes), expected);
    assert_eq!(batch.commit, pods.status().commit);
    assert_eq!(changes.status().waiting, 0);
    assert!(waiting(&mut changes).await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_batch_after_an_event_does_not_wait_for_a_commit() {
    let (pods, _feed) = fed(&[("p1", 1), ("p2", 2)]);
    let mut changes = pods.subscribe();
    changes.next().await.unwrap();
    let batch = tokio::time::timeout(Duration::from_secs(9), changes.next_batch()).await;
    let batch = batch.unwrap().unwrap();
    assert_eq!((batch.commit, batch.changes.len()), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn a_batch_between_the_two_events_of_a_replacement_has_the_second() {
    let (pods, mut feed) = fed(&[("p1", 1)]);
    let mut changes = pods.subscribe_options(SubscribeOptions::default());
    changes.next().await.unwrap();
    feed.apply(another("p1", 2)).unwrap();
    let gone = changes.next().await.unwrap();
    assert!(matches!(gone, Event::Delete { .. }));
    feed.apply(another("p1", 3)).unwrap();
    let batch = changes.next_batch().await.unwrap();
    assert_eq!(shown(&batch.changes), [r#"a/p1 None -> Some("3")"#]);
}

#[tokio::test(start_paused = true)]
async fn a_second_snapshot_takes_nothing() {
    let (pods, mut feed) = fed(&[("p1", 1), ("p2", 2)]);
    let mut changes = pods.subscribe();
    assert_eq!(changes.snapshot().await.unwrap().objects.len(), 2);
    feed.remove(own("p2", 5)).unwrap();
    feed.apply(own("p3", 6)).unwrap();
    let again = changes.snapshot().await.unwrap();
    assert_eq!((again.commit, again.objects.len()), (1, 0));
    let rest = ["Delete(a/p2@2)", "Create(a/p3@6)"];
    assert_eq!(waiting(&mut changes).await, rest);
}

#[tokio::test(start_paused = true)]
async fn a_snapshot_after_an_event_takes_nothing() {
    let (pods, mut feed) = fed(&[("p1", 1)]);
    let mut changes = pods.subscribe();
    changes.next().await.unwrap();
    feed.remove(own("p1", 5)).unwrap();
    assert!(changes.snapshot().await.unwrap().objects.is_empty());
    assert_eq!(waiting(&mut changes).await, ["Delete(a/p1@1)"]);
}
