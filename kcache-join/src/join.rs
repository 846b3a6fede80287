//! A join at work: a task that follows two publishers.

use std::fmt;
use std::ops::Deref;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use kcache::{
    Batch, Error, Failure, Filter, Object, Phase, Publisher, Start, Subscription, WaitError,
    offload, publisher,
};
use tokio::sync::watch::{self, error::RecvError};

use crate::engine::{Engine, InputState, Side};
use crate::lookups::{LookupWriter, Lookups, Newest};
use crate::operator::Operator;
use crate::pair::Pair;
use crate::through::Link;

/// One type of future for the runtime, so that what it makes of a task is compiled once and not for each join.
type Spawned = Pin<Box<dyn Future<Output = ()> + Send>>;

/// The targets that the sources relate to: a [`Publisher`] itself.
///
/// It is ready when its inputs are, and starts with one state. From then on each change of an
/// input is one commit of it, if it changes anything; its
/// [`input_commits`](kcache::Snapshot::input_commits) names the commits of the sources, the targets and the
/// guards (if it has some) that it has seen. It keeps its inputs alive. If one of them fails or ends,
/// the join is degraded and keeps its state; it ends when all have ended.
pub struct Join<S: Object, T: Object> {
    /// Dropped before the publisher, so that the task, which ends then, has the last of them.
    lookups: Option<Newest<S, T>>,
    publisher: Publisher<T>,
    pairs: Option<Publisher<Pair<S, T>>>,
}

/// What a join keeps beside its result, for those who ask for it.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Extras {
    pub(crate) pairs: bool,
    pub(crate) lookups: bool,
}

/// What the inputs are called in failures and errors.
const INPUTS: [&str; 3] = ["sources", "targets", "guards"];

impl<S: Object, T: Object> Join<S, T> {
    pub(crate) fn start<O: Operator<S, T>>(
        sources: &Publisher<S>,
        targets: &Publisher<T>,
        guards: Option<&Publisher<O::Guard>>,
        operator: O,
        extras: Extras,
        mut link: Option<Link<S, T>>,
    ) -> Self {
        let sources = Subscription::batches(sources, Some(Filter::everything()));
        let targets = Subscription::batches(targets, Some(Filter::everything()));
        let guards = guards.map(|guards| Subscription::batches(guards, Some(Filter::everything())));
        let links = link.iter_mut();
        links.for_each(|link| link.0.follows(sources.follower()));
        let mut followers = vec![sources.follower(), targets.follower()];
        followers.extend(guards.iter().map(Subscription::follower));
        let inputs = followers.len();
        let (result, mut writer) = publisher();
        writer.stands_on(INPUTS.into_iter().zip(followers.clone()));
        let (pairs, mut pair_writer) = extras.pairs.then(publisher).unzip();
        if let Some(writer) = &mut pair_writer {
            writer.stands_on(INPUTS.into_iter().zip(followers));
        }
        let lookups = (extras.lookups || link.is_some()).then(Newest::default);
        let lookup_writer = lookups.clone().map(LookupWriter::new);
        if let Some(pairs) = &pairs {
            // Who holds the pairs keeps the join.
            let (mut phases, join) = (Publisher::phases(pairs), result.clone());
            let keeper: Spawned = Box::pin(async move {
                let _ = phases.wait_for(|phase| phase.closed().is_some()).await;
                drop(join);
            });
            tokio::spawn(keeper);
        }
        let mut engine = Engine::new(operator, inputs, writer, pair_writer, lookup_writer);
        engine.link = link;
        // In a box: it is handed on with each batch, and is kilobytes.
        let task = Box::new(Task {
            sources,
            targets,
            guards,
            last: Side::Guards,
            ended: vec![None; inputs],
            phases: vec![Phase::Syncing { failure: None }; inputs],
            engine,
        });
        let run: Spawned = Box::pin(task.run());
        tokio::spawn(run);
        Self {
            publisher: result,
            pairs,
            lookups,
        }
    }

