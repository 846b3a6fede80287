//! Every interleaving of a writer and a subscriber, under loom.
//!
//! `cargo xtask ci interleavings` runs them.
#![cfg(kcache_loom)]

use kcache::{Event, Feed, Filter, Input, Object, Publisher, Subscription};
use loom::future::block_on;
use loom::thread;

/// An object that is nothing but a version.
struct Thing(&'static str);

impl Object for Thing {
    fn name(&self) -> &str {
        "thing"
    }

    fn version(&self) -> &str {
        self.0
    }
}

fn fed() -> (Publisher<Thing>, Feed<Thing>) {
    let (publisher, mut feed) = kcache::feed();
    feed.relist([], None).unwrap();
    (publisher, feed)
}

fn apply(mut feed: Feed<Thing>, versions: &'static [&'static str]) -> Feed<Thing> {
    for version in versions {
        feed.send(Input::Apply(Thing(version))).unwrap();
    }
    feed
}

/// Takes events until this version or the end, by legal steps only.
fn replay(changes: &mut Subscription<Thing>, until: &str) -> Option<String> {
    let mut has: Option<String> = None;
    while has.as_deref() != Some(until) {
        has = match block_on(changes.next()) {
            None => break,
            Some(Event::Create { new }) => {
                assert!(has.is_none());
                Some(new.0.to_owned())
            }
            Some(Event::Update { old, new }) => {
                assert_eq!(has.as_deref(), Some(old.0));
                Some(new.0.to_owned())
            }
            Some(Event::Delete { old }) => {
                assert_eq!(has.as_deref(), Some(old.0));
                None
            }
        };
    }
    has
}

#[test]
fn a_waiting_subscriber_is_always_woken() {
    loom::model(|| {
        let (things, feed) = fed();
        let mut changes = things.subscribe();
        let writer = thread::spawn(move || apply(feed, &["1", "2"]));
        assert_eq!(replay(&mut changes, "2").as_deref(), Some("2"));
        drop(writer.join().unwrap());
    });
}

#[test]
fn who_subscribes_between_commits_misses_nothing() {
    loom::model(|| {
        let (things, feed) = fed();
        let writer = thread::spawn(move || apply(feed, &["1", "2"]));
        let mut changes = things.subscribe();
        assert_eq!(replay(&mut changes, "2").as_deref(), Some("2"));
        drop(writer.join().unwrap());
    });
}

#[test]
fn a_refilter_between_commits_loses_nothing() {
    loom::model(|| {
        let (things, feed) = fed();
        let mut changes = things.subscribe_with(Filter::nothing());
        let writer = thread::spawn(move || apply(feed, &["1", "2"]));
        changes.refilter(Filter::everything()).unwrap();
        assert_eq!(replay(&mut changes, "2").as_deref(), Some("2"));
        drop(writer.join().unwrap());
    });
}

#[test]
fn the_end_wakes_who_waits_after_all_that_was_said() {
    loom::model(|| {
        let (things, feed) = fed();
        let mut changes = things.subscribe();
        let writer = thread::spawn(move || apply(feed, &["1"]).close());
        assert_eq!(replay(&mut changes, "never").as_deref(), Some("1"));
        writer.join().unwrap();
    });
}

#[test]
fn the_cache_is_never_behind_an_event() {
    loom::model(|| {
        let (things, feed) = fed();
        let mut changes = things.subscribe();
        let writer = thread::spawn(move || apply(feed, &["1", "2"]));
        let event = block_on(changes.next()).unwrap();
        let there = things.cache().get("", "thing").unwrap();
        assert!(there.0 >= event.object().0);
        let snapshots = [things.cache().snapshot(), things.cache().snapshot()];
        assert!(snapshots[0].commit() <= snapshots[1].commit());
        drop(writer.join().unwrap());
    });
}

#[test]
fn a_close_during_a_refilter_loses_nothing() {
    loom::model(|| {
        let (things, feed) = fed();
        let mut changes = things.subscribe_with(Filter::nothing());
        let control = changes.control();
        let writer = thread::spawn(move || apply(feed, &["1"]).close());
        let refiltered = control.refilter(Filter::everything());
        let has = replay(&mut changes, "never");
        // A refilter after the end is refused; any other one sees what came before the end.
        assert_eq!(refiltered.is_ok(), has.as_deref() == Some("1"));
        writer.join().unwrap();
    });
}
