//! Why something is not ready or was not read.

use std::fmt;
use std::sync::Arc;

use crate::codec::DecodeError;
use crate::error::Error;
use crate::failure::{Failure, ReadyError};
use crate::health::Unhealthy;

/// Which of the informers of an [`Informers`](super::Informers) is not ready, and why.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{resource}: {source}")]
#[non_exhaustive]
pub struct NotReady {
    /// As kubectl names it: `pods`, `deployments.apps`.
    pub resource: Arc<str>,
    /// Why.
    pub source: ReadyError,
}

/// Why nothing was read, of [`Informers::get`](super::Informers::get) and its like.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ReadError {
    /// The namespace is not among those that are named of this kind. Final. Where namespaces are chosen by their
    /// labels this is not said: there are no objects then.
    #[error("{resource} in namespace {namespace} are not followed")]
    OutOfScope {
        /// As kubectl names it: `pods`, `deployments.apps`.
        resource: Arc<str>,
        /// Which namespace was asked for.
        namespace: Arc<str>,
    },
    /// There is no state: the server refuses the list, or the informer was closed.
    #[error(transparent)]
    NotReady(#[from] ReadyError),
    /// No request can be made of the names. Final.
    #[error(transparent)]
    Request(#[from] Error),
    /// A live read was not answered. It may be tried again, unless it was
    /// [refused](Failure::is_refusal).
    #[error(transparent)]
    Failed(#[from] Failure),
    /// The server answered with something that does not make such an object.
    #[error("the answer cannot be read: {0}")]
    Decode(#[from] DecodeError),
}

/// Which of the informers of an [`Informers`](super::Informers) are not healthy, and why. It prints as one line.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct UnhealthyInformers {
    /// At least one, ordered by resource, as kubectl names it.
    pub all: Vec<(Arc<str>, Unhealthy)>,
}

impl fmt::Display for UnhealthyInformers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, (resource, why)) in self.all.iter().enumerate() {
            let between = if place > 0 { "; " } else { "" };
            write!(f, "{between}{resource}: {why}")?;
        }
        Ok(())
    }
}

impl std::error::Error for UnhealthyInformers {}
