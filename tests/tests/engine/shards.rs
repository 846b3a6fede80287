//! A part of a collection, and another part while it runs.

use std::io::ErrorKind;
use std::time::Duration;

use k8s_openapi::api::core::v1::{ConfigMap, Node};
use kcache::{Compact, Informer, Object, ReshardError, Shard};
use kube::core::{ApiResource, DynamicObject};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::cache::{eventually, is_degraded, is_live, is_ready, next, shown, shows, within};
use crate::script::{PendingRequest, Server, Stream, item, list, map, page, server};

/// The shard that has the objects of these names and no others.
fn shard_of(names: &[&str]) -> Shard {
    let hashes = names.iter().map(|name| Shard::hash(&uid(name)));
    Shard::ranges(hashes.map(|hash| hash..=hash))
}

fn uid(name: &str) -> String {
    format!("uid of {name}")
}

fn informer(shard: &Shard) -> (Informer<ConfigMap>, Server) {
    let (client, server) = server();
    let maps = Informer::builder(client).shard(shard.clone()).start();
    (maps, server)
}

/// The next request, which is for this and a shard.
async fn sharded_request(
    server: &mut Server,
    want: &[(&str, &str)],
    shard: &Shard,
) -> PendingRequest {
    let request = server.request().await;
    let text = shard.to_string();
    let mut want = want.to_vec();
    if !shard.is_whole() {
        want.push(("shardSelector", &text));
    }
    request.is_for(&want);
    request
}

async fn stream_request(
    server: &mut Server,
    version: Option<&str>,
    shard: &Shard,
) -> PendingRequest {
    let mut want = vec![
        ("allowWatchBookmarks", "true"),
        ("resourceVersionMatch", "NotOlderThan"),
        ("sendInitialEvents", "true"),
        ("watch", "1"),
    ];
    want.extend(version.map(|version| ("resourceVersion", version)));
    sharded_request(server, &want, shard).await
}

async fn watch_request(server: &mut Server, version: &str, shard: &Shard) -> PendingRequest {
    let want = [
        ("allowWatchBookmarks", "true"),
        ("resourceVersion", version),
        ("watch", "1"),
    ];
    sharded_request(server, &want, shard).await
}

/// Answers a streaming list with these objects, and leaves it open as a watch.
fn stream(request: PendingRequest, objects: &[Value], version: &str) -> Stream {
    let stream = request.open();
    for object in objects {
        stream.added(object);
    }
    stream.synced(version);
    stream
}

/// An informer of a shard that has these objects, at version 7.
async fn following(shard: &Shard, names: &[&str]) -> (Informer<ConfigMap>, Server, Stream) {
    let (maps, mut server) = informer(shard);
    let request = stream_request(&mut server, None, shard).await;
    let objects: Vec<_> = names.iter().map(|name| map(name, 5)).collect();
    let stream = stream(request, &objects, "7");
    is_ready(&maps).await;
    (maps, server, stream)
}

fn confirmed(mut list: Value, shard: &Shard) -> Value {
    list["metadata"]["shardInfo"] = json!({"selector": shard.to_string()});
    list
}

#[tokio::test(start_paused = true)]
async fn what_comes_from_outside_is_left_out_before_it_is_decoded() {
    let shard = shard_of(&["a", "b"]);
    let (maps, _server, stream) = following(&shard, &["a", "b", "x", "y"]).await;
    assert_eq!(shown(&maps), ["a@5", "b@5"]);
    assert_eq!(maps.counts().decoded, 2);
    assert_eq!(maps.status().sharded_by_server, Some(false));
    let mut events = maps.subscribe();
    for want in ["+a@5", "+b@5"] {
        assert_eq!(next(&mut events).await, want);
    }
    stream.added(&map("z", 8));
    stream.modified(&map("x", 9));
    stream.deleted(&map("y", 10));
    stream.modified(&map("a", 11));
    stream.event("MODIFIED", &json!({"kind": "ConfigMap", "apiVersion": "v1", "metadata": map("x", 12)["metadata"], "data": 7}));
    assert_eq!(next(&mut events).await, "a@5->11");
    // Also of what is outside the version is known.
    let seen = maps.wait_for("12", Duration::from_secs(60)).await;
    assert_eq!(seen, Ok(()));
    assert_eq!((maps.counts().decoded, maps.bad_objects().len()), (3, 0));
    assert_eq!(maps.counts().commits, 2);
}

