//! Work over a whole collection, done where it holds up no other task.

use tokio::runtime::Handle;
use tokio::task::JoinHandle;

/// More objects than this are never gone through in one piece on a thread that runs tasks: some
/// microseconds for each are a millisecond or two.
pub(crate) const MANY: usize = 512;

/// Runs what goes through `count` objects, on a thread for blocking work if they are many.
///
/// For those who make sets of objects out of others, as `kcache-join` does. Without a tokio runtime,
/// or if that shuts down meanwhile, it is run where it is asked for, or not at all: then the answer
/// is `None`.
///
/// # Example
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// let numbers: Vec<u64> = (0..100_000).collect();
/// let sum = kcache::aside(numbers.len(), move || numbers.iter().sum::<u64>()).await;
/// assert_eq!(sum, Some(4_999_950_000));
/// # }
/// ```
pub async fn aside<T: Send + 'static>(
    count: usize,
    run: impl FnOnce() -> T + Send + 'static,
) -> Option<T> {
    match begin(count > MANY, run) {
        Begun::Job(job) => job.await.ok(),
        Begun::Here(run) => Some(run()),
    }
}

/// Work that is done elsewhere, or is still to be done here.
pub(crate) enum Begun<T, F> {
    Job(JoinHandle<T>),
    Here(F),
}

/// Begins it elsewhere if there are many objects and a runtime.
pub(crate) fn begin<T: Send + 'static, F: FnOnce() -> T + Send + 'static>(
    many: bool,
    run: F,
) -> Begun<T, F> {
    if !many {
        return Begun::Here(run);
    }
    match Handle::try_current() {
        Ok(runtime) => Begun::Job(runtime.spawn_blocking(run)),
        Err(_) => Begun::Here(run),
    }
}

/// Lets go of something that may be the last to hold many objects.
pub(crate) fn let_go<T: Send + 'static>(count: usize, held: T) {
    if let Begun::Here(drop) = begin(count > MANY, move || drop(held)) {
        drop();
    }
}
