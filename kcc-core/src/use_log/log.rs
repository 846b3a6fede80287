use std::fs::File;
use std::io::{self, Write};
use std::time::Duration;

use jiff::Timestamp;
use rustix::fs::OFlags;

use super::line::{Backoff, Event, Line, REMEMBERED, age};
use crate::key::Key;
use crate::process::ClientProcess;
use crate::store::{Store, USES};

/// After how long one more process may be started to refresh a credential ahead.
const AHEAD_BACKOFF: Backoff = Backoff {
    first: Duration::from_secs(30),
    longest: Duration::from_secs(5 * 60),
};

/// A log of this size is shortened by whoever finds it.
const LONG: usize = 4 * 1024;

/// How many lines of each kind are kept of one that is shortened.
const KEPT_LINES: usize = 16;

/// The log of one key: a line for each time that its credential was given out.
///
/// Lines are appended, without a lock. Whoever shortens the file writes a new one and renames it; a
/// line that another appends meanwhile is lost, which costs one more 401.
pub(crate) struct UseLog<'a> {
    store: &'a Store,
    key: Key,
    file: File,
    text: String,
}

impl<'a> UseLog<'a> {
    /// Opens and reads the log of `key`; one that cannot be used is done without.
    pub(crate) fn open(store: &'a Store, key: Key) -> Option<Self> {
        Self::read(store, key, OFlags::CREATE)
    }

    /// The same where there is one already.
    pub(crate) fn open_existing(store: &'a Store, key: Key) -> Option<Self> {
        Self::read(store, key, OFlags::empty())
    }

    fn read(store: &'a Store, key: Key, flags: OFlags) -> Option<Self> {
        let (file, bytes) = store.open_log(key, USES, flags, 2 * LONG).ok()?;
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

    pub(crate) fn note_use(
        &mut self,
        client: &ClientProcess,
        generation: Timestamp,
        now: Timestamp,
    ) {
        let program = client.program().unwrap_or(0);
        self.append(Event::Used, program, client.as_str(), generation, now);
    }

    pub(crate) fn note_replacement(
        &mut self,
        client: &ClientProcess,
        generation: Timestamp,
        now: Timestamp,
    ) {
        self.append(Event::Replaced, 0, client.as_str(), generation, now);
    }

    /// Whether a process is to be started that refreshes the credential of this generation ahead. If
    /// so, that is noted, and the next ones find that it is not.
    pub(crate) fn begins_ahead(&mut self, generation: Timestamp, now: Timestamp) -> bool {
        let this = generation.as_microsecond();
        let is_this = |line: &Line<'_>| line.event == Event::Ahead && line.generation == this;
        let begins = AHEAD_BACKOFF.is_over(self.lines().filter(is_this), now);
        if begins {
            self.append(Event::Ahead, 0, "-", generation, now);
        }
        begins
    }

    /// One write, so that lines of several processes stay whole. That it is there is a courtesy:
    /// what cannot be written is left out.
    pub(super) fn append(
        &mut self,
        event: Event,
        number: u64,
        client: &str,
        generation: Timestamp,
        now: Timestamp,
    ) {
        let line = Line {
            event,
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

    /// Forgets who was given an earlier generation than this one.
    pub(crate) fn begin(&mut self, generation: Timestamp, now: Timestamp) {
        if !self.text.is_empty() {
            let _ = self.shorten(now, Some(generation));
        }
    }

    /// Keeps the last lines of each kind: what a limit is counted by is not crowded out by uses.
    fn shorten(&mut self, now: Timestamp, generation: Option<Timestamp>) -> io::Result<()> {
        let generation = generation.map(Timestamp::as_microsecond);
        let is_kept = |line: &Line<'_>| match line.event {
            Event::Replaced => age(line.at, now).is_some_and(|age| age < REMEMBERED),
            Event::Used | Event::Suspected | Event::Ahead => {
                generation.is_none_or(|this| this == line.generation)
            }
        };
        let kept: Vec<_> = self.lines().filter(is_kept).collect();
        let mut text = String::new();
        for event in Event::ALL {
            let lines: Vec<_> = kept.iter().filter(|line| line.event == event).collect();
            let beyond = lines.len().saturating_sub(KEPT_LINES);
            text.extend(lines[beyond..].iter().map(|line| line.to_text()));
        }
        self.file = self.store.replace_log(self.key, USES, text.as_bytes())?;
        self.text = text;
        Ok(())
    }

    pub(super) fn lines(&self) -> impl Iterator<Item = Line<'_>> {
        self.text.split('\n').filter_map(Line::parse)
    }

    /// Only lines of this client are taken apart: this is on the way of every hit.
    pub(super) fn lines_of(&self, client: &ClientProcess) -> impl Iterator<Item = Line<'_>> {
        let client = client.as_str();
        let lines = self.text.split('\n');
        let ours = lines.filter(move |line| line.ends_with(client));
        let ours = ours.filter_map(Line::parse);
        ours.filter(move |line| line.client == client)
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub(in crate::use_log) struct Bench {
        pub(in crate::use_log) store: Store,
        _folder: tempfile::TempDir,
    }

    pub(in crate::use_log) fn bench() -> Bench {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("entries")).unwrap();
        Bench {
            store,
            _folder: folder,
        }
    }

