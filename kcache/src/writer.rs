//! The one who changes a publisher's state.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::vec::Drain;

use tokio::time::Instant;

use crate::core::Core;
use crate::counts::Sampler;
use crate::error::Error;
use crate::event::{self, Change};
use crate::failure::Failure;
use crate::object::{Key, Object};
use crate::offload::drop_offloaded;
use crate::status::{Notice, Phase};
use crate::store::{Copies, MANY, Moment, Snapshot, State, TOGETHER, Table};
use crate::updates::{Entry, KEPT, Update, Updates};
use crate::wait::{Follower, Origin};

/// Commits to a [`Publisher`](crate::Publisher), made together with it by
/// [`publisher`](crate::publisher()).
///
/// Dropping it without [`close`](Self::close) closes the publisher with [`Error::FeedEnded`].
///
/// # Example
///
/// ```
/// use kcache::Updates;
/// # use k8s_openapi::api::core::v1::ConfigMap;
/// let (maps, mut writer) = kcache::publisher();
/// let mut updates = Updates::new();
/// updates.put(ConfigMap::default().into());
/// writer.commit(updates, &[]);
/// writer.live();
/// assert_eq!(maps.cache().len(), 1);
/// ```
pub struct Writer<V: Object> {
    core: Arc<Core<V>>,
    copies: Copies<V>,
    /// Room for the changes of a commit.
    changes: Vec<Change<V>>,
    sampler: Sampler,
}

/// A commit of so many changes is timed for itself.
const LARGE: usize = 64;

impl<V: Object> Writer<V> {
    pub(crate) fn new(core: Arc<Core<V>>) -> Self {
        Self {
            core,
            copies: Copies::default(),
            changes: Vec::new(),
            sampler: Sampler::default(),
        }
    }

    pub(crate) fn core(&self) -> &Arc<Core<V>> {
        &self.core
    }

    /// Says which inputs the set is made of: of each what it is called, and how far whoever reads it is.
    /// Every commit must be made before the reader asks for the batch after the one that it is of.
    /// [`Publisher::wait_for`](crate::Publisher::wait_for) then sees through the set. What is said first
    /// stands.
    ///
    /// # Example
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use k8s_openapi::api::core::v1::ConfigMap;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use kcache::{Filter, Subscription, Updates};
    /// let (maps, mut feed) = kcache::feed::<ConfigMap>();
    /// let (names, mut writer) = kcache::publisher::<ConfigMap>();
    /// let mut input = Subscription::batches(&maps, Some(Filter::everything()));
    /// writer.stands_on([("maps", input.follower())]);
    /// tokio::spawn(async move {
    ///     input.snapshot().await?;
    ///     writer.live();
    ///     while let Some(batch) = input.next_batch().await {
    ///         writer.commit(Updates::new(), &[batch.commit]); // or what the batch makes of it
    ///     }
    ///     Ok::<_, kcache::Error>(())
    /// });
    /// feed.relist([], Some("41"))?;
    /// names.wait_for_write(&maps, "41", Duration::from_secs(10)).await?;
    /// # Ok(()) }
    /// ```
    pub fn stands_on<N: Into<String>>(&mut self, inputs: impl IntoIterator<Item = (N, Follower)>) {
        let inputs = inputs.into_iter();
        let inputs = inputs.map(|(name, follower)| (name.into(), follower));
        let origin = Origin::Inputs(inputs.collect());
        self.core.progress.set_origin(origin);
    }

    /// The state has seen this version of its source.
    pub(crate) fn reached(&mut self, version: &str) {
        self.core.progress.reach(version);
    }

    /// Makes the updates one commit, and delivers what they change, deletes first. `input_commits` are
    /// the commits of the inputs that the new state has seen.
    pub fn commit(&mut self, updates: Updates<V>, input_commits: &[u64]) {
        let incarnation = self.state().moment.incarnation;
        self.commit_in(incarnation, updates, input_commits);
    }

