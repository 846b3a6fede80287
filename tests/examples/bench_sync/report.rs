//! One table and one JSON file.

use std::io::{self, Write};

use serde_json::{Value, json};

use crate::clients::Mode;
use crate::measure::Run;

/// All runs, in the order in which they were made.
#[derive(Default)]
pub(crate) struct Report(Vec<(usize, Mode, Run)>);

/// A column: its name, and what stands in it.
type Column = (&'static str, fn(&Run) -> f64);

/// The bounds of the ratios to [`PEER`], at [`BOUND_AT`] Pods; 0 where there is none.
const WANTED: [f64; 8] = [0.5, 0.6, 0.6, 1.05, 0.0, 0.4, 0.0, 0.0];
/// The peer as those who know it use it.
const PEER: Mode = Mode::KubeTrimmed;
/// How many Pods the bounds are for.
const BOUND_AT: usize = 100_000;

const COLUMNS: [Column; 8] = [
    ("sync: wall, s", |run| run.sync_wall),
    ("CPU, s", |run| run.sync_cpu),
    ("peak, MB", |run| run.peak),
    ("at rest, MB", |run| run.rest),
    ("updates: wall, s", |run| run.updates_wall),
    ("CPU, s", |run| run.updates_cpu),
    ("peak, MB", |run| run.updates_peak),
    ("at rest, MB", |run| run.updates_rest),
];

impl Report {
    pub(crate) fn add(&mut self, count: usize, mode: Mode, run: Run) {
        self.0.push((count, mode, run));
    }

    fn runs(&self, count: usize, mode: Mode) -> impl Iterator<Item = &Run> {
        let here = move |(c, m, _): &&(usize, Mode, Run)| (*c, *m) == (count, mode);
        self.0.iter().filter(here).map(|(_, _, run)| run)
    }

    fn counts(&self) -> Vec<usize> {
        let mut counts: Vec<_> = self.0.iter().map(|(count, ..)| *count).collect();
        counts.dedup();
        counts
    }

    /// The table of medians, and one of ratios to the peer.
    pub(crate) fn print(&self) -> io::Result<()> {
        let mut out = io::stdout().lock();
        head(&mut out, "client")?;
        for count in self.counts() {
            for mode in Mode::ALL {
                write!(out, "| {count} | {} |", mode.name())?;
                for (_, of) in COLUMNS {
                    let value = median(self.runs(count, mode).map(of));
                    let digits = if value < 100.0 { 2 } else { 0 };
                    write!(out, " {value:.digits$} |")?;
                }
                writeln!(out)?;
            }
        }
        writeln!(out)?;
        head(&mut out, &format!("to {}", PEER.name()))?;
        for count in self.counts() {
            for mode in Mode::ALL.into_iter().filter(|mode| *mode != PEER) {
                write!(out, "| {count} | {} |", mode.name())?;
                for ((_, of), wanted) in COLUMNS.into_iter().zip(WANTED) {
                    let ratio = self.ratio(count, mode, of);
                    let bound = count == BOUND_AT && mode.is_ours() && wanted > 0.0;
                    match (bound, ratio <= wanted) {
                        (false, _) => write!(out, " {ratio:.2} |")?,
                        (true, true) => write!(out, " {ratio:.2} (at most {wanted}) |")?,
                        (true, false) => write!(out, " **{ratio:.2}** (at most {wanted}) |")?,
                    }
                }
                writeln!(out)?;
            }
        }
        Ok(())
    }

    /// The median of the ratios within each turn, so that what else the machine does falls on both.
    fn ratio(&self, count: usize, mode: Mode, of: fn(&Run) -> f64) -> f64 {
        let pairs = self.runs(count, mode).zip(self.runs(count, PEER));
        median(pairs.map(|(run, peer)| of(run) / of(peer)))
    }

    pub(crate) fn json(&self) -> Value {
        let run = |(count, mode, run): &(usize, Mode, Run)| {
            json!({
                "pods": count, "client": mode.name(),
                "sync": {"wall_s": run.sync_wall, "cpu_s": run.sync_cpu, "peak_mb": run.peak, "rest_mb": run.rest},
                "updates": {"wall_s": run.updates_wall, "cpu_s": run.updates_cpu, "peak_mb": run.updates_peak, "rest_mb": run.updates_rest},
            })
        };
        self.0.iter().map(run).collect()
    }
}

fn head(out: &mut impl Write, client: &str) -> io::Result<()> {
    write!(out, "| Pods | {client} |")?;
    for (name, _) in COLUMNS {
        write!(out, " {name} |")?;
    }
    writeln!(out, "\n|---:|---|{}", "---:|".repeat(COLUMNS.len()))
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<_> = values.collect();
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
