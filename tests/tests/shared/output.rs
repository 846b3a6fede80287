//! What a process wrote and how it ended.

use std::process::{Command, Output, Stdio};

use harness::at_terminal;

pub(crate) fn stderr(output: &Output) -> &str {
    std::str::from_utf8(&output.stderr).unwrap()
}

pub(crate) fn code(output: &Output) -> i32 {
    output
        .status
        .code()
        .unwrap_or_else(|| panic!("{:?}", output.status))
}

/// Runs a command whose output nobody reads.
pub(crate) fn unread(command: &mut Command) -> Output {
    let command = command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    drop(child.stdout.take());
    child.wait_with_output().unwrap()
}

/// Runs a command at a terminal of its own, and gives what the screen shows.
pub(crate) fn screen(command: &Command) -> String {
    let output = at_terminal(command, "").unwrap();
    String::from_utf8_lossy(&output.stdout).into_owned()
}
