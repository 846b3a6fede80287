use std::io::Write as _;
use std::process::{Command, Output, Stdio};

use anyhow::{Context as _, Result};

/// Runs a command at a terminal of its own, which `script` makes, and types at it; its standard
/// output is what the screen shows. The keyboard stays until the command ends.
///
/// The command has the environment that was set on it and no other.
///
/// # Errors
/// Where `script` cannot be run.
pub fn at_terminal(command: &Command, typed: &str) -> Result<Output> {
    let mut terminal = with_terminal(command).spawn().context(NO_SCRIPT)?;
    let mut keyboard = terminal.stdin.take().context("no keyboard")?;
    keyboard.write_all(typed.as_bytes())?;
    let output = terminal.wait_with_output()?;
    drop(keyboard);
    Ok(output)
}

const NO_SCRIPT: &str = "cannot run `script`";

/// A command that runs another one at a terminal of its own: what is written to it is typed there, and it writes
/// what the screen shows.
pub fn with_terminal(command: &Command) -> Command {
    let words = [command.get_program()]
        .into_iter()
        .chain(command.get_args());
    let words: Vec<_> = words.map(|word| format!("'{}'", word.display())).collect();
    let mut terminal = Command::new("script");
    terminal.args(["--quiet", "--return", "--command", &words.join(" ")]);
    terminal.arg("/dev/null");
    terminal.env_clear();
    terminal.env("SHELL", "/bin/sh").env("TERM", "xterm");
    let variables = command.get_envs();
    terminal.envs(variables.filter_map(|(name, value)| Some((name, value?))));
    terminal.stdin(Stdio::piped()).stdout(Stdio::piped());
    terminal
}
