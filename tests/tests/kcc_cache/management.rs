//! What those who manage the store see of it, and that they see no secret.

use std::fs;

use kcc_core::{
    ApiVersion, CredentialCache, CredentialKind, EntryState, Environment, ExecInfo, MissReason,
    PluginPolicy, Request, Settings,
};

use crate::{Bench, quiet_token};

fn manager(bench: &Bench, variables: &[(&str, &str)]) -> (CredentialCache, Environment) {
    let mut environment: Environment = bench.home.variables().into_iter().collect();
    for (name, value) in variables {
        environment.set(*name, *value);
    }
    let settings = Settings::from_environment(&environment).unwrap();
    (CredentialCache::new(settings), environment)
}

fn request(bench: &Bench, environment: Environment) -> Request {
    Request {
        info: ExecInfo::new(ApiVersion::V1, false),
        command: bench.plugin.path().into(),
        args: vec![],
        environment,
        policy: PluginPolicy::default(),
        forward_signals: false,
    }
}

#[test]
fn entries_are_listed_without_their_credentials() {
    let bench = Bench::new();
    let (cache, _) = manager(&bench, &[]);
    assert_eq!(cache.entries().unwrap(), []);
    assert!(!bench.home.entries_dir().exists(), "a look makes nothing");

    bench.plugin.answers_token("MARKER").unwrap();
    bench.plugin.expires_after(Some(600)).unwrap();
    let mut command = bench.command();
    quiet_token(command.env("KUBE_CREDENTIAL_CACHE_USER", "tess"));
    let entries = cache.entries().unwrap();
    assert_eq!(entries.len(), 1);
    assert_eq!(entries[0].path, bench.entry());
    assert_eq!(entries[0].state, EntryState::Good);
    let details = entries[0].details.as_ref().unwrap();
    assert_eq!(details.user, "tess");
    assert_eq!(details.command, bench.plugin.path().display().to_string());
    assert_eq!(details.kind, CredentialKind::Token);
    assert_eq!(
        details
            .expires_at
            .duration_since(details.renew_at)
            .as_secs(),
        75
    );
    assert!(!format!("{entries:?}").contains("MARKER"));

    let (wide, _) = manager(&bench, &[("KUBE_CREDENTIAL_CACHE_REFRESH_MARGIN", "1h")]);
    assert_eq!(wide.entries().unwrap()[0].state, EntryState::Due);
}

#[test]
fn an_entry_that_is_never_used_says_why() {
    let bench = Bench::new();
    let (cache, _) = manager(&bench, &[]);
    bench.token();
    fs::write(bench.entry(), "{}").unwrap();
    let entries = cache.entries().unwrap();
    let problem = "it is damaged".to_owned();
    assert_eq!(entries[0].state, EntryState::Unusable { problem });
    assert_eq!(entries[0].details, None);
}

#[test]
fn a_removed_entry_is_fetched_again() {
    let bench = Bench::new();
    let (cache, _) = manager(&bench, &[]);
    bench.token();
    let entries = cache.entries().unwrap();
    assert!(cache.remove(&entries[0]).unwrap());
    assert!(!cache.remove(&entries[0]).unwrap());
    assert_eq!(cache.entries().unwrap(), []);
    assert_eq!(bench.token(), "token-2");
}

#[test]
fn an_inspection_says_what_a_request_would_come_to_and_runs_nothing() {
    let bench = Bench::new();
    let (cache, mut environment) = manager(&bench, &[]);
    environment.set("AWS_PROFILE", "dev");
    environment.set("TERM", "xterm");
    let request = request(&bench, environment);
    let before = cache.inspect(&request).unwrap();
    assert_eq!(
        (before.entry, before.miss),
        (None, Some(MissReason::Absent))
    );
    assert_eq!(before.program, bench.plugin.path());
    assert_eq!(before.variables, ["AWS_PROFILE", "HOME"]);
    assert_eq!(bench.plugin.runs(), 0);

    quiet_token(bench.command().env("AWS_PROFILE", "dev"));
    let after = cache.inspect(&request).unwrap();
    assert_eq!(after.path, bench.entry());
    assert_eq!(after.miss, None);
    assert_eq!(after.entry.unwrap(), cache.entries().unwrap()[0]);
    assert_eq!(bench.plugin.runs(), 1);
}
