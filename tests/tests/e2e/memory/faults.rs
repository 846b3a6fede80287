//! Each fault does what it says, to the requests that it is for, as often as told.

use std::time::Duration;

use harness::memory::{ApiServer, Fault, NoStreaming, Status, Verb};
use serde_json::{Value, json};
use tokio::time::{Instant, timeout};

use super::{Check, PODS, checks, pod};
use crate::contract::version_of;
use crate::contract::wire::{Events, Wire};
use crate::trial::{Outcome, check};

pub(super) const CHECKS: &[Check] = checks![
    answers_replace_what_was_requested,
    cut_comes_before_the_headers,
    stall_never_answers,
    delay_answers_later,
    cut_between_frames_loses_the_rest,
    cut_inside_a_frame_leaves_half_of_it,
    watch_can_close_at_once,
    stream_can_stall,
    frames_can_be_truncated_and_garbled,
    objects_can_be_undecodable,
    events_can_be_replayed,
    events_can_be_reordered,
    errors_come_in_the_stream,
    lists_can_be_cut_and_spoilt,
    list_can_be_older_than_the_watch,
    bookmarks_can_stay_away,
    streaming_lists_can_be_unsupported,
    faults_meet_only_what_they_match,
    faults_last_as_long_as_told,
    different_faults_meet_one_request,
];

/// Nothing is to come: with a paused clock, this takes no time.
const NOTHING: Duration = Duration::from_secs(30);

async fn answers_replace_what_was_requested(server: ApiServer, wire: Wire) -> Outcome {
    for (fault, code, reason, retry) in [
        (Fault::unauthorized(), 401, "Unauthorized", None),
        (Fault::forbidden(), 403, "Forbidden", None),
        (Fault::gone(), 410, "Expired", None),
        (
            Fault::too_many_requests(7),
            429,
            "TooManyRequests",
            Some("7"),
        ),
        (Fault::internal_error(), 500, "InternalError", None),
        (Fault::unavailable(), 503, "ServiceUnavailable", None),
        (
            Fault::answer(Status::too_large(9, 5)),
            504,
            "Timeout",
            Some("1"),
        ),
    ] {
        let injected = server.inject(fault);
        let answer = wire.get(PODS).await?;
        let seconds = answer.headers.get("retry-after");
        let seconds = seconds.map(|value| value.to_str().unwrap_or_default());
        check(seconds == retry, format!("{code}: {seconds:?}"))?;
        let body = answer.expect(code)?;
        check(body["reason"] == reason, body.to_string())?;
        check(injected.hits() == 1, format!("{injected:?}"))?;
        wire.get(PODS).await?.expect(200)?;
        check(server.answered(code) == 1, format!("{:?}", server.counts()))?;
    }
    Ok(())
}

async fn cut_comes_before_the_headers(server: ApiServer, wire: Wire) -> Outcome {
    server.inject(Fault::cut());
    check(wire.get(PODS).await.is_err(), "an answer")?;
    check(server.answered(0) == 1, "it is not counted")?;
    wire.get(PODS).await?.expect(200).map(drop)
}

async fn stall_never_answers(server: ApiServer, wire: Wire) -> Outcome {
    server.inject(Fault::stall());
    let answer = timeout(NOTHING, wire.get(PODS)).await;
    check(answer.is_err(), format!("{answer:?}"))
}

async fn delay_answers_later(server: ApiServer, wire: Wire) -> Outcome {
    server.inject(Fault::delay(Duration::from_secs(20)));
    let started = Instant::now();
    wire.get(PODS).await?.expect(200)?;
    check(
        started.elapsed() >= Duration::from_secs(20),
        format!("{:?}", started.elapsed()),
    )
}

/// Three pods, and a watch of them from the start.
async fn watch(
    server: &ApiServer,
    wire: &Wire,
    fault: Fault,
) -> Result<Events, libtest_mimic::Failed> {
    for name in ["a", "b", "c"] {
        server.put(pod(name))?;
    }
    server.inject(fault.on(Verb::Watch).resource("pods"));
    wire.watch(&format!(
        "{PODS}?watch=1&allowWatchBookmarks=true&timeoutSeconds=600"
    ))
    .await
}

async fn name(events: &mut Events) -> Result<String, libtest_mimic::Failed> {
    let event = events.event().await?;
    let name = event["object"]["metadata"]["name"].as_str();
    Ok(name.unwrap_or_default().to_owned())
}

async fn cut_between_frames_loses_the_rest(server: ApiServer, wire: Wire) -> Outcome {
    let mut events = watch(&server, &wire, Fault::cut_between(2)).await?;
    let names = [name(&mut events).await?, name(&mut events).await?];
    check(names == ["a", "b"], format!("{names:?}"))?;
    check(events.next().await.is_err(), "the stream ended well")?;
    check(events.rest().is_empty(), "there is half a frame")
}

