//! The reference model of joins: every join against a nested loop that judges by other code.

mod pairs;
pub(crate) mod side;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use harness::Random;
use k8s_openapi::api::core::v1::Pod;
use kcache::{Compact, Key, Object, Scope};
use kcache_join::{GuardedKey, GuardedKeyJoin, Join, KeyJoin, SelectorJoin};

use self::pairs::{Pairing, Pairs, pairing};
use self::side::{Relates, Side, Source};
use crate::conditions::{NAMES, NODES, Selecting, any_key};
use crate::coverage::{Coverage, Outcome, paused, run_cases};
use crate::forms::{Form, Own, Packed, Spec, read};
use crate::watched::Watched;

const KINDS: [&str; 32] = [
    "create",
    "update",
    "delete",
    "replaced",
    "source",
    "target",
    "moved",
    "batch",
    "relist",
    "new incarnation",
    "restored ahead",
    "granted late",
    "late version",
    "replay",
    "trouble",
    "input refiltered",
    "by selector",
    "everywhere",
    "by key",
    "by key and labels",
    "guarded",
    "composed",
    "looked up",
    "invalid selector",
    "late subscriber",
    "deferred",
    "refilter",
    "stall",
    "lag",
    "lag error",
    "panic",
    "close",
];

#[derive(Clone, Copy, Debug)]
enum Kind {
    BySelector(Scope),
    ByKey,
    ByKeyAndLabels,
    /// By keys that the gates must allow.
    Guarded,
    Composed,
}

/// Keys that no gate needs to allow.
const FREE: [&str; 2] = [NAMES[0], NODES[0]];

struct Joined<V: Form> {
    kind: Kind,
    by_view: bool,
    join: Join<Source, V>,
    watched: Watched<V>,
    pairs: Option<Pairs<V>>,
}

struct World<V: Form> {
    random: Random,
    gates: Side<Source>,
    sources: Side<Source>,
    targets: Side<V>,
    joins: Vec<Joined<V>>,
    /// A new incarnation of the targets began, and joins may still show the old one.
    between: bool,
    coverage: Coverage,
}

/// One case.
pub(crate) fn case(seed: u64, steps: usize) -> Outcome {
    match seed % 4 {
        0 => case_of::<Own>(seed, steps),
        1 => case_of::<Packed>(seed, steps),
        2 => case_of::<Compact<Pod>>(seed, steps),
        _ => case_of::<Pod>(seed, steps),
    }
}

