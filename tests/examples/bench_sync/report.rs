//! One table and one JSON file, with a picture beside it.

use std::fs;
use std::io::{self, Write};
use std::path::Path;

use anyhow::Result;
use serde_json::{Value, json};

use crate::chart;
use crate::measure::{Run, Took};
use crate::modes::Mode;

/// All runs, in the order in which they were made.
pub(crate) struct Report {
    modes: Vec<&'static Mode>,
    runs: Vec<(usize, &'static str, Run)>,
}

/// A column: its name, and what stands in it.
type Column = (&'static str, fn(&Run) -> f64);

/// The rows that the picture has.
const PICTURED: [&str; 6] = [
    "kube-rs, trimmed",
    "client-go, protobuf, trimmed",
    "kcache, JSON",
    "kcache, protobuf",
    "kcache, compact, JSON",
    "kcache, compact, protobuf",
];

/// How many Pods the bounds of ratios are for.
const BOUND_AT: usize = 100_000;

pub(crate) const COLUMNS: [Column; 12] = [
    ("list: wall, s", |run| run.list.wall),
    ("CPU, s", |run| run.list.cpu),
    ("peak, MB", |run| run.list.peak),
    ("at rest, MB", |run| run.list.rest),
    ("updates: wall, s", |run| run.updates.wall),
    ("CPU, s", |run| run.updates.cpu),
    ("peak, MB", |run| run.updates.peak),
    ("at rest, MB", |run| run.updates.rest),
    ("relist: wall, s", |run| run.relist.wall),
    ("CPU, s", |run| run.relist.cpu),
    ("peak, MB", |run| run.relist.peak),
    ("at rest, MB", |run| run.relist.rest),
];

/// A relist beside the client's own first list, and what it held, with bounds.
const RELIST: [(Column, f64); 2] = [
    (
        ("CPU, to the first list", |run| {
            run.relist.cpu / run.list.cpu
        }),
        0.167,
    ),
    (
        ("peak, to what was held", |run| {
            run.relist.peak / run.relist.before
        }),
        1.05,
    ),
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
        writeln!(out)?;
        self.relists(&mut out)
    }

    fn relists(&self, out: &mut impl Write) -> io::Result<()> {
        write!(out, "| Pods | relist |")?;
        for ((name, _), _) in RELIST {
            write!(out, " {name} |")?;
        }
        writeln!(out, "\n|---:|---|{}", "---:|".repeat(RELIST.len()))?;
        for count in self.counts() {
            for mode in &self.modes {
                write!(out, "| {count} | {} |", mode.name)?;
                let bounded = count == BOUND_AT && mode.is_ours();
                for ((_, of), wanted) in RELIST {
                    let ratio = self.median(count, mode.name, of);
                    write_ratio(out, ratio, if bounded { wanted } else { 0.0 })?;
                }
                writeln!(out)?;
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
            let wanted = if count == BOUND_AT { wanted } else { 0.0 };
            write_ratio(out, ratio, wanted)?;
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
                .filter(|name| PICTURED.contains(name))
                .map(|name| (name, self.median(count, name, of)))
                .collect()
        };
        let groups = [
            ("first list: CPU time, s", bars(|run| run.list.cpu)),
            ("as many updates: CPU time, s", bars(|run| run.updates.cpu)),
            (
                "second list, 100 changed: CPU time, s",
                bars(|run| run.relist.cpu),
            ),
            (
                "peak memory of the first list, MB",
                bars(|run| run.list.peak),
            ),
            ("memory at rest, MB", bars(|run| run.list.rest)),
        ];
        let title = format!("{count} Pods");
        Ok(fs::write(
            json.with_extension("svg"),
            chart::draw(&title, &groups)?,
        )?)
    }

    fn json(&self) -> Value {
        let took = |took: &Took| {
            json!({
                "wall_s": took.wall, "cpu_s": took.cpu,
                "before_mb": took.before, "peak_mb": took.peak, "rest_mb": took.rest,
            })
        };
        let run = |(count, name, run): &(usize, &str, Run)| {
            json!({
                "pods": count, "client": name, "list": took(&run.list),
                "updates": took(&run.updates), "relist": took(&run.relist),
            })
        };
        self.runs.iter().map(run).collect()
    }
}

/// A ratio with its bound if it has one; bold if it is not kept.
fn write_ratio(out: &mut impl Write, ratio: f64, wanted: f64) -> io::Result<()> {
    match (wanted > 0.0, ratio <= wanted) {
        (false, _) => write!(out, " {ratio:.2} |"),
        (true, true) => write!(out, " {ratio:.2} (at most {wanted}) |"),
        (true, false) => write!(out, " **{ratio:.2}** (at most {wanted}) |"),
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
