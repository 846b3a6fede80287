//! The reference of the command line: what `--help` says of each command, in one page.

use std::fs;

use anyhow::{Result, ensure};

use crate::step;

const PAGE: &str = "docs/cli.md";

/// Writes the page, or fails where `check` finds another one.
pub(crate) fn run(check: bool) -> Result<()> {
    step::say("\n=== the reference of the command line");
    // By an example of kcc-cli, so that xtask is not built again when kcc changes.
    let mut example = step::cargo("run --quiet --package kcc-cli --example cli_reference");
    let written = step::output_of(&mut example)?;
    let path = step::root().join(PAGE);
    if check {
        let found = fs::read_to_string(&path).unwrap_or_default();
        ensure!(
            found == written,
            "{PAGE} is not what kcc --help says; cargo xtask cli-docs writes it again"
        );
        return Ok(());
    }
    fs::write(&path, written)?;
    Ok(())
}
