//! The core of the watch cache and of joins: guarantees, models and oracles, without a server.

mod audience;
mod conditions;
mod coverage;
mod forms;
#[path = "../shared/ledger.rs"]
mod ledger;
mod observer;
#[path = "../shared/random.rs"]
mod random;
mod replay;

mod bad_objects;
mod evaluations;
mod followers;
mod guarantees;
mod joins;
mod metadata;
mod model;
mod oracle;
mod portions;
mod regressions_delivery;
mod regressions_sources;
mod selectors;
mod stored_forms;
mod versions;
mod wire;

#[cfg(kcache_faults)]
mod faults;