    /// Waits until the join has taken in what one of its inputs knows at a version of that input's
    /// resource: what a write answered, so that one reads one's own writes. An input that is made of
    /// several resources itself has no versions: see [`Publisher::wait_for_write`], which finds the
    /// resource at any depth.
    ///
    /// # Errors
    ///
    /// [`WaitError`].
    ///
    /// # Example
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use k8s_openapi::api::core::v1::{Pod, Service};
    /// use kcache_join::{Side, relations};
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let (services, mut service_feed) = kcache::feed::<Service>();
    /// # let (pods, mut pod_feed) = kcache::feed::<Pod>();
    /// # service_feed.relist([], Some("3"))?;
    /// # pod_feed.relist([], Some("41"))?;
    /// let join = relations::service_pods().join(&services, &pods);
    /// join.wait_for(Side::Targets, "41", Duration::from_secs(10)).await?;
    /// # Ok(()) }
    /// ```
    pub async fn wait_for(
        &self,
        input: Side,
        version: &str,
        timeout: Duration,
    ) -> Result<(), WaitError> {
        let input = INPUTS[input as usize];
        self.publisher.wait_for_input(input, version, timeout).await
    }

    /// Which source holds which target, if the relation was made
    /// [`with_pairs`](crate::SelectorJoin::with_pairs), as a publisher. What two objects stop to share is committed
    /// before the targets are, and what they begin to share after that, so every pair's target is in
    /// the join. The pairs end with the join.
    pub fn pairs(&self) -> Option<&Publisher<Pair<S, T>>> {
        self.pairs.as_ref()
    }

    /// Which sources hold a target, and which targets a source holds, if the relation was made
    /// [`with_lookups`](crate::SelectorJoin::with_lookups). This is the newest state, read without a
    /// lock: it is as new as any event that was taken from the join or its pairs, and can be ahead of
    /// them. Empty before the join is ready; what was last known after it has ended.
    ///
    /// # Example
    ///
    /// ```
    /// # use k8s_openapi::api::core::v1::{Pod, Service};
    /// use kcache::Key;
    /// use kcache_join::relations;
    /// # use serde_json::json;
    /// # fn read<V: serde::de::DeserializeOwned>(value: serde_json::Value) -> V {
    /// #     serde_json::from_value(value).expect("an object")
    /// # }
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), kcache::Error> {
    /// # let (services, mut service_feed) = kcache::feed::<Service>();
    /// # let (pods, mut pod_feed) = kcache::feed::<Pod>();
    /// # let labels = json!({"app": "web"});
    /// # let pod = read(json!({"metadata": {"namespace": "shop", "name": "web-1", "labels": labels}}));
    /// # let service = read(json!({"metadata": {"namespace": "shop", "name": "web"}, "spec": {"selector": labels}}));
    /// # pod_feed.relist([pod], None)?;
    /// # service_feed.relist([service], None)?;
    /// let selected = relations::service_pods().with_lookups().join(&services, &pods);
    /// selected.ready().await?;
    /// let now = selected.lookups().expect("they are asked for");
    /// assert_eq!(now.sources_of(&Key::new("shop", "web-1")).len(), 1);
    /// assert_eq!(now.targets_of(&Key::new("shop", "web")).len(), 1);
    /// # Ok(()) }
    /// ```
    pub fn lookups(&self) -> Option<Arc<Lookups<S, T>>> {
        self.lookups.as_ref().map(|newest| newest.load_full())
    }
}

impl<S: Object, T: Object> Deref for Join<S, T> {
    type Target = Publisher<T>;

    fn deref(&self) -> &Publisher<T> {
        &self.publisher
    }
}

impl<S: Object, T: Object> Clone for Join<S, T> {
    fn clone(&self) -> Self {
        Self {
            publisher: self.publisher.clone(),
            pairs: self.pairs.clone(),
            lookups: self.lookups.clone(),
        }
    }
}

impl<S: Object, T: Object> fmt::Debug for Join<S, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Join")
            .field("publisher", &self.publisher)
            .finish_non_exhaustive()
    }
}

struct Task<S: Object, T: Object, O: Operator<S, T>> {
    sources: Subscription<S>,
    targets: Subscription<T>,
    guards: Option<Subscription<O::Guard>>,
    /// Which input was heard last.
    last: Side,
    /// Why each input ended, if it did, in the order of [`Side`].
    ended: Vec<Option<Error>>,
    /// What each input was doing when it was last heard.
    phases: Vec<Phase>,
    engine: Engine<S, T, O>,
}

/// What an input sent; no batch if it ended.
enum Received<S: Object, T: Object, G: Object> {
    Sources(Option<Batch<S>>),
    Targets(Option<Batch<T>>),
    Guards(Option<Batch<G>>),
}

/// The first states of the inputs.
type Starts<S, T, G> = (Start<S>, Start<T>, Option<Start<G>>);

