//! Who was served what, and how a credential that the server refused shows in it.
//!
//! A client tells its plugin nothing of a 401; it runs it again (client-go does so within the same
//! process). So a client process that asks a second time for the very credential that it was given,
//! long before it ends, is how a rejection looks from here.

use std::fs::File;
use std::io::{self, Write};
use std::time::Duration;

use jiff::Timestamp;
use rustix::fs::OFlags;

use crate::client_process::ClientProcess;
use crate::key::Key;
use crate::store::Store;

/// Two asks that are nearer to each other have no request to a server in between: kube-rs asks
/// several times while it makes one client, each time a millisecond or three after the last.
const LEAST_TIME: Duration = Duration::from_millis(5);

/// Clients ask again by themselves when a credential is near its end: kube-rs 60 s, the Python
/// client five minutes before it.
pub(crate) const REFRESH_WINDOW: Duration = Duration::from_secs(6 * 60);

/// After how long one client process may bring a credential to be replaced again: the first time;
/// it doubles each time.
const CLIENT_BACKOFF: Backoff = Backoff {
    first: Duration::from_secs(60),
    longest: Duration::from_secs(60 * 60),
};

/// The same for a credential, whoever asks: many short processes that each ask twice for reasons of
/// their own must not defeat the cache.
const KEY_BACKOFF: Backoff = Backoff {
    first: Duration::from_secs(60),
    longest: Duration::from_secs(15 * 60),
};

/// After how long one more process may be started to refresh a credential ahead.
const AHEAD_BACKOFF: Backoff = Backoff {
    first: Duration::from_secs(30),
    longest: Duration::from_secs(5 * 60),
};

/// How long a replacement counts in the backoff.
const REMEMBERED: Duration = Duration::from_secs(2 * 60 * 60);

/// A log of this size is shortened by whoever finds it.
const LONG: usize = 4 * 1024;

/// How many lines of who was served, and as many of all else, are kept of one that is shortened.
const KEPT_LINES: usize = 16;

const EXTENSION: &str = "served";

/// The served-log of one key: a line for each time that its credential was given out.
///
/// Lines are appended, without a lock. Whoever shortens the file writes a new one and renames it; a
/// line that another appends meanwhile is lost, which costs one more 401.
pub(crate) struct ServedLog<'a> {
    store: &'a Store,
    key: Key,
    file: File,
    text: String,
}

/// What a line tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum What {
    /// The credential was given to the client.
    Served,
    /// The client's repeated ask had the credential replaced.
    Replaced,
    /// A process was started to refresh the credential ahead.
    Ahead,
}

/// `<what> <time> <generation> <client>`, times in microseconds since the Unix epoch.
#[derive(Debug, Clone, Copy)]
struct Line<'a> {
    what: What,
    at: i64,
    generation: i64,
    client: &'a str,
}

/// Waiting times that double.
struct Backoff {
    first: Duration,
    longest: Duration,
}

impl<'a> ServedLog<'a> {
    /// Opens and reads the log of `key`; one that cannot be used is done without.
    pub(crate) fn open(store: &'a Store, key: Key) -> Option<Self> {
        Self::read(store, key, OFlags::CREATE)
    }

    /// The same where there is one already.
    pub(crate) fn open_existing(store: &'a Store, key: Key) -> Option<Self> {
        Self::read(store, key, OFlags::empty())
    }

