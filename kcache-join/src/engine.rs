//! The algorithm that all operators share.
//!
//! A change on one side is joined with the other side as it is known, and then taken into its own:
//! never are two changes joined against two new states. A target is in the result while its count
//! of sources is above zero.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use kcache::{Change, Error, Failure, Key, Object, Snapshot, Updates, Writer};

use crate::lookups::LookupWriter;
use crate::operator::Operator;
use crate::pair::Pair;
use crate::slab::Slab;
use crate::through::Link;

/// Both sides of a join, and the writers of its results.
pub(crate) struct Engine<S: Object, T: Object, O: Operator<S, T>> {
    operator: O,
    sources: Slab<S, O::Source>,
    targets: Slab<T, O::Target>,
    pub(crate) writer: Writer<T>,
    /// The newest state of the targets, of which the result is a part.
    pub(crate) all_targets: Option<Snapshot<T>>,
    pairs: Option<Writer<Pair<S, T>>>,
    lookups: Option<LookupWriter<S, T>>,
    /// What else is made of the look-ups.
    pub(crate) link: Option<Link<S, T>>,
    /// Of each input, the newest commit that was taken in, and the incarnation that it is of.
    inputs: Vec<InputState>,
    pending: Pending<S, T>,
}

/// One of the inputs of a join.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// What relates: the Services of Services and Pods.
    Sources,
    /// What is related to, and what the join holds: the Pods.
    Targets,
    /// What allows it, in a [`GuardedKeyJoin`](crate::GuardedKeyJoin) only.
    Guards,
}

/// How far an input is.
#[derive(Clone, Copy)]
pub(crate) struct InputState {
    pub(crate) commit: u64,
    pub(crate) incarnation: u64,
}

/// What the commit under way changes.
struct Pending<S: Object, T: Object> {
    targets: Updates<T>,
    unpaired: BTreeSet<Key>,
    paired: BTreeMap<Key, Arc<Pair<S, T>>>,
}

impl<S: Object, T: Object, O: Operator<S, T>> Engine<S, T, O> {
    pub(crate) fn new(
        operator: O,
        inputs: usize,
        writer: Writer<T>,
        pairs: Option<Writer<Pair<S, T>>>,
        lookups: Option<LookupWriter<S, T>>,
    ) -> Self {
        let nothing = InputState {
            commit: 0,
            incarnation: 1,
        };
        Self {
            operator,
            sources: Slab::default(),
            targets: Slab::default(),
            writer,
            all_targets: None,
            pairs,
            lookups,
            link: None,
            inputs: vec![nothing; inputs],
            pending: Pending {
                targets: Updates::new(),
                unpaired: BTreeSet::new(),
                paired: BTreeMap::new(),
            },
        }
    }

    /// Takes in changes of sources.
    pub(crate) fn change_sources(&mut self, changes: Vec<Change<S>>) {
        self.rebuild_if_due();
        self.sources.reserve(created(&changes));
        for change in changes {
            let key = change.key();
            let Some(object) = change.new else {
                self.writer.good_object(&key);
                self.remove_source(&key);
                continue;
            };
            let (fact, problem) = self.operator.source(&object);
            self.report(&key, problem.as_deref());
            let slot = self.sources.slot(&object);
            let unchanged = slot.filter(|slot| self.sources[*slot].fact == fact);
            if let Some(slot) = unchanged {
                self.replace_source(slot, object);
                continue;
            }
            self.remove_source(&key);
            let slot = self.sources.insert(object, fact);
            self.attach_source(slot);
        }
    }

    /// Reports what is wrong with a source, or that nothing is.
    fn report(&mut self, key: &Key, problem: Option<&str>) {
        match problem {
            Some(reason) => self.writer.bad_object(Some(key.clone()), reason),
            None => self.writer.good_object(key),
        }
    }

    fn attach_source(&mut self, slot: u32) {
        let fact = &self.sources[slot].fact;
        self.operator.add_source(slot, fact);
        for target in self.operator.targets(fact, &self.targets) {
            self.targets[target].count += 1;
            self.update_target(target);
            self.pair(slot, target);
        }
    }

    fn remove_source(&mut self, key: &Key) {
        let Some((slot, source)) = self.sources.remove(key) else {
            return;
        };
        self.operator.drop_source(slot, &source.fact);
        for target in self.operator.targets(&source.fact, &self.targets) {
            let count = &mut self.targets[target].count;
            *count -= 1;
            #[cfg(kcache_faults)]
            if kcache::SeededFault::ForgetCount.strikes() {
                *count = 0;
            }
            self.update_target(target);
            let held = self.targets[target].object.clone();
            self.unpair((slot, &source.object), (target, &held));
        }
    }

