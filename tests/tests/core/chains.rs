//! The reference model of what is looked up from end to end of a chain: at rest beside nested loops, and at every
//! moment beside itself.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use harness::Random;
use kcache::{Key, Object};
use kcache_join::{Chain, ChainJoin, KeyJoin, SelectorJoin};

use crate::conditions::{NAMES, Selecting, any_key, keys};
use crate::coverage::{Coverage, Outcome, paused, run_cases};
use crate::forms::{Own, read};
use crate::reference::side::{Relates, Side, Source};

const KINDS: [&str; 6] = [
    "gate",
    "source",
    "target",
    "relist",
    "in between",
    "at rest",
];

type Made = ChainJoin<Source, Source, Own>;
/// Of each object, those at the other end of the chain with their versions.
type Ends = BTreeMap<Key, BTreeSet<(Key, u64)>>;

struct World {
    random: Random,
    gates: Side<Source>,
    sources: Side<Source>,
    targets: Side<Own>,
    chain: Option<Made>,
    inside: Arc<Mutex<Inside>>,
    coverage: Coverage,
}

/// What the second join's task looks at when it is at work: what the first one has committed, it has not yet.
#[derive(Default)]
struct Inside {
    chain: Option<Made>,
    looks: usize,
    wrong: Option<String>,
}

/// One case.
pub(crate) fn case(seed: u64, steps: usize) -> Outcome {
    paused(async {
        let mut world = World {
            random: Random::new(seed),
            gates: Side::new(Source::at),
            sources: Side::new(Source::at),
            targets: Side::new(Own::at),
            chain: None,
            inside: Arc::default(),
            coverage: Coverage::default(),
        };
        world.relist();
        for _ in 0..steps {
            world.step().await?;
        }
        world.rest().await?;
        world.close();
        let looks = lock(&world.inside).looks;
        (0..looks).for_each(|_| world.coverage.count("in between"));
        Ok(world.coverage)
    })
}

impl World {
    async fn step(&mut self) -> Result<(), String> {
        match self.random.below(16) {
            0..3 => self.change_gate(),
            3..6 => self.change_source(),
            6..9 => self.change_target(),
            9 => self.relist(),
            10 => self.close(),
            11 => return self.rest().await,
            _ => tokio::task::yield_now().await,
        }
        look(&self.chain())
    }

    fn chain(&mut self) -> Made {
        if let Some(chain) = &self.chain {
            return chain.clone();
        }
        let names = |gate: &Source| gate.more.refers.clone();
        let name = |source: &Source| vec![source.name().to_owned()];
        let inside = self.inside.clone();
        let selects = SelectorJoin::new(move |source: &Source| {
            let inside = &mut *lock(&inside);
            if let Some(chain) = &inside.chain {
                inside.looks += 1;
                inside.wrong = inside.wrong.take().or(look(chain).err());
            }
            source.more.selecting.build()
        });
        let chain = Chain::new(KeyJoin::new(names, name), selects);
        let [gates, sources] = [&self.gates, &self.sources].map(|side| &side.publisher);
        let chain = chain.join_with_lookups(gates, sources, &self.targets.publisher);
        lock(&self.inside).chain = Some(chain.clone());
        self.chain = Some(chain.clone());
        chain
    }

    fn close(&mut self) {
        self.chain = None;
        lock(&self.inside).chain = None;
    }

    fn change_gate(&mut self) {
        self.coverage.count("gate");
        let key = any_key(&mut self.random);
        if self.random.chance(1, 4) {
            return self.gates.take(&key);
        }
        let refers = self.random.some(&NAMES).into_iter().take(2);
        let refers = refers.map(|name| (*name).to_owned()).collect();
        let spec = self.gates.next(&key, &mut self.random);
        let selecting = Selecting::default();
        self.gates
            .put(Source::new(spec, Relates { selecting, refers }));
    }

