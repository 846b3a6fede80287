//! Servers that were restored from a backup, with versions that start over.

use std::io::ErrorKind;
use std::time::Duration;

use harness::memory::{ApiServer, Fault, Verb};
use k8s_openapi::api::core::v1::{ConfigMap, Pod};
use kcache::{Informer, Notice};
use serde_json::json;
use tokio::time::Instant;

use crate::cache::{
    complaint, eventually, informer, is_degraded, is_live, is_ready, shown, shows, within,
};
use crate::script::{PendingRequest, Server, Stream, item, list, map, server, status};

async fn pass(seconds: u64) {
    tokio::time::sleep(Duration::from_secs(seconds)).await;
}

/// A state of version 20, live for a while.
async fn live_at_20() -> (Informer<ConfigMap>, Server, Stream) {
    let (maps, mut server) = informer();
    let stream = server.stream(&[map("a", 18), map("b", 20)], "20").await;
    is_ready(&maps).await;
    pass(5).await;
    (maps, server, stream)
}

/// Ways to lose a watch by a failure, after which the next one opens and is silent.
const LOSSES: [&str; 7] = [
    "cut",
    "refused",
    "reset",
    "busy",
    "busy in the stream",
    "unavailable",
    "silent",
];

async fn lose(how: &str, server: &mut Server, stream: Stream) -> Stream {
    match how {
        "cut" => stream.cut(),
        "busy in the stream" => stream.error(429, "TooManyRequests"),
        "silent" => std::mem::forget(stream),
        _ => {
            drop(stream);
            let request = server.watch_request("20").await;
            match how {
                "refused" => request.fail(ErrorKind::ConnectionRefused),
                "reset" => request.fail(ErrorKind::ConnectionReset),
                "busy" => request.refuse(429, "TooManyRequests"),
                _ => request.refuse_with(&status(503, "ServiceUnavailable"), Some(1)),
            }
        }
    }
    server.watch_request("20").await.open()
}

/// The next request, for the version of the newest list and little else.
async fn check_request(server: &mut Server) -> PendingRequest {
    let request = server.request().await;
    request.is_for(&[("limit", "1")]);
    request
}

#[tokio::test(start_paused = true)]
async fn a_restored_server_whose_versions_start_over_is_noticed_after_a_failure() {
    for how in LOSSES {
        let (maps, mut server, stream) = live_at_20().await;
        let mut notices = maps.notices();
        let stream = lose(how, &mut server, stream).await;
        let opened = Instant::now();
        let request = check_request(&mut server).await;
        assert!(request.at - opened <= Duration::from_secs(2), "{how}");
        assert_eq!(is_live(&maps), matches!(how, "cut" | "silent"), "{how}");
        request.reply(&list("12", &[item("a", 7)]));
        stream.is_left().await;
        // What there is now; the version that was seen means nothing any longer.
        let request = server.stream_request(None).await;
        assert!(is_degraded(&maps), "{how}");
        let said = "watch: the server's versions start over: it was restored from a backup";
        assert_eq!(complaint(&maps).as_deref(), Some(said));
        assert_eq!(shown(&maps), ["a@18", "b@20"]);
        let stream = request.open();
        stream.added(&map("a", 7));
        stream.synced("12");
        shows(&maps, &["a@7"]).await;
        assert!(is_live(&maps));
        assert_eq!(maps.status().incarnation, 2);
        let notice = within(notices.next()).await;
        assert_eq!(notice, Some(Notice::NewIncarnation { incarnation: 2 }));
        stream.modified(&map("a", 13));
        shows(&maps, &["a@13"]).await;
    }
}

#[tokio::test(start_paused = true)]
async fn versions_that_go_on_are_left_alone() {
    for version in ["20", "21", "100", "x", ""] {
        let (maps, mut server, stream) = live_at_20().await;
        let stream = lose("refused", &mut server, stream).await;
        let request = check_request(&mut server).await;
        assert!(is_degraded(&maps), "it is not known yet");
        request.reply(&list(version, &[item("a", 18)]));
        eventually(|| is_live(&maps)).await;
        server.is_left_alone(Duration::from_secs(120)).await;
        stream.modified(&map("a", 22));
        shows(&maps, &["a@22", "b@20"]).await;
        assert_eq!(maps.status().incarnation, 1);
    }
}

