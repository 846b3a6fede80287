//! The join oracle: every join against a nested loop that judges by other code.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use k8s_openapi::api::core::v1::Pod;
use kcache::{Feed, Field, Key, Object, Publisher, Scope, View};
use kcache_join::{Join, KeyJoin, SelectorJoin};

use crate::conditions::{Condition, NAMES, NAMESPACES, NODES, Selecting, labels};
use crate::coverage::{Coverage, Outcome, run_cases};
use crate::forms::{Form, Own, Packed, Spec, read};
use crate::random::Random;
use crate::replay::Watcher;

const KINDS: [&str; 15] = [
    "create",
    "update",
    "delete",
    "replaced",
    "source",
    "target",
    "moved",
    "batch",
    "relist",
    "refilter",
    "by selector",
    "everywhere",
    "by key",
    "composed",
    "invalid selector",
];

/// A source: what it selects, and the names that it refers to.
#[derive(Clone, Debug)]
struct Source {
    spec: Spec,
    version: String,
    selecting: Selecting,
    refers: Vec<String>,
}

impl Object for Source {
    fn namespace(&self) -> Option<&str> {
        Some(&self.spec.namespace)
    }

    fn name(&self) -> &str {
        &self.spec.name
    }

    fn uid(&self) -> &str {
        &self.spec.uid
    }

    fn version(&self) -> &str {
        &self.version
    }

    fn labels(&self) -> impl Iterator<Item = (&str, &str)> {
        self.spec
            .labels
            .iter()
            .map(|(k, v)| (k.as_str(), v.as_str()))
    }
}

impl Form for Source {
    fn of(spec: &Spec) -> Self {
        Self {
            spec: spec.clone(),
            version: spec.version.to_string(),
            selecting: Selecting::Absent,
            refers: Vec::new(),
        }
    }

    fn node() -> Field<Self> {
        Field::new("spec.nodeName", |source| {
            Some(source.spec.node.as_str().into())
        })
    }
}

/// An input of joins: what its server has, its feed, and a view of it that joins may stand on.
struct Side<V: Form> {
    objects: BTreeMap<Key, V>,
    feed: Feed<V>,
    publisher: Publisher<V>,
    view: View<V>,
    condition: Condition,
    version: u64,
}

impl<V: Form> Side<V> {
    fn new() -> Self {
        let (publisher, feed) = kcache::feed::<V>();
        let view = publisher.view(Condition::Everything.build());
        let (objects, condition, version) = (BTreeMap::new(), Condition::Everything, 0);
        Self {
            objects,
            feed,
            publisher,
            view,
            condition,
            version,
        }
    }

    /// A spec for a key: the next version of what is there, or another object.
    fn next(&mut self, key: &Key, random: &mut Random) -> Spec {
        self.version += 1;
        let there = self.objects.get(key).filter(|_| random.chance(4, 5));
        let uid = there.map_or_else(|| format!("uid-{}", self.version), |o| o.uid().to_owned());
        let labels = match there {
            Some(there) if random.chance(1, 3) => read(there).labels,
            _ => labels(random),
        };
        let node = (*random.pick(&NODES)).to_owned();
        let spec = Spec::new(key.namespace(), key.name(), self.version);
        Spec {
            uid,
            labels,
            node,
            ..spec
        }
    }

    fn put(&mut self, object: V, again: V) {
        self.objects.insert(Key::of(&object), object);
        self.feed.apply(again).expect("the publisher is open");
    }

    fn take(&mut self, key: &Key) {
        self.version += 1;
        if let Some(there) = self.objects.remove(key) {
            let spec = Spec {
                version: self.version,
                ..read(&there)
            };
            self.feed
                .remove(V::of(&spec))
                .expect("the publisher is open");
        }
    }

    /// The objects that joins on the view, or on the publisher itself, stand on.
    fn seen(&self, by_view: bool) -> Vec<&V> {
        let sees = |object: &&V| !by_view || self.condition.accepts(&read(*object));
        self.objects.values().filter(sees).collect()
    }

    fn refilter(&mut self, random: &mut Random) {
        self.condition = Condition::any(random);
        self.view
            .refilter(self.condition.build())
            .expect("the view is open");
    }

    fn input(&self, by_view: bool) -> &Publisher<V> {
        if by_view { &self.view } else { &self.publisher }
    }
}

