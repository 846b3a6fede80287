//! How a replica stands.

use std::sync::Arc;

use crate::lease::LeaseError;
use crate::shard::Shard;

/// How one of [`Replicas`](crate::Replicas) stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ReplicasStatus {
    /// What it owns. It is nothing at a moment at which a Lease is not renewed in time, which is told here as soon as
    /// the process runs again; [`Replicas::owns`](crate::Replicas::owns) knows it at once.
    pub shard: Shard,
    /// What it owns no longer and has not yet given up, since informers or your own work have not ended
    /// with it. Nobody else can own it meanwhile.
    pub draining: Shard,
    /// True if it owns all that it should, among these members.
    pub settled: bool,
    /// The identities of the live members, in order.
    pub members: Vec<Arc<str>>,
    /// What is wrong, while it is.
    pub failure: Option<LeaseError>,
    /// How often it could not renew its Lease in time while it owned something.
    pub lapses: u64,
    /// It has given everything up. Final.
    pub released: bool,
}
