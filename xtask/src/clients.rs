//! What the cache is to real clients.

use std::path::Path;

use anyhow::Result;

use crate::step;

/// Runs the clients, alone and with the cache; fails where anything is worse with it.
pub(crate) fn run(only: &[String], json: &Path, write: bool, require_all: bool) -> Result<()> {
    // Built alone and before the rest: see `harness::build_kcc_cache`.
    let (kcc, kcc_cache) = (harness::build_kcc()?, harness::build_kcc_cache()?);
    let mut cargo = step::cargo_with("run --package tests --example clients --");
    cargo.env("KCC_BIN", kcc).env("KCC_CACHE_BIN", kcc_cache);
    cargo.arg("--json").arg(json);
    for name in only {
        cargo.arg("--only").arg(name);
    }
    for (flag, asked) in [("--write", write), ("--require-all", require_all)] {
        cargo.args(asked.then_some(flag));
    }
    step::run("clients", &mut cargo)
}
