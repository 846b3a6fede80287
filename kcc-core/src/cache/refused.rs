//! A credential that the server refused is recognised when its client requests it again.

use std::io::IsTerminal;

use super::fetch::Fetch;
use super::slot::Slot;
use crate::process::ClientProcess;
use crate::store::Entry;
use crate::use_log::{REFRESH_WINDOW, UseLog};
use crate::variable;

impl Fetch<'_> {
    /// The same, made by this process's parent if `parent` says so. A plugin that may prompt runs
    /// for a suspicion only where a person is, as it would without the cache.
    pub(super) fn for_client(mut self, parent: bool) -> Self {
        self.serves_parent = parent;
        let may_run = || !self.may_prompt() || std::io::stdin().is_terminal();
        if parent && self.settings.renew_rejected && may_run() {
            let environment = &self.request.environment;
            let says_so = environment.non_empty(variable::EXEC_INFO).is_some();
            self.client = ClientProcess::of_parent(says_so);
        }
        self
    }

    /// Whether the server seems to have refused this good entry: then it has to be replaced.
    /// Otherwise it is noted that the client is given it.
    pub(super) fn is_refused(&mut self, slot: Slot<'_>, entry: &Entry) -> bool {
        let Some((mut log, client)) = self.use_log(slot, entry) else {
            return false;
        };
        let (generation, now) = (entry.metadata.stored_at, self.began);
        let refused = log.is_refused(client, generation, now);
        if refused {
            self.refused = Some(generation);
        } else {
            log.note_use(client, generation, self.clock.now());
        }
        refused
    }

    pub(super) fn note_use(&self, slot: Slot<'_>, entry: &Entry) {
        if let Some((mut log, client)) = self.use_log(slot, entry) {
            log.note_use(client, entry.metadata.stored_at, self.clock.now());
        }
    }

    /// The log, where a repeated request for this entry would tell something: near its end clients
    /// request it again by themselves.
    fn use_log<'s>(&self, slot: Slot<'s>, entry: &Entry) -> Option<(UseLog<'s>, &ClientProcess)> {
        let client = self.client.as_ref()?;
        let metadata = &entry.metadata;
        let life = metadata.expires_at.duration_since(metadata.stored_at);
        let left = metadata.expires_at.duration_since(self.began);
        if left.unsigned_abs() < REFRESH_WINDOW.min(life.unsigned_abs() / 4) {
            return None;
        }
        Some((UseLog::open(slot.store, slot.key)?, client))
    }

    /// Notes that the plugin is about to run because the client requested it again.
    pub(super) fn note_replacement(&self, slot: Slot<'_>) {
        if let (Some(generation), Some(client)) = (self.refused, &self.client)
            && let Some(mut log) = UseLog::open(slot.store, slot.key)
        {
            log.note_replacement(client, generation, self.clock.now());
        }
    }
}
