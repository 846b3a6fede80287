//! What one replica does, without any input or output: which request is next, and which slots it owns.
//!
//! Times are of the replica's own clock, from any moment on. The rules, and why two never own one slot:
//!
//! - A slot is **claimed** in the replica's Lease before it is owned, and the claim stands until it is no
//!   longer owned and all work on it has ended.
//! - It is **owned** only after a list of all Leases that began when the claim was already answered, and
//!   in which no other live Lease claims it. Of two that write and then read, the one that writes last
//!   reads the other's claim.
//! - A Lease is **dead** only by such a list: it is the very version that was first seen at least its
//!   duration before the list began. Its holder has then owned nothing for the time between the renew
//!   deadline and the duration: it counts the deadline from before its last successful renewal was sent.
//! - Whoever could not renew in time has **lapsed**: it owns nothing, and a renewal that succeeds later
//!   brings nothing back without a new list.

mod entry;
mod step;
mod seen;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

pub(crate) use self::entry::Entry;
use self::seen::Seen;
pub(crate) use self::step::{Answer, Moment, Step};
use super::assign::share;
use super::slots::Slots;
use crate::lease::Timing;
use crate::seeded_fault::{IgnoreClaims, IgnoreLapse};
use crate::version;

/// The Lease of this replica.
#[derive(Clone, Debug)]
enum Own {
    /// What there is has to be read.
    Unknown,
    Absent,
    Held(Arc<str>),
    /// Another process has the same identity.
    Taken(Seen),
}

/// One replica.
#[derive(Clone, Debug)]
pub(crate) struct Protocol {
    me: Arc<str>,
    /// This process, beside others of the same identity.
    instance: Arc<str>,
    timing: Timing,
    own: Own,
    others: BTreeMap<Arc<str>, Seen>,
    /// The slots that it should have among these members.
    desired: Slots,
    among: BTreeSet<Arc<str>>,
    // The next three are what it claims; none of a slot is in two of them.
    owned: Slots,
    /// Owned no longer, while work on them may go on.
    releasing: Slots,
    /// Not owned yet.
    pending: Slots,
    /// What the last answered write claimed.
    written: Slots,
    /// When the last write was sent that succeeded.
    renewed: Option<Moment>,
    next_renewal: Moment,
    /// After a failure.
    not_before: Moment,
    next_removal: Moment,
    list_due: bool,
    leaving: bool,
    left: bool,
    lapses: u64,
}

impl Protocol {
    pub(crate) fn new(me: Arc<str>, instance: Arc<str>, timing: Timing) -> Self {
        Self {
            me,
            instance,
            timing,
            own: Own::Unknown,
            others: BTreeMap::new(),
            desired: Slots::NONE,
            among: BTreeSet::new(),
            owned: Slots::NONE,
            releasing: Slots::NONE,
            pending: Slots::NONE,
            written: Slots::NONE,
            renewed: None,
            next_renewal: Moment::ZERO,
            not_before: Moment::ZERO,
            next_removal: Moment::ZERO,
            list_due: false,
            leaving: false,
            left: false,
            lapses: 0,
        }
    }

    /// Until when what is owned is, if nothing is renewed.
    pub(crate) fn valid_until(&self) -> Option<Moment> {
        Some(self.renewed? + self.timing.renew)
    }

    fn is_valid(&self, now: Moment) -> bool {
        self.valid_until().is_some_and(|end| now < end) || IgnoreLapse.strikes()
    }

    /// The slots that it owns at this moment.
    pub(crate) fn owned(&self, now: Moment) -> Slots {
        if self.is_valid(now) {
            self.owned
        } else {
            Slots::NONE
        }
    }

    /// The slots on which work has to end before they are given up.
    pub(crate) fn releasing(&self) -> Slots {
        self.releasing
    }

    /// The slots that it claims and does not own yet.
    #[cfg(any(test, kcache_faults))]
    pub(crate) fn pending(&self) -> Slots {
        self.pending
    }

    /// How often it could not renew in time.
    pub(crate) fn lapses(&self) -> u64 {
        self.lapses
    }

    /// True if it has its Lease and all slots that it should have, and no others.
    pub(crate) fn is_settled(&self, now: Moment) -> bool {
        let held = matches!(self.own, Own::Held(_));
        held && self.owned(now) == self.desired && self.claims() == self.owned
    }

    /// The names of the members, this one among them if it is one.
    pub(crate) fn members(&self) -> BTreeSet<Arc<str>> {
        let live = self.live().map(|seen| seen.entry.name.clone());
        let me = matches!(self.own, Own::Held(_)) && !self.leaving;
        live.chain(me.then(|| self.me.clone())).collect()
    }

