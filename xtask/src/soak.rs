//! `cargo xtask soak --minutes N`: the model and the join oracle on cases that no run had before,
//! and the checks that are builds of their own: seeded faults and loom.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};

/// Runs the oracles for so many minutes each. A failure prints the seed and the fewest steps.
pub(crate) fn run(minutes: f64) -> Result<()> {
    let oracles = ["the_cache_is_its_model", "joins_are_their_nested_loop"];
    for oracle in oracles {
        let mut cargo = Command::new(env!("CARGO"));
        cargo.args(["test", "--release", "--package", "tests", "--test", "core", oracle]);
        cargo.env("KCACHE_SOAK_MINUTES", minutes.to_string());
        cargo.env("CARGO_PROFILE_RELEASE_LTO", "off");
        cargo.env("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "16");
        succeed(&mut cargo)?;
    }
    Ok(())
}

/// Each fault that can be switched on must be caught by the oracles.
pub(crate) fn faults(target: &Path) -> Result<()> {
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["test", "--package", "tests", "--test", "core", "faults::"]);
    cargo.env("RUSTFLAGS", "--cfg kcache_faults");
    succeed(cargo.env("CARGO_TARGET_DIR", target.join("faults")))
}

/// Every interleaving of a writer and a subscriber.
pub(crate) fn interleavings(target: &Path) -> Result<()> {
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["test", "--package", "kcache", "--test", "loom"]);
    cargo.env("RUSTFLAGS", "--cfg kcache_loom");
    succeed(cargo.env("CARGO_TARGET_DIR", target.join("loom")))
}

fn succeed(cargo: &mut Command) -> Result<()> {
    let status = cargo.status().context("cannot start cargo")?;
    ensure!(status.success(), "{cargo:?} failed: {status}");
    Ok(())
}
