//! What the watch cache costs beside its peers.

use std::path::Path;

use anyhow::{Result, ensure};

use crate::step;

/// Prints the tables, and writes all runs as JSON to `json`.
pub(crate) fn run(runs: usize, pods: &[usize], json: &Path) -> Result<()> {
    ensure!(runs > 0, "--runs: at least one");
    let mut cargo = step::cargo_with("run --release --package tests --example bench_sync --");
    // As for the core: the same for all that are compared.
    cargo.env("CARGO_PROFILE_RELEASE_LTO", "off");
    cargo.env("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "16");
    cargo.arg(runs.to_string()).arg(json);
    cargo.args(pods.iter().map(usize::to_string));
    step::run("the watch cache beside its peers", &mut cargo)
}