impl<S: Object, T: Object, O: Operator<S, T>> Task<S, T, O> {
    async fn run(self: Box<Self>) {
        if let Some(task) = self.load().await {
            task.follow().await;
        }
    }

    /// Ends it. Both sides of a join may be many objects.
    async fn end(mut self: Box<Self>, error: Error) {
        self.engine.close(&error);
        let count = self.engine.len();
        offload(count, move || drop(self)).await;
    }

    /// Waits for all inputs; their states are one commit. Targets come before sources, so that
    /// selectors are indexed by what there is to be found. `None` if it ended.
    async fn load(mut self: Box<Self>) -> Option<Box<Self>> {
        let (sources, targets, guards) = match self.start().await {
            Ok(started) => started,
            Err(error) => {
                self.end(error).await;
                return None;
            }
        };
        let all_targets = targets.snapshot.clone();
        let (sources, targets) = (Batch::from(sources), Batch::from(targets));
        let guards = guards.map(Batch::from);
        self.note(Side::Sources, &sources);
        self.note(Side::Targets, &targets);
        if let Some(guards) = &guards {
            self.note(Side::Guards, guards);
        }
        self.engine.all_targets = all_targets;
        let guards = guards.map_or_else(Vec::new, |guards| guards.changes);
        let count = sources.changes.len() + targets.changes.len() + guards.len();
        let take = |engine: &mut Engine<S, T, O>| {
            engine.change_guards(guards);
            engine.change_targets(targets.changes);
            engine.change_sources(sources.changes);
        };
        self.change(count, take).await
    }

    /// Waits for all states, and says meanwhile what the inputs say.
    async fn start(&mut self) -> Result<Starts<S, T, O::Guard>, Error> {
        let mut phases = (self.sources.phases(), self.targets.phases());
        let mut guard_phases = self.guards.as_ref().map(Subscription::phases);
        phases.0.mark_changed();
        let started = async {
            let guards = async {
                match &self.guards {
                    Some(guards) => guards.ready().await,
                    None => Ok(()),
                }
            };
            // Each state is then as new as when the last input came. One that has ended may have one, too.
            let (sources, targets) = (self.sources.ready(), self.targets.ready());
            let _ = tokio::join!(sources, targets, guards);
            let guards = async {
                match &mut self.guards {
                    Some(guards) => guards.snapshot().await.map(Some),
                    None => Ok(None),
                }
            };
            tokio::try_join!(
                named("sources", self.sources.snapshot()),
                named("targets", self.targets.snapshot()),
                named("guards", guards),
            )
        };
        tokio::pin!(started);
        loop {
            tokio::select! {
                biased;
                error = self.engine.writer.closed() => return Err(error),
                started = &mut started => return started,
                Ok(()) = phases.0.changed() => {}
                Ok(()) = phases.1.changed() => {}
                Ok(()) = changed(&mut guard_phases) => {}
            }
            let phases = [&mut phases.0, &mut phases.1]
                .into_iter()
                .chain(&mut guard_phases);
            let failures = phases.map(|phase| phase.borrow_and_update().failure().cloned());
            let failure = Failure::of_inputs(INPUTS.into_iter().zip(failures));
            self.engine.syncing(failure.as_ref());
        }
    }

    async fn follow(mut self: Box<Self>) {
        loop {
            let received = tokio::select! {
                biased;
                error = self.engine.writer.closed() => return self.end(error).await,
                received = next(&mut self.sources, &mut self.targets, &mut self.guards, &self.ended, self.last) => received,
            };
            let Some(task) = self.take(received).await else {
                return;
            };
            self = task;
        }
    }