#[derive(Clone, Copy, Debug)]
enum Kind {
    BySelector(Scope),
    ByKey,
    Composed,
}

struct Joined<V: Form> {
    kind: Kind,
    by_view: bool,
    join: Join<Source, V>,
    watchers: Vec<Watcher<V>>,
}

struct World<V: Form> {
    random: Random,
    gates: Side<Source>,
    sources: Side<Source>,
    targets: Side<V>,
    joins: Vec<Joined<V>>,
    coverage: Coverage,
}

/// One case of the join oracle.
pub(crate) fn case(seed: u64, steps: usize) -> Outcome {
    match seed % 3 {
        0 => case_of::<Own>(seed, steps),
        1 => case_of::<Packed>(seed, steps),
        _ => case_of::<Pod>(seed, steps),
    }
}

fn case_of<V: Form>(seed: u64, steps: usize) -> Outcome {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = runtime.enable_time().start_paused(true).build();
    runtime.map_err(|error| error.to_string())?.block_on(async {
        let mut world = World::<V> {
            random: Random::new(seed),
            gates: Side::new(),
            sources: Side::new(),
            targets: Side::new(),
            joins: Vec::new(),
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
        match self.random.below(20) {
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
            13 | 14 => self.refilter(),
            15 => self.open(),
            16 => self.watch(),
            17 => tokio::task::yield_now().await,
            _ => return self.check().await,
        }
        Ok(())
    }

    async fn finish(mut self) -> Outcome {
        self.gates
            .feed
            .relist([], None)
            .map_err(|error| error.to_string())?;
        self.gates.objects.clear();
        self.relist();
        self.check().await?;
        for watcher in self.joins.iter().flat_map(|joined| &joined.watchers) {
            watcher.with(|replay| self.coverage.add(&replay.coverage));
        }
        Ok(self.coverage)
    }

    fn key(&mut self) -> Key {
        let (namespace, name) = (*self.random.pick(&NAMESPACES), *self.random.pick(&NAMES));
        Key::new(namespace, name)
    }

    fn change_source(&mut self) {
        self.coverage.count("source");
        let key = self.key();
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
            .map(|source| source.selecting.clone());
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
        let source = Source {
            selecting,
            refers,
            ..Source::of(&side.next(&key, random))
        };
        side.put(source.clone(), source);
    }

    fn change_target(&mut self) {
        self.coverage.count("target");
        let key = self.key();
        if self.random.chance(1, 4) {
            return self.targets.take(&key);
        }
        let spec = self.targets.next(&key, &mut self.random);
        self.targets.put(V::of(&spec), V::of(&spec));
    }

    /// A target goes, and the same comes in another namespace.
    fn move_target(&mut self) {
        let (from, to) = (self.key(), self.key());
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
            self.targets.put(V::of(&spec), V::of(&spec));
        }
    }

    /// Each side misses something, and lists.
    fn relist(&mut self) {
        self.coverage.count("relist");
        let random = &mut self.random;
        self.targets.objects.retain(|_, _| random.chance(9, 10));
        let specs: Vec<_> = self.targets.objects.values().map(read).collect();
        let targets = specs.iter().map(V::of);
        self.targets
            .feed
            .relist(targets, None)
            .expect("the publisher is open");
        self.sources.objects.retain(|_, _| random.chance(9, 10));
        let sources: Vec<_> = self.sources.objects.values().cloned().collect();
        self.sources
            .feed
            .relist(sources, None)
            .expect("the publisher is open");
        let gates: Vec<_> = self.gates.objects.values().cloned().collect();
        self.gates
            .feed
            .relist(gates, None)
            .expect("the publisher is open");
    }

    fn refilter(&mut self) {
        self.coverage.count("refilter");
        if self.random.chance(1, 2) {
            self.sources.refilter(&mut self.random);
        } else {
            self.targets.refilter(&mut self.random);
        }
    }

    fn open(&mut self) {
        if self.joins.len() > 5 {
            self.joins.remove(0);
        }
        let by_view = self.random.chance(1, 2);
        let (sources, targets) = (self.sources.input(by_view), self.targets.input(by_view));
        let selecting = SelectorJoin::new(|source: &Source| source.selecting.build());
        let (kind, name, join) = match self.random.below(4) {
            0 => {
                let join = selecting.with_pairs().join(sources, targets);
                (Kind::BySelector(Scope::Namespace), "by selector", join)
            }
            1 => {
                let everywhere = selecting.scope(Scope::Everywhere);
                (
                    Kind::BySelector(Scope::Everywhere),
                    "everywhere",
                    everywhere.join(sources, targets),
                )
            }
            2 => {
                let join = KeyJoin::new(|source: &Source| source.refers.clone(), names_of::<V>);
                (
                    Kind::ByKey,
                    "by key",
                    join.with_pairs().join(sources, targets),
                )
            }
            _ => {
                let refers = |gate: &Source| gate.refers.clone();
                let name = |source: &Source| vec![source.name().to_owned()];
                let between = KeyJoin::new(refers, name).join(&self.gates.publisher, sources);
                (
                    Kind::Composed,
                    "composed",
                    selecting.join(&between, targets),
                )
            }
        };
        self.coverage.count(name);
        let watchers = vec![Watcher::start(join.subscribe())];
        self.joins.push(Joined {
            kind,
            by_view,
            join,
            watchers,
        });
    }

    fn watch(&mut self) {
        if !self.joins.is_empty() {
            let place = self.random.below(self.joins.len());
            let joined = &mut self.joins[place];
            joined
                .watchers
                .push(Watcher::start(joined.join.subscribe()));
        }
    }

    async fn check(&mut self) -> Result<(), String> {
        tokio::time::sleep(Duration::from_millis(1)).await;
        for Joined {
            kind,
            by_view,
            join,
            watchers,
        } in &self.joins
        {
            let (related, pairs) = self.recompute(*kind, *by_view);
            let list = join.cache().list();
            let have = list
                .iter()
                .map(|object| (Key::of(&**object), read(&**object)))
                .collect();
            if related != have {
                return Err(format!("{kind:?} has {have:?} instead of {related:?}"));
            }
            if let Some(publisher) = join.pairs() {
                let list = publisher.cache().list();
                let versions = |pair: &kcache_join::Pair<Source, V>| {
                    (read(&*pair.source).version, read(&*pair.target).version)
                };
                let have: BTreeSet<_> = list.iter().map(|pair| versions(pair)).collect();
                if pairs != have || have.len() != list.len() {
                    return Err(format!("{kind:?} has pairs {have:?} instead of {pairs:?}"));
                }
            }
            for watcher in watchers {
                watcher.compare(&related)?;
            }
        }
        Ok(())
    }

    /// The nested loop: the targets that have a source, and the versions of all pairs.
    fn recompute(&self, kind: Kind, by_view: bool) -> (BTreeMap<Key, Spec>, BTreeSet<(u64, u64)>) {
        let ready = [
            self.sources.input(by_view).status(),
            self.targets.input(by_view).status(),
        ];
        let gates =
            self.gates.publisher.status().phase.is_ready() || !matches!(kind, Kind::Composed);
        let (mut related, mut pairs) = (BTreeMap::new(), BTreeSet::new());
        if !gates || ready.iter().any(|status| !status.phase.is_ready()) {
            return (related, pairs);
        }
        for source in self.sources.seen(by_view) {
            for target in self.targets.seen(by_view) {
                let target = read(target);
                if self.relates(kind, source, &target) {
                    pairs.insert((source.spec.version, target.version));
                    related.insert(target.key(), target);
                }
            }
        }
        (related, pairs)
    }

    fn relates(&self, kind: Kind, source: &Source, target: &Spec) -> bool {
        let same_namespace = source.spec.namespace == target.namespace;
        let selects = source.selecting.matches(&target.labels);
        let has = |refers: &[String], name: &String| refers.contains(name);
        match kind {
            Kind::BySelector(Scope::Everywhere) => selects,
            Kind::BySelector(Scope::Namespace) => selects && same_namespace,
            Kind::ByKey => has(&source.refers, &target.name) || has(&source.refers, &target.node),
            Kind::Composed => {
                let mut gates = self.gates.objects.values();
                let open = gates.any(|gate| has(&gate.refers, &source.spec.name));
                open && selects && same_namespace
            }
        }
    }
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
    let coverage = run_cases(2_000, case);
    coverage.require(&KINDS, 500);
}
