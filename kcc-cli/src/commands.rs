//! The commands of `kcc`, a file for each: its arguments as `Args`, and `run`.

// What the cache has.
pub(crate) mod list;
pub(crate) mod clear;
pub(crate) mod explain;
// What plugins give.
mod fetch;
pub(crate) mod warm;
pub(crate) mod refresh;
pub(crate) mod exec;
// What stands in kubeconfigs.
mod selection;
pub(crate) mod inject;
pub(crate) mod eject;
pub(crate) mod sync;
// Whether all of it works.
pub(crate) mod doctor;
// What an installation needs.
pub(crate) mod completions;
pub(crate) mod man;
