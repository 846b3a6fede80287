//! What people see: colours where there is a terminal and `NO_COLOR` is not set, and errors.

use std::io::{self, Write};
use std::process::ExitCode;

use anstyle::{AnsiColor, Style};
use jiff::SignedDuration;

/// For what is wrong.
pub(crate) const BAD: Style = AnsiColor::Red.on_default().bold();
/// For what may become wrong.
pub(crate) const WARNING: Style = AnsiColor::Yellow.on_default();
/// For what is as it should be.
pub(crate) const GOOD: Style = AnsiColor::Green.on_default();
/// For what matters less.
pub(crate) const FAINT: Style = Style::new().dimmed();

/// Standard output; drops the colours where it is no terminal that shows them.
pub(crate) fn stdout() -> impl Write {
    anstream::stdout().lock()
}

/// Standard error; drops the colours where it is no terminal that shows them.
pub(crate) fn stderr() -> impl Write {
    anstream::stderr().lock()
}

/// Whether standard output shows colours.
pub(crate) fn colours() -> bool {
    anstream::AutoStream::choice(&io::stdout()) != anstream::ColorChoice::Never
}

/// A length of time in its one or two largest units, as kubectl writes ages: `45s`, `12m`, `3h12m`,
/// `2d4h`. Its sign is left out.
pub(crate) fn span(duration: SignedDuration) -> String {
    let seconds = duration.as_secs().unsigned_abs();
    let pair = |large: u64, large_unit, small: u64, small_unit| match small {
        0 => format!("{large}{large_unit}"),
        _ => format!("{large}{large_unit}{small}{small_unit}"),
    };
    match seconds {
        0..120 => format!("{seconds}s"),
        120..600 => pair(seconds / 60, "m", seconds % 60, "s"),
        600..7_200 => format!("{}m", seconds / 60),
        7_200..172_800 => pair(seconds / 3_600, "h", seconds / 60 % 60, "m"),
        172_800..691_200 => pair(seconds / 86_400, "d", seconds / 3_600 % 24, "h"),
        _ => format!("{}d", seconds / 86_400),
    }
}

/// One warning line.
pub(crate) fn warn(message: &str) {
    let _ = writeln!(stderr(), "{WARNING}warning:{WARNING:#} {message}");
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_have_at_most_two_units() {
        for (seconds, expected) in [
            (0, "0s"),
            (119, "119s"),
            (-130, "2m10s"),
            (3_599, "59m"),
            (7_200, "2h"),
            (11_530, "3h12m"),
            (187_200, "2d4h"),
            (864_000, "10d"),
        ] {
            assert_eq!(span(SignedDuration::from_secs(seconds)), expected);
        }
    }
}
