//! client-go, as a Go program beside the real API server's.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use harness::cluster::Go;

/// The module that knows client-go.
const MODULE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/apiserver");

/// Builds it, where Go is there.
///
/// The first build takes minutes where the API server was not built before.
pub(crate) fn build() -> Result<PathBuf> {
    let go = Go::find()?;
    let beside = env::current_exe()?;
    let program = beside.with_file_name("syncpeer");
    let status = Command::new(go.command)
        .args(["build", "-o"])
        .arg(&program)
        .arg("./syncpeer")
        .current_dir(Path::new(MODULE))
        // As the API server is built, or all that it imports would be compiled twice.
        .env("CGO_ENABLED", "0")
        .env("GOWORK", "off")
        .status()
        .context("cannot run go")?;
    ensure!(status.success(), "go build ended with {status}");
    Ok(program)
}
