//! Programs of this workspace, built by the cargo that runs us.

use std::collections::BTreeMap;
use std::env;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::{Mutex, PoisonError};

use anyhow::{Context, Result, bail, ensure};

/// An example of a published crate, as a program, built once in this process.
///
/// It is built as part of the whole workspace with all features, as `cargo xtask test` builds it, so
/// that there the tests find it ready.
///
/// # Errors
/// Where it cannot be built.
pub fn build_example(name: &str) -> Result<PathBuf> {
    static BUILT: Mutex<BTreeMap<String, PathBuf>> = Mutex::new(BTreeMap::new());
    let mut built = BUILT.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(path) = built.get(name) {
        return Ok(path.clone());
    }
    let path = build(&["build", "--workspace", "--all-features", "--example", name])
        .with_context(|| format!("cannot build the example {name}"))?;
    built.insert(name.to_owned(), path.clone());
    Ok(path)
}

/// Runs cargo with these arguments, and gives the program that it says it made.
pub(crate) fn build(arguments: &[&str]) -> Result<PathBuf> {
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args(arguments)
        .args(["--quiet", "--message-format=json-render-diagnostics"])
        .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
        .stderr(Stdio::inherit())
        .output()
        .context("cannot run cargo")?;
    ensure!(output.status.success(), "cargo failed");
    let messages = String::from_utf8(output.stdout)?;
    for message in messages.lines() {
        let message: serde_json::Value = serde_json::from_str(message)?;
        if let Some(path) = message["executable"].as_str() {
            return Ok(path.into());
        }
    }
    bail!("cargo did not say where the program is")
}
