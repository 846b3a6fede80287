//! What some servers do and others do not: each shows on the wire as it does there.

use std::time::Duration;

use harness::memory::{ApiServer, Fault, Options, Resource, Verb};
use libtest_mimic::Failed;
use serde_json::{Value, json};
use tokio::time::timeout;

use super::{Check, PODS, checks, pod};
use crate::contract::version_of;
use crate::contract::wire::{Events, Wire};
use crate::trial::{Outcome, check};

pub(super) const CHECKS: &[Check] = checks![
    restore_ahead_brings_old_objects_at_a_new_version,
    restore_back_accepts_the_future_and_is_silent,
    hidden_objects_appear_at_their_old_version,
    versions_can_be_drawn_late,
    modification_can_keep_its_version,
    conversion_changes_content_and_no_version,
    silent_watch_lasts_its_time,
    last_bookmark_can_stay_away,
    last_bookmark_can_lack_its_version,
    deletion_can_lack_its_object,
    object_can_lack_its_name,
    token_can_repeat,
    second_page_can_be_expired_always,
    lists_can_lack_versions,
    metadata_alone_can_be_refused,
];

/// Nothing is to come: with a paused clock, this takes no time.
const NOTHING: Duration = Duration::from_secs(30);
const STREAM: &str = "?watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan\
                      &allowWatchBookmarks=true&timeoutSeconds=600";

/// A watch of pods from a version on.
async fn watch_from(wire: &Wire, version: u64) -> Result<Events, Failed> {
    let options = "watch=1&allowWatchBookmarks=true&timeoutSeconds=600";
    wire.watch(&format!("{PODS}?{options}&resourceVersion={version}"))
        .await
}

/// Type, name and version of the next event.
async fn said(events: &mut Events) -> Result<(String, String, String), Failed> {
    let event = events.event().await?;
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let object = &event["object"];
    Ok((
        text(&event["type"]),
        text(&object["metadata"]["name"]),
        version_of(object),
    ))
}

async fn expect(events: &mut Events, kind: &str, name: &str, version: u64) -> Outcome {
    let said = said(events).await?;
    let expected = (kind.to_owned(), name.to_owned(), version.to_string());
    check(said == expected, format!("{said:?}, not {expected:?}"))
}

async fn restore_ahead_brings_old_objects_at_a_new_version(
    server: ApiServer,
    wire: Wire,
) -> Outcome {
    let kept = server.put(pod("a"))?;
    let backup = server.back_up();
    server.put(pod("b"))?;
    server.patch(
        "pods",
        "default",
        "a",
        &json!({ "spec": { "nodeName": "n" } }),
    )?;
    let seen = server.version();
    let mut events = watch_from(&wire, seen).await?;
    let ahead = backup.version() + 1_000_000;
    server.restore(&backup, ahead);
    check(events.next().await.is_err(), "the watch was not cut")?;
    let path = format!("{PODS}?resourceVersion={seen}&resourceVersionMatch=NotOlderThan");
    let list = wire.get(&path).await?.expect(200)?;
    check(
        version_of(&list) == ahead.to_string(),
        format!("the list is of {}", version_of(&list)),
    )?;
    let items = list["items"].as_array().cloned().unwrap_or_default();
    check(
        items.len() == 1
            && version_of(&items[0]) == version_of(&kept)
            && items[0]["metadata"]["uid"] == kept["metadata"]["uid"]
            && items[0]["spec"].get("nodeName").is_none(),
        list.to_string(),
    )?;
    let error = watch_from(&wire, seen).await?.event().await?;
    check(error["object"]["code"] == 410, error.to_string())?;
    let made = server.put(pod("c"))?;
    check(
        version_of(&made) == (ahead + 1).to_string(),
        version_of(&made),
    )
}

async fn restore_back_accepts_the_future_and_is_silent(server: ApiServer, wire: Wire) -> Outcome {
    server.put(pod("a"))?;
    let backup = server.back_up();
    for number in 0..5 {
        server.put(pod(&format!("later-{number}")))?;
    }
    let seen = server.version();
    server.restore(&backup, backup.version());
    check(server.count("pods") == 1, "something came later")?;
    let mut events = watch_from(&wire, seen).await?;
    server.put(pod("b"))?;
    let next = timeout(NOTHING, events.next()).await;
    check(next.is_err(), "the watch says something")?;
    let path = format!("{PODS}?resourceVersion={seen}&resourceVersionMatch=NotOlderThan");
    wire.get(&path).await?.expect(504)?;
    // Once the server is there, it goes on as if nothing had been.
    while server.version() <= seen {
        server.put(pod("c"))?;
    }
    expect(&mut events, "MODIFIED", "c", seen + 1).await
}

