//! The tests, all of them.

use anyhow::Result;
use harness::cluster::{self, Binaries, Progress};

use crate::{programs, progress, step};

pub(crate) fn run(filter: Option<&str>) -> Result<()> {
    let kcc_cache = programs::kcc_cache()?;
    let no_cluster = cluster::unavailable();
    if no_cluster.is_none() {
        // Here its progress can be seen; in a test nobody would know what takes minutes.
        Binaries::build(Progress::Shown)?;
    }
    step::timed("build of the tests", || {
        let build = step::cargo("test --workspace --all-features --no-run");
        progress::build("all tests", build)
    })?;
    let test = |name: &str, arguments: &str| {
        let mut command = step::cargo(arguments);
        command.env("KCC_CACHE_BIN", &kcc_cache);
        step::run(name, command.args(filter))
    };
    if step::answers(step::cargo("").get_program(), &["nextest", "--version"]) {
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
