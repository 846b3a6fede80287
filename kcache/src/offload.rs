//! Work over many objects, done on a thread for blocking work so that it holds up no other task.

use tokio::runtime::Handle;
use tokio::task::JoinHandle;
use tracing::Span;

/// More objects than this are never gone through in one piece on a thread that runs tasks: some
/// microseconds for each are a millisecond or two.
pub(crate) const MANY: usize = 512;

/// Runs what goes through `count` objects, on a thread for blocking work if they are many.
///
/// For those who make sets of objects out of others, as `kcache-join` does. Without a tokio runtime,
/// or if that shuts down meanwhile, it is run where it is called, or not at all: then this is
/// `None`.
///
/// # Example
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// let numbers: Vec<u64> = (0..100_000).collect();
/// let sum = kcache::offload(numbers.len(), move || numbers.iter().sum::<u64>()).await;
/// assert_eq!(sum, Some(4_999_950_000));
/// # }
/// ```
pub async fn offload<T: Send + 'static>(
    count: usize,
    run: impl FnOnce() -> T + Send + 'static,
) -> Option<T> {
    match start(count > MANY, run) {
        Offload::Spawned(job) => job.await.ok(),
        Offload::Inline(run) => Some(run()),
    }
}

/// Work that was given to another thread, or is still to be done here.
pub(crate) enum Offload<T, F> {
    Spawned(JoinHandle<T>),
    Inline(F),
}

/// Gives it to another thread if there are many objects and a runtime.
pub(crate) fn start<T: Send + 'static, F: FnOnce() -> T + Send + 'static>(
    many: bool,
    run: F,
) -> Offload<T, F> {
    if !many {
        return Offload::Inline(run);
    }
    match Handle::try_current() {
        Ok(runtime) => {
            let span = Span::current();
            Offload::Spawned(runtime.spawn_blocking(move || span.in_scope(run)))
        }
        Err(_) => Offload::Inline(run),
    }
}

/// Drops something that may be the last to hold many objects.
pub(crate) fn drop_offloaded<T: Send + 'static>(count: usize, held: T) {
    if let Offload::Inline(drop) = start(count > MANY, move || drop(held)) {
        drop();
    }
}
