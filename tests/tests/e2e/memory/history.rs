//! Versions, histories, and what tests do to the server directly.

use std::time::Duration;

use harness::memory::{ApiServer, Options, Resource, Verb};
use serde_json::{Value, json};

use super::{Check, PODS, checks, pod};
use crate::contract::version_of;
use crate::contract::wire::Wire;
use crate::trial::{Outcome, check};

pub(super) const CHECKS: &[Check] = checks![
    direct_changes_reach_watches,
    another_uid_is_another_object,
    open_watches_survive_a_compaction,
    new_incarnation_cuts_watches_and_starts_lower,
    watches_can_be_ended_and_cut,
    short_history_forgets,
    bookmarks_come_each_period,
    requests_are_counted,
    custom_resources_are_served,
    a_namespace_takes_its_objects_along,
    many_objects_are_listed_in_pages,
];

async fn direct_changes_reach_watches(server: ApiServer, wire: Wire) -> Outcome {
    let path = format!("{PODS}?watch=1&resourceVersion={}", server.version());
    let mut events = wire.watch(&path).await?;
    let made = server.put(pod("a"))?;
    let failed = json!({ "status": { "phase": "Failed" } });
    let changed = server.patch("pods", "default", "a", &failed)?;
    let gone = server.delete("pods", "default", "a")?;
    for (kind, object) in [("ADDED", made), ("MODIFIED", changed), ("DELETED", gone)] {
        let event = events.event().await?;
        check(
            event["type"] == kind && event["object"] == object,
            event.to_string(),
        )?;
    }
    check(server.count("pods") == 0, "it is still there")
}

async fn another_uid_is_another_object(server: ApiServer, wire: Wire) -> Outcome {
    let first = server.put(pod("a"))?;
    let mut events = wire
        .watch(&format!(
            "{PODS}?watch=1&resourceVersion={}",
            server.version()
        ))
        .await?;
    let mut second = pod("a");
    second["metadata"]["uid"] = "00000000-0000-4000-8000-000000000001".into();
    server.put(second)?;
    let (gone, made) = (events.event().await?, events.event().await?);
    check(
        gone["type"] == "DELETED" && gone["object"]["metadata"]["uid"] == first["metadata"]["uid"],
        gone.to_string(),
    )?;
    check(
        made["type"] == "ADDED"
            && made["object"]["metadata"]["uid"] == "00000000-0000-4000-8000-000000000001",
        made.to_string(),
    )
}

async fn open_watches_survive_a_compaction(server: ApiServer, wire: Wire) -> Outcome {
    let start = server.version();
    let path = format!("{PODS}?watch=1&resourceVersion={start}");
    let mut events = wire.watch(&path).await?;
    server.put(pod("a"))?;
    server.compact();
    server.put(pod("b"))?;
    for name in ["a", "b"] {
        let event = events.event().await?;
        check(
            event["object"]["metadata"]["name"] == name,
            event.to_string(),
        )?;
    }
    let event = wire.watch(&path).await?.event().await?;
    check(event["object"]["code"] == 410, event.to_string())
}

async fn new_incarnation_cuts_watches_and_starts_lower(server: ApiServer, wire: Wire) -> Outcome {
    server.put(pod("a"))?;
    let before = server.version();
    let mut events = wire
        .watch(&format!("{PODS}?watch=1&resourceVersion={before}"))
        .await?;
    server.begin_incarnation(before - 500);
    check(events.next().await.is_err(), "the watch was not cut")?;
    let list = wire.get(PODS).await?.expect(200)?;
    check(
        version_of(&list) == (before - 500).to_string()
            && list["items"]
                .as_array()
                .is_some_and(|items| items.len() == 1),
        list.to_string(),
    )?;
    let path = format!("{PODS}?resourceVersion={before}&resourceVersionMatch=NotOlderThan");
    wire.get(&path).await?.expect(504)?;
    let made = server.put(pod("b"))?;
    check(
        version_of(&made) == (before - 499).to_string(),
        made.to_string(),
    )
}

async fn watches_can_be_ended_and_cut(server: ApiServer, wire: Wire) -> Outcome {
    let path = format!("{PODS}?watch=1&resourceVersion={}", server.version());
    let (mut first, mut second) = (wire.watch(&path).await?, wire.watch(&path).await?);
    check(server.open_watches() == 2, "they are not open")?;
    server.put(pod("a"))?;
    server.end_watches();
    // What had happened before the end is told.
    first.event().await?;
    check(first.next().await?.is_none(), "it goes on")?;
    server.cut_watches();
    check(second.next().await.is_err(), "it was not cut")?;
    drop((first, second));
    check(server.open_watches() == 0, "they are still open")
}

