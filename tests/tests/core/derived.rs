//! The reference model of derived collections: each against a recomputation from what the servers have.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use harness::Random;
use kcache::{Group, Input, Key, Phase, Publisher};

use crate::conditions::{PANIC, any_key};
use crate::coverage::{Coverage, Outcome, paused, run_cases};
use crate::forms::{Own, Spec};
use crate::reference::side::Side;
use crate::watched::Watched;

const KINDS: [&str; 21] = [
    "create",
    "update",
    "delete",
    "replaced",
    "changed",
    "relist",
    "new incarnation",
    "trouble",
    "input refiltered",
    "map",
    "flat map",
    "groups",
    "union",
    "intersection",
    "difference",
    "composed",
    "contested",
    "failing",
    "late subscriber",
    "refilter",
    "lag",
];

#[derive(Clone, Copy, Debug)]
enum Kind {
    Map,
    FlatMap,
    Groups,
    Union,
    Intersection,
    Difference,
    Composed,
}

struct Derived {
    kind: Kind,
    by_view: bool,
    publisher: Publisher<Own>,
    watched: Watched<Own>,
}

struct World {
    random: Random,
    sides: [Side<Own>; 2],
    derived: Vec<Derived>,
    between: bool,
    coverage: Coverage,
}

/// What of an object counts, so that many updates make no difference.
fn node_of(own: &Own) -> Own {
    let spec = Spec::new(&own.spec.namespace, &own.spec.name, 0);
    let node = own.spec.node.clone();
    Own::new(Spec { node, ..spec }, ())
}

impl PartialEq for Own {
    fn eq(&self, other: &Self) -> bool {
        self.spec == other.spec
    }
}

/// An object for each label, which others may have, too. One label is refused, and one panics.
fn labels_of(own: &Own) -> Result<Vec<Own>, &'static str> {
    let label = |key: &str| own.spec.labels.get(key).map(String::as_str);
    if label("tier") == Some("web") {
        return Err("not this tier");
    }
    assert!(label("size") != Some("web"), "{PANIC}");
    let made = own.spec.labels.iter().map(|(key, value)| {
        let spec = Spec::new(&own.spec.namespace, &format!("{key}-{value}"), 0);
        let node = own.spec.name.clone();
        Own::new(Spec { node, ..spec }, ())
    });
    Ok(made.collect())
}

fn groups_of(own: &Own) -> impl Iterator<Item = Key> + use<> {
    let labels = own.spec.labels.clone().into_iter();
    labels.map(|(key, value)| Key::new(&key, &value))
}

fn group(key: &Key, count: usize, sum: u64) -> Own {
    let spec = Spec::new(key.namespace(), key.name(), 0);
    let node = format!("{count} {sum}");
    Own::new(Spec { node, ..spec }, ())
}

/// One case.
pub(crate) fn case(seed: u64, steps: usize) -> Outcome {
    paused(async {
        let mut world = World {
            random: Random::new(seed),
            sides: [Side::new(Own::at), Side::new(Own::at)],
            derived: Vec::new(),
            between: false,
            coverage: Coverage::default(),
        };
        world.open();
        for _ in 0..steps {
            world.step().await?;
        }
        world.finish().await
    })
}

impl World {
    async fn step(&mut self) -> Result<(), String> {
        let side = self.random.below(2);
        match self.random.below(24) {
            0..8 => self.change(side),
            8 => (0..10).for_each(|n| self.change(n % 2)),
            9 | 10 => {
                self.coverage.count("relist");
                self.sides[side].relist(&mut self.random);
            }
            11 => self.restore(side),
            12 => {
                self.coverage.count("trouble");
                self.sides[side].trouble(&mut self.random);
            }
            13 | 14 => {
                self.coverage.count("input refiltered");
                self.sides[side].refilter(&mut self.random);
            }
            15 | 16 => self.open(),
            17 | 18 => self.watch(),
            19 | 20 => self.disturb(),
            21 => tokio::task::yield_now().await,
            _ => return self.check().await,
        }
        Ok(())
    }

    /// Everyone goes on.
    async fn finish(mut self) -> Outcome {
        self.derived.iter().for_each(|it| it.watched.go_on());
        self.sides.iter_mut().for_each(Side::clear);
        self.check().await?;
        for derived in std::mem::take(&mut self.derived) {
            derived.watched.retire(&mut self.coverage);
        }
        Ok(self.coverage)
    }

    fn change(&mut self, side: usize) {
        self.coverage.count("changed");
        let key = any_key(&mut self.random);
        let side = &mut self.sides[side];
        if self.random.chance(1, 4) {
            return side.take(&key);
        }
        let spec = side.next(&key, &mut self.random);
        side.put(Own::new(spec, ()));
    }

    fn restore(&mut self, side: usize) {
        if self.sides[side].restore(&mut self.random) {
            self.coverage.count("new incarnation");
            self.between = true;
            let derived = self.derived.iter();
            derived.for_each(|it| it.watched.forget_versions());
        }
    }

