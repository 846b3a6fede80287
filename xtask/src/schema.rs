//! The schema of Kubernetes' protobuf: what a Go program makes of the types of `k8s.io/api`.

use std::fs;
use std::process::Command;

use anyhow::{Result, ensure};
use harness::cluster::Go;

use crate::step;

const TABLE: &str = "kcache/src/protobuf/schema/table.rs";

/// Writes the table, or fails where `check` finds another one. The program itself compares what it
/// prints with the `generated.proto` of every group.
pub(crate) fn run(check: bool) -> Result<()> {
    let go = Go::find().map_err(anyhow::Error::from)?;
    let mut program = Command::new(go.command);
    program.args(["run", "./schema"]);
    program.current_dir(step::root().join("tests/apiserver"));
    // As the harness builds them, or all that it imports would be compiled twice.
    program.env("CGO_ENABLED", "0").env("GOWORK", "off");
    let written = step::timed("the schema of Kubernetes' protobuf", || {
        step::output_of(&mut program)
    })?;
    let path = step::root().join(TABLE);
    if check {
        let found = fs::read_to_string(&path).unwrap_or_default();
        ensure!(
            found == written,
            "{TABLE} is not what the Go types say; cargo xtask schema writes it again"
        );
        return Ok(());
    }
    fs::write(&path, written)?;
    Ok(())
}

/// Compares it, where Go is.
pub(crate) fn check() -> Result<()> {
    match Go::find() {
        Ok(_) => run(true),
        Err(reason) => {
            step::say(&format!(
                "\n=== the schema of Kubernetes' protobuf: left out: {reason}"
            ));
            Ok(())
        }
    }
}
