//! What the client is given.

use jiff::Timestamp;

use super::fetch::Fetch;
use super::response::{Response, Source};
use crate::exec::ExecCredential;
use crate::store::{Entry, Metadata};

impl Fetch<'_> {
    /// Whether the client is given an expiry that the plugin did not name. kube-rs needs it. A client
    /// that does not say that it is one gets what the plugin gives: client-node runs its plugin before
    /// each request where there is none, and would use a revoked credential until that end.
    pub(super) fn gives_expiry(&self) -> bool {
        self.request.info.api_version.is_some()
    }

    /// A stored credential as this client is given it.
    pub(super) fn respond(&self, entry: Entry, source: Source) -> Response {
        let Metadata {
            stored_at,
            expires_at,
            inferred,
            ..
        } = entry.metadata;
        let as_given = (inferred && !self.gives_expiry())
            .then(|| ExecCredential::parse(entry.credential.expose(), None).ok())
            .flatten();
        Response {
            credential: as_given.map_or(entry.credential, ExecCredential::without_expiry),
            source,
            renew_at: Some(self.settings.renew_at(stored_at, expires_at)),
            refresh_is_due: false,
        }
    }

    /// What a plugin gave just now, where it is not stored.
    pub(super) fn respond_unstored(
        &self,
        credential: &ExecCredential,
        now: Timestamp,
        expires_at: Option<Timestamp>,
    ) -> Response {
        Response {
            credential: credential.to_json(expires_at.filter(|_| self.gives_expiry())),
            source: Source::Plugin,
            renew_at: expires_at.map(|expires_at| self.settings.renew_at(now, expires_at)),
            refresh_is_due: false,
        }
    }
}
