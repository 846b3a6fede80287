//! What the manifests promise: every set of features, the oldest dependencies, the oldest Rust, and
//! an interface that breaks no caller.

use std::fs;
use std::process::Command;

use anyhow::{Context, Result};
use harness::is_ci;

use crate::manifests::Published;
use crate::step;

/// What users build without choosing features, which a build of the whole workspace adds to: linted
/// and tested alone.
pub(crate) fn default_features() -> Result<()> {
    let clippy = "clippy --package kcc-core --package kcc-cli --all-targets -- --deny warnings";
    step::run(
        "lints of kcc with default features",
        &mut step::cargo(clippy),
    )?;
    let clippy = "clippy --package kcache-join --package kcache --lib --no-default-features -- --deny warnings";
    step::run("lints of kcache without features", &mut step::cargo(clippy))?;
    let test = "test --quiet --package kcc-core --package kcc-cli --lib";
    step::run("tests of kcc with default features", &mut step::cargo(test))
}

/// Compiles every published crate alone, with every set of its features.
pub(crate) fn features() -> Result<()> {
    let Some(mut hack) = step::cargo_tool("hack", "feature sets")? else {
        return Ok(());
    };
    hack.args(["check", "--feature-powerset"]);
    hack.args(Published::read()?.arguments());
    step::run("feature sets", &mut hack)
}

/// Compiles with the oldest dependencies that the manifests allow.
pub(crate) fn minimal_versions() -> Result<()> {
    let lock = step::root().join("target/minimal-versions/Cargo.lock");
    fs::create_dir_all(lock.parent().context("no folder")?)?;
    // Unstable flags of cargo only: no build script sees them.
    let cargo = |arguments: &str| {
        let mut cargo = step::cargo(arguments);
        cargo
            .env("RUSTC_BOOTSTRAP", "1")
            .arg("-Zlockfile-path")
            .arg("--config");
        cargo.arg(format!(
            "resolver.lockfile-path={:?}",
            lock.display().to_string()
        ));
        cargo
    };
    let mut update = cargo("update --quiet -Zdirect-minimal-versions");
    step::run("the oldest dependencies", &mut update)?;
    let mut check = cargo("check --all-features --target-dir target/minimal-versions");
    check.args(Published::read()?.arguments());
    step::run("with the oldest dependencies", &mut check)
}

/// Compiles with the Rust that the manifests name, where rustup has it.
pub(crate) fn oldest_rust() -> Result<()> {
    let published = Published::read()?;
    let rust = &published.rust;
    let is_here = step::answers("rustup", &["run", rust, "cargo", "--version"]);
    if !is_here && !is_ci() {
        step::say(&format!(
            "\n=== Rust {rust}: left out, since it is not here (rustup toolchain install {rust})"
        ));
        return Ok(());
    }
    let mut cargo = Command::new("rustup");
    cargo.args(["run", "--install", rust, "cargo"]);
    // That of the cargo that runs us.
    cargo.env_remove("RUSTUP_TOOLCHAIN").env_remove("CARGO");
    cargo.current_dir(step::root());
    cargo.args([
        "check",
        "--all-features",
        "--target-dir",
        "target/oldest-rust",
    ]);
    step::run(&format!("Rust {rust}"), cargo.args(published.arguments()))
}

/// Compares the interfaces with those of `baseline`, a commit, or of the last release's tag: nothing
/// is published yet that they could be compared with.
pub(crate) fn semver(baseline: Option<String>) -> Result<()> {
    let Some(baseline) = baseline.or_else(last_release) else {
        step::say("\n=== public interfaces: left out, since no tag v* says what was released");
        return Ok(());
    };
    let Some(mut checks) = step::cargo_tool("semver-checks", "public interfaces")? else {
        return Ok(());
    };
    checks.args(["--baseline-rev", &baseline, "--all-features"]);
    checks.args(Published::read()?.arguments());
    step::run("public interfaces", &mut checks)
}

fn last_release() -> Option<String> {
    let mut describe = Command::new("git");
    describe.args(["describe", "--tags", "--abbrev=0", "--match=v*"]);
    let tag = step::output_of(describe.current_dir(step::root())).ok()?;
    Some(tag.trim().to_owned())
}
