//! The algorithm that all operators share.
//!
//! A change on one side is joined with the other side as it is known, and then taken into its own:
//! never are two changes joined against two new states. A target is in the result while its count
//! of sources is above zero.

use std::sync::Arc;

use kcache::{Change, Error, Failure, Key, Object, Updates, Writer};

use crate::operator::Operator;
use crate::pair::Pair;
use crate::slab::Slots;

/// Both sides of a join, and who is told.
pub(crate) struct Engine<S: Object, T: Object, O: Operator<S, T>> {
    operator: O,
    sources: Slots<S, O::Source>,
    targets: Slots<T, O::Target>,
    pub(crate) writer: Writer<T>,
    pairs: Option<Writer<Pair<S, T>>>,
    /// The newest commits of the sources and of the targets that were taken in.
    pub(crate) frontier: [u64; 2],
    /// The histories that these commits are of.
    pub(crate) histories: [u64; 2],
    news: News<S, T>,
}

/// What the commit under way changes.
struct News<S: Object, T: Object> {
    targets: Updates<T>,
    unpaired: Updates<Pair<S, T>>,
    paired: Updates<Pair<S, T>>,
}

impl<S: Object, T: Object, O: Operator<S, T>> Engine<S, T, O> {
    pub(crate) fn new(operator: O, writer: Writer<T>, pairs: Option<Writer<Pair<S, T>>>) -> Self {
        Self {
            operator,
            sources: Slots::default(),
            targets: Slots::default(),
            writer,
            pairs,
            frontier: [0, 0],
            histories: [1, 1],
            news: News {
                targets: Updates::new(),
                unpaired: Updates::new(),
                paired: Updates::new(),
            },
        }
    }

    /// Takes in changes of sources.
    pub(crate) fn change_sources(&mut self, changes: Vec<Change<S>>) {
        self.tidy();
        for Change { key, new, .. } in changes {
            let Some(object) = new else {
                self.writer.good_object(&key);
                self.remove_source(&key);
                continue;
            };
            let (fact, wrong) = self.operator.source(&object);
            self.report(&key, wrong.as_deref());
            let place = self.sources.place(&key);
            let unchanged = place.filter(|place| self.sources[*place].fact == fact);
            if let Some(place) = unchanged {
                self.replace_source(place, object);
                continue;
            }
            self.remove_source(&key);
            let place = self.sources.insert(key, object, fact);
            self.attach_source(place);
        }
    }

    /// Reports what is wrong with a source, or that nothing is.
    fn report(&mut self, key: &Key, wrong: Option<&str>) {
        match wrong {
            Some(reason) => self.writer.bad_object(Some(key.clone()), reason),
            None => self.writer.good_object(key),
        }
    }

    fn attach_source(&mut self, place: u32) {
        let fact = &self.sources[place].fact;
        self.operator.add_source(place, fact);
        for target in self.operator.targets(fact, &self.targets) {
            self.targets[target].count += 1;
            self.touch(target);
            self.pair(place, target);
        }
    }

    fn remove_source(&mut self, key: &Key) {
        let Some((place, source)) = self.sources.remove(key) else {
            return;
        };
        self.operator.drop_source(place, &source.fact);
        for target in self.operator.targets(&source.fact, &self.targets) {
            let count = &mut self.targets[target].count;
            *count -= 1;
            #[cfg(kcache_faults)]
            if kcache::Fault::ForgetCount.strikes() {
                *count = 0;
            }
            self.touch(target);
            self.unpair(&source.object, &self.targets[target].object.clone());
        }
    }

    /// The source is another object but relates to the same targets.
    fn replace_source(&mut self, place: u32, object: Arc<S>) {
        self.sources[place].object = object;
        if self.pairs.is_none() {
            return;
        }
        let fact = &self.sources[place].fact;
        for target in self.operator.targets(fact, &self.targets) {
            self.pair(place, target);
        }
    }