#[tokio::test(start_paused = true)]
async fn every_stored_form_is_filtered_by_the_same_hash() {
    async fn check<V: Object>(maps: Informer<V>, mut server: Server, shard: &Shard) {
        let request = stream_request(&mut server, None, shard).await;
        let stream = stream(request, &["a", "x", "b"].map(|name| map(name, 5)), "7");
        is_ready(&maps).await;
        stream.added(&map("y", 8));
        stream.modified(&map("b", 9));
        shows(&maps, &["a@5", "b@9"]).await;
        assert_eq!(maps.counts().decoded, 3);
    }
    let shard = shard_of(&["a", "b"]);
    let resource = ApiResource::erase::<ConfigMap>(&());
    let (client, script) = server();
    let maps = Informer::<Compact<ConfigMap>>::builder(client).shard(shard.clone());
    check(maps.start(), script, &shard).await;
    let (client, script) = server();
    let maps = Informer::<DynamicObject>::builder_of(client, resource.clone());
    check(maps.shard(shard.clone()).start(), script, &shard).await;
    let (client, script) = server();
    let maps = Informer::<Own>::builder_of(client, resource);
    check(maps.shard(shard.clone()).start(), script, &shard).await;
}

#[tokio::test(start_paused = true)]
async fn a_list_says_whether_the_server_did_it() {
    let shard = shard_of(&["a", "b"]);
    for (says, want) in [(true, Some(true)), (false, None)] {
        let (maps, mut server) = informer(&shard);
        let streams = stream_request(&mut server, None, &shard).await;
        streams.refuse(422, "Invalid");
        // A 422 could be of the shard, too.
        let streams = stream_request(&mut server, None, &Shard::whole()).await;
        streams.refuse(422, "Invalid");
        let said = |list| {
            if says { confirmed(list, &shard) } else { list }
        };
        let lists = [("limit", "500"), ("resourceVersion", "0")];
        let lists = sharded_request(&mut server, &lists, &shard).await;
        lists.reply(&said(page("7", &[item("a", 5)], "next")));
        let lists = [("limit", "500"), ("continue", "next")];
        let lists = sharded_request(&mut server, &lists, &shard).await;
        lists.reply(&said(list("7", &[item("b", 6)])));
        shows(&maps, &["a@5", "b@6"]).await;
        is_ready(&maps).await;
        assert_eq!(maps.status().sharded_by_server, want);
        let stream = watch_request(&mut server, "7", &shard).await.open();
        stream.added(&map("x", 8));
        stream.bookmark("9");
        eventually(|| maps.status().sharded_by_server == Some(false)).await;
        assert_eq!(shown(&maps).len(), 2);
    }
}

#[tokio::test(start_paused = true)]
async fn pages_without_anything_of_ours_are_no_circle() {
    let shard = shard_of(&["a"]);
    let (maps, mut server) = informer(&shard);
    for _ in 0..2 {
        server.request().await.refuse(400, "BadRequest");
    }
    for number in 0..40 {
        let name = format!("x{number}");
        let request = server.request().await;
        request.reply(&page("7", &[item(&name, 5)], &format!("token {number}")));
    }
    server.request().await.reply(&list("7", &[item("a", 6)]));
    shows(&maps, &["a@6"]).await;
}

