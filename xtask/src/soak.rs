//! The oracles of the watch cache for longer, and what they need a build of its own for.

use anyhow::Result;

use crate::step;

/// Runs each oracle for so many minutes, on cases that no run had before. A failure names the seed
/// and the fewest steps that show it.
pub(crate) fn run(minutes: f64) -> Result<()> {
    for oracle in ["the_cache_is_its_model", "joins_are_their_nested_loop"] {
        let mut cargo = step::cargo_with("test --release --package tests --test core");
        cargo.env("CARGO_PROFILE_RELEASE_LTO", "off");
        cargo.env("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "16");
        cargo.env("KCACHE_SOAK_MINUTES", minutes.to_string());
        step::run(oracle, cargo.args([oracle, "--", "--nocapture"]))?;
    }
    Ok(())
}

/// Each fault that can be switched on must be caught by the oracles.
pub(crate) fn faults() -> Result<()> {
    let test = "test --package tests --test core --target-dir target/faults faults::";
    let mut cargo = step::cargo_with(test);
    step::run(
        "seeded faults",
        cargo.env("RUSTFLAGS", "--cfg kcache_faults"),
    )
}

/// Every interleaving of a writer and a subscriber, under loom.
pub(crate) fn interleavings() -> Result<()> {
    let mut cargo = step::cargo_with("test --package kcache --test loom --target-dir target/loom");
    step::run("interleavings", cargo.env("RUSTFLAGS", "--cfg kcache_loom"))
}
