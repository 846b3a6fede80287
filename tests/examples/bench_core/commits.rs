//! What a commit costs, and what a cache keeps beside the objects.

use std::sync::Arc;

use kcache::{Feed, Input, Publisher};

use crate::{Cost, Table, Thing, apply, cost, fed, thing};

const OBJECTS: usize = 100_000;
const UPDATES: usize = 10_000;

pub(crate) fn rows(table: &mut Table) {
    single(table);
    let (things, mut feed) = fed(OBJECTS);
    table.row("commit of one update, at 100,000", UPDATES, |run| {
        let new = (0..UPDATES).map(|i| versioned(i, run));
        one_by_one(&things, &mut feed, new.collect())
    });
    let name = "the same, while somebody holds each state until the next";
    table.row(name, UPDATES, |run| {
        let new: Vec<_> = (0..UPDATES).map(|i| versioned(i, run)).collect();
        let mut held = things.cache().snapshot();
        cost(|| {
            for thing in new {
                feed.apply(thing).expect("the publisher is open");
                held = things.cache().snapshot();
            }
            drop(held);
        })
    });
    table.row("a commit of 100 updates, per update", OBJECTS, |run| {
        let new = (0..OBJECTS).map(|i| Input::Apply(versioned(mixed(i), run + 10)));
        let mut new: Vec<_> = new.collect();
        let before = things.status().commit;
        let cost = cost(|| {
            while !new.is_empty() {
                let batch = new.drain(new.len() - 100..);
                feed.send_all(batch).expect("the publisher is open");
            }
        });
        assert_eq!(things.status().commit, before + (OBJECTS / 100) as u64);
        cost
    });
    lists(table);
}

fn versioned(i: usize, run: usize) -> Thing {
    thing(i, 1_000_000 * (run + 1) + i, i / 10)
}

/// Another order of the same numbers.
fn mixed(i: usize) -> usize {
    i * 7_919 % OBJECTS
}

fn one_by_one(things: &Publisher<Thing>, feed: &mut Feed<Thing>, new: Vec<Thing>) -> Cost {
    let (before, count) = (things.status().commit, new.len());
    let cost = cost(|| apply(feed, new));
    assert_eq!(things.status().commit, before + count as u64);
    cost
}

/// Deletes and creates, each a commit, all over the collection.
fn single(table: &mut Table) {
    let (things, mut feed) = fed(OBJECTS);
    let some = |run: usize| (0..UPDATES).map(move |i| versioned(mixed(i), run));
    table.row("commit of one delete, at 100,000", UPDATES, |run| {
        let gone: Vec<_> = some(run).collect();
        let cost = cost(|| {
            for thing in gone {
                feed.remove(thing).expect("the publisher is open");
            }
        });
        assert_eq!(things.cache().len(), OBJECTS - UPDATES);
        apply(&mut feed, some(run).collect());
        cost
    });
    table.row("commit of one create, at 100,000", UPDATES, |run| {
        for thing in some(run) {
            feed.remove(thing).expect("the publisher is open");
        }
        let cost = one_by_one(&things, &mut feed, some(run).collect());
        assert_eq!(things.cache().len(), OBJECTS);
        cost
    });
}

fn lists(table: &mut Table) {
    let (things, mut feed) = fed(OBJECTS);
    let name = "commit of 100,000 updates: one relist";
    table.row(name, OBJECTS, |run| {
        let new: Vec<_> = (0..OBJECTS).map(|i| versioned(i, run * 1_000)).collect();
        let before = things.status().commit;
        let cost = cost(|| feed.relist(new, None).expect("the publisher is open"));
        let now = (things.status().commit, things.cache().len());
        assert_eq!(now, (before + 1, OBJECTS));
        cost
    });
    let name = "a relist of 100,000 of which nothing changed";
    table.row(name, OBJECTS, |_| {
        let new: Vec<_> = (0..OBJECTS).map(|i| versioned(i, 6_000)).collect();
        let before = things.status().commit;
        let cost = cost(|| feed.relist(new, None).expect("the publisher is open"));
        assert_eq!(things.status().commit, before);
        cost
    });
    let name = "commit of 100,000 creates: the first list";
    table.row(name, OBJECTS, |_| {
        let new: Vec<_> = (0..OBJECTS).map(|i| thing(i, i + 1, i / 10)).collect();
        let (empty, mut feed) = kcache::feed();
        let cost = cost(|| feed.relist(new, None).expect("the publisher is open"));
        assert_eq!(empty.cache().len(), OBJECTS);
        cost
    });
}

/// How many bytes of memory there are more for each object than if it were in a vector, after the first
/// list and once each was replaced.
pub(crate) fn bytes_an_object() -> (&'static str, f64) {
    let things: Vec<_> = (0..OBJECTS)
        .map(|i| Arc::new(thing(i, i + 1, i / 10)))
        .collect();
    drop(things);
    let before = resident();
    let things: Vec<_> = (0..OBJECTS)
        .map(|i| Arc::new(thing(i, i + 1, i / 10)))
        .collect();
    let bare = resident() - before;
    drop(things);
    let before = resident();
    let (publisher, mut feed) = kcache::feed();
    for i in 0..OBJECTS {
        let item = Input::Item(thing(i, i + 1, i / 10));
        feed.send(item).expect("the publisher is open");
    }
    feed.send(Input::Synced(None))
        .expect("the publisher is open");
    apply(
        &mut feed,
        (0..OBJECTS).map(|i| versioned(mixed(i), 1)).collect(),
    );
    let cached = resident() - before;
    assert_eq!(publisher.cache().len(), OBJECTS);
    let name = "bytes an object beside the object, all rewritten (resident, so coarse)";
    (name, (cached - bare) / OBJECTS as f64)
}

/// The resident memory of this process, in bytes.
fn resident() -> f64 {
    let status = std::fs::read_to_string("/proc/self/statm").expect("it can be read");
    let pages = status
        .split(' ')
        .nth(1)
        .and_then(|pages| pages.parse().ok());
    4_096.0 * pages.unwrap_or(0.0)
}
