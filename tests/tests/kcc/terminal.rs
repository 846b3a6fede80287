//! What a terminal gets and a pipe does not: colours, and a bar.

use std::process::{Command, Stdio};

use crate::{Desk, quiet};

/// Runs a command at a terminal of its own, and gives all that is written to the screen.
fn screen(command: &Command) -> String {
    let words = [command.get_program()]
        .into_iter()
        .chain(command.get_args());
    let words: Vec<String> = words.map(|word| format!("'{}'", word.display())).collect();
    let mut terminal = Command::new("script");
    terminal.args([
        "--quiet",
        "--return",
        "--command",
        &words.join(" "),
        "/dev/null",
    ]);
    terminal
        .env_clear()
        .env("SHELL", "/bin/sh")
        .env("TERM", "xterm");
    let variables = command.get_envs();
    terminal.envs(variables.filter_map(|(name, value)| Some((name, value?))));
    let output = terminal.stdin(Stdio::null()).output().unwrap();
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
fn colours_are_for_terminals_that_want_them() {
    let desk = Desk::new().with_context("a");
    desk.token("a");
    for args in [&["list"][..], &["explain", "a"], &["doctor"], &["--help"]] {
        let mut command = desk.kcc(args);
        assert!(screen(&command).contains("\x1b["), "{args:?}");
        command.env("NO_COLOR", "1");
        let plain = screen(&command);
        assert!(!plain.contains("\x1b["), "{args:?}: {plain:?}");
    }
}

#[test]
fn warm_shows_a_bar_at_a_terminal_only() {
    let desk = Desk::new().with_context("a").with_context("b");
    let shown = screen(&desk.kcc(&["warm"]));
    assert!(shown.contains("2/2"), "{shown:?}");
    assert!(
        shown.contains("a: ") && shown.contains("fetched"),
        "{shown:?}"
    );
    let output = desk.run(&["warm"]);
    assert_eq!(quiet(&output).lines().count(), 2);
}