    fn change_source(&mut self) {
        self.coverage.count("source");
        let key = any_key(&mut self.random);
        if self.random.chance(1, 4) {
            return self.sources.take(&key);
        }
        let selecting = Selecting::any(&mut self.random);
        let spec = self.sources.next(&key, &mut self.random);
        let refers = Vec::new();
        self.sources
            .put(Source::new(spec, Relates { selecting, refers }));
    }

    fn change_target(&mut self) {
        self.coverage.count("target");
        let key = any_key(&mut self.random);
        if self.random.chance(1, 4) {
            return self.targets.take(&key);
        }
        let spec = self.targets.next(&key, &mut self.random);
        self.targets.put(Own::new(spec, ()));
    }

    fn relist(&mut self) {
        self.coverage.count("relist");
        self.gates.relist(&mut self.random);
        self.sources.relist(&mut self.random);
        self.targets.relist(&mut self.random);
    }

    /// When nothing moves, all is as the nested loops have it.
    async fn rest(&mut self) -> Result<(), String> {
        let chain = self.chain();
        tokio::time::sleep(Duration::from_millis(1)).await;
        self.coverage.count("at rest");
        if let Some(wrong) = lock(&self.inside).wrong.take() {
            return Err(format!("in between: {wrong}"));
        }
        look(&chain)?;
        let now = chain.lookups();
        let (mut targets_of, mut sources_of) = (Ends::new(), Ends::new());
        for gate in self.gates.seen(false) {
            for source in self.sources.seen(false) {
                for target in self.targets.seen(false) {
                    let target = read(target);
                    let opens = gate.more.refers.contains(&source.spec.name);
                    let selects = source.more.selecting.matches(&target.labels);
                    if opens && selects && source.spec.namespace == target.namespace {
                        let ends = [&gate.spec, &target].map(|spec| (spec.key(), spec.version));
                        let [gate, target] = ends;
                        sources_of
                            .entry(target.0.clone())
                            .or_default()
                            .insert(gate.clone());
                        targets_of.entry(gate.0).or_default().insert(target);
                    }
                }
            }
        }
        for key in keys() {
            compare(&key, &now.targets_of(&key), targets_of.get(&key))?;
            compare(&key, &now.sources_of(&key), sources_of.get(&key))?;
        }
        Ok(())
    }
}

fn lock(inside: &Mutex<Inside>) -> MutexGuard<'_, Inside> {
    inside.lock().unwrap_or_else(PoisonError::into_inner)
}

/// At any moment what the second join stands on is what the first one has, and it is what the chain has.
fn look(chain: &Made) -> Result<(), String> {
    let now = chain.lookups();
    for key in keys() {
        for between in now.second().sources_of(&key) {
            let of = Key::of(&*between);
            let gates = now.first().sources_of(&of);
            let Some(gate) = gates.first() else {
                return Err(format!("{key} is held by {of}, which nothing holds"));
            };
            let held = now.first().targets_of(&Key::of(&**gate));
            let same = held.iter().find(|source| Key::of(&***source) == of);
            let versions = (same.map(|same| same.spec.version), between.spec.version);
            if versions.0 != Some(versions.1) {
                return Err(format!("{of} is there as two versions: {versions:?}"));
            }
        }
    }
    let seen = now.second().input_commits().to_vec();
    let has = chain.cache().snapshot();
    (seen == has.input_commits())
        .then_some(())
        .ok_or_else(|| format!("{seen:?} is looked up, {:?} is there", has.input_commits()))
}

fn compare<More>(
    key: &Key,
    found: &[Arc<Own<More>>],
    want: Option<&BTreeSet<(Key, u64)>>,
) -> Result<(), String> {
    let have: Vec<_> = found
        .iter()
        .map(|own| (own.spec.key(), own.spec.version))
        .collect();
    let want: Vec<_> = want.into_iter().flatten().cloned().collect();
    (have == want)
        .then_some(())
        .ok_or_else(|| format!("{key} is looked up with {have:?} instead of {want:?}"))
}

#[test]
fn a_chain_is_looked_up_as_its_nested_loops() {
    let coverage = run_cases(600, case);
    coverage.require(&KINDS, 500);
}