    /// Takes in what an input said. `None` if that was the end.
    async fn take(mut self: Box<Self>, received: Received<S, T, O::Guard>) -> Option<Box<Self>> {
        match received {
            Received::Sources(Some(batch)) => {
                self.note(Side::Sources, &batch);
                let changes = batch.changes;
                return self
                    .change(changes.len(), |engine| engine.change_sources(changes))
                    .await;
            }
            Received::Targets(Some(batch)) => {
                self.note(Side::Targets, &batch);
                self.engine.all_targets = batch.snapshot;
                let changes = batch.changes;
                return self
                    .change(changes.len(), |engine| engine.change_targets(changes))
                    .await;
            }
            Received::Guards(Some(batch)) => {
                self.note(Side::Guards, &batch);
                let changes = batch.changes;
                return self
                    .change(changes.len(), |engine| engine.change_guards(changes))
                    .await;
            }
            Received::Sources(None) => self.note_end(Side::Sources, self.sources.error()),
            Received::Targets(None) => self.note_end(Side::Targets, self.targets.error()),
            Received::Guards(None) => {
                let error = self.guards.as_ref().and_then(Subscription::error);
                self.note_end(Side::Guards, error);
            }
        }
        if self.ended.iter().all(Option::is_some) {
            let input = self.last as usize;
            let error = Error::Input {
                input: INPUTS[input],
                source: self.ended[input].clone()?.into(),
            };
            self.end(error).await;
            return None;
        }
        self.set_phase();
        Some(self)
    }

    /// Notes how far an input is that has said something.
    fn note<V: Object>(&mut self, input: Side, batch: &Batch<V>) {
        self.last = input;
        let (commit, incarnation) = (batch.commit, batch.incarnation);
        let state = InputState {
            commit,
            incarnation,
        };
        self.engine.note(input, state);
        self.phases[input as usize] = batch.phase.clone();
    }

    fn note_end(&mut self, input: Side, error: Option<Error>) {
        self.last = input;
        self.ended[input as usize] = error;
    }

    /// Makes one commit of what is taken in, where it holds up no other task. `None` if a relation
    /// panicked, or the runtime shuts down.
    async fn change(
        mut self: Box<Self>,
        count: usize,
        take: impl FnOnce(&mut Engine<S, T, O>) + Send + 'static,
    ) -> Option<Box<Self>> {
        let count = count + self.engine.rebuild_cost();
        let run = move || {
            let taken = Error::catch(|| take(&mut self.engine));
            if taken.is_ok() {
                self.engine.commit();
                self.set_phase();
            }
            (self, taken)
        };
        let (task, taken) = offload(count, run).await?;
        match taken {
            Ok(()) => Some(task),
            Err(error) => {
                task.end(error).await;
                None
            }
        }
    }

    /// The join is live while all inputs are.
    fn set_phase(&mut self) {
        let mut failures = Vec::new();
        for (phase, ended) in self.phases.iter().zip(&self.ended) {
            failures.push(match (phase, ended) {
                (_, Some(error)) => Some(Failure::ended(error.clone())),
                // Its end is reported when all it said was taken.
                (Phase::Closed(_), None) => return,
                _ => phase.failure().cloned(),
            });
        }
        match Failure::of_inputs(INPUTS.into_iter().zip(failures)) {
            Some(failure) => self.engine.stale(&failure),
            None => self.engine.live(),
        }
    }
}

/// What the next of the inputs that have not ended says. Who was heard last is heard last, so that
/// none waits for another.
async fn next<S: Object, T: Object, G: Object>(
    sources: &mut Subscription<S>,
    targets: &mut Subscription<T>,
    guards: &mut Option<Subscription<G>>,
    ended: &[Option<Error>],
    last: Side,
) -> Received<S, T, G> {
    let sources = async {
        match ended[0] {
            None => Received::Sources(sources.next_batch().await),
            Some(_) => std::future::pending().await,
        }
    };
    let targets = async {
        match ended[1] {
            None => Received::Targets(targets.next_batch().await),
            Some(_) => std::future::pending().await,
        }
    };
    let guards = async {
        match (guards, ended.get(2)) {
            (Some(guards), Some(None)) => Received::Guards(guards.next_batch().await),
            _ => std::future::pending().await,
        }
    };
    match last {
        Side::Sources => {
            tokio::select! { biased; next = targets => next, next = guards => next, next = sources => next }
        }
        Side::Targets => {
            tokio::select! { biased; next = guards => next, next = sources => next, next = targets => next }
        }
        Side::Guards => {
            tokio::select! { biased; next = sources => next, next = targets => next, next = guards => next }
        }
    }
}

/// Waits until an input that there may be does something else.
async fn changed(phases: &mut Option<watch::Receiver<Phase>>) -> Result<(), RecvError> {
    match phases {
        Some(phases) => phases.changed().await,
        None => std::future::pending().await,
    }
}

/// Says which input an error is of.
async fn named<V>(
    input: &'static str,
    output: impl Future<Output = Result<V, Error>>,
) -> Result<V, Error> {
    output.await.map_err(|error| Error::Input {
        input,
        source: error.into(),
    })
}
