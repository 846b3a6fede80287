//! Lists whose pages do not come.

use std::time::Duration;

use k8s_openapi::api::core::v1::ConfigMap;
use kcache::Informer;
use serde_json::Value;
use tokio::time::Instant;

use crate::cache::{complaint, informer, shown};
use crate::script::{PendingRequest, Server, item, list, map, page, server};

/// How a server answers with pages, by the number of the request in its list.
type Answers = fn(usize, PendingRequest);

/// A page with one object, always the same.
fn same(token: &str) -> Value {
    page("9", &[item("a", 7)], token)
}

/// Habits of which none ever comes to the end of a list.
fn habits() -> [(&'static str, Answers, &'static str); 9] {
    let lead = "list: the pages of the list lead to no end";
    let expired = "list: the server answered 410 Expired";
    [
        ("one token", |_, request| request.reply(&same("t")), lead),
        (
            "two tokens in turn",
            |n, request| request.reply(&same(["a", "b"][n % 2])),
            lead,
        ),
        (
            "a circle after a while",
            |n, request| request.reply(&same(&format!("t{}", if n < 5 { n } else { 5 + n % 3 }))),
            lead,
        ),
        (
            "no item",
            |n, request| request.reply(&page("9", &[], &format!("t{n}"))),
            lead,
        ),
        (
            "the same item",
            |n, request| request.reply(&same(&format!("t{n}"))),
            lead,
        ),
        (
            "nameless items",
            |n, request| {
                let mut nameless = item("a", 7);
                nameless["metadata"]["name"].take();
                request.reply(&page("9", &[nameless], &format!("t{n}")));
            },
            lead,
        ),
        (
            "an expired second page",
            |n, request| match n {
                0 => request.reply(&same("t")),
                _ => request.refuse(410, "Expired"),
            },
            expired,
        ),
        (
            "a token that it does not understand",
            |n, request| match n {
                0 => request.reply(&same("t")),
                _ => request.refuse(400, "BadRequest"),
            },
            "list: the server answered 400 BadRequest",
        ),
        (
            "a token longer than a URL",
            |_, request| request.reply(&same(&"x".repeat(70_000))),
            "list: the request is longer than a URL can be",
        ),
    ]
}

/// Answers one attempt to list, of whatever many requests; how many those were, and how many of them
/// were for a list without pages.
async fn attempt(server: &mut Server, answers: Answers) -> (usize, usize) {
    let (mut requests, mut full, mut number) = (0, 0, 0);
    loop {
        let request = server.request().await;
        if request.query.contains_key("sendInitialEvents") {
            request.refuse(422, "Invalid");
            return (requests, full);
        }
        assert!(!request.query.contains_key("watch"), "it is no list");
        requests += 1;
        if !request.query.contains_key("continue") {
            number = 0;
            full += usize::from(!request.query.contains_key("limit"));
        }
        answers(number, request);
        number += 1;
    }
}

#[tokio::test(start_paused = true)]
async fn pages_that_do_not_come_are_requested_once_at_once_then_after_waits_and_told() {
    for (name, answers, says) in habits() {
        let (maps, mut server) = informer();
        server.stream_request(None).await.refuse(422, "Invalid");
        let mut since = Instant::now();
        for least in [0.8, 1.6, 3.2, 6.4] {
            let (requests, full) = attempt(&mut server, answers).await;
            assert!(requests <= 40, "{name}: {requests} at once");
            assert!(full >= 1, "{name}: no full list");
            assert_eq!(complaint(&maps).as_deref(), Some(says), "{name}");
            let wait = since.elapsed().as_secs_f64();
            assert!(wait >= least, "{name}: {wait} s, not {least}");
            since = Instant::now();
        }
        assert!(!maps.status().phase.is_ready());
    }
}

#[tokio::test(start_paused = true)]
async fn tokens_that_lead_nowhere_give_one_full_list_and_the_next_ones_without_pages() {
    for size in [None, Some(2)] {
        let (client, mut server) = server();
        let mut builder = Informer::<ConfigMap>::builder(client);
        if let Some(size) = size {
            builder = builder.page_size(size);
        }
        let maps = builder.start();
        let limit = size.unwrap_or(500).to_string();
        server.stream_request(None).await.refuse(422, "Invalid");
        let request = server.request().await;
        request.is_for(&[("limit", &limit), ("resourceVersion", "0")]);
        request.reply(&page("9", &[item("a", 7), item("ghost", 8)], "t"));
        let request = server.request().await;
        request.is_for(&[("continue", "t"), ("limit", &limit)]);
        request.reply(&page("9", &[item("a", 7)], "t"));
        let request = server.request().await;
        request.is_for(&[("resourceVersion", "0")]);
        request.reply(&list("12", &[item("a", 11), item("b", 10)]));
        let request = server.watch_request("12").await;
        assert_eq!(shown(&maps), ["a@11", "b@10"]);
        request.refuse(410, "Expired");
        server
            .stream_request(Some("12"))
            .await
            .refuse(422, "Invalid");
        let request = server.request().await;
        request.is_for(&[
            ("resourceVersion", "12"),
            ("resourceVersionMatch", "NotOlderThan"),
        ]);
    }
}

#[tokio::test(start_paused = true)]
async fn a_full_list_whose_version_is_gone_is_listed_once_more_without_a_version() {
    let (maps, mut server) = informer();
    let stream = server.stream(&[map("a", 7)], "9").await;
    stream.error(500, "InternalError");
    server
        .stream_request(Some("9"))
        .await
        .refuse(422, "Invalid");
    // It sends pages that nobody requested, and forgets them.
    for version in [Some("9"), Some("9")] {
        let request = server.list_request(version).await;
        request.reply(&page("12", &[item("a", 7)], "t"));
        server.request().await.refuse(410, "Expired");
    }
    server
        .list_request(None)
        .await
        .reply(&list("12", &[item("b", 11)]));
    server.watch_request("12").await;
    assert_eq!(shown(&maps), ["b@11"]);
}

#[tokio::test(start_paused = true)]
async fn some_pages_without_an_item_are_a_list_still() {
    let (maps, mut server) = informer();
    server.stream_request(None).await.refuse(422, "Invalid");
    let request = server.list_request(Some("0")).await;
    request.reply(&page("9", &[], "t0"));
    for number in 1..40 {
        let request = server.request().await;
        request.is_for(&[("continue", &format!("t{}", number - 1)), ("limit", "500")]);
        let objects = [item(&format!("a{number:02}"), number)];
        // One of ten has something.
        let objects = if number % 10 == 0 { &objects[..] } else { &[] };
        request.reply(&page("9", objects, &format!("t{number}")));
    }
    server.request().await.reply(&list("9", &[item("z", 50)]));
    server.watch_request("9").await;
    assert_eq!(shown(&maps), ["a10@10", "a20@20", "a30@30", "z@50"]);
    tokio::time::sleep(Duration::from_secs(1)).await;
}