async fn short_history_forgets(_: ApiServer, _: Wire) -> Outcome {
    let server = ApiServer::with_options(Options::default().with_history(3));
    let wire = Wire::service(server.service());
    let start = server.version();
    for name in ["a", "b", "c", "d"] {
        server.put(pod(name))?;
    }
    let path = |version: u64| format!("{PODS}?watch=1&resourceVersion={version}");
    let event = wire.watch(&path(start)).await?.event().await?;
    check(event["object"]["code"] == 410, event.to_string())?;
    let event = wire.watch(&path(start + 1)).await?.event().await?;
    check(
        event["object"]["metadata"]["name"] == "b",
        event.to_string(),
    )
}

async fn bookmarks_come_each_period(_: ApiServer, _: Wire) -> Outcome {
    let options = Options::default().with_bookmark_period(Duration::from_secs(10));
    let server = ApiServer::with_options(options);
    let wire = Wire::service(server.service());
    let path = format!(
        "{PODS}?watch=1&allowWatchBookmarks=true&resourceVersion={}",
        server.version()
    );
    let mut events = wire.watch(&path).await?;
    for node in ["a", "b"] {
        server.put(json!({ "apiVersion": "v1", "kind": "Node", "metadata": { "name": node } }))?;
        let event = events.event().await?;
        let version = version_of(&event["object"]);
        check(
            event["type"] == "BOOKMARK" && version == server.version().to_string(),
            event.to_string(),
        )?;
    }
    Ok(())
}

async fn requests_are_counted(server: ApiServer, wire: Wire) -> Outcome {
    wire.get(&format!("{PODS}?limit=5")).await?.expect(200)?;
    wire.get(&format!("{PODS}/none")).await?.expect(404)?;
    wire.watch(&format!("{PODS}?watch=1")).await?;
    let counts: Vec<_> = server
        .counts()
        .into_iter()
        .map(|(counted, count)| (counted.verb, counted.resource, counted.code, count))
        .collect();
    let expected = [
        (Verb::Get, "pods".to_owned(), 404, 1),
        (Verb::List, "pods".to_owned(), 200, 1),
        (Verb::Watch, "pods".to_owned(), 200, 1),
    ];
    check(counts == expected, format!("{counts:?}"))?;
    let requests = server.requests();
    check(
        requests[0].info.parameter("limit") == "5" && requests[0].info.namespace == "default",
        format!("{requests:?}"),
    )?;
    server.clear_requests();
    check(server.requests().is_empty(), "they are still there")
}

async fn custom_resources_are_served(_: ApiServer, _: Wire) -> Outcome {
    let widgets = Resource::custom("example.com", "v1", "widgets", "Widget");
    let server = ApiServer::with_options(Options::default().with_resource(widgets));
    let wire = Wire::service(server.service());
    server.put(json!({
        "apiVersion": "example.com/v1",
        "kind": "Widget",
        "metadata": { "namespace": "default", "name": "w" },
        "spec": { "size": 3 },
    }))?;
    let path = "/apis/example.com/v1/namespaces/default/widgets";
    let list = wire.get(path).await?;
    // As the real server's: items have kinds, and the metadata comes last.
    check(
        list.text.find("\"items\"") < list.text.find("\"metadata\":{\"resourceVersion\""),
        &list.text,
    )?;
    let list = list.expect(200)?;
    check(
        list["kind"] == "WidgetList" && list["items"][0]["kind"] == "Widget",
        list.to_string(),
    )
}

async fn a_namespace_takes_its_objects_along(server: ApiServer, wire: Wire) -> Outcome {
    server.put(pod("a"))?;
    let path = "/api/v1/namespaces/default";
    wire.send(http::Method::DELETE, path, &[], None)
        .await?
        .expect(200)?;
    wire.get(path).await?.expect(404)?;
    check(server.list("pods").is_empty(), "a pod is left")
}

async fn many_objects_are_listed_in_pages(server: ApiServer, wire: Wire) -> Outcome {
    const COUNT: usize = 2_000;
    let made = server.load((0..COUNT).map(|number| pod(&format!("p-{number:05}"))))?;
    check(
        made == COUNT && server.count("pods") == COUNT,
        "some are missing",
    )?;
    let (mut names, mut token) = (Vec::new(), String::new());
    loop {
        let path = format!("{PODS}?limit=300&continue={token}");
        let page = wire.get(&path).await?.expect(200)?;
        names.extend(crate::contract::lists::names(&page));
        // What changes meanwhile shows in no later page.
        server.delete("pods", "default", &format!("p-{:05}", names.len() - 1))?;
        match page["metadata"]["continue"].as_str() {
            Some(next) => next.clone_into(&mut token),
            None => break,
        }
    }
    let expected: Vec<String> = (0..COUNT).map(|number| format!("p-{number:05}")).collect();
    check(names == expected, format!("{} names", names.len()))?;
    let left: Vec<Value> = server.list("pods");
    check(left.len() == COUNT - 7, format!("{} left", left.len()))
}
