//! What the cache is to real clients: `cargo xtask e2e clients`.
//!
//! Every check runs twice for each client: alone, which is the right value, and with `kcc-cache` in
//! front of the plugin. What comes out is a table, and whether anything is worse with the cache.
//!
//! The clients are in `tests/clients`, but for those that are commands of their own.

mod arguments;
mod checks;
mod client;
mod install;
mod outcome;
mod report;
mod run;
mod session;
mod short_life;
mod tools;
mod user;

use std::process::ExitCode;

use anyhow::{Result, ensure};
use harness::cluster::{Cluster, ClusterOptions};

use crate::arguments::Arguments;
use crate::install::Installed;
use crate::report::Report;
use crate::run::Bench;

fn main() -> ExitCode {
    match compare() {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            run::say(&format!("{error:#}"));
            ExitCode::from(2)
        }
    }
}

/// Whether nothing is worse with the cache.
fn compare() -> Result<bool> {
    let arguments = Arguments::read(std::env::args().skip(1))?;
    let cluster = Cluster::start(ClusterOptions::default())?;
    cluster.bind_group("testers", "cluster-admin")?;
    let Installed { clients, missing } = install::install(&cluster, &arguments)?;
    for (name, reason) in &missing {
        run::say(&format!("left out: {name}: {reason}"));
    }
    ensure!(
        missing.is_empty() || !arguments.require_all,
        "--require-all, and {} clients cannot run here",
        missing.len()
    );
    let bench = Bench::new(&cluster)?;
    let cells = bench.run(&clients);
    let report = Report::new(&clients, &cells, missing);
    report.print();
    arguments.json.write(&report.json())?;
    if let Some(page) = &arguments.page {
        report.write_into(page)?;
    }
    Ok(report.is_good())
}
