//! Bodies that are cut anywhere.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use proptest::prelude::*;
use proptest::sample::Index;
use serde_json::{Value, json};

use crate::cache::{informer, is_ready, shows};
use crate::script::{answers_protobuf, bookmark, frame, item, list, list_body, map};

fn runtime() -> tokio::runtime::Runtime {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    runtime
        .enable_time()
        .start_paused(true)
        .build()
        .expect("a runtime")
}

/// What may stand between two events: in JSON, white space.
fn between(space: &str) -> &[u8] {
    if answers_protobuf() {
        b""
    } else {
        space.as_bytes()
    }
}

/// Objects whose text is hard to take apart.
fn hard() -> [Value; 3] {
    let mut objects = [item("a", 7), item("b", 8), item("c", 6)];
    objects[0]["data"] = json!({"brackets": "}]{[", "quotes": "\"\\\" \\", "n": "\u{e9}\u{1f980}"});
    objects[1]["data"] = Value::Null;
    if !answers_protobuf() {
        objects[2]["spec"] = json!([[], [{}], {"items": [1, -2.5e3, true, null]}]);
    }
    objects
}

#[tokio::test(start_paused = true)]
async fn a_list_can_be_cut_at_every_byte() {
    let body = list_body(&list("9", &hard()));
    for cut in 0..=body.len() {
        let (maps, mut server) = informer();
        server.stream_request(None).await.refuse(422, "Invalid");
        let stream = server.list_request(Some("0")).await.open();
        let (first, second) = body.split_at(cut);
        stream.send(first.to_vec());
        tokio::time::sleep(Duration::from_millis(1)).await;
        stream.send(second.to_vec());
        drop(stream);
        server.watch_request("9").await;
        shows(&maps, &["a@7", "b@8", "c@6"]).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_watch_can_be_cut_at_every_byte() {
    let mut body = Vec::new();
    for mut object in hard() {
        object["kind"] = json!("ConfigMap");
        object["apiVersion"] = json!("v1");
        body.extend(frame("ADDED", &object));
        body.extend(between("\n"));
    }
    body.extend(frame("BOOKMARK", &bookmark("9", Some("true"))));
    body.extend(frame("DELETED", &map("b", 10)));
    for cut in 0..=body.len() {
        let (maps, mut server) = informer();
        let stream = server.stream_request(None).await.open();
        let (first, second) = body.split_at(cut);
        stream.send(first.to_vec());
        tokio::time::sleep(Duration::from_millis(1)).await;
        stream.send(second.to_vec());
        shows(&maps, &["a@7", "c@6"]).await;
    }
}

/// Counts how many of the chunks that were sent are held.
struct Counted(Vec<u8>, Arc<AtomicUsize>);

impl AsRef<[u8]> for Counted {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.1.fetch_sub(1, Ordering::Relaxed);
    }
}

#[tokio::test(start_paused = true)]
async fn neither_a_body_nor_the_bytes_of_a_list_are_held_whole() {
    let held = Arc::new(AtomicUsize::new(0));
    let items: Vec<_> = (1..=200).map(|n| item(&format!("m{n}"), n)).collect();
    let body = list_body(&list("900", &items));
    let (maps, mut server) = informer();
    server.stream_request(None).await.refuse(422, "Invalid");
    let stream = server.list_request(Some("0")).await.open();
    for chunk in body.chunks(100) {
        held.fetch_add(1, Ordering::Relaxed);
        let counted = Counted(chunk.to_vec(), held.clone());
        stream.send(Bytes::from_owner(counted));
        tokio::time::sleep(Duration::from_millis(1)).await;
        assert!(held.load(Ordering::Relaxed) <= 1);
    }
    drop(stream);
    is_ready(&maps).await;
    assert_eq!(maps.cache().len(), 200);
}

#[tokio::test(start_paused = true)]
async fn others_have_their_turn_while_a_big_body_is_decoded() {
    let (maps, mut server) = informer();
    let turns = Arc::new(AtomicUsize::new(0));
    let other = tokio::spawn({
        let turns = turns.clone();
        async move {
            loop {
                turns.fetch_add(1, Ordering::Relaxed);
                tokio::task::yield_now().await;
            }
        }
    });
    // Few enough to be committed in place, so that only decoding is in the way of others.
    let big_item = |n: u64| {
        let mut item = item(&format!("m{n}"), n);
        item["data"] = json!({"text": "x".repeat(2000)});
        item
    };
    let items: Vec<_> = (1..=1000).map(big_item).collect();
    let body = list_body(&list("9000", &items));
    server.stream_request(None).await.refuse(422, "Invalid");
    let request = server.list_request(Some("0")).await;
    let before = turns.load(Ordering::Relaxed);
    let big = body.len();
    request.open().send(body);
    is_ready(&maps).await;
    let had = turns.load(Ordering::Relaxed) - before;
    other.abort();
    assert!(had >= big / (128 << 10), "{had} turns for {big} bytes");
    assert!(big > 500_000, "{big}");
}

/// What happens to one of a few objects.
#[derive(Clone, Copy, Debug)]
enum Turn {
    Put(u8),
    Delete(u8),
    Bookmark,
}

fn turns() -> impl Strategy<Value = Vec<Turn>> {
    let turn = prop_oneof![
        4 => (0..5_u8).prop_map(Turn::Put),
        2 => (0..5_u8).prop_map(Turn::Delete),
        1 => Just(Turn::Bookmark),
    ];
    prop::collection::vec(turn, 1..40)
}

/// The frames of these turns, and the objects at the end.
fn play(turns: &[Turn]) -> (Vec<u8>, Vec<String>) {
    let mut frames = frame("BOOKMARK", &bookmark("9", Some("true")));
    let mut there = std::collections::BTreeMap::new();
    for (version, turn) in (10..).zip(turns) {
        let name = |n: u8| format!("m{n}");
        frames.extend(match *turn {
            Turn::Put(n) => {
                let old = there.insert(n, version);
                let kind = if old.is_some() { "MODIFIED" } else { "ADDED" };
                frame(kind, &map(&name(n), version))
            }
            Turn::Delete(n) => {
                there.remove(&n);
                frame("DELETED", &map(&name(n), version))
            }
            Turn::Bookmark => frame("BOOKMARK", &bookmark(&version.to_string(), None)),
        });
        if version % 3 == 0 {
            frames.extend(between("\r\n "));
        }
    }
    let there = there.iter().map(|(n, version)| format!("m{n}@{version}"));
    (frames, there.collect())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn a_watch_that_comes_in_any_pieces_is_the_same_watch(
        turns in turns(),
        cuts in prop::collection::vec(any::<Index>(), 0..20),
        pause in prop::collection::vec(any::<bool>(), 20),
    ) {
        let (frames, want) = play(&turns);
        let mut cuts: Vec<_> = cuts.iter().map(|cut| cut.index(frames.len())).collect();
        cuts.extend([0, frames.len()]);
        cuts.sort_unstable();
        runtime().block_on(async {
            let (maps, mut server) = informer();
            let stream = server.stream_request(None).await.open();
            for (piece, pause) in cuts.windows(2).zip(pause.iter().cycle()) {
                stream.send(frames[piece[0]..piece[1]].to_vec());
                if *pause {
                    tokio::time::sleep(Duration::from_millis(1)).await;
                }
            }
            let last = 9 + turns.len();
            maps.wait_for(&last.to_string(), Duration::from_secs(60)).await.unwrap();
            assert_eq!(crate::cache::shown(&maps), want);
            assert_eq!(maps.status().stale_inputs, 0);
        });
    }
}
