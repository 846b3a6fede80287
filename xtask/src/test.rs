//! The tests, all of them.

use std::fs;

use anyhow::{Context as _, Result};
use harness::cluster::{self, Binaries, Progress};

use crate::{programs, progress, step};

/// All tests but those of the documentation. Benchmarks are examples, which `cargo test` compiles if it is
/// told nothing: minutes, for what the lints have read.
const ALL: &str = "test --workspace --all-features --lib --bins --tests";

/// The examples as the programs that tests start, with the arguments by which the harness looks for them. `cargo
/// test --example` compiles the tests in them instead.
const EXAMPLES: &str = "build --workspace --all-features";

pub(crate) fn run(filter: Option<&str>) -> Result<()> {
    let kcc_cache = programs::kcc_cache()?;
    let no_cluster = cluster::unavailable();
    if no_cluster.is_none() {
        // Here its progress can be seen; in a test nobody would know what takes minutes.
        Binaries::build(Progress::Shown)?;
    }
    step::timed("build of the tests", || {
        let mut build = step::cargo(ALL);
        build.arg("--no-run");
        progress::build("all tests", build)
    })?;
    let examples = examples()?;
    step::timed("build of the examples", || {
        let mut build = step::cargo(EXAMPLES);
        build.args(&examples);
        progress::build("the examples that tests run", build)
    })?;
    let test = |name: &str, arguments: &str| {
        let mut command = step::cargo(arguments);
        command.env("KCC_CACHE_BIN", &kcc_cache);
        step::run(name, command.args(filter))
    };
    if step::answers(step::cargo("").get_program(), &["nextest", "--version"]) {
        test(
            "tests",
            "nextest run --workspace --all-features --lib --bins --tests --no-fail-fast --no-tests=pass",
        )?;
    } else {
        test("tests", &format!("{ALL} --no-fail-fast"))?;
    }
    test(
        "documentation tests",
        "test --workspace --all-features --doc",
    )?;
    if let Some(reason) = no_cluster {
        step::say(&format!(
            "\nThe tests on a real API server were ignored: {reason}"
        ));
    }
    Ok(())
}

/// Arguments that name the examples which tests run: those of the published crates.
fn examples() -> Result<Vec<String>> {
    let mut arguments = Vec::new();
    for package in ["kcache", "kcache-join"] {
        for file in fs::read_dir(step::root().join(package).join("examples"))? {
            let path = file?.path();
            let name = path.file_stem().context("an example without a name")?;
            let name = name.to_string_lossy().into_owned();
            arguments.extend(["--example".to_owned(), name]);
        }
    }
    Ok(arguments)
}