async fn hidden_objects_appear_at_their_old_version(server: ApiServer, wire: Wire) -> Outcome {
    let old: u64 = version_of(&server.put(pod("a"))?).parse()?;
    server.put(pod("b"))?;
    let mut events = watch_from(&wire, server.version()).await?;
    server.hide("pods", "default", "a")?;
    let hidden = server.version();
    expect(&mut events, "DELETED", "a", hidden).await?;
    let list = wire.get(PODS).await?.expect(200)?;
    check(
        list["items"]
            .as_array()
            .is_some_and(|items| items.len() == 1),
        list.to_string(),
    )?;
    wire.get(&format!("{PODS}/a")).await?.expect(404)?;
    server.reveal("pods", "default", "a")?;
    check(old < hidden, "it is new")?;
    expect(&mut events, "ADDED", "a", old).await?;
    wire.get(&format!("{PODS}/a")).await?.expect(200)?;
    // Who comes back from the time between is told, too.
    expect(&mut watch_from(&wire, hidden).await?, "ADDED", "a", old).await?;
    check(
        server.reveal("pods", "default", "a").is_err(),
        "it is hidden",
    )
}

async fn versions_can_be_drawn_late(server: ApiServer, wire: Wire) -> Outcome {
    server.put(pod("b"))?;
    let mut events = watch_from(&wire, server.version()).await?;
    let drawn = server.draw_version();
    server.delete("pods", "default", "b")?;
    server.put_at(pod("a"), drawn)?;
    let deleted = drawn + 1;
    expect(&mut events, "DELETED", "b", deleted).await?;
    expect(&mut events, "ADDED", "a", drawn).await?;
    // The other way about: what is gone says an older version than what is there.
    server.delete_at("pods", "default", "a", drawn - 1)?;
    expect(&mut events, "DELETED", "a", drawn - 1).await
}

async fn modification_can_keep_its_version(server: ApiServer, wire: Wire) -> Outcome {
    let version: u64 = version_of(&server.put(pod("a"))?).parse()?;
    let mut events = watch_from(&wire, version).await?;
    let mut changed = pod("a");
    changed["spec"]["nodeName"] = "n".into();
    server.put_at(changed, version)?;
    let event = events.event().await?;
    check(
        event["type"] == "MODIFIED"
            && version_of(&event["object"]) == version.to_string()
            && event["object"]["spec"]["nodeName"] == "n",
        event.to_string(),
    )
}

async fn conversion_changes_content_and_no_version(_: ApiServer, _: Wire) -> Outcome {
    let widgets = Resource::custom("example.com", "v1", "widgets", "Widget");
    let server = ApiServer::with_options(Options::default().with_resource(widgets));
    let wire = Wire::service(server.service());
    let made = server.put(json!({
        "apiVersion": "example.com/v1",
        "kind": "Widget",
        "metadata": { "namespace": "default", "name": "w" },
        "spec": {},
    }))?;
    let path = "/apis/example.com/v1/namespaces/default/widgets";
    let from = format!("{path}?watch=1&resourceVersion={}", version_of(&made));
    let mut events = wire.watch(&from).await?;
    server.convert("widgets", &json!({ "spec": { "size": 3 } }));
    let list = wire.get(path).await?.expect(200)?;
    let item = &list["items"][0];
    check(
        item["spec"]["size"] == 3 && version_of(item) == version_of(&made),
        list.to_string(),
    )?;
    let next = timeout(NOTHING, events.next()).await;
    check(next.is_err(), "the watch is told")
}

async fn silent_watch_lasts_its_time(server: ApiServer, wire: Wire) -> Outcome {
    server.put(pod("a"))?;
    server.inject(Fault::silent());
    let mut events = wire.watch(&format!("{PODS}{STREAM}")).await?;
    server.put(pod("b"))?;
    let next = timeout(Duration::from_secs(599), events.next_unlimited()).await;
    check(next.is_err(), "something came")?;
    check(
        events.next_unlimited().await?.is_none(),
        "the watch goes on after its timeout",
    )?;
    server.inject(Fault::silent());
    let mut events = wire.watch(&format!("{PODS}{STREAM}")).await?;
    server.cut_watches();
    check(events.next().await.is_err(), "it was not cut")
}

async fn last_bookmark_can_stay_away(server: ApiServer, wire: Wire) -> Outcome {
    server.put(pod("a"))?;
    server.inject(Fault::no_last_bookmark());
    let mut events = wire.watch(&format!("{PODS}{STREAM}")).await?;
    expect(&mut events, "ADDED", "a", server.version()).await?;
    server.put(pod("b"))?;
    expect(&mut events, "ADDED", "b", server.version()).await?;
    server.draw_version();
    let event = events.next_unlimited().await?.unwrap_or_default();
    check(
        event["type"] == "BOOKMARK" && event["object"]["metadata"].get("annotations").is_none(),
        event.to_string(),
    )
}

