//! kube's watcher as the source of a publisher.

use std::pin::pin;

use futures_core::Stream;
use futures_util::StreamExt as _;
use kube::Resource;
use kube::runtime::watcher::{self, Event};

use crate::error::Error;
use crate::failure::Failure;
use crate::feed::{Feed, Input, feed};
use crate::object::Object;
use crate::publisher::Publisher;
use crate::spawn::spawn;

/// What a watcher says, as a source says it. `InitDone` has no version: a list of kube's does not tell
/// its own.
impl<K> From<Event<K>> for Input<K> {
    fn from(event: Event<K>) -> Self {
        match event {
            Event::Init => Self::Restart,
            Event::InitApply(object) => Self::Item(object),
            Event::InitDone => Self::Synced(None),
            Event::Apply(object) => Self::Apply(object),
            Event::Delete(object) => Self::Remove(object),
        }
    }
}

/// An error is a failure that says the code of the server's answer, and nothing of a body.
impl<K> From<watcher::Result<Event<K>>> for Input<K> {
    fn from(event: watcher::Result<Event<K>>) -> Self {
        event.map_or_else(
            |error| Self::Failed(Failure::of_watcher(&error)),
            Self::from,
        )
    }
}

impl<V: Object> Feed<V> {
    /// Takes what a watcher says, or a `reflector`, until it ends or nobody reads the publisher any
    /// longer; says which.
    ///
    /// The stream needs a backoff: a watcher tries again at once. It says nothing when it is connected
    /// again, so after an error the publisher is degraded until the next event.
    pub async fn follow(mut self, events: impl Stream<Item = watcher::Result<Event<V>>>) -> Error {
        let mut events = pin!(events);
        loop {
            let event = tokio::select! {
                biased;
                error = self.closed() => return error,
                event = events.next() => event,
            };
            let Some(event) = event else {
                return Error::FeedEnded;
            };
            if let Err(error) = self.send(event.into()) {
                return error;
            }
        }
    }
}

impl<K: Resource + Object> Publisher<K> {
    /// A publisher of what a watcher of kube's says, or a `reflector`, which fills its own store besides.
    /// It is a task, which ends with the stream, or when nobody holds the publisher or anything derived from it.
    ///
    /// What an [`Informer`](crate::Informer) has beyond that you do not get: bad objects isolated one by
    /// one, lists that are checked for their age, the version of a list to wait for, a relist that
    /// decodes only what changed.
    ///
    /// # Example
    ///
    /// ```no_run
    /// use k8s_openapi::api::core::v1::Pod;
    /// use kcache::Publisher;
    /// use kube::Api;
    /// use kube::runtime::{WatchStreamExt, reflector, watcher};
    ///
    /// # fn example(client: kube::Client) {
    /// let (reader, writer) = reflector::store(); // who still needs it
    /// let config = watcher::Config::default().streaming_lists();
    /// let events = watcher(Api::<Pod>::all(client), config).default_backoff().reflect(writer);
    /// let pods = Publisher::from_watcher(events);
    /// # }
    /// ```
    pub fn from_watcher(
        events: impl Stream<Item = watcher::Result<Event<K>>> + Send + 'static,
    ) -> Self {
        let (publisher, feed) = feed();
        spawn(async move {
            feed.follow(events).await; // the publisher says why it ended
        });
        publisher
    }
}
