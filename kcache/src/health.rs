//! Whether what is read can be relied on: for a readiness probe.

use std::time::Duration;

use crate::error::Error;
use crate::failure::Failure;
use crate::object::Object;
use crate::publisher::Publisher;
use crate::status::Phase;

/// Why something is not healthy. It prints as one line, for the body of a probe's answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Unhealthy {
    /// There is no complete state yet.
    #[error("not ready{}", because(.0.as_ref()))]
    Syncing(Option<Failure>),
    /// The state may be stale, for so long already.
    #[error("stale for {} s: {reason}", .time.as_secs())]
    Stale {
        /// Since when it is degraded.
        time: Duration,
        /// Why.
        reason: Failure,
    },
    /// It was closed.
    #[error(transparent)]
    Closed(Error),
}

fn because(failure: Option<&Failure>) -> String {
    failure
        .map(|failure| format!(": {failure}"))
        .unwrap_or_default()
}

impl Phase {
    /// Whether there is a complete state that is not stale for longer than a time, as by the clock of tokio.
    ///
    /// # Errors
    ///
    /// Why not.
    ///
    /// # Example
    ///
    /// ```
    /// # use std::time::Duration;
    /// use kcache::Phase;
    /// let healthy = Phase::Live.health(Duration::from_secs(60));
    /// assert_eq!(healthy, Ok(()));
    /// let healthy = Phase::Syncing { failure: Some("no route".into()) }.health(Duration::from_secs(60));
    /// assert_eq!(healthy.unwrap_err().to_string(), "not ready: no route");
    /// ```
    pub fn health(&self, patience: Duration) -> Result<(), Unhealthy> {
        match self {
            Self::Live => Ok(()),
            Self::Syncing { failure } => Err(Unhealthy::Syncing(failure.clone())),
            Self::Degraded { since, reason } => {
                let time = since.elapsed();
                if time <= patience {
                    return Ok(());
                }
                let reason = reason.clone();
                Err(Unhealthy::Stale { time, reason })
            }
            Self::Closed(error) => Err(Unhealthy::Closed(error.clone())),
        }
    }
}

impl<V: Object> Publisher<V> {
    /// Whether its state is complete and not stale for longer than a time: what a readiness probe asks. With
    /// [`Duration::MAX`] a stale state is good enough, however old.
    ///
    /// # Errors
    ///
    /// Why not.
    ///
    /// # Example
    ///
    /// ```no_run
    /// # use std::time::Duration;
    /// # use k8s_openapi::api::core::v1::Pod;
    /// # fn answer(pods: &kcache::Informer<Pod>) -> (u16, String) {
    /// pods.health(Duration::from_secs(60)).map_or_else(|why| (503, why.to_string()), |()| (200, "ok".into()))
    /// # }
    /// ```
    pub fn health(&self, patience: Duration) -> Result<(), Unhealthy> {
        self.core().phase().health(patience)
    }
}
