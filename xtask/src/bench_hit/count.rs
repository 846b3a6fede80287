//! What other tools count.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::step;

/// A tool that counts what a program does, which `prepare` adds to a command. `None` where the tool
/// is missing.
pub(super) type Count = fn(client: &Path, prepare: Prepare<'_>) -> Result<Option<i64>>;

pub(super) type Prepare<'a> = &'a dyn Fn(&mut Command);

/// Instructions, counted by valgrind.
pub(super) fn instructions(client: &Path, prepare: Prepare<'_>) -> Result<Option<i64>> {
    if !step::answers("valgrind", &["--version"]) {
        return Ok(None);
    }
    let mut command = Command::new(client);
    command.args([
        "valgrind",
        "--tool=callgrind",
        "--callgrind-out-file=/dev/null",
    ]);
    prepare(&mut command);
    let output = command.output()?;
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    let count = text
        .lines()
        .find_map(|line| line.split_once("Collected : "));
    let (_, count) = count.with_context(|| format!("callgrind counted nothing: {text}"))?;
    Ok(Some(count.trim().parse()?))
}

/// System calls, counted by strace, which is the client.
pub(super) fn system_calls(_: &Path, prepare: Prepare<'_>) -> Result<Option<i64>> {
    if !step::answers("strace", &["--version"]) {
        return Ok(None);
    }
    let mut command = Command::new("strace");
    command.args(["-f", "-c", "-U", "calls,name"]);
    prepare(&mut command);
    let output = command.output()?;
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    let Some(total) = text.lines().find(|line| line.ends_with(" total")) else {
        bail!("strace counted nothing: {text}");
    };
    Ok(Some(
        total
            .split_whitespace()
            .next()
            .unwrap_or_default()
            .parse()?,
    ))
}
