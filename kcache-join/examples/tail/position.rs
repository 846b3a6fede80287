//! How far a log was read, so that reading goes on there.

use std::collections::{HashMap, VecDeque};

use jiff::{RoundMode, Timestamp, TimestampRound, Unit};

use crate::lines::LogLine;

/// How many lines of the newest second are told apart. Of those before them, all up to their time count as
/// read.
const REMEMBERED: usize = 1024;

/// A log can be had from a whole second on (`sinceTime` has no fractions, whatever is written there). So the
/// lines of the newest second are remembered, and those of them that come again are left out.
///
/// They are known by time and content, not counted: after a rotation some of them do not come again, and a
/// container writes lines of its two outputs not always in the order of their times.
#[derive(Debug, Clone, Default)]
pub(crate) struct Position {
    newest: Option<Timestamp>,
    /// The lines of the newest second, in the order in which they came.
    recent: VecDeque<Seen>,
    /// The time of the last one that was forgotten.
    forgotten: Option<Timestamp>,
    /// How often each line can come again. Empty when nothing does any longer.
    again: HashMap<Seen, usize>,
    /// Whether what comes may have come before.
    is_replay: bool,
}

/// The time of a line, and the hash of it.
type Seen = (Timestamp, u64);

impl Position {
    /// From when on the log is to be requested; `None` if nothing was read yet.
    pub(crate) fn since(&self) -> Option<Timestamp> {
        self.newest.map(second_of)
    }

    /// A stream begins.
    pub(crate) fn begin(&mut self) {
        self.again.clear();
        for seen in &self.recent {
            *self.again.entry(*seen).or_default() += 1;
        }
        self.is_replay = self.newest.is_some();
    }

    /// Whether a line is new. It counts as read from then on.
    pub(crate) fn is_new(&mut self, line: &LogLine) -> bool {
        let Some(time) = line.time else {
            return true; // nothing is known of it
        };
        let seen = (time, line.hash);
        if self.came_before(seen) {
            return false;
        }
        self.remember(seen);
        true
    }

    /// Whether a line was read before. Nothing changes by that.
    pub(crate) fn has(&self, line: &LogLine) -> bool {
        line.time.is_some_and(|time| self.knows((time, line.hash)))
    }

    fn knows(&self, seen: Seen) -> bool {
        let is_old = || self.forgotten.is_some_and(|forgotten| seen.0 <= forgotten);
        let comes_again = self.again.get(&seen).is_some_and(|left| *left > 0);
        self.is_replay && (comes_again || is_old())
    }

    fn came_before(&mut self, seen: Seen) -> bool {
        if self.knows(seen) {
            if let Some(left) = self.again.get_mut(&seen) {
                *left = left.saturating_sub(1);
            }
            return true;
        }
        let may_come_again = self.newest.is_some_and(|newest| seen.0 <= newest);
        if self.is_replay && !may_come_again {
            self.is_replay = false;
            self.again = HashMap::new(); // its room, too: there are thousands of logs
        }
        false
    }

    fn remember(&mut self, seen: Seen) {
        let newest = self.newest.max(Some(seen.0));
        let second = newest.map(second_of);
        if second != self.newest.map(second_of) {
            self.recent.retain(|(time, _)| Some(*time) >= second);
            self.forgotten = None;
        }
        self.newest = newest;
        if Some(seen.0) < second {
            return; // it is not requested again
        }
        self.recent.push_back(seen);
        if self.recent.len() > REMEMBERED {
            let oldest = self.recent.pop_front().map(|(time, _)| time);
            self.forgotten = self.forgotten.max(oldest);
        }
    }
}

/// kube-rs rounds a time to the nearest second, which can be a later one.
fn second_of(time: Timestamp) -> Timestamp {
    let down = TimestampRound::new()
        .smallest(Unit::Second)
        .mode(RoundMode::Floor);
    time.round(down).unwrap_or(time)
}

#[cfg(test)]
mod tests {
    use super::{Position, REMEMBERED};
    use crate::lines::LogLine;

    /// A line that was written so many milliseconds after a whole second.
    fn line(milliseconds: i64, text: &str) -> LogLine {
        LogLine {
            time: Some(
                jiff::Timestamp::from_millisecond(1_000_000_000 + milliseconds).expect("a time"),
            ),
            text: text.into(),
            more: 0,
            hash: text.bytes().map(u64::from).sum(),
        }
    }

    /// Which lines of a stream are new.
    fn read(position: &mut Position, stream: &[LogLine]) -> Vec<String> {
        position.begin();
        let new = stream.iter().filter(|line| position.is_new(line));
        new.map(|line| String::from_utf8_lossy(&line.text).into_owned())
            .collect()
    }

    #[test]
    fn lines_of_the_newest_second_are_not_new_again() {
        let mut position = Position::default();
        assert_eq!(position.since(), None);
        let log = [
            line(900, "a"),
            line(1700, "b"),
            line(1700, "c"),
            line(1700, "c"),
        ];
        assert_eq!(read(&mut position, &log), ["a", "b", "c", "c"]);
        assert_eq!(position.since(), line(1000, "").time);
        // Of the same moment, and once more the same.
        let more = [
            &log[1..],
            &[line(1700, "c"), line(1700, "d"), line(1800, "e")],
        ]
        .concat();
        assert_eq!(read(&mut position, &more), ["c", "d", "e"]);
        assert_eq!(read(&mut position, &more), [""; 0]);
    }

    #[test]
    fn a_rotation_takes_lines_away_and_none_is_lost() {
        let mut position = Position::default();
        let log = [line(100, "a"), line(100, "b"), line(200, "c")];
        read(&mut position, &log);
        assert_eq!(
            read(&mut position, &[line(200, "c"), line(200, "d")]),
            ["d"]
        );
        assert_eq!(read(&mut position, &[line(300, "e")]), ["e"]);
    }

    #[test]
    fn two_outputs_write_out_of_order() {
        let mut position = Position::default();
        let log = [
            line(999, "a"),
            line(1200, "b"),
            line(998, "late"),
            line(1100, "c"),
        ];
        assert_eq!(read(&mut position, &log), ["a", "b", "late", "c"]);
        let again = [
            log[1].clone(),
            log[3].clone(),
            line(1150, "d"),
            line(1200, "e"),
        ];
        assert_eq!(read(&mut position, &again), ["d", "e"]);
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let mut position = Position::default();
        let count = i64::try_from(REMEMBERED).expect("small") + 500;
        let log: Vec<_> = (0..count).map(|at| line(at / 2, &at.to_string())).collect();
        assert_eq!(read(&mut position, &log).len(), log.len());
        assert_eq!(position.recent.len(), REMEMBERED);
        assert_eq!(read(&mut position, &log), [""; 0]);
        assert_eq!(read(&mut position, &[line(900, "new")]), ["new"]);
    }
}