#[tokio::test(start_paused = true)]
async fn a_server_that_refuses_to_be_asked_is_not_asked() {
    let shard = shard_of(&["a"]);
    let (maps, mut server) = informer(&shard);
    let asked = stream_request(&mut server, None, &shard).await;
    asked.refuse(400, "BadRequest");
    let request = stream_request(&mut server, None, &Shard::whole()).await;
    let streams = stream(request, &[map("a", 5), map("x", 6)], "7");
    shows(&maps, &["a@5"]).await;
    assert_eq!(maps.status().sharded_by_server, Some(false));
    assert!(is_live(&maps));
    tokio::time::sleep(Duration::from_secs(5)).await;
    drop(streams);
    let streams = watch_request(&mut server, "7", &Shard::whole()).await;
    drop(streams.open());
    // With another shard it is tried again.
    maps.reshard(shard_of(&["a", "b"]));
    let streams = stream_request(&mut server, Some("7"), &shard_of(&["a", "b"])).await;
    drop(streams);
}

#[tokio::test(start_paused = true)]
async fn nothing_needs_no_server() {
    let (maps, mut server) = informer(&Shard::nothing());
    assert!(is_live(&maps) && maps.cache().is_empty());
    server.is_left_alone(Duration::from_secs(3600)).await;
    let same = maps.reshard(Shard::nothing());
    assert_eq!(within(same.ready()).await, Ok(()));
    let one = shard_of(&["a"]);
    let reshard = maps.reshard(one.clone());
    assert_eq!(within(reshard.released()).await, Ok(()));
    let request = stream_request(&mut server, None, &one).await;
    let stream = stream(request, &[map("a", 5)], "7");
    assert_eq!(within(reshard.ready()).await, Ok(()));
    assert_eq!(shown(&maps), ["a@5"]);
    let mut events = maps.subscribe();
    assert_eq!(next(&mut events).await, "+a@5");
    // And back.
    let reshard = maps.reshard(Shard::nothing());
    assert_eq!(within(reshard.ready()).await, Ok(()));
    assert_eq!(next(&mut events).await, "-a@5");
    within(stream.is_left()).await;
    server.is_left_alone(Duration::from_secs(3600)).await;
    assert!(is_live(&maps) && maps.cache().is_empty());
    maps.close();
    assert_eq!(
        within(maps.reshard(one).released()).await,
        Err(ReshardError::Closed)
    );
}

#[tokio::test(start_paused = true)]
async fn another_object_under_the_same_name_may_be_elsewhere() {
    let shard = shard_of(&["a", "b", "c", "d"]);
    let (maps, _server, stream) = following(&shard, &["a", "b", "c", "d"]).await;
    let mut events = maps.subscribe();
    for _ in 0..4 {
        next(&mut events).await;
    }
    let elsewhere = |name: &str, version| {
        let mut map = map(name, version);
        map["metadata"]["uid"] = json!("another");
        map
    };
    // A server that does it well tells of the old one only.
    stream.deleted(&map("a", 8));
    assert_eq!(next(&mut events).await, "-a@5");
    // One that does not do it at all tells of both, or of the last alone.
    stream.deleted(&map("b", 9));
    stream.added(&elsewhere("b", 10));
    assert_eq!(next(&mut events).await, "-b@5");
    stream.modified(&elsewhere("c", 11));
    assert_eq!(next(&mut events).await, "-c@5");
    stream.deleted(&elsewhere("d", 12));
    assert_eq!(next(&mut events).await, "-d@5");
    stream.deleted(&elsewhere("b", 13));
    // And back.
    stream.added(&map("b", 14));
    assert_eq!(next(&mut events).await, "+b@14");
    assert_eq!(shown(&maps), ["b@14"]);
}

