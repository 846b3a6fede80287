//! The fuzz targets of `tests/fuzz`.
//!
//! They are cargo-fuzz's, and `RUSTC_BOOTSTRAP=1 cargo fuzz run --sanitizer none TARGET` runs them.
//! All that it adds on a stable toolchain are compiler flags, which are given here: a bare machine
//! needs a C++ compiler for libFuzzer, and not minutes for cargo-fuzz.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;
use std::thread;

use anyhow::{Context, Result, anyhow, bail, ensure};

use crate::step;

/// What cargo-fuzz gives rustc with `--sanitizer none`: libFuzzer's view of which code ran, and of
/// what was compared.
const INSTRUMENTED: &str = "--cfg fuzzing -Cpasses=sancov-module \
    -Cllvm-args=-sanitizer-coverage-level=4 \
    -Cllvm-args=-sanitizer-coverage-inline-8bit-counters \
    -Cllvm-args=-sanitizer-coverage-pc-table \
    -Cllvm-args=-sanitizer-coverage-trace-compares";

/// An input that takes longer, in seconds, or more memory, in MiB, is a finding.
const SLOW: u32 = 10;
const LARGE: u32 = 1024;

/// How long a target runs.
#[derive(Clone, Copy)]
pub(crate) enum Length {
    /// So many seconds, on inputs that no run had before.
    Seconds(u32),
    /// So many inputs, the same ones each time: a run that fails fails again.
    Inputs(u32),
}

/// Runs the targets, as many at once as there are cores. Inputs that found something new are kept in
/// `tests/fuzz/corpus` for the next run, and findings in `tests/fuzz/artifacts`.
pub(crate) fn run(length: Length, target: Option<&str>) -> Result<()> {
    let folder = step::root().join("tests/fuzz");
    let mut targets = targets(&folder)?;
    if let Some(only) = target {
        let known = targets.join(", ");
        targets.retain(|name| name == only);
        ensure!(!targets.is_empty(), "no target {only}; there are {known}");
    }
    let programs = build(&folder)?;
    let waiting = Mutex::new(targets.iter());
    let worker = || -> Result<()> {
        while let Some(target) = waiting.lock().ok().and_then(|mut all| all.next()) {
            fuzz(&folder, &programs.join(target), target, length)?;
        }
        Ok(())
    };
    thread::scope(|scope| {
        let cores = thread::available_parallelism().map_or(1, usize::from);
        let workers: Vec<_> = (0..cores).map(|_| scope.spawn(worker)).collect();
        workers.into_iter().try_for_each(|worker| {
            let end = worker.join();
            end.map_err(|_| anyhow!("a fuzz target's thread panicked"))?
        })
    })
}

fn targets(folder: &Path) -> Result<Vec<String>> {
    let mut names = vec![];
    for file in fs::read_dir(folder.join("targets"))? {
        let path = file?.path();
        let stem = path.file_stem().context("a target without a name")?;
        names.push(stem.to_string_lossy().into_owned());
    }
    names.sort();
    Ok(names)
}

/// Builds all targets; where they are.
fn build(folder: &Path) -> Result<PathBuf> {
    let compiler = std::env::var("CXX").unwrap_or_else(|_| "c++".to_owned());
    if !step::answers(&compiler, &["--version"]) {
        bail!("{compiler}, a C++ compiler, is missing; libFuzzer needs one (g++ or clang++)");
    }
    // The workspace's own versions; cargo adds what only the targets need.
    fs::copy(step::root().join("Cargo.lock"), folder.join("Cargo.lock"))?;
    let host = step::host_target()?;
    // With a target, or build scripts would be instrumented, too, and not be linked.
    let mut cargo = step::cargo("build --release --bins --target");
    cargo.arg(&host).current_dir(folder);
    cargo.env("RUSTFLAGS", INSTRUMENTED);
    step::run("fuzz targets", &mut cargo)?;
    Ok(folder.join("target").join(host).join("release"))
}

fn fuzz(folder: &Path, program: &Path, target: &str, length: Length) -> Result<()> {
    let of = |kind: &str| folder.join(kind).join(target);
    let (corpus, artifacts) = (of("corpus"), of("artifacts"));
    fs::create_dir_all(&corpus)?;
    fs::create_dir_all(&artifacts)?;
    let mut command = Command::new(program);
    command.arg(&corpus).arg(of("seeds"));
    command.arg(format!("-artifact_prefix={}/", artifacts.display()));
    let planned = match length {
        Length::Seconds(seconds) => {
            command.arg(format!("-max_total_time={seconds}"));
            format!("{seconds} s")
        }
        Length::Inputs(inputs) => {
            command.args([&format!("-runs={inputs}"), "-seed=1"]);
            format!("{inputs} inputs")
        }
    };
    command.arg(format!("-timeout={SLOW}"));
    command.arg(format!("-rss_limit_mb={LARGE}"));
    command.arg("-print_final_stats=1");
    step::say(&format!("\n=== fuzz {target} for {planned}"));
    let output = command.output()?;
    let heard = String::from_utf8_lossy(&output.stderr);
    if !output.status.success() {
        step::say(&heard);
        let program = program.display();
        bail!("fuzz {target}: {program} ended with {}", output.status);
    }
    // libFuzzer says much more, which matters only with a finding.
    let told = heard.lines().filter(|line| line.starts_with("stat::"));
    let told: Vec<&str> = told.collect();
    step::say(&format!("\n=== fuzz {target}\n{}", told.join("\n")));
    Ok(())
}
