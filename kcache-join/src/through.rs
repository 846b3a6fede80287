//! The look-ups of two joins, of which one stands on the other, in step.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use arc_swap::ArcSwap;
use kcache::{Follower, Key, Object};

use crate::lookups::Lookups;
use crate::slab::names;

/// So many states of the first join are kept behind that at which the second one works.
const KEPT: usize = 64;

/// Which source of a chain holds which target by way of what is between, at one moment: what
/// [`ChainJoin::lookups`](crate::ChainJoin::lookups) gives.
///
/// It does not change, so several reads of it fit together; it keeps the objects alive that it names, so it
/// should not be held for long.
pub struct ChainLookups<S, M, T> {
    first: Arc<Lookups<S, M>>,
    second: Arc<Lookups<M, T>>,
}

impl<S: Object, M: Object, T: Object> ChainLookups<S, M, T> {
    /// The sources that hold a target, ordered by namespace and name, each once; none if it is not in the
    /// join.
    pub fn sources_of(&self, target: &Key) -> Vec<Arc<S>> {
        let between = self.second.sources_of(target);
        once(
            between
                .iter()
                .map(|m| self.first.sources_of(&Key::of(&**m))),
        )
    }

    /// The targets that a source holds, ordered by namespace and name, each once.
    pub fn targets_of(&self, source: &Key) -> Vec<Arc<T>> {
        let between = self.first.targets_of(source);
        once(
            between
                .iter()
                .map(|m| self.second.targets_of(&Key::of(&**m))),
        )
    }

    /// What the sources hold of that which is between.
    pub fn first(&self) -> &Arc<Lookups<S, M>> {
        &self.first
    }

    /// What that holds of the targets. It stands on what `first` has, and on nothing newer or older.
    pub fn second(&self) -> &Arc<Lookups<M, T>> {
        &self.second
    }
}

fn once<V: Object>(parts: impl Iterator<Item = Vec<Arc<V>>>) -> Vec<Arc<V>> {
    let mut all: Vec<_> = parts.flatten().collect();
    all.sort_by(|a, b| names(&**a).cmp(&names(&**b)));
    all.dedup_by(|a, b| names(&**a) == names(&**b));
    all
}

impl<S, M, T> fmt::Debug for ChainLookups<S, M, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ChainLookups")
            .field("first", &self.first)
            .field("second", &self.second)
            .finish()
    }
}

/// Who is told of a join's look-ups by the one who changes them.
pub(crate) trait Told<S, T>: Send {
    /// The join takes in its sources by what this follows.
    fn follows(&mut self, _sources: Follower) {}
    /// The join takes in this commit of its sources.
    fn taking(&mut self, _commit: u64) {}
    /// This is what the next commit makes, of which nobody has an event yet.
    fn committing(&mut self, state: &Arc<Lookups<S, T>>);
    /// The join has made this commit, or had made it before, if nothing changed in the result.
    fn committed(&mut self, _commit: u64) {}
}

/// What a relation passes on to a join that it makes.
pub struct Link<S, T>(pub(crate) Box<dyn Told<S, T>>);

/// The newest state of a chain, and what its two joins say of theirs.
pub(crate) struct Steps<S, M, T> {
    /// Loaded without a lock.
    pub(crate) newest: ArcSwap<ChainLookups<S, M, T>>,
    /// For the two who write only.
    said: Mutex<Said<S, M, T>>,
}

struct Said<S, M, T> {
    /// The states of the first join by its commits, as far as the second can still come to work at them.
    first: BTreeMap<u64, Arc<Lookups<S, M>>>,
    /// What the first join is about to commit.
    next: Option<Arc<Lookups<S, M>>>,
    /// The commit of the first join at which the second works.
    taken: u64,
    /// What the second join has made, and of which commit.
    second: Option<(u64, Arc<Lookups<M, T>>)>,
    /// How far the second join is with what the first one commits.
    follower: Option<Follower>,
}

