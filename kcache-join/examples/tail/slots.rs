//! How many logs are followed at the same time.

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::output::Output;

/// Containers that begin together are counted together.
const SETTLED: Duration = Duration::from_millis(200);

/// A place for each stream. Who comes first is first.
#[derive(Clone)]
pub(crate) struct Slots {
    free: Arc<Semaphore>,
    all: usize,
    waiting: Arc<AtomicUsize>,
    output: Output,
}

/// A place; it is free again when this is dropped.
pub(crate) type Slot = OwnedSemaphorePermit;

impl Slots {
    pub(crate) fn new(all: NonZeroUsize, output: Output) -> Self {
        let all = all.get().min(Semaphore::MAX_PERMITS);
        Self {
            free: Arc::new(Semaphore::new(all)),
            all,
            waiting: Arc::default(),
            output,
        }
    }

    /// Waits for a place, and says so if it is the first to wait.
    pub(crate) async fn take(&self) -> Slot {
        if let Ok(slot) = self.free.clone().try_acquire_owned() {
            return slot;
        }
        let _waiting = Waiting::new(self);
        let slot = self.free.clone().acquire_owned().await;
        slot.expect("the semaphore is never closed")
    }

    async fn tell(self) {
        tokio::time::sleep(SETTLED).await;
        let (all, waiting) = (self.all, self.waiting.load(Ordering::Relaxed));
        if waiting > 0 {
            let notice = format!(
                "{waiting} containers wait: {all} logs are followed, as many as --max-streams allows"
            );
            self.output.say(notice).await;
        }
    }
}

/// Counts who waits, also one that gives up.
struct Waiting(Arc<AtomicUsize>);

impl Waiting {
    fn new(slots: &Slots) -> Self {
        if slots.waiting.fetch_add(1, Ordering::Relaxed) == 0 {
            tokio::spawn(slots.clone().tell());
        }
        Self(slots.waiting.clone())
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}
