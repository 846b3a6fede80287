//! Which objects could not be taken in, as things stand now.

use std::collections::{BTreeMap, HashSet};
use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;

use crate::object::Key;

/// An object that the cache could not take in, and that is still like that: the last that was said
/// of it was bad. See [`Publisher::bad_objects`](crate::Publisher::bad_objects).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct BadObject {
    /// Which one.
    pub key: Key,
    /// Why, without anything of its content.
    pub reason: Arc<str>,
}

/// How many are known by name.
const NAMED: usize = 1_000;
/// How many more are told apart by a hash of their names, so that they can be counted.
const HASHED: usize = 100_000;
/// How many reasons are told apart among objects without a name.
const REASONS: usize = 100;

/// What is bad now. An object that becomes good or goes away leaves it, and one that stays bad for
/// the same reason is no news, however often it is said: a relist says all of it again.
#[derive(Default)]
pub(crate) struct BadObjects {
    now: Set,
    /// What is bad in the list that comes in.
    incoming: Set,
    hasher: RandomState,
}

#[derive(Default)]
struct Set {
    named: BTreeMap<Key, Arc<str>>,
    hashed: HashSet<u64>,
    /// How many there are without a known key.
    nameless: u64,
    /// How many of these have which reason.
    reasons: BTreeMap<Arc<str>, u64>,
}

/// Whether a report is news, and to whom.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Novelty {
    /// It is known.
    Known,
    /// It is news, one of very many.
    Notice,
    /// It is news.
    Warning,
}

impl BadObjects {
    /// How many are bad now; while a list comes in, as many as are known to be.
    pub(crate) fn count(&self) -> u64 {
        self.now.count().max(self.incoming.count())
    }

    /// Those that are known by name, by namespace and name.
    pub(crate) fn list(&self) -> Vec<BadObject> {
        let mut all = self.now.named.clone();
        for (key, reason) in &self.incoming.named {
            if all.len() < NAMED || all.contains_key(key) {
                all.insert(key.clone(), reason.clone());
            }
        }
        let all = all.into_iter();
        all.map(|(key, reason)| BadObject { key, reason }).collect()
    }

    /// An object is bad, in a list or not. Without a known key, what a watch brings is another one
    /// each time, and what a list brings is news if the list before had fewer of the kind.
    pub(crate) fn report(
        &mut self,
        key: Option<&Key>,
        reason: &Arc<str>,
        listing: bool,
    ) -> Novelty {
        let Self { now, incoming, .. } = self;
        let Some(key) = key else {
            let known = listing && incoming.add_nameless(reason) <= now.nameless_of(reason);
            if !listing {
                now.add_nameless(reason);
            }
            return if known {
                Novelty::Known
            } else {
                Novelty::Warning
            };
        };
        let hash = self.hasher.hash_one(key);
        let known = now.knows(key, hash, reason) || listing && incoming.knows(key, hash, reason);
        let set = if listing { incoming } else { now };
        match set.add(key, hash, reason) {
            _ if known => Novelty::Known,
            novelty => novelty,
        }
    }

    /// An object is good or gone, in a list or not.
    pub(crate) fn clear(&mut self, key: &Key, listing: bool) {
        let hash = self.hasher.hash_one(key);
        let set = if listing {
            &mut self.incoming
        } else {
            &mut self.now
        };
        set.named.remove(key);
        set.hashed.remove(&hash);
    }

    /// A list begins.
    pub(crate) fn begin_list(&mut self) {
        self.incoming = Set::default();
    }

    /// A list is complete: what is bad in it is what is bad.
    pub(crate) fn end_list(&mut self) {
        self.now = std::mem::take(&mut self.incoming);
    }
}

impl Set {
    fn count(&self) -> u64 {
        (self.named.len() + self.hashed.len()) as u64 + self.nameless
    }

    /// True if it is bad for this reason. For those that are only counted any reason will do.
    fn knows(&self, key: &Key, hash: u64, reason: &Arc<str>) -> bool {
        self.named.get(key) == Some(reason) || self.hashed.contains(&hash)
    }

    /// Adds one, and says how well it could be kept.
    fn add(&mut self, key: &Key, hash: u64, reason: &Arc<str>) -> Novelty {
        if self.named.len() < NAMED || self.named.contains_key(key) {
            self.hashed.remove(&hash);
            self.named.insert(key.clone(), reason.clone());
            return Novelty::Warning;
        }
        if self.hashed.len() < HASHED {
            self.hashed.insert(hash);
            return Novelty::Notice;
        }
        Novelty::Known
    }

    /// Counts one without a key, and says how many there are for its reason.
    fn add_nameless(&mut self, reason: &Arc<str>) -> u64 {
        self.nameless += 1;
        if self.reasons.len() >= REASONS && !self.reasons.contains_key(reason) {
            return 0;
        }
        let count = self.reasons.entry(reason.clone()).or_default();
        *count += 1;
        *count
    }

    fn nameless_of(&self, reason: &str) -> u64 {
        self.reasons.get(reason).copied().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(number: usize) -> Key {
        Key::new("a", &number.to_string())
    }

    #[test]
    fn a_thousand_are_named_and_the_others_counted() {
        let mut bad = BadObjects::default();
        let reason: Arc<str> = "no".into();
        let report = |bad: &mut BadObjects, number| bad.report(Some(&key(number)), &reason, false);
        for number in [0, 999] {
            assert_eq!(report(&mut bad, number), Novelty::Warning);
        }
        for number in 0..3_000 {
            report(&mut bad, number);
        }
        assert_eq!((bad.count(), bad.list().len()), (3_000, NAMED));
        assert_eq!(report(&mut bad, 2_999), Novelty::Known);
        assert_eq!(report(&mut bad, 3_000), Novelty::Notice);
        bad.clear(&key(2_999), false);
        bad.clear(&key(0), false);
        assert_eq!((bad.count(), bad.list().len()), (2_999, NAMED - 1));
        // There is room for a name again, which is no news.
        assert_eq!(report(&mut bad, 3_000), Novelty::Known);
        assert_eq!((bad.count(), bad.list().len()), (2_999, NAMED));
        for number in 0..NAMED + HASHED + 1_000 {
            report(&mut bad, number);
        }
        assert_eq!(bad.count(), (NAMED + HASHED) as u64);
        assert_eq!(report(&mut bad, NAMED + HASHED + 1_000), Novelty::Known);
        bad.begin_list();
        bad.end_list();
        assert_eq!(bad.count(), 0);
    }

    #[test]
    fn reasons_of_nameless_ones_are_bounded() {
        let mut bad = BadObjects::default();
        for number in 0..10 * REASONS {
            let reason = number.to_string().into();
            bad.report(None, &reason, true);
        }
        assert_eq!(bad.incoming.reasons.len(), REASONS);
        bad.end_list();
        assert_eq!(bad.count(), 10 * REASONS as u64);
    }
}
