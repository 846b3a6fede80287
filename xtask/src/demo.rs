//! The main job, visibly.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result, ensure};

use crate::step;

pub(crate) fn run(kubeconfig: Option<PathBuf>, seconds: Option<u64>) -> Result<()> {
    step::say("Building the demo and kcc-cache ...");
    let kcc_cache = harness::build_kcc_cache()?;
    let mut demo: Command = step::cargo_with("run --quiet --package tests --example demo --");
    if let Some(path) = kubeconfig {
        // cargo starts it in the workspace's folder.
        demo.arg("--kubeconfig").arg(std::path::absolute(path)?);
    }
    if let Some(seconds) = seconds {
        demo.args(["--seconds", &seconds.to_string()]);
    }
    let status = demo
        .env("KCC_CACHE_BIN", kcc_cache)
        .status()
        .context("cannot run cargo")?;
    ensure!(status.success(), "the demo failed");
    Ok(())
}
