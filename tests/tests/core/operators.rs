//! The reference model of what a controller of kube-rs is triggered by and reads: each against the changes that
//! were made.

use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::Arc;

use futures_util::{FutureExt as _, Stream, StreamExt as _};
use harness::Random;
use k8s_openapi::api::core::v1::{ConfigMap, Pod};
use kcache::kube_runtime::Shared;
use kcache::{Feed, Object, Publisher};
use kube::runtime::reflector::Store;
use serde_json::json;

use crate::coverage::{Coverage, Outcome, run_cases};

const KINDS: [&str; 6] = [
    "create",
    "update",
    "replace",
    "delete",
    "relist",
    "several between reads",
];
const NAMES: [&str; 5] = ["a", "b", "c", "d", "e"];
const OWNERS: [&str; 3] = ["x", "y", "z"];

/// An object: its UID, its version and its owner.
#[derive(Clone, PartialEq)]
struct Made {
    uid: u64,
    version: u64,
    owner: &'static str,
}

type Strings = Pin<Box<dyn Stream<Item = String> + Send>>;

/// What is read, and what has to come of it.
struct Read {
    stream: Strings,
    expected: Vec<String>,
}

impl Read {
    fn new(stream: impl Stream<Item = String> + Send + 'static) -> Self {
        Self {
            stream: Box::pin(stream),
            expected: Vec::new(),
        }
    }

    fn all(&mut self) -> Vec<String> {
        let next = || self.stream.next().now_or_never().flatten();
        let mut all: Vec<_> = std::iter::from_fn(next).collect();
        all.sort();
        all
    }

    fn check(&mut self, what: &str) -> Result<(), String> {
        let all = self.all();
        let mut expected = std::mem::take(&mut self.expected);
        expected.sort();
        if all == expected {
            Ok(())
        } else {
            Err(format!("{what}: {all:?} came where {expected:?} was due"))
        }
    }
}

struct World {
    random: Random,
    version: u64,
    state: BTreeMap<&'static str, Made>,
    /// What there was when everything was read last.
    read: BTreeMap<&'static str, Made>,
    maps: Publisher<ConfigMap>,
    feed: Feed<ConfigMap>,
    store: Store<Shared<ConfigMap>>,
    triggers: Read,
    touched: Read,
    owners: Read,
    coverage: Coverage,
}

fn object(name: &str, made: &Made) -> ConfigMap {
    let Made {
        uid,
        version,
        owner,
    } = made;
    let owner = json!({ "apiVersion": "v1", "kind": "Pod", "name": owner, "uid": owner });
    let metadata = json!({
        "namespace": "shop", "name": name, "uid": uid.to_string(),
        "resourceVersion": version.to_string(), "ownerReferences": [owner],
    });
    serde_json::from_value(json!({ "metadata": metadata })).expect("a map")
}

fn said(object: &impl Object) -> String {
    format!("{}@{}", object.name(), object.version())
}

/// One case.
pub(crate) fn case(seed: u64, steps: usize) -> Outcome {
    let (maps, mut feed) = kcache::feed::<ConfigMap>();
    feed.relist([], None).map_err(|error| error.to_string())?;
    let (triggers, store) = maps.reflect();
    let triggers = triggers.map(|map: Arc<Shared<ConfigMap>>| said(&*map.object()));
    let touched = maps.subscribe().touched_objects();
    let owners = maps.subscribe().owner_refs::<Pod>(());
    let mut world = World {
        random: Random::new(seed),
        version: 0,
        state: BTreeMap::new(),
        read: BTreeMap::new(),
        triggers: Read::new(triggers),
        touched: Read::new(touched.map(|map| said(&*map))),
        owners: Read::new(owners.map(|owner| owner.name)),
        maps,
        feed,
        store,
        coverage: Coverage::default(),
    };
    world.check()?;
    for _ in 0..steps {
        world.step()?;
    }
    world.check()?;
    Ok(world.coverage)
}

