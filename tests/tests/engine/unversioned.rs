//! Servers that do not give versions everywhere.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::Instant;

use crate::cache::{complaint, informer, is_degraded, is_live, is_ready, shown, shows};
use crate::script::{bookmark, item, list, map};

async fn pass(seconds: u64) {
    tokio::time::sleep(Duration::from_secs(seconds)).await;
}

/// Bookmarks that end a streaming list and have no version.
fn ends() -> [Value; 4] {
    let mut ends = [(); 4].map(|()| bookmark("", Some("true")));
    ends[1]["metadata"]["resourceVersion"].take();
    ends[2]["metadata"]["annotations"]["other"] = Value::Null;
    ends[3]["metadata"]["resourceVersion"] = json!("0");
    ends
}

#[tokio::test(start_paused = true)]
async fn a_last_bookmark_without_a_version_syncs_and_what_follows_brings_one() {
    for end in ends() {
        for bookmarked in [false, true] {
            let (maps, mut server) = informer();
            let stream = server.stream_request(None).await.open();
            stream.added(&map("a", 7));
            stream.event("BOOKMARK", &end);
            is_ready(&maps).await;
            assert!(is_live(&maps));
            assert_eq!(shown(&maps), ["a@7"]);
            pass(5).await;
            assert!(is_live(&maps));
            stream.modified(&map("a", 12));
            if bookmarked {
                stream.bookmark("15");
            }
            shows(&maps, &["a@12"]).await;
            pass(5).await;
            drop(stream);
            let version = if bookmarked { "15" } else { "12" };
            server.watch_request(version).await.refuse(410, "Expired");
            server.stream_request(Some(version)).await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_watch_that_ends_before_a_version_came_is_listed_anew() {
    let (maps, mut server) = informer();
    for objects in [vec![map("a", 7), map("gone", 3)], vec![map("a", 9)]] {
        let stream = server.stream_request(None).await.open();
        for object in &objects {
            stream.added(object);
        }
        stream.event("BOOKMARK", &bookmark("", Some("true")));
        let want = objects.len();
        crate::cache::eventually(|| maps.cache().len() == want).await;
        pass(5).await;
        assert!(is_live(&maps));
        drop(stream);
    }
    // Not from "0", which could be older than what is known.
    server.stream_request(None).await.refuse(422, "Invalid");
    let request = server.list_request(None).await;
    assert_eq!(shown(&maps), ["a@9"]);
    assert!(is_degraded(&maps));
    request.reply(&list("12", &[item("b", 11)]));
    server.watch_request("12").await;
    assert_eq!(shown(&maps), ["b@11"]);
    assert_eq!(maps.status().incarnation, 1);
}

#[tokio::test(start_paused = true)]
async fn a_list_without_a_version_is_shown_and_listed_anew_after_a_wait() {
    for version in [json!(""), json!("0"), Value::Null] {
        let (maps, mut server) = informer();
        let mut waits: Vec<Duration> = Vec::new();
        let mut last: Option<Instant> = None;
        for number in 1..=5 {
            let request = server.stream_request(None).await;
            waits.extend(last.map(|last| request.at - last));
            last = Some(request.at);
            request.refuse(405, "MethodNotAllowed");
            let since = (number == 1).then_some("0");
            let mut body = list("", &[item("a", number)]);
            body["metadata"]["resourceVersion"] = version.clone();
            server.list_request(since).await.reply(&body);
            shows(&maps, &[&format!("a@{number}")]).await;
            pass(0).await;
            assert!(is_degraded(&maps));
            let said = "list: the server gave no version that a watch could follow on from";
            assert_eq!(complaint(&maps).as_deref(), Some(said));
        }
        for (wait, least) in waits.iter().zip([0.8, 1.6, 3.2, 6.4]) {
            assert!(wait.as_secs_f64() >= least, "{waits:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn objects_without_versions_are_followed() {
    let bare = |name: &str, content: &str| {
        let mut map = map(name, 1);
        map["metadata"]["resourceVersion"].take();
        map["data"]["content"] = json!(content);
        map
    };
    let (maps, mut server) = informer();
    server.stream_request(None).await.refuse(422, "Invalid");
    let request = server.list_request(Some("0")).await;
    request.reply(&list("9", &[bare("a", "old"), bare("b", "old")]));
    let stream = server.watch_request("9").await.open();
    stream.modified(&bare("a", "new"));
    stream.deleted(&bare("b", "old"));
    shows(&maps, &["a@"]).await;
    let a = maps.cache().get("default", "a").expect("it is there");
    assert!(a.data.as_ref().is_some_and(|data| data["content"] == "new"));
    pass(5).await;
    drop(stream);
    // Its events say nothing of where to go on, so they come once more.
    server.watch_request("9").await;
}
