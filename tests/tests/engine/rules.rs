//! What the engine does where others have been seen to fail, and how it ends.

use std::time::Duration;

use k8s_openapi::api::core::v1::{ConfigMap, Secret};
use kcache::{
    Codec, DecodeError, Error, Filter, Informer, JsonCodec, Notice, Phase, Raw, SubscribeOptions,
};
use serde_json::json;
use tokio::time::Instant;

use crate::cache::{
    complaint, eventually, informer, is_degraded, is_live, is_ready, next, shown, shows, within,
};
use crate::logs::Logs;
use crate::script::{frame, item, list, list_body, map, server, status};

const SECONDS: fn(u64) -> Duration = Duration::from_secs;

/// The clock jumps over what nobody waits for, so a wait of this length takes no time.
async fn pass(seconds: u64) {
    tokio::time::sleep(SECONDS(seconds)).await;
}

#[tokio::test(start_paused = true)]
async fn a_watch_that_closes_at_once_backs_off_and_relists() {
    let (maps, mut server) = informer();
    server.stream_request(None).await.refuse(422, "Invalid");
    let request = server.list_request(Some("0")).await;
    request.reply(&list("9", &[item("a", 7)]));
    let mut times = Vec::new();
    for _ in 0..6 {
        let request = server.watch_request("9").await;
        times.push(request.at);
        drop(request.open());
        server
            .stream_request(Some("9"))
            .await
            .refuse(422, "Invalid");
        assert_eq!(
            complaint(&maps).as_deref(),
            Some("watch: it ended as soon as it began")
        );
        let request = server.list_request(Some("9")).await;
        request.reply(&list("9", &[item("a", 7)]));
    }
    let waits: Vec<_> = times.windows(2).map(|pair| pair[1] - pair[0]).collect();
    for (wait, least) in waits.iter().zip([0.8, 1.6, 3.2, 6.4, 12.8]) {
        let wait = wait.as_secs_f64();
        assert!((least..=2.0 * least + 0.1).contains(&wait), "{waits:?}");
    }
    assert_eq!(shown(&maps), ["a@7"]);
}

#[tokio::test(start_paused = true)]
async fn a_watch_that_brings_something_and_closes_at_once_backs_off_without_a_relist() {
    let (maps, mut server) = informer();
    drop(server.stream(&[map("a", 7)], "9").await);
    let mut since = Instant::now();
    for version in 10..16 {
        let request = server.watch_request(&(version - 1).to_string()).await;
        let wait = request.at - since;
        assert!(wait >= Duration::from_millis(800), "{wait:?}");
        since = request.at;
        request.open().modified(&map("a", version));
    }
    shows(&maps, &["a@15"]).await;
}

#[tokio::test(start_paused = true)]
async fn list_failures_back_off_exponentially_and_start_over_after_two_minutes_of_health() {
    let (maps, mut server) = informer();
    let mut times = Vec::new();
    for _ in 0..8 {
        let request = server.stream_request(None).await;
        times.push(request.at);
        request.refuse(500, "InternalError");
        let request = server.list_request(Some("0")).await;
        request.refuse(500, "InternalError");
    }
    let waits: Vec<_> = times.windows(2).map(|pair| pair[1] - pair[0]).collect();
    for (wait, least) in waits.iter().zip([0.8, 1.6, 3.2, 6.4, 12.8, 15.0, 15.0]) {
        let wait = wait.as_secs_f64();
        assert!((least..=2.0 * least + 0.1).contains(&wait), "{waits:?}");
    }
    assert_eq!(
        complaint(&maps).as_deref(),
        Some("list: the server answered 500 InternalError")
    );
    let stream = server.stream(&[], "9").await;
    pass(121).await;
    assert!(is_live(&maps));
    let failed = Instant::now();
    stream.error(500, "InternalError");
    let request = server.stream_request(Some("9")).await;
    assert!(request.at - failed <= Duration::from_millis(1700));
}

