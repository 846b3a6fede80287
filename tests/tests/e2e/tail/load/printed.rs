//! What is printed, checked as it comes.

use std::collections::BTreeMap;
use std::sync::mpsc::Receiver;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use libtest_mimic::Failed;

use crate::trial::{Outcome, check};

/// How many lines each container wrote, by what stands before them.
pub(super) type Counts = BTreeMap<String, usize>;

/// What was printed until now.
pub(super) struct Printed {
    seen: Arc<Mutex<Seen>>,
    reader: JoinHandle<()>,
}

#[derive(Default)]
struct Seen {
    counts: Counts,
    all: usize,
    /// Lines that are not the next ones of their containers.
    wrong: Vec<String>,
}

impl Printed {
    /// Reads lines as `namespace/pod[container]: generation number`.
    pub(super) fn read(lines: Receiver<String>) -> Self {
        let seen = Arc::<Mutex<Seen>>::default();
        let written = seen.clone();
        let reader = std::thread::spawn(move || {
            for line in lines {
                lock(&written).take(line);
            }
        });
        Self { seen, reader }
    }

    pub(super) fn count(&self) -> usize {
        lock(&self.seen).all
    }

    pub(super) fn wait_for_some(&self, patience: Duration) -> Outcome {
        self.wait(patience, |seen| seen.all > 0)
    }

    /// Waits until all these lines were printed.
    pub(super) fn wait_for(&self, wanted: &Counts, patience: Duration) -> Outcome {
        let all: usize = wanted.values().sum();
        self.wait(patience, |seen| seen.all >= all)?;
        lock(&self.seen).is(wanted)
    }

    fn wait(&self, patience: Duration, holds: impl Fn(&Seen) -> bool) -> Outcome {
        let (mut last, mut before) = (Instant::now(), 0);
        loop {
            let seen = lock(&self.seen);
            seen.is_right()?;
            if holds(&seen) {
                return Ok(());
            }
            if seen.all > before {
                (last, before) = (Instant::now(), seen.all);
            }
            drop(seen);
            check(last.elapsed() < patience, "nothing more is printed")?;
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// These lines and no others, at the end.
    pub(super) fn is(self, wanted: &Counts) -> Outcome {
        self.reader.join().map_err(|_| "the reader panicked")?;
        let seen = lock(&self.seen);
        seen.is_right()?;
        seen.is(wanted)
    }
}

fn lock(seen: &Mutex<Seen>) -> MutexGuard<'_, Seen> {
    seen.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Seen {
    fn take(&mut self, line: String) {
        self.all += 1;
        let parts = line.rsplit_once(' ');
        let parts = parts.and_then(|(place, number)| Some((place, number.parse::<usize>().ok()?)));
        let next = parts.map(|(place, number)| {
            let count = self.counts.entry(place.to_owned()).or_default();
            let is_next = number == *count;
            *count += 1;
            is_next
        });
        if next != Some(true) {
            self.wrong.push(line);
        }
    }

    fn is_right(&self) -> Outcome {
        let some: Vec<_> = self.wrong.iter().take(10).collect();
        check(
            some.is_empty(),
            format!(
                "{} lines come twice, late or not at all: {some:?}",
                self.wrong.len()
            ),
        )
    }

    fn is(&self, wanted: &Counts) -> Result<(), Failed> {
        let places = wanted.keys().chain(self.counts.keys());
        let count = |counts: &Counts, place| counts.get(place).copied().unwrap_or_default();
        let mut differ = places.filter_map(|place| {
            let (have, want) = (count(&self.counts, place), count(wanted, place));
            (have != want).then(|| format!("{have} of {want} lines of {place}"))
        });
        let some: Vec<_> = differ.by_ref().take(10).collect();
        let more = differ.count();
        check(some.is_empty(), format!("{some:?}, and of {more} more"))
    }
}
