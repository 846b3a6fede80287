//! What is bad now, and how often that is told.

use kcache::{DecodeError, Feed, Input, Key, Notice, Notices, Object, Publisher, Selector};
use kcache_join::SelectorJoin;

use crate::forms::{Form, Own, Spec};

fn own(name: &str, version: u64) -> Own {
    Own::of(&Spec::new("a", name, version))
}

fn bad(name: &str, reason: &str) -> Input<Own> {
    Input::Bad(Some(Key::new("a", name)), DecodeError::new(reason))
}

fn nameless(reason: &str) -> Input<Own> {
    Input::Bad(None, DecodeError::new(reason))
}

fn list(feed: &mut Feed<Own>, items: impl IntoIterator<Item = Input<Own>>) {
    let all = std::iter::once(Input::Restart).chain(items);
    feed.send_all(all.chain([Input::Synced(None)])).unwrap();
}

/// What is bad now: names and reasons.
fn now<V: Object>(objects: &Publisher<V>) -> Vec<String> {
    let bad = objects.bad_objects();
    let bad = bad.iter().map(|bad| format!("{}: {}", bad.key, bad.reason));
    bad.collect()
}

/// What was told since this was called last.
async fn told(notices: &mut Notices) -> Vec<String> {
    let mut told = Vec::new();
    let soon = std::time::Duration::from_millis(1);
    while let Ok(Some(notice)) = tokio::time::timeout(soon, notices.next()).await {
        if matches!(notice, Notice::BadObject { .. }) {
            told.push(notice.to_string());
        }
    }
    told
}

#[tokio::test(start_paused = true)]
async fn a_bad_object_is_told_once_and_not_at_each_relist() {
    let (pods, mut feed) = kcache::feed();
    let mut notices = pods.notices();
    for round in 1..=5 {
        list(&mut feed, [bad("x", "truncated"), Input::Item(own("p", 1))]);
        let told = told(&mut notices).await;
        assert_eq!(told.len(), usize::from(round == 1), "{told:?}");
        assert_eq!(now(&pods), ["a/x: truncated"]);
        let status = pods.status();
        assert_eq!((status.bad_objects, status.bad_reports), (1, round));
    }
    feed.send_all([bad("x", "truncated"), bad("x", "truncated")])
        .unwrap();
    assert!(told(&mut notices).await.is_empty());
    // Another reason is news, and so is one that comes back.
    feed.send(bad("x", "no UTF-8")).unwrap();
    assert_eq!(told(&mut notices).await, ["bad object a/x: no UTF-8"]);
    assert_eq!(now(&pods), ["a/x: no UTF-8"]);
    feed.apply(own("x", 2)).unwrap();
    list(&mut feed, [bad("x", "no UTF-8")]);
    assert_eq!(told(&mut notices).await.len(), 1);
}

#[test]
fn an_object_that_becomes_good_or_goes_away_is_bad_no_longer() {
    type Act = fn(&mut Feed<Own>);
    let acts: [Act; 8] = [
        |feed| feed.apply(own("x", 9)).unwrap(),
        // The very same as is there.
        |feed| feed.apply(own("x", 1)).unwrap(),
        |feed| feed.remove(own("x", 9)).unwrap(),
        |feed| feed.send(Input::Gone(Key::new("a", "x"), None)).unwrap(),
        |feed| feed.relist([], None).unwrap(),
        |feed| feed.relist([own("x", 9)], None).unwrap(),
        |feed| list(feed, [bad("x", "y"), Input::Apply(own("x", 9))]),
        |feed| list(feed, [bad("x", "y"), Input::Remove(own("x", 9))]),
    ];
    for (number, act) in acts.into_iter().enumerate() {
        for there in [true, false] {
            let (pods, mut feed) = kcache::feed();
            feed.relist(there.then(|| own("x", 1)), None).unwrap();
            feed.send(bad("x", "y")).unwrap();
            assert_eq!((pods.status().bad_objects, now(&pods).len()), (1, 1));
            act(&mut feed);
            let now = now(&pods);
            assert_eq!((pods.status().bad_objects, now.len()), (0, 0), "{number}");
        }
    }
}