    fn tidy(&mut self) {
        if self.operator.is_untidy(&self.sources) {
            self.operator.tidy(&self.sources);
        }
    }

    /// Takes in changes of targets.
    pub(crate) fn change_targets(&mut self, changes: Vec<Change<T>>) {
        self.tidy();
        for Change { key, new, .. } in changes {
            let Some(object) = new else {
                self.remove_target(&key);
                continue;
            };
            let place = self.targets.place(&key);
            let unchanged = place.filter(|place| {
                let known = &self.targets[*place];
                self.operator
                    .same_target(&known.fact, &known.object, &object)
            });
            if let Some(place) = unchanged {
                self.replace_target(place, object);
                continue;
            }
            self.remove_target(&key);
            let fact = self.operator.target(&object);
            let place = self.targets.insert(key, object, fact);
            self.attach_target(place);
        }
    }

    fn attach_target(&mut self, place: u32) {
        let target = &self.targets[place];
        self.operator.add_target(place, &target.fact);
        let sources = self
            .operator
            .sources(&target.object, &target.fact, &self.sources);
        self.targets[place].count = sources.len();
        self.touch(place);
        for source in sources {
            self.pair(source, place);
        }
    }

    fn remove_target(&mut self, key: &Key) {
        let Some((place, target)) = self.targets.remove(key) else {
            return;
        };
        self.operator.drop_target(place, &target.fact);
        self.news.targets.insert(key.clone(), None);
        if self.pairs.is_some() {
            for source in self
                .operator
                .sources(&target.object, &target.fact, &self.sources)
            {
                self.unpair(&self.sources[source].object.clone(), &target.object);
            }
        }
    }

    /// The target is another object but relates to the same sources.
    fn replace_target(&mut self, place: u32, object: Arc<T>) {
        self.targets[place].object = object;
        self.touch(place);
        if self.pairs.is_none() {
            return;
        }
        let target = &self.targets[place];
        for source in self
            .operator
            .sources(&target.object, &target.fact, &self.sources)
        {
            self.pair(source, place);
        }
    }

    /// The target is in the result or not: what it was before, the writer knows.
    fn touch(&mut self, place: u32) {
        let target = &self.targets[place];
        let present = (target.count > 0).then(|| target.object.clone());
        self.news.targets.insert(Key::of(&*target.object), present);
    }

    fn pair(&mut self, source: u32, target: u32) {
        if self.pairs.is_some() {
            let (source, target) = (&self.sources[source].object, &self.targets[target].object);
            let pair = Pair::new(source.clone(), target.clone());
            let key = Key::of(&pair);
            self.news.unpaired.remove(&key);
            self.news.paired.insert(key, Some(pair.into()));
        }
    }

    fn unpair(&mut self, source: &Arc<S>, target: &Arc<T>) {
        if self.pairs.is_some() {
            let key = Key::of(&Pair::new(source.clone(), target.clone()));
            self.news.paired.remove(&key);
            self.news.unpaired.insert(key, None);
        }
    }

    /// How many objects it goes through to put the index in order before the next change, if that is
    /// due.
    pub(crate) fn tidying(&self) -> usize {
        if self.operator.is_untidy(&self.sources) {
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
        let frontier = self.frontier;
        // Who sees the commit sees what it cost.
        self.writer
            .count_evaluations(self.operator.take_evaluations());
        // One more each time that either input begins anew.
        let history = self.histories.iter().sum::<u64>() - 1;
        let targets = std::mem::take(&mut self.news.targets);
        if let Some(pairs) = &mut self.pairs {
            pairs.commit_in(history, std::mem::take(&mut self.news.unpaired), &frontier);
            self.writer.commit_in(history, targets, &frontier);
            pairs.commit_in(history, std::mem::take(&mut self.news.paired), &frontier);
        } else {
            self.writer.commit_in(history, targets, &frontier);
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
