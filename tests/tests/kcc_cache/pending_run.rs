//! Many processes that request one credential at once.

use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, ChildStderr, Command, Output, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};

use harness::CacheHome;
use serde_json::json;

use crate::{Bench, V1, code, exec_info, quiet_token, script, stderr, token_of, wait_until};

/// So many requests at once. The first one runs the plugin, which goes on when all have found that it must run.
fn at_once(bench: &Bench, count: usize, setup: impl Fn(&mut Command)) -> Vec<Outcome> {
    bench.plugin.waits_at_the_gate().unwrap();
    let runs = bench.plugin.runs();
    let requests: Vec<_> = (0..count)
        .map(|_| {
            let mut command = bench.command();
            setup(&mut command);
            command.env("KUBE_CREDENTIAL_CACHE_DEBUG", "1");
            let mut child = command
                .stdout(Stdio::piped())
                .stderr(Stdio::piped())
                .spawn()
                .unwrap();
            let mut heard = BufReader::new(child.stderr.take().unwrap());
            let mut line = String::new();
            while !line.contains("miss: ") {
                line.clear();
                assert!(
                    heard.read_line(&mut line).unwrap() > 0,
                    "it ended without a word"
                );
            }
            wait_until("the plugin runs", || bench.plugin.runs() > runs);
            (child, heard)
        })
        .collect();
    bench.plugin.opens_the_gate().unwrap();
    let end = |(child, mut heard): (Child, BufReader<ChildStderr>)| {
        let output = child.wait_with_output().unwrap();
        let mut stderr = String::new();
        heard.read_to_string(&mut stderr).unwrap();
        Outcome { output, stderr }
    };
    requests.into_iter().map(end).collect()
}

/// How a request ended, and what it said after its miss.
struct Outcome {
    output: Output,
    stderr: String,
}

#[test]
fn fifty_cold_requests_run_the_plugin_once() {
    let bench = Bench::new();
    for outcome in at_once(&bench, 50, |_| {}) {
        assert_eq!(token_of(&outcome.output), "token-1");
    }
    assert_eq!(bench.plugin.runs(), 1);
}

#[test]
fn an_answer_with_a_life_inside_the_margin_serves_all_who_waited() {
    let bench = Bench::new();
    bench.plugin.expires_after(Some(600)).unwrap();
    for outcome in at_once(&bench, 20, renew_always) {
        assert_eq!(token_of(&outcome.output), "token-1");
    }
    assert_eq!(bench.plugin.runs(), 1);
}

fn renew_always(command: &mut Command) {
    command.env("KUBE_CREDENTIAL_CACHE_REFRESH_MARGIN", "11m");
}

#[test]
fn a_failure_is_shared_by_those_who_waited_without_its_words() {
    let bench = Bench::new();
    bench.plugin.says("MARKER: log in first\n").unwrap();
    bench.plugin.exits_with(73).unwrap();
    let outcomes = at_once(&bench, 20, |_| {});
    assert!(outcomes.iter().all(|outcome| code(&outcome.output) == 73));
    let count = |text: &str| {
        outcomes
            .iter()
            .filter(|outcome| outcome.stderr.contains(text))
            .count()
    };
    assert_eq!(count("MARKER"), 1);
    assert_eq!(
        count("failed for another process that requested it at the same time"),
        19
    );
    assert_eq!(bench.plugin.runs(), 1);

    // A request after it is not told an old failure.
    bench.plugin.exits_with(0).unwrap();
    bench.plugin.says("").unwrap();
    assert_eq!(bench.token(), "token-2");
}

#[test]
fn a_shared_failure_is_bridged_by_a_good_credential_for_all() {
    let bench = Bench::new();
    bench.plugin.expires_after(Some(600)).unwrap();
    bench.token();
    bench.plugin.exits_with(1).unwrap();
    for outcome in at_once(&bench, 20, renew_always) {
        assert_eq!(token_of(&outcome.output), "token-1");
    }
    assert_eq!(bench.plugin.runs(), 2);
}

/// A person at a terminal is prompted, although a program in the background could not be.
#[test]
fn a_request_that_can_prompt_does_not_take_over_a_failure_of_one_that_could_not() {
    let bench = Bench::new();
    bench.plugin.exits_with(1).unwrap();
    let requests = AtomicUsize::new(0);
    let outcomes = at_once(&bench, 2, |command| {
        let interactive = requests.fetch_add(1, Ordering::SeqCst) == 1;
        let info = exec_info(V1, json!({ "interactive": interactive }));
        command.env("KUBERNETES_EXEC_INFO", info);
    });
    assert!(outcomes.iter().all(|outcome| code(&outcome.output) == 1));
    assert!(
        outcomes
            .iter()
            .all(|outcome| !outcome.stderr.contains("failed for another process"))
    );
    assert_eq!(bench.plugin.runs(), 2);
}

#[test]
fn where_nothing_can_be_stored_each_runs_in_turn() {
    let bench = Bench::new();
    bench.plugin.expires_after(Some(-10)).unwrap();
    at_once(&bench, 5, |_| {});
    assert_eq!(bench.plugin.runs(), 5);
    assert_eq!(bench.plugin.overlaps(), 0);
}

#[test]
fn requests_for_different_credentials_do_not_wait_for_each_other() {
    let home = CacheHome::new().unwrap();
    // Each plugin ends when all have started.
    let text = format!(
        "touch $1; until [ -e a ] && [ -e b ] && [ -e c ]; do sleep 0.02; done; echo '{}'",
        json!({ "kind": "ExecCredential", "apiVersion": V1, "status": { "token": "t" } })
    );
    let plugin = script(home.path(), "plugin", &text);
    let request = |name| {
        let mut command = home.kcc_cache();
        quiet_token(command.arg(&plugin).arg(name).current_dir(home.path()))
    };
    std::thread::scope(|scope| {
        for name in ["a", "b", "c"] {
            scope.spawn(move || assert_eq!(request(name), "t"));
        }
    });
}

#[test]
fn a_stuck_holder_is_waited_for_no_longer_than_its_plugin_may_run() {
    let bench = Bench::new();
    bench.token();
    let entry = bench.entry();
    std::fs::remove_file(&entry).unwrap();
    let path = entry.with_extension("lock");
    let lock = std::fs::File::open(&path).unwrap();
    lock.lock().unwrap();
    let request = || {
        let mut command = bench.command();
        command
            .env("KUBE_CREDENTIAL_CACHE_PLUGIN_TIMEOUT", "1s")
            .output()
            .unwrap()
    };
    bench.plugin.exits_with(3).unwrap();
    let failed = request();
    assert_eq!(code(&failed), 3);
    // The third line names the plugin, which had nothing to say itself.
    assert_eq!(waited_and_gave_up(&failed, &path), 3, "{}", stderr(&failed));

    bench.plugin.exits_with(0).unwrap();
    let answered = request();
    assert_eq!(token_of(&answered), "token-3");
    assert_eq!(
        waited_and_gave_up(&answered, &path),
        2,
        "{}",
        stderr(&answered)
    );
    drop(lock);
    assert_eq!(bench.token(), "token-3", "it was stored all the same");
}

/// The number of warnings, of which one says that it waits and one that it waits no longer.
fn waited_and_gave_up(output: &Output, lock: &Path) -> usize {
    let heard = stderr(output);
    assert!(heard.contains("waiting for it"), "{heard}");
    let gave_up = format!("{}: it has been held for", lock.display());
    assert!(
        heard.contains("without a lock") && heard.contains(&gave_up),
        "{heard}"
    );
    heard.lines().count()
}