#[tokio::test(start_paused = true)]
async fn a_request_is_sent_again_when_the_server_says_and_at_most_ten_times() {
    for (code, reason) in [(429, "TooManyRequests"), (503, "ServiceUnavailable")] {
        let (maps, mut server) = informer();
        let mut last: Option<Instant> = None;
        for _ in 0..11 {
            let request = server.stream_request(None).await;
            assert!(last.is_none_or(|last| request.at - last == SECONDS(7)));
            last = Some(request.at);
            request.refuse_with(&status(code, reason), Some(7));
        }
        if code == 429 {
            let request = server.stream_request(None).await;
            assert!(last.is_some_and(|last| request.at - last >= SECONDS(7)));
        } else {
            server.list_request(Some("0")).await;
        }
        assert!(complaint(&maps).unwrap().contains(reason));
    }
}

#[tokio::test(start_paused = true)]
async fn retry_after_is_not_heeded_for_what_waiting_does_not_help() {
    let (_maps, mut server) = informer();
    let request = server.stream_request(None).await;
    request.refuse_with(&status(404, "NotFound"), Some(600));
    let (at, request) = (Instant::now(), server.list_request(Some("0")).await);
    assert_eq!(request.at, at);
}

#[tokio::test(start_paused = true)]
async fn connection_refused_keeps_the_version_and_requests_no_list() {
    let refused = std::io::ErrorKind::ConnectionRefused;
    let (maps, mut server) = informer();
    for _ in 0..3 {
        server.stream_request(None).await.fail(refused);
    }
    let stream = server.stream(&[map("a", 7)], "9").await;
    pass(5).await;
    drop(stream);
    for _ in 0..3 {
        server.watch_request("9").await.fail(refused);
    }
    let request = server.watch_request("9").await;
    assert!(is_degraded(&maps));
    let stream = request.open();
    // It stays open, and nothing new comes: so nothing is stale.
    eventually(|| is_live(&maps)).await;
    drop(stream);
}

#[tokio::test(start_paused = true)]
async fn no_answer_of_another_kind_lists_at_the_start_and_keeps_the_version_of_a_watch() {
    let reset = std::io::ErrorKind::ConnectionReset;
    let (maps, mut server) = informer();
    server.stream_request(None).await.fail(reset);
    let request = server.list_request(Some("0")).await;
    request.reply(&list("9", &[item("a", 7)]));
    server.watch_request("9").await.fail(reset);
    server.watch_request("9").await;
    let complaint = complaint(&maps).unwrap();
    assert!(complaint.starts_with("watch: no answer: "), "{complaint}");
}

#[tokio::test(start_paused = true)]
async fn missing_rights_are_said_and_tried_again() {
    for (code, reason) in [(401, "Unauthorized"), (403, "Forbidden"), (404, "NotFound")] {
        let (maps, mut server) = informer();
        for _ in 0..2 {
            server.stream_request(None).await.refuse(code, reason);
            server.list_request(Some("0")).await.refuse(code, reason);
        }
        let request = server.stream_request(None).await;
        assert!(!maps.status().phase.is_ready());
        let said = format!("list: the server answered {code} {reason}");
        assert_eq!(complaint(&maps), Some(said));
        let stream = request.open();
        stream.synced("9");
        is_ready(&maps).await;
        assert!(is_live(&maps));
    }
}

#[tokio::test(start_paused = true)]
async fn degraded_says_since_when() {
    let (maps, mut server) = informer();
    let stream = server.stream(&[], "9").await;
    pass(5).await;
    let failed = Instant::now();
    stream.error(500, "InternalError");
    for _ in 0..4 {
        server
            .stream_request(Some("9"))
            .await
            .refuse(403, "Forbidden");
        server
            .list_request(Some("9"))
            .await
            .refuse(403, "Forbidden");
    }
    server.request().await;
    let Phase::Degraded { since, reason } = maps.status().phase else {
        panic!("{:?}", maps.status());
    };
    assert_eq!(since, failed);
    assert_eq!(
        reason.to_string(),
        "list: the server answered 403 Forbidden"
    );
    assert_eq!(reason.code(), Some(403));
    assert!(Instant::now() - failed > SECONDS(10));
}

