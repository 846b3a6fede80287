//! Publishers of what a filter lets in.

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use crate::derive::follower::{self, Derive};
use crate::error::Error;
use crate::event::Change;
use crate::filter::Filter;
use crate::object::Object;
use crate::publisher::Publisher;
use crate::subscription::{Batch, Registration, Subscription};
use crate::updates::Entry;
use crate::writer::Writer;

/// What a filter lets in of another publisher: a [`Publisher`] itself, with a filter that can be
/// changed.
///
/// It is a task that takes the source's changes and commits them. It keeps the source alive, is
/// degraded when the source is, and ends with it. A slow filter closure delays this view only, and
/// one that panics ends it.
///
/// # Example
///
/// ```
/// # use k8s_openapi::api::core::v1::ConfigMap;
/// # use kube::core::ObjectMeta;
/// # use kcache::{Event, Filter};
/// # fn map(name: &str) -> ConfigMap {
/// #     let (namespace, name) = (Some("default".into()), Some(name.into()));
/// #     ConfigMap { metadata: ObjectMeta { namespace, name, ..Default::default() }, ..Default::default() }
/// # }
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), kcache::Error> {
/// let (maps, mut feed) = kcache::feed();
/// feed.relist([map("a"), map("b")], None)?;
/// let one = maps.view(Filter::name("default", "a"));
/// let mut changes = one.subscribe();
/// assert!(matches!(changes.next().await, Some(Event::Create { .. })));
/// one.refilter(Filter::name("default", "b"))?;
/// assert!(matches!(changes.next().await, Some(Event::Delete { .. })));
/// assert!(matches!(changes.next().await, Some(Event::Create { .. })));
/// assert!(one.cache().get("default", "b").is_some());
/// # Ok(()) }
/// ```
pub struct View<V: Object> {
    publisher: Publisher<V>,
    registration: Arc<Registration<V>>,
}

impl<V: Object> Publisher<V> {
    /// A publisher of what a filter lets in; the filter can be changed.
    pub fn view(&self, filter: Filter<V>) -> View<V> {
        View::start(self, Some(filter))
    }

    /// A view without a filter yet: it is ready after its first [`refilter`](View::refilter).
    pub fn view_deferred(&self) -> View<V> {
        View::start(self, None)
    }
}

impl<V: Object> View<V> {
    fn start(source: &Publisher<V>, filter: Option<Filter<V>>) -> Self {
        let input = Subscription::batches(source, filter);
        let registration = input.registration().clone();
        let publisher = follower::start(input, Part);
        Self {
            publisher,
            registration,
        }
    }

    /// Changes the filter. What leaves and what enters is one commit of the view, in which the
    /// deletes come first. An equal filter does nothing.
    ///
    /// # Errors
    ///
    /// Why the view or its source is closed, if it is.
    pub fn refilter(&self, filter: Filter<V>) -> Result<(), Error> {
        self.registration.refilter(filter)
    }

    /// The filter, or `None` before the first of a deferred view.
    pub fn filter(&self) -> Option<Filter<V>> {
        self.registration.filter()
    }
}

/// The part of its source that a subscription lets in.
struct Part;

impl<V: Object> Derive<V> for Part {
    type Output = V;

    fn commit(&mut self, batch: Batch<V>, writer: &mut Writer<V>) {
        let updates: Vec<_> = batch.changes.into_iter().map(update).collect();
        if let Some(whole) = &batch.snapshot {
            writer.commit_derived(batch.incarnation, whole, &updates, &[batch.commit]);
        }
    }

    fn len(&self) -> usize {
        0
    }
}

fn update<V: Object>(change: Change<V>) -> Entry<V> {
    let key = change.key();
    let hash = key.parts().hash64();
    match change.new {
        Some(new) => Entry::put(hash, new),
        None => Entry::remove(hash, key),
    }
}

impl<V: Object> Deref for View<V> {
    type Target = Publisher<V>;

    fn deref(&self) -> &Publisher<V> {
        &self.publisher
    }
}

impl<V: Object> Clone for View<V> {
    fn clone(&self) -> Self {
        Self {
            publisher: self.publisher.clone(),
            registration: self.registration.clone(),
        }
    }
}

impl<V: Object> fmt::Debug for View<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("View")
            .field("filter", &self.filter())
            .finish_non_exhaustive()
    }
}