    /// As [`commit`](Self::commit), in this server incarnation: that of what the updates were made
    /// of. A higher one than before says that a new incarnation begins, also without updates.
    pub fn commit_in(&mut self, incarnation: u64, updates: Updates<V>, input_commits: &[u64]) {
        let mut updates = updates.into_entries();
        self.commit_entries(incarnation, updates.drain(..), input_commits);
    }

    /// The same of updates that are of one key each.
    pub(crate) fn commit_entries(
        &mut self,
        incarnation: u64,
        updates: Drain<'_, Entry<V>>,
        input_commits: &[u64],
    ) {
        let timed = self.sampler.start(updates.len() >= LARGE);
        let mut changes = std::mem::take(&mut self.changes);
        let table = if self.copies.len() == 0 && updates.len() >= MANY {
            self.fill(updates, &mut changes)
        } else {
            self.edit(updates, &mut changes)
        };
        let next = State {
            table,
            ..State::clone(&self.core.state.load())
        };
        self.publish(next, &mut changes, incarnation, input_commits);
        changes.clear();
        changes.shrink_to(KEPT);
        self.changes = changes;
        self.copies.settle();
        self.core.counters.commit_time.add(timed.as_ref());
    }

    /// Puts many objects where nothing is.
    fn fill(
        &mut self,
        updates: Drain<'_, Entry<V>>,
        changes: &mut Vec<Change<V>>,
    ) -> Arc<Table<V>> {
        changes.reserve(updates.len());
        let mut objects = Vec::with_capacity(updates.len());
        for entry in updates {
            if let Update::Put(object) = entry.update {
                changes.push(Change::created(object.clone()));
                objects.push((entry.hash, object));
            }
        }
        self.copies.fill(objects)
    }

    fn edit(
        &mut self,
        mut updates: Drain<'_, Entry<V>>,
        changes: &mut Vec<Change<V>>,
    ) -> Arc<Table<V>> {
        changes.reserve(updates.len());
        let mut edit = self.copies.edit(updates.len());
        loop {
            if updates.len().is_multiple_of(TOGETHER) {
                let next = updates.as_slice().iter().take(TOGETHER);
                edit.touch(next.map(|entry| entry.hash));
            }
            let Some(Entry { hash, update }) = updates.next() else {
                break;
            };
            let change = match update {
                Update::Put(object) => Change {
                    old: edit.put(hash, &object),
                    new: Some(object),
                },
                Update::Remove(key) => Change {
                    old: edit.remove(hash, key.parts()),
                    new: None,
                },
            };
            if !change.is_nothing() {
                changes.push(change);
            }
        }
        edit.finish()
    }

    /// As [`commit_in`](Self::commit_in), where what is committed is a part of another publisher's
    /// state: of each key that is put, the object that the snapshot has. Every key must be updated
    /// that this snapshot and that of the commit before have other objects of.
    ///
    /// Such a state costs some bits an object. A writer makes either all of its commits so or none.
    pub fn commit_part(
        &mut self,
        incarnation: u64,
        whole: &Snapshot<V>,
        updates: Updates<V>,
        input_commits: &[u64],
    ) {
        self.commit_derived(incarnation, whole, &updates.into_entries(), input_commits);
    }

    pub(crate) fn commit_derived(
        &mut self,
        incarnation: u64,
        whole: &Snapshot<V>,
        updates: &[Entry<V>],
        input_commits: &[u64],
    ) {
        let timed = self.sampler.start(updates.len() >= LARGE);
        let (next, mut changes) = self.state().derive(&whole.0, updates);
        self.publish(next, &mut changes, incarnation, input_commits);
        self.core.counters.commit_time.add(timed.as_ref());
    }

