//! What Go knows of Kubernetes.

use std::io::Write as _;
use std::process::Command;

use anyhow::Result;
use harness::cluster::Go;

/// Whether tests that need Go are left out, which is said: it is missing, and this is not CI.
pub(crate) fn is_missing() -> bool {
    let is_ci = std::env::var_os("CI").is_some();
    match Go::find() {
        Err(reason) if !is_ci => {
            let _ = writeln!(std::io::stderr(), "Tests against Go are ignored: {reason}");
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
