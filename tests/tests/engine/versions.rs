//! What the server says last is true, whatever the versions say.

use std::time::Duration;

use serde_json::{Value, json};

use crate::cache::{informer, is_ready, shown, shows};
use crate::script::{Server, list, map};

fn with_content(mut map: Value, content: &str) -> Value {
    map["data"]["content"] = json!(content);
    map
}

/// The watch is told that its version is gone, so that all is listed anew.
async fn expire(server: &mut Server, version: &str) {
    let request = server.watch_request(version).await;
    request.refuse(410, "Expired");
}

#[tokio::test(start_paused = true)]
async fn a_backup_restored_with_a_bumped_revision_replaces_what_was_there() {
    let (maps, mut server) = informer();
    let stream = server.stream(&[map("a", 20), map("b", 3)], "20").await;
    is_ready(&maps).await;
    pass(5).await;
    drop(stream);
    expire(&mut server, "20").await;
    let stream = server.stream_request(Some("20")).await.open();
    stream.added(&map("a", 7));
    stream.added(&map("b", 3));
    stream.synced("1000009");
    shows(&maps, &["a@7", "b@3"]).await;
    assert_eq!(maps.status().incarnation, 2);
    stream.modified(&map("a", 1_000_010));
    shows(&maps, &["a@1000010", "b@3"]).await;
}

#[tokio::test(start_paused = true)]
async fn an_event_that_keeps_its_version_is_applied() {
    let (maps, mut server) = informer();
    let stream = server.stream(&[map("a", 7)], "9").await;
    is_ready(&maps).await;
    stream.modified(&with_content(map("a", 7), "new"));
    stream.added(&map("b", 5));
    shows(&maps, &["a@7", "b@5"]).await;
    let a = maps.cache().get("default", "a").expect("it is there");
    assert!(a.data.as_ref().is_some_and(|data| data["content"] == "new"));
    // The very same again is nothing.
    let before = maps.status().commit;
    stream.modified(&with_content(map("a", 7), "new"));
    stream.bookmark("12");
    maps.wait_for("12", Duration::from_secs(9))
        .await
        .expect("it comes");
    assert_eq!(maps.status().commit, before);
}

#[tokio::test(start_paused = true)]
async fn other_content_of_the_same_version_wins_in_a_list() {
    let (maps, mut server) = informer();
    let stream = server.stream(&[map("a", 7), map("b", 8)], "9").await;
    is_ready(&maps).await;
    let b = maps.cache().get("default", "b").expect("it is there");
    pass(5).await;
    drop(stream);
    expire(&mut server, "9").await;
    let stream = server.stream_request(Some("9")).await.open();
    stream.added(&with_content(map("a", 7), "a new default"));
    stream.added(&map("b", 8));
    stream.synced("12");
    maps.wait_for("12", Duration::from_secs(9))
        .await
        .expect("it comes");
    let a = maps.cache().get("default", "a").expect("it is there");
    let content = a.data.as_ref().map(|data| data["content"].as_str());
    assert_eq!(content, Some("a new default"));
    // What has the same content is the same object still.
    let same = maps.cache().get("default", "b").expect("it is there");
    assert!(std::sync::Arc::ptr_eq(&b, &same));
    assert_eq!(maps.status().incarnation, 1);
}

#[tokio::test(start_paused = true)]
async fn a_list_that_is_older_than_requested_is_refused() {
    let (maps, mut server) = informer();
    let stream = server.stream(&[map("a", 20)], "20").await;
    is_ready(&maps).await;
    pass(5).await;
    drop(stream);
    expire(&mut server, "20").await;
    let stream = server.stream_request(Some("20")).await.open();
    stream.added(&map("a", 5));
    stream.synced("6");
    // What a server has now is requested without a version.
    let request = server.stream_request(None).await;
    assert_eq!(shown(&maps), ["a@20"]);
    assert_eq!(
        (maps.status().incarnation, maps.status().stale_inputs),
        (1, 1)
    );
    let stream = request.open();
    stream.added(&map("a", 21));
    stream.synced("22");
    shows(&maps, &["a@21"]).await;
    assert_eq!(maps.status().incarnation, 1);
}

#[tokio::test(start_paused = true)]
async fn pages_that_are_older_than_requested_are_refused() {
    for (version, refused) in [
        ("6", true),
        ("20", false),
        ("21", false),
        ("x", false),
        ("", false),
    ] {
        let (maps, mut server) = informer();
        let stream = server.stream(&[map("a", 20)], "20").await;
        is_ready(&maps).await;
        pass(5).await;
        drop(stream);
        expire(&mut server, "20").await;
        let request = server.stream_request(Some("20")).await;
        request.refuse(422, "Invalid");
        let request = server.list_request(Some("20")).await;
        request.reply(&list(version, &[map("a", 5)]));
        if refused {
            let request = server.list_request(None).await;
            assert_eq!(shown(&maps), ["a@20"]);
            request.reply(&list("6", &[map("a", 5)]));
        }
        shows(&maps, &["a@5"]).await;
        assert_eq!(maps.status().incarnation, 2, "{version:?}");
    }
}

async fn pass(seconds: u64) {
    tokio::time::sleep(Duration::from_secs(seconds)).await;
}
