//! The situation table: when the cache answers and when the plugin runs.

use std::fs::File;
use std::process::Output;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use jiff::Timestamp;
use kcc_core::{
    ApiVersion, Clock, CredentialCache, Environment, Error, ExecInfo, Notice, PluginPolicy,
    Request, Response, Settings, Source, variable,
};

use crate::rejected::Client;
use crate::{Bench, code, credential, stderr, token_of};

#[test]
fn the_first_request_runs_the_plugin_and_the_next_ten_do_not() {
    let bench = Bench::new();
    let first = bench.request();
    for _ in 0..10 {
        assert_eq!(bench.request().stdout, first.stdout);
    }
    assert_eq!(token_of(&first), "token-1");
    assert_eq!(bench.plugin.runs(), 1);
}

#[test]
fn a_hit_locks_nothing_and_writes_one_line() {
    let bench = Bench::new();
    let client_token = || Client::new(&bench).token();
    assert_eq!(client_token(), "token-1");
    let lock = bench.entry().with_extension("lock");
    let served = bench.entry().with_extension("served");
    let lines = || std::fs::read_to_string(&served).unwrap().lines().count();
    let entry = std::fs::read(bench.entry()).unwrap();
    assert_eq!(lines(), 1);
    let held = File::options().read(true).write(true).open(&lock).unwrap();
    held.lock().unwrap();
    assert_eq!(client_token(), "token-1");

    drop(held);
    std::fs::remove_file(&lock).unwrap();
    assert_eq!(client_token(), "token-1");
    assert!(!lock.exists());
    assert_eq!(lines(), 3);
    assert_eq!(std::fs::read(bench.entry()).unwrap(), entry);
}

#[test]
fn the_users_margin_is_taken_as_it_is() {
    let bench = Bench::new();
    bench.plugin.expires_after(Some(600)).unwrap();
    bench.token();
    let request = |margin: &str| {
        let mut command = bench.command();
        crate::quiet_token(command.env(variable::REFRESH_MARGIN, margin))
    };
    assert_eq!(request("9m"), "token-1");
    assert_eq!(request("11m"), "token-2");
    assert_eq!(request("11m"), "token-3");
    assert_eq!(request("0s"), "token-3");
}

#[test]
fn an_answer_that_has_expired_already_is_passed_on_and_not_kept() {
    let bench = Bench::new();
    bench.plugin.expires_after(Some(-60)).unwrap();
    assert_eq!(bench.token(), "token-1");
    assert_eq!(bench.token(), "token-2");
    assert!(bench.home.entries().is_empty());
}

#[test]
fn a_failing_plugin_speaks_for_itself() {
    let bench = Bench::new();
    bench.plugin.says("no session; run login first").unwrap();
    bench.plugin.exits_with(73).unwrap();
    for run in 1..=2 {
        let output = bench.request();
        assert_eq!(code(&output), 73);
        assert_eq!(stderr(&output), "no session; run login first");
        assert!(output.stdout.is_empty());
        assert_eq!(bench.plugin.runs(), run);
    }
}

#[test]
fn a_failing_plugin_is_bridged_while_the_old_credential_is_good() {
    let bench = Bench::new();
    bench.plugin.expires_after(Some(600)).unwrap();
    bench.token();
    bench.plugin.exits_with(1).unwrap();
    bench.plugin.says("no network\n").unwrap();

    let mut command = bench.command();
    let output = command
        .env(variable::REFRESH_MARGIN, "11m")
        .output()
        .unwrap();
    assert_eq!(token_of(&output), "token-1");
    let (plugins, ours) = stderr(&output).split_once('\n').unwrap();
    assert_eq!(plugins, "no network");
    assert!(
        ours.starts_with("kcc-cache: warning: ") && ours.contains("exit code 1"),
        "{ours}"
    );
    assert_eq!(ours.lines().count(), 1);
    assert_eq!(bench.plugin.runs(), 2);
}

#[test]
fn rubbish_is_bridged_like_any_failure() {
    let bench = Bench::new();
    bench.plugin.expires_after(Some(600)).unwrap();
    bench.token();
    bench.plugin.answers("{}").unwrap();
    let mut command = bench.command();
    let output = command
        .env(variable::REFRESH_MARGIN, "11m")
        .output()
        .unwrap();
    assert_eq!(credential(&output)["status"]["token"], "token-1");
    assert_eq!(stderr(&output).lines().count(), 1, "{}", stderr(&output));
}

