//! `kcc exec`, and what needs no cache: completions, manual pages, errors.

use std::fs;
use std::process::Stdio;

use crate::{Desk, code, quiet, stderr, stdout};

#[test]
fn exec_shares_the_entry_of_kcc_cache() {
    let desk = Desk::new();
    let plugin = desk.plugin.path();
    let plugin = plugin.to_str().unwrap();
    for separator in [&["--"][..], &[]] {
        // What looks like an option of kcc, or like its separator, is the plugin's.
        let args = ["x", "--kubeconfig", "y", "--", "-h"];
        let through_kcc = [&["exec"], separator, &[plugin], &args].concat();
        let of_exec = quiet(&desk.run(&through_kcc)).to_owned();
        let output = desk.home.kcc_cache().arg(plugin).args(args).output();
        assert_eq!(quiet(&output.unwrap()), of_exec);
    }
    assert_eq!(desk.plugin.runs(), 1);
}

#[test]
fn exec_passes_the_plugins_failure_on() {
    let desk = Desk::new();
    desk.plugin.says("no login\n").unwrap();
    desk.plugin.exits_with(73).unwrap();
    let output = desk.run(&["exec", desk.plugin.path().to_str().unwrap()]);
    assert_eq!((code(&output), stderr(&output)), (73, "no login\n"));
    let output = desk.run(&["exec", "there-is-no-such-plugin"]);
    assert_eq!(code(&output), 127);
    assert!(stderr(&output).contains("not found in PATH"));
}

#[test]
fn a_wrong_call_is_exit_code_2() {
    let desk = Desk::new();
    for args in [
        &["exec"][..],
        &["clear"],
        &["nonsense"],
        &[],
        &["list", "-o", "xml"],
    ] {
        assert_eq!(code(&desk.run(args)), 2, "{args:?}");
    }
}

#[test]
fn every_shell_gets_completions() {
    let desk = Desk::new();
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let output = desk.run(&["completions", shell]);
        assert!(quiet(&output).contains("kubeconfig"), "{shell}");
    }
}

#[test]
fn manual_pages_are_written_for_every_command() {
    let desk = Desk::new();
    let dir = desk.home.path().join("man");
    quiet(&desk.run(&["man", "--dir", dir.to_str().unwrap()]));
    for page in ["kcc.1", "kcc-list.1", "kcc-warm.1", "kcc-cache.1"] {
        let text = fs::read_to_string(dir.join(page)).unwrap();
        assert!(text.contains(".SH NAME"), "{page}");
    }
    assert!(quiet(&desk.run(&["man"])).contains(".SH NAME"));
    let output = desk.run(&["man", "--dir", "/dev/null/x"]);
    assert_eq!(code(&output), 1);
    assert!(
        stderr(&output).contains("/dev/null/x"),
        "{}",
        stderr(&output)
    );
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let desk = Desk::new();
    let mut kcc = desk.kcc(&["completions", "bash"]);
    let mut child = kcc
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!(stderr(&output), "");
}

#[test]
fn output_that_is_no_terminal_has_no_colours() {
    let desk = Desk::new();
    for args in [
        &["--help"][..],
        &["list", "--kubeconfig", "/nowhere"],
        &["warm"],
    ] {
        let output = desk.run(args);
        for text in [stdout(&output), stderr(&output)] {
            assert!(!text.contains('\x1b'), "{args:?}: {text:?}");
        }
    }
}
