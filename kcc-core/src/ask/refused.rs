//! A credential that the server refused shows in that its client asks again.

use jiff::SignedDuration;

use super::{Ask, Place};
use crate::client_process::ClientProcess;
use crate::exec_info;
use crate::served::{REFRESH_WINDOW, ServedLog};
use crate::store::Entry;

impl Ask<'_> {
    /// The same ask, made by this process's parent if `parent` says so. Nobody is a client who calls
    /// by hand, and a person is not prompted for a suspicion.
    pub(crate) fn for_client(mut self, parent: bool) -> Self {
        let is_client = self
            .request
            .environment
            .non_empty(exec_info::VARIABLE)
            .is_some();
        self.serves_parent = parent;
        if parent && self.settings.renew_rejected && is_client && !self.may_prompt() {
            self.client = ClientProcess::parent();
        }
        self
    }

    /// Whether the server seems to have refused this good entry: then it has to be replaced.
    /// Otherwise it is noted that the client is given it.
    pub(super) fn is_refused(&mut self, place: Place<'_>, entry: &Entry) -> bool {
        let Some((mut log, client)) = self.served_log(place, entry) else {
            return false;
        };
        let (generation, now) = (entry.metadata.stored_at, self.began);
        let refused =
            log.is_refused(client, generation, now) && log.allows_replacement(client, now);
        if refused {
            self.refused = Some(generation);
        } else {
            log.served(client, generation, self.clock.now());
        }
        refused
    }

    pub(super) fn note_served(&self, place: Place<'_>, entry: &Entry) {
        if let Some((mut log, client)) = self.served_log(place, entry) {
            log.served(client, entry.metadata.stored_at, self.clock.now());
        }
    }

    /// The log, where a repeated ask for this entry would tell something: near its end clients ask
    /// again by themselves.
    fn served_log<'s>(
        &self,
        place: Place<'s>,
        entry: &Entry,
    ) -> Option<(ServedLog<'s>, &ClientProcess)> {
        let client = self.client.as_ref()?;
        let left = entry.metadata.expires_at.duration_since(self.began);
        if left < SignedDuration::try_from(REFRESH_WINDOW).ok()? {
            return None;
        }
        Some((ServedLog::open(place.store, place.key)?, client))
    }

    /// Notes that the plugin is about to run because the client asked again.
    pub(super) fn note_replacement(&self, place: Place<'_>) {
        if let (Some(generation), Some(client)) = (self.refused, &self.client)
            && let Some(mut log) = ServedLog::open(place.store, place.key)
        {
            log.replaced(client, generation, self.clock.now());
        }
    }
}
