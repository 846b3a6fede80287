//! Events that do not say what they are about, and objects of another kind.

use std::time::Duration;

use k8s_openapi::api::core::v1::ConfigMap;
use kcache::{Informer, Phase};
use kube::core::{ApiResource, DynamicObject};
use serde_json::{Value, json};

use crate::cache::{complaint, eventually, informer, is_degraded, is_live, is_ready, shown, shows};
use crate::script::{Server, bookmark, item, list, map, page, server};

async fn pass(seconds: u64) {
    tokio::time::sleep(Duration::from_secs(seconds)).await;
}

/// A change of `map` that leaves nothing of this.
fn without(mut map: Value, what: &str) -> Value {
    map["metadata"]
        .as_object_mut()
        .expect("metadata")
        .remove(what);
    map
}

#[tokio::test(start_paused = true)]
async fn a_delete_that_does_not_say_of_what_is_listed_anew() {
    let bad = |mut map: Value| {
        map["data"] = json!(7);
        map
    };
    let event = |object: &str| format!(r#"{{"type":"DELETED","object":{object}}}"#);
    let namespaced = [false, true].map(|namespaced| {
        let mut events = vec![
            event("null"),
            event("{}"),
            event("[]"),
            event("7"),
            event(r#""a""#),
            event(r#"{"kind":"ConfigMap","apiVersion":"v1","metadata":null}"#),
            event(&without(map("a", 10), "name").to_string()),
            event(&bad(without(map("a", 10), "name")).to_string()),
            r#"{"type":"DELETED"}"#.to_owned(),
            r#"{"object":null,"type":"DELETED"}"#.to_owned(),
        ];
        if namespaced {
            events.push(event(&without(map("a", 10), "namespace").to_string()));
            events.push(event(&bad(without(map("a", 10), "namespace")).to_string()));
        }
        (namespaced, events)
    });
    for (namespaced, events) in namespaced {
        for event in events {
            let (client, mut server) = server();
            let maps = Informer::<ConfigMap>::builder(client);
            let namespace = if namespaced { "default" } else { "" };
            let maps = maps.namespace(namespace).start();
            server.writes_json();
            let stream = server.stream(&[map("a", 7), map("b", 8)], "9").await;
            is_ready(&maps).await;
            stream.send(event.clone());
            stream.modified(&map("b", 11));
            let request = server.stream_request(Some("9")).await;
            assert!(is_degraded(&maps), "{event}");
            assert_eq!(shown(&maps), ["a@7", "b@8"]);
            let stream = request.open();
            stream.added(&map("b", 11));
            stream.synced("12");
            shows(&maps, &["b@11"]).await;
            assert!(is_live(&maps));
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_change_without_an_object_is_listed_anew() {
    for kind in ["ADDED", "MODIFIED"] {
        for object in ["null", "[]", "7", r#""hunter2""#] {
            let (maps, mut server) = informer();
            server.writes_json();
            let stream = server.stream(&[map("a", 7)], "9").await;
            is_ready(&maps).await;
            stream.send(format!(r#"{{"type":"{kind}","object":{object}}}"#));
            server.stream_request(Some("9")).await;
            let said = complaint(&maps).expect("a reason");
            assert!(said.contains("not a watch event"), "{said}");
            assert_eq!(maps.status().bad_objects, 1);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn an_event_of_an_unknown_type_is_listed_anew() {
    for kind in [r#""RENAMED""#, r#""deleted""#, "null", "7"] {
        let (maps, mut server) = informer();
        server.writes_json();
        let stream = server.stream(&[map("a", 7)], "9").await;
        is_ready(&maps).await;
        stream.send(format!(r#"{{"type":{kind},"object":{}}}"#, map("a", 10)));
        let request = server.stream_request(Some("9")).await;
        let said = complaint(&maps).expect("a reason");
        assert!(said.contains("not a watch event"), "{said}");
        let stream = request.open();
        stream.added(&map("b", 11));
        stream.synced("12");
        shows(&maps, &["b@11"]).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_delete_without_a_version_or_readable_content_leaves_no_ghost() {
    let mut bad = without(map("a", 10), "resourceVersion");
    bad["data"] = json!(7);
    for deleted in [bad, without(map("a", 10), "resourceVersion")] {
        let (maps, mut server) = informer();
        let stream = server.stream(&[map("a", 7), map("b", 8)], "9").await;
        is_ready(&maps).await;
        stream.deleted(&deleted);
        shows(&maps, &["b@8"]).await;
        pass(5).await;
        assert!(is_live(&maps));
        drop(stream);
        server.watch_request("9").await;
    }
}

/// An informer of config maps by a resource whose kind somebody wrote wrong.
fn misnamed() -> (Informer<DynamicObject>, Server) {
    let (client, server) = server();
    let mut resource = ApiResource::erase::<ConfigMap>(&());
    resource.kind = "Configmap".into();
    (Informer::builder_of(client, resource).start(), server)
}

const MISNAMED: &str = "watch: the server sends v1 ConfigMap where v1 Configmap was requested";

#[tokio::test(start_paused = true)]
async fn a_wrong_kind_is_told_with_both_kinds_as_long_as_it_lasts() {
    let no_kind = |mut list: Value| {
        list["kind"].take();
        list
    };
    // Whether the list tells its kind, or its items, or nothing does.
    for (told, items) in [(true, false), (false, true), (true, true), (false, false)] {
        let (maps, mut server) = misnamed();
        let stream = server.stream_request(None).await.open();
        stream.added(&map("a", 7));
        stream.synced("9");
        let request = server.list_request(Some("0")).await;
        assert!(!maps.status().phase.is_ready());
        assert_eq!(complaint(&maps).as_deref(), Some(MISNAMED));
        let one = if items { map("a", 7) } else { item("a", 7) };
        let body = list("9", &[one]);
        request.reply(&if told { body } else { no_kind(body) });
        let stream = server.watch_request("9").await.open();
        shows(&maps, &["a@7"]).await;
        for version in 10..15 {
            stream.modified(&map("a", version));
            stream.bookmark(&version.to_string());
            pass(20).await;
            assert!(is_degraded(&maps), "{told} {items}");
            assert_eq!(complaint(&maps).as_deref(), Some(MISNAMED));
        }
        // Nor does a new watch look as if all were well.
        drop(stream);
        let _stream = server.watch_request("14").await.open();
        pass(20).await;
        assert_eq!(complaint(&maps).as_deref(), Some(MISNAMED));
    }
}

#[tokio::test(start_paused = true)]
async fn a_wrong_kind_that_only_the_watch_shows_is_told_at_once() {
    let (maps, mut server) = misnamed();
    server.stream_request(None).await.refuse(422, "Invalid");
    let mut empty = list("9", &[]);
    empty["kind"].take();
    server.list_request(Some("0")).await.reply(&empty);
    let stream = server.watch_request("9").await.open();
    pass(5).await;
    assert!(is_live(&maps));
    stream.added(&map("a", 10));
    eventually(|| is_degraded(&maps)).await;
    assert_eq!(complaint(&maps).as_deref(), Some(MISNAMED));
    server.is_left_alone(Duration::from_secs(60)).await;
}

fn secret(name: &str, version: u64) -> Value {
    let mut secret = map(name, version);
    secret["kind"] = json!("Secret");
    secret
}

#[tokio::test(start_paused = true)]
async fn one_object_of_another_kind_is_passed_by() {
    for first in [None, Some(map("a", 7))] {
        let (maps, mut server) = informer();
        let first: Vec<_> = first.into_iter().collect();
        let stream = server.stream(&first, "9").await;
        is_ready(&maps).await;
        stream.added(&secret("x", 10));
        stream.deleted(&secret("a", 11));
        pass(5).await;
        assert!(is_live(&maps));
        stream.added(&map("b", 12));
        eventually(|| maps.cache().len() == first.len() + 1).await;
        assert_eq!(maps.status().bad_objects, 2);
        server.is_left_alone(Duration::from_secs(60)).await;
    }
    // Not at the very beginning, either.
    let (maps, mut server) = informer();
    let stream = server.stream(&[secret("x", 3)], "9").await;
    is_ready(&maps).await;
    assert!(is_live(&maps));
    stream.added(&map("b", 12));
    shows(&maps, &["b@12"]).await;
}

#[tokio::test(start_paused = true)]
async fn many_of_another_kind_are_told_until_one_of_the_right_kind_comes() {
    for many in [3, 10] {
        let (maps, mut server) = informer();
        let stream = server.stream(&[map("a", 7), map("gone", 8)], "9").await;
        is_ready(&maps).await;
        for version in 0..many {
            stream.added(&secret("x", 10 + version));
        }
        eventually(|| is_degraded(&maps)).await;
        let said = "watch: the server sends v1 Secret where v1 ConfigMap was requested";
        assert_eq!(complaint(&maps).as_deref(), Some(said));
        stream.event("BOOKMARK", &bookmark("20", None));
        pass(20).await;
        assert!(is_degraded(&maps));
        stream.modified(&map("a", 21));
        shows(&maps, &["a@21", "gone@8"]).await;
        if many < 10 {
            assert!(is_live(&maps));
            server.is_left_alone(Duration::from_secs(60)).await;
            continue;
        }
        // Who knows what happened meanwhile.
        let request = server.stream_request(Some("21")).await;
        assert_eq!(complaint(&maps).as_deref(), Some(said));
        let stream = request.open();
        stream.added(&map("a", 21));
        stream.synced("22");
        shows(&maps, &["a@21"]).await;
        assert!(is_live(&maps));
    }
}

#[tokio::test(start_paused = true)]
async fn a_list_of_another_kind_does_not_replace_what_is_there() {
    let mut secrets = list("12", &[item("x", 10)]);
    secrets["kind"] = json!("SecretList");
    let mut pages = page("12", &[secret("x", 10)], "t");
    pages["kind"].take();
    for (other, paged) in [(secrets, false), (pages, true)] {
        let (maps, mut server) = informer();
        let stream = server.stream(&[map("a", 7)], "9").await;
        is_ready(&maps).await;
        stream.error(500, "InternalError");
        for _ in 0..3 {
            server
                .stream_request(Some("9"))
                .await
                .refuse(422, "Invalid");
            let request = server.request().await;
            assert!(!request.query.contains_key("watch"));
            request.reply(&other);
            if paged {
                server.request().await.reply(&list("12", &[]));
            }
        }
        let request = server.stream_request(Some("9")).await;
        assert_eq!(shown(&maps), ["a@7"]);
        let Phase::Degraded { reason, .. } = maps.status().phase else {
            panic!("{:?}", maps.status());
        };
        assert_eq!(
            reason.to_string(),
            "list: the server sends v1 Secret where v1 ConfigMap was requested"
                .replace("v1 Secret", if paged { "v1 Secret" } else { "Secret" })
        );
        request.refuse(422, "Invalid");
        // An empty list may be called anything: so may those of custom resources.
        let mut empty = list("13", &[]);
        empty["kind"] = json!("Things");
        server.request().await.reply(&empty);
        shows(&maps, &[]).await;
        assert!(is_live(&maps));
    }
}
