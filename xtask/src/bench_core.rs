//! What the core of the watch cache costs.
//!
//! The benchmark is an example of `tests`, so that xtask is not built again when `kcache` changes.

use std::path::Path;

use anyhow::Result;

use crate::step;

/// Prints the table, and writes it as JSON to `json`.
pub(crate) fn run(json: &Path) -> Result<()> {
    let mut cargo = step::cargo_with("run --release --package tests --example bench_core --");
    // Fat LTO over so many crates would take minutes and change little.
    cargo.env("CARGO_PROFILE_RELEASE_LTO", "off");
    cargo.env("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "16");
    step::run("the core of the watch cache", cargo.arg(json))
}
