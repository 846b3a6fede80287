//! Sets of several publishers of one type.

use std::collections::BTreeSet;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;

use tokio::sync::watch::Receiver;
use tokio::sync::watch::error::RecvError;

use crate::error::Error;
use crate::event::Change;
use crate::failure::Failure;
use crate::filter::Filter;
use crate::object::{Key, Object};
use crate::offload::offload;
use crate::publisher::{Publisher, publisher};
use crate::spawn::spawn;
use crate::status::Phase;
use crate::store::Snapshot;
use crate::subscription::{Batch, Subscription};
use crate::updates::Updates;
use crate::writer::Writer;

/// What is in at least one of these. Where several have an object of one key, that of the first of them
/// is there, whatever the versions say.
///
/// # Example
///
/// ```
/// # use k8s_openapi::api::core::v1::Pod;
/// # use kcache::Filter;
/// # fn pod(name: &str, app: &str) -> Pod {
/// #     let value = serde_json::json!({"metadata": {"name": name, "namespace": "shop", "labels": {"app": app}}});
/// #     serde_json::from_value(value).expect("a pod")
/// # }
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), kcache::Error> {
/// # let (pods, mut feed) = kcache::feed();
/// # feed.relist([pod("a", "web"), pod("b", "db"), pod("c", "x")], None)?;
/// let [web, db] = ["web", "db"].map(|app| pods.view(Filter::labels([("app", app)])));
/// let both = kcache::union([&*web, &*db]);
/// both.ready().await?;
/// assert_eq!(both.cache().len(), 2);
/// # Ok(()) }
/// ```
///
/// The result starts when all inputs are ready, as one commit. It is degraded while one of them is, or
/// has ended, and ends when all have ended; it keeps them alive. Its
/// [`input_commits`](crate::Snapshot::input_commits) are in the order of the inputs, and
/// [`wait_for_write`](Publisher::wait_for_write) waits for what was written to any of them.
pub fn union<'a, V: Object>(inputs: impl IntoIterator<Item = &'a Publisher<V>>) -> Publisher<V> {
    combine(inputs, |objects| objects.iter().flatten().next().cloned())
}

/// What is in all of these, as the first of them has it: see [`union`]. Of no inputs it is nothing.
pub fn intersection<'a, V: Object>(
    inputs: impl IntoIterator<Item = &'a Publisher<V>>,
) -> Publisher<V> {
    combine(inputs, |objects| {
        let all = objects.iter().all(Option::is_some);
        objects.first()?.clone().filter(|_| all)
    })
}

/// What is in the first and not, under the same key, in the second: see [`union`].
pub fn difference<V: Object>(all: &Publisher<V>, without: &Publisher<V>) -> Publisher<V> {
    combine([all, without], |objects| {
        let (first, others) = objects.split_first()?;
        first.clone().filter(|_| others.iter().all(Option::is_none))
    })
}

/// What the inputs have under a key, in their order, to what the result has.
type Rule<V> = fn(&[Option<Arc<V>>]) -> Option<Arc<V>>;

/// What the inputs are called.
const NAMES: [&str; 11] = [
    "first input",
    "second input",
    "third input",
    "fourth input",
    "fifth input",
    "sixth input",
    "seventh input",
    "eighth input",
    "ninth input",
    "tenth input",
    "another input",
];

fn name(input: usize) -> &'static str {
    NAMES[input.min(NAMES.len() - 1)]
}

fn combine<'a, V: Object>(
    inputs: impl IntoIterator<Item = &'a Publisher<V>>,
    rule: Rule<V>,
) -> Publisher<V> {
    let (result, mut writer) = publisher();
    let inputs: Vec<_> = inputs.into_iter().map(Input::new).collect();
    let followers = inputs.iter().map(|input| input.changes.follower());
    writer.stands_on((0..).map(name).zip(followers));
    let combined = Combined {
        inputs,
        rule,
        writer,
    };
    spawn(combined.run());
    result
}

struct Combined<V: Object> {
    inputs: Vec<Input<V>>,
    rule: Rule<V>,
    writer: Writer<V>,
}

struct Input<V: Object> {
    changes: Subscription<V>,
    /// All that it has, as far as it was taken in.
    state: Option<Snapshot<V>>,
    commit: u64,
    incarnation: u64,
    phase: Phase,
    ended: Option<Error>,
}

impl<V: Object> Input<V> {
    fn new(source: &Publisher<V>) -> Self {
        Self {
            changes: Subscription::batches(source, Some(Filter::everything())),
            state: None,
            commit: 0,
            incarnation: 1,
            phase: Phase::Syncing { failure: None },
            ended: None,
        }
    }

    /// Notes how far it is; the keys of what changed.
    fn take(&mut self, batch: Batch<V>) -> Vec<Key> {
        self.commit = batch.commit;
        self.incarnation = batch.incarnation;
        self.phase = batch.phase;
        if batch.snapshot.is_some() {
            self.state = batch.snapshot;
        }
        batch.changes.iter().map(Change::key).collect()
    }

    fn get(&self, key: &Key) -> Option<Arc<V>> {
        let state = self.state.as_ref()?;
        state.get(key.namespace(), key.name()).cloned()
    }
}

impl<V: Object> Combined<V> {
    async fn run(mut self) {
        let mut next = match self.first_states().await {
            Ok(states) => self.take(states).await,
            Err(error) => return self.writer.close(&error),
        };
        let mut turn = 0;
        while let Some(mut combined) = next {
            let Some((input, batch)) = combined.next(turn).await else {
                return;
            };
            // Who was heard last is heard last, so that none waits for the others.
            turn = input + 1;
            next = match batch {
                Some(batch) => combined.take(vec![(input, batch)]).await,
                None => combined.end_of(input),
            };
        }
    }

