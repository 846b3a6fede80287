//! Bytes of a log to lines of bounded length.

use std::hash::{DefaultHasher, Hasher as _};

use jiff::Timestamp;

/// How much of a line is kept, with its time. What is longer is cut there.
pub(crate) const LONGEST: usize = 32 * 1024;

/// A line of a log that was requested with timestamps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LogLine {
    /// When it was written; `None` if no time stands before it.
    pub(crate) time: Option<Timestamp>,
    /// The beginning of it, without the line feed.
    pub(crate) text: Vec<u8>,
    /// How many bytes more it had.
    pub(crate) more: usize,
    /// Of all of it.
    pub(crate) hash: u64,
}

/// Puts lines together of pieces.
#[derive(Debug, Default)]
pub(crate) struct Lines {
    text: Vec<u8>,
    more: usize,
    hash: DefaultHasher,
}

impl Lines {
    /// Takes bytes up to a line feed, and says how many it took; a line if that is complete.
    pub(crate) fn take(&mut self, bytes: &[u8]) -> (usize, Option<LogLine>) {
        let end = bytes.iter().position(|byte| *byte == b'\n');
        let part = &bytes[..end.unwrap_or(bytes.len())];
        let room = LONGEST.saturating_sub(self.text.len()).min(part.len());
        self.text.extend_from_slice(&part[..room]);
        self.more += part.len() - room;
        self.hash.write(part);
        let taken = part.len() + usize::from(end.is_some());
        (taken, end.map(|_| self.end()))
    }

    /// What came behind the last line feed.
    pub(crate) fn rest(mut self) -> Option<LogLine> {
        (!self.text.is_empty()).then(|| self.end())
    }

    fn end(&mut self) -> LogLine {
        let Self { text, more, hash } = std::mem::take(self);
        let (time, text) = split_time(text);
        LogLine {
            time,
            text,
            more,
            hash: hash.finish(),
        }
    }
}

/// A kubelet writes `2026-11-29T12:00:00.000000001Z `, or with another zone.
fn split_time(mut text: Vec<u8>) -> (Option<Timestamp>, Vec<u8>) {
    let head = text.split(|byte| *byte == b' ').next().unwrap_or_default();
    let (length, head) = (head.len(), std::str::from_utf8(head));
    let Some(time) = head.ok().and_then(|head| head.parse().ok()) else {
        return (None, text);
    };
    text.drain(..text.len().min(length + 1));
    (Some(time), text)
}

#[cfg(test)]
mod tests {
    use super::{LONGEST, Lines, LogLine};

    fn lines(pieces: &[&str]) -> (Vec<LogLine>, Option<LogLine>) {
        let (mut lines, mut all) = (Lines::default(), Vec::new());
        for piece in pieces {
            let mut bytes = piece.as_bytes();
            while !bytes.is_empty() {
                let (taken, line) = lines.take(bytes);
                bytes = &bytes[taken..];
                all.extend(line);
            }
        }
        (all, lines.rest())
    }

    #[test]
    fn pieces_are_put_together() {
        let at = "2026-11-29T12:00:00.000000001Z";
        let whole = lines(&[&format!("{at} one\n{at} \n{at} thr")]);
        let pieces = lines(&[
            &at[..7],
            &at[7..],
            " one",
            &format!("\n{at} \n"),
            at,
            " thr",
        ]);
        assert_eq!(whole, pieces);
        let texts: Vec<_> = whole.0.iter().map(|line| &*line.text).collect();
        assert_eq!(texts, [&b"one"[..], b""]);
        assert!(whole.0.iter().all(|line| line.time.is_some()));
        assert_eq!(whole.1.expect("the rest").text, b"thr");
    }

    #[test]
    fn what_is_too_long_is_counted() {
        let long = "x".repeat(LONGEST + 7);
        let (all, rest) = lines(&[&format!("{long}1\n{long}2\nshort\n")]);
        assert_eq!((all[0].text.len(), all[0].more), (LONGEST, 8));
        assert_ne!(all[0].hash, all[1].hash);
        assert_eq!((&*all[2].text, all[2].more, rest), (&b"short"[..], 0, None));
    }
}