fn case_of<V: Form>(seed: u64, steps: usize) -> Outcome {
    paused(async {
        let mut world = World::<V> {
            random: Random::new(seed),
            gates: Side::new(Source::at),
            sources: Side::new(Source::at),
            targets: Side::new(|target, version| {
                V::of(&Spec {
                    version,
                    ..read(target)
                })
            }),
            joins: Vec::new(),
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

impl<V: Form> World<V> {
    async fn step(&mut self) -> Result<(), String> {
        match self.random.below(30) {
            0..4 => self.change_source(),
            4..9 => self.change_target(),
            9 => self.move_target(),
            10 => {
                self.coverage.count("batch");
                for _ in 0..5 {
                    self.change_source();
                    self.change_target();
                }
            }
            11 | 12 => self.relist(),
            13 => self.refilter_input(),
            14 => self.restore(),
            15 => self.open(),
            16 | 17 => self.watch(),
            18 => self.repeat(),
            19 => self.trouble(),
            20..23 | 28 | 29 => self.disturb(),
            27 => match self.random.below(5) {
                0 | 1 => self.habit("restored ahead", Side::restore_ahead, Side::restore_ahead),
                2 => self.habit("late version", Side::late, Side::late),
                _ => self.habit("granted late", Side::grant, Side::grant),
            },
            23 => tokio::task::yield_now().await,
            _ => return self.check().await,
        }
        Ok(())
    }

    /// Everyone goes on, and ends with what a late one sees.
    async fn finish(mut self) -> Outcome {
        self.joins.iter().for_each(|it| it.watched.go_on());
        self.gates.clear();
        self.relist();
        self.check().await?;
        for joined in std::mem::take(&mut self.joins) {
            joined.watched.retire(&mut self.coverage);
        }
        Ok(self.coverage)
    }

    fn change_source(&mut self) {
        self.coverage.count("source");
        let key = any_key(&mut self.random);
        let gate = self.random.chance(1, 4);
        let (side, random) = (
            if gate {
                &mut self.gates
            } else {
                &mut self.sources
            },
            &mut self.random,
        );
        if random.chance(1, 4) {
            return side.take(&key);
        }
        let known = side
            .objects
            .get(&key)
            .map(|source| source.more.selecting.clone());
        let selecting = known.filter(|_| random.chance(1, 3));
        let selecting = selecting.unwrap_or_else(|| Selecting::any(random));
        if selecting == Selecting::Invalid {
            self.coverage.count("invalid selector");
        }
        let names = random.some(&NAMES).into_iter().take(2);
        let refers = names
            .chain(random.some(&NODES))
            .map(|name| (*name).to_owned())
            .collect();
        let spec = side.next(&key, random);
        side.put(Source::new(spec, Relates { selecting, refers }));
    }

    fn change_target(&mut self) {
        self.coverage.count("target");
        let key = any_key(&mut self.random);
        if self.random.chance(1, 4) {
            return self.targets.take(&key);
        }
        let spec = self.targets.next(&key, &mut self.random);
        self.targets.put(V::of(&spec));
    }

    /// A target goes, and the same comes in another namespace.
    fn move_target(&mut self) {
        let (from, to) = (any_key(&mut self.random), any_key(&mut self.random));
        if let Some(there) = self.targets.objects.get(&from) {
            self.coverage.count("moved");
            let namespace = to.namespace().to_owned();
            let there = read(there);
            self.targets.take(&from);
            self.targets.version += 1;
            let spec = Spec {
                namespace,
                version: self.targets.version,
                ..there
            };
            self.targets.put(V::of(&spec));
        }
    }

    fn relist(&mut self) {
        self.coverage.count("relist");
        self.targets.relist(&mut self.random);
        self.sources.relist(&mut self.random);
        self.gates.relist(&mut self.random);
    }

    /// One of the servers is restored from a backup.
    fn restore(&mut self) {
        let random = &mut self.random;
        let restored = match random.below(3) {
            0 => self.gates.restore(random),
            1 => self.sources.restore(random),
            _ => {
                let restored = self.targets.restore(random);
                self.between |= restored;
                restored
            }
        };
        if restored {
            self.coverage.count("new incarnation");
        }
        self.forget_versions();
    }

    /// One of the servers does what not all do.
    fn habit(
        &mut self,
        kind: &'static str,
        of_sources: fn(&mut Side<Source>, &mut Random) -> bool,
        of_targets: fn(&mut Side<V>, &mut Random) -> bool,
    ) {
        let random = &mut self.random;
        let happened = match random.below(3) {
            0 => of_sources(&mut self.gates, random),
            1 => of_sources(&mut self.sources, random),
            _ => {
                let happened = of_targets(&mut self.targets, random);
                self.between |= happened;
                happened
            }
        };
        if happened {
            self.coverage.count(kind);
        }
        self.forget_versions();
    }

    /// What comes of the targets may be older than what came before.
    fn forget_versions(&self) {
        if self.between {
            let joins = self.joins.iter();
            joins.for_each(|it| it.watched.forget_versions());
        }
    }

    fn repeat(&mut self) {
        let random = &mut self.random;
        let repeated = match random.below(3) {
            0 => self.gates.repeat(random),
            1 => self.sources.repeat(random),
            _ => {
                let repeated = self.targets.repeat(random);
                self.between |= repeated;
                repeated
            }
        };
        if repeated {
            self.coverage.count("replay");
        }
        self.forget_versions();
    }

    fn trouble(&mut self) {
        self.coverage.count("trouble");
        let random = &mut self.random;
        match random.below(3) {
            0 => self.gates.trouble(random),
            1 => self.sources.trouble(random),
            _ => self.targets.trouble(random),
        }
    }

    fn refilter_input(&mut self) {
        self.coverage.count("input refiltered");
        if self.random.chance(1, 2) {
            self.sources.refilter(&mut self.random);
        } else {
            self.targets.refilter(&mut self.random);
        }
    }

    fn open(&mut self) {
        if self.joins.len() > 5 {
            let oldest = self.joins.remove(0);
            oldest.watched.retire(&mut self.coverage);
        }
        let by_view = self.random.chance(1, 2);
        let (sources, targets) = (self.sources.input(by_view), self.targets.input(by_view));
        let selecting = SelectorJoin::new(|source: &Source| source.more.selecting.build());
        let [pairs, lookups] = [(); 2].map(|()| self.random.chance(2, 3));
        macro_rules! keeping {
            ($relation:expr) => {{
                let relation = $relation;
                let relation = if pairs {
                    relation.with_pairs()
                } else {
                    relation
                };
                if lookups {
                    relation.with_lookups()
                } else {
                    relation
                }
            }};
        }
        let (kind, name, join) = match self.random.below(6) {
            0 => {
                let join = keeping!(selecting).join(sources, targets);
                (Kind::BySelector(Scope::Namespace), "by selector", join)
            }
            1 => {
                let everywhere = keeping!(selecting.scope(Scope::Everywhere));
                (
                    Kind::BySelector(Scope::Everywhere),
                    "everywhere",
                    everywhere.join(sources, targets),
                )
            }
            2 => {
                let join =
                    KeyJoin::new(|source: &Source| source.more.refers.clone(), names_of::<V>);
                (Kind::ByKey, "by key", keeping!(join).join(sources, targets))
            }
            3 => {
                let join =
                    KeyJoin::new(|source: &Source| source.more.refers.clone(), names_of::<V>);
                let join = keeping!(join.selecting());
                (
                    Kind::ByKeyAndLabels,
                    "by key and labels",
                    join.join(sources, targets),
                )
            }
            4 => {
                let given = |gate: &Source| gate.more.refers.clone();
                let relation = keeping!(GuardedKeyJoin::new(wanted, given, names_of::<V>));
                let join = relation.join(sources, &self.gates.publisher, targets);
                (Kind::Guarded, "guarded", join)
            }
            _ => {
                let refers = |gate: &Source| gate.more.refers.clone();
                let name = |source: &Source| vec![source.name().to_owned()];
                let between = KeyJoin::new(refers, name).join(&self.gates.publisher, sources);
                (
                    Kind::Composed,
                    "composed",
                    keeping!(selecting).join(&between, targets),
                )
            }
        };
        self.coverage.count(name);
        let watched = Watched::start(&join);
        if self.between {
            watched.forget_versions();
        }
        self.joins.push(Joined {
            kind,
            by_view,
            watched,
            pairs: join.pairs().map(Pairs::watch),
            join,
        });
    }

    fn watch(&mut self) {
        if !self.joins.is_empty() {
            let place = self.random.below(self.joins.len());
            let joined = &mut self.joins[place];
            let watched = &mut joined.watched;
            watched.admit(&joined.join, &mut self.random, &mut self.coverage);
            if self.between {
                watched.forget_versions();
            }
        }
    }

    /// Something happens to those who watch one of the joins.
    fn disturb(&mut self) {
        if self.joins.is_empty() {
            return;
        }
        let place = self.random.below(self.joins.len());
        let observers = &mut self.joins[place].watched.observers;
        let (random, coverage) = (&mut self.random, &mut self.coverage);
        if random.chance(1, 2) {
            for observer in observers {
                observer.stall_or_go(random, coverage);
            }
            return;
        }
        if observers.is_empty() {
            return;
        }
        let place = random.below(observers.len());
        match random.below(3) {
            0 => {
                coverage.count("close");
                let closed = observers.swap_remove(place);
                closed.watcher.control.close();
                closed.retire(coverage);
            }
            1 => observers[place].panic(coverage),
            _ => observers[place].refilter(random, coverage),
        }
    }

    /// Waits until nothing moves, and compares everything with a recomputation.
    async fn check(&mut self) -> Result<(), String> {
        tokio::time::sleep(Duration::from_millis(1)).await;
        self.between = false;
        for mut joined in std::mem::take(&mut self.joins) {
            self.check_join(&mut joined)?;
            self.joins.push(joined);
        }
        Ok(())
    }

    fn check_join(&mut self, joined: &mut Joined<V>) -> Result<(), String> {
        let kind = joined.kind;
        let (related, pairs) = self.recompute(kind, joined.by_view);
        let list = joined.join.cache().list();
        let have: BTreeMap<_, _> = list
            .iter()
            .map(|object| (Key::of(&**object), read(&**object)))
            .collect();
        if related != have {
            return Err(format!("{kind:?} has {have:?} instead of {related:?}"));
        }
        if let (Some(publisher), Some(watcher)) = (joined.join.pairs(), &joined.pairs) {
            let list = publisher.cache().list();
            let have: BTreeSet<_> = list.iter().map(|pair| pairing(pair)).collect();
            if pairs != have || have.len() != list.len() {
                return Err(format!("{kind:?} has pairs {have:?} instead of {pairs:?}"));
            }
            watcher.compare(&pairs)?;
        }
        if let Some(lookups) = joined.join.lookups() {
            self.coverage.count("looked up");
            let wrong = pairs::look_up(&lookups, &pairs);
            wrong.map_err(|wrong| format!("{kind:?}: {wrong}"))?;
            let seen = joined.join.cache().snapshot();
            if lookups.input_commits() != seen.input_commits() {
                return Err(format!("{kind:?} looks up another state than it has"));
            }
        }
        joined.watched.compare(&related, &mut self.coverage)
    }

    /// The nested loop: the targets that have a source, and all pairs.
    fn recompute(&self, kind: Kind, by_view: bool) -> (BTreeMap<Key, Spec>, BTreeSet<Pairing>) {
        let ready = [
            self.sources.input(by_view).status(),
            self.targets.input(by_view).status(),
        ];
        let gates = self.gates.publisher.status().phase.is_ready()
            || !matches!(kind, Kind::Composed | Kind::Guarded);
        let (mut related, mut pairs) = (BTreeMap::new(), BTreeSet::new());
        if !gates || ready.iter().any(|status| !status.phase.is_ready()) {
            return (related, pairs);
        }
        for source in self.sources.seen(by_view) {
            for target in self.targets.seen(by_view) {
                let target = read(target);
                if self.relates(kind, source, &target) {
                    let key = source.spec.key();
                    pairs.insert((key, source.spec.version, target.key(), target.version));
                    related.insert(target.key(), target);
                }
            }
        }
        (related, pairs)
    }

    fn relates(&self, kind: Kind, source: &Source, target: &Spec) -> bool {
        let same_namespace = source.spec.namespace == target.namespace;
        let selects = source.more.selecting.matches(&target.labels);
        let has = |refers: &[String], name: &String| refers.contains(name);
        let refers = &source.more.refers;
        let names = has(refers, &target.name) || has(refers, &target.node);
        match kind {
            Kind::BySelector(Scope::Everywhere) => selects,
            Kind::BySelector(Scope::Namespace) => selects && same_namespace,
            Kind::ByKey => names,
            Kind::ByKeyAndLabels => names && selects,
            Kind::Guarded => refers.iter().any(|name| {
                let mut gates = self.gates.objects.values();
                let is_target = *name == target.name || *name == target.node;
                let is_free = FREE.contains(&name.as_str());
                is_target && (is_free || gates.any(|gate| has(&gate.more.refers, name)))
            }),
            Kind::Composed => {
                let mut gates = self.gates.objects.values();
                let open = gates.any(|gate| has(&gate.more.refers, &source.spec.name));
                open && selects && same_namespace
            }
        }
    }
}

/// The names that a source refers to. What is not free needs a gate that refers to it, too.
fn wanted(source: &Source) -> Vec<GuardedKey<String, String>> {
    let refers = source.more.refers.iter().cloned();
    let guarded = |name: String| {
        if FREE.contains(&name.as_str()) {
            GuardedKey::free(name)
        } else {
            GuardedKey::needs(name.clone(), [name])
        }
    };
    refers.map(guarded).collect()
}

/// The keys of a target: its name and its node, which may be the empty string.
fn names_of<V: Form>(target: &V) -> Vec<String> {
    vec![
        target.name().to_owned(),
        V::node().read(target).into_owned(),
    ]
}

#[test]
fn joins_are_their_nested_loop() {
    let coverage = run_cases(2_400, case);
    coverage.require(&KINDS, 500);
}
