//! The main job, visibly.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};
use clap::Args;

use crate::{picture, programs, step};

#[derive(Args)]
pub(crate) struct Arguments {
    /// Watch this kubeconfig's cluster instead, and change nothing there
    #[arg(long, value_name = "PATH")]
    kubeconfig: Option<PathBuf>,
    /// How long that cluster is watched; until Ctrl-C unless told
    #[arg(long, value_name = "N", requires = "kubeconfig")]
    seconds: Option<u64>,
    /// Write a picture of the terminal
    #[arg(long, value_name = "FILE", conflicts_with = "kubeconfig")]
    svg: Option<PathBuf>,
    /// Only fail where the picture shows something else
    #[arg(long, requires = "svg")]
    check: bool,
}

pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let mut demo = demo()?;
    if let Some(svg) = &arguments.svg {
        return draw(&mut demo, svg, arguments.check);
    }
    if let Some(path) = &arguments.kubeconfig {
        demo.arg("--kubeconfig").arg(path);
    }
    if let Some(seconds) = arguments.seconds {
        demo.args(["--seconds", &seconds.to_string()]);
    }
    let status = demo.status().context("cannot run the demo")?;
    ensure!(status.success(), "the demo failed");
    Ok(())
}

/// The picture in README shows what the demo shows.
pub(crate) fn check() -> Result<()> {
    step::timed("the picture of the demo", || {
        draw(&mut demo()?, &step::root().join("docs/demo.svg"), true)
    })
}

fn demo() -> Result<Command> {
    let kcc_cache = programs::kcc_cache()?;
    let mut demo = Command::new(programs::example("demo")?);
    demo.env("KCC_CACHE_BIN", kcc_cache);
    Ok(demo)
}

fn draw(demo: &mut Command, svg: &Path, check: bool) -> Result<()> {
    let demo = demo.env("CLICOLOR_FORCE", "1").stderr(Stdio::inherit());
    let shown = step::output_of(demo)?;
    picture::keep(svg, "cargo xtask demo", &shown, check)
}