    fn open(&mut self) {
        if self.derived.len() > 6 {
            let oldest = self.derived.remove(0);
            oldest.watched.retire(&mut self.coverage);
        }
        let by_view = self.random.chance(1, 2);
        let [left, right] = [0, 1].map(|side: usize| self.sides[side].input(by_view));
        let (kind, name, publisher) = match self.random.below(7) {
            0 => (Kind::Map, "map", left.map(node_of)),
            1 => (Kind::FlatMap, "flat map", left.try_flat_map(labels_of)),
            2 => {
                let folded = left.group_by(groups_of).fold(
                    0,
                    |sum: &mut u64, own| *sum += own.spec.version,
                    |sum, own| *sum -= own.spec.version,
                );
                let own = |of: &Group<u64>| group(&of.key, of.count, of.value);
                (Kind::Groups, "groups", folded.map(own))
            }
            3 => (Kind::Union, "union", kcache::union([left, right])),
            4 => {
                let both = kcache::intersection([left, right]);
                (Kind::Intersection, "intersection", both)
            }
            5 => {
                let rest = kcache::difference(left, right);
                (Kind::Difference, "difference", rest)
            }
            _ => {
                let all = kcache::union([&left.map(node_of), &right.map(node_of)]);
                (Kind::Composed, "composed", all)
            }
        };
        self.coverage.count(name);
        let watched = Watched::start(&publisher);
        if self.between {
            watched.forget_versions();
        }
        self.derived.push(Derived {
            kind,
            by_view,
            publisher,
            watched,
        });
    }

    fn watch(&mut self) {
        let place = self.random.below(self.derived.len());
        let derived = &mut self.derived[place];
        let watched = &mut derived.watched;
        watched.admit(&derived.publisher, &mut self.random, &mut self.coverage);
        if self.between {
            watched.forget_versions();
        }
    }

    /// Something happens to those who watch one of them.
    fn disturb(&mut self) {
        let place = self.random.below(self.derived.len());
        for observer in &mut self.derived[place].watched.observers {
            if self.random.chance(1, 2) {
                observer.stall_or_go(&mut self.random, &mut self.coverage);
            } else {
                observer.refilter(&mut self.random, &mut self.coverage);
            }
        }
    }

    /// Waits until nothing moves, and compares everything with a recomputation.
    async fn check(&mut self) -> Result<(), String> {
        tokio::time::sleep(Duration::from_millis(1)).await;
        self.between = false;
        for mut derived in std::mem::take(&mut self.derived) {
            self.check_one(&mut derived)?;
            self.derived.push(derived);
        }
        Ok(())
    }

    fn check_one(&mut self, derived: &mut Derived) -> Result<(), String> {
        let kind = derived.kind;
        let want = self.recompute(kind, derived.by_view);
        let list = derived.publisher.cache().list();
        let have = specs(list.iter().map(|own| &**own));
        if want != have {
            return Err(format!("{kind:?} has {have:?} instead of {want:?}"));
        }
        if matches!(kind, Kind::FlatMap) {
            self.check_bad(derived)?;
        }
        let by_view = derived.by_view;
        let named = |wrong| format!("{kind:?}, by view {by_view}: {wrong}");
        let compared = derived.watched.compare(&want, &mut self.coverage);
        compared.map_err(named)
    }

    /// Who is refused, panics, or comes second is bad, and nobody else.
    fn check_bad(&mut self, derived: &Derived) -> Result<(), String> {
        let bad = derived.publisher.bad_objects();
        let have: BTreeSet<_> = bad.into_iter().map(|bad| bad.key).collect();
        let (mut want, mut taken) = (BTreeSet::new(), BTreeSet::new());
        let sources = self.ready(0, derived.by_view).unwrap_or_default();
        let sources: Vec<Own> = sources.into_iter().cloned().collect();
        for own in &sources {
            let Some(made) = made(own) else {
                self.coverage.count("failing");
                want.insert(own.spec.key());
                continue;
            };
            for made in made {
                if !taken.insert(made.spec.key()) {
                    self.coverage.count("contested");
                    want.insert(own.spec.key());
                }
            }
        }
        if want == have {
            return Ok(());
        }
        Err(format!("{have:?} are bad instead of {want:?}"))
    }

    /// What an input has, in the order of keys, once it is ready.
    fn ready(&self, side: usize, by_view: bool) -> Option<Vec<&Own>> {
        let side = &self.sides[side];
        let ready = side.input(by_view).status().phase.is_ready();
        ready.then(|| side.seen(by_view))
    }