    fn read(store: &'a Store, key: Key, flags: OFlags) -> Option<Self> {
        let (file, bytes) = store.open_log(key, EXTENSION, flags, 2 * LONG).ok()?;
        // Lines that are none are passed over; nothing else in them matters.
        let text = String::from_utf8(bytes)
            .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned());
        Some(Self {
            store,
            key,
            file,
            text,
        })
    }

    /// Whether the server seems to have refused the credential of this generation: it was given to
    /// `client` before, which had the time to send it and to be refused. Whether it may be replaced
    /// is another question.
    pub(crate) fn is_refused(
        &self,
        client: &ClientProcess,
        generation: Timestamp,
        now: Timestamp,
    ) -> bool {
        let generation = generation.as_microsecond();
        let is_this = |line: &Line<'_>| line.what == What::Served && line.generation == generation;
        let served = self.lines_of(client).filter(is_this).map(|line| line.at);
        let last = served.max().and_then(|last| age(last, now));
        last.is_some_and(|age| age >= LEAST_TIME)
    }

    /// Whether the last replacements are long enough ago for one more.
    pub(crate) fn allows_replacement(&self, client: &ClientProcess, now: Timestamp) -> bool {
        let replaced = |line: &Line<'_>| line.what == What::Replaced;
        CLIENT_BACKOFF.is_over(self.lines_of(client).filter(replaced), now)
            && KEY_BACKOFF.is_over(self.lines().filter(replaced), now)
    }

    pub(crate) fn served(&mut self, client: &ClientProcess, generation: Timestamp, now: Timestamp) {
        self.append(What::Served, client.as_str(), generation, now);
    }

    pub(crate) fn replaced(
        &mut self,
        client: &ClientProcess,
        generation: Timestamp,
        now: Timestamp,
    ) {
        self.append(What::Replaced, client.as_str(), generation, now);
    }

    /// Whether a process is to be started that refreshes the credential of this generation ahead. If
    /// so, that is noted, and the next ones find that it is not.
    pub(crate) fn begins_ahead(&mut self, generation: Timestamp, now: Timestamp) -> bool {
        let this = generation.as_microsecond();
        let is_this = |line: &Line<'_>| line.what == What::Ahead && line.generation == this;
        let begins = AHEAD_BACKOFF.is_over(self.lines().filter(is_this), now);
        if begins {
            self.append(What::Ahead, "-", generation, now);
        }
        begins
    }

    /// One write, so that lines of several processes stay whole. That it is there is a courtesy:
    /// what cannot be written is left out.
    fn append(&mut self, what: What, client: &str, generation: Timestamp, now: Timestamp) {
        let line = Line {
            what,
            at: now.as_microsecond(),
            generation: generation.as_microsecond(),
            client,
        };
        let line = line.to_text();
        if self.text.len() >= LONG {
            let _ = self.shorten(now, None);
        }
        let _ = self.file.write_all(line.as_bytes());
        self.text.push_str(&line);
    }

    /// Forgets who was served an earlier generation than this one.
    pub(crate) fn begin(&mut self, generation: Timestamp, now: Timestamp) {
        if !self.text.is_empty() {
            let _ = self.shorten(now, Some(generation));
        }
    }

    /// Keeps what a limit is counted by before it keeps who was served: there is little of that.
    fn shorten(&mut self, now: Timestamp, generation: Option<Timestamp>) -> io::Result<()> {
        let generation = generation.map(Timestamp::as_microsecond);
        let is_kept = |line: &Line<'_>| match line.what {
            What::Replaced => age(line.at, now).is_some_and(|age| age < REMEMBERED),
            What::Served | What::Ahead => generation.is_none_or(|this| this == line.generation),
        };
        let kept = self.lines().filter(is_kept);
        let (served, limits): (Vec<_>, Vec<_>) = kept.partition(|line| line.what == What::Served);
        let last = [limits, served].into_iter().flat_map(|lines| {
            let beyond = lines.len().saturating_sub(KEPT_LINES);
            lines.into_iter().skip(beyond)
        });
        let text: String = last.map(Line::to_text).collect();
        self.file = self
            .store
            .replace_log(self.key, EXTENSION, text.as_bytes())?;
        self.text = text;
        Ok(())
    }

    fn lines(&self) -> impl Iterator<Item = Line<'_>> {
        self.text.split('\n').filter_map(Line::parse)
    }

    /// Only lines of this client are taken apart: this is on the way of every hit.
    fn lines_of(&self, client: &ClientProcess) -> impl Iterator<Item = Line<'_>> {
        let client = client.as_str();
        let lines = self.text.split('\n');
        let ours = lines.filter(move |line| line.ends_with(client));
        let ours = ours.filter_map(Line::parse);
        ours.filter(move |line| line.client == client)
    }
}

impl<'a> Line<'a> {
    fn parse(text: &'a str) -> Option<Self> {
        let mut fields = text.splitn(4, ' ');
        let what = match fields.next()? {
            "served" => What::Served,
            "replaced" => What::Replaced,
            "ahead" => What::Ahead,
            _ => return None,
        };
        Some(Self {
            what,
            at: fields.next()?.parse().ok()?,
            generation: fields.next()?.parse().ok()?,
            client: fields.next()?,
        })
    }

    fn to_text(self) -> String {
        let what = match self.what {
            What::Served => "served",
            What::Replaced => "replaced",
            What::Ahead => "ahead",
        };
        format!("{what} {} {} {}\n", self.at, self.generation, self.client)
    }
}

impl Backoff {
    /// Whether, after those that are remembered, it is time for one more.
    fn is_over<'a>(&self, attempts: impl Iterator<Item = Line<'a>>, now: Timestamp) -> bool {
        let ages = attempts.filter_map(|line| age(line.at, now));
        let recent: Vec<Duration> = ages.filter(|age| *age < REMEMBERED).collect();
        let Some(last) = recent.iter().min() else {
            return true;
        };
        let doublings = u32::try_from(recent.len() - 1).unwrap_or(u32::MAX).min(16);
        *last >= (self.first * (1 << doublings)).min(self.longest)
    }
}

