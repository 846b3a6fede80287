//! The log of uses of an entry: which client processes were given its credential, and what that says
//! of the server.

mod line;
mod log;
mod suspicion;

pub(crate) use log::UseLog;
pub(crate) use suspicion::REFRESH_WINDOW;