impl World {
    fn step(&mut self) -> Result<(), String> {
        if self.random.chance(1, 8) {
            self.relist();
        } else {
            let name = *self.random.pick(&NAMES);
            let made = self.make(name);
            self.change(name, made.clone());
            let sent = match made {
                Some(made) => self.feed.apply(object(name, &made)),
                None => Ok(()),
            };
            sent.map_err(|error| error.to_string())?;
        }
        if self.random.chance(1, 4) {
            self.coverage.count("several between reads");
            return Ok(());
        }
        self.check()
    }

    /// What becomes of a name; a delete is told to the feed at once.
    fn make(&mut self, name: &'static str) -> Option<Made> {
        self.version += 1;
        let owner = *self.random.pick(&OWNERS);
        let (version, new) = (self.version, self.version);
        let uid = match self.state.get(name) {
            None => {
                self.coverage.count("create");
                new
            }
            Some(made) if self.random.chance(1, 4) => {
                self.coverage.count("delete");
                let last = Made {
                    version,
                    ..made.clone()
                };
                // Its last content is what it was.
                let removed = self.feed.remove(object(name, &last));
                removed.expect("the publisher is open");
                return None;
            }
            Some(_) if self.random.chance(1, 4) => {
                self.coverage.count("replace");
                new
            }
            Some(made) => {
                self.coverage.count("update");
                made.uid
            }
        };
        Some(Made {
            uid,
            version,
            owner,
        })
    }

    fn relist(&mut self) {
        self.coverage.count("relist");
        let mut next = self.state.clone();
        for name in NAMES {
            match self.random.below(4) {
                0 => drop(next.remove(name)),
                1 => {
                    self.version += 1;
                    let version = self.version;
                    let uid = next.get(name).map_or(version, |made| made.uid);
                    let owner = *self.random.pick(&OWNERS);
                    next.insert(
                        name,
                        Made {
                            uid,
                            version,
                            owner,
                        },
                    );
                }
                _ => {}
            }
        }
        for name in NAMES {
            self.change(name, next.get(name).cloned());
        }
        let objects = next.iter().map(|(name, made)| object(name, made));
        let listed = self.feed.relist(objects, None);
        listed.expect("the publisher is open");
    }

    /// Notes what has to come of a change.
    fn change(&mut self, name: &'static str, new: Option<Made>) {
        let old = self.state.remove(name);
        if old == new {
            self.state.extend(new.map(|made| (name, made)));
            return;
        }
        let text = |made: &Made| format!("{name}@{}", made.version);
        let sides = old.iter().chain(&new);
        self.touched.expected.extend(sides.map(text));
        let mut owners: Vec<_> = old.iter().chain(&new).map(|made| made.owner).collect();
        // Of one event each owner is named once; another UID is two events.
        let is_one = matches!((&old, &new), (Some(old), Some(new)) if old.uid == new.uid);
        if is_one {
            owners.dedup();
        }
        let owners = owners.into_iter().map(str::to_owned);
        self.owners.expected.extend(owners);
        self.state.extend(new.map(|made| (name, made)));
    }

    fn check(&mut self) -> Result<(), String> {
        // A controller takes all that waits at once: of each object the newest state, if that is news.
        let news = self
            .state
            .iter()
            .filter(|(name, made)| self.read.get(*name) != Some(*made));
        let news = news.map(|(name, made)| format!("{name}@{}", made.version));
        self.triggers.expected = news.collect();
        self.read = self.state.clone();
        self.triggers.check("triggers")?;
        self.touched.check("touched objects")?;
        self.owners.check("owners")?;
        let stored = self.store.state();
        let mut stored: Vec<_> = stored.iter().map(|map| said(&*map.object())).collect();
        stored.sort();
        let cached = self.maps.cache().list();
        let cached: Vec<_> = cached.iter().map(|map| said(&**map)).collect();
        if stored == cached {
            Ok(())
        } else {
            Err(format!(
                "the store has {stored:?} where the cache has {cached:?}"
            ))
        }
    }
}

#[test]
fn controllers_are_triggered_by_each_change_and_read_what_there_is() {
    run_cases(50, case).require(&KINDS, 20);
}
