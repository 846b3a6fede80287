//! `cargo xtask bench core`: what the core of the watch cache costs.
//!
//! The benchmark is an example of `tests`, so that xtask is not built again when `kcache` changes.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};

/// Prints the table, and writes it as JSON to `json`.
pub(crate) fn run(json: &Path) -> Result<()> {
    let status = Command::new(env!("CARGO"))
        .args(["run", "--release", "--package", "tests", "--example", "bench_core", "--"])
        .arg(json)
        // The program under test is one of many crates; fat LTO would take minutes and change little.
        .env("CARGO_PROFILE_RELEASE_LTO", "off")
        .env("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "16")
        .status()
        .context("cannot start cargo")?;
    ensure!(status.success(), "the benchmark failed: {status}");
    Ok(())
}
