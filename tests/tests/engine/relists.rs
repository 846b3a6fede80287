//! A list that comes again costs what changed.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use k8s_openapi::api::core::v1::ConfigMap;
use kcache::{
    Codec, Compact, CompactCodec, DecodeError, Expected, Informer, JsonCodec, Object, Raw,
};
use serde_json::{Value, json};

use crate::cache::{eventually, is_ready, next, shows};
use crate::script::{Server, item, list, map, page, server};

/// Counts what another codec decodes.
#[derive(Clone, Default)]
struct Counting<C> {
    codec: C,
    decoded: Arc<AtomicUsize>,
}

impl<V, C: Codec<V>> Codec<V> for Counting<C> {
    fn decode(&mut self, raw: Raw<'_>) -> Result<V, DecodeError> {
        self.decoded.fetch_add(1, Ordering::Relaxed);
        self.codec.decode(raw)
    }

    fn decode_as(&mut self, raw: Raw<'_>, expected: Expected<'_>) -> Result<V, DecodeError> {
        self.decoded.fetch_add(1, Ordering::Relaxed);
        self.codec.decode_as(raw, expected)
    }
}

/// An informer, its server, and how many objects it has decoded since it was asked last.
fn informer<V, C>() -> (Informer<V>, Server, impl Fn() -> usize)
where
    V: Object,
    C: Codec<V> + Default + 'static,
{
    let (client, server) = server();
    let codec = Counting::<C>::default();
    let decoded = codec.decoded.clone();
    let resource = kube::core::ApiResource::erase::<ConfigMap>(&());
    let maps = Informer::builder_of(client, resource).codec(codec).start();
    (maps, server, move || decoded.swap(0, Ordering::Relaxed))
}

fn typed() -> (Informer<ConfigMap>, Server, impl Fn() -> usize) {
    informer::<ConfigMap, JsonCodec>()
}

/// The watch is told that its version is gone, so that all is listed anew.
async fn expire(server: &mut Server, version: &str) {
    tokio::time::sleep(Duration::from_secs(5)).await;
    let request = server.watch_request(version).await;
    request.refuse(410, "Expired");
}

fn with_content(mut map: Value, content: &str) -> Value {
    map["data"]["content"] = json!(content);
    map
}

async fn a_stream_costs_what_changed<V, C>()
where
    V: Object,
    C: Codec<V> + Default + 'static,
{
    let (maps, mut server, decoded) = informer::<V, C>();
    let before = [map("a", 3), map("b", 5), map("c", 6), map("d", 7)];
    let stream = server.stream(&before, "7").await;
    is_ready(&maps).await;
    assert_eq!(decoded(), 4);
    let kept = maps.cache().list();
    let mut events = maps.subscribe();
    for _ in 0..4 {
        next(&mut events).await;
    }
    drop(stream);
    expire(&mut server, "7").await;
    let stream = server.stream_request(Some("7")).await.open();
    for object in [
        map("a", 3),
        with_content(map("b", 5), "new"),
        map("d", 9),
        map("e", 8),
    ] {
        stream.added(&object);
    }
    stream.synced("9");
    shows(&maps, &["a@3", "b@5", "d@9", "e@8"]).await;
    assert_eq!(decoded(), 3);
    assert!(Arc::ptr_eq(
        &kept[0],
        &maps.cache().get("default", "a").expect("it is there")
    ));
    let mut told = Vec::new();
    for _ in 0..4 {
        told.push(next(&mut events).await);
    }
    told.sort();
    assert_eq!(told, ["+e@8", "-c@6", "b@5->5", "d@7->9"]);
}

#[tokio::test(start_paused = true)]
async fn a_streaming_list_costs_what_changed() {
    a_stream_costs_what_changed::<ConfigMap, JsonCodec>().await;
    a_stream_costs_what_changed::<Compact<ConfigMap>, CompactCodec>().await;
}

