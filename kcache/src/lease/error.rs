//! What can be wrong with a Lease.

use std::sync::Arc;

/// Why a Lease is not held, of [`Replicas`](crate::Replicas) and
/// [`LeaderElection`](crate::LeaderElection). The texts are for people and may change.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LeaseError {
    /// A setting of the builder is not possible. Nothing was requested. Final.
    #[error("{setting} {reason}")]
    Setting {
        /// The name of the builder's method.
        setting: &'static str,
        /// What is wrong with it.
        reason: Arc<str>,
    },
    /// The user may not do this (401 or 403). It is tried again, since a right may be given.
    #[error(
        "the server answered {code} to \"{verb} leases\" in the namespace {namespace}: the user needs a Role with \
         the verbs {needed} on the resource leases of the API group coordination.k8s.io"
    )]
    Forbidden {
        /// The HTTP status code.
        code: u16,
        /// What was tried, as an RBAC verb.
        verb: &'static str,
        /// In which namespace.
        namespace: Arc<str>,
        /// All verbs that are needed.
        needed: &'static str,
    },
    /// There is no such namespace. It is tried again, since it may be made.
    #[error("there is no namespace {namespace}, so no Lease can be made in it")]
    NoNamespace {
        /// Which one.
        namespace: Arc<str>,
    },
    /// Another process renews the Lease under the same identity. It is waited for until it stops.
    #[error(
        "another process has the identity {identity}: each replica needs one of its own, such as the name of its Pod"
    )]
    IdentityTaken {
        /// The identity.
        identity: Arc<str>,
    },
    /// A live Lease of the group says something about its claims that this version of the library cannot
    /// read, so nothing new is taken while it is live.
    #[error("the claims of the Lease {lease} cannot be read")]
    Unreadable {
        /// The name of the Lease.
        lease: Arc<str>,
    },
    /// The server refused for another reason, or something else went wrong. It is tried again.
    #[error("{verb} leases: {reason}")]
    Request {
        /// What was tried, as an RBAC verb.
        verb: &'static str,
        /// What went wrong, without the content of any object.
        reason: Arc<str>,
    },
    /// There was no answer in time. It is tried again.
    #[error("{verb} leases: no answer in time")]
    TimedOut {
        /// What was tried, as an RBAC verb.
        verb: &'static str,
    },
    /// It was given up. Final.
    #[error("it was given up")]
    Released,
}

impl LeaseError {
    pub(crate) fn setting(setting: &'static str, reason: impl Into<Arc<str>>) -> Self {
        let reason = reason.into();
        Self::Setting { setting, reason }
    }

    /// True if waiting alone does not help: somebody has to give a right, make a namespace, or choose
    /// another identity. It is tried again all the same.
    pub fn is_refusal(&self) -> bool {
        matches!(
            self,
            Self::Setting { .. }
                | Self::Forbidden { .. }
                | Self::NoNamespace { .. }
                | Self::IdentityTaken { .. }
        )
    }
}
