//! Waiting for a version: how to read one's own writes.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::{OnceLock, Weak};
use std::time::Duration;

use tokio::sync::Notify;

use crate::error::Error;
use crate::sync::{Mutex, lock};
use crate::version;

/// Why a version was not waited for to the end.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum WaitError {
    /// The time is over. The version may still come.
    #[error("the version was not seen in time")]
    TimedOut,
    /// The version is no decimal number, so nothing can be said to be as new. Final.
    #[error("the version has no order")]
    NoOrder,
    /// What was waited at has no versions of one resource: a join, or a set that a
    /// [`Writer`](crate::Writer) fills. Final.
    #[error("versions of no single resource are known here")]
    Unversioned,
    /// It was closed. Final.
    #[error(transparent)]
    Closed(#[from] Error),
}

/// How far a publisher's state is in the versions of its source.
#[derive(Default)]
pub(crate) struct Progress {
    /// The newest version that the state has seen.
    seen: Mutex<Option<String>>,
    moved: Notify,
    origin: OnceLock<Origin>,
}

/// Where a publisher has its objects from.
pub(crate) enum Origin {
    /// A source of one resource, whose versions are known.
    Source,
    /// Another publisher.
    Follower(Follower),
}

impl Progress {
    pub(crate) fn set_origin(&self, origin: Origin) {
        let _ = self.origin.set(origin);
    }

    pub(crate) fn reach(&self, version: &str) {
        let mut seen = lock(&self.seen);
        if seen.as_deref() == Some(version) {
            return;
        }
        *seen = Some(version.to_owned());
        drop(seen);
        self.moved.notify_waiters();
    }

    /// Waits until the state has seen this version or a newer one; an end is for the caller to
    /// look for.
    pub(crate) async fn reached(&self, version: &str) -> Result<(), WaitError> {
        if !version::is_number(version) {
            return Err(WaitError::NoOrder);
        }
        match self.origin.get() {
            Some(Origin::Source) => {
                until(&self.moved, || {
                    let seen = lock(&self.seen);
                    let seen = seen
                        .as_deref()
                        .and_then(|seen| version::compare(seen, version));
                    seen.is_some_and(std::cmp::Ordering::is_ge)
                })
                .await;
                Ok(())
            }
            Some(Origin::Follower(follower)) => follower.reached(version).await,
            None => Err(WaitError::Unversioned),
        }
    }
}

/// Waits for what holds after some notification, or already.
pub(crate) async fn until(moved: &Notify, holds: impl Fn() -> bool) {
    loop {
        let notified = moved.notified();
        tokio::pin!(notified);
        notified.as_mut().enable();
        if holds() {
            return;
        }
        notified.await;
    }
}

/// Gives it up after a time.
pub(crate) async fn within(
    timeout: Duration,
    wait: impl Future<Output = Result<(), WaitError>>,
) -> Result<(), WaitError> {
    let waited = tokio::time::timeout(timeout, wait).await;
    waited.unwrap_or(Err(WaitError::TimedOut))
}

pub(crate) type Waiting<'a> = Pin<Box<dyn Future<Output = Result<(), WaitError>> + Send + 'a>>;

/// What a [`Follower`] waits on, whatever the stored form is.
pub(crate) trait Follow: Send + Sync {
    /// Waits until the publisher has seen a version, and the reader is through with all that the
    /// publisher delivered until then.
    fn reached<'a>(&'a self, version: &'a str) -> Waiting<'a>;
}

/// Waits until whoever reads a [`Subscription`](crate::Subscription) by batches is through with a
/// version of its publisher: it has asked for the batch after the one in which that version was.
///
/// For those who make sets of objects out of others, as `kcache-join` does. It does not keep the
/// subscription going.
#[derive(Clone)]
pub struct Follower(pub(crate) Weak<dyn Follow>);

impl Follower {
    /// Waits for at most a time.
    ///
    /// # Errors
    ///
    /// [`WaitError`]; closed if the subscription is gone.
    pub async fn wait_for(&self, version: &str, timeout: Duration) -> Result<(), WaitError> {
        within(timeout, self.reached(version)).await
    }

    async fn reached(&self, version: &str) -> Result<(), WaitError> {
        match self.0.upgrade() {
            Some(follow) => follow.reached(version).await,
            None => Err(Error::Closed.into()),
        }
    }
}

impl fmt::Debug for Follower {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Follower").finish_non_exhaustive()
    }
}
