//! Work over many objects, done on a thread for blocking work so that it holds up no other task.

use std::any::Any;
use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::runtime::Handle;
use tokio::task::{JoinError, JoinHandle};
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
    Spawned(Job<T>),
    Inline(F),
}

/// Work on another thread, and what comes of it.
///
/// tokio is given work of one type only: what it makes of a task is some hundred functions, and would be compiled
/// for each kind of work on each type of object.
pub(crate) struct Job<T> {
    handle: JoinHandle<Made>,
    makes: PhantomData<fn() -> T>,
}

type Work = Box<dyn FnOnce() -> Made + Send>;
type Made = Box<dyn Any + Send>;

impl<T: 'static> Future for Job<T> {
    type Output = Result<T, JoinError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let made = ready!(Pin::new(&mut self.handle).poll(cx))?;
        let made = made.downcast().expect("it was boxed by `start`");
        Poll::Ready(Ok(*made))
    }
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
        Ok(runtime) => Offload::Spawned(Job {
            handle: spawn(&runtime, Box::new(move || Box::new(run()))),
            makes: PhantomData,
        }),
        Err(_) => Offload::Inline(run),
    }
}

fn spawn(runtime: &Handle, work: Work) -> JoinHandle<Made> {
    let span = Span::current();
    runtime.spawn_blocking(move || span.in_scope(work))
}

/// Drops something that may be the last to hold many objects.
pub(crate) fn drop_offloaded<T: Send + 'static>(count: usize, held: T) {
    if let Offload::Inline(drop) = start(count > MANY, move || drop(held)) {
        drop();
    }
}
