//! Informers that are shared, that follow several namespaces, that transform; waiting for one object; replicas and leaders. On
//! the server in memory, with a paused clock.

mod counts;
mod leader;
mod namespaces;
mod replicas;
mod server;
mod shards;
mod shared;
mod spans;
#[path = "../shared/trace.rs"]
mod trace;
mod transform;
mod until;
