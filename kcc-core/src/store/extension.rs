//! What the files of a key end in.

/// The credential.
pub(super) const ENTRY: &str = "entry";
/// Held by who may run the plugin and write the entry.
pub(crate) const LOCK: &str = "lock";
/// Held while a plugin runs.
pub(crate) const RUN: &str = "run";
/// Held by who may run a plugin on a login; its key is the login's.
pub(crate) const SESSION: &str = "session";
/// Who was given the credential.
pub(crate) const USES: &str = "served";
/// An entry that is being written.
pub(super) const TEMPORARY: &str = "tmp";
