//! `kcc refresh`.

use std::fs;
use std::process::{Child, Stdio};
use std::time::Duration;

use serde_json::json;

use crate::{Desk, code, quiet, stdout};

#[test]
fn a_good_credential_is_replaced() {
    let mut desk = Desk::new().with_context("a").with_context("b");
    desk.kubeconfig["current-context"] = "b".into();
    desk.write_kubeconfig();
    assert_eq!(desk.token("a"), "token-1");
    assert_eq!(desk.token("b"), "token-2");
    let output = desk.run(&["refresh", "a"]);
    assert!(quiet(&output).starts_with("a: fetched in "), "{output:?}");
    assert_eq!(desk.token("a"), "token-3");
    assert_eq!(desk.token("b"), "token-2");
    let output = desk.run(&["refresh"]);
    assert!(
        quiet(&output).starts_with("b: fetched in "),
        "the current one"
    );
    assert_eq!(desk.token("b"), "token-4");
    let output = desk.run(&["refresh", "b", "a", "b"]);
    assert_eq!(quiet(&output).lines().count(), 2);
    assert_eq!(desk.plugin.runs(), 6, "each once");
    assert_eq!(desk.home.entries().len(), 2);
}

#[test]
fn a_failure_leaves_what_is_stored() {
    let desk = Desk::new().with_context("a");
    desk.plugin.expires_after(Some(600)).unwrap();
    assert_eq!(desk.token("a"), "token-1");
    desk.plugin.exits_with(73).unwrap();
    // Also within the margin, where a request would take it.
    for margin in ["75s", "11m"] {
        let mut command = desk.kcc(&["refresh", "a"]);
        command.env("KUBE_CREDENTIAL_CACHE_REFRESH_MARGIN", margin);
        let output = command.output().unwrap();
        assert_eq!(code(&output), 1);
        let said = stdout(&output);
        assert!(
            said.contains("a: failed: ") && said.contains("exit code 73"),
            "{said}"
        );
    }
    desk.plugin.exits_with(0).unwrap();
    assert_eq!(desk.token("a"), "token-1");

    fs::remove_dir_all(desk.home.entries_dir()).unwrap();
    fs::write(desk.home.entries_dir(), "in the way").unwrap();
    let output = desk.run(&["refresh", "a"]);
    assert_eq!(code(&output), 1, "{output:?}");
}

#[test]
fn the_policy_holds() {
    let desk = Desk::new().with_context("a");
    desk.token("a");
    desk.write_kuberc("credentialPluginPolicy: DenyAll");
    let output = desk.run(&["refresh", "a"]);
    assert_eq!(code(&output), 1);
    assert!(stdout(&output).contains("DenyAll"), "{}", stdout(&output));
    assert_eq!(desk.plugin.runs(), 1);
}

/// Each has the key's lock file open, so each has begun.
#[cfg(target_os = "linux")]
fn wait_at_the_lock(children: &[Child]) {
    let waits = |child: &Child| {
        let open = fs::read_dir(format!("/proc/{}/fd", child.id()));
        let mut files = open.into_iter().flatten().flatten();
        files.any(|file| {
            let target = fs::read_link(file.path()).unwrap_or_default();
            target
                .extension()
                .is_some_and(|extension| extension == "lock")
        })
    };
    while !children.iter().all(waits) {
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
#[cfg(target_os = "linux")]
fn whoever_refreshes_or_waits_at_the_same_time_shares_one_run() {
    let desk = Desk::new().with_context("a");
    for has_entry in [false, true] {
        let before = desk.plugin.runs();
        desk.plugin.waits_at_the_gate().unwrap();
        let spawn = |_| {
            let mut command = desk.kcc(&["refresh", "a"]);
            command.stdout(Stdio::piped()).stderr(Stdio::piped());
            command.spawn().unwrap()
        };
        let children: Vec<Child> = (0..6).map(spawn).collect();
        wait_at_the_lock(&children);
        if has_entry {
            assert_eq!(
                desk.token("a"),
                "token-1",
                "who does not wait has the old one"
            );
        }
        desk.plugin.opens_the_gate().unwrap();
        for child in children {
            let output = child.wait_with_output().unwrap();
            assert!(quiet(&output).starts_with("a: fetched in "), "{output:?}");
        }
        assert_eq!(desk.plugin.runs(), before + 1);
        assert_eq!(desk.token("a"), format!("token-{}", before + 1));
        desk.plugin.closes_the_gate().unwrap();
    }
}

#[test]
fn a_user_without_the_cache_in_front_is_told_so() {
    let mut desk = Desk::new().with_context("a");
    let exec = json!({
        "apiVersion": "client.authentication.k8s.io/v1",
        "command": desk.plugin.path(), "args": ["bare"],
        "interactiveMode": "Never",
    });
    desk.add_context("bare", &json!({ "exec": exec }));
    desk.add_context("fixed", &json!({ "token": "FIXED-SECRET" }));
    for command in ["warm", "warm", "refresh"] {
        let output = desk.run(&[command, "a", "bare", "fixed"]);
        let said = quiet(&output);
        assert_eq!(
            said.matches("kubectl will not read it").count(),
            1,
            "{said}"
        );
        let lines: Vec<&str> = said.lines().collect();
        let bare = lines.iter().position(|line| line.starts_with("bare: "));
        assert!(
            lines[bare.unwrap() + 1].contains("kcc inject --user bare-user"),
            "{said}"
        );
    }
}
