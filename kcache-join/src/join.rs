//! A join at work: a task that follows two publishers.

use std::fmt;
use std::ops::Deref;
use std::time::Duration;

use kcache::{
    Batch, Change, Error, Failure, Filter, Follower, Object, Phase, Publisher, Start, Subscription,
    WaitError, publisher,
};

use crate::engine::Engine;
use crate::operator::Operator;
use crate::pair::Pair;

/// The targets that the sources relate to: a [`Publisher`] itself.
///
/// It is ready when both inputs are, and starts with one state. From then on each change of an
/// input is one commit of it, if it changes anything; its
/// [`frontier`](kcache::Snapshot::frontier) names the commits of the sources and of the targets that
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
    engine: Engine<S, T, O>,
}

/// What an input said; no batch if it ended.
enum News<S: Object, T: Object> {
    Sources(Option<Batch<S>>),
    Targets(Option<Batch<T>>),
    /// The phase of an input is another one.
    Phase,
}

impl<S: Object, T: Object, O: Operator<S, T>> Task<S, T, O> {
    async fn run(mut self) {
        let ended = match self.load().await {
            Ok(()) => self.follow().await,
            Err(error) => error,
        };
        self.engine.close(&ended);
    }

    /// Waits for both inputs; their states are one commit. Targets come first, so that selectors are
    /// filed by what there is to be found.
    async fn load(&mut self) -> Result<(), Error> {
        let mut phases = (self.sources.phases(), self.targets.phases());
        phases.0.mark_changed();
        let started = async {
            let sources = async { self.sources.snapshot().await.map_err(of("sources")) };
            let targets = async { self.targets.snapshot().await.map_err(of("targets")) };
            tokio::try_join!(sources, targets)
        };
        tokio::pin!(started);
        let (sources, targets) = loop {
            tokio::select! {
                biased;
                error = self.engine.writer.closed() => return Err(error),
                started = &mut started => break started?,
                Ok(()) = phases.0.changed() => {}
                Ok(()) = phases.1.changed() => {}
            }
            let failures = [phases.0.borrow_and_update(), phases.1.borrow_and_update()];
            let failures = failures.map(|phase| phase.failure().cloned());
            let failure = Failure::of_inputs(INPUTS.into_iter().zip(failures));
            self.engine.syncing(failure.as_ref());
        };
        self.engine.frontier = [sources.commit, targets.commit];
        Error::catch(|| {
            self.engine.change_targets(created(targets));
            self.engine.change_sources(created(sources));
        })?;
        self.engine.commit();
        Ok(())
    }

    async fn follow(&mut self) -> Error {
        let mut phases = (self.sources.phases(), self.targets.phases());
        phases.0.mark_changed();
        let mut favoured = true;
        loop {
            // Sources are asked first, but not twice in a row while targets wait.
            let sources = self.ended[0].is_none();
            let targets = self.ended[1].is_none();
            let sources_now = sources && (favoured || self.targets.status().waiting == 0);
            let news = tokio::select! {
                biased;
                error = self.engine.writer.closed() => return error,
                Ok(()) = phases.0.changed() => News::Phase,
                Ok(()) = phases.1.changed() => News::Phase,
                batch = self.sources.next_batch(), if sources_now => News::Sources(batch),
                batch = self.targets.next_batch(), if targets => News::Targets(batch),
            };
            favoured = !matches!(news, News::Sources(_));
            let taken = match news {
                News::Phase => self.follow_phases().await,
                news => self.take(news),
            };
            if let Err(error) = taken {
                return error;
            }
        }
    }

    /// What the inputs committed before they said so is taken before it is said again.
    async fn follow_phases(&mut self) -> Result<(), Error> {
        let phases = self.phases();
        if self.ended[0].is_none() {
            let waiting = tokio::select! {
                biased;
                batch = self.sources.next_batch() => News::Sources(batch),
                () = std::future::ready(()) => News::Phase,
            };
            self.take(waiting)?;
        }
        if self.ended[1].is_none() {
            let waiting = tokio::select! {
                biased;
                batch = self.targets.next_batch() => News::Targets(batch),
                () = std::future::ready(()) => News::Phase,
            };
            self.take(waiting)?;
        }
        self.tell_phase(phases);
        Ok(())
    }

    fn phases(&self) -> [Phase; 2] {
        let phases = [self.sources.phases(), self.targets.phases()];
        phases.map(|phase| phase.borrow().clone())
    }

    fn take(&mut self, news: News<S, T>) -> Result<(), Error> {
        match news {
            News::Sources(Some(Batch { commit, changes })) => {
                self.engine.frontier[0] = commit;
                Error::catch(|| self.engine.change_sources(changes))?;
                self.engine.commit();
                return Ok(());
            }
            News::Targets(Some(Batch { commit, changes })) => {
                self.engine.frontier[1] = commit;
                Error::catch(|| self.engine.change_targets(changes))?;
                self.engine.commit();
                return Ok(());
            }
            News::Sources(None) => self.ended[0] = self.sources.error(),
            News::Targets(None) => self.ended[1] = self.targets.error(),
            News::Phase => return Ok(()),
        }
        if let [Some(_), Some(last)] = &self.ended {
            return Err(of("targets")(last.clone()));
        }
        self.tell_phase(self.phases());
        Ok(())
    }

    /// The join is live while both inputs are.
    fn tell_phase(&mut self, phases: [Phase; 2]) {
        let mut failures = [None, None];
        for ((failure, phase), ended) in failures.iter_mut().zip(phases).zip(&self.ended) {
            *failure = match (&phase, ended) {
                (_, Some(error)) => Some(Failure::ended(error.clone())),
                // Its end is told when all it said was taken.
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

fn created<V: Object>(start: Start<V>) -> Vec<Change<V>> {
    start.objects.into_iter().map(Change::created).collect()
}

/// Says which input an error is of.
fn of(input: &'static str) -> impl Fn(Error) -> Error {
    move |error| Error::Input {
        input,
        source: error.into(),
    }
}
