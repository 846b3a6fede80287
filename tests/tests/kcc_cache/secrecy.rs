//! No secret appears anywhere but in an entry and on stdout.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::json;

use crate::ahead::stored_hours_ago;
use crate::{Bench, V1, script, wait_until};

const MARKER: &str = "MARKER-7f3a";

fn find_in_files(folder: &Path, found: &mut Vec<PathBuf>) {
    for file in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = file.path();
        if path.is_dir() {
            find_in_files(&path, found);
        } else if String::from_utf8_lossy(&fs::read(&path).unwrap()).contains(MARKER) {
            found.push(path);
        }
    }
}

/// Requests with debug output on and with the marker in a plugin's answer.
fn request(bench: &Bench, setup: impl FnOnce(&mut Command)) -> Output {
    let mut command = bench.command();
    command.env("KUBE_CREDENTIAL_CACHE_DEBUG", "1");
    setup(&mut command);
    command.output().unwrap()
}

#[test]
fn no_scenario_lets_a_secret_out() {
    let v1 = |status: &str| {
        format!(r#"{{"kind":"ExecCredential","apiVersion":"{V1}","status":{status}}}"#)
    };
    let token = format!(r#"{{"token":"{MARKER}"}}"#);
    for (answer, exit) in [
        (v1(&token), 0),
        (v1(&token), 3),
        (
            v1(&format!(
                r#"{{"token":"{MARKER}","expirationTimestamp":"2001-01-01T00:00:00Z"}}"#
            )),
            0,
        ),
        (
            v1(&format!(
                r#"{{"token":"{MARKER}","expirationTimestamp":"{MARKER}"}}"#
            )),
            0,
        ),
        (v1(&format!(r#"{{"token":["{MARKER}"]}}"#)), 0),
        (v1(&format!(r#"{{"clientKeyData":"{MARKER}"}}"#)), 0),
        (format!("{MARKER}: [{MARKER}"), 0),
        (
            format!(r#"{{"kind":"{MARKER}","apiVersion":"{MARKER}"}}"#),
            0,
        ),
        (MARKER.repeat(200_000), 0),
    ] {
        let bench = Bench::new();
        bench.plugin.answers(&answer).unwrap();
        bench.plugin.exits_with(exit).unwrap();
        for _ in 0..2 {
            let output = request(&bench, |_| {});
            let heard = String::from_utf8_lossy(&output.stderr);
            assert!(!heard.contains(MARKER), "{heard}");
        }
        let mut found = vec![];
        find_in_files(bench.home.path(), &mut found);
        found.retain(|path| path.extension() != Some("entry".as_ref()));
        assert_eq!(found, Vec::<PathBuf>::new());
    }
}

#[test]
fn arguments_and_environment_are_not_repeated_either() {
    let bench = Bench::new();
    bench.plugin.exits_with(1).unwrap();
    let output = request(&bench, |command| {
        command.arg(format!("--client-secret={MARKER}"));
        command.env("AWS_SECRET_ACCESS_KEY", MARKER);
    });
    assert!(!String::from_utf8_lossy(&output.stderr).contains(MARKER));
    bench.plugin.exits_with(0).unwrap();
    request(&bench, |command| {
        command.arg(format!("--client-secret={MARKER}"));
        command.env("AWS_SECRET_ACCESS_KEY", MARKER);
    });
    let mut found = vec![];
    find_in_files(bench.home.path(), &mut found);
    assert_eq!(found, Vec::<PathBuf>::new());
}

#[test]
fn a_damaged_entry_is_not_quoted() {
    let bench = Bench::new();
    bench.plugin.answers_token(MARKER).unwrap();
    request(&bench, |_| {});
    let entry = bench.entry();
    let mut bytes = fs::read(&entry).unwrap();
    bytes.truncate(bytes.len() - 5);
    fs::write(&entry, bytes).unwrap();
    bench.plugin.exits_with(1).unwrap();
    let output = request(&bench, |_| {});
    assert!(!String::from_utf8_lossy(&output.stderr).contains(MARKER));
}

#[test]
fn core_dumps_are_off_while_a_credential_is_in_memory() {
    let bench = Bench::new();
    let answer = json!({ "kind": "ExecCredential", "apiVersion": V1, "status": { "token": "t" } });
    let text = format!("ulimit -S -c > limit; echo '{answer}'");
    let plugin = script(bench.home.path(), "plugin", &text);
    let mut shell = Command::new("sh");
    let command = bench.home.kcc_cache();
    shell
        .args(["-c", "ulimit -S -c unlimited; exec \"$@\"", "sh"])
        .arg(command.get_program());
    shell.arg(plugin).current_dir(bench.home.path());
    shell.env_clear().envs(bench.home.variables());
    assert!(shell.output().unwrap().status.success());
    let limit = fs::read_to_string(bench.home.path().join("limit")).unwrap();
    assert_eq!(limit.trim(), "0");
}

/// Command lines and environments of the processes that work on this home.
fn told_to_processes(bench: &Bench) -> Vec<String> {
    let home = bench.home.path().display().to_string();
    let processes = fs::read_dir("/proc").into_iter().flatten().flatten();
    let told = processes.filter_map(|process| {
        let read = |file| fs::read(process.path().join(file)).ok();
        let text = [read("cmdline")?, read("environ")?].concat();
        Some(String::from_utf8_lossy(&text).into_owned())
    });
    told.filter(|text| text.contains(&home)).collect()
}

#[test]
fn a_refresh_in_the_background_tells_nobody() {
    let bench = Bench::new();
    bench.plugin.answers_token(MARKER).unwrap();
    bench.plugin.says(&format!("{MARKER}\n")).unwrap();
    bench.plugin.expires_after(Some(480)).unwrap();
    stored_hours_ago(1, &bench, &bench.plugin.path(), &[]);
    bench.plugin.waits_at_the_gate().unwrap();
    let output = request(&bench, |_| {});
    assert!(!String::from_utf8_lossy(&output.stderr).contains(MARKER));
    wait_until("the plugin runs", || bench.plugin.runs() == 2);
    let told = told_to_processes(&bench);
    assert!(!told.is_empty(), "the process in the background runs");
    assert!(told.iter().all(|text| !text.contains(MARKER)));
    bench.plugin.opens_the_gate().unwrap();
    let mut found = vec![];
    find_in_files(bench.home.path(), &mut found);
    found.retain(|path| path.extension() != Some("entry".as_ref()));
    assert_eq!(found, Vec::<PathBuf>::new());
}

#[test]
fn a_refused_credential_is_not_told_of_either() {
    let bench = Bench::new();
    bench.plugin.answers_token(MARKER).unwrap();
    let mut command = bench.command();
    let program = "for request in 1 2 3; do \"$@\"; sleep 0.02; done >/dev/null";
    let mut client = Command::new("sh");
    client
        .args(["-c", program, "sh"])
        .arg(command.get_program());
    client.args(command.get_args()).env_clear();
    command.env("KUBE_CREDENTIAL_CACHE_DEBUG", "1");
    command.env_remove("KUBE_CREDENTIAL_CACHE_RENEW_REJECTED");
    client.envs(
        command
            .get_envs()
            .filter_map(|(name, value)| Some((name, value?))),
    );
    let output = client.output().unwrap();
    let heard = String::from_utf8_lossy(&output.stderr);
    assert!(heard.contains("its client requests it again"), "{heard}");
    assert!(!heard.contains(MARKER), "{heard}");
    let mut found = vec![];
    find_in_files(bench.home.path(), &mut found);
    found.retain(|path| path.extension() != Some("entry".as_ref()));
    assert_eq!(found, Vec::<PathBuf>::new());
}
