//! What a terminal gets and a pipe does not: colours, and a bar.

use harness::at_terminal;

use crate::{Desk, quiet, screen};

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

/// The person is there: a plugin may prompt, although a good credential is stored.
#[test]
fn a_refresh_lets_a_plugin_prompt() {
    let mut desk = Desk::new().with_context("a");
    desk.exec_mut("a")["interactiveMode"] = "Always".into();
    desk.write_kubeconfig();
    let answer = "{\"kind\":\"ExecCredential\",\"apiVersion\":\"client.authentication.k8s.io/v1\",\"status\":{\"token\":\"pin-PIN\"}}";
    let prompt = format!(
        "#!/bin/sh\nprintf 'PIN: ' >&2\nread -r pin\necho '{answer}' | sed \"s/PIN/$pin/\"\n"
    );
    std::fs::write(desk.plugin.path(), prompt).unwrap();
    for pin in ["4711", "4712"] {
        let command = desk.kcc(&["refresh", "a"]);
        let output = at_terminal(&command, &format!("{pin}\n")).unwrap();
        let shown = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(
            shown.contains("PIN: ") && shown.contains("fetched"),
            "{shown:?}"
        );
        assert_eq!(desk.token("a"), format!("pin-{pin}"));
    }
    // Without one it cannot.
    let output = desk.run(&["refresh", "a"]);
    assert_eq!(crate::code(&output), 1);
    assert!(crate::stdout(&output).contains("by hand"), "{output:?}");
    assert_eq!(desk.token("a"), "pin-4712");
}