    /// Waits until all are ready, and says meanwhile what they say; then takes their states, as new as they
    /// are by then.
    async fn first_states(&mut self) -> Result<Vec<(usize, Batch<V>)>, Error> {
        let mut phases: Vec<_> = self.inputs.iter().map(|it| it.changes.phases()).collect();
        phases.iter_mut().for_each(Receiver::mark_changed);
        for input in &self.inputs {
            loop {
                tokio::select! {
                    biased;
                    error = self.writer.closed() => return Err(error),
                    // One that has ended may have a state, too.
                    _ = input.changes.ready() => break,
                    (_, Ok(())) = any(0, changes(&mut phases)) => {}
                }
                let failures = phases.iter_mut().enumerate().map(|(number, phase)| {
                    let failure = phase.borrow_and_update().failure().cloned();
                    (name(number), failure)
                });
                self.writer.syncing(Failure::of_inputs(failures));
            }
        }
        let mut states = Vec::new();
        for (number, input) in self.inputs.iter_mut().enumerate() {
            let state = input.changes.snapshot().await;
            states.push((number, state.map_err(error_of(number))?.into()));
        }
        Ok(states)
    }

    /// What the next of the inputs that go on says; nothing if nobody reads any longer.
    async fn next(&mut self, turn: usize) -> Option<(usize, Option<Batch<V>>)> {
        let batches = batches(&mut self.inputs);
        tokio::select! {
            biased;
            _ = self.writer.closed() => None,
            (_, heard) = any(turn, batches) => Some(heard),
        }
    }

    /// Makes one commit of these batches, where that holds up no other task. `None` if the runtime
    /// shuts down.
    async fn take(mut self, batches: Vec<(usize, Batch<V>)>) -> Option<Self> {
        let count = batches.iter().map(|(_, batch)| batch.changes.len()).sum();
        let run = move || {
            let mut touched = BTreeSet::new();
            for (input, batch) in batches {
                touched.extend(self.inputs[input].take(batch));
            }
            self.commit(touched);
            self.set_phase();
            self
        };
        offload(count, run).await
    }

    fn commit(&mut self, touched: BTreeSet<Key>) {
        // What is there already changes nothing, which the writer sees.
        let mut updates = Updates::new();
        for key in touched {
            let mut objects: Vec<_> = self.inputs.iter().map(|input| input.get(&key)).collect();
            if crate::seeded_fault::FirstInput.strikes() {
                objects.truncate(1);
            }
            match (self.rule)(&objects) {
                Some(object) => updates.put(object),
                None => updates.remove(key),
            }
        }
        let commits: Vec<_> = self.inputs.iter().map(|input| input.commit).collect();
        // One more each time that an input begins anew.
        let incarnation = self
            .inputs
            .iter()
            .map(|input| input.incarnation - 1)
            .sum::<u64>()
            + 1;
        self.writer.commit_in(incarnation, updates, &commits);
    }

    /// Notes that an input ended. `None` if it was the last one.
    fn end_of(mut self, input: usize) -> Option<Self> {
        let error = self.inputs[input].changes.error().unwrap_or(Error::Closed);
        self.inputs[input].ended = Some(error.clone());
        if self.inputs.iter().all(|input| input.ended.is_some()) {
            self.writer.close(&error_of(input)(error));
            return None;
        }
        self.set_phase();
        Some(self)
    }

    /// It is live while all inputs are.
    fn set_phase(&mut self) {
        let mut failures = Vec::new();
        for (number, input) in self.inputs.iter().enumerate() {
            let failure = match (&input.phase, &input.ended) {
                (_, Some(error)) => Some(Failure::ended(error.clone())),
                // Its end is reported when all it said was taken.
                (Phase::Closed(_), None) => return,
                (phase, None) => phase.failure().cloned(),
            };
            failures.push((name(number), failure));
        }
        match Failure::of_inputs(failures) {
            Some(failure) => self.writer.stale(failure),
            None => self.writer.live(),
        }
    }
}

/// Says which input an error is of.
fn error_of(input: usize) -> impl Fn(Error) -> Error {
    move |error| Error::Input {
        input: name(input),
        source: error.into(),
    }
}

type Futures<'a, T> = Vec<Pin<Box<dyn Future<Output = T> + Send + 'a>>>;

/// The next change of each phase.
fn changes(phases: &mut [Receiver<Phase>]) -> Futures<'_, Result<(), RecvError>> {
    let mut futures: Futures<'_, _> = Vec::new();
    for phase in phases {
        futures.push(Box::pin(phase.changed()));
    }
    futures
}

/// The next batch of each input that goes on, with its number.
fn batches<V: Object>(inputs: &mut [Input<V>]) -> Futures<'_, (usize, Option<Batch<V>>)> {
    let mut futures: Futures<'_, _> = Vec::new();
    for (number, input) in inputs.iter_mut().enumerate() {
        if input.ended.is_none() {
            futures.push(Box::pin(async move {
                (number, input.changes.next_batch().await)
            }));
        }
    }
    futures
}

/// What the first of these that is ready gives, and which it is. They are asked in turn, from one of them
/// on. Of none it is never ready.
async fn any<T>(from: usize, mut futures: Futures<'_, T>) -> (usize, T) {
    poll_fn(|cx| {
        let count = futures.len();
        for place in 0..count {
            let place = (from + place) % count;
            if let Poll::Ready(ready) = futures[place].as_mut().poll(cx) {
                return Poll::Ready((place, ready));
            }
        }
        Poll::Pending
    })
    .await
}
