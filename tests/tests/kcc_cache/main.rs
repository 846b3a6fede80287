//! `kcc-cache` as a client meets it: a process with arguments, an environment and three streams.

mod ahead;
mod answers;
mod entries;
mod files;
mod key;
mod keyring;
mod kill_test;
mod management;
mod paths;
mod pending_run;
mod plugin_runs;
mod policy;
mod program;
mod prune;
mod recipes;
mod rejected;
mod rules;
mod secrecy;
mod sessions;
mod versions;
mod warnings;
mod without_proc;

#[path = "../shared/output.rs"]
mod output;

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::{Duration, Instant};

use harness::{CacheHome, ExecPlugin};
use serde_json::{Value, json};

use output::{code, screen, stderr, unread};

const V1: &str = "client.authentication.k8s.io/v1";
const V1BETA1: &str = "client.authentication.k8s.io/v1beta1";

/// A home and a plugin: what most tests start from.
struct Bench {
    home: CacheHome,
    plugin: ExecPlugin,
}

impl Bench {
    fn new() -> Self {
        Self {
            home: CacheHome::new().unwrap(),
            plugin: ExecPlugin::new().unwrap(),
        }
    }

    /// `kcc-cache <plugin>`, run as kubectl runs it for v1 without a terminal.
    fn command(&self) -> Command {
        let mut command = self.home.kcc_cache();
        command.arg(self.plugin.path());
        command.env("KUBERNETES_EXEC_INFO", exec_info(V1, json!({})));
        command
    }

    fn request(&self) -> Output {
        self.command().output().unwrap()
    }

    /// Requests, and expects an answer without a word on stderr.
    fn token(&self) -> String {
        quiet_token(&mut self.command())
    }

    /// The only entry.
    fn entry(&self) -> PathBuf {
        let entries = self.home.entries();
        assert_eq!(entries.len(), 1, "{entries:?}");
        entries[0].clone()
    }
}

fn wait_until(what: &str, holds: impl FnMut() -> bool) {
    wait_within(Duration::from_secs(30), what, holds);
}

fn wait_within(limit: Duration, what: &str, mut holds: impl FnMut() -> bool) {
    let since = Instant::now();
    while !holds() {
        assert!(since.elapsed() < limit, "never: {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

fn exec_info(version: &str, spec: Value) -> String {
    let mut spec = spec;
    if spec.get("interactive").is_none() {
        spec["interactive"] = false.into();
    }
    json!({ "kind": "ExecCredential", "apiVersion": version, "spec": spec }).to_string()
}

fn quiet_token(command: &mut Command) -> String {
    let output = command.output().unwrap();
    assert_eq!(stderr(&output), "");
    token_of(&output)
}

fn token_of(output: &Output) -> String {
    let token = credential(output)["status"]["token"].take();
    token.as_str().unwrap().to_owned()
}

/// The answer, which is one line on stdout and nothing else.
fn credential(output: &Output) -> Value {
    assert!(
        output.status.success(),
        "{:?}: {}",
        output.status,
        stderr(output)
    );
    let text = std::str::from_utf8(&output.stdout).unwrap();
    assert!(
        text.ends_with('\n') && text.lines().count() == 1,
        "{text:?}"
    );
    serde_json::from_str(text).unwrap()
}

/// A shell script that is run as a plugin.
fn script(folder: &Path, name: &str, text: &str) -> PathBuf {
    use std::os::unix::fs::PermissionsExt;
    let path = folder.join(name);
    std::fs::write(&path, format!("#!/bin/sh\n{text}\n")).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    path
}
