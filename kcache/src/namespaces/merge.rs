//! Commits what several namespaces have as one state.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Weak};

use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use super::followed::{Part, Parts, Waits};
use super::input::{self, Id, Message, Read, Said, Sender, Taken};
use crate::error::Error;
use crate::event::Change;
use crate::failure::Failure;
use crate::filter::Filter;
use crate::informer::Informer;
use crate::object::{Key, Object};
use crate::offload::offload;
use crate::shard::Shard;
use crate::spawn::spawn;
use crate::status::Phase;
use crate::store::Snapshot;
use crate::subscription::{Batch, Subscription};
use crate::sync::lock;
use crate::updates::Updates;
use crate::wait::Origin;
use crate::writer::Writer;

/// Which namespaces are wanted.
pub(super) enum Source<V: Object> {
    Names(BTreeSet<String>),
    Publisher(Read<V>),
}

/// How many messages wait.
const WAITING: usize = 16;
/// What names the namespaces, in failures and errors, and what is in them.
const NAMES: &str = "namespaces";
const OBJECTS: &str = "objects";

type Start<V> = Box<dyn Fn(&str, Option<Shard>) -> Informer<V> + Send + Sync>;

pub(super) struct Merge<V: Object> {
    start: Start<V>,
    parts: Arc<Parts<V>>,
    inputs: BTreeMap<Arc<str>, Input<V>>,
    /// Of the next input.
    number: u64,
    /// It is known which namespaces are wanted.
    known: bool,
    /// What is wrong with what names them.
    failure: Option<Failure>,
    /// All that were wanted have been listed.
    ready: bool,
    incarnation: u64,
    writer: Writer<V>,
    /// For those who wait for a version, until the end.
    waits: Option<Arc<Waits<V>>>,
}

struct Input<V: Object> {
    number: u64,
    task: Task,
    /// All that it has, as far as it was taken in; nothing before it is listed.
    state: Option<Snapshot<V>>,
    incarnation: u64,
    failure: Option<Failure>,
}

/// Ends with whoever holds it.
struct Task(JoinHandle<()>);

impl Drop for Task {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// What is taken in together.
struct Portion<V: Object> {
    batch: Option<(Arc<str>, Box<Batch<V>>, Taken)>,
    /// All that these had is gone.
    gone: Vec<Snapshot<V>>,
}

impl<V: Object> Merge<V> {
    pub(super) fn new(start: Start<V>, parts: Arc<Parts<V>>, writer: Writer<V>) -> Self {
        let waits = Arc::new(Waits(parts.clone()));
        let origin: Weak<Waits<V>> = Arc::downgrade(&waits);
        writer.core().progress.set_origin(Origin::Parts(origin));
        Self {
            start,
            parts,
            inputs: BTreeMap::new(),
            number: 0,
            known: false,
            failure: None,
            ready: false,
            incarnation: 1,
            writer,
            waits: Some(waits),
        }
    }

    /// Goes on until nobody reads it any longer, or what it needs has ended.
    pub(super) async fn run(mut self, source: Source<V>) {
        let (followed, waits) = (self.parts.clone(), self.waits.take());
        let (to, mut messages) = mpsc::channel(WAITING);
        let mut first = None;
        let _reading = match source {
            Source::Names(names) => {
                first = Some(Message::Wanted(names, None));
                None
            }
            Source::Publisher(read) => Some(Task(spawn(read(to.clone())))),
        };
        loop {
            let message = if let Some(message) = first.take() {
                message
            } else {
                tokio::select! {
                    biased;
                    _ = self.writer.closed() => break,
                    Some(message) = messages.recv() => message,
                }
            };
            let portion = match self.take(message, &to) {
                Ok(portion) => portion,
                Err(error) => {
                    self.writer.close(&error);
                    break;
                }
            };
            match self.commit(portion).await {
                Some(merge) => self = merge,
                None => break,
            }
        }
        // Only while it goes on a namespace that is missing is one that has left.
        drop(waits);
        let parts = std::mem::take(&mut lock(&followed.followed).by_name);
        drop(parts);
    }

    /// What is to be committed because of a message.
    fn take(&mut self, message: Message<V>, to: &Sender<V>) -> Result<Option<Portion<V>>, Error> {
        match message {
            Message::Unknown(failure) => self.failure = failure,
            Message::Ended(error) => {
                let (input, source) = (NAMES, error.into());
                return Err(Error::Input { input, source });
            }
            Message::Wanted(names, failure) => {
                self.known = true;
                self.failure = failure;
                let gone = self.follow(&names, to);
                return Ok(Some(Portion { batch: None, gone }));
            }
            Message::Input(Id { namespace, number }, said) => {
                let input = self.inputs.get_mut(&namespace);
                let Some(input) = input.filter(|input| input.number == number) else {
                    return Ok(None);
                };
                match said {
                    Said::Syncing(failure) => input.failure = failure,
                    Said::Ended(error) => return Err(error),
                    Said::Batch(batch, taken) => {
                        let (batch, gone) = (Some((namespace, batch, taken)), Vec::new());
                        return Ok(Some(Portion { batch, gone }));
                    }
                }
            }
        }
        self.set_phase();
        Ok(None)
    }

