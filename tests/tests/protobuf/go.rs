//! What Go knows of Kubernetes.

use std::io::Write as _;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context as _, Result, ensure};
use harness::cluster::Go;
use serde_json::Value;

/// Whether tests that need Go are left out, which is said: it is missing, and this is not CI.
pub(crate) fn is_missing() -> bool {
    let is_ci = std::env::var_os("CI").is_some();
    match Go::find() {
        Err(reason) if !is_ci => {
            let _ = writeln!(
                std::io::stderr(),
                "Tests of protobuf against Go are ignored: {reason}"
            );
            true
        }
        _ => false,
    }
}

/// The go command in the folder of the programs.
pub(crate) fn command() -> Result<Command> {
    let mut go = Command::new(Go::find()?.command);
    go.current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/apiserver"));
    // As the harness builds them, or all that they import would be compiled twice.
    go.env("CGO_ENABLED", "0").env("GOWORK", "off");
    Ok(go)
}

/// Where a module's files are, which are fetched if they are not there.
pub(crate) fn module(name: &str) -> Result<PathBuf> {
    let output = command()?
        .args(["mod", "download", "-json", name])
        .output()?;
    let heard = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "go mod download {name}: {heard}");
    let module: Value = serde_json::from_slice(&output.stdout)?;
    let folder = module["Dir"].as_str().context("a module has a folder")?;
    Ok(folder.into())
}