async fn cut_inside_a_frame_leaves_half_of_it(server: ApiServer, wire: Wire) -> Outcome {
    let mut events = watch(&server, &wire, Fault::cut_inside(1)).await?;
    let first = name(&mut events).await?;
    check(first == "a", first)?;
    check(events.next().await.is_err(), "the stream ended well")?;
    check(
        events.rest().starts_with(br#"{"type":"ADDED","#),
        "there is no half frame",
    )
}

async fn watch_can_close_at_once(server: ApiServer, wire: Wire) -> Outcome {
    let mut events = watch(&server, &wire, Fault::close_at_once()).await?;
    check(events.next().await?.is_none(), "an event")?;
    check(server.answered(200) == 1, "it was not opened")
}

async fn stream_can_stall(server: ApiServer, wire: Wire) -> Outcome {
    let mut events = watch(&server, &wire, Fault::stall_after(1)).await?;
    let first = name(&mut events).await?;
    check(first == "a", first)?;
    let next = timeout(NOTHING, events.next()).await;
    check(next.is_err(), "the stream went on")
}

async fn frames_can_be_truncated_and_garbled(server: ApiServer, wire: Wire) -> Outcome {
    for fault in [Fault::truncated(1), Fault::garbled(1)] {
        let mut events = watch(&server, &wire, fault).await?;
        let first = name(&mut events).await?;
        check(first == "a", first)?;
        check(events.next().await.is_err(), "the frame can be read")?;
        let next = name(&mut events).await?;
        check(next == "c", next)?;
    }
    Ok(())
}

async fn objects_can_be_undecodable(server: ApiServer, wire: Wire) -> Outcome {
    let mut events = watch(&server, &wire, Fault::undecodable(1)).await?;
    let labels = json!({ "app": "web" });
    for expected in [labels.clone(), 7.into(), labels] {
        let event = events.event().await?;
        check(
            event["object"]["metadata"]["labels"] == expected,
            event.to_string(),
        )?;
    }
    Ok(())
}

async fn events_can_be_replayed(server: ApiServer, wire: Wire) -> Outcome {
    for (fault, expected) in [
        (Fault::duplicate(1), ["a", "b", "b", "c"].as_slice()),
        (Fault::replay(1, 2), &["a", "b", "a", "b", "c"]),
    ] {
        let mut events = watch(&server, &wire, fault).await?;
        for expected in expected {
            let next = name(&mut events).await?;
            check(next == *expected, format!("{next}, not {expected}"))?;
        }
    }
    Ok(())
}

async fn events_can_be_reordered(server: ApiServer, wire: Wire) -> Outcome {
    let mut events = watch(&server, &wire, Fault::reordered(0)).await?;
    for expected in ["b", "a", "c"] {
        let next = name(&mut events).await?;
        check(next == expected, format!("{next}, not {expected}"))?;
    }
    Ok(())
}

async fn errors_come_in_the_stream(server: ApiServer, wire: Wire) -> Outcome {
    for (fault, code) in [
        (Fault::gone_event(1), 410),
        (
            Fault::error_event(1, Status::new(500, "InternalError", "etcd event received")),
            500,
        ),
    ] {
        let mut events = watch(&server, &wire, fault).await?;
        let first = name(&mut events).await?;
        check(first == "a", first)?;
        let error = events.event().await?;
        check(
            error["type"] == "ERROR" && error["object"]["code"] == code,
            error.to_string(),
        )?;
        check(events.next().await?.is_none(), "the stream went on")?;
    }
    Ok(())
}

async fn lists_can_be_cut_and_spoilt(server: ApiServer, wire: Wire) -> Outcome {
    for name in ["a", "b", "c"] {
        server.put(pod(name))?;
    }
    for fault in [Fault::cut_inside(1), Fault::cut_between(2)] {
        server.inject(fault.on(Verb::List));
        check(wire.get(PODS).await.is_err(), "the list ended well")?;
    }
    server.inject(Fault::end_after(2).on(Verb::List));
    let short = wire.get(PODS).await?;
    check(
        short.code == 200 && short.json() == Value::Null && short.text.contains("\"items\":["),
        short.text,
    )?;
    server.inject(Fault::undecodable(1).on(Verb::List));
    let list = wire.get(PODS).await?.expect(200)?;
    let items = list["items"].as_array().cloned().unwrap_or_default();
    check(
        items.len() == 3 && items[1]["metadata"]["labels"] == 7,
        list.to_string(),
    )
}

async fn list_can_be_older_than_the_watch(server: ApiServer, wire: Wire) -> Outcome {
    server.put(pod("a"))?;
    let before = server.version();
    server.put(pod("b"))?;
    server.delete("pods", "default", "a")?;
    server.inject(Fault::stale_list(2).on(Verb::List));
    let list = wire.get(PODS).await?.expect(200)?;
    let items = list["items"].as_array().cloned().unwrap_or_default();
    check(
        version_of(&list) == before.to_string()
            && items.len() == 1
            && items[0]["metadata"]["name"] == "a",
        list.to_string(),
    )
}

async fn bookmarks_can_stay_away(server: ApiServer, wire: Wire) -> Outcome {
    const STREAM: &str = "?watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan\
                          &allowWatchBookmarks=true&timeoutSeconds=600";
    server.put(pod("a"))?;
    server.inject(Fault::no_bookmarks());
    let mut events = wire.watch(&format!("{PODS}{STREAM}")).await?;
    let first = name(&mut events).await?;
    check(first == "a", first)?;
    server.put(json!({ "apiVersion": "v1", "kind": "Node", "metadata": { "name": "n" } }))?;
    let next = timeout(Duration::from_secs(599), events.next_unlimited()).await;
    check(next.is_err(), "something came")?;
    check(
        events.next_unlimited().await?.is_none(),
        "the watch goes on after its timeout",
    )
}

async fn streaming_lists_can_be_unsupported(server: ApiServer, wire: Wire) -> Outcome {
    const STREAM: &str = "?watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan\
                          &allowWatchBookmarks=true";
    server.put(pod("a"))?;
    let stream = format!("{PODS}{STREAM}");
    server.inject(Fault::no_streaming_list(NoStreaming::Invalid));
    let refused = wire.get(&stream).await?.expect(422)?;
    check(refused["reason"] == "Invalid", refused.to_string())?;
    server.inject(Fault::no_streaming_list(NoStreaming::BadRequest));
    wire.get(&stream).await?.expect(400)?;
    // Who takes no notice of the parameter sends a plain watch, without the end of the list.
    server.inject(Fault::no_streaming_list(NoStreaming::Ignored));
    let mut events = wire.watch(&format!("{stream}&timeoutSeconds=30")).await?;
    let first = name(&mut events).await?;
    check(first == "a", first)?;
    while let Some(event) = events.next().await? {
        check(
            event["object"]["metadata"].get("annotations").is_none(),
            event.to_string(),
        )?;
    }
    Ok(())
}

async fn faults_meet_only_what_they_match(server: ApiServer, wire: Wire) -> Outcome {
    let nodes = server.inject(Fault::cut().on(Verb::List).resource("nodes"));
    let watches = server.inject(Fault::cut().on(Verb::Watch));
    let pages =
        server.inject(Fault::gone().when(|request| !request.parameter("continue").is_empty()));
    wire.get(PODS).await?.expect(200)?;
    check(
        [nodes.hits(), watches.hits(), pages.hits()] == [0, 0, 0],
        "a fault met another request",
    )?;
    check(wire.get("/api/v1/nodes").await.is_err(), "nodes are listed")?;
    wire.get(&format!("{PODS}?continue=x")).await?.expect(410)?;
    let refused = wire.watch(&format!("{PODS}?watch=1")).await;
    check(refused.is_err(), "pods are watched")?;
    check(
        [nodes.hits(), watches.hits(), pages.hits()] == [1, 1, 1],
        "a fault met more",
    )
}

async fn faults_last_as_long_as_told(server: ApiServer, wire: Wire) -> Outcome {
    let twice = server.inject(Fault::unavailable().times(2));
    for code in [503, 503, 200] {
        wire.get(PODS).await?.expect(code)?;
    }
    check(twice.hits() == 2, format!("{twice:?}"))?;

    server.inject(Fault::unavailable().during(Duration::from_secs(10)));
    for code in [503, 503, 503] {
        wire.get(PODS).await?.expect(code)?;
        tokio::time::advance(Duration::from_secs(3)).await;
    }
    tokio::time::advance(Duration::from_secs(1)).await;
    wire.get(PODS).await?.expect(200)?;

    let forever = server.inject(Fault::unavailable().forever());
    for _ in 0..20 {
        wire.get(PODS).await?.expect(503)?;
    }
    forever.remove();
    wire.get(PODS).await?.expect(200)?;
    server.inject(Fault::unavailable().forever());
    server.clear_faults();
    wire.get(PODS).await?.expect(200).map(drop)
}

async fn different_faults_meet_one_request(server: ApiServer, wire: Wire) -> Outcome {
    server.put(pod("a"))?;
    let late = server.inject(Fault::delay(Duration::from_secs(5)));
    let stale = server.inject(Fault::stale_list(1));
    let spoilt = server.inject(Fault::undecodable(0).on(Verb::List));
    let refused = server.inject(Fault::gone());
    // What comes instead of an answer leaves the others for the next one.
    wire.get(PODS).await?.expect(410)?;
    let hits = [&late, &stale, &spoilt, &refused].map(harness::memory::Injected::hits);
    check(hits == [1, 0, 0, 1], format!("{hits:?}"))?;
    server.inject(Fault::delay(Duration::from_secs(5)));
    let list = wire.get(PODS).await?.expect(200)?;
    check(list["items"] == json!([]), list.to_string())?;
    let hits = [&late, &stale, &spoilt, &refused].map(harness::memory::Injected::hits);
    check(hits == [1, 1, 1, 1], format!("{hits:?}"))
}