#[tokio::test(start_paused = true)]
async fn a_narrower_shard_needs_no_list() {
    let (before, after) = (shard_of(&["a", "b", "c"]), shard_of(&["a"]));
    let (maps, mut server, stream) = following(&before, &["a", "b", "c"]).await;
    let mut events = maps.subscribe();
    for _ in 0..3 {
        next(&mut events).await;
    }
    stream.modified(&map("a", 8));
    assert_eq!(next(&mut events).await, "a@5->8");
    let (decoded, lists) = (maps.counts().decoded, maps.counts().lists);
    let reshard = maps.reshard(after.clone());
    assert_eq!(maps.shard(), after);
    assert_eq!(within(reshard.released()).await, Ok(()));
    assert_eq!(shown(&maps), ["a@8"]);
    assert_eq!(within(reshard.ready()).await, Ok(()));
    let mut gone = [next(&mut events).await, next(&mut events).await];
    gone.sort();
    assert_eq!(gone, ["-b@5", "-c@5"]);
    assert!(is_live(&maps));
    let stream = watch_request(&mut server, "8", &after).await.open();
    stream.modified(&map("a", 9));
    assert_eq!(next(&mut events).await, "a@8->9");
    assert_eq!(maps.counts().decoded, decoded + 1);
    assert_eq!(maps.counts().lists, lists);
}

#[tokio::test(start_paused = true)]
async fn a_wider_shard_costs_what_is_new() {
    let (before, after) = (shard_of(&["a", "b", "c"]), shard_of(&["b", "c", "d", "e"]));
    let (maps, mut server, stream) = following(&before, &["a", "b", "c"]).await;
    let mut events = maps.subscribe();
    for _ in 0..3 {
        next(&mut events).await;
    }
    let kept = maps.cache().get("default", "b").expect("it is there");
    let decoded = maps.counts().decoded;
    let reshard = maps.reshard(after.clone());
    assert_eq!(within(reshard.released()).await, Ok(()));
    assert_eq!(shown(&maps), ["b@5", "c@5"]);
    assert_eq!(next(&mut events).await, "-a@5");
    within(stream.is_left()).await;
    // `c` has changed meanwhile.
    let request = stream_request(&mut server, Some("7"), &after).await;
    let stream = request.open();
    for object in [map("b", 5), map("c", 8), map("d", 3), map("e", 4)] {
        stream.added(&object);
    }
    tokio::time::sleep(Duration::from_secs(5)).await;
    assert_eq!(shown(&maps), ["b@5", "c@5"], "nothing before all is there");
    stream.synced("9");
    assert_eq!(within(reshard.ready()).await, Ok(()));
    assert_eq!(shown(&maps), ["b@5", "c@8", "d@3", "e@4"]);
    let mut told = Vec::new();
    for _ in 0..3 {
        told.push(next(&mut events).await);
    }
    told.sort();
    assert_eq!(told, ["+d@3", "+e@4", "c@5->8"]);
    assert_eq!(maps.counts().decoded, decoded + 3);
    let still = maps.cache().get("default", "b").expect("it is there");
    assert!(std::sync::Arc::ptr_eq(&kept, &still));
    assert_eq!(maps.counts().relists.resharded, 1);
    stream.modified(&map("d", 10));
    assert_eq!(next(&mut events).await, "d@3->10");
}

#[tokio::test(start_paused = true)]
async fn what_is_lost_goes_while_the_server_is_away() {
    let (before, after) = (shard_of(&["a", "b"]), shard_of(&["b", "c"]));
    let (maps, mut server, stream) = following(&before, &["a", "b"]).await;
    tokio::time::sleep(Duration::from_secs(5)).await;
    drop(stream);
    let request = watch_request(&mut server, "7", &before).await;
    request.fail(ErrorKind::ConnectionRefused);
    eventually(|| is_degraded(&maps)).await;
    // It waits, or a request does.
    let reshard = maps.reshard(after.clone());
    assert_eq!(within(reshard.released()).await, Ok(()));
    assert_eq!(shown(&maps), ["b@5"]);
    let hangs = stream_request(&mut server, Some("7"), &after).await;
    let other = shard_of(&["c"]);
    let last = maps.reshard(other.clone());
    assert_eq!(within(last.released()).await, Ok(()));
    assert_eq!(within(reshard.ready()).await, Err(ReshardError::Overtaken));
    assert!(maps.cache().is_empty());
    drop(hangs);
    let request = stream_request(&mut server, Some("7"), &other).await;
    request.fail(ErrorKind::ConnectionRefused);
    let request = stream_request(&mut server, Some("7"), &other).await;
    let _stream = self::stream(request, &[map("c", 5)], "9");
    assert_eq!(within(last.ready()).await, Ok(()));
    assert_eq!(shown(&maps), ["c@5"]);
    assert!(is_live(&maps));
}

