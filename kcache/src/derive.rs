//! Publishers that are made of others: of each object something else, groups of objects, sets of several
//! publishers.

pub(crate) mod follower;
mod flat_map;
mod group;
mod combine;

pub use self::combine::{difference, intersection, union};
pub use self::group::{Group, GroupBy};
