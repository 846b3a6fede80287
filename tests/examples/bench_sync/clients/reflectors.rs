//! kube-rs' reflector. Its subscriber is whoever drives its stream: the cheapest that there is.

use std::pin::pin;

use anyhow::Result;
use futures_util::{Stream, StreamExt};
use k8s_openapi::api::core::v1::Pod;
use kcache::Object as _;
use kube::runtime::watcher::{self, Config, Event, watcher};
use kube::runtime::{WatchStreamExt, reflector};
use kube::{Api, Client};

use super::forms::Stored as _;
use super::{Read, Subscriber};

/// `reflector(writer, watcher(..))` as its documentation shows it.
pub(crate) fn plain(client: Client, subscriber: Subscriber) -> Read {
    let (store, writer) = reflector::store::<Pod>();
    let watcher = watcher(Api::all(client), Config::default());
    tokio::spawn(follow(reflector(writer, watcher), subscriber));
    read(store)
}

/// The same, with `managedFields` cleared by its user.
pub(crate) fn trimmed(client: Client, subscriber: Subscriber) -> Read {
    clearing(client, Config::default(), subscriber)
}

/// The same, with a streaming list.
pub(crate) fn streaming(client: Client, subscriber: Subscriber) -> Read {
    clearing(client, Config::default().streaming_lists(), subscriber)
}

fn clearing(client: Client, config: Config, subscriber: Subscriber) -> Read {
    let (store, writer) = reflector::store::<Pod>();
    let clear = |pod: &mut Pod| pod.metadata.managed_fields = None;
    let watcher = watcher(Api::all(client), config).modify(clear);
    tokio::spawn(follow(reflector(writer, watcher), subscriber));
    read(store)
}

fn read(store: reflector::Store<Pod>) -> Read {
    Box::new(move || {
        let pods = store.state();
        pods.iter().map(|pod| pod.print()).collect()
    })
}

async fn follow(
    events: impl Stream<Item = watcher::Result<Event<Pod>>>,
    mut subscriber: Subscriber,
) -> Result<()> {
    let mut events = pin!(events);
    let (mut is_synced, mut second) = (false, None::<String>);
    while let Some(event) = events.next().await {
        match event {
            // It lists at once.
            Err(watcher::Error::WatchError(status)) if status.code == 410 => {}
            Err(error) => return Err(error.into()),
            Ok(Event::InitDone) if !is_synced => {
                subscriber.synced()?;
                is_synced = true;
            }
            // What it lists is in its store when all of it is there.
            Ok(Event::InitDone) => {
                if let Some(version) = second.take() {
                    subscriber.created(&version)?;
                }
            }
            Ok(Event::InitApply(pod)) if is_synced && subscriber.is_marker(pod.version()) => {
                second = Some(pod.version().to_owned());
            }
            // It does not tell a new object from an update; the marker is the only new one.
            Ok(Event::Apply(pod)) if subscriber.is_marker(pod.version()) => {
                subscriber.created(pod.version())?;
            }
            Ok(Event::Apply(_)) => subscriber.updated(),
            Ok(Event::Init | Event::InitApply(_) | Event::Delete(_)) => {}
        }
    }
    Ok(())
}
