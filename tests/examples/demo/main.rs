//! The main job, visibly: `kcc-cache` in front of a slow plugin, then watches that start with what
//! it cached, a view that is refiltered and a join, on the in-memory API server.
//!
//! `cargo xtask demo` runs it. It checks what it shows, and fails where something is wrong. With
//! `--kubeconfig PATH` it watches a cluster of yours, and changes nothing there.

mod cluster;
mod credentials;
mod follow;
mod show;
mod watches;

use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use console::style;

use self::show::say;

fn main() -> ExitCode {
    match run() {
        Ok(0) => ExitCode::SUCCESS,
        Ok(_) => ExitCode::FAILURE,
        Err(error) => {
            let _ = writeln!(io::stderr(), "demo: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Gives the number of things that went wrong.
fn run() -> Result<usize> {
    let arguments = Arguments::of_process()?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()?;
    let wrong = match arguments {
        Arguments {
            kubeconfig: None, ..
        } => credentials::run()? + runtime.block_on(watches::run())?,
        Arguments {
            kubeconfig: Some(path),
            seconds,
        } => runtime.block_on(cluster::run(path, seconds))?,
    };
    say(&match wrong {
        0 => format!("\n{}", style("Everything is as it should be.").green()),
        _ => format!("\n{}", style("What is marked with x went wrong.").red()),
    })?;
    Ok(wrong)
}

/// What `cargo xtask demo` passes on.
struct Arguments {
    kubeconfig: Option<PathBuf>,
    /// How long a cluster is watched; until Ctrl-C if nothing is said.
    seconds: Option<Duration>,
}

impl Arguments {
    fn of_process() -> Result<Self> {
        let mut arguments = Self {
            kubeconfig: None,
            seconds: None,
        };
        let mut given = std::env::args().skip(1);
        while let Some(name) = given.next() {
            let value = given.next().with_context(|| format!("{name}: what?"))?;
            match name.as_str() {
                "--kubeconfig" => arguments.kubeconfig = Some(value.into()),
                "--seconds" => {
                    let seconds = value.parse().context("--seconds takes a number")?;
                    arguments.seconds = Some(Duration::from_secs(seconds));
                }
                _ => bail!("unknown option {name}; --kubeconfig PATH and --seconds N are known"),
            }
        }
        Ok(arguments)
    }
}
