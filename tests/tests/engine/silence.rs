//! What does not come: when it is told, and when it is given up.

use std::time::Duration;

use k8s_openapi::api::core::v1::ConfigMap;
use kcache::{Cause, Informer, Operation, Phase};
use tokio::time::{Instant, sleep};

use crate::cache::{complaint, informer, is_degraded, is_live, is_ready, shown, shows};
use crate::script::{Stream, frame, item, list, list_body, map, server};

const SECONDS: fn(u64) -> Duration = Duration::from_secs;

/// What the status says is wrong, after so many seconds from `since` on.
async fn told(maps: &Informer<ConfigMap>, since: Instant, seconds: u64) -> Option<String> {
    tokio::time::sleep_until(since + SECONDS(seconds)).await;
    // Others that wait for the same moment have their turn.
    sleep(Duration::from_millis(1)).await;
    complaint(maps)
}

fn unfinished(seconds: u64) -> String {
    let what = "the list is not complete, and nothing new has come";
    format!("streaming list: {what} for {seconds} s")
}

fn unanswered(doing: &str, seconds: u64) -> String {
    format!("{doing}: no answer for {seconds} s")
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_brings_nothing_is_told_after_10_s_and_listed_after_60() {
    let (maps, mut server) = informer();
    let since = Instant::now();
    let _stream = server.stream_request(None).await.open();
    assert_eq!(told(&maps, since, 9).await, None);
    assert_eq!(told(&maps, since, 10).await, Some(unfinished(10)));
    let failure = maps.status().phase.failure().cloned().unwrap();
    assert_eq!(failure.operation(), Some(Operation::StreamingList));
    assert_eq!(failure.cause(), &Cause::Unfinished(SECONDS(10)));
    assert_eq!(told(&maps, since, 50).await, Some(unfinished(50)));
    assert!(matches!(maps.status().phase, Phase::Syncing { .. }));
    let request = server.list_request(Some("0")).await;
    assert_eq!(request.at - since, SECONDS(60));
    assert_eq!(complaint(&maps), Some(unfinished(60)));
    request.reply(&list("9", &[item("a", 7)]));
    shows(&maps, &["a@7"]).await;
    let _watch = server.watch_request("9").await.open();
    is_ready(&maps).await;
    assert!(is_live(&maps));
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_never_says_its_end_is_listed() {
    // What keeps it busy and leads nowhere: changes, bookmarks, line feeds.
    const LINE_FEEDS: usize = 4;
    let noises: [fn(&Stream, u64); 5] = [
        |_, _| (),
        |stream, version| stream.modified(&map("a", version)),
        |stream, version| stream.bookmark(&version.to_string()),
        |stream, version| {
            stream.bookmark(&version.to_string());
            stream.added(&map(&format!("x{version}"), version));
        },
        |stream, _| stream.send("\n"),
    ];
    for (number, noise) in noises.into_iter().enumerate() {
        let (maps, mut server) = informer();
        if number == LINE_FEEDS {
            server.writes_json();
        }
        let stream = server.stream_request(None).await.open();
        stream.added(&map("a", 7));
        let since = Instant::now();
        let noisy = async {
            for version in 10.. {
                sleep(SECONDS(3)).await;
                noise(&stream, version);
            }
        };
        let request = async {
            assert_eq!(told(&maps, since, 9).await, None);
            assert_eq!(told(&maps, since, 10).await, Some(unfinished(10)));
            server.list_request(Some("0")).await
        };
        let request = tokio::select! {
            () = noisy => unreachable!(),
            request = request => request,
        };
        assert_eq!((request.at - since).as_secs(), 60, "{number}");
        assert!(shown(&maps).is_empty());
    }
}

#[tokio::test(start_paused = true)]
async fn a_slow_stream_is_no_silent_one() {
    let (maps, mut server) = informer();
    let stream = server.stream_request(None).await.open();
    for version in 1..=2 {
        sleep(SECONDS(55)).await;
        assert_eq!(complaint(&maps), Some(unfinished(50)));
        stream.added(&map(&format!("x{version}"), version));
    }
    // One large object that comes a byte at a time is progress, too.
    let large = frame("ADDED", &map("y", 21));
    // Longer than is waited for, and in all less than the shortest time after which a watch ends.
    let (slow, rest) = large.split_at(90);
    for &byte in slow {
        sleep(SECONDS(1)).await;
        stream.send(vec![byte]);
    }
    stream.send(rest.to_vec());
    stream.synced("30");
    is_ready(&maps).await;
    assert_eq!(maps.cache().len(), 3);
    assert!(is_live(&maps));
}

#[tokio::test(start_paused = true)]
async fn a_relist_that_brings_nothing_is_told_and_keeps_what_was_known() {
    let (maps, mut server) = informer();
    let stream = server.stream(&[map("a", 7)], "9").await;
    is_ready(&maps).await;
    stream.error(410, "Expired");
    let request = server.stream_request(Some("9")).await;
    let since = Instant::now();
    let _silent = request.open();
    assert_eq!(told(&maps, since, 10).await, Some(unfinished(10)));
    assert!(is_degraded(&maps));
    assert_eq!(shown(&maps), ["a@7"]);
    let request = server.list_request(Some("9")).await;
    assert_eq!(request.at - since, SECONDS(60));
    request.reply(&list("12", &[item("a", 11)]));
    shows(&maps, &["a@11"]).await;
    assert!(is_live(&maps));
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_does_not_begin_is_told_and_given_up() {
    let (maps, mut server) = informer();
    let stream = server.stream_request(None).await;
    let since = stream.at;
    assert_eq!(
        told(&maps, since, 10).await,
        Some(unanswered("streaming list", 10))
    );
    let request = server.list_request(Some("0")).await;
    assert_eq!(request.at - since, SECONDS(60));
    let since = request.at;
    assert_eq!(
        told(&maps, since, 9).await,
        Some(unanswered("streaming list", 50))
    );
    assert_eq!(told(&maps, since, 20).await, Some(unanswered("list", 20)));
    // A list that stops in its middle.
    let body = list_body(&list("9", &[item("a", 7)]));
    let (half, rest) = body.split_at(body.len() / 2);
    let answer = request.open();
    let since = Instant::now();
    answer.send(half.to_vec());
    assert_eq!(
        told(&maps, since, 30).await,
        Some(unfinished(30).replace("streaming ", ""))
    );
    answer.send(rest.to_vec());
    drop(answer);
    let watch = server.watch_request("9").await;
    is_ready(&maps).await;
    assert!(is_live(&maps));
    // Nor does the watch begin: what is there may be old.
    let since = watch.at;
    assert_eq!(told(&maps, since, 9).await, None);
    assert_eq!(told(&maps, since, 10).await, Some(unanswered("watch", 10)));
    assert!(is_degraded(&maps));
    // It is waited for: what stands in between may hold it back until there is an event.
    assert_eq!(
        told(&maps, since, 120).await,
        Some(unanswered("watch", 120))
    );
    let _watch = watch.open();
    sleep(SECONDS(2)).await;
    assert!(is_live(&maps));
}

#[tokio::test(start_paused = true)]
async fn a_watch_that_is_quiet_is_no_fault() {
    let (client, mut server) = server();
    let maps = Informer::<ConfigMap>::builder(client).start();
    let _stream = server.stream(&[], "9").await;
    is_ready(&maps).await;
    for _ in 0..28 {
        sleep(SECONDS(10)).await;
        assert!(is_live(&maps));
    }
}
