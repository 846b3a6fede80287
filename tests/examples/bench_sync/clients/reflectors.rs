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
    while let Some(event) = events.next().await {
        match event? {
            Event::InitDone => subscriber.synced()?,
            // It does not tell a new object from an update; the marker is the only new one.
            Event::Apply(pod) if subscriber.is_last(pod.version()) => {
                subscriber.created(pod.version())?;
            }
            Event::Apply(_) => subscriber.updated(),
            Event::Init | Event::InitApply(_) | Event::Delete(_) => {}
        }
    }
    Ok(())
}