impl<S: Object, M: Object, T: Object> Steps<S, M, T> {
    pub(crate) fn new() -> Arc<Self> {
        let nothing = ChainLookups {
            first: Arc::default(),
            second: Arc::default(),
        };
        let said = Said {
            first: BTreeMap::new(),
            next: None,
            taken: 0,
            second: None,
            follower: None,
        };
        Arc::new(Self {
            newest: ArcSwap::from_pointee(nothing),
            said: Mutex::new(said),
        })
    }

    pub(crate) fn first(self: &Arc<Self>) -> Link<S, M> {
        Link(Box::new(First(self.clone())))
    }

    pub(crate) fn second(self: &Arc<Self>) -> Link<M, T> {
        Link(Box::new(Second(self.clone())))
    }

    fn said(&self) -> MutexGuard<'_, Said<S, M, T>> {
        self.said.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<S: Object, M: Object, T: Object> Said<S, M, T> {
    /// The state of the first join at a commit that the second has seen.
    fn first_at(&self, commit: u64) -> Option<&Arc<Lookups<S, M>>> {
        #[cfg(kcache_faults)]
        if kcache::SeededFault::FirstAhead.strikes() {
            return self.next.as_ref().or(self.first.values().next_back());
        }
        let last = self.first.keys().next_back();
        // The second join can be told of a commit before the first one has said that it is made.
        let is_next = last.is_none_or(|last| *last < commit);
        let next = self.next.as_ref().filter(|_| is_next);
        self.first.get(&commit).or(next)
    }

    /// Goes on to the newest commit of the first join if the second one has all of that: commits that undo each other
    /// before it reads them are none to it.
    fn catch_up(&mut self) {
        let (Some(follower), Some((newest, _))) = (&self.follower, self.first.last_key_value())
        else {
            return;
        };
        let (newest, taken) = (*newest, self.taken);
        if newest > taken && follower.is_even(taken, newest) {
            self.taken = newest;
            if let Some((commit, _)) = &mut self.second
                && *commit == taken
            {
                *commit = newest;
            }
        }
    }

    /// Both, if it is known what the second stands on. Otherwise what is known stays.
    fn settle(&self, newest: &ArcSwap<ChainLookups<S, M, T>>) {
        let Some((commit, second)) = &self.second else {
            return;
        };
        if let Some(first) = self.first_at(*commit) {
            let (first, second) = (first.clone(), second.clone());
            newest.store(Arc::new(ChainLookups { first, second }));
        }
    }
}

struct First<S, M, T>(Arc<Steps<S, M, T>>);

impl<S: Object, M: Object, T: Object> Told<S, M> for First<S, M, T> {
    fn committing(&mut self, state: &Arc<Lookups<S, M>>) {
        self.0.said().next = Some(state.clone());
    }

    fn committed(&mut self, commit: u64) {
        let mut said = self.0.said();
        let Some(state) = said.next.take() else {
            return;
        };
        said.first.insert(commit, state);
        // While the second is at work the first may make many: the second goes on at one of the last.
        let taken = said.taken;
        if said.first.len() > KEPT {
            let oldest = said.first.range(taken + 1..).next();
            let oldest = oldest.map(|(commit, _)| *commit);
            oldest.and_then(|commit| said.first.remove(&commit));
        }
        said.catch_up();
        said.settle(&self.0.newest);
    }
}

struct Second<S, M, T>(Arc<Steps<S, M, T>>);

impl<S: Object, M: Object, T: Object> Told<M, T> for Second<S, M, T> {
    fn follows(&mut self, sources: Follower) {
        self.0.said().follower = Some(sources);
    }

    fn taking(&mut self, commit: u64) {
        let mut said = self.0.said();
        said.taken = commit;
        said.first.retain(|of, _| *of >= commit);
    }

    fn committing(&mut self, state: &Arc<Lookups<M, T>>) {
        let mut said = self.0.said();
        said.second = Some((said.taken, state.clone()));
        said.settle(&self.0.newest);
    }

    fn committed(&mut self, _commit: u64) {
        let mut said = self.0.said();
        said.catch_up();
        said.settle(&self.0.newest);
    }
}
