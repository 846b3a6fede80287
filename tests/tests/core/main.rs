//! The core of the watch cache and of joins: guarantees, and reference models, without a server.

mod audience;
mod conditions;
mod coverage;
mod forms;
#[path = "../shared/ledger.rs"]
mod ledger;
mod observer;
mod replay;

mod chains;
mod compositions;
mod derived;
mod model;
mod operators;
mod reference;
mod shards;
mod watched;
mod wire;

// The models alone are to catch faults, and compile in a third of the time.
#[cfg(kcache_faults)]
mod faults;
#[cfg(not(kcache_faults))]
mod scenarios;
