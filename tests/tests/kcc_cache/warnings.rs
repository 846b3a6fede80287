//! Warnings where a client cannot bear them: fabric8 reads stderr and stdout as one.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use crate::{Bench, stderr, token_of};

const WARNINGS: &str = "KUBE_CREDENTIAL_CACHE_WARNINGS";

/// An entry that others can read: it is not used, and a warning says so.
fn with_a_spoilt_entry() -> Bench {
    let bench = Bench::new();
    bench.token();
    spoil(&bench);
    bench
}

fn spoil(bench: &Bench) {
    fs::set_permissions(bench.entry(), fs::Permissions::from_mode(0o644)).unwrap();
}

fn log(bench: &Bench) -> String {
    fs::read_to_string(bench.home.entries_dir().join("warnings.log")).unwrap_or_default()
}

#[test]
fn without_a_terminal_they_go_to_a_log_that_the_doctor_reads() {
    let bench = with_a_spoilt_entry();
    let output = bench.command().env_remove(WARNINGS).output().unwrap();
    assert_eq!((token_of(&output), stderr(&output)), ("token-2".into(), ""));
    assert!(log(&bench).contains("lets others at it"), "{}", log(&bench));
    assert_eq!(log(&bench).lines().count(), 1);

    let doctor = bench.home.kcc().arg("doctor").output().unwrap();
    let said = String::from_utf8(doctor.stdout).unwrap();
    assert!(said.contains("kept a warning in the last day"), "{said}");
    assert!(said.contains("lets others at it"), "{said}");
}

#[test]
fn the_same_one_is_not_kept_again_and_again() {
    let bench = with_a_spoilt_entry();
    for _ in 0..4 {
        bench.command().env_remove(WARNINGS).output().unwrap();
        spoil(&bench);
    }
    assert_eq!(log(&bench).lines().count(), 1);
}

#[test]
fn a_variable_says_where_they_go() {
    for (name, value, shown) in [
        (WARNINGS, "stderr", true),
        (WARNINGS, "log", false),
        (WARNINGS, "auto", false),
        ("KUBE_CREDENTIAL_CACHE_DEBUG", "1", true),
    ] {
        let bench = with_a_spoilt_entry();
        let mut command = bench.command();
        let output = command.env_remove(WARNINGS).env(name, value).output();
        let output = output.unwrap();
        let heard = stderr(&output);
        assert_eq!(
            heard.contains("warning: the entry "),
            shown,
            "{value}: {heard}"
        );
        assert_eq!(log(&bench).is_empty(), shown, "{value}");
    }
}

/// Where the cache directory is unusable there is no place for a log either; the client works all the
/// same, and the doctor says what is wrong.
#[test]
fn an_unusable_directory_is_silent() {
    let bench = Bench::new();
    fs::create_dir(bench.home.path().join("cache")).unwrap();
    fs::write(bench.home.entries_dir(), "in the way").unwrap();
    let output = bench.command().env_remove(WARNINGS).output().unwrap();
    assert_eq!((token_of(&output), stderr(&output)), ("token-1".into(), ""));
    let doctor = bench.home.kcc().arg("doctor").output().unwrap();
    assert_eq!(doctor.status.code(), Some(1));
}

/// An error is told on stderr in any case: without it nobody knows why there is no credential.
#[test]
fn errors_stay() {
    let bench = Bench::new();
    let mut command = bench.home.kcc_cache();
    command.env_remove(WARNINGS).arg("no-such-plugin");
    let output = command.output().unwrap();
    assert!(stderr(&output).contains("not found"), "{}", stderr(&output));
}
