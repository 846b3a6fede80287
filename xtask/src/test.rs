//! The tests, all of them.

use std::process::Command;

use anyhow::Result;
use harness::cluster::{self, Binaries, Progress};

use crate::step;

pub(crate) fn run(filter: Option<&str>) -> Result<()> {
    // Built alone and before the rest: see `harness::build_kcc_cache`.
    let kcc_cache = harness::build_kcc_cache()?;
    let no_cluster = cluster::unavailable();
    if no_cluster.is_none() {
        // Here its progress can be seen; in a test nobody would know what takes minutes.
        Binaries::build(Progress::Shown)?;
    }
    let test = |name: &str, arguments: &str| {
        let mut command: Command = step::cargo_with(arguments);
        command.env("KCC_CACHE_BIN", &kcc_cache);
        step::run(name, command.args(filter))
    };
    if step::answers(step::cargo().get_program(), &["nextest", "--version"]) {
        test(
            "tests",
            "nextest run --workspace --all-features --no-fail-fast --no-tests=pass",
        )?;
        test(
            "documentation tests",
            "test --workspace --all-features --doc",
        )?;
    } else {
        test("tests", "test --workspace --all-features --no-fail-fast")?;
    }
    if let Some(reason) = no_cluster {
        step::say(&format!(
            "\nThe tests on a real API server were ignored: {reason}"
        ));
    }
    Ok(())
}
