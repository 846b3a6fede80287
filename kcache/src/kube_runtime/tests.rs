//! Triggers, the store that they fill, and what a watcher says.

use std::pin::pin;
use std::sync::Arc;

use futures_util::{FutureExt as _, Stream, StreamExt as _, stream};
use k8s_openapi::api::core::v1::{ConfigMap, Pod};
use kube::core::Status;
use kube::runtime::reflector::ObjectRef;
use kube::runtime::watcher;
use serde_json::{Value, json};

use super::Shared;
use crate::error::Error;
use crate::failure::{Cause, Operation};
use crate::feed::feed;
use crate::filter::Filter;
use crate::object::Object;
use crate::publisher::Publisher;
use crate::status::Phase;
use crate::subscription::{Aspect, SubscribeOptions};

fn map(name: &str, version: &str, more: &Value) -> ConfigMap {
    let mut object = json!({
        "metadata": { "namespace": "shop", "name": name, "uid": name, "resourceVersion": version },
    });
    object["metadata"]
        .as_object_mut()
        .unwrap()
        .extend(more.as_object().cloned().unwrap());
    serde_json::from_value(object).unwrap()
}

fn plain(name: &str, version: &str) -> ConfigMap {
    map(name, version, &json!({}))
}

fn owned(version: &str, owner: &str) -> ConfigMap {
    let owner = json!({ "apiVersion": "v1", "kind": "Pod", "name": owner, "uid": owner });
    map("a", version, &json!({ "ownerReferences": [owner] }))
}

fn named(name: &str) -> ObjectRef<Shared<ConfigMap>> {
    ObjectRef::new(name).within("shop")
}

/// All that comes without waiting, by name and version.
fn waiting<V: Object>(objects: impl Stream<Item = Arc<V>>) -> Vec<String> {
    let mut objects = pin!(objects);
    let next = || objects.next().now_or_never().flatten();
    let said = |object: Arc<V>| format!("{}@{}", object.name(), object.version());
    std::iter::from_fn(next).map(said).collect()
}

fn names(refs: impl Stream<Item = ObjectRef<Pod>>) -> Vec<String> {
    let mut refs = pin!(refs);
    let next = || refs.next().now_or_never().flatten();
    std::iter::from_fn(next).map(|found| found.name).collect()
}

#[test]
fn both_sides_of_an_update_and_the_last_of_a_delete_are_touched() {
    let (maps, mut feed) = feed();
    let changes = maps.subscribe();
    feed.relist([plain("a", "1"), plain("b", "2")], None)
        .unwrap();
    feed.apply(plain("a", "3")).unwrap();
    // A list that lacks one.
    feed.relist([plain("a", "3")], None).unwrap();
    let touched = waiting(changes.touched_objects());
    assert_eq!(touched, ["a@1", "b@2", "a@1", "a@3", "b@2"]);
}

#[test]
fn old_and_new_owners_are_named() {
    let (maps, mut feed) = feed();
    let changes = maps.subscribe();
    feed.relist([owned("1", "first")], None).unwrap();
    feed.apply(owned("2", "first")).unwrap();
    feed.apply(owned("3", "second")).unwrap();
    feed.remove(owned("3", "second")).unwrap();
    let owners = names(changes.owner_refs::<Pod>(()));
    assert_eq!(owners, ["first", "first", "first", "second", "second"]);
    // Owners of another kind are not.
    let mut services = pin!(maps.subscribe().owner_refs::<ConfigMap>(()));
    assert!(services.next().now_or_never().is_none());
}

#[test]
fn the_store_has_what_triggers_before_it_triggers() {
    let (maps, mut feed) = feed();
    let (triggers, store) = maps.reflect();
    let mut triggers = pin!(triggers);
    assert!(triggers.next().now_or_never().is_none());
    assert!(store.wait_until_ready().now_or_never().is_none());
    feed.relist([plain("a", "1")], None).unwrap();
    let first = triggers.next().now_or_never().flatten().unwrap();
    assert!(matches!(
        store.wait_until_ready().now_or_never(),
        Some(Ok(()))
    ));
    // Three are the same object.
    let stored = store.get(&named("a")).unwrap();
    let cached = maps.cache().get("shop", "a").unwrap();
    assert!(Arc::ptr_eq(&first.object(), &cached) && Arc::ptr_eq(&stored.object(), &cached));

    feed.apply(plain("b", "2")).unwrap();
    assert!(
        store.get(&named("b")).is_none(),
        "nobody has read the stream"
    );
    let second = triggers.next().now_or_never().flatten().unwrap();
    assert_eq!(second.name(), "b");
    assert!(store.get(&named("b")).is_some());
    // What is gone triggers nothing.
    feed.relist([plain("b", "2")], None).unwrap();
    assert!(triggers.next().now_or_never().is_none());
    assert!(store.get(&named("a")).is_none());
    feed.close();
    assert!(matches!(triggers.next().now_or_never(), Some(None)));
}

