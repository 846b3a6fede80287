//! What an API server sends, taken apart while it comes in.
//!
//! The bytes of one object at a time are held, and those only where a chunk ends inside of it: never
//! a whole body and never the bytes of a whole list. Of an object that is too large to be held its
//! `metadata` is.

mod error;
mod limits;
mod span;
mod part;
mod members;
mod fields;
mod json;
mod protobuf;
mod list;
mod watch;

pub(crate) use self::error::WireError;
pub(crate) use self::limits::LARGEST;
pub(crate) use self::list::{Item, ListBody};
pub(crate) use self::part::{EventKind, ListMeta};
pub(crate) use self::watch::{Frame, WatchBody};