#[tokio::test(start_paused = true)]
async fn an_event_that_cannot_be_decoded_is_isolated_and_passed_by() {
    let (maps, mut server) = informer();
    let stream = server.stream(&[map("a", 7), map("b", 8)], "9").await;
    is_ready(&maps).await;
    let mut notices = maps.notices();
    let mut bad = map("a", 10);
    bad["data"] = json!("hunter2");
    stream.modified(&bad);
    stream.modified(&map("b", 11));
    shows(&maps, &["a@7", "b@11"]).await;
    let notice = within(notices.next()).await.unwrap();
    let Notice::BadObject {
        key: Some(key),
        reason,
    } = notice
    else {
        panic!("{notice:?}");
    };
    assert_eq!((key.namespace(), key.name()), ("default", "a"));
    assert!(!reason.contains("hunter2"), "{reason}");
    bad["metadata"]["resourceVersion"] = json!("12");
    stream.modified(&bad);
    eventually(|| maps.status().bad_reports == 2).await;
    assert_eq!(maps.status().bad_objects, 1);
    pass(5).await;
    drop(stream);
    // The bad ones are not requested again.
    server
        .watch_request("12")
        .await
        .open()
        .modified(&map("a", 13));
    shows(&maps, &["a@13", "b@11"]).await;
}

#[tokio::test(start_paused = true)]
async fn a_bad_object_that_is_deleted_leaves_no_ghost() {
    let (maps, mut server) = informer();
    let stream = server.stream(&[map("a", 7), map("b", 8)], "9").await;
    is_ready(&maps).await;
    let mut events = maps.subscribe_with(Filter::name("default", "a"));
    assert_eq!(next(&mut events).await, "+a@7");
    let mut bad = map("a", 10);
    bad["data"] = json!("hunter2");
    stream.deleted(&bad);
    assert_eq!(next(&mut events).await, "-a@7");
    let status = maps.status();
    assert_eq!((status.bad_objects, status.bad_reports), (0, 1));
}

#[tokio::test(start_paused = true)]
async fn a_bad_object_in_a_list_is_isolated_and_keeps_what_was_known() {
    let (maps, mut server) = informer();
    server.stream_request(None).await.refuse(422, "Invalid");
    let mut bad = item("bad", 8);
    bad["data"] = json!([]);
    let request = server.list_request(Some("0")).await;
    request.reply(&list("9", &[item("a", 7), bad, item("b", 6)]));
    let request = server.watch_request("9").await;
    assert_eq!(shown(&maps), ["a@7", "b@6"]);
    assert_eq!(maps.status().bad_objects, 1);
    request.refuse(410, "Expired");
    server
        .stream_request(Some("9"))
        .await
        .refuse(422, "Invalid");
    let mut bad = item("a", 17);
    bad["data"] = json!([]);
    server
        .list_request(Some("9"))
        .await
        .reply(&list("19", &[bad]));
    shows(&maps, &["a@7"]).await;
}

