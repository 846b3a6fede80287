//! Where the entry of a request is: by the protocol version that the client requested, or, where it
//! did not say one, by the version that the kubeconfig names.

use super::fetch::Fetch;
use crate::exec::{ApiVersion, ExecCredential};
use crate::key::Key;
use crate::store::{Lookup, Metadata, Store};

/// The place in the store for the entry of a request.
///
/// All clients of one kubeconfig user share an entry, also those that do not set
/// `KUBERNETES_EXEC_INFO`. Those get what the plugin would have given them, in a version that it
/// chooses itself; if that is not the kubeconfig's, their entry is another one.
#[derive(Clone, Copy)]
pub(super) struct Slot<'a> {
    pub(super) store: &'a Store,
    /// The entry in the version that was requested, or that the kubeconfig names. Locks and logs are
    /// its.
    pub(super) key: Key,
    /// For a client that did not say a version: the entry in the plugin's own.
    pub(super) unset: Option<Unset>,
}

/// The other key of a request without a version.
#[derive(Clone, Copy)]
pub(super) struct Unset {
    key: Key,
    /// What the kubeconfig says.
    recorded: ApiVersion,
}

impl Slot<'_> {
    /// What answers: an entry in a version that the client may be given.
    pub(super) fn look_up(&self) -> Lookup {
        let Some(unset) = self.unset else {
            return self.store.look_up(self.key);
        };
        match self.store.look_up(self.key) {
            Lookup::Found(entry) if unset.takes(&entry.metadata) => Lookup::Found(entry),
            Lookup::Unusable(fault) => Lookup::Unusable(fault),
            Lookup::Found(_) | Lookup::Absent => self.store.look_up(unset.key),
        }
    }

    /// The same where the plugin has failed: then a version that the client may not know is better
    /// than nothing.
    pub(super) fn look_up_after_failure(&self) -> Lookup {
        match (self.look_up(), self.unset) {
            (Lookup::Absent, Some(_)) => self.store.look_up(self.key),
            (found, _) => found,
        }
    }

    /// Where this answer belongs, and whether the plugin gives its version unrequested.
    pub(super) fn of_credential(&self, credential: &ExecCredential) -> (Key, bool) {
        match self.unset {
            Some(unset) if unset.recorded == credential.api_version() => (self.key, true),
            Some(unset) => (unset.key, true),
            None => {
                let before = self.store.head(self.key).ok().flatten();
                (self.key, before.is_some_and(|before| before.unrequested))
            }
        }
    }
}

impl Unset {
    /// Clients that say no version expect v1beta1, which was the first that they learned; some of
    /// them refuse another, so that has to be what the plugin gives by itself.
    fn takes(self, metadata: &Metadata) -> bool {
        metadata.unrequested || self.recorded == ApiVersion::V1Beta1
    }
}

impl Fetch<'_> {
    pub(super) fn slot<'s>(&self, store: &'s Store) -> Slot<'s> {
        let mut parts = self.key_parts();
        let key = parts.key(store.installation());
        let unset = match (self.request.info.api_version, parts.api_version.take()) {
            (None, Some(recorded)) => Some(Unset {
                key: parts.key(store.installation()),
                recorded,
            }),
            _ => None,
        };
        Slot { store, key, unset }
    }
}