#[tokio::test(start_paused = true)]
async fn the_last_of_several_counts_also_while_a_list_comes_in() {
    let shards = [&["a", "b"][..], &["b", "c"], &["c", "d"]].map(shard_of);
    let (maps, mut server) = informer(&shards[0]);
    let first = stream_request(&mut server, None, &shards[0]).await.open();
    first.added(&map("a", 5));
    tokio::time::sleep(Duration::from_secs(1)).await;
    let two = [1, 2].map(|index| maps.reshard(shards[index].clone()));
    assert_eq!(
        within(two[0].released()).await,
        Err(ReshardError::Overtaken)
    );
    assert_eq!(within(two[1].released()).await, Ok(()));
    within(first.is_left()).await;
    assert!(!maps.status().phase.is_ready(), "nothing was listed yet");
    // The same for a list in pages.
    let request = stream_request(&mut server, None, &shards[2]).await;
    request.refuse(500, "InternalError");
    let lists = [("limit", "500"), ("resourceVersion", "0")];
    let lists = sharded_request(&mut server, &lists, &shards[2]).await;
    lists.reply(&page("7", &[item("c", 5)], "next"));
    let hangs = server.request().await;
    let reshard = maps.reshard(shards[0].clone());
    drop(hangs);
    let request = stream_request(&mut server, None, &shards[0]).await;
    let stream = self::stream(request, &[map("a", 6), map("b", 6)], "9");
    assert_eq!(within(reshard.ready()).await, Ok(()));
    assert_eq!(within(two[1].ready()).await, Err(ReshardError::Overtaken));
    assert_eq!(shown(&maps), ["a@6", "b@6"]);
    // There and back before the list has come: it goes on where it was.
    maps.reshard(Shard::whole());
    let whole = stream_request(&mut server, Some("9"), &Shard::whole()).await;
    let whole = whole.open();
    whole.added(&map("x", 3));
    let back = maps.reshard(shards[0].clone());
    assert_eq!(within(back.ready()).await, Ok(()));
    within(whole.is_left()).await;
    drop(stream);
    let stream = watch_request(&mut server, "9", &shards[0]).await.open();
    stream.modified(&map("a", 10));
    shows(&maps, &["a@10", "b@6"]).await;
}

/// A form that tells neither its UID nor its namespace.
#[derive(serde::Deserialize)]
struct Own {
    metadata: Metadata,
}

#[derive(serde::Deserialize)]
#[serde(rename_all = "camelCase")]
struct Metadata {
    name: String,
    resource_version: String,
}

impl Object for Own {
    fn name(&self) -> &str {
        &self.metadata.name
    }

    fn version(&self) -> &str {
        &self.metadata.resource_version
    }
}

fn own(shard: Option<Shard>) -> (Informer<Own>, Server) {
    let (client, server) = server();
    let builder = Informer::<Own>::builder_of(client, ApiResource::erase::<ConfigMap>(&()));
    let builder = match shard {
        Some(shard) => builder.shard(shard),
        None => builder,
    };
    (builder.start(), server)
}

