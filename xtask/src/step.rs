//! Runs other programs, and says which.

use std::ffi::OsStr;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Context, Result, bail, ensure};
use harness::is_ci;

/// The workspace's folder.
pub(crate) fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}

/// The cargo that runs us, in the workspace's folder, with these arguments, separated by blanks.
pub(crate) fn cargo(arguments: &str) -> Command {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command.current_dir(root());
    command.args(arguments.split_whitespace());
    command
}

/// The same, for long runs of code that is not shipped: fat LTO over so many crates would take
/// minutes and change little.
pub(crate) fn optimised_cargo(arguments: &str) -> Command {
    let mut cargo = cargo(arguments);
    cargo.env("CARGO_PROFILE_RELEASE_LTO", "off");
    cargo.env("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "16");
    cargo
}

/// A subcommand of cargo that is installed by itself, such as `deny`: what runs it, or `None` where
/// it is missing, which is said.
///
/// # Errors
/// In CI, where nothing is left out in silence.
pub(crate) fn cargo_tool(name: &str, what_for: &str) -> Result<Option<Command>> {
    let mut version = cargo(name);
    version.arg("--version");
    version.stdout(Stdio::null()).stderr(Stdio::null());
    if version.status().is_ok_and(|status| status.success()) {
        return Ok(Some(cargo(name)));
    }
    if is_ci() {
        bail!("{what_for}: cargo-{name} is missing; .ci/install cargo-{name} installs it");
    }
    say(&format!(
        "\n=== {what_for}: left out, since cargo-{name} is missing (cargo install --locked cargo-{name})"
    ));
    Ok(None)
}

/// Whether a program is there and answers `--version`, or runs with `arguments` instead.
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
    timed(name, || {
        let status = command.status();
        let program = command.get_program().display();
        let status = status.with_context(|| format!("{name}: cannot run {program}"))?;
        ensure!(status.success(), "{name}: {program} ended with {status}");
        Ok(())
    })
}

/// The same for a step that is not one program.
pub(crate) fn timed<T>(name: &str, step: impl FnOnce() -> Result<T>) -> Result<T> {
    say(&format!("\n=== {name}"));
    let started = Instant::now();
    let done = step()?;
    let seconds = started.elapsed().as_secs_f64();
    say(&format!("=== {name}: done in {seconds:.0} s"));
    Ok(done)
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
/// Where rustc cannot be run.
pub(crate) fn host_target() -> Result<String> {
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let version = output_of(Command::new(rustc).arg("-vV"))?;
    let host = version.lines().find_map(|line| line.strip_prefix("host: "));
    Ok(host.context("rustc -vV names no host")?.to_owned())
}
