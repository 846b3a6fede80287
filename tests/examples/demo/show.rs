//! Lines for people: in colour on a terminal, plain in a pipe.

use std::io::{self, Write};
use std::time::Duration;

use anyhow::{Result, ensure};
use console::{StyledObject, style};

pub(crate) fn say(line: &str) -> Result<()> {
    let said = writeln!(io::stdout(), "{line}");
    ensure!(said.is_ok(), "nobody reads what the demo shows");
    Ok(())
}

pub(crate) fn heading(text: &str) -> Result<()> {
    say(&style(text).bold().to_string())
}

pub(crate) fn mark(as_expected: bool) -> StyledObject<&'static str> {
    if as_expected {
        style("ok").green()
    } else {
        style("x").red().bold()
    }
}

pub(crate) fn time(took: Duration) -> String {
    match took.as_secs_f64() {
        seconds if seconds < 0.1 => format!("{:.1} ms", seconds * 1e3),
        seconds => format!("{seconds:.2} s"),
    }
}
