//! What went wrong once between a source and its cache, view, monitor or join.

use k8s_openapi::api::core::v1::Pod;
use kcache::{Codec, DecodeError, Feed, Input, JsonCodec, Key, Object, Publisher, Raw};

use crate::forms::{Form, Own, Spec};

fn own(name: &str, version: u64) -> Own {
    Own::of(&Spec::new("a", name, version))
}

fn bad(name: &str) -> Input<Own> {
    Input::Bad(Some(Key::new("a", name)), DecodeError::new("unreadable"))
}

/// A cache in its second history, with `b` left of the first, where it was of version 1001.
fn restored_with_b_unreadable() -> (Publisher<Own>, Feed<Own>) {
    let (pods, mut feed) = kcache::feed();
    feed.relist([own("a", 1000), own("b", 1001)], Some("1001"))
        .unwrap();
    let list = [Input::Restart, Input::Item(own("a", 40)), bad("b")];
    feed.send_all(list).unwrap();
    feed.send(Input::Synced(Some("50".to_owned()))).unwrap();
    assert_eq!((pods.status().history, pods.cache().len()), (2, 2));
    (pods, feed)
}

fn version_of_b(pods: &Publisher<Own>) -> Option<String> {
    let b = pods.cache().get("a", "b")?;
    Some(b.version().to_owned())
}

#[test]
fn what_is_kept_of_an_old_history_takes_its_first_apply() {
    let (pods, mut feed) = restored_with_b_unreadable();
    feed.apply(own("b", 60)).unwrap();
    assert_eq!(version_of_b(&pods).as_deref(), Some("60"));
    // From here on its version counts again.
    feed.apply(own("b", 55)).unwrap();
    assert_eq!(version_of_b(&pods).as_deref(), Some("60"));
    assert_eq!(pods.status().stale_inputs, 1);
}

#[test]
fn what_is_kept_of_an_old_history_takes_its_removal() {
    let (pods, mut feed) = restored_with_b_unreadable();
    feed.remove(own("b", 61)).unwrap();
    assert_eq!(version_of_b(&pods), None);
}

#[test]
fn what_is_kept_of_an_old_history_takes_the_next_list() {
    let (pods, mut feed) = restored_with_b_unreadable();
    feed.send_all([Input::Restart, Input::Item(own("a", 40)), bad("b")])
        .unwrap();
    feed.send(Input::Synced(Some("70".to_owned()))).unwrap();
    assert_eq!(version_of_b(&pods).as_deref(), Some("1001"));
    feed.relist([own("a", 40), own("b", 60)], Some("80"))
        .unwrap();
    assert_eq!(version_of_b(&pods).as_deref(), Some("60"));
    assert_eq!((pods.status().history, pods.status().stale_inputs), (2, 0));
}

#[test]
fn json_that_is_no_such_object_is_named_and_survives_a_relist() {
    let read = |json: &str| JsonCodec.decode(Raw::Json(json.as_bytes()));
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
fn what_is_removed_within_a_list_does_not_come_back_by_a_late_message() {
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
        None
    );
    assert_eq!(version_of_b(&pods).as_deref(), Some("7"));
}
