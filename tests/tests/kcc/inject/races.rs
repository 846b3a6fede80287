//! What happens between `kcc`'s look at a kubeconfig and its write, made long, or to fail, by
//! strace; where that may not be used the tests say that they are left out.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::{Injection, TEXT, refused};
use crate::{code, stderr, until};

/// `strace` with this fault, as far as it works here.
pub(super) fn strace(fault: &str) -> Option<Command> {
    let under = |program: &str| {
        let mut strace = Command::new("strace");
        let inject = format!("inject={fault}");
        strace.args(["-f", "-o", "/dev/null", "-e", &inject, program]);
        strace
    };
    match under("true").output() {
        Ok(output) if output.status.success() => {}
        Ok(output) => {
            let _ = writeln!(
                std::io::stderr(),
                "left out: no strace: {}",
                stderr(&output)
            );
            return None;
        }
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "left out: no strace: {error}");
            return None;
        }
    }
    let mut strace = under("env");
    strace.env_clear();
    Some(strace)
}

/// `kcc` under strace with this fault, for these files.
fn kcc_under(bench: &Injection, fault: &str, args: &[&str], files: &[&Path]) -> Option<Command> {
    let kcc = bench.with_kubeconfigs(args, files);
    let mut strace = strace(fault)?;
    strace.arg(kcc.get_program()).args(kcc.get_args());
    for (name, value) in kcc.get_envs() {
        strace.env(name, value.unwrap());
    }
    Some(strace)
}

const INJECT: [&str; 3] = ["inject", "--command", "kcc-cache"];

/// Injects, writes the file when `is_time`, and finds both there.
fn nothing_is_lost(fault: &str, is_time: impl Fn(&Injection) -> bool, write: impl Fn(&Path, &str)) {
    let bench = Injection::new();
    let Some(mut kcc) = kcc_under(&bench, fault, &INJECT, &[&bench.path]) else {
        return;
    };
    let kcc = kcc.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
    let kcc = kcc.unwrap();
    until("the write", || is_time(&bench));
    let others = TEXT.replace("prod-user", "renamed");
    write(&bench.path, &others);
    let output = kcc.wait_with_output().unwrap();
    assert_eq!(code(&output), 0, "{}", stderr(&output));
    let text = bench.text();
    assert!(text.contains("name: renamed"), "{text}");
    assert_eq!(text.matches("command: kcc-cache").count(), 2, "{text}");
    assert_eq!(bench.files(), ["config"]);
    assert_eq!(code(&bench.eject(&[])), 0);
    assert_eq!(bench.text(), others);
}

fn in_place(path: &Path, text: &str) {
    fs::write(path, text).unwrap();
}

fn by_rename(path: &Path, text: &str) {
    let beside = path.with_file_name("others");
    fs::write(&beside, text).unwrap();
    fs::rename(beside, path).unwrap();
}

#[test]
fn what_is_written_while_the_disk_is_slow_survives() {
    let has_begun = |bench: &Injection| bench.files().len() > 1;
    for write in [in_place, by_rename] {
        nothing_is_lost("fsync:delay_enter=700000", has_begun, write);
    }
}

#[test]
fn what_is_written_between_the_last_look_and_the_rename_survives() {
    let is_locked = |bench: &Injection| bench.path.with_file_name("config.lock").exists();
    for write in [in_place, by_rename] {
        nothing_is_lost("renameat2:delay_enter=700000", is_locked, write);
    }
}

#[test]
fn without_an_exchange_a_rename_does() {
    let bench = Injection::new();
    let fault = "renameat2:error=EINVAL";
    for (args, text) in [(&INJECT[..], None), (&["eject"], Some(TEXT))] {
        let Some(mut kcc) = kcc_under(&bench, fault, args, &[&bench.path]) else {
            return;
        };
        let output = kcc.output().unwrap();
        assert_eq!(code(&output), 0, "{}", stderr(&output));
        assert_eq!(text.is_none(), bench.text().contains("kcc-cache"));
        assert!(text.is_none_or(|text| bench.text() == text));
        assert_eq!(bench.files(), ["config"]);
    }
}

#[test]
fn where_one_rename_fails_no_file_changes() {
    let bench = Injection::new();
    let paths = ["second", "third"].map(|name| bench.path.with_file_name(name));
    for (at, path) in paths.iter().enumerate() {
        fs::write(path, TEXT.replace("-user", &format!("-user{at}"))).unwrap();
    }
    let files: Vec<&Path> = [&bench.path]
        .into_iter()
        .chain(&paths)
        .map(PathBuf::as_path)
        .collect();
    let texts = || {
        files
            .iter()
            .map(|path| fs::read_to_string(path).unwrap())
            .collect::<Vec<_>>()
    };
    let before = texts();
    for fault in [
        "renameat2:error=EIO:when=2",
        "renameat2:error=EIO:when=3",
        // Nor does any other one work then.
        "renameat2:error=EIO:when=2+",
        "renameat2,rename:error=EIO:when=3+",
        // By plain renames.
        "renameat2:error=EINVAL:when=1+ -e inject=rename:error=EIO:when=2",
        "renameat2:error=EINVAL:when=1+ -e inject=rename:error=EIO:when=3+",
    ] {
        let mut faults = fault.split(" -e inject=");
        let Some(mut kcc) = kcc_under(&bench, faults.next().unwrap(), &INJECT, &files) else {
            return;
        };
        if let Some(second) = faults.next() {
            let first = kcc;
            kcc = Command::new("strace");
            kcc.arg("-e")
                .arg(format!("inject={second}"))
                .args(first.get_args());
            kcc.env_clear();
            for (name, value) in first.get_envs() {
                kcc.env(name, value.unwrap());
            }
        }
        refused(&kcc.output().unwrap(), &["cannot replace kubeconfig"]);
        assert_eq!(texts(), before, "{fault}");
        assert_eq!(bench.files(), ["config", "second", "third"], "{fault}");
    }
}

#[test]
fn the_lock_of_a_killed_kcc_holds_nobody_up() {
    let bench = Injection::new();
    let fault = "renameat2:signal=KILL";
    let Some(mut kcc) = kcc_under(&bench, fault, &INJECT, &[&bench.path]) else {
        return;
    };
    kcc.output().unwrap();
    assert!(bench.path.with_file_name("config.lock").exists());
    let output = bench.inject(&[]);
    assert_eq!(code(&output), 0, "{}", stderr(&output));
    assert_eq!(bench.text().matches("command: kcc-cache").count(), 2);
    assert!(!bench.path.with_file_name("config.lock").exists());
}