#[test]
fn updates_that_are_not_worth_a_trigger_are_in_the_store() {
    let (maps, mut feed) = feed();
    let labels = SubscribeOptions::default()
        .filter(Filter::name("shop", "a"))
        .changes_of(Aspect::Labels);
    let (triggers, store) = maps.reflect_with(labels, ());
    let mut triggers = pin!(triggers);
    feed.relist([plain("a", "1"), plain("b", "1")], None)
        .unwrap();
    assert_eq!(waiting(&mut triggers), ["a@1"]);
    feed.apply(plain("a", "2")).unwrap();
    assert_eq!(waiting(&mut triggers), [""; 0]);
    assert_eq!(store.get(&named("a")).unwrap().version(), "2");
    feed.apply(map("a", "3", &json!({ "labels": { "x": "y" } })))
        .unwrap();
    assert_eq!(waiting(&mut triggers), ["a@3"]);
    // Another object of the same name.
    let labels = json!({ "labels": { "x": "y" }, "uid": "another" });
    feed.apply(map("a", "4", &labels)).unwrap();
    assert_eq!(waiting(&mut triggers), ["a@4"]);
    assert_eq!(store.len(), 1);
}

#[test]
fn a_publisher_that_ends_before_it_is_ready_ends_a_controller() {
    let (maps, _feed) = feed::<ConfigMap>();
    let (triggers, store) = maps.reflect();
    let mut triggers = Box::pin(triggers);
    maps.close();
    assert!(matches!(triggers.next().now_or_never(), Some(None)));
    drop(triggers);
    assert!(matches!(
        store.wait_until_ready().now_or_never(),
        Some(Err(_))
    ));
}

#[test]
fn changing_the_metadata_of_a_shared_object_changes_no_other() {
    use kube::Resource as _;
    let object = Arc::new(plain("a", "1"));
    let mut shared = Shared::new(object.clone());
    shared.meta_mut().name = Some("b".into());
    assert_eq!((shared.name(), object.name()), ("b", "a"));
}

/// A cluster-scoped object is found under any namespace, as in kube's store.
#[test]
fn a_store_reads_as_one_of_kube() {
    use kube::core::{Expression, Selector};
    let (maps, mut feed) = feed::<ConfigMap>();
    let mut scopeless = plain("c", "1");
    scopeless.metadata.namespace = None;
    let labelled = map("a", "1", &json!({ "labels": { "app": "web" } }));
    feed.relist([labelled, plain("b", "1"), scopeless], None)
        .unwrap();
    let store = maps.store();
    let found = |name: &str| store.get(&ObjectRef::new(name).within("shop")).is_some();
    assert_eq!([found("a"), found("c"), found("d")], [true, true, false]);
    let selector: Selector = Expression::Equal("app".into(), "web".into()).into();
    assert_eq!(store.state_filter_selector(&selector).len(), 1);
    assert_eq!(store.state_filter(|map| map.name() > "a").len(), 2);
    assert!(store.find(|map| map.name() == "b").is_some());
    assert_eq!(
        (store.len(), store.state().len(), store.is_empty()),
        (3, 3, false)
    );
    maps.close();
    assert!(matches!(
        store.wait_until_ready().now_or_never(),
        Some(Err(Error::Closed))
    ));
}

type Events = Vec<watcher::Result<watcher::Event<ConfigMap>>>;

fn forbidden() -> watcher::Error {
    let status = Status::failure("a secret", "Forbidden").with_code(403);
    watcher::Error::InitialListFailed(kube::Error::Api(status.boxed()))
}

async fn followed(events: Events) -> (Publisher<ConfigMap>, Error) {
    let (maps, feed) = feed();
    let ended = feed.follow(stream::iter(events)).await;
    (maps, ended)
}

#[tokio::test]
async fn a_watcher_fills_a_publisher() {
    use watcher::Event::{Apply, Delete, Init, InitApply, InitDone};
    let a = || plain("a", "1");
    let events = [
        Init,
        InitApply(a()),
        InitDone,
        Apply(plain("b", "2")),
        Delete(a()),
    ];
    let (maps, ended) = followed(events.map(Ok).into()).await;
    assert_eq!(ended, Error::FeedEnded);
    assert_eq!(maps.error(), Some(Error::FeedEnded));
    assert_eq!(format!("{:?}", maps.cache().keys()), "[shop/b]");
}

#[tokio::test]
async fn what_a_watcher_fails_at_is_reported_without_content() {
    use watcher::Event::{Init, InitDone};
    let (maps, mut feed) = feed::<ConfigMap>();
    feed.send(Err(forbidden()).into()).unwrap();
    let phase = maps.status().phase;
    let failure = phase.failure().unwrap();
    assert_eq!(
        failure.to_string(),
        "list: the server answered 403 Forbidden"
    );
    assert!(failure.is_refusal() && maps.ready_or_refused().await.is_err());

    let listed: Events = vec![Ok(Init), Ok(InitDone)];
    feed.send_all(listed.into_iter().map(Into::into)).unwrap();
    assert!(matches!(maps.status().phase, Phase::Live));

    let unread = serde_json::from_str::<u8>("\"a secret\"").unwrap_err();
    let unread = watcher::Error::WatchFailed(kube::Error::SerdeError(unread));
    feed.send(Err(unread).into()).unwrap();
    let phase = maps.status().phase;
    let failure = phase.failure().unwrap();
    assert_eq!(failure.operation(), Some(Operation::Watch));
    assert!(matches!(failure.cause(), Cause::Garbled(_)));
    assert!(!format!("{failure} {failure:?}").contains("secret"));
}

#[tokio::test]
async fn a_watcher_is_let_go_when_nobody_reads() {
    let (maps, feed) = feed::<ConfigMap>();
    let follower = tokio::spawn(feed.follow(stream::pending()));
    drop(maps);
    assert_eq!(follower.await.unwrap(), Error::Closed);
}
