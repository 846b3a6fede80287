//! What people see: colours where there is a terminal and `NO_COLOR` is not set, and errors.

use std::io::{self, Write};
use std::process::ExitCode;

use anstyle::{AnsiColor, Style};

/// For what is wrong.
pub const BAD: Style = AnsiColor::Red.on_default().bold();
/// For what may become wrong.
pub const WARNING: Style = AnsiColor::Yellow.on_default();
/// For what is as it should be.
pub const GOOD: Style = AnsiColor::Green.on_default();
/// For what matters less.
pub const FAINT: Style = Style::new().dimmed();

/// Standard output; drops the colours where it is no terminal that shows them.
pub fn stdout() -> impl Write {
    anstream::stdout().lock()
}

/// Standard error; drops the colours where it is no terminal that shows them.
pub fn stderr() -> impl Write {
    anstream::stderr().lock()
}

/// Says what went wrong, and gives the exit code for it. A reader that went away, as in
/// `kcc list | head -1`, is nobody's error.
pub fn fail(error: &anyhow::Error) -> ExitCode {
    if is_broken_pipe(error) {
        return ExitCode::SUCCESS;
    }
    let _ = writeln!(stderr(), "{BAD}error:{BAD:#} {error:#}");
    ExitCode::FAILURE
}

fn is_broken_pipe(error: &anyhow::Error) -> bool {
    let mut causes = error.chain().filter_map(|cause| cause.downcast_ref());
    causes.any(|cause: &io::Error| cause.kind() == io::ErrorKind::BrokenPipe)
}
