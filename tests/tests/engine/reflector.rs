//! The rules of client-go's reflector, one test each, in the order of the list in `docs/engine.md`.

use std::time::Duration;

use serde_json::{Value, json};

use crate::cache::{
    complaint, eventually, informer, is_degraded, is_live, is_ready, next, shown, shows, within,
};
use crate::script::{bookmark, item, list, map, page, status};

const MOMENT: Duration = Duration::from_millis(10);

#[tokio::test(start_paused = true)]
async fn a_bookmark_annotated_true_syncs_by_one_watch_and_no_list() {
    let (maps, mut server) = informer();
    let request = server.stream_request(None).await;
    assert_eq!(request.path, "/api/v1/configmaps");
    let stream = request.open();
    stream.added(&map("a", 7));
    stream.added(&map("b", 3));
    stream.synced("9");
    is_ready(&maps).await;
    assert_eq!(shown(&maps), ["a@7", "b@3"]);
    stream.modified(&map("b", 10));
    shows(&maps, &["a@7", "b@10"]).await;
    server.is_left_alone(Duration::from_secs(60)).await;
    assert!(is_live(&maps));
}

#[tokio::test(start_paused = true)]
async fn a_bookmark_annotated_false_or_not_at_all_does_not_sync() {
    let (maps, mut server) = informer();
    let stream = server.stream_request(None).await.open();
    stream.added(&map("a", 7));
    for end in [None, Some("false"), Some("")] {
        stream.event("BOOKMARK", &bookmark("9", end));
    }
    server.is_left_alone(Duration::from_secs(60)).await;
    assert!(!maps.status().phase.is_ready());
    assert!(maps.cache().is_empty());
    stream.synced("9");
    is_ready(&maps).await;
}

#[tokio::test(start_paused = true)]
async fn modify_and_delete_before_the_bookmark_are_applied() {
    let (maps, mut server) = informer();
    let stream = server.stream_request(None).await.open();
    stream.added(&map("a", 1));
    stream.added(&map("b", 2));
    stream.modified(&map("a", 3));
    stream.deleted(&map("b", 4));
    stream.synced("4");
    is_ready(&maps).await;
    assert_eq!(shown(&maps), ["a@3"]);
    assert_eq!(maps.status().commit, 1);
}