#[tokio::test(start_paused = true)]
async fn pages_cost_what_changed() {
    let (maps, mut server, decoded) = typed();
    server.stream_request(None).await.refuse(422, "Invalid");
    let request = server.list_request(Some("0")).await;
    request.reply(&list("7", &[item("a", 3), item("b", 5), item("c", 6)]));
    is_ready(&maps).await;
    assert_eq!(decoded(), 3);
    expire(&mut server, "7").await;
    server
        .stream_request(Some("7"))
        .await
        .refuse(422, "Invalid");
    let request = server.list_request(Some("7")).await;
    request.reply(&page("9", &[item("a", 3), item("b", 8)], "next"));
    let request = server.request().await;
    request.reply(&list("9", &[item("c", 6), item("d", 9)]));
    shows(&maps, &["a@3", "b@8", "c@6", "d@9"]).await;
    assert_eq!(decoded(), 2);
}

#[tokio::test(start_paused = true)]
async fn what_comes_last_in_a_list_is_true_of_what_was_kept_too() {
    let (maps, mut server, decoded) = typed();
    let all = ["a", "b", "c", "d"].map(|name| map(name, 5));
    let stream = server.stream(&all, "7").await;
    is_ready(&maps).await;
    decoded();
    drop(stream);
    expire(&mut server, "7").await;
    let stream = server.stream_request(Some("7")).await.open();
    for object in &all {
        stream.added(object);
    }
    stream.modified(&map("a", 8));
    stream.deleted(&map("b", 9));
    stream.modified(&with_content(map("c", 10), "other"));
    stream.added(&map("c", 5));
    stream.event("MODIFIED", &json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "d", "namespace": "default"}, "data": 7}));
    stream.added(&map("d", 5));
    stream.synced("10");
    shows(&maps, &["a@8", "c@5", "d@5"]).await;
    assert_eq!(maps.bad_objects(), []);
    assert_eq!(maps.status().incarnation, 1);
}

#[tokio::test(start_paused = true)]
async fn what_an_unfinished_list_kept_counts_for_nothing() {
    let (maps, mut server, decoded) = typed();
    let stream = server.stream(&[map("a", 5), map("b", 5)], "7").await;
    is_ready(&maps).await;
    decoded();
    drop(stream);
    expire(&mut server, "7").await;
    let stream = server.stream_request(Some("7")).await.open();
    stream.added(&map("a", 5));
    stream.cut();
    let request = server.list_request(Some("7")).await;
    request.reply(&list("9", &[map("b", 5)]));
    shows(&maps, &["b@5"]).await;
    assert_eq!(decoded(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_new_history_takes_over_what_is_the_same_in_it() {
    let (maps, mut server, decoded) = typed();
    let stream = server.stream(&[map("a", 20), map("b", 3)], "20").await;
    is_ready(&maps).await;
    decoded();
    drop(stream);
    expire(&mut server, "20").await;
    let stream = server.stream_request(Some("20")).await.open();
    let mut other = map("b", 3);
    other["metadata"]["uid"] = json!("another");
    stream.added(&map("a", 20));
    stream.added(&other);
    stream.synced("1000009");
    eventually(|| maps.status().incarnation == 2).await;
    shows(&maps, &["a@20", "b@3"]).await;
    assert_eq!(decoded(), 1);
    let b = maps.cache().get("default", "b").expect("it is there");
    assert_eq!(b.uid(), "another");
}

#[tokio::test(start_paused = true)]
async fn compact_objects_of_an_informer_are_read_as_typed_ones() {
    let (client, mut server) = server();
    let maps = Informer::<Compact<ConfigMap>>::builder(client)
        .namespace("default")
        .start();
    let stream = server.stream_request(None).await.open();
    stream.added(&with_content(map("a", 3), "x"));
    stream.synced("7");
    is_ready(&maps).await;
    let a = maps
        .cache()
        .get("default", "a")
        .expect("it is there")
        .decode();
    let content = a
        .expect("a ConfigMap")
        .data
        .and_then(|mut data| data.remove("content"));
    assert_eq!(content.as_deref(), Some("x"));
}
