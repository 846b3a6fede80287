//! `kcc completions`: what a shell needs to complete a command line.

use std::io::{self, Write};
use std::process::ExitCode;

use clap::Command;
use clap_complete::CompleteEnv;
use clap_complete::Shell;
use clap_complete::env::{Bash, Elvish, EnvCompleter, Fish, Powershell, Zsh};

use crate::terminal;

/// Set where the script calls `kcc` for what fits.
const VARIABLE: &str = "KCC_COMPLETE";

/// Print the completions of kcc for a shell
///
/// Names of contexts and users come from the kubeconfig: the script gets them from kcc.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Which shell
    shell: Shell,
}

/// Prints the script.
///
/// # Errors
/// Where standard output cannot be written.
pub(crate) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let script = script(args.shell)?;
    terminal::stdout().write_all(&script)?;
    Ok(ExitCode::SUCCESS)
}

fn script(shell: Shell) -> io::Result<Vec<u8>> {
    let shell: &dyn EnvCompleter = match shell {
        Shell::Elvish => &Elvish,
        Shell::Fish => &Fish,
        Shell::PowerShell => &Powershell,
        Shell::Zsh => &Zsh,
        _ => &Bash,
    };
    let mut script = vec![];
    shell.write_registration(VARIABLE, "kcc", "kcc", "kcc", &mut script)?;
    // zsh wants its own line to be the first.
    writeln!(script, "\n# Contexts and users come from the kubeconfig.")?;
    Ok(script)
}

/// Answers a shell that completes the line of this command, and ends the process then.
pub(crate) fn answer(command: fn() -> Command) {
    let completer = CompleteEnv::with_factory(command);
    completer
        .var(VARIABLE)
        .bin("kcc")
        .completer("kcc")
        .complete();
}
