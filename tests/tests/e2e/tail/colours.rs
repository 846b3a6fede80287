//! Colours are for people: at a terminal, and where someone asks for them.

use super::program::{Screen, Tail};
use super::stage::Stage;
use crate::trial::{Outcome, Run, check, named};
use libtest_mimic::Failed;

pub(super) const TRIALS: &[(&str, Run)] = named![colours_are_for_terminals_that_want_them];

fn colours_are_for_terminals_that_want_them() -> Outcome {
    let stage = Stage::memory("shop")?;
    stage.pod("web-1", "web")?;
    stage.log("web-1").write("one");
    let plain = ["+ shop/web-1 [app]", "shop/web-1[app]: one"].map(str::to_owned);
    // The same colour of a container each time.
    let coloured = shown(&stage, None, None, true)?;
    check(
        coloured[0] == format!("\u{1b}[2m{}\u{1b}[0m", plain[0])
            && coloured[1].starts_with("\u{1b}[")
            && coloured[1].ends_with("mshop/web-1[app]:\u{1b}[0m one"),
        format!("{coloured:?}"),
    )?;
    let (no_color, never) = (Some(("NO_COLOR", "1")), Some(("KAIL_COLOR", "never")));
    for (at_terminal, flag, variable, expected) in [
        (true, None, no_color, &plain),
        (true, None, never, &plain),
        (true, Some("--color=never"), None, &plain),
        (true, Some("--color=always"), no_color, &coloured),
        (true, Some("--color=auto"), never, &coloured),
        (false, None, None, &plain),
        (false, Some("--color=auto"), None, &plain),
        (false, Some("--color=never"), None, &plain),
        (false, Some("--color=always"), None, &coloured),
        (false, Some("--color=always"), no_color, &coloured),
    ] {
        let shown = shown(&stage, flag, variable, at_terminal)?;
        check(
            shown == *expected,
            format!("{flag:?}, {variable:?}, terminal {at_terminal}: {shown:?}"),
        )?;
    }
    // What a container wrote stays as it is.
    stage.log("web-1").write("\u{1b}[31mred\u{1b}[0m");
    let tail = stage.tail(&["--since", "1h", "-o", "raw"])?;
    tail.prints(&["one", "\u{1b}[31mred\u{1b}[0m"])
}

/// What is shown of a Pod that joins, and of its line.
fn shown(
    stage: &Stage,
    flag: Option<&str>,
    variable: Option<(&str, &str)>,
    at_terminal: bool,
) -> Result<[String; 2], Failed> {
    let flags = ["-n", "shop", "--since", "1h"].into_iter().chain(flag);
    let mut command = stage.command(&flags.collect::<Vec<_>>())?;
    command.envs(variable);
    if !at_terminal {
        let tail = Tail::run(command)?;
        let shown = [tail.notice()?, tail.line()?];
        tail.end()?;
        return Ok(shown);
    }
    let screen = Screen::run(&command)?;
    let mut shown = [screen.line()?, screen.line()?];
    screen.end()?;
    // Either may come first.
    shown.sort_by_key(|line| !line.contains("+ "));
    Ok(shown)
}