/// A state of version 20, of a server that was found to be at 100 when the watch was resumed.
async fn confirmed_at_100() -> (Informer<ConfigMap>, Server, Stream) {
    let (maps, mut server, stream) = live_at_20().await;
    let stream = lose("cut", &mut server, stream).await;
    let request = check_request(&mut server).await;
    request.reply(&list("100", &[item("a", 18)]));
    pass(5).await;
    (maps, server, stream)
}

#[tokio::test(start_paused = true)]
async fn what_a_check_found_is_compared_later_and_never_gone_on_from() {
    // Versions that have passed what the watch brought, and not what the server had, start over.
    for brings in [None, Some(25)] {
        let (maps, mut server, stream) = confirmed_at_100().await;
        stream.cut();
        let stream = server.watch_request("20").await.open();
        if let Some(version) = brings {
            stream.modified(&map("a", version));
        }
        let request = check_request(&mut server).await;
        request.reply(&list("30", &[item("a", 7)]));
        stream.is_left().await;
        let stream = server.stream_request(None).await.open();
        stream.added(&map("a", 7));
        stream.synced("30");
        shows(&maps, &["a@7"]).await;
        // From here on the new versions count.
        stream.cut();
        let _stream = server.watch_request("30").await.open();
        let request = check_request(&mut server).await;
        request.reply(&list("40", &[item("a", 7)]));
        server.is_left_alone(Duration::from_secs(120)).await;
    }
}

#[tokio::test(start_paused = true)]
async fn what_the_watch_brings_after_a_check_is_not_skipped() {
    let (maps, mut server, stream) = confirmed_at_100().await;
    stream.modified(&map("a", 99));
    shows(&maps, &["a@99", "b@20"]).await;
    stream.cut();
    let stream = server.watch_request("99").await.open();
    stream.modified(&map("b", 101));
    shows(&maps, &["a@99", "b@101"]).await;
    server.is_left_alone(Duration::from_secs(120)).await;
    // A list need not be as new as what was found, since the cache is not, either.
    let (_maps, mut server, stream) = confirmed_at_100().await;
    stream.error(500, "InternalError");
    server.stream_request(Some("20")).await;
}

#[tokio::test(start_paused = true)]
async fn what_the_watch_brings_meanwhile_is_not_compared() {
    let (maps, mut server, stream) = live_at_20().await;
    let stream = lose("cut", &mut server, stream).await;
    let request = check_request(&mut server).await;
    stream.modified(&map("a", 30));
    request.reply(&list("25", &[item("a", 18)]));
    shows(&maps, &["a@30", "b@20"]).await;
    server.is_left_alone(Duration::from_secs(120)).await;
}

#[tokio::test(start_paused = true)]
async fn a_watch_that_ends_well_or_goes_on_by_itself_is_not_checked() {
    // It ends as it should.
    let (_maps, mut server, stream) = live_at_20().await;
    drop(stream);
    let stream = server.watch_request("20").await.open();
    server.is_left_alone(Duration::from_secs(120)).await;
    // It shows at once that versions go on.
    stream.cut();
    let stream = server.watch_request("20").await.open();
    stream.bookmark("21");
    server.is_left_alone(Duration::from_secs(120)).await;
    stream.cut();
    let stream = server.watch_request("21").await.open();
    stream.modified(&map("a", 22));
    server.is_left_alone(Duration::from_secs(120)).await;
}

#[tokio::test(start_paused = true)]
async fn versions_without_an_order_are_not_checked() {
    let (_maps, mut server) = informer();
    let stream = server.stream(&[], "x20").await;
    pass(5).await;
    stream.cut();
    let _stream = server.watch_request("x20").await.open();
    server.is_left_alone(Duration::from_secs(120)).await;
}

