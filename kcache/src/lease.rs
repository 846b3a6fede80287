//! Leases of `coordination.k8s.io/v1`: how long they last, who holds them, how they are read and written.

mod error;
mod timing;
mod identity;
mod requests;

pub use self::error::LeaseError;
pub(crate) use self::identity::{Identity, check_name, new_instance};
pub(crate) use self::requests::{Refused, Requests, now, whole_seconds};
pub(crate) use self::timing::Timing;