    pub(in crate::use_log) fn key() -> Key {
        Key::from_hex(&"07".repeat(32)).unwrap()
    }

    pub(in crate::use_log) fn client(number: u32) -> ClientProcess {
        of_program(number, None)
    }

    /// None of these processes is there: they have ended.
    pub(in crate::use_log) fn of_program(number: u32, program: Option<u64>) -> ClientProcess {
        let identity = format!("{number} 55 pid:[4026531836] boot");
        ClientProcess::from_identity(&identity, program)
    }

    pub(in crate::use_log) fn at(millis: i64) -> Timestamp {
        Timestamp::from_millisecond(1_800_000_000_000 + millis).unwrap()
    }

    pub(in crate::use_log) const GENERATION: i64 = -60_000;

    #[test]
    fn what_one_process_writes_another_reads() {
        let bench = bench();
        let generation = at(GENERATION);
        let mut log = UseLog::open(&bench.store, key()).unwrap();
        log.note_use(&client(1), generation, at(0));
        let mut other = UseLog::open_existing(&bench.store, key()).unwrap();
        assert!(other.is_refused(&client(1), generation, at(50)));
    }

    #[test]
    fn one_process_at_a_time_refreshes_ahead() {
        let bench = bench();
        let mut log = UseLog::open(&bench.store, key()).unwrap();
        assert!(log.begins_ahead(at(GENERATION), at(0)));
        assert!(!log.begins_ahead(at(GENERATION), at(29_999)));
        assert!(log.begins_ahead(at(1), at(20_000)), "another generation");
        assert!(log.begins_ahead(at(GENERATION), at(30_000)));
        assert!(!log.begins_ahead(at(GENERATION), at(89_999)));
        assert!(log.begins_ahead(at(GENERATION), at(90_000)));
    }

    #[test]
    fn a_new_generation_forgets_uses_and_remembers_replacements() {
        let bench = bench();
        let mut log = UseLog::open(&bench.store, key()).unwrap();
        log.note_use(&client(1), at(GENERATION), at(0));
        log.note_replacement(&client(1), at(GENERATION), at(10));
        log.begin(at(20), at(20));
        let mut log = UseLog::open_existing(&bench.store, key()).unwrap();
        assert_eq!(log.lines().count(), 1);
        assert!(!log.is_refused(&client(1), at(GENERATION), at(50)));
        // Another generation; the limit is still that of the last.
        log.note_use(&client(1), at(20), at(30));
        assert!(!log.is_refused(&client(1), at(20), at(50)));
    }

    #[test]
    fn however_many_uses_there_are_the_limits_hold() {
        let bench = bench();
        let mut log = UseLog::open(&bench.store, key()).unwrap();
        log.note_replacement(&client(1), at(GENERATION), at(0));
        assert!(log.begins_ahead(at(GENERATION), at(0)));
        for number in 0..500 {
            log.note_use(&client(number), at(GENERATION), at(i64::from(number)));
        }
        let mut log = UseLog::open_existing(&bench.store, key()).unwrap();
        assert!(!log.is_refused(&client(499), at(GENERATION), at(10_000)));
        assert!(!log.begins_ahead(at(GENERATION), at(10_000)));
    }

    #[test]
    fn a_long_log_is_shortened_and_keeps_the_last_lines() {
        let bench = bench();
        let mut log = UseLog::open(&bench.store, key()).unwrap();
        for number in 0..500 {
            log.note_use(&client(number), at(GENERATION), at(i64::from(number)));
            assert!(log.text.len() < LONG + 200);
        }
        let mut log = UseLog::open_existing(&bench.store, key()).unwrap();
        assert!(log.is_refused(&client(499), at(GENERATION), at(10_000)));
        assert!(!log.is_refused(&client(0), at(GENERATION), at(10_000)));
    }
}
