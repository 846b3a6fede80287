//! A task that takes the changes of a publisher, and commits what they mean.

use crate::error::Error;
use crate::filter::Filter;
use crate::object::Object;
use crate::offload::{drop_offloaded, offload};
use crate::publisher::{Publisher, publisher};
use crate::spawn::spawn;
use crate::status::Phase;
use crate::subscription::{Batch, Start, Subscription};
use crate::wait::Origin;
use crate::writer::Writer;

/// What is made of the changes of a publisher.
pub(crate) trait Derive<V: Object>: Send + 'static {
    type Output: Object;

    /// Commits what these changes mean.
    fn commit(&mut self, batch: Batch<V>, writer: &mut Writer<Self::Output>);

    /// About how many objects it holds.
    fn len(&self) -> usize;
}

/// A publisher of what is made of another one: it is ready when that is, degraded when that is, ends
/// with it, and keeps it alive.
pub(crate) fn derive<V: Object, D: Derive<V>>(
    source: &Publisher<V>,
    made: D,
) -> Publisher<D::Output> {
    let everything = Some(Filter::everything());
    start(Subscription::batches(source, everything), made)
}

/// The same of what a subscription brings.
pub(crate) fn start<V: Object, D: Derive<V>>(
    input: Subscription<V>,
    made: D,
) -> Publisher<D::Output> {
    let (publisher, writer) = publisher();
    let origin = Origin::Inputs(vec![(String::new(), input.follower())]);
    publisher.core().progress.set_origin(origin);
    spawn(follow(input, Task { made, writer }));
    publisher
}

struct Task<V: Object, D: Derive<V>> {
    made: D,
    writer: Writer<D::Output>,
}

/// Commits what the subscription brings, until one of the two ends.
async fn follow<V: Object, D: Derive<V>>(mut input: Subscription<V>, mut task: Task<V, D>) {
    let start = match first_state(&mut input, &mut task.writer).await {
        Ok(start) => start,
        Err(error) => return task.end(&error),
    };
    let mut next = task.take(start.objects.len(), start).await;
    while let Some(task) = next {
        let batch = tokio::select! {
            biased;
            error = task.writer.closed() => return task.end(&error),
            batch = input.next_batch() => batch,
        };
        let Some(batch) = batch else {
            return task.end(&input.error().unwrap_or(Error::Closed));
        };
        next = task.take(batch.changes.len(), batch).await;
    }
}

/// Waits for the first state, and says meanwhile what the source says.
async fn first_state<V: Object, W: Object>(
    input: &mut Subscription<V>,
    writer: &mut Writer<W>,
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

impl<V: Object, D: Derive<V>> Task<V, D> {
    /// Commits so many changes, where that holds up no other task. `None` if the runtime shuts down.
    async fn take(
        mut self,
        count: usize,
        batch: impl Into<Batch<V>> + Send + 'static,
    ) -> Option<Self> {
        let run = move || {
            let batch = batch.into();
            let phase = batch.phase.clone();
            self.made.commit(batch, &mut self.writer);
            mirror(&phase, &mut self.writer);
            self
        };
        offload(count, run).await
    }

    fn end(mut self, error: &Error) {
        self.writer.close(error);
        drop_offloaded(self.made.len(), self.made);
    }
}

/// What is made is as live as its source; that a source ended shows when all it said was taken.
fn mirror<W: Object>(source: &Phase, writer: &mut Writer<W>) {
    match source {
        Phase::Live => writer.live(),
        Phase::Degraded { reason, .. } => writer.stale(reason.clone()),
        Phase::Syncing { .. } | Phase::Closed(_) => {}
    }
}
