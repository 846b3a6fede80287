//! Whole objects in a few hundred bytes.

mod strings;
mod names;
mod interner;
mod header;
mod stats;
mod packer;
mod body;
mod object;
mod fact;
mod codec;

pub use self::codec::CompactCodec;
pub use self::fact::LiftedFact;
pub use self::object::Compact;
pub use self::stats::CompactStats;
