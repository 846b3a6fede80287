//! Who was served what. What that says of the server is in [`suspicion`].

mod suspicion;

use std::fs::File;
use std::io::{self, Write};
use std::time::Duration;

use jiff::Timestamp;
use rustix::fs::OFlags;

use crate::client_process::ClientProcess;
use crate::key::Key;
use crate::store::Store;

pub(crate) use suspicion::REFRESH_WINDOW;

/// After how long one more process may be started to refresh a credential ahead.
const AHEAD_BACKOFF: Backoff = Backoff {
    first: Duration::from_secs(30),
    longest: Duration::from_secs(5 * 60),
};

/// How long a replacement counts in the backoff.
const REMEMBERED: Duration = Duration::from_secs(2 * 60 * 60);

/// A log of this size is shortened by whoever finds it.
const LONG: usize = 4 * 1024;

/// How many lines of each kind are kept of one that is shortened.
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
    /// The server seems to have refused the credential, and it was not replaced for that.
    Suspected,
    /// The server seems to have refused the credential, and it was replaced.
    Replaced,
    /// A process was started to refresh the credential ahead.
    Ahead,
}

/// `<what> <time> <generation> <number> <client>`, times in microseconds since the Unix epoch.
#[derive(Debug, Clone, Copy)]
struct Line<'a> {
    what: What,
    at: i64,
    generation: i64,
    /// Of one that was served, its [program](ClientProcess::program); of a suspicion, how much
    /// weight all of them have; else 0.
    number: u64,
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

    pub(crate) fn served(&mut self, client: &ClientProcess, generation: Timestamp, now: Timestamp) {
        let program = client.program().unwrap_or(0);
        self.append(What::Served, program, client.as_str(), generation, now);
    }

    pub(crate) fn replaced(
        &mut self,
        client: &ClientProcess,
        generation: Timestamp,
        now: Timestamp,
    ) {
        self.append(What::Replaced, 0, client.as_str(), generation, now);
    }

    /// Whether a process is to be started that refreshes the credential of this generation ahead. If
    /// so, that is noted, and the next ones find that it is not.
    pub(crate) fn begins_ahead(&mut self, generation: Timestamp, now: Timestamp) -> bool {
        let this = generation.as_microsecond();
        let is_this = |line: &Line<'_>| line.what == What::Ahead && line.generation == this;
        let begins = AHEAD_BACKOFF.is_over(self.lines().filter(is_this), now);
        if begins {
            self.append(What::Ahead, 0, "-", generation, now);
        }
        begins
    }

    /// One write, so that lines of several processes stay whole. That it is there is a courtesy:
    /// what cannot be written is left out.
    fn append(
        &mut self,
        what: What,
        number: u64,
        client: &str,
        generation: Timestamp,
        now: Timestamp,
    ) {
        let line = Line {
            what,
            at: now.as_microsecond(),
            generation: generation.as_microsecond(),
            number,
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

    /// Keeps the last lines of each kind: what a limit is counted by is not crowded out by who was
    /// served.
    fn shorten(&mut self, now: Timestamp, generation: Option<Timestamp>) -> io::Result<()> {
        let generation = generation.map(Timestamp::as_microsecond);
        let is_kept = |line: &Line<'_>| match line.what {
            What::Replaced => age(line.at, now).is_some_and(|age| age < REMEMBERED),
            What::Served | What::Suspected | What::Ahead => {
                generation.is_none_or(|this| this == line.generation)
            }
        };
        let kept: Vec<_> = self.lines().filter(is_kept).collect();
        let mut text = String::new();
        for what in What::ALL {
            let lines: Vec<_> = kept.iter().filter(|line| line.what == what).collect();
            let beyond = lines.len().saturating_sub(KEPT_LINES);
            text.extend(lines[beyond..].iter().map(|line| line.to_text()));
        }
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

impl What {
    const ALL: [Self; 4] = [Self::Replaced, Self::Ahead, Self::Suspected, Self::Served];

    fn as_str(self) -> &'static str {
        match self {
            Self::Served => "served",
            Self::Suspected => "suspected",
            Self::Replaced => "replaced",
            Self::Ahead => "ahead",
        }
    }
}

impl<'a> Line<'a> {
    fn parse(text: &'a str) -> Option<Self> {
        let mut fields = text.splitn(5, ' ');
        let what = fields.next()?;
        let what = What::ALL.into_iter().find(|known| known.as_str() == what)?;
        Some(Self {
            what,
            at: fields.next()?.parse().ok()?,
            generation: fields.next()?.parse().ok()?,
            number: fields.next()?.parse().ok()?,
            client: fields.next()?,
        })
    }

    fn to_text(self) -> String {
        let what = self.what.as_str();
        let Self {
            at,
            generation,
            number,
            client,
            ..
        } = self;
        format!("{what} {at} {generation} {number} {client}\n")
    }
}

impl Backoff {
    /// Whether, after those that are remembered, it is time for one more.
    fn is_over<'a>(&self, attempts: impl Iterator<Item = Line<'a>>, now: Timestamp) -> bool {
        let recent: Vec<Duration> = remembered(attempts, now).collect();
        let Some(last) = recent.iter().min() else {
            return true;
        };
        let doublings = u32::try_from(recent.len() - 1).unwrap_or(u32::MAX).min(16);
        *last >= (self.first * (1 << doublings)).min(self.longest)
    }
}

