//! A join at work: a task that follows two publishers.

use std::fmt;
use std::ops::Deref;
use std::time::Duration;

use kcache::{
    Batch, Error, Failure, Filter, Follower, Object, Phase, Publisher, Start, Subscription,
    WaitError, offload, publisher,
};

use crate::engine::Engine;
use crate::operator::Operator;
use crate::pair::Pair;

/// The targets that the sources relate to: a [`Publisher`] itself.
///
/// It is ready when both inputs are, and starts with one state. From then on each change of an
/// input is one commit of it, if it changes anything; its
/// [`input_commits`](kcache::Snapshot::input_commits) names the commits of the sources and of the targets that
/// it has seen. It keeps its inputs alive. If one of them fails or ends, the join is degraded and
/// keeps its state; it ends when both have ended.
pub struct Join<S: Object, T: Object> {
    publisher: Publisher<T>,
    pairs: Option<Publisher<Pair<S, T>>>,
    /// How far it is with its sources and with its targets.
    followers: [Follower; 2],
}

/// One of the inputs of a join.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// What relates: the Services of Services and Pods.
    Sources,
    /// What is related to, and what the join holds: the Pods.
    Targets,
}

/// What the inputs are called in failures and errors.
const INPUTS: [&str; 2] = ["sources", "targets"];

impl<S: Object, T: Object> Join<S, T> {
    pub(crate) fn start<O: Operator<S, T>>(
        sources: &Publisher<S>,
        targets: &Publisher<T>,
        operator: O,
        pairs: bool,
    ) -> Self {
        let sources = Subscription::batches(sources, Some(Filter::everything()));
        let targets = Subscription::batches(targets, Some(Filter::everything()));
        let followers = [sources.follower(), targets.follower()];
        let (result, writer) = publisher();
        let (pairs, pair_writer) = pairs.then(publisher).unzip();
        if let Some(pairs) = &pairs {
            // Who holds the pairs keeps the join.
            let (mut phases, join) = (Publisher::phases(pairs), result.clone());
            tokio::spawn(async move {
                let _ = phases.wait_for(|phase| phase.closed().is_some()).await;
                drop(join);
            });
        }
        let task = Task {
            sources,
            targets,
            ended: [None, None],
            phases: std::array::from_fn(|_| Phase::Syncing { failure: None }),
            engine: Engine::new(operator, writer, pair_writer),
        };
        tokio::spawn(task.run());
        Self {
            publisher: result,
            pairs,
            followers,
        }
    }

    /// Waits until the join has taken in what one of its inputs knows at a version of that input's
    /// resource: what a write answered, so that one reads one's own writes. See
    /// [`Publisher::wait_for`], which is for sets of one resource.
    ///
    /// # Errors
    ///
    /// [`WaitError`]; unversioned if the input is a join itself.
    ///
    /// # Example
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use k8s_openapi::api::core::v1::{Pod, Service};
    /// use kcache_join::{Side, service_pods};
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let (services, mut service_feed) = kcache::feed::<Service>();
    /// # let (pods, mut pod_feed) = kcache::feed::<Pod>();
    /// # service_feed.relist([], Some("3"))?;
    /// # pod_feed.relist([], Some("41"))?;
    /// let join = service_pods(&services, &pods);
    /// join.wait_for(Side::Targets, "41", Duration::from_secs(10)).await?;
    /// # Ok(()) }
    /// ```
    pub async fn wait_for(
        &self,
        input: Side,
        version: &str,
        timeout: Duration,
    ) -> Result<(), WaitError> {
        tokio::select! {
            biased;
            waited = self.followers[input as usize].wait_for(version, timeout) => waited,
            error = self.publisher.closed() => Err(error.into()),
        }
    }

    /// Which source holds which target, if the relation was made
    /// [`with_pairs`](crate::SelectorJoin::with_pairs). What two objects stop to share is committed
    /// before the targets are, and what they begin to share after that, so every pair's target is in
    /// the join. The pairs end with the join.
    pub fn pairs(&self) -> Option<&Publisher<Pair<S, T>>> {
        self.pairs.as_ref()
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
            followers: self.followers.clone(),
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
    /// Why the sources and the targets ended, if they did.
    ended: [Option<Error>; 2],
    /// What the sources and the targets were doing when they were last heard.
    phases: [Phase; 2],
    engine: Engine<S, T, O>,
}

/// What an input sent; no batch if it ended.
enum Received<S: Object, T: Object> {
    Sources(Option<Batch<S>>),
    Targets(Option<Batch<T>>),
}

impl<S: Object, T: Object, O: Operator<S, T>> Task<S, T, O> {
    async fn run(self) {
        if let Some(task) = self.load().await {
            task.follow().await;
        }
    }

    /// Ends it. Both sides of a join may be many objects.
    async fn end(mut self, error: Error) {
        self.engine.close(&error);
        let count = self.engine.len();
        offload(count, move || drop(self)).await;
    }

