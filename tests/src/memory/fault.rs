//! Faults on demand: what goes wrong, with which requests, and how often.

mod what;
mod active;

pub use self::active::Injected;
pub(super) use self::active::{Faults, Mishap};
pub(super) use self::what::{Before, Bookmarks, NoProtobuf};
pub use self::what::{Fault, NoShards, NoStreaming};
