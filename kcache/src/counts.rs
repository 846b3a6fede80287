//! What a publisher has done so far, in numbers.

use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};
use std::time::Duration;

use tokio::time::Instant;

/// What a publisher holds and has done since it was made, of
/// [`Publisher::counts`](crate::Publisher::counts).
///
/// What is of a source is zero where there is none: of views, joins and other derived sets. Of several
/// namespaces it is the sum. Reading it costs
/// some loads, and counting less than a tenth of a microsecond an event.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Counts {
    /// How many objects are there.
    pub objects: usize,
    /// How many commits there were that changed something.
    pub commits: u64,
    /// How many changes these were of: creates, updates and deletes.
    pub changes: u64,
    /// How long all commits took, with the delivery of their changes to subscribers.
    pub commit_time: Duration,
    /// How many times a filter was evaluated for a commit.
    pub evaluations: u64,
    /// How many objects could not be taken in, as it stands now.
    pub bad_objects: u64,
    /// How often an object could not be taken in.
    pub bad_reports: u64,
    /// How many complete lists were taken in: the first, and the relists.
    pub lists: u64,
    /// How often it was listed again, and why.
    pub relists: Relists,
    /// How many watches were opened: all but the first are reconnects, of which a server asks for one every
    /// five to ten minutes.
    pub watches: u64,
    /// How many requests failed, or watches broke.
    pub failures: u64,
    /// Lists that were refused, because they were older than what was requested.
    pub stale_inputs: u64,
    /// How many objects were decoded.
    pub decoded: u64,
    /// How long that took.
    pub decode_time: Duration,
    /// How many bytes of objects came, in lists and watches.
    pub received_bytes: u64,
    /// How long ago the source last said something that made the state up to date: an event, a
    /// bookmark, a list, a new watch. So far it may be behind. A server sends a bookmark about once a minute
    /// if it has anything newer to say, and one that is idle only a new watch, every five to ten minutes.
    /// `None` before the first list, and of what is derived. Of several namespaces it is the shortest.
    pub behind: Option<Duration>,
}

/// How often an informer listed again, by the cause.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Relists {
    /// The server no longer had the version that the watch was to go on from (410).
    pub expired: u64,
    /// The server's versions are lower than what was seen: it was restored from a backup.
    pub behind: u64,
    /// The server answered a watch with another error, or sent one in it.
    pub refused: u64,
    /// The watch broke, was silent, or held what cannot be read.
    pub broken: u64,
    /// It was given another shard.
    pub resharded: u64,
    /// Anything else, as a server that gives no versions.
    pub other: u64,
}

impl Relists {
    /// Each with its name.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, u64)> {
        [
            ("expired", self.expired),
            ("behind", self.behind),
            ("refused", self.refused),
            ("broken", self.broken),
            ("resharded", self.resharded),
            ("other", self.other),
        ]
        .into_iter()
    }
}

/// Why it is listed again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Relist {
    Expired,
    Behind,
    Refused,
    Broken,
    Resharded,
    Other,
}

/// A number that goes up.
#[derive(Default)]
pub(crate) struct Count(AtomicU64);

impl Count {
    pub(crate) fn add(&self, more: u64) {
        self.0.fetch_add(more, Ordering::Relaxed);
    }

    pub(crate) fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// Yes, no, or not known, for all threads to see.
#[derive(Default)]
pub(crate) struct Known(AtomicU8);

impl Known {
    pub(crate) fn set(&self, known: Option<bool>) {
        let code = match known {
            None => 0,
            Some(false) => 1,
            Some(true) => 2,
        };
        self.0.store(code, Ordering::Relaxed);
    }

    pub(crate) fn get(&self) -> Option<bool> {
        let code = self.0.load(Ordering::Relaxed);
        (code > 0).then_some(code == 2)
    }
}

/// Time that is spent.
#[derive(Default)]
pub(crate) struct Spent(Count);

impl Spent {
    pub(crate) fn since(&self, start: std::time::Instant) {
        let nanos = start.elapsed().as_nanos();
        self.0.add(u64::try_from(nanos).unwrap_or(u64::MAX));
    }

    pub(crate) fn get(&self) -> Duration {
        Duration::from_nanos(self.0.get())
    }
}

/// What a source counts.
pub(crate) struct SourceCounts {
    started: Instant,
    /// Milliseconds from the start, and one more; 0 for never.
    heard: AtomicU64,
    pub(crate) lists: Count,
    relists: [Count; 6],
    pub(crate) watches: Count,
    pub(crate) failures: Count,
    pub(crate) decoded: Count,
    pub(crate) decode_time: Spent,
    pub(crate) received: Count,
    bad_objects: AtomicU64,
    pub(crate) bad_reports: Count,
}

impl Default for SourceCounts {
    fn default() -> Self {
        Self {
            started: Instant::now(),
            heard: AtomicU64::default(),
            lists: Count::default(),
            relists: Default::default(),
            watches: Count::default(),
            failures: Count::default(),
            decoded: Count::default(),
            decode_time: Spent::default(),
            received: Count::default(),
            bad_objects: AtomicU64::default(),
            bad_reports: Count::default(),
        }
    }
}

impl SourceCounts {
    /// The state is as new as the source's.
    pub(crate) fn hear(&self) {
        let millis = u64::try_from(self.started.elapsed().as_millis());
        let millis = millis.unwrap_or(u64::MAX - 1);
        self.heard.store(millis + 1, Ordering::Relaxed);
    }

    pub(crate) fn behind(&self) -> Option<Duration> {
        let heard = self.heard.load(Ordering::Relaxed).checked_sub(1)?;
        let heard = Duration::from_millis(heard);
        Some(self.started.elapsed().saturating_sub(heard))
    }

    /// So many more objects are bad, or fewer.
    pub(crate) fn change_bad(&self, before: u64, now: u64) {
        if now >= before {
            self.bad_objects.fetch_add(now - before, Ordering::Relaxed);
        } else {
            self.bad_objects.fetch_sub(before - now, Ordering::Relaxed);
        }
    }

    pub(crate) fn bad_objects(&self) -> u64 {
        self.bad_objects.load(Ordering::Relaxed)
    }

    pub(crate) fn relisted(&self, why: Relist) {
        self.relists[why as usize].add(1);
    }

    pub(crate) fn relists(&self) -> Relists {
        let count = |why: Relist| self.relists[why as usize].get();
        Relists {
            expired: count(Relist::Expired),
            behind: count(Relist::Behind),
            refused: count(Relist::Refused),
            broken: count(Relist::Broken),
            resharded: count(Relist::Resharded),
            other: count(Relist::Other),
        }
    }
}
