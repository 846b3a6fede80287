//! Watches: where they start, what they say, how they end.

use serde_json::{Value, json};

use super::lists::{five, is_options};
use super::wire::{Events, Wire};
use super::{Check, checks, version_of};
use crate::trial::{Outcome, check};

pub(super) const CHECKS: &[Check] = checks![
    changes_come_in_order_with_versions,
    deleted_has_the_last_content_and_a_new_version,
    watch_starts_after_its_version,
    watch_without_a_version_starts_with_what_is_there,
    path_of_one_object_is_not_watched,
    one_object_is_watched_by_its_name,
    selectors_turn_changes_into_additions_and_deletions,
    watch_ends_at_its_timeout,
    bookmark_comes_before_the_end,
    bookmarks_come_on_request_only,
    match_needs_initial_events,
    watch_is_confined_to_its_namespace,
];

pub(super) fn kind_and_name(event: &Value) -> (String, String) {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    (
        text(&event["type"]),
        text(&event["object"]["metadata"]["name"]),
    )
}

async fn expect(
    events: &mut Events,
    kind: &str,
    name: &str,
) -> Result<Value, libtest_mimic::Failed> {
    let event = events.event().await?;
    check(
        kind_and_name(&event) == (kind.to_owned(), name.to_owned()),
        format!("not {kind} of {name}: {event}"),
    )?;
    Ok(event["object"].clone())
}

async fn changes_come_in_order_with_versions(wire: Wire) -> Outcome {
    let space = wire.space("order").await?;
    let start = space.make("start", json!({})).await?;
    let mut events = wire.watch(&space.watch_after(&start)).await?;
    let made = space.make("a", json!({ "n": "1" })).await?;
    let changed = space.relabel("a", json!({ "n": "2" })).await?;
    check(
        expect(&mut events, "ADDED", "a").await? == made,
        "other content",
    )?;
    check(
        expect(&mut events, "MODIFIED", "a").await? == changed,
        "other content",
    )
}

async fn deleted_has_the_last_content_and_a_new_version(wire: Wire) -> Outcome {
    let space = wire.space("deletion").await?;
    let mut made = space.make("a", json!({ "n": "1" })).await?;
    let mut events = wire.watch(&space.watch_after(&made)).await?;
    space.remove("a").await?;
    let deleted = expect(&mut events, "DELETED", "a").await?;
    let (before, after): (u64, u64) = (version_of(&made).parse()?, version_of(&deleted).parse()?);
    check(after > before, deleted.to_string())?;
    made["metadata"]["resourceVersion"] = version_of(&deleted).into();
    check(deleted == made, deleted.to_string())
}

async fn watch_starts_after_its_version(wire: Wire) -> Outcome {
    let space = wire.space("after").await?;
    let first = space.make("a", json!({})).await?;
    space.make("b", json!({})).await?;
    space.remove("a").await?;
    let mut events = wire.watch(&space.watch_after(&first)).await?;
    expect(&mut events, "ADDED", "b").await?;
    expect(&mut events, "DELETED", "a").await.map(drop)
}

async fn watch_without_a_version_starts_with_what_is_there(wire: Wire) -> Outcome {
    let space = five(&wire, "present").await?;
    for version in ["", "&resourceVersion=0"] {
        let path = space.maps(&format!("?watch=1&labelSelector=n{version}"));
        let mut events = wire.watch(&path).await?;
        let mut seen = Vec::new();
        for _ in 0..5 {
            let (kind, name) = kind_and_name(&events.event().await?);
            check(kind == "ADDED", kind)?;
            seen.push(name);
        }
        seen.sort();
        check(seen == ["a", "b", "c", "d", "e"], format!("{seen:?}"))?;
        space
            .relabel("c", json!({ "again": version.len().to_string() }))
            .await?;
        expect(&mut events, "MODIFIED", "c").await?;
    }
    Ok(())
}

async fn path_of_one_object_is_not_watched(wire: Wire) -> Outcome {
    let space = wire.space("by-path").await?;
    let made = space.make("a", json!({})).await?;
    let object = wire.get(&space.maps("/a?watch=1")).await?.expect(200)?;
    check(object == made, object.to_string())
}

async fn one_object_is_watched_by_its_name(wire: Wire) -> Outcome {
    let space = wire.space("by-name").await?;
    let first = space.make("a", json!({})).await?;
    let path = format!(
        "{}&fieldSelector=metadata.name%3Db",
        space.watch_after(&first)
    );
    let mut events = wire.watch(&path).await?;
    space.relabel("a", json!({ "n": "1" })).await?;
    space.make("b", json!({})).await?;
    expect(&mut events, "ADDED", "b").await.map(drop)
}