    fn publish(
        &self,
        mut next: State<V>,
        changes: &mut [Change<V>],
        incarnation: u64,
        input_commits: &[u64],
    ) {
        event::sort(changes);
        if *next.input_commits != *input_commits {
            next.input_commits = input_commits.into();
        }
        let begins = incarnation > std::mem::replace(&mut next.moment.incarnation, incarnation);
        next.moment.commit += u64::from(!changes.is_empty());
        let Moment {
            commit,
            incarnation,
        } = next.moment;
        tracing::trace!(
            commit,
            incarnation,
            changes = changes.len(),
            objects = next.len(),
            "commit"
        );
        self.core.publish(next, changes);
        // Before the first complete state there was no other incarnation to be seen.
        if begins && self.core.phase().is_ready() {
            self.core.notice(Notice::NewIncarnation { incarnation });
        }
    }

    pub(crate) fn state(&self) -> Arc<State<V>> {
        self.core.state.load_full()
    }

    /// The number of the newest commit.
    pub fn newest_commit(&self) -> u64 {
        self.state().moment.commit
    }

    /// The state is complete and follows its source: the publisher is ready.
    pub fn live(&mut self) {
        if !matches!(self.core.phase(), Phase::Live) {
            self.core.set_phase(Phase::Live);
        }
    }

    /// There is no complete state yet, because of this failure, if there is one. Once there has
    /// been one this does nothing.
    pub fn syncing(&mut self, failure: Option<Failure>) {
        if matches!(self.core.phase(), Phase::Syncing { .. }) {
            self.core.set_phase(Phase::Syncing { failure });
        }
    }

    /// The source cannot be followed at the moment. The state stays as it is.
    pub fn degraded(&mut self, reason: impl Into<Failure>) {
        let reason = reason.into();
        self.core.set_phase(match self.core.phase() {
            Phase::Syncing { .. } => Phase::Syncing {
                failure: Some(reason),
            },
            Phase::Degraded { since, .. } => Phase::Degraded { since, reason },
            _ => Phase::Degraded {
                since: Instant::now(),
                reason,
            },
        });
    }

    /// The state is complete, but may be stale, because the source cannot be followed at the moment:
    /// the publisher is ready without having been live.
    pub fn stale(&mut self, reason: impl Into<Failure>) {
        let since = match self.core.phase() {
            Phase::Degraded { since, .. } => since,
            _ => Instant::now(),
        };
        let reason = reason.into();
        self.core.set_phase(Phase::Degraded { since, reason });
    }

    /// Reports an object that could not be taken in. The reason must not contain anything of it. It is
    /// reported once, however often it is reported with the same reason, until it is
    /// [good](Self::good_object).
    pub fn bad_object(&mut self, key: Option<Key>, reason: &str) {
        self.core.report_bad(key, reason, false);
    }

    /// The object under a key is good, or gone. The writer cannot know: what is bad need not be
    /// under the key of anything that it commits.
    pub fn good_object(&mut self, key: &Key) {
        self.core.clear_bad(key, false);
    }

    pub(crate) fn stale_input(&mut self) {
        self.core
            .counters
            .stale_inputs
            .fetch_add(1, Ordering::Relaxed);
    }

    /// Counts evaluations of conditions, for [`Publisher::evaluations`](crate::Publisher::evaluations).
    pub fn count_evaluations(&mut self, count: u64) {
        self.core
            .counters
            .evaluations
            .fetch_add(count, Ordering::Relaxed);
    }

    /// Ends the publisher and what is derived from it.
    pub fn close(&mut self, error: &Error) {
        self.core.close(error);
    }

    /// Why the publisher is closed, or `None` while it is not.
    pub fn error(&self) -> Option<Error> {
        self.core.error()
    }

    /// Waits until the publisher is closed, by whomever, or nobody reads it any longer.
    pub async fn closed(&self) -> Error {
        self.core.closed().await
    }
}

impl<V: Object> Drop for Writer<V> {
    fn drop(&mut self) {
        self.core.close(&Error::FeedEnded);
        let copies = std::mem::take(&mut self.copies);
        drop_offloaded(copies.len(), copies);
    }
}

impl<V: Object> fmt::Debug for Writer<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Writer").finish_non_exhaustive()
    }
}
