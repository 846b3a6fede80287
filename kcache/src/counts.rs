//! What a publisher has done so far, in numbers.

use std::fmt;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock, Weak};
use std::time::Duration;

use tokio::time::Instant;

use crate::sync::{Mutex, lock};

/// What a publisher holds and has done since it was made, of
/// [`Publisher::counts`](crate::Publisher::counts).
///
/// What is of a source is zero where there is none: of views, joins and other derived sets. Of several
/// namespaces it is the sum. Counting costs less than a tenth of a microsecond an event, and reading some loads
/// and a lock for each subscription.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Counts {
    /// How many objects are there.
    pub objects: usize,
    /// How many commits there were that changed something.
    pub commits: u64,
    /// How many changes these were of: creates, updates and deletes.
    pub changes: u64,
    /// How long all commits took, with the delivery of their changes to subscribers. Commits of 64 changes and
    /// more are timed; of the smaller ones one in 16, for all.
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
    /// How long that took. Objects of 64 KiB and more are timed; of the smaller ones one in 16, for all.
    pub decode_time: Duration,
    /// How many bytes of objects came, in lists and watches.
    pub received_bytes: u64,
    /// How long ago the source last said something that made the state up to date: an event, a
    /// bookmark, a list, a new watch. So far it may be behind. A server sends a bookmark about once a minute
    /// if it has anything newer to say, and one that is idle only a new watch, every five to ten minutes.
    /// `None` before the first list, and of what is derived. Of several namespaces it is the longest, and one
    /// that was not listed yet counts from when it was first followed.
    pub behind: Option<Duration>,
    /// What the stored form says of itself; `None` where it says nothing, as of typed objects: what these take
    /// in memory nobody counts.
    pub form: Option<FormCounts>,
    /// How many subscriptions there are, with those of views, joins and all else that follows it.
    pub subscriptions: usize,
    /// How many changes wait for the subscription for which the most wait.
    pub most_waiting: usize,
    /// How often a subscription began to lag, so that its changes were merged.
    pub lags: u64,
    /// How many changes no subscription got by themselves, because it lagged and they were merged into others.
    pub merged: u64,
}

/// What a stored form holds and has done, if it counts that itself: see
/// [`Codec::form_counts`](crate::Codec::form_counts).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct FormCounts {
    /// How many bytes of content are held now, wherever its objects are.
    pub held_bytes: u64,
    /// How many bytes the same objects would be as they came.
    pub plain_bytes: u64,
    /// How many times content was decoded for whoever asked for it.
    pub decoded: u64,
}

/// Asks a stored form for its counts, whenever somebody reads them.
///
/// # Example
///
/// ```
/// use kcache::{FormCounts, FormCounter};
/// let counter = FormCounter::new(|| {
///     let mut counts = FormCounts::default();
///     counts.held_bytes = 17;
///     counts
/// });
/// assert_eq!(counter.read().held_bytes, 17);
/// ```
#[derive(Clone)]
pub struct FormCounter(Arc<dyn Fn() -> FormCounts + Send + Sync>);

impl FormCounter {
    /// One that this answers.
    pub fn new(read: impl Fn() -> FormCounts + Send + Sync + 'static) -> Self {
        Self(Arc::new(read))
    }

    /// What it says now.
    pub fn read(&self) -> FormCounts {
        (self.0)()
    }
}

impl fmt::Debug for FormCounter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("FormCounter").field(&self.read()).finish()
    }
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

impl Relist {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Expired => "expired",
            Self::Behind => "behind",
            Self::Refused => "refused",
            Self::Broken => "broken",
            Self::Resharded => "resharded",
            Self::Other => "other",
        }
    }
}

