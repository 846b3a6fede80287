//! Leases on a linearizable store.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use crate::replicas::protocol::{Answer, Entry, Step};
use crate::replicas::slots::Slots;

/// A Lease that was written, or the name of one that has gone.
pub(super) type Logged = Result<Entry, Arc<str>>;

#[derive(Default)]
pub(super) struct Store {
    leases: BTreeMap<Arc<str>, Entry>,
    revision: u64,
    /// Every change, for those who watch.
    pub(super) log: Vec<Logged>,
}

impl Store {
    pub(super) fn len(&self) -> usize {
        self.leases.len()
    }

    /// Does what a replica asks for.
    pub(super) fn apply(
        &mut self,
        step: &Step,
        name: &Arc<str>,
        instance: &Arc<str>,
        duration: Duration,
    ) -> Answer {
        let has = |store: &Self, name: &Arc<str>, version: &Arc<str>| {
            let lease = store.leases.get(name);
            lease.is_some_and(|lease| lease.version == *version)
        };
        let claims = match step {
            Step::List => return Answer::Listed(self.leases.values().cloned().collect()),
            Step::Delete { name, version } => {
                if !self.leases.contains_key(name) {
                    return Answer::Deleted;
                }
                if !has(self, name, version) {
                    return Answer::Conflict;
                }
                self.leases.remove(name);
                self.log.push(Err(name.clone()));
                return Answer::Deleted;
            }
            Step::Create if !self.leases.contains_key(name) => Slots::NONE,
            Step::Replace { version, claims } if has(self, name, version) => *claims,
            _ => return Answer::Conflict,
        };
        self.revision += 1;
        let version: Arc<str> = self.revision.to_string().into();
        let entry = Entry {
            name: name.clone(),
            version: version.clone(),
            instance: instance.clone(),
            duration,
            claims: Some(claims),
        };
        self.log.push(Ok(entry.clone()));
        self.leases.insert(name.clone(), entry);
        Answer::Written(version)
    }
}
