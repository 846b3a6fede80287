//! What CI runs, in the order in which it fails soonest.

use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use clap::builder::PossibleValuesParser;
use harness::cluster::Go;

use crate::{
    cli_docs, compatibility, demo, dependencies, fuzz, layers, packages, schema, sizes, soak, step,
    test, test_names,
};

/// Enough to see that a target works, and that what it once found is fixed.
const FUZZED: fuzz::Length = fuzz::Length::Inputs(100_000);

type Step = (&'static str, fn() -> Result<()>);

const STEPS: &[Step] = &[
    ("format", format),
    ("layers", layers::run),
    ("sizes", sizes::run),
    ("lints", lints),
    ("default-features", compatibility::default_features),
    ("dependencies", dependencies),
    ("tests", || test::run(None)),
    ("go", go_is_tidy),
    ("schema", schema::check),
    ("faults", soak::faults),
    ("interleavings", soak::interleavings),
    ("fuzz", || fuzz::run(FUZZED, None)),
    ("docs", docs),
    ("demo", demo::check),
    ("packages", packages::are_complete),
];

/// The names of the steps, for the command line.
pub(crate) fn step_names() -> PossibleValuesParser {
    STEPS
        .iter()
        .map(|(name, _)| *name)
        .collect::<Vec<_>>()
        .into()
}

/// Runs these steps, or all, and says where the time went.
pub(crate) fn run(names: &[String]) -> Result<()> {
    let named = |name: &String| STEPS.iter().find(|(known, _)| known == name);
    let steps: Option<Vec<&Step>> = match names {
        [] => Some(STEPS.iter().collect()),
        names => names.iter().map(named).collect(),
    };
    let mut times = vec![];
    for (name, step) in steps.context("no such step")? {
        let started = Instant::now();
        step().with_context(|| format!("cargo xtask ci {name}"))?;
        times.push((started.elapsed().as_secs_f64(), name));
    }
    step::say("\nWhere the time went, in seconds:");
    for (seconds, name) in times {
        step::say(&format!("{seconds:>6.0}  {name}"));
    }
    Ok(())
}

fn format() -> Result<()> {
    step::run("format", &mut step::cargo("fmt --all -- --check"))?;
    let fuzz = "fmt --manifest-path tests/fuzz/Cargo.toml -- --check";
    step::run("format of the fuzz targets", &mut step::cargo(fuzz))
}

fn lints() -> Result<()> {
    let clippy = "clippy --workspace --all-targets --all-features -- --deny warnings";
    step::run("lints", &mut step::cargo(clippy))
}

fn dependencies() -> Result<()> {
    dependencies::hit_path_is_small()?;
    dependencies::are_allowed()
}

fn docs() -> Result<()> {
    test_names::check()?;
    let mut docs = step::cargo("doc --workspace --all-features --no-deps");
    step::run("documentation", docs.env("RUSTDOCFLAGS", "--deny warnings"))?;
    cli_docs::run(true)
}

/// An older kubectl, which only `cargo xtask clients` fetches and builds.
const KUBECTL: &str = "tests/clients/kubectl-1.32";

fn go_is_tidy() -> Result<()> {
    let go = match Go::find() {
        Ok(go) => go.command,
        Err(reason) => {
            step::say(&format!("\n=== the Go sources: left out: {reason}"));
            return Ok(());
        }
    };
    for name in ["tests/apiserver", "tests/tls", KUBECTL] {
        let folder = step::root().join(name);
        step::say(&format!("\n=== the Go sources in {name}"));
        let mut gofmt = Command::new(go.with_file_name("gofmt"));
        let unformatted = step::output_of(gofmt.arg("-l").arg(".").current_dir(&folder))?;
        ensure!(unformatted.is_empty(), "gofmt would change: {unformatted}");
        let go = |arguments: &[&str]| {
            let mut command = Command::new(&go);
            command.args(arguments).current_dir(&folder);
            // As the harness builds them, or all that they import would be compiled twice.
            command.env("CGO_ENABLED", "0").env("GOWORK", "off");
            command
        };
        if name == KUBECTL && !has_modules(&mut go(&["list", "-deps", "."])) {
            step::say("go vet is left out: cargo xtask clients has not fetched its modules");
            continue;
        }
        step::run("go vet", &mut go(&["vet", "./..."]))?;
    }
    Ok(())
}

/// Whether all that a module imports is there already.
fn has_modules(list: &mut Command) -> bool {
    let list = list.env("GOPROXY", "off").stdin(Stdio::null());
    let status = list.stdout(Stdio::null()).stderr(Stdio::null()).status();
    status.is_ok_and(|status| status.success())
}