#[tokio::test(start_paused = true)]
async fn an_error_on_the_streaming_list_lists_at_0_and_watches_from_the_lists_version() {
    for inside in [false, true] {
        let (maps, mut server) = informer();
        let request = server.stream_request(None).await;
        if inside {
            request.open().error(422, "Invalid");
        } else {
            request.refuse(422, "Invalid");
        }
        let request = server.list_request(Some("0")).await;
        request.reply(&list("9", &[item("a", 7)]));
        server.watch_request("9").await.open().added(&map("b", 10));
        shows(&maps, &["a@7", "b@10"]).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_429_twice_and_then_success_makes_three_streaming_attempts() {
    for retry_after in [None, Some(2)] {
        let (maps, mut server) = informer();
        for _ in 0..2 {
            let request = server.stream_request(None).await;
            request.refuse_with(&status(429, "TooManyRequests"), retry_after);
        }
        let _stream = server.stream(&[map("a", 7)], "9").await;
        shows(&maps, &["a@7"]).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_ends_before_the_bookmark_throws_its_partial_state_away() {
    for cut in [false, true] {
        let (maps, mut server) = informer();
        let stream = server.stream_request(None).await.open();
        stream.added(&map("ghost", 7));
        tokio::time::sleep(MOMENT).await;
        if cut {
            stream.cut();
        } else {
            drop(stream);
        }
        let request = server.list_request(Some("0")).await;
        assert!(maps.cache().is_empty());
        request.reply(&list("9", &[item("a", 8)]));
        server.watch_request("9").await;
        assert_eq!(shown(&maps), ["a@8"]);
    }
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_ends_after_the_bookmark_resumes_a_plain_watch_from_the_last_version() {
    let (maps, mut server) = informer();
    let stream = server.stream(&[map("a", 99), map("b", 3)], "9").await;
    tokio::time::sleep(Duration::from_secs(5)).await;
    drop(stream);
    let stream = server.watch_request("9").await.open();
    stream.modified(&map("b", 12));
    tokio::time::sleep(Duration::from_secs(5)).await;
    stream.cut();
    let stream = server.watch_request("12").await.open();
    stream.bookmark("15");
    tokio::time::sleep(Duration::from_secs(5)).await;
    drop(stream);
    server.watch_request("15").await;
    assert_eq!(shown(&maps), ["a@99", "b@12"]);
    assert!(is_live(&maps));
}

#[tokio::test(start_paused = true)]
async fn an_expired_resume_relists_and_keeps_the_store_until_then() {
    for inside in [false, true] {
        let (maps, mut server) = informer();
        let stream = server.stream(&[map("a", 7), map("b", 8)], "9").await;
        tokio::time::sleep(Duration::from_secs(5)).await;
        drop(stream);
        let request = server.watch_request("9").await;
        if inside {
            request.open().error(410, "Expired");
        } else {
            request.refuse(410, "Expired");
        }
        let request = server.stream_request(Some("9")).await;
        assert_eq!(shown(&maps), ["a@7", "b@8"]);
        assert_eq!(
            complaint(&maps).as_deref(),
            Some("watch: the server answered 410 Expired")
        );
        let mut events = maps.subscribe();
        assert_eq!(within(events.snapshot()).await.unwrap().objects.len(), 2);
        let stream = request.open();
        stream.added(&map("b", 18));
        stream.added(&map("c", 11));
        stream.synced("20");
        assert_eq!(next(&mut events).await, "-a@7");
        assert_eq!(next(&mut events).await, "b@8->18");
        assert_eq!(next(&mut events).await, "+c@11");
        eventually(|| is_live(&maps)).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_429_on_watch_backs_off_without_a_relist() {
    let (maps, mut server) = informer();
    let stream = server.stream(&[map("a", 7)], "9").await;
    tokio::time::sleep(Duration::from_secs(5)).await;
    stream.error(429, "TooManyRequests");
    let request = server.watch_request("9").await;
    assert!(is_degraded(&maps));
    request.refuse(429, "TooManyRequests");
    let request = server.watch_request("9").await;
    request.fail(std::io::ErrorKind::ConnectionRefused);
    let stream = server.watch_request("9").await.open();
    stream.modified(&map("a", 10));
    shows(&maps, &["a@10"]).await;
    assert!(is_live(&maps));
}

#[tokio::test(start_paused = true)]
async fn a_500_in_the_stream_relists_and_deletes_what_is_gone() {
    let (maps, mut server) = informer();
    let stream = server.stream(&[map("a", 7), map("ghost", 8)], "9").await;
    is_ready(&maps).await;
    stream.error(500, "StorageReadError");
    server
        .stream_request(Some("9"))
        .await
        .refuse(422, "Invalid");
    let request = server.list_request(Some("9")).await;
    request.reply(&list("12", &[item("a", 7)]));
    shows(&maps, &["a@7"]).await;
}

#[tokio::test(start_paused = true)]
async fn lists_are_tried_at_0_then_at_the_version_last_seen_then_without() {
    let (maps, mut server) = informer();
    server.stream_request(None).await.refuse(422, "Invalid");
    let request = server.list_request(Some("0")).await;
    request.reply(&list("9", &[item("a", 7)]));
    server.watch_request("9").await.refuse(410, "Gone");
    server
        .stream_request(Some("9"))
        .await
        .refuse(422, "Invalid");
    server.list_request(Some("9")).await.refuse(410, "Expired");
    let request = server.list_request(None).await;
    request.reply(&list("19", &[item("b", 17)]));
    server.watch_request("19").await;
    assert_eq!(shown(&maps), ["b@17"]);
}

#[tokio::test(start_paused = true)]
async fn a_second_page_that_expired_gives_one_full_list() {
    let (maps, mut server) = informer();
    server.stream_request(None).await.refuse(422, "Invalid");
    let request = server.list_request(Some("0")).await;
    request.reply(&page("9", &[item("a", 7), item("gone", 8)], "next"));
    let request = server.request().await;
    request.is_for(&[("continue", "next"), ("limit", "500")]);
    request.refuse(410, "Expired");
    let request = server.request().await;
    request.is_for(&[("resourceVersion", "0")]);
    request.reply(&list("12", &[item("a", 11), item("b", 10)]));
    server.watch_request("12").await;
    assert_eq!(shown(&maps), ["a@11", "b@10"]);
}

/// A version that is larger than the server's, as servers of three ages say it.
fn too_large() -> [Value; 3] {
    let text = "Too large resource version: 9, current: 5";
    let plain = "Too large resource version";
    let mut statuses = [(); 3].map(|()| status(504, "Timeout"));
    statuses[0]["details"] = json!({"retryAfterSeconds": 1, "causes": [
        {"reason": "ResourceVersionTooLarge", "message": text}]});
    statuses[1]["details"] = json!({"retryAfterSeconds": 1, "causes": [{"message": plain}]});
    statuses[2]["details"] = json!({"retryAfterSeconds": 1});
    statuses[2]["message"] = json!(format!("Timeout: {text}"));
    statuses
}

#[tokio::test(start_paused = true)]
async fn all_three_forms_of_a_too_large_version_relist_without_a_version() {
    for too_large in too_large() {
        let (maps, mut server) = informer();
        let stream = server.stream(&[map("a", 7)], "9").await;
        is_ready(&maps).await;
        stream.error(410, "Expired");
        let request = server.stream_request(Some("9")).await;
        request.refuse_with(&too_large, Some(1));
        // Not after a wait, and never at "0".
        let request = server.stream_request(None).await;
        request.refuse(422, "Invalid");
        let request = server.list_request(None).await;
        request.reply(&list("5", &[item("a", 4)]));
        server.watch_request("5").await;
        assert_eq!(shown(&maps), ["a@4"]);
        assert_eq!(maps.status().incarnation, 2);
    }
}

#[tokio::test(start_paused = true)]
async fn all_three_forms_of_a_too_large_version_on_a_list_list_without_a_version() {
    for too_large in too_large() {
        let (maps, mut server) = informer();
        let stream = server.stream(&[map("a", 7)], "9").await;
        is_ready(&maps).await;
        stream.error(410, "Expired");
        server
            .stream_request(Some("9"))
            .await
            .refuse(422, "Invalid");
        let request = server.list_request(Some("9")).await;
        request.refuse_with(&too_large, Some(1));
        let request = server.list_request(None).await;
        request.reply(&list("10", &[item("a", 7)]));
        server.watch_request("10").await;
        assert_eq!(maps.status().incarnation, 1);
    }
}

#[tokio::test(start_paused = true)]
async fn a_duplicate_added_is_an_update_or_nothing() {
    let (maps, mut server) = informer();
    let stream = server.stream(&[map("a", 7)], "9").await;
    let mut events = maps.subscribe();
    assert_eq!(next(&mut events).await, "+a@7");
    stream.added(&map("a", 7));
    stream.added(&map("a", 11));
    assert_eq!(next(&mut events).await, "a@7->11");
}

#[tokio::test(start_paused = true)]
async fn a_delete_of_an_unknown_object_is_nothing() {
    let (maps, mut server) = informer();
    let stream = server.stream(&[map("a", 7)], "9").await;
    let mut events = maps.subscribe();
    assert_eq!(next(&mut events).await, "+a@7");
    stream.deleted(&map("unknown", 10));
    stream.modified(&map("a", 11));
    assert_eq!(next(&mut events).await, "a@7->11");
}

#[tokio::test(start_paused = true)]
async fn a_modification_of_an_unknown_object_is_a_create() {
    let (maps, mut server) = informer();
    let stream = server.stream(&[], "9").await;
    is_ready(&maps).await;
    let mut events = maps.subscribe();
    stream.modified(&map("a", 10));
    assert_eq!(next(&mut events).await, "+a@10");
}

#[tokio::test(start_paused = true)]
async fn an_object_without_a_name_or_in_a_watch_of_another_kind_is_isolated() {
    let mut nameless = map("x", 10);
    nameless["metadata"]["name"].take();
    let mut other = map("a", 11);
    other["kind"] = json!("Secret");
    let mut group = map("a", 12);
    group["apiVersion"] = json!("v2");

    let (maps, mut server) = informer();
    let stream = server
        .stream(&[nameless.clone(), map("a", 7), other.clone()], "9")
        .await;
    is_ready(&maps).await;
    assert_eq!(
        (shown(&maps), maps.status().bad_objects),
        (vec!["a@7".to_owned()], 2)
    );
    for bad in [&nameless, &other, &group] {
        stream.modified(bad);
    }
    stream.added(&map("b", 13));
    shows(&maps, &["a@7", "b@13"]).await;
    let status = maps.status();
    // Two without a name, and one of another kind under the name of a.
    assert_eq!((status.bad_objects, status.bad_reports), (3, 5));

    let (maps, mut server) = informer();
    server.stream_request(None).await.refuse(422, "Invalid");
    let request = server.list_request(Some("0")).await;
    request.reply(&list("9", &[nameless, item("a", 7)]));
    shows(&maps, &["a@7"]).await;
    assert_eq!(maps.status().bad_objects, 1);
}

#[tokio::test(start_paused = true)]
async fn metadata_may_come_after_items() {
    let (maps, mut server) = informer();
    server.stream_request(None).await.refuse(422, "Invalid");
    let body = format!(
        r#"{{"items":[{}],"metadata":{{"resourceVersion":"9"}}}}"#,
        item("a", 7)
    );
    server.list_request(Some("0")).await.open_text().send(body);
    server.watch_request("9").await;
    assert_eq!(shown(&maps), ["a@7"]);
}

#[tokio::test(start_paused = true)]
async fn items_null_are_an_empty_list() {
    let (maps, mut server) = informer();
    server.stream_request(None).await.refuse(422, "Invalid");
    let mut empty = list("9", &[]);
    empty["items"].take();
    server.list_request(Some("0")).await.reply(&empty);
    server.watch_request("9").await;
    assert!(maps.status().phase.is_ready());
    assert!(maps.cache().is_empty());
}