/// How long ago that was; `None` where the clock was set back since.
fn age(at: i64, now: Timestamp) -> Option<Duration> {
    u64::try_from(now.as_microsecond() - at)
        .ok()
        .map(Duration::from_micros)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Store;

    struct Bench {
        store: Store,
        _folder: tempfile::TempDir,
    }

    fn bench() -> Bench {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("entries")).unwrap();
        Bench {
            store,
            _folder: folder,
        }
    }

    fn key() -> Key {
        Key::from_hex(&"07".repeat(32)).unwrap()
    }

    fn client(number: u32) -> ClientProcess {
        ClientProcess::from_identity(&format!("{number} 55 pid:[4026531836] boot"))
    }

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_millisecond(1_800_000_000_000 + millis).unwrap()
    }

    const GENERATION: i64 = -60_000;

    #[test]
    fn asks_in_one_breath_are_no_refusal() {
        let bench = bench();
        let mut log = ServedLog::open(&bench.store, key()).unwrap();
        let generation = at(GENERATION);
        assert!(!log.is_refused(&client(1), generation, at(0)));
        log.served(&client(1), generation, at(0));
        for (millis, refused) in [(0, false), (4, false), (5, true), (3_600_000, true)] {
            assert_eq!(log.is_refused(&client(1), generation, at(millis)), refused);
        }
        assert!(
            !log.is_refused(&client(11), generation, at(50)),
            "another one"
        );
        assert!(
            !log.is_refused(&client(1), at(0), at(50)),
            "another credential"
        );
        assert!(
            !log.is_refused(&client(1), generation, at(-50)),
            "another time"
        );
        log.served(&client(1), generation, at(48));
        assert!(
            !log.is_refused(&client(1), generation, at(50)),
            "the last one counts"
        );
    }

    #[test]
    fn what_one_process_writes_another_reads() {
        let bench = bench();
        let generation = at(GENERATION);
        let mut log = ServedLog::open(&bench.store, key()).unwrap();
        log.served(&client(1), generation, at(0));
        let other = ServedLog::open_existing(&bench.store, key()).unwrap();
        assert!(other.is_refused(&client(1), generation, at(50)));
    }

    #[test]
    fn a_client_waits_twice_as_long_each_time() {
        const MINUTE: i64 = 60_000;
        let bench = bench();
        let mut log = ServedLog::open(&bench.store, key()).unwrap();
        let mut last = 0;
        for minutes in [0, 1, 2, 4, 8, 16, 32] {
            let due = last + minutes * MINUTE;
            if minutes > 0 {
                assert!(
                    !log.allows_replacement(&client(1), at(due - 1)),
                    "{minutes}"
                );
            }
            assert!(log.allows_replacement(&client(1), at(due)), "{minutes}");
            log.replaced(&client(1), at(GENERATION), at(due));
            last = due;
        }
        assert!(!log.allows_replacement(&client(2), at(last + 15 * MINUTE - 1)));
        assert!(log.allows_replacement(&client(2), at(last + 15 * MINUTE)));
        assert!(log.allows_replacement(&client(1), at(last + 120 * MINUTE)));
    }

    #[test]
    fn one_process_at_a_time_refreshes_ahead() {
        let bench = bench();
        let mut log = ServedLog::open(&bench.store, key()).unwrap();
        assert!(log.begins_ahead(at(GENERATION), at(0)));
        assert!(!log.begins_ahead(at(GENERATION), at(29_999)));
        assert!(log.begins_ahead(at(1), at(20_000)), "another generation");
        assert!(log.begins_ahead(at(GENERATION), at(30_000)));
        assert!(!log.begins_ahead(at(GENERATION), at(89_999)));
        assert!(log.begins_ahead(at(GENERATION), at(90_000)));
    }

    #[test]
    fn a_new_generation_forgets_who_was_served_and_remembers_replacements() {
        let bench = bench();
        let mut log = ServedLog::open(&bench.store, key()).unwrap();
        log.served(&client(1), at(GENERATION), at(0));
        log.replaced(&client(1), at(GENERATION), at(10));
        log.begin(at(20), at(20));
        let log = ServedLog::open_existing(&bench.store, key()).unwrap();
        assert!(!log.is_refused(&client(1), at(GENERATION), at(50)));
        assert!(!log.allows_replacement(&client(1), at(50)));
        assert_eq!(log.lines().count(), 1);
    }

    #[test]
    fn however_many_are_served_the_limits_hold() {
        let bench = bench();
        let mut log = ServedLog::open(&bench.store, key()).unwrap();
        log.replaced(&client(1), at(GENERATION), at(0));
        assert!(log.begins_ahead(at(GENERATION), at(0)));
        for number in 0..500 {
            log.served(&client(number), at(GENERATION), at(i64::from(number)));
        }
        let mut log = ServedLog::open_existing(&bench.store, key()).unwrap();
        assert!(!log.allows_replacement(&client(2), at(10_000)));
        assert!(!log.begins_ahead(at(GENERATION), at(10_000)));
    }

    #[test]
    fn a_long_log_is_shortened_and_keeps_the_last_lines() {
        let bench = bench();
        let mut log = ServedLog::open(&bench.store, key()).unwrap();
        for number in 0..500 {
            log.served(&client(number), at(GENERATION), at(i64::from(number)));
            assert!(log.text.len() < LONG + 200);
        }
        let log = ServedLog::open_existing(&bench.store, key()).unwrap();
        assert!(log.is_refused(&client(499), at(GENERATION), at(10_000)));
        assert!(!log.is_refused(&client(0), at(GENERATION), at(10_000)));
    }
}