    /// A live Lease whose claims cannot be read.
    pub(crate) fn unreadable(&self) -> Option<&Arc<str>> {
        let mut live = self.live().map(|seen| &seen.entry);
        live.find(|entry| entry.claims.is_none())
            .map(|entry| &entry.name)
    }

    /// True if another process has the same identity.
    pub(crate) fn is_taken(&self) -> bool {
        matches!(&self.own, Own::Taken(seen) if seen.dead.is_none())
    }

    fn live(&self) -> impl Iterator<Item = &Seen> {
        self.others.values().filter(|seen| seen.dead.is_none())
    }

    fn claims(&self) -> Slots {
        self.owned | self.releasing | self.pending
    }

    /// What the live Leases of others claim.
    fn blocked(&self) -> Slots {
        let claims = self.live().map(|seen| seen.entry.claims());
        claims.fold(Slots::NONE, |all, claims| all | claims)
    }

    /// A watch showed the Lease of a member.
    pub(crate) fn observed(&mut self, now: Moment, entry: Entry) {
        self.settle(now);
        if entry.name == self.me {
            // A list says what to make of it.
            self.list_due |= entry.instance != self.instance && matches!(self.own, Own::Held(_));
            return;
        }
        let known = self.others.get(&entry.name);
        let is_news = known.is_none_or(|seen| {
            let order = version::compare(&entry.version, &seen.entry.version);
            order.map_or(
                entry.version != seen.entry.version,
                std::cmp::Ordering::is_gt,
            )
        });
        if is_news {
            self.others
                .insert(entry.name.clone(), Seen::new(entry, now));
            self.reconsider();
        }
    }

    /// A watch showed that the Lease of a member has gone.
    pub(crate) fn gone(&mut self, now: Moment, name: &str) {
        self.settle(now);
        if self.others.remove(name).is_some() {
            self.reconsider();
        }
    }

    /// Work on these slots, which were [releasing](Self::releasing), has ended.
    pub(crate) fn released(&mut self, now: Moment, slots: Slots) {
        self.settle(now);
        let ended = self.releasing & slots;
        self.releasing = self.releasing - ended;
        // What should come back keeps its claim, and another list says whether it may.
        self.pending = self.pending | ended & self.desired;
        self.reconsider();
    }

    /// It gives up all that it has, and then its Lease.
    pub(crate) fn leave(&mut self, now: Moment) {
        self.settle(now);
        self.leaving = true;
        self.reconsider();
    }

    /// What to do now. Of a request that it names the answer is waited for before it is asked again.
    pub(crate) fn next(&mut self, now: Moment) -> Step {
        self.settle(now);
        // Of a Lease that is as good as dead nobody waits for the end.
        self.left |= self.leaving && self.claims().is_empty() && !self.is_valid(now);
        if self.left {
            return Step::Left;
        }
        if now < self.not_before {
            return Step::Wait(self.wake(self.not_before));
        }
        match &self.own {
            Own::Unknown => Step::List,
            Own::Absent | Own::Taken(_) if self.leaving && self.claims().is_empty() => {
                self.left = true;
                Step::Left
            }
            Own::Absent if self.leaving => Step::Wait(now + self.timing.retry),
            Own::Absent => Step::Create,
            Own::Taken(seen) if seen.dead.is_some() => Step::Replace {
                version: seen.entry.version.clone(),
                claims: Slots::NONE,
            },
            Own::Taken(seen) => match seen.expires() {
                expires if now >= expires => Step::List,
                expires => Step::Wait(expires),
            },
            Own::Held(version) => self.next_held(now, version.clone()),
        }
    }

    fn next_held(&self, now: Moment, version: Arc<str>) -> Step {
        let claims = self.claims();
        if self.leaving && claims.is_empty() {
            let name = self.me.clone();
            return Step::Delete { name, version };
        }
        if claims != self.written || now >= self.next_renewal {
            return Step::Replace { version, claims };
        }
        let suspected = self.live().map(Seen::expires).min();
        if self.list_due || suspected.is_some_and(|expires| now >= expires) {
            return Step::List;
        }
        let removable = self.removable(now);
        if let Some(seen) = removable {
            return Step::Delete {
                name: seen.entry.name.clone(),
                version: seen.entry.version.clone(),
            };
        }
        let until = suspected.map_or(self.next_renewal, |at| at.min(self.next_renewal));
        Step::Wait(self.wake(until))
    }

    /// A Lease that has been dead for a while, if this replica is the one that removes it.
    fn removable(&self, now: Moment) -> Option<&Seen> {
        if now < self.next_removal || self.members().first() != Some(&self.me) {
            return None;
        }
        let mut others = self.others.values();
        others.find(|seen| {
            seen.dead
                .is_some_and(|dead| now >= dead + seen.entry.duration)
        })
    }

