//! Programs of this workspace, built where their progress can be seen. The harness finds them ready
//! then.

use std::path::PathBuf;

use anyhow::{Context, Result};

use crate::{progress, step};

/// `kcc-cache`, by itself and before the rest: see `harness::build_kcc_cache`.
pub(crate) fn kcc_cache() -> Result<PathBuf> {
    if std::env::var_os("KCC_CACHE_BIN").is_none() {
        let build = step::cargo("build --package kcc-cli --bin kcc-cache");
        progress::build("kcc-cache", build)?;
    }
    harness::build_kcc_cache()
}

/// An example of `tests`, with the features of all, as the tests are built.
pub(crate) fn example(name: &str) -> Result<PathBuf> {
    let mut build = step::cargo("build --workspace --all-features --example");
    build.arg(name);
    let built = progress::build(&format!("the example {name}"), build)?;
    built.into_iter().next().context("cargo made no program")
}