#[tokio::test(start_paused = true)]
async fn a_garbled_stream_is_given_up_and_listed_anew() {
    for garbage in [
        "<html>",
        r#"{"type":"MODIFIED","object":{"metadata":{"name":"a"},,}}"#,
        r#"{"kind":"Status","code":500}"#,
    ] {
        let (maps, mut server) = informer();
        server.writes_json();
        let stream = server.stream(&[map("a", 7)], "9").await;
        is_ready(&maps).await;
        stream.modified(&map("a", 10));
        stream.send(garbage);
        stream.modified(&map("a", 11));
        let request = server.stream_request(Some("10")).await;
        assert_eq!(shown(&maps), ["a@10"]);
        assert!(
            complaint(&maps)
                .unwrap()
                .starts_with("watch: the server sent")
        );
        let stream = request.open();
        stream.added(&map("a", 11));
        stream.synced("11");
        shows(&maps, &["a@11"]).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_list_that_breaks_off_changes_nothing() {
    let (maps, mut server) = informer();
    drop(server.stream(&[map("a", 7)], "9").await);
    pass(2).await;
    server.watch_request("9").await.refuse(410, "Expired");
    for cut in [false, true] {
        server
            .stream_request(Some("9"))
            .await
            .refuse(422, "Invalid");
        let stream = server.list_request(Some("9")).await.open();
        let body = list_body(&list("19", &[item("b", 17), item("c", 18)]));
        stream.send(body[..body.len() - 9].to_owned());
        if cut {
            stream.cut();
        } else {
            drop(stream);
        }
    }
    let request = server.stream_request(Some("9")).await;
    assert_eq!(shown(&maps), ["a@7"]);
    assert!(is_degraded(&maps));
    request.open().synced("20");
    shows(&maps, &[]).await;
}

#[tokio::test(start_paused = true)]
async fn what_is_no_list_deletes_nothing() {
    let (maps, mut server) = informer();
    drop(server.stream(&[map("a", 7)], "9").await);
    pass(2).await;
    server.watch_request("9").await.refuse(410, "Expired");
    for body in [json!({}), status(200, "x"), json!({"items": {}}), json!([])] {
        server
            .stream_request(Some("9"))
            .await
            .refuse(422, "Invalid");
        server.list_request(Some("9")).await.reply(&body);
    }
    server.stream_request(Some("9")).await;
    assert_eq!(shown(&maps), ["a@7"]);
    assert!(is_degraded(&maps));
}

#[tokio::test(start_paused = true)]
async fn a_watch_that_outlives_its_timeout_by_15_s_is_given_up_and_resumed() {
    let (maps, mut server) = informer();
    let request = server.stream_request(None).await;
    let (at, timeout) = (request.at, request.timeout());
    let stream = request.open();
    stream.added(&map("a", 7));
    stream.synced("9");
    let request = server.watch_request("9").await;
    assert_eq!(request.at - at, timeout + SECONDS(15));
    stream.is_left().await;
    // One that is not even answered, too.
    let (at, timeout) = (request.at, request.timeout());
    let again = server.watch_request("9").await;
    assert!(again.at - at >= timeout + SECONDS(15));
    assert_eq!(
        complaint(&maps).as_deref(),
        Some("watch: no answer in time")
    );
    drop((request, again));
}

#[tokio::test(start_paused = true)]
async fn timeouts_of_watches_differ() {
    let (_maps, mut server) = informer();
    drop(server.stream(&[], "9").await);
    let mut timeouts = Vec::new();
    for _ in 0..8 {
        let request = server.watch_request("9").await;
        timeouts.push(request.timeout());
        let stream = request.open();
        pass(2).await;
        drop(stream);
    }
    timeouts.sort();
    timeouts.dedup();
    assert!(timeouts.len() > 1);
}

#[tokio::test(start_paused = true)]
async fn a_list_that_stalls_is_given_up() {
    let (_maps, mut server) = informer();
    server.stream_request(None).await.refuse(422, "Invalid");
    let request = server.list_request(Some("0")).await;
    let at = request.at;
    let again = server.stream_request(None).await;
    assert!(again.at - at >= SECONDS(60));
    again.refuse(422, "Invalid");
    let stream = server.list_request(Some("0")).await.open_text();
    stream.send(r#"{"items":["#);
    server.stream_request(None).await;
    stream.is_left().await;
    drop(request);
}

#[tokio::test(start_paused = true)]
async fn a_frame_that_is_cut_is_requested_again() {
    let (maps, mut server) = informer();
    let stream = server.stream(&[map("a", 7)], "9").await;
    pass(5).await;
    let whole = frame("MODIFIED", &map("a", 10));
    stream.send(whole[..whole.len() / 2].to_owned());
    pass(1).await;
    stream.cut();
    let stream = server.watch_request("9").await.open();
    stream.send(whole);
    shows(&maps, &["a@10"]).await;
    assert_eq!(maps.status().bad_objects, 0);
}

#[tokio::test(start_paused = true)]
async fn events_are_applied_in_the_order_in_which_they_come() {
    let (maps, mut server) = informer();
    let stream = server.stream(&[map("a", 7)], "9").await;
    is_ready(&maps).await;
    stream.modified(&map("a", 12));
    stream.modified(&map("a", 10));
    stream.deleted(&map("b", 11));
    stream.added(&map("b", 8));
    stream.added(&map("c", 14));
    shows(&maps, &["a@10", "b@8", "c@14"]).await;
    assert_eq!(maps.status().incarnation, 1);
    pass(5).await;
    drop(stream);
    server.watch_request("14").await;
}

#[tokio::test(start_paused = true)]
async fn versions_that_are_no_numbers_are_followed_as_they_come() {
    let opaque = |name: &str, version: &str| {
        let mut map = map(name, 1);
        map["metadata"]["resourceVersion"] = json!(version);
        map
    };
    let (maps, mut server) = informer();
    let stream = server.stream(&[opaque("a", "x9")], "z1").await;
    is_ready(&maps).await;
    stream.modified(&opaque("a", "x1"));
    stream.modified(&opaque("b", "0"));
    stream.modified(&opaque("c", "007"));
    stream.modified(&opaque("d", ""));
    shows(&maps, &["a@x1", "b@0", "c@007", "d@"]).await;
    pass(5).await;
    drop(stream);
    server.watch_request("007").await;
}

#[tokio::test(start_paused = true)]
async fn events_that_are_there_together_are_one_commit_and_none_waits_for_more() {
    let (maps, mut server) = informer();
    let stream = server.stream(&[], "9").await;
    eventually(|| is_live(&maps)).await;
    let before = maps.status().commit;
    let events: Vec<u8> = (10..110)
        .flat_map(|version| frame("ADDED", &map(&format!("m{version}"), version)))
        .collect();
    let half = frame("ADDED", &map("z", 200));
    let (half, rest) = half.split_at(40);
    stream.send([&events, half].concat());
    eventually(|| maps.cache().len() == 100).await;
    assert_eq!(maps.status().commit, before + 1);
    stream.send(rest.to_owned());
    eventually(|| maps.cache().len() == 101).await;
    // Two changes of one object are two commits: who wants every change gets every one.
    let mut events = maps.subscribe_with(Filter::name("default", "z"));
    assert_eq!(next(&mut events).await, "+z@200");
    let both = [201, 202].map(|version| frame("MODIFIED", &map("z", version)));
    stream.send(both.concat());
    assert_eq!(next(&mut events).await, "z@200->201");
    assert_eq!(next(&mut events).await, "z@201->202");
}

#[tokio::test(start_paused = true)]
async fn the_stream_waits_for_no_consumer() {
    let (maps, mut server) = informer();
    let stalled = maps.subscribe_options(SubscribeOptions::default().queue(1));
    let many: Vec<_> = (1..=5000).map(|n| map(&format!("m{n:04}"), n)).collect();
    let stream = server.stream(&many, "6000").await;
    is_ready(&maps).await;
    for version in 6001..=8000 {
        stream.modified(&map("m0001", version));
    }
    eventually(|| {
        maps.cache()
            .get("default", "m0001")
            .is_some_and(|map| map.metadata.resource_version.as_deref() == Some("8000"))
    })
    .await;
    assert_eq!(maps.cache().len(), 5000);
    assert!(stalled.status().waiting > 0);
}

#[tokio::test(start_paused = true)]
async fn closing_and_dropping_stop_the_task_and_its_connection() {
    for drops in [false, true] {
        let (maps, mut server) = informer();
        let stream = server.stream(&[map("a", 7)], "9").await;
        let view = maps.view(Filter::everything());
        is_ready(&view).await;
        if drops {
            drop(maps);
            pass(5).await;
            stream.modified(&map("a", 10));
            shows(&view, &["a@10"]).await;
            drop(view);
        } else {
            maps.close();
            assert_eq!(within(view.closed()).await, Error::Closed);
            assert_eq!(shown(&maps), ["a@7"]);
        }
        stream.is_left().await;
        server.is_left().await;
    }
}

#[tokio::test(start_paused = true)]
async fn closing_stops_it_wherever_it_is() {
    // Before it is answered.
    let (maps, mut server) = informer();
    let request = server.request().await;
    let ready = tokio::spawn({
        let maps = maps.clone();
        async move { maps.ready().await }
    });
    pass(1).await;
    maps.close();
    assert_eq!(within(ready).await.unwrap(), Err(Error::Closed));
    server.is_left().await;
    drop(request);
    // While it waits to try again.
    let (maps, mut server) = informer();
    server
        .request()
        .await
        .refuse_with(&status(429, "TooManyRequests"), Some(3600));
    pass(1).await;
    drop(maps);
    server.is_left().await;
}

/// A codec that panics at objects of a certain name.
struct Fragile;

impl Codec<ConfigMap> for Fragile {
    fn decode(&mut self, raw: Raw<'_>) -> Result<ConfigMap, DecodeError> {
        let map: ConfigMap = JsonCodec::default().decode(raw)?;
        assert!(map.metadata.name.as_deref() != Some("bomb"), "boom");
        Ok(map)
    }
}

#[tokio::test(start_paused = true)]
async fn a_codec_that_panics_ends_the_informer_with_an_error_that_says_so() {
    let (client, mut server) = server();
    let maps = Informer::<ConfigMap>::builder(client)
        .codec(Fragile)
        .start();
    let stream = server.stream(&[map("a", 7)], "9").await;
    is_ready(&maps).await;
    stream.added(&map("bomb", 10));
    assert_eq!(within(maps.closed()).await, Error::Panicked("boom".into()));
    stream.is_left().await;
}

fn told(secrets: &Informer<Secret>) -> String {
    format!("{:?}", secrets.status())
}

#[tokio::test(start_paused = true)]
async fn no_secret_is_in_logs_status_or_notices() {
    let logs = Logs::start();
    let (client, mut server) = server();
    let secrets = Informer::<Secret>::builder(client).start();
    let mut notices = secrets.notices();
    let secret = |name: &str, version: u64| {
        let mut secret = item(name, version);
        secret["kind"] = json!("Secret");
        secret["apiVersion"] = json!("v1");
        secret["data"] = json!({"password": "aHVudGVyMg==", "hunter2": 2});
        secret["stringData"] = json!({"password": "hunter2"});
        secret
    };
    let mut said = String::new();
    // Refusals that quote it, in both forms, and lists and streams that break.
    server.request().await.refuse(500, "hunter2 in words");
    server.request().await.refuse(403, "hunter2");
    server.request().await.open().error(500, "hunter2");
    let body = list("9", &[secret("bad", 7)]).to_string();
    server
        .request()
        .await
        .open_text()
        .send(body[..body.len() - 2].to_owned());
    server.request().await.refuse(422, "Invalid");
    server.request().await.reply(&json!({"items": "hunter2"}));
    server.request().await.refuse(422, "Invalid");
    server
        .request()
        .await
        .reply(&list("9", &[secret("bad", 7)]));
    let stream = server.request().await.open();
    said += &told(&secrets);
    stream.added(&secret("a", 10));
    stream.event("hunter2", &secret("a", 11));
    stream.send(r#"{"type":"ADDED","object":"hunter2"}"#);
    stream.send(r#"{"hunter2"}"#);
    let request = server.request().await;
    said += &told(&secrets);
    request.fail(std::io::ErrorKind::ConnectionReset);
    let request = server.request().await;
    secrets.close();
    while let Some(notice) = within(notices.next()).await {
        said += &notice.to_string();
        if matches!(notice, Notice::BadObject { key: None, .. }) {
            break;
        }
    }
    let logs = logs.end();
    drop(request);
    for what in [logs.as_str(), said.as_str()] {
        assert!(
            !what.contains("hunter2") && !what.contains("aHVu"),
            "{what}"
        );
    }
    for want in ["list failed", "bad object", "resource"] {
        assert!(logs.contains(want), "{logs}");
    }
}
