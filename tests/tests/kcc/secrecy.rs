//! No command shows a secret: not of the store, nor of the kubeconfig, nor of the environment.

use std::process::Command;

use serde_json::json;

use crate::Desk;

/// In everything that is secret, and nowhere else.
const MARKER: &str = "MARKER";

fn with_secrets() -> Desk {
    let mut desk = Desk::new().with_context("a").with_context("b");
    let exec = desk.exec_mut("a");
    let args = exec["args"].as_array_mut().unwrap();
    args.push("--client-secret=MARKER-arg".into());
    let secret = json!({ "name": "AWS_SECRET_ACCESS_KEY", "value": "MARKER-env" });
    exec["env"].as_array_mut().unwrap().push(secret);
    let fixed = json!({ "token": "MARKER-token", "client-key-data": "TUFSS0VS" });
    desk.add_context("fixed", &fixed);
    desk.add_context(
        "basic",
        &json!({ "username": "u", "password": "MARKER-password" }),
    );
    desk.plugin.answers_token("MARKER-of-the-plugin").unwrap();
    desk
}

fn assert_silent(mut command: Command) {
    command.env("AWS_SESSION_TOKEN", "MARKER-session");
    let output = command.output().unwrap();
    for stream in [&output.stdout, &output.stderr] {
        let text = String::from_utf8_lossy(stream);
        assert!(!text.contains(MARKER), "{:?}: {text}", command.get_args());
        assert!(
            !text.contains("TUFSS0VS"),
            "{:?}: {text}",
            command.get_args()
        );
    }
}

#[test]
fn no_command_shows_a_secret() {
    let desk = with_secrets();
    let commands: [&[&str]; 13] = [
        &["warm"],
        &["list"],
        &["list", "-o", "json"],
        &["explain", "a"],
        &["explain", "b"],
        &["explain", "fixed"],
        &["doctor"],
        &["doctor", "-o", "json"],
        &["clear", "--context", "a", "--dry-run"],
        &["clear", "--context", "fixed"],
        &["clear", "--user", "b-user"],
        &["clear", "--all"],
        &["explain", "a"],
    ];
    for args in commands {
        assert_silent(desk.kcc(args));
    }
}

#[test]
fn a_plugin_that_prints_rubbish_is_not_quoted() {
    let desk = with_secrets();
    desk.plugin.answers("MARKER: [not a credential").unwrap();
    assert_silent(desk.kcc(&["warm"]));
    assert_silent(desk.kcc(&["exec", desk.plugin.path().to_str().unwrap()]));
}

#[test]
fn a_broken_kubeconfig_is_not_quoted() {
    let desk = with_secrets();
    let text = std::fs::read_to_string(desk.kubeconfig_path()).unwrap();
    for broken in [
        text.replace("\"MARKER-token\"", "[\"MARKER-token\"]"),
        text.replace("\"MARKER-token\"", "\"MARKER-token\": \"MARKER\""),
        text.replace("\"MARKER-password\"", "{\"x\": \"MARKER\"}"),
    ] {
        assert_ne!(broken, text);
        std::fs::write(desk.kubeconfig_path(), broken).unwrap();
        for args in [
            &["list"][..],
            &["warm"],
            &["explain", "a"],
            &["doctor"],
            &["clear", "--all"],
        ] {
            assert_silent(desk.kcc(args));
        }
    }
}
