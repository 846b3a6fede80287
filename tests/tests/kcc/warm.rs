//! `kcc warm`.

use std::fs;
use std::os::unix::process::ExitStatusExt;
use std::process::Stdio;

use serde_json::json;

use crate::{Desk, code, is_at_a_lock, is_ignored, quiet, stderr, stdout, until};

#[test]
fn all_contexts_are_fetched_at_once_and_clients_find_them() {
    let mut desk = Desk::new()
        .with_context("a")
        .with_context("b")
        .with_context("c");
    desk.exec_mut("b")["provideClusterInfo"] = true.into();
    desk.exec_mut("c")["interactiveMode"] = "Never".into();
    desk.add_context("fixed", &json!({ "token": "FIXED-SECRET" }));
    desk.plugin.waits_at_the_gate().unwrap();
    let child = std::thread::scope(|scope| {
        let run = scope.spawn(|| desk.run(&["warm"]));
        // All three are on their way together.
        while desk.plugin.runs() < 3 {
            assert!(!run.is_finished(), "{:?}", run.join());
            std::thread::sleep(std::time::Duration::from_millis(10));
        }
        desk.plugin.opens_the_gate().unwrap();
        run.join().unwrap()
    });
    let said = quiet(&child);
    assert_eq!(said.lines().count(), 4, "{said}");
    for context in ["a", "b", "c"] {
        assert!(said.contains(&format!("{context}: fetched in ")), "{said}");
    }
    assert!(said.contains("fixed: its user needs no plugin"), "{said}");
    assert!(
        !said.contains("SECRET") && !said.contains("token-"),
        "{said}"
    );
    for context in ["a", "b", "c"] {
        desk.token(context);
    }
    assert_eq!(desk.plugin.runs(), 3);

    let output = desk.run(&["warm", "a"]);
    assert_eq!(quiet(&output), "a: good for 58m\n");
}

#[test]
fn contexts_of_one_credential_are_fetched_once() {
    let mut desk = Desk::new().with_context("a");
    let contexts = desk.kubeconfig["contexts"].as_array_mut().unwrap();
    contexts.push(json!({ "name": "a2", "context": { "cluster": "a", "user": "a-user" } }));
    desk.write_kubeconfig();
    let output = desk.run(&["warm"]);
    assert!(quiet(&output).starts_with("a, a2: fetched in "));
    assert_eq!(desk.plugin.runs(), 1);
}

#[test]
fn failures_are_told_and_are_the_exit_code() {
    let mut desk = Desk::new()
        .with_context("a")
        .with_context("b")
        .with_context("prompt");
    desk.exec_mut("prompt")["interactiveMode"] = "Always".into();
    let missing = json!({
        "apiVersion": "client.authentication.k8s.io/v1",
        "command": "there-is-no-such-plugin",
        "installHint": "get it from the shop",
        "interactiveMode": "Never",
    });
    desk.add_context("missing", &json!({ "exec": missing }));
    desk.plugin.exits_with(73).unwrap();
    let output = desk.run(&["warm", "a", "missing", "prompt"]);
    assert_eq!(code(&output), 1);
    let said = stdout(&output);
    assert!(
        said.contains("a: failed: ") && said.contains("exit code 73"),
        "{said}"
    );
    assert!(
        said.contains("not found in PATH\nget it from the shop"),
        "{said}"
    );
    assert!(
        said.contains("prompt: failed") && said.contains("by hand"),
        "{said}"
    );

    let output = desk.run(&["warm", "nowhere"]);
    assert_eq!(code(&output), 1);
    let said = stderr(&output);
    assert!(
        said.contains("nowhere") && said.contains("missing"),
        "{said}"
    );
}

#[test]
fn what_the_next_request_does_not_find_is_a_failure() {
    let desk = Desk::new().with_context("a");
    desk.plugin.expires_after(Some(0)).unwrap();
    let output = desk.run(&["warm"]);
    assert_eq!(code(&output), 1, "{}", stdout(&output));
    assert!(
        stdout(&output).contains("expired already"),
        "{}",
        stdout(&output)
    );

    fs::create_dir_all(desk.home.path().join("cache")).unwrap();
    let _ = fs::remove_dir_all(desk.home.entries_dir());
    fs::write(desk.home.entries_dir(), "in the way").unwrap();
    let output = desk.run(&["warm"]);
    assert_eq!(code(&output), 1);
    assert!(
        stdout(&output).contains("a: failed: "),
        "{}",
        stdout(&output)
    );
}

#[test]
fn without_contexts_there_is_nothing_to_warm() {
    let desk = Desk::new();
    let output = desk.run(&["warm"]);
    assert_eq!(code(&output), 1);
    assert!(
        stderr(&output).contains("KUBECONFIG"),
        "{}",
        stderr(&output)
    );
}