    /// Waits for both inputs; their states are one commit. Targets come first, so that selectors are
    /// indexed by what there is to be found. `None` if it ended.
    async fn load(mut self) -> Option<Self> {
        let (sources, targets) = match self.start().await {
            Ok(started) => started,
            Err(error) => {
                self.end(error).await;
                return None;
            }
        };
        self.note(
            Side::Sources,
            sources.commit,
            sources.incarnation,
            sources.phase.clone(),
        );
        self.note(
            Side::Targets,
            targets.commit,
            targets.incarnation,
            targets.phase.clone(),
        );
        self.engine.all_targets.clone_from(&targets.snapshot);
        let count = sources.objects.len() + targets.objects.len();
        let take = |engine: &mut Engine<S, T, O>| {
            engine.change_targets(Batch::from(targets).changes);
            engine.change_sources(Batch::from(sources).changes);
        };
        self.change(count, take).await
    }

    /// Waits for both states, and says meanwhile what the inputs say.
    async fn start(&mut self) -> Result<(Start<S>, Start<T>), Error> {
        let mut phases = (self.sources.phases(), self.targets.phases());
        phases.0.mark_changed();
        let started = async {
            let sources = async { self.sources.snapshot().await.map_err(error_of("sources")) };
            let targets = async { self.targets.snapshot().await.map_err(error_of("targets")) };
            tokio::try_join!(sources, targets)
        };
        tokio::pin!(started);
        loop {
            tokio::select! {
                biased;
                error = self.engine.writer.closed() => return Err(error),
                started = &mut started => return started,
                Ok(()) = phases.0.changed() => {}
                Ok(()) = phases.1.changed() => {}
            }
            let failures = [phases.0.borrow_and_update(), phases.1.borrow_and_update()];
            let failures = failures.map(|phase| phase.failure().cloned());
            let failure = Failure::of_inputs(INPUTS.into_iter().zip(failures));
            self.engine.syncing(failure.as_ref());
        }
    }

    async fn follow(mut self) {
        let mut sources_first = true;
        loop {
            let received = tokio::select! {
                biased;
                error = self.engine.writer.closed() => return self.end(error).await,
                received = next(&mut self.sources, &mut self.targets, &self.ended, sources_first) => received,
            };
            // Who was not heard last is heard first, so neither side waits for the other.
            sources_first = matches!(received, Received::Targets(_));
            let Some(task) = self.take(received).await else {
                return;
            };
            self = task;
        }
    }

    /// Takes in what an input said. `None` if that was the end.
    async fn take(mut self, received: Received<S, T>) -> Option<Self> {
        match received {
            Received::Sources(Some(batch)) => {
                self.note(Side::Sources, batch.commit, batch.incarnation, batch.phase);
                let changes = batch.changes;
                return self
                    .change(changes.len(), |engine| engine.change_sources(changes))
                    .await;
            }
            Received::Targets(Some(batch)) => {
                self.note(Side::Targets, batch.commit, batch.incarnation, batch.phase);
                self.engine.all_targets = batch.snapshot;
                let changes = batch.changes;
                return self
                    .change(changes.len(), |engine| engine.change_targets(changes))
                    .await;
            }
            Received::Sources(None) => self.ended[0] = self.sources.error(),
            Received::Targets(None) => self.ended[1] = self.targets.error(),
        }
        if let [Some(_), Some(last)] = &self.ended {
            let error = error_of("targets")(last.clone());
            self.end(error).await;
            return None;
        }
        self.set_phase();
        Some(self)
    }

    /// Notes how far an input is that has said something.
    fn note(&mut self, input: Side, commit: u64, incarnation: u64, phase: Phase) {
        let input = input as usize;
        self.engine.input_commits[input] = commit;
        self.engine.incarnations[input] = incarnation;
        self.phases[input] = phase;
    }

    /// Makes one commit of what is taken in, where it holds up no other task. `None` if a relation
    /// panicked, or the runtime shuts down.
    async fn change(
        mut self,
        count: usize,
        take: impl FnOnce(&mut Engine<S, T, O>) + Send + 'static,
    ) -> Option<Self> {
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

    /// The join is live while both inputs are.
    fn set_phase(&mut self) {
        let mut failures = [None, None];
        let inputs = self.phases.iter().zip(&self.ended);
        for (failure, (phase, ended)) in failures.iter_mut().zip(inputs) {
            *failure = match (phase, ended) {
                (_, Some(error)) => Some(Failure::ended(error.clone())),
                // Its end is reported when all it said was taken.
                (Phase::Closed(_), None) => return,
                _ => phase.failure().cloned(),
            };
        }
        match Failure::of_inputs(INPUTS.into_iter().zip(failures)) {
            Some(failure) => self.engine.stale(&failure),
            None => self.engine.live(),
        }
    }
}

/// What the next of the inputs that have not ended says.
async fn next<S: Object, T: Object>(
    sources: &mut Subscription<S>,
    targets: &mut Subscription<T>,
    ended: &[Option<Error>; 2],
    sources_first: bool,
) -> Received<S, T> {
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
    if sources_first {
        tokio::select! { biased; received = sources => received, received = targets => received }
    } else {
        tokio::select! { biased; received = targets => received, received = sources => received }
    }
}

/// Says which input an error is of.
fn error_of(input: &'static str) -> impl Fn(Error) -> Error {
    move |error| Error::Input {
        input,
        source: error.into(),
    }
}
