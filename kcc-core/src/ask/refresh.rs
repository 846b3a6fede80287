//! A credential is replaced because a person says so, however good it is.

use super::Ask;
use crate::store::Entry;

impl Ask<'_> {
    /// The same ask for an answer that is given from now on: what is stored already does not answer,
    /// nor does it stand in for an answer that fails.
    ///
    /// The key's lock holds as for every ask, so that of several processes that refresh at once one
    /// runs the plugin, and whoever waits for a credential gets this one.
    pub(crate) fn refreshing(mut self) -> Self {
        self.refreshes = true;
        self
    }

    /// Whether this entry is from before a refresh that was asked for.
    pub(super) fn is_outdated(&self, entry: &Entry) -> bool {
        self.refreshes && entry.metadata.stored_at < self.began
    }
}