    /// The source is another object but relates to the same targets.
    fn replace_source(&mut self, slot: u32, object: Arc<S>) {
        if let Some(lookups) = &mut self.lookups {
            lookups.replace_source(slot, &object);
        }
        self.sources[slot].object = object;
        if self.pairs.is_none() {
            return;
        }
        let fact = &self.sources[slot].fact;
        for target in self.operator.targets(fact, &self.targets) {
            self.pair(slot, target);
        }
    }

    fn rebuild_if_due(&mut self) {
        if self.operator.needs_rebuild(&self.sources) {
            self.operator.rebuild(&self.sources);
        }
    }

    /// Takes in changes of guards: what relates to other targets now, does.
    pub(crate) fn change_guards(&mut self, changes: Vec<Change<O::Guard>>) {
        for change in changes {
            let (key, new) = (change.key(), change.new.as_deref());
            let sources = self.operator.guarded(&key, new);
            let before: Vec<_> = sources.iter().map(|slot| self.targets_of(*slot)).collect();
            self.operator.replace_guard(&key, new);
            for (source, before) in sources.into_iter().zip(before) {
                let after = self.targets_of(source);
                for lost in before.difference(&after) {
                    self.targets[*lost].count -= 1;
                    self.update_target(*lost);
                    let holder = self.sources[source].object.clone();
                    let held = self.targets[*lost].object.clone();
                    self.unpair((source, &holder), (*lost, &held));
                }
                for won in after.difference(&before) {
                    self.targets[*won].count += 1;
                    self.update_target(*won);
                    self.pair(source, *won);
                }
            }
        }
    }

    fn targets_of(&mut self, source: u32) -> BTreeSet<u32> {
        let fact = &self.sources[source].fact;
        let targets = self.operator.targets(fact, &self.targets);
        targets.into_iter().collect()
    }

    /// Takes in changes of targets.
    pub(crate) fn change_targets(&mut self, changes: Vec<Change<T>>) {
        self.rebuild_if_due();
        self.targets.reserve(created(&changes));
        for change in changes {
            let Some(object) = &change.new else {
                self.remove_target(&change.key());
                continue;
            };
            let slot = self.targets.slot(object);
            let unchanged = slot.filter(|slot| {
                let known = &self.targets[*slot];
                self.operator
                    .same_target(&known.fact, &known.object, object)
            });
            if let Some(slot) = unchanged {
                self.replace_target(slot, object.clone());
                continue;
            }
            if slot.is_some() {
                self.remove_target(&change.key());
            }
            let fact = self.operator.target(object);
            let slot = self.targets.insert(object.clone(), fact);
            self.attach_target(slot);
        }
    }

    fn attach_target(&mut self, slot: u32) {
        let target = &self.targets[slot];
        self.operator.add_target(slot, &target.fact);
        let sources = self
            .operator
            .sources(&target.object, &target.fact, &self.sources);
        self.targets[slot].count = sources.len();
        self.update_target(slot);
        for source in sources {
            self.pair(source, slot);
        }
    }

    fn remove_target(&mut self, key: &Key) {
        let Some((slot, target)) = self.targets.remove(key) else {
            return;
        };
        self.operator.drop_target(slot, &target.fact);
        self.pending.targets.remove(key.clone());
        if self.pairs.is_some() || self.lookups.is_some() {
            for source in self
                .operator
                .sources(&target.object, &target.fact, &self.sources)
            {
                let holder = self.sources[source].object.clone();
                self.unpair((source, &holder), (slot, &target.object));
            }
        }
    }

    /// The target is another object but relates to the same sources.
    fn replace_target(&mut self, slot: u32, object: Arc<T>) {
        if let Some(lookups) = &mut self.lookups {
            lookups.replace_target(slot, &object);
        }
        self.targets[slot].object = object;
        self.update_target(slot);
        if self.pairs.is_none() {
            return;
        }
        let target = &self.targets[slot];
        for source in self
            .operator
            .sources(&target.object, &target.fact, &self.sources)
        {
            self.pair(source, slot);
        }
    }

    /// The target is in the result or not: what it was before, the writer knows.
    fn update_target(&mut self, slot: u32) {
        let target = &self.targets[slot];
        if target.count > 0 {
            self.pending.targets.put(target.object.clone());
        } else {
            self.pending.targets.remove(Key::of(&*target.object));
        }
    }