async fn last_bookmark_can_lack_its_version(server: ApiServer, wire: Wire) -> Outcome {
    server.put(pod("a"))?;
    server.inject(Fault::unversioned_bookmark());
    let mut events = wire.watch(&format!("{PODS}{STREAM}")).await?;
    expect(&mut events, "ADDED", "a", server.version()).await?;
    let event = events.event().await?;
    let metadata = &event["object"]["metadata"];
    check(
        event["type"] == "BOOKMARK"
            && metadata["annotations"] == json!({ "k8s.io/initial-events-end": "true" })
            && metadata.get("resourceVersion").is_none(),
        event.to_string(),
    )?;
    server.put(pod("b"))?;
    expect(&mut events, "ADDED", "b", server.version()).await
}

async fn deletion_can_lack_its_object(server: ApiServer, wire: Wire) -> Outcome {
    server.put(pod("a"))?;
    server.inject(Fault::without_object(0).on(Verb::Watch));
    let mut events = watch_from(&wire, server.version()).await?;
    server.delete("pods", "default", "a")?;
    let event = events.event().await?;
    check(event == json!({ "type": "DELETED" }), event.to_string())?;
    server.put(pod("b"))?;
    expect(&mut events, "ADDED", "b", server.version()).await
}

async fn object_can_lack_its_name(server: ApiServer, wire: Wire) -> Outcome {
    server.put(pod("a"))?;
    server.inject(Fault::without_name(0).on(Verb::Watch));
    let mut events = watch_from(&wire, server.version()).await?;
    server.delete("pods", "default", "a")?;
    expect(&mut events, "DELETED", "", server.version()).await
}

async fn token_can_repeat(server: ApiServer, wire: Wire) -> Outcome {
    for name in ["a", "b", "c"] {
        server.put(pod(name))?;
    }
    let fault = server.inject(Fault::repeated_token().forever());
    let first = wire.get(&format!("{PODS}?limit=1")).await?.expect(200)?;
    let token = first["metadata"]["continue"].as_str().unwrap_or_default();
    for _ in 0..3 {
        let path = format!("{PODS}?limit=1&continue={token}");
        let page = wire.get(&path).await?.expect(200)?;
        check(
            page["metadata"]["continue"] == token && page["items"][0]["metadata"]["name"] == "b",
            page.to_string(),
        )?;
    }
    check(fault.hits() == 3, "the first page was met")
}

async fn second_page_can_be_expired_always(server: ApiServer, wire: Wire) -> Outcome {
    for name in ["a", "b", "c"] {
        server.put(pod(name))?;
    }
    let fault = server.inject(Fault::expired_page().forever());
    for _ in 0..2 {
        let first = wire.get(&format!("{PODS}?limit=1")).await?.expect(200)?;
        let token = first["metadata"]["continue"].as_str().unwrap_or_default();
        let path = format!("{PODS}?limit=1&continue={token}");
        let second = wire.get(&path).await?.expect(410)?;
        check(second["reason"] == "Expired", second.to_string())?;
    }
    check(fault.hits() == 2, "the first page was met")?;
    let whole = wire.get(PODS).await?.expect(200)?;
    check(
        whole["items"]
            .as_array()
            .is_some_and(|items| items.len() == 3),
        whole.to_string(),
    )
}

async fn lists_can_lack_versions(server: ApiServer, wire: Wire) -> Outcome {
    server.put(pod("a"))?;
    server.inject(Fault::unversioned_list());
    let list = wire.get(PODS).await?.expect(200)?;
    check(
        version_of(&list).is_empty() && !version_of(&list["items"][0]).is_empty(),
        list.to_string(),
    )?;
    let all = server.inject(Fault::no_versions().forever());
    let list = wire.get(PODS).await?.expect(200)?;
    check(
        version_of(&list).is_empty()
            && version_of(&list["items"][0]).is_empty()
            && list["items"][0]["metadata"]["name"] == "a",
        list.to_string(),
    )?;
    let mut events = wire.watch(&format!("{PODS}?watch=1")).await?;
    let expected = ("ADDED".to_owned(), "a".to_owned(), String::new());
    check(said(&mut events).await? == expected, "it has a version")?;
    server.delete("pods", "default", "a")?;
    let expected = ("DELETED".to_owned(), "a".to_owned(), String::new());
    check(said(&mut events).await? == expected, "it has a version")?;
    check(all.hits() == 2, format!("{all:?}"))
}

async fn metadata_alone_can_be_refused(server: ApiServer, wire: Wire) -> Outcome {
    const ONLY: &str = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1";
    server.put(pod("a"))?;
    server.inject(Fault::no_metadata().forever());
    let get = async |accept: &str| {
        let headers = [("accept", accept)];
        wire.send(http::Method::GET, PODS, &headers, None).await
    };
    let refused = get(ONLY).await?.expect(406)?;
    check(refused["reason"] == "NotAcceptable", refused.to_string())?;
    let plain = get(&format!("{ONLY},application/json"))
        .await?
        .expect(200)?;
    check(
        plain["kind"] == "PodList" && plain["items"][0]["status"]["phase"] == "Running",
        plain.to_string(),
    )
}
