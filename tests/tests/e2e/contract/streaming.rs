//! Streaming lists: a watch that starts with everything, and says when that is done.

use serde_json::json;

use super::lists::{five, is_options};
use super::watches::kind_and_name;
use super::wire::{Events, Wire};
use super::{Check, checks, is_status, version_of};
use crate::trial::{Outcome, check};

pub(super) const CHECKS: &[Check] = checks![
    stream_shows_all_and_says_when,
    stream_of_nothing_is_a_bookmark,
    stream_goes_on_as_a_watch,
    stream_starts_at_a_version_or_later,
    stream_heeds_selectors,
    stream_without_bookmarks_has_no_end_mark,
    declined_initial_events_make_a_plain_watch,
    stream_needs_a_match,
    stream_is_not_exact,
    stream_from_the_future_is_too_large,
];

const STREAM: &str =
    "?watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true";

/// The names up to the bookmark that ends the initial events, sorted, and the bookmark's version.
async fn initial(events: &mut Events) -> Result<(Vec<String>, u64), libtest_mimic::Failed> {
    let mut names = Vec::new();
    loop {
        let event = events.event().await?;
        let metadata = &event["object"]["metadata"];
        if event["type"] == "BOOKMARK" {
            check(
                metadata["annotations"] == json!({ "k8s.io/initial-events-end": "true" }),
                event.to_string(),
            )?;
            names.sort();
            return Ok((names, version_of(&event["object"]).parse()?));
        }
        check(event["type"] == "ADDED", event.to_string())?;
        names.push(kind_and_name(&event).1);
    }
}

async fn stream_shows_all_and_says_when(wire: Wire) -> Outcome {
    let space = five(&wire, "stream").await?;
    let last = space.relabel("a", json!({ "again": "1" })).await?;
    let mut events = wire
        .watch(&space.maps(&format!("{STREAM}&labelSelector=n")))
        .await?;
    let (names, version) = initial(&mut events).await?;
    check(names == ["a", "b", "c", "d", "e"], format!("{names:?}"))?;
    check(
        version >= version_of(&last).parse()?,
        format!("a bookmark at {version} after {last}"),
    )
}

async fn stream_of_nothing_is_a_bookmark(wire: Wire) -> Outcome {
    let space = wire.space("nothing").await?;
    let path = space.path("", "secrets") + STREAM;
    let (names, _) = initial(&mut wire.watch(&path).await?).await?;
    check(names.is_empty(), format!("{names:?}"))
}

async fn stream_goes_on_as_a_watch(wire: Wire) -> Outcome {
    let space = five(&wire, "goes-on").await?;
    let mut events = wire.watch(&space.maps(STREAM)).await?;
    let (_, version) = initial(&mut events).await?;
    let made = space.make("f", json!({})).await?;
    space.remove("a").await?;
    let added = events.change().await?;
    check(
        added["type"] == "ADDED" && added["object"] == made,
        added.to_string(),
    )?;
    check(
        version < version_of(&made).parse()?,
        format!("{version} {made}"),
    )?;
    let deleted = kind_and_name(&events.change().await?);
    check(
        deleted == ("DELETED".to_owned(), "a".to_owned()),
        format!("{deleted:?}"),
    )
}

async fn stream_starts_at_a_version_or_later(wire: Wire) -> Outcome {
    let space = five(&wire, "at-least").await?;
    let last = space.relabel("b", json!({ "again": "1" })).await?;
    for version in ["0", &version_of(&last)] {
        let path = space.maps(&format!(
            "{STREAM}&labelSelector=n&resourceVersion={version}"
        ));
        let (names, shown) = initial(&mut wire.watch(&path).await?).await?;
        check(names.len() == 5, format!("{names:?}"))?;
        check(shown >= version.parse()?, format!("{shown} < {version}"))?;
    }
    Ok(())
}

async fn stream_heeds_selectors(wire: Wire) -> Outcome {
    let space = five(&wire, "some").await?;
    let path = space.maps(&format!("{STREAM}&labelSelector=n%20in%20(1,3)"));
    let mut events = wire.watch(&path).await?;
    let (names, _) = initial(&mut events).await?;
    check(names == ["b", "d"], format!("{names:?}"))?;
    space.relabel("b", json!({ "n": "9" })).await?;
    let gone = kind_and_name(&events.change().await?);
    check(
        gone == ("DELETED".to_owned(), "b".to_owned()),
        format!("{gone:?}"),
    )
}

async fn stream_without_bookmarks_has_no_end_mark(wire: Wire) -> Outcome {
    let space = five(&wire, "unmarked").await?;
    let path = space.maps(
        "?watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&labelSelector=n&timeoutSeconds=4",
    );
    let mut events = wire.watch(&path).await?;
    let mut count = 0;
    while let Some(event) = events.next().await? {
        check(event["type"] == "ADDED", event.to_string())?;
        count += 1;
    }
    check(count == 5, format!("{count} events"))
}

async fn declined_initial_events_make_a_plain_watch(wire: Wire) -> Outcome {
    let space = five(&wire, "declined").await?;
    let list = space.list("").await?;
    let path = space.maps(&format!(
        "?watch=1&sendInitialEvents=false&resourceVersionMatch=NotOlderThan&resourceVersion={}",
        version_of(&list)
    ));
    let mut events = wire.watch(&path).await?;
    space.make("f", json!({})).await?;
    let first = kind_and_name(&events.event().await?);
    check(
        first == ("ADDED".to_owned(), "f".to_owned()),
        format!("{first:?}"),
    )
}

async fn stream_needs_a_match(wire: Wire) -> Outcome {
    let space = wire.space("stream-match").await?;
    let path = space.maps("?watch=1&sendInitialEvents=true&allowWatchBookmarks=true");
    let refused = wire.get(&path).await?.expect(422)?;
    is_options(
        &refused,
        "resourceVersionMatch",
        "FieldValueForbidden",
        "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan",
    )
}

async fn stream_is_not_exact(wire: Wire) -> Outcome {
    let space = wire.space("stream-exact").await?;
    let path =
        space.maps("?watch=1&sendInitialEvents=true&resourceVersionMatch=Exact&resourceVersion=5");
    let refused = wire.get(&path).await?.expect(422)?;
    let causes = refused["details"]["causes"].as_array().map_or(0, Vec::len);
    check(causes == 2, refused.to_string())?;
    is_status(
        &refused,
        "Invalid",
        "Unsupported value: \"Exact\": supported values: \"NotOlderThan\"",
    )
}

async fn stream_from_the_future_is_too_large(wire: Wire) -> Outcome {
    let space = wire.space("stream-future").await?;
    let current: u64 = version_of(&space.list("").await?).parse()?;
    let large = current + 1_000_000;
    let path = space.maps(&format!(
        "{STREAM}&resourceVersion={large}&timeoutSeconds=20"
    ));
    let mut events = wire.watch(&path).await?;
    let event = events.event().await?;
    check(event["type"] == "ERROR", event.to_string())?;
    let details = json!({
        "causes": [{
            "reason": "ResourceVersionTooLarge",
            "message": "Too large resource version",
        }],
        "retryAfterSeconds": 1,
    });
    check(event["object"]["details"] == details, event.to_string())?;
    is_status(
        &event["object"],
        "Timeout",
        &format!("Too large resource version: {large}, current: "),
    )
}
