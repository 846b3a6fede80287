//! Benchmarks of the watch cache and of its clients.
//!
//! They are examples of `tests`, so that xtask is not built again when `kcache` changes. Each prints
//! tables, and writes them as JSON to `json`.

use std::path::Path;
use std::process::Command;

use anyhow::{Result, ensure};

use crate::step;

/// What the core of the watch cache costs.
pub(crate) fn core(json: &Path) -> Result<()> {
    step::run(
        "the core of the watch cache",
        example("bench_core").arg(json),
    )
}

/// What it costs to make objects of JSON and of protobuf.
pub(crate) fn protobuf(json: &Path) -> Result<()> {
    step::run(
        "objects of JSON and of protobuf",
        example("bench_protobuf").arg(json),
    )
}

/// What HTTP/2 is worth to a client.
pub(crate) fn http2(json: &Path) -> Result<()> {
    step::run("HTTP/2 and HTTP/1.1", example("bench_http2").arg(json))
}

/// What the start of a controller with 20 kinds costs.
pub(crate) fn cold(json: &Path) -> Result<()> {
    step::run("a controller's start", example("bench_cold").arg(json))
}

/// What the watch cache costs beside its peers: of all clients, or of those whose name has `part` in it.
pub(crate) fn sync(runs: usize, pods: &[usize], part: &str, json: &Path) -> Result<()> {
    ensure!(runs > 0, "--runs: at least one");
    let mut example = example("bench_sync");
    example.arg(runs.to_string()).arg(json).arg(part);
    example.args(pods.iter().map(usize::to_string));
    step::run("the watch cache beside its peers", &mut example)
}

fn example(name: &str) -> Command {
    let mut cargo = step::optimised_cargo("run --release --package tests --features bench");
    cargo.args(["--example", name, "--"]);
    cargo
}