    fn pair(&mut self, source: u32, target: u32) {
        let (holder, held) = (&self.sources[source].object, &self.targets[target].object);
        if let Some(lookups) = &mut self.lookups {
            lookups.link((source, holder), (target, held));
        }
        if self.pairs.is_some() {
            let pair = Pair::new(holder.clone(), held.clone());
            let key = Key::of(&pair);
            self.pending.unpaired.remove(&key);
            self.pending.paired.insert(key, pair.into());
        }
    }

    /// One of the two may be in its slot no longer.
    fn unpair(&mut self, source: (u32, &Arc<S>), target: (u32, &Arc<T>)) {
        if let Some(lookups) = &mut self.lookups {
            lookups.unlink(source.0, target.0);
        }
        if self.pairs.is_some() {
            let key = Key::of(&Pair::new(source.1.clone(), target.1.clone()));
            self.pending.paired.remove(&key);
            self.pending.unpaired.insert(key);
        }
    }

    /// How many objects it goes through to rebuild the index before the next change, if that is due.
    pub(crate) fn rebuild_cost(&self) -> usize {
        if self.operator.needs_rebuild(&self.sources) {
            self.sources.len()
        } else {
            0
        }
    }

    /// How many objects there are on both sides.
    pub(crate) fn len(&self) -> usize {
        self.sources.len() + self.targets.len()
    }

    /// Commits what was taken in: unpair, leave, update, enter, pair.
    pub(crate) fn commit(&mut self) {
        let input_commits: Vec<u64> = self.inputs.iter().map(|input| input.commit).collect();
        // Who sees the commit sees what it cost.
        self.writer
            .count_evaluations(self.operator.take_evaluations());
        // One more each time that either input begins anew.
        let begun = self.inputs.iter().map(|input| input.incarnation - 1);
        let incarnation = 1 + begun.sum::<u64>();
        let targets = std::mem::take(&mut self.pending.targets);
        // First, so that whoever has an event of the commit looks up what it made.
        if let Some(lookups) = &mut self.lookups {
            let state = lookups.commit(&input_commits);
            let link = self.link.iter_mut();
            link.for_each(|link| link.0.committing(&state));
        }
        if let Some(pairs) = &mut self.pairs {
            let (mut unpaired, mut paired) = (Updates::new(), Updates::new());
            for key in std::mem::take(&mut self.pending.unpaired) {
                unpaired.remove(key);
            }
            for pair in std::mem::take(&mut self.pending.paired).into_values() {
                paired.put(pair);
            }
            pairs.commit_in(incarnation, unpaired, &input_commits);
            self.commit_targets(incarnation, targets, &input_commits);
            if let Some(pairs) = &mut self.pairs {
                pairs.commit_in(incarnation, paired, &input_commits);
            }
        } else {
            self.commit_targets(incarnation, targets, &input_commits);
        }
        if let Some(link) = &mut self.link {
            link.0.committed(self.writer.newest_commit());
        }
    }

    /// Notes how far an input is, of which changes are taken in next.
    pub(crate) fn note(&mut self, input: Side, state: InputState) {
        self.inputs[input as usize] = state;
        if let (Side::Sources, Some(link)) = (input, &mut self.link) {
            link.0.taking(state.commit);
        }
    }

    fn commit_targets(&mut self, incarnation: u64, targets: Updates<T>, input_commits: &[u64]) {
        if let Some(all) = &self.all_targets {
            self.writer
                .commit_part(incarnation, all, targets, input_commits);
        }
    }

    pub(crate) fn live(&mut self) {
        self.writer.live();
        self.pairs.iter_mut().for_each(Writer::live);
    }

    pub(crate) fn syncing(&mut self, failure: Option<&Failure>) {
        self.writer.syncing(failure.cloned());
        let pairs = self.pairs.iter_mut();
        pairs.for_each(|pairs| pairs.syncing(failure.cloned()));
    }

    pub(crate) fn stale(&mut self, failure: &Failure) {
        self.writer.stale(failure.clone());
        let pairs = self.pairs.iter_mut();
        pairs.for_each(|pairs| pairs.stale(failure.clone()));
    }

    pub(crate) fn close(&mut self, error: &Error) {
        self.writer.close(error);
        self.pairs.iter_mut().for_each(|pairs| pairs.close(error));
    }
}

/// How many objects come that were not there.
fn created<V>(changes: &[Change<V>]) -> usize {
    changes.iter().filter(|change| change.old.is_none()).count()
}
