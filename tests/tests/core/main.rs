//! The core of the watch cache and of joins: guarantees, and reference models, without a server.

mod audience;
mod conditions;
mod coverage;
mod forms;
#[path = "../shared/ledger.rs"]
mod ledger;
mod observer;
mod replay;

mod bad_objects;
mod chains;
mod compact;
mod compositions;
mod derived;
mod evaluations;
mod followers;
mod guarantees;
mod joins;
mod metadata;
mod model;
mod operators;
mod parts;
mod portions;
mod reference;
mod regressions_delivery;
mod regressions_sources;
mod relations;
mod selectors;
mod shards;
mod stored_forms;
mod versions;
mod watched;
mod wire;

#[cfg(kcache_faults)]
mod faults;
