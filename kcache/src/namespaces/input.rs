//! What the one who merges hears: of each namespace, and of the namespaces themselves.

use std::collections::BTreeSet;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use tokio::sync::{mpsc, oneshot};

use crate::error::Error;
use crate::failure::Failure;
use crate::object::Object;
use crate::subscription::{Batch, Subscription};

/// Something that is heard.
pub(super) enum Message<V: Object> {
    /// These namespaces are wanted, as far as what names them is up to date.
    Wanted(BTreeSet<String>, Option<Failure>),
    /// It is not known yet which namespaces are wanted.
    Unknown(Option<Failure>),
    /// What names the namespaces has ended.
    Ended(Error),
    /// Of an input.
    Input(Id, Said<V>),
}

/// Which input; a namespace that comes back is another one.
#[derive(Clone)]
pub(super) struct Id {
    pub(super) namespace: Arc<str>,
    pub(super) number: u64,
}

/// What an input says.
pub(super) enum Said<V: Object> {
    /// There is no state yet.
    Syncing(Option<Failure>),
    /// A start or what changed. The next is asked for when this was answered.
    Batch(Box<Batch<V>>, Taken),
    Ended(Error),
}

/// Says that a batch was taken in.
pub(super) type Taken = oneshot::Sender<()>;
pub(super) type Sender<V> = mpsc::Sender<Message<V>>;
pub(super) type Reading = Pin<Box<dyn Future<Output = ()> + Send>>;
pub(super) type Read<V> = Box<dyn FnOnce(Sender<V>) -> Reading + Send>;

/// Reads the objects of one namespace until nobody listens.
pub(super) async fn objects<V: Object>(id: Id, input: Subscription<V>, to: Sender<V>) {
    let _ = read_objects(&id, input, &to).await;
}

async fn read_objects<V: Object>(
    id: &Id,
    mut input: Subscription<V>,
    to: &Sender<V>,
) -> Result<(), Left> {
    let say = |said| Message::Input(id.clone(), said);
    let mut next = start(&mut input, to, |failure| say(Said::Syncing(failure))).await?;
    while let Some(batch) = next {
        let (taken, is_taken) = oneshot::channel();
        send(to, say(Said::Batch(Box::new(batch), taken))).await?;
        is_taken.await.map_err(|_| Left)?;
        next = input.next_batch().await;
    }
    let error = input.error().unwrap_or(Error::Closed);
    send(to, say(Said::Ended(error))).await
}

/// Reads which namespaces there are.
pub(super) fn namespaces<N: Object, V: Object>(input: Subscription<N>) -> Read<V> {
    Box::new(move |to| {
        Box::pin(async move {
            let _ = read_namespaces(input, &to).await;
        })
    })
}

async fn read_namespaces<N: Object, V: Object>(
    mut input: Subscription<N>,
    to: &Sender<V>,
) -> Result<(), Left> {
    let mut next = start(&mut input, to, Message::Unknown).await?;
    let mut names = BTreeSet::new();
    while let Some(batch) = next {
        let failure = batch.phase.failure().cloned();
        for change in batch.changes {
            match (change.new, change.old) {
                (Some(new), _) => names.insert(new.name().to_owned()),
                (None, Some(old)) => names.remove(old.name()),
                (None, None) => false,
            };
        }
        send(to, Message::Wanted(names.clone(), failure)).await?;
        next = input.next_batch().await;
    }
    let error = input.error().unwrap_or(Error::Closed);
    send(to, Message::Ended(error)).await
}

/// The one who merges has gone.
struct Left;

async fn send<V: Object>(to: &Sender<V>, message: Message<V>) -> Result<(), Left> {
    to.send(message).await.map_err(|_| Left)
}

/// The first state, or nothing if there comes none; says meanwhile what goes wrong.
async fn start<N: Object, V: Object>(
    input: &mut Subscription<N>,
    to: &Sender<V>,
    syncing: impl Fn(Option<Failure>) -> Message<V>,
) -> Result<Option<Batch<N>>, Left> {
    let mut phases = input.phases();
    phases.mark_changed();
    loop {
        tokio::select! {
            biased;
            started = input.snapshot() => return Ok(started.ok().map(Batch::from)),
            Ok(()) = phases.changed() => {
                let failure = phases.borrow_and_update().failure().cloned();
                send(to, syncing(failure)).await?;
            }
        }
    }
}
