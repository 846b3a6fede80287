//! Warnings that nobody could be told: some clients read their plugin's stderr as part of its answer.

use std::io::{self, Write};

use jiff::{SignedDuration, Timestamp};
use rustix::fs::OFlags;

use super::entries::Store;

const LOG: &str = "warnings.log";

/// A log of this size is shortened to half of it.
const LONG: usize = 64 * 1024;

/// What was said a short while ago is not said again.
const QUIET: SignedDuration = SignedDuration::from_mins(10);

/// A line of the log: when, and what.
pub(crate) type Warning = (Timestamp, String);

impl Store {
    /// Adds a warning. Lines of several processes stay whole; what cannot be written is left out.
    pub(crate) fn note_warning(&self, text: &str, now: Timestamp) -> io::Result<()> {
        let opened = self.directory.open_log(LOG, OFlags::CREATE, 2 * LONG);
        let (mut file, mut log) = opened.map_err(io::Error::other)?;
        let text = text.replace(['\n', '\r'], " ");
        let is_recent = |(at, known): &Warning| *known == text && now.duration_since(*at) < QUIET;
        if parse(&log).rev().take(32).any(|line| is_recent(&line)) {
            return Ok(());
        }
        let line = format!("{now:.0} {text}\n");
        if log.len() < LONG {
            return file.write_all(line.as_bytes());
        }
        log.drain(..log.len() / 2);
        let whole = log
            .iter()
            .position(|byte| *byte == b'\n')
            .map_or(0, |at| at + 1);
        log.drain(..whole);
        log.extend_from_slice(line.as_bytes());
        self.directory.replace_log(LOG, &log).map(drop)
    }

    /// The warnings that are kept, the oldest first; none where there are none, or not to be used.
    pub(crate) fn warnings(&self) -> Vec<Warning> {
        let log = self.directory.read(LOG);
        let log = log.ok().flatten();
        log.map_or_else(Vec::new, |log| parse(log.expose()).collect())
    }
}

fn parse(log: &[u8]) -> impl DoubleEndedIterator<Item = Warning> {
    let lines = log.split(|byte| *byte == b'\n');
    lines.filter_map(|line| {
        let (at, text) = std::str::from_utf8(line).ok()?.split_once(' ')?;
        Some((at.parse().ok()?, text.to_owned()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_just_said_is_not_said_again_and_the_log_stays_short() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("entries")).unwrap();
        let at = |seconds: i64| Timestamp::from_second(1_800_000_000 + seconds).unwrap();
        store.note_warning("disk\nfull", at(0)).unwrap();
        store.note_warning("disk\nfull", at(599)).unwrap();
        store.note_warning("disk\nfull", at(600)).unwrap();
        let disk_full = |seconds| (at(seconds), "disk full".to_owned());
        assert_eq!(store.warnings(), [disk_full(0), disk_full(600)]);

        for number in 0..2_000 {
            let text = format!("{number} {}", "x".repeat(60));
            store.note_warning(&text, at(700)).unwrap();
        }
        let kept = store.warnings();
        assert!(kept.len() < 1_000, "{}", kept.len());
        assert!(kept.last().unwrap().1.starts_with("1999 "));
    }
}