#[test]
fn a_list_that_is_thrown_away_forgets_nothing() {
    let (pods, mut feed) = kcache::feed();
    list(&mut feed, [bad("x", "y"), nameless("z")]);
    feed.send_all([Input::Restart, Input::Item(own("x", 2))])
        .unwrap();
    assert_eq!((pods.status().bad_objects, now(&pods).len()), (2, 1));
    // What is bad in a list is known before its end.
    feed.send_all([bad("v", "y"), bad("w", "y"), nameless("z")])
        .unwrap();
    let named: Vec<_> = ["v", "w", "x"].map(|name| format!("a/{name}: y")).into();
    assert_eq!((pods.status().bad_objects, now(&pods)), (3, named));
    list(&mut feed, [bad("w", "y")]);
    assert_eq!(
        (pods.status().bad_objects, now(&pods)),
        (1, vec!["a/w: y".to_owned()])
    );
}

#[tokio::test(start_paused = true)]
async fn those_without_a_name_are_counted_by_the_list() {
    let (pods, mut feed) = kcache::feed();
    let mut notices = pods.notices();
    for (count, news) in [(2, 2), (2, 0), (3, 1), (1, 0), (0, 0), (1, 1)] {
        list(&mut feed, (0..count).map(|_| nameless("it has no name")));
        assert_eq!(pods.status().bad_objects, count);
        assert_eq!(told(&mut notices).await.len(), news);
    }
    // In a watch each is another one.
    feed.send_all([nameless("it has no name"), Input::Apply(own("", 5))])
        .unwrap();
    assert_eq!(pods.status().bad_objects, 3);
    assert_eq!(told(&mut notices).await.len(), 2);
    list(&mut feed, [nameless("it has no name")]);
    assert_eq!(pods.status().bad_objects, 1);
    assert!(told(&mut notices).await.is_empty());
}

#[test]
fn thousands_are_counted_and_the_first_are_named() {
    let (pods, mut feed) = kcache::feed();
    for _ in 0..2 {
        list(&mut feed, (0..5_000).map(|i| bad(&format!("x{i}"), "y")));
        assert_eq!(pods.status().bad_objects, 5_000);
        assert_eq!(pods.bad_objects().len(), 1_000);
    }
    list(
        &mut feed,
        (2_000..3_500).map(|i| bad(&format!("x{i}"), "y")),
    );
    assert_eq!(pods.status().bad_objects, 1_500);
    assert_eq!(pods.bad_objects().len(), 1_000);
    feed.relist((2_000..3_500).map(|i| own(&format!("x{i}"), 1)), None)
        .unwrap();
    assert_eq!(pods.status().bad_objects, 0);
}

#[tokio::test(start_paused = true)]
async fn a_source_that_a_join_cannot_read_is_told_once_and_leaves() {
    let (sources, mut source_feed) = kcache::feed::<Own>();
    let (targets, mut target_feed) = kcache::feed::<Own>();
    target_feed.relist([own("s", 1)], None).unwrap();
    source_feed.relist([own("s", 10)], None).unwrap();
    let select = |source: &Own| match source.version() {
        "10" | "11" | "13" => "app in (".parse(),
        _ => Ok(Selector::everything()),
    };
    let join = SelectorJoin::new(select).join(&sources, &targets);
    let mut notices = join.notices();
    // As the target's key is the source's, what happens to the one must not be taken for the other.
    target_feed.apply(own("s", 2)).unwrap();
    for (version, bad, news) in [(10, 1, 1), (11, 1, 0), (12, 0, 0), (13, 1, 1)] {
        source_feed.apply(own("s", version)).unwrap();
        target_feed.apply(own("s", version)).unwrap();
        assert_eq!(told(&mut notices).await.len(), news, "{version}");
        assert_eq!(now(&join).len(), bad);
    }
    source_feed.remove(own("s", 14)).unwrap();
    assert!(told(&mut notices).await.is_empty());
    assert_eq!(
        (join.status().bad_objects, join.status().bad_reports),
        (0, 3)
    );
}
