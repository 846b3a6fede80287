//! kcache as its documentation shows it: an informer, and one subscription in a task of its own, as whoever
//! uses it has.

use anyhow::Result;
use k8s_openapi::api::core::v1;
use kcache::{Codec, Compact, Event, Informer, InformerBuilder, Subscription};
use kube::Client;
use kube::core::{ApiResource, PartialObjectMeta};

use super::forms::{Small, Stored};
use super::{Read, Subscriber};

pub(crate) fn typed(client: Client, subscriber: Subscriber) -> Read {
    start(Informer::<v1::Pod>::builder(client), subscriber)
}

pub(crate) fn compact(client: Client, subscriber: Subscriber) -> Read {
    let pods = Informer::<Compact<v1::Pod>>::builder(client);
    start(pods, subscriber)
}

pub(crate) fn metadata(client: Client, subscriber: Subscriber) -> Read {
    let pods = Informer::<PartialObjectMeta<v1::Pod>>::builder(client);
    start(pods, subscriber)
}

pub(crate) fn small(client: Client, subscriber: Subscriber) -> Read {
    let kind = ApiResource::erase::<v1::Pod>(&());
    start(Informer::<Small>::builder_of(client, kind), subscriber)
}

fn start<V: Stored, C: Codec<V> + 'static>(
    pods: InformerBuilder<V, C>,
    subscriber: Subscriber,
) -> Read {
    let pods = pods.start();
    tokio::spawn(follow(pods.subscribe(), subscriber));
    Box::new(move || {
        let pods = pods.cache().list();
        pods.iter().map(|pod| pod.print()).collect()
    })
}

async fn follow<V: Stored>(mut changes: Subscription<V>, mut subscriber: Subscriber) -> Result<()> {
    drop(changes.snapshot().await?);
    subscriber.synced()?;
    while let Some(change) = changes.next().await {
        match change {
            Event::Create { new } => subscriber.created(new.version())?,
            Event::Update { .. } => subscriber.updated(),
            Event::Delete { .. } => {}
        }
    }
    Ok(())
}
