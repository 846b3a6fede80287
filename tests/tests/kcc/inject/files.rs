use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown, symlink};

use super::{Injection, TEXT, refused};
use crate::{code, quiet, stderr};

const REFUSED: &str = "\
users:
- name: a
  user: &shared {exec: {apiVersion: client.authentication.k8s.io/v1, command: aws, interactiveMode: Never}}
- name: b
  user: *shared
";

#[test]
fn a_symbolic_link_stays_and_its_target_keeps_mode_and_owner() {
    let bench = Injection::new();
    let folder = bench.desk.home.path().join("elsewhere");
    fs::create_dir(&folder).unwrap();
    let target = folder.join("real");
    fs::rename(&bench.path, &target).unwrap();
    symlink("../elsewhere/real", &bench.path).unwrap();
    fs::set_permissions(&target, Permissions::from_mode(0o640)).unwrap();
    let is_root = rustix::process::geteuid().is_root();
    if is_root {
        chown(&target, Some(12345), Some(54321)).unwrap();
    }
    let before = fs::metadata(&target).unwrap();
    quiet(&bench.inject(&[]));
    let after = fs::metadata(&target).unwrap();
    assert!(fs::symlink_metadata(&bench.path).unwrap().is_symlink());
    assert!(bench.text().contains("kcc-cache"));
    assert_ne!(before.ino(), after.ino());
    let of = |file: &fs::Metadata| (file.mode(), file.uid(), file.gid());
    assert_eq!(of(&before), of(&after));
    // kubectl starts from the folder of the name that it was given.
    let dir = format!("value: {} ", bench.path.parent().unwrap().display());
    assert!(!bench.text().contains("elsewhere"), "{}", bench.text());
    assert!(bench.text().contains(dir.trim_end()), "{}", bench.text());
    quiet(&bench.eject(&[]));
    assert_eq!(bench.text(), TEXT);
    assert_eq!(fs::read_dir(&folder).unwrap().count(), 1);
}

#[test]
fn what_protects_a_file_is_respected() {
    let bench = Injection::new();
    fs::set_permissions(&bench.path, Permissions::from_mode(0o444)).unwrap();
    refused(&bench.inject(&[]), &["is read-only", "config"]);
    fs::set_permissions(&bench.path, Permissions::from_mode(0o600)).unwrap();
    let link = bench.path.with_file_name("other-name");
    fs::hard_link(&bench.path, &link).unwrap();
    refused(&bench.inject(&[]), &["other hard links"]);
    fs::remove_file(link).unwrap();
    assert_eq!(bench.text(), TEXT);
    assert_eq!(bench.files(), ["config"]);
    quiet(&bench.inject(&[]));
}

#[test]
fn all_files_are_checked_before_one_is_written() {
    let bench = Injection::new();
    let [odd, broken, second] =
        ["odd", "broken", "second"].map(|name| bench.path.with_file_name(name));
    fs::write(&odd, REFUSED).unwrap();
    fs::write(&broken, "users: [").unwrap();
    fs::write(&second, TEXT.replace("-user", "-user2")).unwrap();
    let inject = ["inject", "--command", "kcc-cache"];
    let run = |files: &[&std::path::Path]| {
        let output = bench.with_kubeconfigs(&inject, files).output();
        output.unwrap()
    };
    // Both faults are told at once.
    refused(
        &run(&[&bench.path, &odd, &broken]),
        &[
            "odd:3: user \"a\": an alias elsewhere repeats user",
            "broken:1:8: invalid kubeconfig",
        ],
    );
    fs::set_permissions(&second, Permissions::from_mode(0o400)).unwrap();
    refused(&run(&[&bench.path, &second]), &["second is read-only"]);
    assert_eq!(bench.text(), TEXT);
    fs::set_permissions(&second, Permissions::from_mode(0o600)).unwrap();

    let missing = bench.path.with_file_name("missing");
    quiet(&run(&[&bench.path, &missing, &second, &bench.path]));
    for path in [&bench.path, &second] {
        assert!(fs::read_to_string(path).unwrap().contains("kcc-cache"));
    }
    let eject = bench
        .with_kubeconfigs(&["eject"], &[&second, &bench.path])
        .output();
    quiet(&eject.unwrap());
    assert_eq!(bench.text(), TEXT);
    assert_eq!(fs::read_to_string(&odd).unwrap(), REFUSED);
    assert_eq!(bench.files(), ["broken", "config", "odd", "second"]);
}

