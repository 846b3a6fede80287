//! `kcc refresh`.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::os::unix::process::ExitStatusExt as _;
use std::process::{Child, Stdio};

use harness::ExecPlugin;
use serde_json::json;

use crate::{Desk, code, is_at_a_lock, is_ignored, quiet, stdout, until};

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
        // Each has begun.
        until("the lock", || {
            children.iter().all(|child| is_at_a_lock(child.id()))
        });
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

/// Also one whose plugins have run already: their end leaves nothing behind that swallows a signal.
#[test]
#[cfg(target_os = "linux")]
fn a_signal_ends_it_while_it_waits_for_another_process() {
    use rustix::process::{Pid, Signal, kill_process};

    for signal in [Signal::INT, Signal::TERM, Signal::HUP] {
        if is_ignored(signal) {
            continue;
        }
        let (desk, _quick) = quick_before_slow();
        let runs = desk.plugin.runs();
        desk.plugin.waits_at_the_gate().unwrap();
        let spawn = |args: &[&str]| {
            let mut kcc = desk.kcc(args);
            kcc.stdout(Stdio::piped()).stderr(Stdio::null());
            kcc.spawn().unwrap()
        };
        let mut other = spawn(&["refresh", "slow"]);
        until("its plugin", || desk.plugin.runs() == runs + 1);
        let mut waiting = spawn(&["refresh", "slow", "quick"]);
        let mut told = BufReader::new(waiting.stdout.take().unwrap()).lines();
        let told = told.next().unwrap().unwrap();
        assert!(told.starts_with("quick: fetched in "), "{told}");
        until("the wait", || is_at_a_lock(waiting.id()));
        kill_process(Pid::from_child(&waiting), signal).unwrap();
        until("its end", || waiting.try_wait().unwrap().is_some());
        let status = waiting.wait().unwrap();
        assert_eq!(status.signal(), Some(signal.as_raw()), "{status}");

        // The other one is not disturbed.
        assert!(other.try_wait().unwrap().is_none());
        desk.plugin.opens_the_gate().unwrap();
        assert!(other.wait().unwrap().success());
        assert_eq!(desk.plugin.runs(), runs + 1);
    }
}

/// Two contexts, and the plugin of the one that is refreshed first: they are taken in the order of their entries.
fn quick_before_slow() -> (Desk, ExecPlugin) {
    loop {
        let mut desk = Desk::new().with_context("slow").with_context("quick");
        let quick = ExecPlugin::new().unwrap();
        desk.exec_mut("quick")["args"] = json!([quick.path(), "quick"]);
        desk.write_kubeconfig();
        desk.token("quick");
        let first = desk.home.entries();
        desk.token("slow");
        let both = desk.home.entries();
        if both.iter().max().is_some_and(|last| !first.contains(last)) {
            return (desk, quick);
        }
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
