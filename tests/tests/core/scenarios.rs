//! What is promised, each point by a scenario of its own. The reference models look for what nobody thought of.

mod bad_objects;
mod compact;
mod evaluations;
mod followers;
mod guarantees;
mod joins;
mod metadata;
mod parts;
mod portions;
mod regressions_delivery;
mod regressions_sources;
mod relations;
mod selectors;
mod stored_forms;
mod versions;
