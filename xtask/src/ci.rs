//! What CI runs, in the order in which it fails soonest.

use std::process::Command;
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Result, bail, ensure};
use harness::cluster::Go;

use crate::step;

/// What is on crates registries; verified together, since alone a crate does not find its
/// neighbours that are not published yet.
const PUBLISHED: [&str; 4] = ["kcc-core", "kcc-cli", "kcache", "kcache-join"];

/// Enough to see that a target works, and that what it once found is mended.
const FUZZ_SECONDS: u32 = 5;

pub(crate) fn run() -> Result<()> {
    step::run("format", &mut step::cargo_with("fmt --all -- --check"))?;
    let fuzz = "fmt --manifest-path tests/fuzz/Cargo.toml -- --check";
    step::run("format of the fuzz targets", &mut step::cargo_with(fuzz))?;
    let clippy = "clippy --workspace --all-targets --all-features -- --deny warnings";
    step::run("lints", &mut step::cargo_with(clippy))?;
    go_is_tidy()?;
    hit_path_is_small()?;
    dependencies_are_allowed()?;
    crate::test::run(None)?;
    crate::soak::faults()?;
    crate::soak::interleavings()?;
    crate::fuzz::run(FUZZ_SECONDS, None)?;
    let mut docs = step::cargo_with("doc --workspace --all-features --no-deps");
    step::run("documentation", docs.env("RUSTDOCFLAGS", "--deny warnings"))?;
    crate::cli_docs::run(true)?;
    packages_are_complete()?;
    crate::sizes::run()
}

/// `kcc-cache` is what every kubectl call starts; an async runtime has no place in it.
fn hit_path_is_small() -> Result<()> {
    step::say("\n=== no async runtime in kcc-cli");
    let mut tree = step::cargo_with("tree --package kcc-cli --edges normal --prefix none");
    let tree = step::output_of(&mut tree)?;
    let names = tree
        .lines()
        .filter_map(|line| line.split_whitespace().next());
    for name in names {
        ensure!(
            !matches!(name, "tokio" | "kube" | "k8s-openapi"),
            "kcc-cli depends on {name}; `cargo tree -p kcc-cli -i {name}` shows by which way"
        );
    }
    Ok(())
}

/// The advisory check needs a database from elsewhere; the others need nothing.
fn dependencies_are_allowed() -> Result<()> {
    if !step::answers(step::cargo().get_program(), &["deny", "--version"]) {
        if std::env::var_os("CI").is_some() {
            bail!(
                "cargo-deny is missing; .ci/run installs it, or: cargo install --locked cargo-deny"
            );
        }
        step::say("\n=== licences, bans, sources: left out, since cargo-deny is missing");
        step::say("install it with: cargo install --locked cargo-deny");
        return Ok(());
    }
    let deny = "deny --all-features check licenses bans sources";
    step::run("licences, bans, sources", &mut step::cargo_with(deny))
}

fn go_is_tidy() -> Result<()> {
    let go = match Go::find() {
        Ok(go) => go.command,
        Err(reason) => {
            step::say(&format!("\n=== the Go sources: left out: {reason}"));
            return Ok(());
        }
    };
    for name in ["tests/apiserver", "tests/tls"] {
        let folder = step::root().join(name);
        step::say(&format!("\n=== the Go sources in {name}"));
        let mut gofmt = Command::new(go.with_file_name("gofmt"));
        let unformatted = step::output_of(gofmt.arg("-l").arg(".").current_dir(&folder))?;
        ensure!(unformatted.is_empty(), "gofmt would change: {unformatted}");
        let mut vet = Command::new(&go);
        step::run("go vet", vet.args(["vet", "./..."]).current_dir(&folder))?;
    }
    Ok(())
}

/// In a folder of its own each time: cargo remembers a crate of its temporary registry by the
/// registry's path and the crate's version, and would verify against the code of an earlier run.
fn packages_are_complete() -> Result<()> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH)?;
    let folder = step::root().join(format!("target/packages-{}", now.as_nanos()));
    let mut package = step::cargo_with("package");
    for name in PUBLISHED {
        package.args(["--package", name]);
    }
    if std::env::var_os("CI").is_none() {
        package.arg("--allow-dirty");
    }
    let packaged = step::run("packages", package.arg("--target-dir").arg(&folder));
    std::fs::remove_dir_all(&folder)?;
    packaged
}
