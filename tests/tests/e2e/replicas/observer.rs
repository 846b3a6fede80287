//! Who owned what when, by what each process said.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// Two samples that lie further apart, in nanoseconds, say nothing of the time between them.
const CONNECTED: u64 = 200_000_000;

/// What a process owned at some moment between two, in nanoseconds of a clock that all share.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Sample {
    pub(super) before: u64,
    pub(super) after: u64,
    /// How often it could not renew its Lease in time until then.
    pub(super) lapses: u64,
    /// One bit for each slot.
    pub(super) slots: u64,
}

impl Sample {
    pub(super) fn read(line: &str) -> Option<Self> {
        let mut words = line.split(' ').map(|word| word.parse().ok());
        let mut next = || words.next().flatten();
        let (before, after, lapses, slots) = (next()?, next()?, next()?, next()?);
        Some(Self {
            before,
            after,
            lapses,
            slots,
        })
    }
}

pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A time in which a process surely owned a slot all the time.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Owned {
    from: u64,
    to: u64,
    by: String,
}

/// What is found in the samples of all processes.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Found {
    /// How many times of ownership were compared.
    pub(super) compared: usize,
    /// Each time at which two owned one slot.
    pub(super) doubles: Vec<String>,
    /// The longest time without an owner between two owners, in milliseconds.
    pub(super) longest_gap: u64,
}

/// Compares what all processes said.
pub(super) fn compare(all: &[(String, Vec<Sample>)]) -> Found {
    let mut found = Found::default();
    for slot in 0..64 {
        let mut owned: Vec<_> = all
            .iter()
            .flat_map(|(by, samples)| times(by, samples, slot))
            .collect();
        owned.sort();
        found.compared += owned.len();
        let mut last: Option<Owned> = None;
        for now in owned {
            if let Some(last) = &last {
                if now.from < last.to && now.by != last.by {
                    let time = (last.to.min(now.to) - now.from) / 1_000;
                    found.doubles.push(format!(
                        "{} and {} own slot {slot} for {time} us",
                        last.by, now.by
                    ));
                }
                let gap = now.from.saturating_sub(last.to) / 1_000_000;
                found.longest_gap = found.longest_gap.max(gap);
            }
            // The one that ends last is what the next could overlap with.
            if last.as_ref().is_none_or(|last| last.to < now.to) {
                last = Some(now);
            }
        }
    }
    found
}

/// The times of a slot: from one sample to the last of those that follow with the slot, and without a lapse.
fn times(by: &str, samples: &[Sample], slot: u32) -> Vec<Owned> {
    let mut times: Vec<Owned> = vec![];
    let mut before: Option<&Sample> = None;
    for sample in samples {
        let has = sample.slots >> slot & 1 == 1;
        let goes_on = before.is_some_and(|before| {
            before.lapses == sample.lapses && sample.before < before.after + CONNECTED
        });
        match times.last_mut().filter(|_| goes_on) {
            _ if !has => {}
            Some(last) => last.to = sample.before,
            None => times.push(Owned {
                from: sample.after,
                to: sample.after,
                by: by.to_owned(),
            }),
        }
        before = has.then_some(sample);
    }
    times.retain(|owned| owned.from < owned.to);
    times
}

/// The comparison proves itself: what it must find, and what it must not.
pub(super) fn prove() -> Result<(), String> {
    let ms = |time: u64| time * 1_000_000;
    let sample = |at: u64, lapses: u64, slots: u64| Sample {
        before: ms(at),
        after: ms(at + 1),
        lapses,
        slots,
    };
    let of = |name: &str, samples: &[Sample]| (name.to_owned(), samples.to_vec());
    let first = of("a", &[sample(0, 0, 1), sample(20, 0, 1), sample(40, 0, 0)]);
    let after = of("b", &[sample(25, 0, 0), sample(50, 0, 1), sample(70, 0, 1)]);
    let found = compare(&[first.clone(), after]);
    if !found.doubles.is_empty() || found.longest_gap != 31 {
        return Err(format!("one after the other: {found:?}"));
    }
    let beside = of("b", &[sample(5, 0, 3), sample(25, 0, 1)]);
    if compare(&[first.clone(), beside]).doubles.len() != 1 {
        return Err("two at a time are not found".to_owned());
    }
    let paused = of(
        "a",
        &[sample(0, 0, 1), sample(300, 1, 1), sample(320, 1, 1)],
    );
    let meanwhile = of("b", &[sample(100, 0, 1), sample(120, 0, 1)]);
    let found = compare(&[paused, meanwhile]);
    if !found.doubles.is_empty() {
        return Err(format!("a pause in between: {found:?}"));
    }
    Ok(())
}
