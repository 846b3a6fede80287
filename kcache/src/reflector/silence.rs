//! How long silence of the server is waited out, and when it is reported.

use std::future::Future;
use std::pin::pin;
use std::time::Duration;

use tokio::time::{Instant, timeout};

use super::sink::Sink;
use crate::error::Error;
use crate::failure::{Failure, Operation};
use crate::feed::Input;
use crate::object::Object;

/// After so long without anything the status says so, and again each time (client-go's
/// `initialEventsEndBookmarkTicker`, which logs it).
pub(super) const QUIET: Duration = Duration::from_secs(10);
/// A streaming list that does not begin, or go on, within this time is given up, and listed: as long
/// as kube-apiserver itself gives a list.
pub(super) const LONGEST_SILENCE: Duration = Duration::from_secs(60);

/// Waits for something, and reports each time that it has been quiet for [`QUIET`] what `quiet` makes
/// of the time.
///
/// # Errors
///
/// The publisher is closed.
pub(super) async fn wait_reporting<V: Object, T>(
    sink: &mut Sink<V>,
    doing: Operation,
    quiet: fn(Duration) -> Failure,
    wait: impl Future<Output = T>,
) -> Result<T, Error> {
    let began = Instant::now();
    let mut wait = pin!(wait);
    loop {
        match timeout(QUIET, &mut wait).await {
            Ok(waited) => return Ok(waited),
            Err(_) => report(sink, doing, quiet(began.elapsed()))?,
        }
    }
}

/// Reports that something does not come.
///
/// # Errors
///
/// The publisher is closed.
pub(super) fn report<V: Object>(
    sink: &mut Sink<V>,
    doing: Operation,
    failure: Failure,
) -> Result<(), Error> {
    tracing::warn!(%failure, "{doing} is quiet");
    sink.put(Input::Failed(failure.during(doing)));
    sink.flush()
}
