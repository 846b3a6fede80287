//! A credential that the server refused shows in who asks for it again.

use std::io::IsTerminal;

use super::Ask;
use super::place::Place;
use crate::client_process::ClientProcess;
use crate::exec_info;
use crate::served::{REFRESH_WINDOW, ServedLog};
use crate::store::Entry;

impl Ask<'_> {
    /// The same ask, made by this process's parent if `parent` says so. A plugin that may prompt runs
    /// for a suspicion only where a person is, as it would without the cache.
    pub(crate) fn for_client(mut self, parent: bool) -> Self {
        self.serves_parent = parent;
        let may_run = || !self.may_prompt() || std::io::stdin().is_terminal();
        if parent && self.settings.renew_rejected && may_run() {
            let environment = &self.request.environment;
            let says_so = environment.non_empty(exec_info::VARIABLE).is_some();
            self.client = ClientProcess::of_parent(says_so);
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
        let refused = log.is_refused(client, generation, now);
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
        let metadata = &entry.metadata;
        let life = metadata.expires_at.duration_since(metadata.stored_at);
        let left = metadata.expires_at.duration_since(self.began);
        if left.unsigned_abs() < REFRESH_WINDOW.min(life.unsigned_abs() / 4) {
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
