//! Informers that are shared, that follow several namespaces, that transform; and waiting for one object. On
//! the server in memory, with a paused clock.

mod counts;
mod namespaces;
mod server;
mod shards;
mod shared;
mod spans;
#[path = "../shared/trace.rs"]
mod trace;
mod transform;
mod until;
