use std::fs::{self, OpenOptions};
use std::os::unix::fs::symlink;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::Stdio;
use std::thread;

use rustix::process::{Pid, Signal, kill_process};

use super::{Injection, TEXT, refused};
use crate::{code, stderr, until};

fn lock(path: &Path) {
    OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(path)
        .unwrap();
}

#[test]
fn kubectls_lock_is_waited_for_and_not_for_ever() {
    let bench = Injection::new();
    let lock_file = bench.path.with_file_name("config.lock");
    lock(&lock_file);
    refused(
        &bench.inject(&[]),
        &["kubectl config, holds", "config.lock", "remove it"],
    );
    assert_eq!(bench.text(), TEXT);
    assert!(lock_file.exists());

    let mut child = bench.desk.kcc(&["inject", "--command", "kcc-cache"]);
    let child = child
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    fs::remove_file(&lock_file).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(code(&output), 0, "{}", stderr(&output));
    assert!(bench.text().contains("kcc-cache"));
    assert_eq!(bench.files(), ["config"]);
}

#[test]
fn a_signal_leaves_no_lock_behind() {
    let bench = Injection::new();
    let target = bench.path.with_file_name("real");
    fs::rename(&bench.path, &target).unwrap();
    symlink(&target, &bench.path).unwrap();
    // The link's lock is taken first, by the order of names.
    let (of_link, of_target) = ("config.lock", "real.lock");
    lock(&bench.path.with_file_name(of_target));
    for signal in [Signal::INT, Signal::TERM, Signal::HUP] {
        let mut child = bench.desk.kcc(&["inject", "--command", "kcc-cache"]);
        let mut child = child.stderr(Stdio::null()).spawn().unwrap();
        until("the first lock", || {
            bench.path.with_file_name(of_link).exists()
        });
        kill_process(Pid::from_child(&child), signal).unwrap();
        let status = child.wait().unwrap();
        assert_eq!(status.signal(), Some(signal.as_raw()), "{status:?}");
        assert_eq!(bench.files(), ["config", "real", of_target]);
    }
    assert_eq!(bench.text(), TEXT);
}

#[test]
fn many_at_once_lose_nothing() {
    let bench = Injection::new();
    thread::scope(|scope| {
        for number in 0..8 {
            let bench = &bench;
            scope.spawn(move || {
                let user = ["dev-user", "prod-user"][number % 2];
                for command in ["inject", "eject", "inject"] {
                    let mut args = vec![command, "--user", user];
                    if command == "inject" {
                        args.extend(["--command", "kcc-cache"]);
                    }
                    let output = bench.desk.run(&args);
                    assert_eq!(code(&output), 0, "{}", stderr(&output));
                }
            });
        }
    });
    let output = bench.eject(&[]);
    assert_eq!(code(&output), 0, "{}", stderr(&output));
    assert_eq!(bench.text(), TEXT);
    assert_eq!(bench.files(), ["config"]);
}
