//! What a watch cache costs beside its peers, over the network: `cargo xtask bench sync`.
//!
//! The program is three in one: the server, the clients in Rust, and what starts all clients, measures
//! them from outside and reports. Every run checks first that the client has what the server sent.

mod pods;
mod server;
mod clients;
mod modes;
mod peer;
mod measure;
mod chart;
mod report;

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::clients::Program;
use crate::measure::{Run, Server};
use crate::modes::Mode;
use crate::report::Report;

fn main() -> Result<()> {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
    match arguments[..] {
        ["serve", count, ref forms @ ..] => {
            let forms: Result<Vec<_>> = forms.iter().map(|form| form.parse()).collect();
            server::serve(count.parse()?, &forms?)
        }
        ["client", name, url, count] => {
            let mode = Mode::named(name).context("no such mode")?;
            clients::run(mode, url, count.parse()?)
        }
        [runs, json, part, ref counts @ ..] if !counts.is_empty() => {
            let counts: Result<Vec<_>, _> = counts.iter().map(|count| count.parse()).collect();
            let modes = modes(part)?;
            let report = compare(runs.parse()?, &modes, &counts?)?;
            report.print()?;
            report.write(Path::new(json))
        }
        _ => bail!("arguments: RUNS JSON PART-OF-NAMES COUNT..."),
    }
}

/// A mode that can be run here, with its program if that is another than this.
type Runnable = (&'static Mode, Option<PathBuf>);

fn modes(part: &str) -> Result<Vec<Runnable>> {
    let all = Mode::chosen(part);
    for mode in all.iter().filter(|mode| !mode.is_possible()) {
        writeln!(
            io::stderr(),
            "{} is left out: its library is missing",
            mode.name
        )?;
    }
    let is_go = |mode: &&Mode| matches!(mode.program, Program::Go(_));
    let peer = match all.iter().any(is_go).then(peer::build) {
        None => None,
        Some(Ok(peer)) => Some(peer),
        Some(Err(reason)) => {
            writeln!(io::stderr(), "client-go is left out: {reason:#}")?;
            None
        }
    };
    let possible = all.into_iter().filter(|mode| mode.is_possible());
    let runnable = possible.filter_map(|mode| {
        let program = if is_go(&mode) {
            Some(peer.clone()?)
        } else {
            None
        };
        Some((mode, program))
    });
    Ok(runnable.collect())
}

/// Runs all clients in turn, several times, for each number of Pods.
fn compare(runs: usize, modes: &[Runnable], counts: &[usize]) -> Result<Report> {
    let mut report = Report::of(modes.iter().map(|(mode, _)| *mode).collect());
    for &count in counts {
        let mut server = Server::start(count, report.modes())?;
        for turn in 0..=runs {
            for (number, (mode, program)) in modes.iter().enumerate() {
                // The first client on a new machine pays for the memory that others find ready.
                if turn == 0 && number > 0 {
                    break;
                }
                let run = Run::of(mode, program.as_deref(), &mut server);
                let run = run.with_context(|| mode.name)?;
                if turn > 0 {
                    report.add(count, mode, run);
                    writeln!(
                        io::stderr(),
                        "{count} Pods, turn {turn} of {runs}: {}",
                        mode.name
                    )?;
                }
            }
        }
    }
    Ok(report)
}