#[test]
fn a_client_that_says_no_version_has_an_entry_where_none_is_recorded() {
    let bench = Bench::new();
    let by_hand = |info: Option<&str>| -> Output {
        let mut command = bench.command();
        match info {
            Some(info) => command.env("KUBERNETES_EXEC_INFO", info),
            None => command.env_remove("KUBERNETES_EXEC_INFO"),
        };
        command.output().unwrap()
    };
    let first = by_hand(None);
    assert_eq!(credential(&first)["apiVersion"], crate::V1);
    assert_eq!(by_hand(Some("")).stdout, first.stdout);
    assert_eq!(bench.plugin.runs(), 1);
    // Which version the kubeconfig has is not known here: kubectl's is another entry.
    assert_eq!(token_of(&bench.request()), "token-2");

    let malformed = by_hand(Some("{\"kind\""));
    assert_eq!(code(&malformed), 2);
    assert!(stderr(&malformed).contains("KUBERNETES_EXEC_INFO: it is not valid JSON at line 1"));
}

/// The machine's clock, moved.
#[derive(Clone, Default)]
struct MovedClock(Arc<AtomicI64>);

impl MovedClock {
    fn advance(&self, seconds: i64) {
        self.0.fetch_add(seconds, Ordering::SeqCst);
    }
}

impl Clock for MovedClock {
    fn now(&self) -> Timestamp {
        Timestamp::now() + jiff::SignedDuration::from_secs(self.0.load(Ordering::SeqCst))
    }
}

/// The library with a clock that a test moves.
struct Timed {
    bench: Bench,
    clock: MovedClock,
    cache: CredentialCache,
    environment: Environment,
}

impl Timed {
    fn new() -> Self {
        let bench = Bench::new();
        let environment: Environment = bench.home.variables().into_iter().collect();
        let settings = Settings::from_environment(&environment).unwrap();
        let clock = MovedClock::default();
        Self {
            cache: CredentialCache::with_clock(settings, clock.clone()),
            bench,
            clock,
            environment,
        }
    }

    fn request(&self) -> Result<Response, Error> {
        let request = Request {
            info: ExecInfo::new(ApiVersion::V1, false),
            command: self.bench.plugin.path().into(),
            args: vec![],
            environment: self.environment.clone(),
            policy: PluginPolicy::default(),
            forward_signals: false,
        };
        self.cache.get(&request, &mut |notice: Notice| {
            assert!(!notice.is_warning(), "{notice}");
        })
    }

    fn source(&self) -> Source {
        self.request().unwrap().source
    }
}

#[test]
fn an_expired_credential_is_renewed() {
    let timed = Timed::new();
    timed.bench.plugin.expires_after(Some(600)).unwrap();
    assert_eq!(timed.source(), Source::Plugin);
    assert_eq!(timed.source(), Source::Cache);
    timed.clock.advance(601);
    timed.bench.plugin.expires_after(Some(1_800)).unwrap();
    assert_eq!(timed.source(), Source::Plugin);
    assert_eq!(timed.source(), Source::Cache);
}

#[test]
fn a_failing_plugin_is_not_bridged_by_an_expired_credential() {
    let timed = Timed::new();
    timed.bench.plugin.expires_after(Some(600)).unwrap();
    assert_eq!(timed.source(), Source::Plugin);
    timed.bench.plugin.exits_with(9).unwrap();
    assert_eq!(timed.source(), Source::Cache);
    timed.clock.advance(601);
    assert_eq!(timed.request().unwrap_err().exit_code(), 9);
}

#[test]
fn the_default_margin_is_75_seconds() {
    let timed = Timed::new();
    timed.bench.plugin.expires_after(Some(900)).unwrap();
    assert_eq!(timed.source(), Source::Plugin);
    timed.clock.advance(900 - 75 - 10);
    assert_eq!(timed.source(), Source::Cache);
    timed.clock.advance(12);
    timed.bench.plugin.expires_after(Some(5_000)).unwrap();
    assert_eq!(timed.source(), Source::Plugin);
}

#[test]
fn the_default_margin_is_at_most_a_quarter_of_the_life() {
    let timed = Timed::new();
    timed.bench.plugin.expires_after(Some(100)).unwrap();
    assert_eq!(timed.source(), Source::Plugin);
    timed.clock.advance(70);
    assert_eq!(timed.source(), Source::Cache);
    timed.clock.advance(8);
    assert_eq!(timed.source(), Source::Plugin);
}

#[test]
fn a_credential_without_expiry_is_kept_for_an_hour() {
    let timed = Timed::new();
    assert_eq!(timed.source(), Source::Plugin);
    timed.clock.advance(3_600 - 75 - 10);
    assert_eq!(timed.source(), Source::Cache);
    timed.clock.advance(12);
    assert_eq!(timed.source(), Source::Plugin);
}

#[test]
fn an_entry_from_the_future_is_renewed() {
    let timed = Timed::new();
    timed.clock.advance(86_400);
    assert_eq!(timed.source(), Source::Plugin);
    timed.clock.advance(-86_400);
    assert_eq!(timed.source(), Source::Plugin);
    assert_eq!(timed.source(), Source::Cache);
}

#[test]
fn a_clock_that_is_a_little_off_changes_nothing() {
    let timed = Timed::new();
    assert_eq!(timed.source(), Source::Plugin);
    timed.clock.advance(-30);
    assert_eq!(timed.source(), Source::Cache);
}