#[tokio::test(start_paused = true)]
async fn what_a_form_does_not_tell_is_known_of_what_came() {
    let (maps, mut server) = own(Some(Shard::whole()));
    let request = stream_request(&mut server, None, &Shard::whole()).await;
    let stream = self::stream(request, &["a", "b", "c"].map(|name| map(name, 5)), "7");
    is_ready(&maps).await;
    stream.modified(&map("b", 8));
    stream.deleted(&map("c", 9));
    stream.added(&map("d", 10));
    shows(&maps, &["a@5", "b@8", "d@10"]).await;
    let shard = shard_of(&["b", "d"]);
    let reshard = maps.reshard(shard.clone());
    assert_eq!(within(reshard.released()).await, Ok(()));
    assert_eq!(shown(&maps), ["b@8", "d@10"]);
    assert_eq!(within(reshard.ready()).await, Ok(()));
    let stream = watch_request(&mut server, "10", &shard).await.open();
    stream.added(&map("x", 11));
    stream.modified(&map("d", 12));
    shows(&maps, &["b@8", "d@12"]).await;
    // The namespace was told, too.
    let namespace = Shard::hash("default");
    let here = Shard::ranges([namespace..=namespace]).by_namespace();
    let reshard = maps.reshard(here.clone());
    assert_eq!(within(reshard.released()).await, Ok(()));
    assert_eq!(shown(&maps), ["b@8", "d@12"]);
    let _request = stream_request(&mut server, Some("12"), &here).await;
    let elsewhere = Shard::ranges([namespace + 1..]).by_namespace();
    assert_eq!(within(maps.reshard(elsewhere).released()).await, Ok(()));
    assert!(maps.cache().is_empty());
}

#[tokio::test(start_paused = true)]
async fn what_was_not_looked_at_is_known_with_the_next_list() {
    let (maps, mut server) = own(None);
    let request = stream_request(&mut server, None, &Shard::whole()).await;
    let _stream = self::stream(request, &["a", "b"].map(|name| map(name, 5)), "7");
    is_ready(&maps).await;
    let mut events = maps.subscribe();
    for _ in 0..2 {
        next(&mut events).await;
    }
    let shard = shard_of(&["b", "c"]);
    let reshard = maps.reshard(shard.clone());
    let request = stream_request(&mut server, Some("7"), &shard).await;
    let early = tokio::time::timeout(Duration::from_secs(5), reshard.released());
    assert!(early.await.is_err(), "it cannot be known yet");
    assert_eq!(shown(&maps), ["a@5", "b@5"]);
    let stream = self::stream(request, &[map("b", 5), map("c", 8)], "8");
    assert_eq!(within(reshard.released()).await, Ok(()));
    assert_eq!(shown(&maps), ["b@5", "c@8"]);
    assert_eq!(within(reshard.ready()).await, Ok(()));
    let told = [next(&mut events).await, next(&mut events).await];
    assert_eq!(told, ["-a@5", "+c@8"]);
    // From then on it is.
    let reshard = maps.reshard(shard_of(&["c"]));
    assert_eq!(within(reshard.released()).await, Ok(()));
    assert_eq!(next(&mut events).await, "-b@5");
    drop(stream);
}

#[tokio::test(start_paused = true)]
async fn what_is_in_no_namespace_goes_by_the_empty_text() {
    let none = Shard::hash("");
    for (shard, want) in [
        (Shard::ranges([none..=none]), &["n@5"][..]),
        (Shard::ranges([none + 1..]), &[]),
    ] {
        let shard = shard.by_namespace();
        let (client, mut server) = server();
        let nodes = Informer::<Node>::builder(client)
            .shard(shard.clone())
            .start();
        let request = stream_request(&mut server, None, &shard).await;
        let node = json!({
            "kind": "Node", "apiVersion": "v1",
            "metadata": {"name": "n", "uid": "u", "resourceVersion": "5"},
        });
        let _stream = stream(request, &[node], "7");
        is_ready(&nodes).await;
        shows(&nodes, want).await;
    }
}

#[tokio::test(start_paused = true)]
async fn after_a_failure_the_check_is_of_the_shard() {
    let shard = shard_of(&["a"]);
    let (maps, mut server, stream) = following(&shard, &["a"]).await;
    tokio::time::sleep(Duration::from_secs(5)).await;
    stream.cut();
    let stream = watch_request(&mut server, "7", &shard).await.open();
    let check = sharded_request(&mut server, &[("limit", "1")], &shard).await;
    check.reply(&confirmed(list("7", &[item("a", 5)]), &shard));
    stream.modified(&map("a", 8));
    shows(&maps, &["a@8"]).await;
    assert!(is_live(&maps));
}

