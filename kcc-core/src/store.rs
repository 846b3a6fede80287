//! Credentials on disk: a directory that only its owner can read, one file for each key.

// What goes around and into the files.
mod extension;
mod backend;
#[cfg(feature = "keyring")]
mod seal;
mod fault;
mod directory;
#[cfg(feature = "keyring")]
mod keyring;
mod installation;
#[cfg_attr(
    not(feature = "keyring"),
    expect(
        clippy::unnecessary_wraps,
        unused_variables,
        reason = "a seal needs them"
    )
)]
mod form;
// The entries, and what stands beside them.
mod entry;
mod entries;
mod prune;
mod warnings;

pub(crate) use backend::Backend;
#[cfg(feature = "keyring")]
pub(crate) use backend::Keyring;
pub(crate) use directory::is_removed;
pub(crate) use entries::{Lookup, Store};
pub(crate) use entry::{Entry, Metadata};
pub(crate) use extension::{LOCK, RUN, SESSION, USES};
pub(crate) use fault::Fault;
