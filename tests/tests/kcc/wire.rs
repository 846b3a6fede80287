//! Where nothing is sent, and where programs are looked for: what the manager says of it.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Output;

use serde_json::{Value, json};

use crate::{Desk, code, quiet, stderr, stdout};

fn desk_with_server(server: &str) -> Desk {
    let mut desk = Desk::new().with_context("a");
    desk.kubeconfig["clusters"][0]["cluster"]["server"] = json!(server);
    desk.kubeconfig["current-context"] = json!("a");
    desk.write_kubeconfig();
    desk
}

/// What `kcc doctor` finds under this name.
fn findings(output: &Output, check: &str) -> Vec<Value> {
    let all: Value = serde_json::from_slice(&output.stdout).unwrap();
    let all = all["findings"].as_array().unwrap().iter();
    all.filter(|one| one["check"] == check).cloned().collect()
}

#[test]
fn for_a_server_without_tls_no_plugin_runs() {
    for server in ["http://a.example", "HTTP://a.example:80", "a.example:8080"] {
        let desk = desk_with_server(server);
        let said = desk.run(&["warm"]);
        assert!(
            quiet(&said).starts_with("a: over plain http (http://a.example"),
            "{said:?}"
        );
        let said = desk.run(&["explain"]);
        assert!(
            quiet(&said).contains("over plain http no client sends"),
            "{said:?}"
        );
        assert_eq!(desk.plugin.runs(), 0);
        let found = findings(&desk.run(&["doctor", "-o", "json"]), "contexts");
        assert_eq!(found[0]["verdict"], "warning", "{found:?}");
        let message = found[0]["message"].as_str().unwrap();
        assert!(
            message.contains("plain http, so no client sends"),
            "{message}"
        );
    }
}

#[test]
fn a_server_that_no_client_finds_is_said() {
    for (server, problem) in [
        (
            "https://me:s3cret@a.example:abc",
            "its port is not a number",
        ),
        ("https://me:s3cret@a b", "its host has characters"),
        ("ftp://me:s3cret@a", "its scheme"),
    ] {
        let desk = desk_with_server(server);
        let warm = desk.run(&["warm"]);
        assert_eq!(code(&warm), 1);
        let explain = desk.run(&["explain"]);
        let found = findings(&desk.run(&["doctor", "-o", "json"]), "contexts");
        assert_eq!(found[0]["verdict"], "bad", "{found:?}");
        let doctor = found[0]["message"].as_str().unwrap();
        for said in [stdout(&warm), stderr(&explain), doctor] {
            assert!(
                said.contains("cluster \"a\"") && said.contains(problem),
                "{said}"
            );
            assert!(!said.contains("s3cret"), "{said}");
        }
        assert_eq!(desk.plugin.runs(), 0);
    }
}

/// It is the cluster's, and stands in the kubeconfig alone.
#[test]
fn a_servers_password_is_not_shown() {
    let mut desk = desk_with_server("https://me:s3cret@a.example");
    desk.exec_mut("a")["provideClusterInfo"] = true.into();
    desk.write_kubeconfig();
    quiet(&desk.run(&["warm"]));
    assert_eq!(desk.plugin.runs(), 1);
    for args in [
        &["explain"][..],
        &["list"],
        &["list", "-o", "json"],
        &["doctor"],
    ] {
        let output = desk.run(args);
        let said = format!("{}{}", stdout(&output), stderr(&output));
        assert!(!said.contains("s3cret"), "{said}");
    }
    for entry in desk.home.entries() {
        let text = String::from_utf8_lossy(&fs::read(entry).unwrap()).into_owned();
        assert!(!text.contains("s3cret"), "{text}");
    }
}

/// kubectl would not run it, so nobody does, and nobody calls it fine.
#[test]
fn a_plugin_in_the_working_directory_is_none() {
    let mut desk = Desk::new().with_context("a");
    desk.kubeconfig["current-context"] = json!("a");
    desk.exec_mut("a")["args"][0] = json!("login");
    desk.write_kubeconfig();
    let here = tempfile::tempdir().unwrap();
    fs::create_dir(here.path().join("bin")).unwrap();
    let login = here.path().join("bin/login");
    fs::copy(desk.plugin.path(), &login).unwrap();
    fs::set_permissions(&login, fs::Permissions::from_mode(0o755)).unwrap();
    let run = |path: &str, args: &[&str]| {
        let mut kcc = desk.kcc(args);
        kcc.current_dir(here.path()).env("PATH", path);
        kcc.output().unwrap()
    };
    let warm = run("bin:/usr/bin:/bin", &["warm"]);
    assert!(
        stdout(&warm).contains("login: not found in PATH but as bin/login"),
        "{warm:?}"
    );
    let explain = run("bin:/usr/bin:/bin", &["explain"]);
    assert!(quiet(&explain).contains("A call would fail"), "{explain:?}");
    let found = findings(
        &run("bin:/usr/bin:/bin", &["doctor", "-o", "json"]),
        "plugins",
    );
    let message = found[0]["message"].as_str().unwrap();
    assert!(
        message.contains("as bin/login, by way of the working directory"),
        "{message}"
    );
    assert_eq!(desk.plugin.runs(), 0);
    let whole = format!("{}:/usr/bin:/bin", here.path().join("bin").display());
    let warm = run(&whole, &["warm"]);
    assert!(quiet(&warm).starts_with("a: fetched in "), "{warm:?}");
}

/// It is what the plugin gets, and no way to it.
#[test]
fn a_path_in_exec_env_leads_to_no_plugin() {
    let mut desk = Desk::new().with_context("a");
    desk.kubeconfig["current-context"] = json!("a");
    let folder = desk.plugin.path().parent().unwrap().to_owned();
    desk.exec_mut("a")["args"][0] = json!("plugin");
    let env = desk.exec_mut("a")["env"].as_array_mut().unwrap();
    env.push(json!({ "name": "PATH", "value": folder }));
    desk.write_kubeconfig();
    let warm = desk.run(&["warm"]);
    assert!(
        stdout(&warm).contains("plugin: not found in PATH"),
        "{warm:?}"
    );
    let explain = desk.run(&["explain"]);
    assert!(quiet(&explain).contains("A call would fail"), "{explain:?}");
    let found = findings(&desk.run(&["doctor", "-o", "json"]), "plugins");
    let message = found[0]["message"].as_str().unwrap();
    assert!(message.contains("plugin is not in PATH"), "{message}");
    let repair = found[0]["repair"].as_str().unwrap();
    assert!(
        repair.contains("exec.env is for the plugin alone"),
        "{repair}"
    );
}
