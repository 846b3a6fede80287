//! Runs other programs, and says which.

use std::ffi::OsStr;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Context, Result, ensure};

/// The workspace's folder.
pub(crate) fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}

/// The cargo that runs us, in the workspace's folder.
pub(crate) fn cargo() -> Command {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command.current_dir(root());
    command
}

/// `cargo` with these arguments, separated by blanks.
pub(crate) fn cargo_with(arguments: &str) -> Command {
    let mut command = cargo();
    command.args(arguments.split_whitespace());
    command
}

/// Whether a program is there and answers `--version`, or what `arguments` ask instead.
pub(crate) fn answers(program: impl AsRef<OsStr>, arguments: &[&str]) -> bool {
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::null());
    let status = command.stdout(Stdio::null()).stderr(Stdio::null()).status();
    status.is_ok_and(|status| status.success())
}

/// One line for people.
pub(crate) fn say(line: &str) {
    let _ = writeln!(std::io::stderr(), "{line}");
}

/// Runs one step to its end, with its name before and its time after it.
///
/// # Errors
/// Where the program cannot be started or does not succeed.
pub(crate) fn run(name: &str, command: &mut Command) -> Result<()> {
    say(&format!("\n=== {name}"));
    let started = Instant::now();
    let status = command.status();
    let program = command.get_program().display();
    let status = status.with_context(|| format!("{name}: cannot run {program}"))?;
    ensure!(status.success(), "{name}: {program} ended with {status}");
    say(&format!(
        "=== {name}: done in {:.0} s",
        started.elapsed().as_secs_f64()
    ));
    Ok(())
}

/// What a program prints on stdout.
///
/// # Errors
/// Where the program cannot be started or does not succeed, with its stderr.
pub(crate) fn output_of(command: &mut Command) -> Result<String> {
    let program = command.get_program().display().to_string();
    let output = command
        .output()
        .with_context(|| format!("cannot run {program}"))?;
    let heard = String::from_utf8_lossy(&output.stderr);
    ensure!(
        output.status.success(),
        "{program} ended with {}: {heard}",
        output.status
    );
    Ok(String::from_utf8(output.stdout)?)
}

/// The target that rustc compiles for by itself.
///
/// # Errors
/// Where rustc cannot be asked.
pub(crate) fn host_target() -> Result<String> {
    let version = output_of(Command::new("rustc").arg("-vV"))?;
    let host = version.lines().find_map(|line| line.strip_prefix("host: "));
    Ok(host.context("rustc -vV names no host")?.to_owned())
}