impl Relists {
    /// Each with its name.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, u64)> {
        [
            (Relist::Expired.name(), self.expired),
            (Relist::Behind.name(), self.behind),
            (Relist::Refused.name(), self.refused),
            (Relist::Broken.name(), self.broken),
            (Relist::Resharded.name(), self.resharded),
            (Relist::Other.name(), self.other),
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
    /// Adds what was timed; nothing was if it was left out.
    pub(crate) fn add(&self, timed: Option<&Timed>) {
        let Some(Timed { start, stands_for }) = timed else {
            return;
        };
        let nanos = start.elapsed().as_nanos() * u128::from(*stands_for);
        self.0.add(u64::try_from(nanos).unwrap_or(u64::MAX));
    }

    pub(crate) fn get(&self) -> Duration {
        Duration::from_nanos(self.0.get())
    }
}

/// Times what is done often without reading the clock each time: of what is small the first and then one in
/// [`EVERY`], which stands for those before it.
#[derive(Default)]
pub(crate) struct Sampler {
    /// So many are left out yet.
    left: u32,
    /// So many were left out since the last one.
    passed: u32,
}

/// Something whose time is taken.
pub(crate) struct Timed {
    start: std::time::Instant,
    stands_for: u32,
}

const EVERY: u32 = 16;

impl Sampler {
    /// Begins something. What is large is timed for itself.
    pub(crate) fn start(&mut self, is_large: bool) -> Option<Timed> {
        let mut stands_for = 1;
        if !is_large {
            if self.left > 0 {
                self.left -= 1;
                self.passed += 1;
                return None;
            }
            self.left = EVERY - 1;
            stands_for += std::mem::take(&mut self.passed);
        }
        let start = std::time::Instant::now();
        Some(Timed { start, stands_for })
    }
}

/// When one source last said something that made the state up to date.
pub(crate) struct Freshness {
    started: Instant,
    /// Milliseconds from the start, and one more; 0 for never.
    heard: AtomicU64,
}

impl Default for Freshness {
    fn default() -> Self {
        Self {
            started: Instant::now(),
            heard: AtomicU64::default(),
        }
    }
}

impl Freshness {
    /// The state is as new as the source's.
    pub(crate) fn hear(&self) {
        let millis = u64::try_from(self.started.elapsed().as_millis());
        let millis = millis.unwrap_or(u64::MAX - 1);
        self.heard.store(millis + 1, Ordering::Relaxed);
    }

    pub(crate) fn behind(&self) -> Option<Duration> {
        let (time, has_spoken) = self.silent();
        has_spoken.then_some(time)
    }

    /// Since when it has said nothing, and whether it ever said something.
    fn silent(&self) -> (Duration, bool) {
        let heard = self.heard.load(Ordering::Relaxed).checked_sub(1);
        let at = Duration::from_millis(heard.unwrap_or_default());
        (self.started.elapsed().saturating_sub(at), heard.is_some())
    }
}

/// What subscriptions count together, beyond their ends.
#[derive(Default)]
pub(crate) struct LagCounts {
    pub(crate) lags: Count,
    pub(crate) merged: Count,
}

/// What a source counts.
#[derive(Default)]
pub(crate) struct SourceCounts {
    /// Of each source: one, or one a namespace.
    sources: Mutex<Vec<Weak<Freshness>>>,
    form: OnceLock<FormCounter>,
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

impl SourceCounts {
    /// One more source, which counts as long as it is there.
    pub(crate) fn follow(&self, source: &Arc<Freshness>) {
        let mut sources = lock(&self.sources);
        sources.retain(|source| source.strong_count() > 0);
        sources.push(Arc::downgrade(source));
    }

    pub(crate) fn behind(&self) -> Option<Duration> {
        let sources = lock(&self.sources);
        let silent = sources.iter().filter_map(Weak::upgrade);
        let silent: Vec<_> = silent.map(|source| source.silent()).collect();
        drop(sources);
        let any = silent.iter().any(|(_, has_spoken)| *has_spoken);
        let longest = silent.into_iter().map(|(time, _)| time).max();
        longest.filter(|_| any)
    }

    /// What the stored form counts itself. Namespaces have one codec, so the first is that of all.
    pub(crate) fn count_form(&self, counter: Option<FormCounter>) {
        if let Some(counter) = counter {
            let _ = self.form.set(counter);
        }
    }

    pub(crate) fn form(&self) -> Option<FormCounts> {
        self.form.get().map(FormCounter::read)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_in_sixteen_stands_for_all_and_what_is_large_for_itself() {
        let mut sampler = Sampler::default();
        let mut started = |is_large| sampler.start(is_large).map(|timed| timed.stands_for);
        let small: Vec<_> = (0..33).map(|_| started(false)).collect();
        assert_eq!(
            small.iter().flatten().copied().collect::<Vec<_>>(),
            [1, 16, 16]
        );
        assert_eq!(
            (small[0], small[16], small[32]),
            (Some(1), Some(16), Some(16))
        );
        assert_eq!((started(true), started(false)), (Some(1), None));
    }

    #[tokio::test(start_paused = true)]
    async fn the_source_that_was_silent_for_longest_counts_while_it_is_there() {
        let counts = SourceCounts::default();
        let sources = [(); 3].map(|()| Arc::new(Freshness::default()));
        let [quiet, lively, gone] = sources;
        for source in [&quiet, &lively, &gone] {
            counts.follow(source);
        }
        assert_eq!(counts.behind(), None, "none was listed");
        quiet.hear();
        tokio::time::advance(Duration::from_secs(5)).await;
        lively.hear();
        drop(gone);
        assert_eq!(counts.behind(), Some(Duration::from_secs(5)));
        drop(quiet);
        assert_eq!(counts.behind(), Some(Duration::ZERO));
        // One that was not listed yet hides behind no other.
        let new = Arc::new(Freshness::default());
        counts.follow(&new);
        tokio::time::advance(Duration::from_secs(7)).await;
        lively.hear();
        assert_eq!(counts.behind(), Some(Duration::from_secs(7)));
    }
}
