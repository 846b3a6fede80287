//! Many processes that ask for one credential at once.

use std::process::Output;
use std::time::Duration;

use harness::CacheHome;
use serde_json::json;

use crate::{Bench, V1, code, quiet_token, script, stderr, token_of};

fn at_once<T: Send>(count: usize, ask: impl Fn() -> T + Sync) -> Vec<T> {
    std::thread::scope(|scope| {
        let asks: Vec<_> = (0..count).map(|_| scope.spawn(&ask)).collect();
        asks.into_iter().map(|ask| ask.join().unwrap()).collect()
    })
}

#[test]
fn fifty_cold_asks_run_the_plugin_once() {
    let bench = Bench::new();
    bench.plugin.takes(Duration::from_millis(700)).unwrap();
    for token in at_once(50, || bench.token()) {
        assert_eq!(token, "token-1");
    }
    assert_eq!(bench.plugin.runs(), 1);
}

#[test]
fn an_answer_with_a_life_inside_the_margin_serves_all_who_waited() {
    let bench = Bench::new();
    bench.plugin.takes(Duration::from_millis(700)).unwrap();
    bench.plugin.expires_after(Some(20)).unwrap();
    let tokens = at_once(20, || {
        let mut command = bench.command();
        quiet_token(command.env("KUBE_CREDENTIAL_CACHE_REFRESH_MARGIN", "30s"))
    });
    assert!(tokens.iter().all(|token| token == "token-1"), "{tokens:?}");
    assert_eq!(bench.plugin.runs(), 1);
}

#[test]
fn a_failure_is_shared_by_those_who_waited_without_its_words() {
    let bench = Bench::new();
    bench.plugin.takes(Duration::from_millis(700)).unwrap();
    bench.plugin.says("MARKER: log in first").unwrap();
    bench.plugin.exits_with(73).unwrap();
    let outputs: Vec<Output> = at_once(20, || bench.ask());
    assert!(outputs.iter().all(|output| code(output) == 73));
    let heard = outputs
        .iter()
        .filter(|output| stderr(output).contains("MARKER"));
    assert_eq!(heard.count(), 1);
    let shared = outputs.iter().filter(|output| {
        let text = stderr(output);
        text.contains("failed for another process") && text.contains("exit code 73")
    });
    assert_eq!(shared.count(), 19);
    assert_eq!(bench.plugin.runs(), 1);

    // Whoever asks after it is not told an old failure.
    bench.plugin.exits_with(0).unwrap();
    bench.plugin.says("").unwrap();
    assert_eq!(bench.token(), "token-2");
}

#[test]
fn a_shared_failure_is_bridged_by_a_good_credential_for_all() {
    let bench = Bench::new();
    bench.plugin.expires_after(Some(600)).unwrap();
    bench.token();
    bench.plugin.takes(Duration::from_millis(700)).unwrap();
    bench.plugin.exits_with(1).unwrap();
    let outputs = at_once(20, || {
        let mut command = bench.command();
        command
            .env("KUBE_CREDENTIAL_CACHE_REFRESH_MARGIN", "11m")
            .output()
            .unwrap()
    });
    assert!(outputs.iter().all(|output| token_of(output) == "token-1"));
    assert_eq!(bench.plugin.runs(), 2);
}

#[test]
fn where_nothing_can_be_stored_each_runs_in_turn() {
    let bench = Bench::new();
    bench.plugin.takes(Duration::from_millis(20)).unwrap();
    bench.plugin.expires_after(Some(-10)).unwrap();
    at_once(5, || bench.token());
    assert_eq!(bench.plugin.runs(), 5);
    assert_eq!(bench.plugin.overlaps(), 0);
}

#[test]
fn asks_for_different_credentials_do_not_wait_for_each_other() {
    let home = CacheHome::new().unwrap();
    // Each plugin ends when all have started.
    let text = format!(
        "touch $1; until [ -e a ] && [ -e b ] && [ -e c ]; do sleep 0.02; done; echo '{}'",
        json!({ "kind": "ExecCredential", "apiVersion": V1, "status": { "token": "t" } })
    );
    let plugin = script(home.path(), "plugin", &text);
    let ask = |name| {
        let mut command = home.kcc_cache();
        quiet_token(command.arg(&plugin).arg(name).current_dir(home.path()))
    };
    std::thread::scope(|scope| {
        for name in ["a", "b", "c"] {
            scope.spawn(move || assert_eq!(ask(name), "t"));
        }
    });
}

#[test]
fn a_stuck_holder_is_waited_for_no_longer_than_its_plugin_may_run() {
    let bench = Bench::new();
    bench.token();
    let entry = bench.entry();
    std::fs::remove_file(&entry).unwrap();
    let lock = std::fs::File::open(entry.with_extension("lock")).unwrap();
    lock.lock().unwrap();
    let mut command = bench.command();
    let output = command
        .env("KUBE_CREDENTIAL_CACHE_PLUGIN_TIMEOUT", "1s")
        .output()
        .unwrap();
    assert_eq!(token_of(&output), "token-2");
    let warning = stderr(&output);
    assert_eq!(warning.lines().count(), 1, "{warning}");
    assert!(warning.contains("has held the lock for"), "{warning}");
    drop(lock);
    assert_eq!(bench.token(), "token-2", "it was stored all the same");
}