#[tokio::test(start_paused = true)]
async fn who_may_not_list_is_live_and_checks_once_for_each_failure() {
    let (maps, mut server, mut stream) = live_at_20().await;
    for _ in 0..2 {
        stream = lose("refused", &mut server, stream).await;
        let request = check_request(&mut server).await;
        request.refuse(403, "Forbidden");
        eventually(|| is_live(&maps)).await;
        server.is_left_alone(Duration::from_secs(120)).await;
    }
    drop(stream);
}

#[tokio::test(start_paused = true)]
async fn a_busy_server_is_checked_again_after_waits_and_found_restored_in_the_end() {
    let (maps, mut server, stream) = live_at_20().await;
    let stream = lose("refused", &mut server, stream).await;
    let request = check_request(&mut server).await;
    request.refuse_with(&status(429, "TooManyRequests"), Some(7));
    let since = Instant::now();
    // The watch is open and brings what there is.
    eventually(|| is_live(&maps)).await;
    let request = check_request(&mut server).await;
    assert!(request.at - since >= Duration::from_secs(7));
    // One that is never answered is given up.
    let again = check_request(&mut server).await;
    again.fail(ErrorKind::ConnectionReset);
    let last = check_request(&mut server).await;
    last.reply(&list("12", &[item("a", 7)]));
    stream.is_left().await;
    server.stream_request(None).await;
    drop(request);
}

#[tokio::test(start_paused = true)]
async fn a_server_that_never_answers_is_checked_a_few_times() {
    let (maps, mut server, stream) = live_at_20().await;
    let stream = lose("cut", &mut server, stream).await;
    for _ in 0..5 {
        check_request(&mut server).await.refuse(500, "Trouble");
    }
    server.is_left_alone(Duration::from_secs(120)).await;
    assert!(is_live(&maps));
    // It is still in doubt, so the next watch is checked, even after a good end.
    drop(stream);
    let _stream = server.watch_request("20").await.open();
    check_request(&mut server).await;
}

#[tokio::test(start_paused = true)]
async fn the_check_requests_the_same_objects() {
    let (client, mut server) = server();
    let builder = Informer::<ConfigMap>::builder(client).namespace("shop");
    let _maps = builder.labels("app=web").fields("metadata.name!=x").start();
    let stream = server.request().await.open();
    stream.synced("20");
    pass(5).await;
    stream.cut();
    let _stream = server.request().await.open();
    let request = server.request().await;
    assert_eq!(request.path, "/api/v1/namespaces/shop/configmaps");
    request.is_for(&[
        ("fieldSelector", "metadata.name!=x"),
        ("labelSelector", "app=web"),
        ("limit", "1"),
    ]);
}

fn pod(name: &str) -> serde_json::Value {
    json!({
        "apiVersion": "v1", "kind": "Pod",
        "metadata": {"namespace": "default", "name": name},
    })
}

#[tokio::test(start_paused = true)]
async fn a_restored_server_shows_in_memory_too_whatever_it_answers_first() {
    let faults: [Option<Fault>; 4] = [
        None,
        Some(Fault::too_many_requests(2).on(Verb::List).times(2)),
        Some(Fault::unavailable().times(3)),
        Some(Fault::cut().times(2)),
    ];
    for fault in faults {
        let server = ApiServer::new();
        for name in ["a", "b", "c"] {
            server.put(pod(name)).expect("it is a Pod");
        }
        let client = kube::Client::new(server.service(), "default");
        let pods = Informer::<Pod>::builder(client).start();
        is_ready(&pods).await;
        pass(90).await;
        server.begin_incarnation(server.version() - 10);
        server.delete("pods", "default", "b").expect("it was there");
        if let Some(fault) = fault {
            server.inject(fault.resource("pods"));
        }
        eventually(|| pods.cache().len() == 2 && is_live(&pods)).await;
        assert_eq!(pods.status().incarnation, 2);
        server.put(pod("d")).expect("it is a Pod");
        eventually(|| pods.cache().get("default", "d").is_some()).await;
    }
}
