use std::env;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use kcc_core::{Environment, LookUpError, SearchPath, Settings};

use super::finding::Finding;
use super::variables;
use crate::install_path;
use crate::wrapper_command::{KCC_CACHE, WrapperCommand};

/// `kcc-cache` says its version without reading anything; what takes longer is another program.
const PATIENCE: Duration = Duration::from_secs(5);

/// The programs and the variables.
pub(super) fn check() -> Vec<Finding> {
    let mut findings = vec![settings()];
    findings.extend(variables::misspelt(
        &Environment::of_process(),
        &str::to_owned,
    ));
    match program(OsStr::new(KCC_CACHE)) {
        Err(LookUpError::Relative { path }) => findings.push(in_working_directory(&path)),
        Err(_) => findings.push(not_in_path()),
        Ok(program) => {
            findings.push(Finding::good(
                "path",
                format!("kcc-cache is {}", program.display()),
            ));
            findings.push(version(&program));
        }
    }
    findings
}

fn settings() -> Finding {
    match Settings::from_environment(&Environment::of_process()) {
        Ok(_) => Finding::good(
            "variables",
            "the KUBE_CREDENTIAL_CACHE_* variables can be read",
        ),
        Err(error) => Finding::bad(
            "variables",
            error.to_string(),
            "unset the variable, or give it a value of that form",
        ),
    }
}

/// What `kcc inject` writes instead where `kcc-cache` is not in `PATH` but beside a `kcc` of which
/// an installer keeps each version in a folder of its own.
pub(super) fn lasting() -> Option<WrapperCommand> {
    let kcc = env::current_exe().ok()?;
    let found = WrapperCommand::lasting(&kcc.with_file_name(KCC_CACHE), &kcc)?;
    let is_other =
        install_path::is_versioned(&kcc) && !WrapperCommand::is_versioned(found.command.as_ref());
    is_other.then_some(found)
}

fn not_in_path() -> Finding {
    if let Some(lasting) = lasting() {
        let message = format!(
            "kcc-cache is not in PATH, and need not be: kcc inject writes {}",
            lasting.command
        );
        return Finding::good("path", message);
    }
    let beside = env::current_exe().ok();
    let beside = beside.map(|exe| exe.with_file_name(KCC_CACHE));
    let repair = match beside
        .filter(|file| file.is_file())
        .as_deref()
        .and_then(Path::parent)
    {
        Some(folder) => format!("add {} to PATH: it is there", folder.display()),
        None => "install kcc-cache into a directory of PATH".to_owned(),
    };
    let message = "kcc-cache is not in PATH, so kubectl cannot run it by its name";
    Finding::bad("path", message, repair)
}

fn in_working_directory(path: &Path) -> Finding {
    let message = format!(
        "PATH leads to kcc-cache as {}, by way of the working directory, which kubectl refuses",
        path.display()
    );
    Finding::bad("path", message, "write that element of PATH in full")
}

pub(super) fn version(program: &Path) -> Finding {
    let own = env!("CARGO_PKG_VERSION");
    let shown = program.display();
    match version_of(program) {
        Ok(Some(version)) if version == own => {
            Finding::good("version", format!("kcc and kcc-cache are both {own}"))
        }
        Ok(Some(version)) => Finding::bad(
            "version",
            format!(
                "kcc is {own} and {shown} is {version}: they may not find each other's entries"
            ),
            "install both from one release",
        ),
        Ok(None) => Finding::bad(
            "version",
            format!("{shown} is another program: it does not say which version of kcc-cache it is"),
            "remove it, or put the directory of this project's kcc-cache before it in PATH",
        ),
        Err(error) => Finding::bad(
            "version",
            format!("{shown} cannot be run: {error}"),
            "install it again, for this machine's architecture",
        ),
    }
}

/// What `kcc-cache --version` says; `None` where it says something else, or nothing in time.
fn version_of(program: &Path) -> std::io::Result<Option<String>> {
    let mut command = Command::new(program);
    command.arg("--version").stdin(Stdio::null());
    command.stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = command.spawn()?;
    let started = Instant::now();
    while child.try_wait()?.is_none() {
        if started.elapsed() > PATIENCE {
            child.kill()?;
            child.wait()?;
            return Ok(None);
        }
        std::thread::sleep(Duration::from_millis(2));
    }
    let output = child.wait_with_output()?;
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let version = said.strip_prefix("kcc-cache ");
    Ok(version.map(|version| version.trim_end().to_owned()))
}

/// The file that a client runs for a command. What a kubeconfig adds to its plugin's environment is
/// not among what decides that.
pub(super) fn program(command: &OsStr) -> Result<PathBuf, LookUpError> {
    SearchPath::of(&Environment::of_process()).look_up(command)
}