#[tokio::test(start_paused = true)]
async fn of_very_many_ranges_the_server_is_asked_for_a_little_more() {
    let ranges = (0..1_000_u64).map(|number| number << 50..=(number << 50) + (1 << 49));
    let name = |inside: bool| {
        let shard = Shard::ranges(ranges.clone());
        let names = (0..).map(|number| format!("n{number}"));
        let is_it = |name: &String| {
            let hash = Shard::hash(&uid(name));
            hash < 999 << 50 && shard.contains_hash(hash) == inside
        };
        names.into_iter().find(is_it).expect("one of many")
    };
    let (inside, outside) = (name(true), name(false));
    let shard = Shard::ranges(ranges.clone());
    let (maps, mut server) = informer(&shard);
    let request = server.request().await;
    let asked = &request.query["shardSelector"];
    assert_eq!(asked.matches("shardRange").count(), 64);
    let _stream = stream(request, &[map(&inside, 5), map(&outside, 6)], "7");
    is_ready(&maps).await;
    assert_eq!(shown(&maps), [format!("{inside}@5")]);
    assert_ne!(maps.status().sharded_by_server, Some(true));
}

fn shards() -> impl Strategy<Value = Shard> {
    let bound = prop_oneof![any::<u64>(), 0..16_u64, u64::MAX - 16..=u64::MAX];
    let ranges = prop::collection::vec((bound.clone(), bound), 0..6);
    ranges.prop_map(|ranges| Shard::ranges(ranges.into_iter().map(|(a, b)| a.min(b)..=a.max(b))))
}

/// The bounds of shards, and what is beside them.
fn hashes(shards: &[&Shard]) -> Vec<u64> {
    let bounds = shards.iter().flat_map(|shard| shard.as_ranges());
    let bounds = bounds.flat_map(|range| [*range.start(), *range.end()]);
    let near = bounds.flat_map(|hash| [hash, hash.wrapping_sub(1), hash.wrapping_add(1)]);
    near.chain([0, 1, u64::MAX]).collect()
}

proptest! {
    #[test]
    fn shards_are_sets_of_hashes(a in shards(), b in shards(), any in any::<u64>()) {
        let both = [a.union(&b), a.intersection(&b), a.difference(&b)].map(Option::unwrap);
        for hash in hashes(&[&a, &b, &both[0], &both[1], &both[2]]).into_iter().chain([any]) {
            let (in_a, in_b) = (a.contains_hash(hash), b.contains_hash(hash));
            let want = [in_a || in_b, in_a && in_b, in_a && !in_b];
            prop_assert_eq!(both.each_ref().map(|shard| shard.contains_hash(hash)), want, "{}", hash);
        }
        prop_assert_eq!(a.is_within(&b), both[2].is_nothing());
        prop_assert!(both[1].is_within(&a) && a.is_within(&both[0]));
        // There is one way to write it.
        prop_assert_eq!(both[1].union(&both[2]).unwrap(), a.clone());
        let written: Vec<_> = a.as_ranges().collect();
        prop_assert!(written.windows(2).all(|pair| pair[0].end() + 1 < *pair[1].start()));
        prop_assert_eq!(Shard::ranges(written), a);
    }

    #[test]
    fn a_shard_of_so_many_is_of_equal_size(count in 1..1_000_u32, hash in any::<u64>()) {
        let all: Vec<_> = (0..count).map(|index| Shard::of(index, count)).collect();
        prop_assert_eq!(all.iter().filter(|shard| shard.contains_hash(hash)).count(), 1);
        let sizes = all.iter().flat_map(Shard::as_ranges).map(|it| it.end() - it.start());
        let sizes: Vec<_> = sizes.collect();
        let (least, most) = (sizes.iter().min().unwrap(), sizes.iter().max().unwrap());
        prop_assert!(most - least <= 1);
    }
}