    fn recompute(&self, kind: Kind, by_view: bool) -> BTreeMap<Key, Spec> {
        let [left, right] = [0, 1].map(|side| self.ready(side, by_view));
        let of_one = matches!(kind, Kind::Map | Kind::FlatMap | Kind::Groups);
        let (Some(left), Some(right)) = (left, right.or(of_one.then(Vec::new))) else {
            return BTreeMap::new();
        };
        let keys =
            |side: &[&Own]| -> BTreeSet<Key> { side.iter().map(|own| own.spec.key()).collect() };
        match kind {
            Kind::Map => specs(left.into_iter().map(node_of)),
            Kind::FlatMap => {
                // In this order the first of several is the last to be put.
                let made = left.into_iter().rev().filter_map(made);
                specs(made.flatten())
            }
            Kind::Groups => {
                let mut groups = BTreeMap::<Key, (usize, u64)>::new();
                for own in left {
                    for key in groups_of(own) {
                        let (count, sum) = groups.entry(key).or_default();
                        *count += 1;
                        *sum += own.spec.version;
                    }
                }
                specs(
                    groups
                        .iter()
                        .map(|(key, (count, sum))| group(key, *count, *sum)),
                )
            }
            Kind::Union => specs(right.into_iter().chain(left)),
            Kind::Composed => specs(right.into_iter().chain(left).map(node_of)),
            Kind::Intersection | Kind::Difference => {
                let wanted = matches!(kind, Kind::Intersection);
                let right = keys(&right);
                let mut left = left;
                left.retain(|own| right.contains(&own.spec.key()) == wanted);
                specs(left)
            }
        }
    }
}

/// What is made of an object, unless it is refused or panics.
fn made(own: &Own) -> Option<Vec<Own>> {
    let refused = ["tier", "size"].map(|key| own.spec.labels.get(key));
    if refused.iter().flatten().any(|value| *value == "web") {
        return None;
    }
    labels_of(own).ok()
}

fn specs(objects: impl IntoIterator<Item = impl std::borrow::Borrow<Own>>) -> BTreeMap<Key, Spec> {
    let spec = |own: &Own| (own.spec.key(), own.spec.clone());
    let objects = objects.into_iter();
    objects.map(|own| spec(own.borrow())).collect()
}

#[test]
fn derived_collections_are_their_recomputation() {
    let coverage = run_cases(1_000, case);
    coverage.require(&KINDS, 200);
}

fn own(name: &str, version: u64, labels: &[(&str, &str)]) -> Own {
    let spec = Spec::new("a", name, version);
    let label = |spec: Spec, (key, value): &(&str, &str)| spec.label(key, value);
    Own::new(labels.iter().fold(spec, label), ())
}

#[tokio::test]
async fn only_what_changed_is_made_again_and_what_is_equal_is_no_update() {
    let (things, mut feed) = kcache::feed::<Own>();
    let calls = Arc::new(AtomicUsize::new(0));
    let counted = calls.clone();
    let nodes = things.map(move |own| {
        counted.fetch_add(1, Ordering::Relaxed);
        node_of(own)
    });
    let sums = things.group_by(groups_of).fold(
        0,
        |count: &mut u64, _| *count += 1,
        |count, _| *count -= 1,
    );
    let names = (0..1_000).map(|n| format!("t{n}"));
    let things_of = |version| {
        let names = names.clone();
        names.map(move |name| own(&name, version, &[("app", "web")]))
    };
    feed.relist(things_of(1), None).unwrap();
    nodes.ready().await.unwrap();
    sums.ready().await.unwrap();
    assert_eq!(calls.load(Ordering::Relaxed), 1_000);
    let commits = [nodes.status().commit, sums.status().commit];
    feed.apply(own("t7", 2, &[("app", "web")])).unwrap();
    nodes.wait_for("2", Duration::from_secs(10)).await.unwrap();
    sums.wait_for("2", Duration::from_secs(10)).await.unwrap();
    assert_eq!(calls.load(Ordering::Relaxed), 1_001);
    assert_eq!([nodes.status().commit, sums.status().commit], commits);
    assert_eq!(sums.cache().get("app", "web").unwrap().value, 1_000);
}

#[tokio::test]
async fn a_set_is_degraded_while_an_input_is_and_ends_with_the_last() {
    let [(left, mut left_feed), (right, mut right_feed)] = [(); 2].map(|()| kcache::feed::<Own>());
    let both = kcache::union([&left, &right]);
    left_feed.relist([own("x", 1, &[])], None).unwrap();
    tokio::task::yield_now().await;
    assert!(!both.status().phase.is_ready());
    right_feed.relist([own("y", 1, &[])], None).unwrap();
    both.ready().await.unwrap();
    assert_eq!(both.cache().len(), 2);
    right_feed.send(Input::Failed("no server".into())).unwrap();
    let mut phases = both.phases();
    let degraded = |phase: &Phase| phase.failure().map(ToString::to_string);
    let phase = phases.wait_for(|phase| degraded(phase).is_some()).await;
    assert_eq!(
        degraded(&phase.unwrap()).as_deref(),
        Some("second input: no server")
    );
    drop(right_feed);
    left_feed.apply(own("z", 2, &[])).unwrap();
    let ended = "the second input ended: the source of changes ended without closing";
    let phase = phases
        .wait_for(|phase| degraded(phase).as_deref() == Some(ended))
        .await;
    drop(phase.unwrap());
    left_feed.close();
    let error = both.closed().await;
    assert_eq!(error.to_string(), "the first input ended");
}