/// How long ago those lines were written that still count.
fn remembered<'a>(
    lines: impl Iterator<Item = Line<'a>>,
    now: Timestamp,
) -> impl Iterator<Item = Duration> {
    let ages = lines.filter_map(move |line| age(line.at, now));
    ages.filter(|age| *age < REMEMBERED)
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

    pub(in crate::served) struct Bench {
        pub(in crate::served) store: Store,
        _folder: tempfile::TempDir,
    }

    pub(in crate::served) fn bench() -> Bench {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("entries")).unwrap();
        Bench {
            store,
            _folder: folder,
        }
    }

    pub(in crate::served) fn key() -> Key {
        Key::from_hex(&"07".repeat(32)).unwrap()
    }

    pub(in crate::served) fn client(number: u32) -> ClientProcess {
        of_program(number, None)
    }

    /// None of these processes is there: they have ended.
    pub(in crate::served) fn of_program(number: u32, program: Option<u64>) -> ClientProcess {
        let identity = format!("{number} 55 pid:[4026531836] boot");
        ClientProcess::from_identity(&identity, program)
    }

    pub(in crate::served) fn at(millis: i64) -> Timestamp {
        Timestamp::from_millisecond(1_800_000_000_000 + millis).unwrap()
    }

    pub(in crate::served) const GENERATION: i64 = -60_000;

    #[test]
    fn what_one_process_writes_another_reads() {
        let bench = bench();
        let generation = at(GENERATION);
        let mut log = ServedLog::open(&bench.store, key()).unwrap();
        log.served(&client(1), generation, at(0));
        let mut other = ServedLog::open_existing(&bench.store, key()).unwrap();
        assert!(other.is_refused(&client(1), generation, at(50)));
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
        let mut log = ServedLog::open_existing(&bench.store, key()).unwrap();
        assert_eq!(log.lines().count(), 1);
        assert!(!log.is_refused(&client(1), at(GENERATION), at(50)));
        // Another generation; the limit is still that of the last.
        log.served(&client(1), at(20), at(30));
        assert!(!log.is_refused(&client(1), at(20), at(50)));
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
        assert!(!log.is_refused(&client(499), at(GENERATION), at(10_000)));
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
        let mut log = ServedLog::open_existing(&bench.store, key()).unwrap();
        assert!(log.is_refused(&client(499), at(GENERATION), at(10_000)));
        assert!(!log.is_refused(&client(0), at(GENERATION), at(10_000)));
    }
}
