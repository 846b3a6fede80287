//! Leases of others, as this replica saw them.

use super::entry::Entry;
use super::step::Moment;

/// A Lease of another process.
#[derive(Clone, Debug)]
pub(super) struct Seen {
    pub(super) entry: Entry,
    /// When this version was seen first.
    since: Moment,
    /// When it was found dead.
    pub(super) dead: Option<Moment>,
}

impl Seen {
    pub(super) fn new(entry: Entry, since: Moment) -> Self {
        let dead = None;
        Self { entry, since, dead }
    }

    /// What a list says of it that began at a moment.
    pub(super) fn listed(self, entry: Entry, sent: Moment, now: Moment) -> Self {
        if self.entry != entry {
            return Self::new(entry, now);
        }
        let is_dead = sent >= self.expires();
        let dead = self.dead.or(is_dead.then_some(now));
        Self { dead, ..self }
    }

    /// When it is dead, if it does not change: by a list that begins then or later.
    pub(super) fn expires(&self) -> Moment {
        self.since + self.entry.duration
    }
}