#[test]
fn a_file_under_two_names_is_edited_once() {
    let bench = Injection::new();
    let link = bench.path.with_file_name("link");
    symlink(&bench.path, &link).unwrap();
    let inject = ["inject", "--command", "kcc-cache"];
    let output = bench
        .with_kubeconfigs(&inject, &[&link, &bench.path])
        .output();
    assert_eq!(quiet(&output.unwrap()).lines().count(), 4);
    let eject = bench
        .with_kubeconfigs(&["eject"], &[&bench.path, &link])
        .output();
    quiet(&eject.unwrap());
    assert_eq!(bench.text(), TEXT);
}

#[test]
fn no_file_is_an_error_that_says_where_it_was_looked_for() {
    let bench = Injection::new();
    fs::remove_file(&bench.path).unwrap();
    refused(
        &bench.inject(&[]),
        &["there is no kubeconfig", ".kube/config"],
    );
    let nowhere = bench.desk.run(&[
        "inject",
        "--command",
        "kcc-cache",
        "--kubeconfig",
        "nowhere",
    ]);
    refused(&nowhere, &["kubeconfig nowhere does not exist"]);
    fs::create_dir(&bench.path).unwrap();
    let output = bench.inject(&[]);
    assert_eq!(code(&output), 1);
    assert!(stderr(&output).contains("not a regular file"));
}

#[test]
fn three_hundred_users_are_edited_and_given_back() {
    use std::fmt::Write;

    let bench = Injection::new();
    let mut text = String::from("users:\r\n");
    for number in 0..300 {
        let version = "client.authentication.k8s.io/v1beta1";
        let _ = write!(
            text,
            "- name: user-{number} # {number}\r\n  user:\r\n    exec:\r\n      args:\r\n      - '{number}'\r\n      command: aws\r\n      apiVersion: {version}\r\n"
        );
    }
    fs::write(&bench.path, &text).unwrap();
    let said = bench.inject(&[]);
    assert_eq!(quiet(&said).matches(" injected: ").count(), 300);
    assert_eq!(
        bench.text().matches("\r\n").count(),
        text.matches("\r\n").count() + 300 * 6
    );
    quiet(&bench.eject(&["--user", "user-7"]));
    assert_eq!(bench.text().matches("command: aws").count(), 1);
    quiet(&bench.eject(&[]));
    assert_eq!(bench.text(), text);
}

#[test]
fn an_odd_user_is_left_and_the_others_are_edited() {
    let bench = Injection::new();
    let odd = bench.path.with_file_name("odd");
    fs::write(&odd, REFUSED).unwrap();
    let inject = ["inject", "--command", "kcc-cache"];
    let files: [&std::path::Path; 2] = [&odd, &bench.path];
    let run = |args: &[&str]| bench.with_kubeconfigs(args, &files).output().unwrap();
    let output = run(&inject);
    assert_eq!(code(&output), 1);
    let said = crate::stdout(&output);
    assert!(
        said.contains("REFUSED, left as it is: ") && said.contains("odd:3: user \"a\": "),
        "{said}"
    );
    assert_eq!(bench.text().matches("command: kcc-cache").count(), 2);
    assert_eq!(fs::read_to_string(&odd).unwrap(), REFUSED);
    assert_eq!(
        code(&run(&["eject"])),
        0,
        "it is not injected, so nothing keeps it"
    );
    assert_eq!(bench.text(), TEXT);
    // Who names it wants it, or nothing.
    refused(
        &run(&[&inject[..], &["--user", "a", "--user", "prod-user"]].concat()),
        &["odd:3: user \"a\": "],
    );
    assert_eq!(bench.text(), TEXT);
    quiet(&run(&[&inject[..], &["--user", "prod-user"]].concat()));
    assert_eq!(bench.text().matches("command: kcc-cache").count(), 1);
    // sync edits and says the same, and has no success either.
    let output = run(&["sync", "--command", "kcc-cache"]);
    refused(&output, &["odd:3: user \"a\": "]);
    assert_eq!(bench.text().matches("command: kcc-cache").count(), 2);
}