#[test]
fn a_signal_ends_it_with_its_plugins() {
    let desk = Desk::new().with_context("a");
    desk.plugin.waits_at_the_gate().unwrap();
    let mut kcc = desk.kcc(&["warm"]);
    let mut child = kcc.stdout(Stdio::piped()).spawn().unwrap();
    until("a plugin", || {
        assert!(child.try_wait().unwrap().is_none());
        desk.plugin.runs() >= 1
    });
    let id = rustix::process::Pid::from_child(&child);
    rustix::process::kill_process(id, rustix::process::Signal::TERM).unwrap();
    let status = child.wait().unwrap();
    assert_eq!(status.signal(), Some(15), "{status}");
    assert!(desk.home.entries().is_empty());
}

#[test]
fn the_kubeconfigs_are_those_of_kubectl() {
    let (one, two) = (Desk::new().with_context("a"), Desk::new().with_context("b"));
    let [of_one, of_two] = [&one, &two].map(|desk| desk.kubeconfig_path().display().to_string());
    let warm = |kubeconfig: &str, args: &[&str]| {
        let mut command = one.kcc(&[&["warm"], args].concat());
        let output = command.env("KUBECONFIG", kubeconfig).output().unwrap();
        let said = quiet(&output)
            .lines()
            .filter_map(|line| line.split(':').next());
        let mut contexts: Vec<String> = said.map(str::to_owned).collect();
        contexts.sort();
        contexts
    };
    let both = format!("{of_one}:{of_two}");
    assert_eq!(warm(&both, &[]), ["a", "b"]);
    assert_eq!(warm(&both, &["b"]), ["b"]);
    assert_eq!(warm(&both, &["--kubeconfig", &of_two]), ["b"]);
    assert_eq!(warm("", &[]), ["a"]);

    let output = one.run(&["--kubeconfig", "/there/is/none", "warm"]);
    assert_eq!(code(&output), 1);
    assert!(stderr(&output).contains("/there/is/none"));
}

#[test]
#[cfg(target_os = "linux")]
fn a_signal_ends_it_while_it_waits_for_another_process() {
    use rustix::process::{Pid, Signal, kill_process};

    for (signal, plugin_ends_before) in [
        (Signal::INT, false),
        (Signal::TERM, false),
        (Signal::INT, true),
        (Signal::TERM, true),
        (Signal::HUP, true),
    ] {
        // As under nohup: what is ignored here is ignored there, too.
        if is_ignored(signal) {
            continue;
        }
        let mut desk = Desk::new().with_context("slow").with_context("quick");
        let quick = harness::ExecPlugin::new().unwrap();
        desk.exec_mut("quick")["args"] = json!([quick.path(), "quick"]);
        desk.write_kubeconfig();
        desk.plugin.waits_at_the_gate().unwrap();
        let spawn = |args: &[&str]| {
            let mut kcc = desk.kcc(args);
            kcc.stdout(Stdio::null()).stderr(Stdio::null());
            kcc.spawn().unwrap()
        };
        let mut other = spawn(&["warm", "slow"]);
        until("its plugin", || desk.plugin.runs() == 1);
        let contexts = &["warm", "slow", "quick"][..if plugin_ends_before { 3 } else { 2 }];
        let mut waiting = spawn(contexts);
        if plugin_ends_before {
            until("the quick one", || desk.home.entries().len() == 1);
        }
        until("the wait", || is_at_a_lock(waiting.id()));
        kill_process(Pid::from_child(&waiting), signal).unwrap();
        let status = waiting.wait().unwrap();
        assert_eq!(status.signal(), Some(signal.as_raw()), "{status}");

        // The other one is not disturbed.
        assert!(other.try_wait().unwrap().is_none());
        desk.plugin.opens_the_gate().unwrap();
        assert!(other.wait().unwrap().success());
        assert_eq!(desk.plugin.runs(), 1);
    }
}

#[test]
fn a_signal_starts_nothing_more_and_ends_what_runs() {
    use rustix::process::{Pid, Signal, kill_process};

    let desk = Desk::new();
    let desk = (0..4).fold(desk, |desk, number| {
        desk.with_context(&format!("c{number}"))
    });
    desk.plugin.waits_at_the_gate().unwrap();
    let mut kcc = desk.kcc(&["warm", "--jobs", "2"]);
    let mut child = kcc.stdout(Stdio::null()).spawn().unwrap();
    until("a plugin", || desk.plugin.runs() >= 1);
    kill_process(Pid::from_child(&child), Signal::INT).unwrap();
    let status = child.wait().unwrap();
    assert_eq!(status.signal(), Some(Signal::INT.as_raw()), "{status}");
    let runs = desk.plugin.runs();
    assert!(runs <= 2, "{runs}");
    desk.plugin.opens_the_gate().unwrap();
    assert!(desk.home.entries().is_empty());
    // Nothing of it runs on and holds others up.
    let output = desk.run(&["warm"]);
    assert_eq!(code(&output), 0, "{}", stdout(&output));
    assert_eq!(desk.home.entries().len(), 4);
}
