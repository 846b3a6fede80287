//! Other processes: which one is meant, whether it still runs, and who is the client.

mod stat;
mod id;
mod client;

pub(crate) use client::ClientProcess;
pub(crate) use id::ProcessId;
