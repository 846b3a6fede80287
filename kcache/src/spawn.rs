//! Tasks of the runtime.

use std::pin::Pin;

use tokio::task::JoinHandle;

/// Runs a future as a task.
///
/// In a box, so that tokio gets futures of one type: what it makes of a task is some hundred functions, and would
/// be compiled for each type of object.
#[track_caller]
pub(crate) fn spawn(task: impl Future<Output = ()> + Send + 'static) -> JoinHandle<()> {
    let task: Pin<Box<dyn Future<Output = ()> + Send>> = Box::pin(task);
    tokio::spawn(task)
}