async fn selectors_turn_changes_into_additions_and_deletions(wire: Wire) -> Outcome {
    let space = wire.space("selected").await?;
    let start = space.make("a", json!({ "app": "other" })).await?;
    let path = format!("{}&labelSelector=app%3Dweb", space.watch_after(&start));
    let mut events = wire.watch(&path).await?;

    space.relabel("a", json!({ "app": "web" })).await?;
    expect(&mut events, "ADDED", "a").await?;
    let mut last = space.relabel("a", json!({ "n": "1" })).await?;
    check(
        expect(&mut events, "MODIFIED", "a").await? == last,
        "other content",
    )?;
    let left = space.relabel("a", json!({ "app": "other" })).await?;
    // What leaves is shown as it last matched, at the version of the change.
    let deleted = expect(&mut events, "DELETED", "a").await?;
    last["metadata"]["resourceVersion"] = version_of(&left).into();
    check(deleted == last, deleted.to_string())?;

    space.relabel("a", json!({ "n": "2" })).await?;
    space.make("b", json!({ "app": "web" })).await?;
    expect(&mut events, "ADDED", "b").await?;
    space.remove("a").await?;
    space.remove("b").await?;
    expect(&mut events, "DELETED", "b").await.map(drop)
}

async fn watch_ends_at_its_timeout(wire: Wire) -> Outcome {
    let space = wire.space("timeout").await?;
    let start = space.make("a", json!({})).await?;
    let path = format!("{}&timeoutSeconds=1", space.watch_after(&start));
    let mut events = wire.watch(&path).await?;
    check(events.next().await?.is_none(), "an event out of nothing")
}

async fn bookmark_comes_before_the_end(wire: Wire) -> Outcome {
    let (space, other) = (
        wire.space("bookmark").await?,
        wire.space("elsewhere").await?,
    );
    let start = space.make("a", json!({})).await?;
    let path = format!(
        "{}&timeoutSeconds=5&allowWatchBookmarks=true",
        space.watch_after(&start)
    );
    let mut events = wire.watch(&path).await?;
    let unseen = other.make("a", json!({})).await?;
    let bookmark = events.event().await?;
    check(bookmark["type"] == "BOOKMARK", bookmark.to_string())?;
    let object = &bookmark["object"];
    let metadata = object["metadata"].as_object();
    check(
        object["kind"] == "ConfigMap"
            && object["apiVersion"] == "v1"
            && metadata.is_some_and(|fields| fields.len() == 1),
        bookmark.to_string(),
    )?;
    let mut version: u64 = version_of(object).parse()?;
    while let Some(event) = events.next().await? {
        check(event["type"] == "BOOKMARK", event.to_string())?;
        version = version_of(&event["object"]).parse()?;
    }
    let unseen: u64 = version_of(&unseen).parse()?;
    check(version >= unseen, format!("{version} < {unseen}"))
}

async fn bookmarks_come_on_request_only(wire: Wire) -> Outcome {
    let space = wire.space("unasked").await?;
    let start = space.make("a", json!({})).await?;
    let path = format!("{}&timeoutSeconds=4", space.watch_after(&start));
    let mut events = wire.watch(&path).await?;
    check(
        events.next().await?.is_none(),
        "nobody requested a bookmark",
    )
}

async fn match_needs_initial_events(wire: Wire) -> Outcome {
    let space = wire.space("matchless").await?;
    let path = space.maps("?watch=1&resourceVersion=0&resourceVersionMatch=NotOlderThan");
    let refused = wire.get(&path).await?.expect(422)?;
    is_options(
        &refused,
        "resourceVersionMatch",
        "FieldValueForbidden",
        "resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided",
    )
}

async fn watch_is_confined_to_its_namespace(wire: Wire) -> Outcome {
    let (space, other) = (wire.space("here").await?, wire.space("there").await?);
    let start = space.make("a", json!({})).await?;
    let mut here = wire.watch(&space.watch_after(&start)).await?;
    let everywhere = format!(
        "/api/v1/configmaps?watch=1&labelSelector=confined&resourceVersion={}",
        version_of(&start)
    );
    let mut everywhere = wire.watch(&everywhere).await?;
    other
        .make("b", json!({ "confined": &other.namespace }))
        .await?;
    space
        .make("c", json!({ "confined": &space.namespace }))
        .await?;
    expect(&mut here, "ADDED", "c").await?;
    let mut seen = Vec::new();
    while seen.len() < 2 {
        // Other checks run at the same time.
        let event = everywhere.event().await?;
        let namespace = &event["object"]["metadata"]["namespace"];
        if *namespace == space.namespace || *namespace == other.namespace {
            seen.push(kind_and_name(&event).1);
        }
    }
    check(seen == ["b", "c"], format!("{seen:?}"))
}