    /// The moment, or the one at which what is owned lapses, if that comes first.
    fn wake(&self, at: Moment) -> Moment {
        match self.valid_until() {
            Some(end) if !self.owned.is_empty() => at.min(end),
            _ => at,
        }
    }

    /// What came of the step that was named last. `sent` is a moment before its request was sent.
    pub(crate) fn answered(&mut self, step: &Step, sent: Moment, now: Moment, answer: Answer) {
        self.settle(now);
        match (step, answer) {
            (_, Answer::Failed) => {
                self.not_before = now + self.timing.retry;
                if let Step::Delete { name, .. } = step
                    && *name != self.me
                {
                    // It may have no right to, and others may.
                    (self.not_before, self.next_removal) = (now, now + 10 * self.timing.lease);
                }
            }
            (Step::Create | Step::Replace { .. }, Answer::Written(version)) => {
                self.own = Own::Held(version);
                self.written = match step {
                    Step::Replace { claims, .. } => *claims,
                    _ => Slots::NONE,
                };
                self.renewed = Some(sent);
                self.next_renewal = sent + self.timing.retry;
                self.list_due |= !self.pending.is_empty();
                self.reconsider();
            }
            (Step::Delete { name, .. }, Answer::Deleted) if *name == self.me => {
                self.left = true;
                self.lose_all();
            }
            (Step::Delete { name, .. }, Answer::Deleted) => {
                self.others.remove(name);
            }
            (Step::Delete { name, .. }, _) if *name != self.me => self.list_due = true,
            (_, Answer::Listed(entries)) => self.listed(sent, now, entries),
            _ => self.own = Own::Unknown,
        }
    }

    fn listed(&mut self, sent: Moment, now: Moment, entries: Vec<Entry>) {
        self.list_due = false;
        let mut known = std::mem::take(&mut self.others);
        let mut mine = None;
        for entry in entries {
            if entry.name == self.me {
                mine = Some(entry);
                continue;
            }
            let seen = match known.remove(&entry.name) {
                Some(seen) => seen.listed(entry, sent, now),
                None => Seen::new(entry, now),
            };
            self.others.insert(seen.entry.name.clone(), seen);
        }
        self.listed_own(mine, sent, now);
        self.confirm(now);
        self.reconsider();
    }

    fn listed_own(&mut self, mine: Option<Entry>, sent: Moment, now: Moment) {
        let own = match mine {
            None => Own::Absent,
            Some(entry) if entry.instance == self.instance => {
                if !matches!(&self.own, Own::Held(version) if *version == entry.version) {
                    // A write whose answer did not come, or somebody else's.
                    self.written = Slots::NONE;
                    self.next_renewal = now;
                }
                self.own = Own::Held(entry.version);
                return;
            }
            Some(entry) => Own::Taken(match std::mem::replace(&mut self.own, Own::Unknown) {
                Own::Taken(seen) => seen.listed(entry, sent, now),
                _ => Seen::new(entry, now),
            }),
        };
        self.own = own;
        self.lose_all();
    }

    /// Owns what is claimed and written, and what no other live Lease claims.
    fn confirm(&mut self, now: Moment) {
        if !matches!(self.own, Own::Held(_)) || !self.is_valid(now) {
            return;
        }
        let blocked = self.blocked();
        let free = if IgnoreClaims.strikes() {
            Slots::ALL
        } else {
            Slots::ALL - blocked
        };
        let won = self.pending & self.written & free;
        self.owned = self.owned | won;
        self.pending = self.pending - won;
        // Of several that claim one, all but the first by name withdraw; that one waits for them.
        let before = self.live().filter(|seen| seen.entry.name < self.me);
        let withdrawn = before.fold(Slots::NONE, |all, seen| all | seen.entry.claims());
        self.pending = self.pending - withdrawn;
    }

    /// What could not be renewed in time is not owned.
    pub(crate) fn settle(&mut self, now: Moment) {
        if !self.is_valid(now) && !(self.owned | self.written).is_empty() {
            self.lapses += u64::from(!self.owned.is_empty());
            self.lose_all();
        }
    }

    fn lose_all(&mut self) {
        self.releasing = self.releasing | self.owned;
        (self.owned, self.written) = (Slots::NONE, Slots::NONE);
    }

    /// Gives up what it should not have, and claims what it should have and nobody else claims.
    fn reconsider(&mut self) {
        let members = self.members();
        if members != self.among {
            // Without this one it has no share.
            self.desired = share(&members, &self.me);
            self.among = members;
        }
        let lost = self.owned - self.desired;
        (self.owned, self.releasing) = (self.owned - lost, self.releasing | lost);
        self.pending = self.pending & self.desired;
        let blocked = self.blocked();
        let new = self.desired - self.claims() - blocked;
        self.pending = self.pending | new;
        self.list_due |= !(self.pending & self.written & (Slots::ALL - blocked)).is_empty();
    }
}
