//! One table and one JSON file, with a picture beside it.

use std::fs;
use std::io::{self, Write};
use std::path::Path;

use anyhow::Result;
use serde_json::{Value, json};

use crate::chart;
use crate::measure::Run;
use crate::modes::Mode;

/// All runs, in the order in which they were made.
pub(crate) struct Report {
    modes: Vec<&'static Mode>,
    runs: Vec<(usize, &'static str, Run)>,
}

/// A column: its name, and what stands in it.
type Column = (&'static str, fn(&Run) -> f64);

/// How many Pods the bounds of ratios are for.
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
    pub(crate) fn of(modes: Vec<&'static Mode>) -> Self {
        let runs = vec![];
        Self { modes, runs }
    }

    pub(crate) fn modes(&self) -> &[&'static Mode] {
        &self.modes
    }

    pub(crate) fn add(&mut self, count: usize, mode: &Mode, run: Run) {
        self.runs.push((count, mode.name, run));
    }

    fn runs(&self, count: usize, name: &str) -> impl Iterator<Item = &Run> {
        let here = move |(c, n, _): &&(usize, &str, Run)| (*c, *n) == (count, name);
        self.runs.iter().filter(here).map(|(_, _, run)| run)
    }

    fn counts(&self) -> Vec<usize> {
        let mut counts: Vec<_> = self.runs.iter().map(|(count, ..)| *count).collect();
        counts.dedup();
        counts
    }

    fn median(&self, count: usize, name: &str, of: fn(&Run) -> f64) -> f64 {
        median(self.runs(count, name).map(of))
    }

    /// The table of medians, and one of ratios to the peers.
    pub(crate) fn print(&self) -> io::Result<()> {
        let mut out = io::stdout().lock();
        head(&mut out, "| Pods | client |", "|---:|---|")?;
        for count in self.counts() {
            for mode in &self.modes {
                write!(out, "| {count} | {} |", mode.name)?;
                for (_, of) in COLUMNS {
                    let value = self.median(count, mode.name, of);
                    let digits = if value < 100.0 { 2 } else { 0 };
                    write!(out, " {value:.digits$} |")?;
                }
                writeln!(out)?;
            }
        }
        writeln!(out)?;
        head(&mut out, "| Pods | client | beside |", "|---:|---|---|")?;
        for count in self.counts() {
            for mode in &self.modes {
                self.ratios(&mut out, count, mode)?;
            }
        }
        Ok(())
    }

    fn ratios(&self, out: &mut impl Write, count: usize, mode: &Mode) -> io::Result<()> {
        let Some((peer, wanted)) = mode.peer else {
            return Ok(());
        };
        if self.runs(count, peer).next().is_none() {
            return Ok(());
        }
        write!(out, "| {count} | {} | {peer} |", mode.name)?;
        for ((_, of), wanted) in COLUMNS.into_iter().zip(wanted) {
            let ratio = self.ratio(count, mode.name, peer, of);
            match (count == BOUND_AT && wanted > 0.0, ratio <= wanted) {
                (false, _) => write!(out, " {ratio:.2} |")?,
                (true, true) => write!(out, " {ratio:.2} (at most {wanted}) |")?,
                (true, false) => write!(out, " **{ratio:.2}** (at most {wanted}) |")?,
            }
        }
        writeln!(out)
    }

    /// The median of the ratios within each turn, so that what else the machine does falls on both.
    fn ratio(&self, count: usize, name: &str, peer: &str, of: fn(&Run) -> f64) -> f64 {
        let pairs = self.runs(count, name).zip(self.runs(count, peer));
        median(pairs.map(|(run, peer)| of(run) / of(peer)))
    }

    /// Writes all runs, and a picture of the largest number of Pods beside them.
    pub(crate) fn write(&self, json: &Path) -> Result<()> {
        fs::write(json, serde_json::to_vec_pretty(&self.json())?)?;
        let count = self.counts().into_iter().max().unwrap_or_default();
        let bars = |of: fn(&Run) -> f64| {
            let names = self.modes.iter().map(|mode| mode.name);
            names
                .map(|name| (name, self.median(count, name, of)))
                .collect()
        };
        let groups = [
            ("first list: CPU time, s", bars(|run| run.sync_cpu)),
            ("updates: CPU time, s", bars(|run| run.updates_cpu)),
            ("peak memory, MB", bars(|run| run.peak)),
            ("memory at rest, MB", bars(|run| run.rest)),
        ];
        let title = format!("{count} Pods, and as many updates");
        Ok(fs::write(
            json.with_extension("svg"),
            chart::draw(&title, &groups)?,
        )?)
    }

    fn json(&self) -> Value {
        let run = |(count, name, run): &(usize, &str, Run)| {
            json!({
                "pods": count, "client": name,
                "sync": {"wall_s": run.sync_wall, "cpu_s": run.sync_cpu, "peak_mb": run.peak, "rest_mb": run.rest},
                "updates": {"wall_s": run.updates_wall, "cpu_s": run.updates_cpu, "peak_mb": run.updates_peak, "rest_mb": run.updates_rest},
            })
        };
        self.runs.iter().map(run).collect()
    }
}

fn head(out: &mut impl Write, names: &str, rule: &str) -> io::Result<()> {
    write!(out, "{names}")?;
    for (name, _) in COLUMNS {
        write!(out, " {name} |")?;
    }
    writeln!(out, "\n{rule}{}", "---:|".repeat(COLUMNS.len()))
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<_> = values.collect();
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
