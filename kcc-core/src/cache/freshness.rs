//! Whether a stored credential answers.

use std::time::Duration;

use jiff::Timestamp;

use super::fetch::Fetch;
use crate::exec::ExecCredential;
use crate::notice::MissReason;
use crate::store::{Entry, Metadata};

/// An entry that seems to be stored this much later than now is older than the clock's setting.
const CLOCK_TOLERANCE: Duration = Duration::from_secs(60);

impl Fetch<'_> {
    /// Why an entry does not answer; `None` where it does.
    pub(super) fn reason_to_renew(&self, entry: &Entry) -> Option<MissReason> {
        let Metadata {
            stored_at,
            expires_at,
            ..
        } = entry.metadata;
        let now = self.clock.now();
        if expires_at <= now {
            Some(MissReason::Expired)
        } else if is_from_the_future(stored_at, now) {
            Some(MissReason::ClockSetBack)
        } else if self.is_outdated(entry) {
            Some(MissReason::Refresh)
        } else if self.is_rejected(entry) {
            Some(MissReason::Rejected)
        } else if self.refused == Some(stored_at) {
            Some(MissReason::RequestedAgain)
        } else if entry.metadata.moved {
            Some(MissReason::FilesChanged)
        } else if self.settings.renew_at(stored_at, expires_at) <= now {
            Some(MissReason::InMargin)
        } else {
            None
        }
    }

    /// Whether this entry is from before a refresh that was requested.
    fn is_outdated(&self, entry: &Entry) -> bool {
        self.refreshes && entry.metadata.stored_at < self.began
    }

    pub(super) fn is_rejected(&self, entry: &Entry) -> bool {
        self.rejected == Some(&entry.credential)
    }

    /// When the credential ends: as it says itself, else after the default TTL. `None` where that
    /// is zero: then it is not kept.
    pub(super) fn expiry(&self, credential: &ExecCredential, now: Timestamp) -> Option<Timestamp> {
        let ttl = self.settings.default_ttl;
        credential
            .expires_at()
            .or_else(|| (!ttl.is_zero()).then(|| now + ttl))
    }

    pub(super) fn is_ahead_time(&self, entry: &Entry) -> bool {
        let metadata = &entry.metadata;
        let ahead_at = self
            .settings
            .ahead_at(metadata.stored_at, metadata.expires_at);
        ahead_at <= self.clock.now()
    }
}

/// Whether an entry seems to be stored later than now: then the clock was set back.
pub(super) fn is_from_the_future(stored_at: Timestamp, now: Timestamp) -> bool {
    stored_at > now + CLOCK_TOLERANCE
}