    /// Follows these namespaces and no others; what those had that are followed no longer.
    fn follow(&mut self, names: &BTreeSet<String>, to: &Sender<V>) -> Vec<Snapshot<V>> {
        let mut followed = lock(&self.parts.followed);
        let left: Vec<_> = self.inputs.keys().cloned().collect();
        let left = left.into_iter().filter(|name| !names.contains(&**name));
        let mut gone = Vec::new();
        let mut parts = Vec::new();
        for name in left {
            if let Some(input) = self.inputs.remove(&name) {
                gone.extend(input.state);
                parts.push((followed.by_name.remove(&name), input.task));
            }
        }
        for name in names {
            if self.inputs.contains_key(name.as_str()) {
                continue;
            }
            let namespace: Arc<str> = name.as_str().into();
            let informer = (self.start)(name, followed.shard.clone());
            let changes = Subscription::batches(&informer, Some(Filter::everything()));
            let merged = changes.follower();
            self.number += 1;
            let id = Id {
                namespace: namespace.clone(),
                number: self.number,
            };
            let task = Task(spawn(input::objects(id, changes, to.clone())));
            let part = Part { informer, merged };
            followed.by_name.insert(namespace.clone(), part);
            self.inputs.insert(namespace, Input::new(self.number, task));
        }
        drop(followed);
        drop(parts);
        gone
    }

    /// Takes it in, where that holds up no other task. `None` if the runtime shuts down.
    async fn commit(mut self, portion: Option<Portion<V>>) -> Option<Self> {
        let Some(portion) = portion else {
            return Some(self);
        };
        let count = self.count(&portion);
        let run = move || {
            self.commit_portion(portion);
            self
        };
        offload(count, run).await
    }

    /// About how many objects are touched.
    fn count(&self, portion: &Portion<V>) -> usize {
        let batch = portion.batch.iter();
        let batch = batch.map(|(_, batch, _)| batch.changes.len());
        // The first commit is of all.
        let inputs = self.inputs.values().filter(|_| !self.ready);
        let states = inputs.filter_map(|input| input.state.as_ref());
        let states = states.chain(&portion.gone).map(Snapshot::len);
        batch.chain(states).sum()
    }

    /// Commits nothing before all are there, then all at once. Until then the newest state of each is kept, so that
    /// nobody waits for one that cannot be listed: what has gone from the others is gone.
    fn commit_portion(&mut self, portion: Portion<V>) {
        let (mut changes, mut told) = (Vec::new(), None);
        if let Some((namespace, batch, taken)) = portion.batch
            && let Some(input) = self.inputs.get_mut(&namespace)
        {
            if self.ready {
                self.incarnation += batch.incarnation.saturating_sub(input.incarnation);
            }
            changes = input.take(*batch);
            told = Some(taken);
        }
        let mut updates = Updates::new();
        if self.ready {
            for object in portion.gone.iter().flat_map(Snapshot::iter) {
                updates.remove(Key::of(&**object));
            }
            for change in changes {
                let key = change.key();
                match change.new {
                    Some(new) => updates.put(new),
                    None => updates.remove(key),
                }
            }
        } else if self.known && self.inputs.values().all(|input| input.state.is_some()) {
            self.ready = true;
            let states = self
                .inputs
                .values()
                .filter_map(|input| input.state.as_ref());
            for object in states.flat_map(Snapshot::iter) {
                updates.put(object.clone());
            }
        }
        if self.ready {
            self.writer.commit_in(self.incarnation, updates, &[]);
        }
        self.set_phase();
        if let Some(taken) = told {
            let _ = taken.send(());
        }
    }

    fn set_phase(&mut self) {
        let failed = self.inputs.iter().filter_map(|(namespace, input)| {
            let failure = input.failure.clone()?;
            Some((namespace.clone(), failure))
        });
        let objects = Failure::of_namespaces(failed);
        let failure = match self.failure.clone() {
            Some(names) => Failure::of_inputs([(NAMES, Some(names)), (OBJECTS, objects)]),
            None => objects,
        };
        match failure {
            failure if !self.ready => self.writer.syncing(failure),
            Some(failure) => self.writer.stale(failure),
            None => self.writer.live(),
        }
    }
}

impl<V: Object> Input<V> {
    fn new(number: u64, task: Task) -> Self {
        Self {
            number,
            task,
            state: None,
            incarnation: 1,
            failure: None,
        }
    }

    /// Takes in how it is by now; what is to be done for it.
    fn take(&mut self, batch: Batch<V>) -> Vec<Change<V>> {
        self.incarnation = batch.incarnation;
        if !matches!(batch.phase, Phase::Closed(_)) {
            self.failure = batch.phase.failure().cloned();
        }
        if batch.snapshot.is_some() {
            self.state = batch.snapshot;
        }
        batch.changes
    }
}
