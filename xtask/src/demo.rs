//! The main job, visibly.

use std::process::Command;

use anyhow::{Context, Result, ensure};

use crate::step;

pub(crate) fn run() -> Result<()> {
    step::say("Building the demo and kcc-cache ...");
    let kcc_cache = harness::build_kcc_cache()?;
    let mut demo: Command = step::cargo_with("run --quiet --package tests --example demo");
    let status = demo
        .env("KCC_CACHE_BIN", kcc_cache)
        .status()
        .context("cannot run cargo")?;
    ensure!(status.success(), "the demo failed");
    Ok(())
}
