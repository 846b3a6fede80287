//! What a commit costs, and what a cache holds.

use std::sync::Arc;

use kcache::{Feed, Filter, Input, Object, Publisher};

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

/// Holds so much and nothing else at its end, for a profiler of the heap: the objects alone, the cache
/// after its first list, after each was replaced once, with a view of every second one, with what a map
/// makes of each, or with that alone and no map.
pub(crate) fn hold(what: &str) {
    let all = (0..OBJECTS).map(|i| versioned(i, 0));
    if what == "objects" {
        let objects: Vec<_> = all.map(Arc::new).collect();
        std::process::exit(i32::from(objects.len() != OBJECTS));
    }
    let (things, mut feed) = kcache::feed();
    feed.relist(all, None).expect("the publisher is open");
    if what == "replaced" {
        let new = (0..OBJECTS).map(|i| versioned(mixed(i), 1));
        apply(&mut feed, new.collect());
    }
    let mut count = OBJECTS;
    let made: Vec<_> = match what {
        "made" => things
            .cache()
            .list()
            .iter()
            .map(|it| Arc::new(made_of(it)))
            .collect(),
        _ => Vec::new(),
    };
    if what == "map" {
        let map = things.map(made_of);
        let ready = map.ready();
        tokio::runtime::Handle::current()
            .block_on(ready)
            .expect("it is open");
        count = map.cache().len();
    }
    if what == "view" {
        let half = Filter::by("half", |thing: &Thing| {
            thing.version.ends_with(['0', '2', '4', '6', '8'])
        });
        let view = things.view(half);
        let ready = view.ready();
        tokio::runtime::Handle::current()
            .block_on(ready)
            .expect("it is open");
        count = 2 * view.cache().len();
    }
    let is_whole = count == OBJECTS && (what != "made" || made.len() == OBJECTS);
    std::process::exit(i32::from(!is_whole));
}

/// What a map makes.
#[derive(PartialEq)]
struct Made {
    namespace: String,
    name: String,
}

impl Object for Made {
    fn namespace(&self) -> Option<&str> {
        Some(&self.namespace)
    }

    fn name(&self) -> &str {
        &self.name
    }
}

fn made_of(thing: &Thing) -> Made {
    Made {
        namespace: thing.namespace.clone(),
        name: thing.name.clone(),
    }
}
