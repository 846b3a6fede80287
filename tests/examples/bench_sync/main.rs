//! What a watch cache costs beside its peers, over the network: `cargo xtask bench sync`.
//!
//! The program is four in one: the server, the clients that are measured, and what starts them,
//! measures them from outside and reports. Every run checks first that the client has what the
//! server sent.

mod clients;
mod measure;
mod pods;
mod report;
mod server;

use std::path::Path;

use anyhow::{Context, Result, bail};

use crate::clients::Mode;
use crate::measure::{Run, Server};
use crate::report::Report;

fn main() -> Result<()> {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
    match arguments[..] {
        ["serve", count] => server::serve(count.parse()?),
        ["client", mode, url, count] => {
            let mode = Mode::ALL.into_iter().find(|known| known.name() == mode);
            clients::run(mode.context("no such mode")?, url, count.parse()?)
        }
        [runs, json, ref counts @ ..] if !counts.is_empty() => {
            let counts: Result<Vec<_>, _> = counts.iter().map(|count| count.parse()).collect();
            compare(runs.parse()?, Path::new(json), &counts?)
        }
        _ => bail!("arguments: RUNS JSON COUNT..."),
    }
}

/// Runs all clients in turn, several times, for each number of Pods.
fn compare(runs: usize, json: &Path, counts: &[usize]) -> Result<()> {
    let mut report = Report::default();
    for &count in counts {
        let mut server = Server::start(count)?;
        for _ in 0..runs {
            for mode in Mode::ALL {
                let run = Run::of(mode, &mut server);
                report.add(count, mode, run.with_context(|| mode.name())?);
            }
        }
    }
    report.print()?;
    std::fs::write(json, serde_json::to_vec_pretty(&report.json())?)?;
    Ok(())
}
