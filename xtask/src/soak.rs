//! The oracles of the watch cache for longer, and what they need a build of its own for.

use anyhow::Result;

use crate::step;

/// What the arguments ask for.
pub(crate) fn run(minutes: Option<f64>, faults: Option<usize>) -> Result<()> {
    minutes.map_or(Ok(()), oracles)?;
    faults.map_or(Ok(()), chaos)
}

/// Runs each oracle for so many minutes, on cases that no run had before. A failure names the seed
/// and the fewest steps that show it.
fn oracles(minutes: f64) -> Result<()> {
    for oracle in [
        "the_cache_is_its_model",
        "the_informer_is_its_server",
        "joins_are_their_nested_loop",
    ] {
        let mut cargo = step::cargo_with("test --release --package tests --test core");
        cargo.env("CARGO_PROFILE_RELEASE_LTO", "off");
        cargo.env("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "16");
        cargo.env("KCACHE_SOAK_MINUTES", minutes.to_string());
        step::run(oracle, cargo.args([oracle, "--", "--nocapture"]))?;
    }
    Ok(())
}

/// So many faults on the way to the real kube-apiserver, and of the server itself.
fn chaos(faults: usize) -> Result<()> {
    let test = "test --package tests --test e2e -- watch::chaos --nocapture";
    let mut cargo = step::cargo_with(test);
    step::run("chaos", cargo.env("KCC_CHAOS_FAULTS", faults.to_string()))
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
