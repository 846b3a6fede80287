//! A request is answered from the store, or by a plugin run.

use super::fetch::Fetch;
use super::response::{Response, Source};
use super::slot::Slot;
use super::turn::Turn;
use crate::error::Error;
use crate::notice::{MissReason, Notice};
use crate::store::{Lookup, Store};

impl Fetch<'_> {
    /// Answers from `store`, or by a plugin run whose credential goes there.
    pub(super) fn get_from(mut self, store: &Store) -> Result<Response, Error> {
        let slot = self.slot(store);
        let path = store.path_of(slot.key);
        let reason = match slot.look_up() {
            Lookup::Found(entry) => match self.reason_to_renew(&entry) {
                None if self.is_refused(slot, &entry) => MissReason::RequestedAgain,
                None => {
                    let expires_at = entry.metadata.expires_at;
                    (self.notify)(Notice::Hit { path, expires_at });
                    let refresh_is_due = self.refresh_is_due(slot, &entry);
                    let response = self.respond(entry, Source::Cache);
                    return Ok(Response {
                        refresh_is_due,
                        ..response
                    });
                }
                Some(reason) => reason,
            },
            Lookup::Absent => MissReason::Absent,
            Lookup::Unusable(fault) => {
                let problem = fault.to_string();
                let path = path.clone();
                (self.notify)(Notice::EntryUnusable { path, problem });
                MissReason::Absent
            }
        };
        let path = Some(path);
        (self.notify)(Notice::Miss { reason, path });
        self.get_in_turn(slot)
    }

    /// Answers by a plugin run, where there is no store.
    pub(super) fn get_unstored(mut self) -> Result<Response, Error> {
        let reason = MissReason::NoStore;
        (self.notify)(Notice::Miss { reason, path: None });
        let credential = self.run_plugin(None)?;
        let now = self.clock.now();
        let expires_at = self.expiry(&credential, now);
        Ok(self.respond_unstored(&credential, now, expires_at))
    }

    fn get_in_turn(&mut self, slot: Slot<'_>) -> Result<Response, Error> {
        match self.await_turn(slot) {
            Turn::Ours(hold) => {
                let response = self.run_in_turn(slot, &hold);
                drop(hold);
                slot.store.prune_now_and_then(self.clock.now());
                response
            }
            Turn::Answered(entry) => {
                self.note_use(slot, &entry);
                Ok(self.respond(entry, Source::OtherProcess))
            }
            Turn::Failed(failure) => {
                let command = self.request.command.clone();
                self.fall_back(slot, Error::Shared { command, failure })
            }
        }
    }
}
