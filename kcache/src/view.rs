//! Publishers of what a filter lets in.

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use crate::error::Error;
use crate::event::Change;
use crate::filter::Filter;
use crate::object::Object;
use crate::offload::offload;
use crate::publisher::{Publisher, publisher};
use crate::status::Phase;
use crate::subscription::{Batch, Registration, Start, Subscription};
use crate::updates::Entry;
use crate::wait::Origin;
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
        let (publisher, writer) = publisher();
        let origin = Origin::Follower(input.follower());
        publisher.core().progress.set_origin(origin);
        tokio::spawn(follow(input, writer));
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

/// Commits what the subscription brings, until one of the two ends.
async fn follow<V: Object>(mut input: Subscription<V>, mut writer: Writer<V>) {
    let start = match start(&mut input, &mut writer).await {
        Ok(start) => start,
        Err(error) => return writer.close(&error),
    };
    let mut next = take(start.objects.len(), start, writer).await;
    while let Some(mut writer) = next {
        let batch = tokio::select! {
            biased;
            _ = writer.closed() => return,
            batch = input.next_batch() => batch,
        };
        let Some(batch) = batch else {
            return writer.close(&input.error().unwrap_or(Error::Closed));
        };
        next = take(batch.changes.len(), batch, writer).await;
    }
}

/// Waits for the first state, and says meanwhile what the source says.
async fn start<V: Object>(
    input: &mut Subscription<V>,
    writer: &mut Writer<V>,
) -> Result<Start<V>, Error> {
    let mut phases = input.phases();
    phases.mark_changed();
    loop {
        tokio::select! {
            biased;
            error = writer.closed() => return Err(error),
            started = input.snapshot() => return started,
            Ok(()) = phases.changed() => {
                let failure = phases.borrow_and_update().failure().cloned();
                writer.syncing(failure);
            }
        }
    }
}

/// Commits so many changes, where that holds up no other task. `None` if the runtime shuts down.
async fn take<V: Object>(
    count: usize,
    batch: impl Into<Batch<V>> + Send + 'static,
    mut writer: Writer<V>,
) -> Option<Writer<V>> {
    let run = move || {
        let batch = batch.into();
        let updates: Vec<_> = batch.changes.into_iter().map(update).collect();
        if let Some(whole) = &batch.snapshot {
            writer.commit_derived(batch.incarnation, whole, &updates, &[batch.commit]);
        }
        mirror(&batch.phase, &mut writer);
        writer
    };
    offload(count, run).await
}

fn update<V: Object>(change: Change<V>) -> Entry<V> {
    let key = change.key();
    let hash = key.parts().hash64();
    match change.new {
        Some(new) => Entry::put(hash, new),
        None => Entry::remove(hash, key),
    }
}

/// A view is as live as its source; that a source ended shows when all it said was taken.
fn mirror<V: Object>(source: &Phase, writer: &mut Writer<V>) {
    match source {
        Phase::Live => writer.live(),
        Phase::Degraded { reason, .. } => writer.stale(reason.clone()),
        Phase::Syncing { .. } | Phase::Closed(_) => {}
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
