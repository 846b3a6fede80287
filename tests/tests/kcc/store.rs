//! `kcc list` and `kcc clear`.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;

use serde_json::{Value, json};

use crate::{Desk, code, quiet, stderr, stdout};

/// The entries that `kcc list -o json` shows, by user.
fn entries(desk: &Desk) -> Vec<Value> {
    let listed: Value = serde_json::from_str(quiet(&desk.run(&["list", "-o", "json"]))).unwrap();
    let mut entries = listed["entries"].as_array().unwrap().clone();
    entries.sort_by_key(|entry| entry["user"].as_str().unwrap_or_default().to_owned());
    entries
}

fn users(desk: &Desk) -> Vec<String> {
    let user = |entry: &Value| entry["user"].as_str().unwrap_or_default().to_owned();
    entries(desk).iter().map(user).collect()
}

#[test]
fn the_list_says_what_is_there_and_no_secret() {
    let mut desk = Desk::new()
        .with_context("a")
        .with_context("b")
        .with_context("c");
    desk.exec_mut("b")["provideClusterInfo"] = true.into();
    desk.write_kubeconfig();
    desk.plugin.answers_token("SECRET-MARKER").unwrap();
    desk.plugin.expires_after(Some(3_600)).unwrap();
    desk.token("a");
    desk.token("b");
    desk.plugin.expires_after(Some(40)).unwrap();
    desk.token("c");

    let output = desk.run(&["list"]);
    let table = quiet(&output);
    let lines: Vec<&str> = table.lines().collect();
    assert_eq!(
        lines[0].split_whitespace().collect::<Vec<_>>(),
        [
            "USER", "SERVER", "COMMAND", "FOR", "KIND", "EXPIRES", "STATE"
        ]
    );
    let line = |user: &str| *lines.iter().find(|line| line.starts_with(user)).unwrap();
    let of_a = line("a-user");
    assert!(
        of_a.contains(" in 59m ") && of_a.ends_with("good"),
        "{of_a}"
    );
    assert!(line("b-user").contains("https://b.example"));
    assert!(!table.contains("MARKER"));

    let found = entries(&desk);
    assert_eq!(found.len(), 3);
    assert_eq!(found[0]["kind"], "token");
    assert_eq!(found[0]["state"], "good");
    assert_eq!(found[0]["command"], desk.plugin.path().to_str().unwrap());
    assert_eq!(found[1]["server"], "https://b.example");
    let left = found[2]["expiresInSeconds"].as_i64().unwrap();
    assert!((1..=40).contains(&left), "{left}");
}

/// Entries of one user and plugin that differ by a variable, an argument, a file, or nothing that
/// is shown.
#[test]
fn the_list_tells_rows_apart() {
    let mut desk = Desk::new().with_context("a");
    let file = desk.home.path().join("who");
    let own = json!({ "name": "KUBE_CREDENTIAL_CACHE_CACHEKEY_FILES", "value": file });
    desk.exec_mut("a")["env"].as_array_mut().unwrap().push(own);
    let (args, env) = (
        desk.exec_mut("a")["args"].clone(),
        desk.exec_mut("a")["env"].clone(),
    );
    let mut request = |arg: &str, name: &str, value: &str| {
        let exec = desk.exec_mut("a");
        (exec["args"], exec["env"]) = (args.clone(), env.clone());
        exec["args"].as_array_mut().unwrap().push(arg.into());
        let variable = json!({ "name": name, "value": value });
        exec["env"].as_array_mut().unwrap().push(variable);
        desk.token("a")
    };
    request("--cluster-name=one", "TENANT", "dev");
    request("--cluster-name=two", "TENANT", "dev");
    request("--cluster-name=one", "TENANT", "prod");
    request("--cluster-name=one", "SHOP_TOKEN", "MARKER-1");
    request("--cluster-name=one", "SHOP_TOKEN", "MARKER-2");
    request("--password=MARKER-3", "TENANT", "dev");
    request("--password=MARKER-4", "TENANT", "dev");
    fs::write(&file, "somebody else").unwrap();
    request("--cluster-name=one", "TENANT", "dev");
    let output = desk.run(&["list"]);
    let table = quiet(&output);
    let rows: std::collections::BTreeSet<String> = table
        .lines()
        .map(|line| line.split(" token ").next().unwrap().to_owned())
        .collect();
    assert_eq!(rows.len(), 9, "a head and eight rows: {table}");
    for part in [
        "--cluster-name=two",
        "TENANT=prod",
        "SHOP_TOKEN=#",
        "arguments=#",
        "~/who=#",
    ] {
        assert!(table.contains(part), "{part}: {table}");
    }
    assert!(
        !table.contains("MARKER") && !table.contains("HOME="),
        "{table}"
    );
    let found = entries(&desk);
    assert!(found.iter().any(|entry| entry["parts"]["TENANT"] == "prod"));
    assert!(!format!("{found:?}").contains("MARKER"));
}

#[test]
fn an_empty_cache_is_said_to_be_empty() {
    let desk = Desk::new();
    let output = desk.run(&["list"]);
    assert_eq!(code(&output), 0);
    assert_eq!(stdout(&output), "");
    assert!(stderr(&output).contains("no credentials are stored"));
    assert_eq!(entries(&desk), [] as [Value; 0]);
    assert!(!desk.home.entries_dir().exists(), "a look makes nothing");
}

#[test]
fn the_list_tells_states_apart() {
    let desk = Desk::new()
        .with_context("a")
        .with_context("b")
        .with_context("c");
    desk.plugin.expires_after(Some(120)).unwrap();
    desk.token("a");
    // What has ended before it is stored is not stored: the life is as long as this machine needs.
    for life in 1.. {
        desk.plugin.expires_after(Some(life)).unwrap();
        desk.token("b");
        if desk.home.entries().len() == 2 {
            break;
        }
    }
    let known = desk.home.entries();
    desk.plugin.expires_after(Some(120)).unwrap();
    desk.token("c");
    let of_c = desk
        .home
        .entries()
        .into_iter()
        .find(|path| !known.contains(path));
    fs::set_permissions(of_c.unwrap(), Permissions::from_mode(0o644)).unwrap();
    let ended = || {
        let states = entries(&desk);
        states.iter().any(|entry| entry["state"] == "expired")
    };
    while !ended() {
        std::thread::sleep(std::time::Duration::from_millis(50));
    }

    let mut due = desk.kcc(&["list"]);
    let output = due
        .env("KUBE_CREDENTIAL_CACHE_REFRESH_MARGIN", "5m")
        .output()
        .unwrap();
    let table = quiet(&output);
    assert!(table.contains("near expiry"), "{table}");
    assert!(
        table.contains(" ago ") && table.contains("expired"),
        "{table}"
    );
    assert!(table.contains("unusable: its mode 644"), "{table}");
}

#[test]
fn entries_that_a_user_keeps_elsewhere_are_listed() {
    let mut desk = Desk::new().with_context("a").with_context("b");
    let file = desk.home.path().join("elsewhere.json");
    let elsewhere = json!({ "name": "KUBE_CREDENTIAL_CACHE_FILE", "value": file });
    desk.exec_mut("b")["env"]
        .as_array_mut()
        .unwrap()
        .push(elsewhere);
    desk.write_kubeconfig();
    desk.token("a");
    desk.token("b");
    assert_eq!(desk.home.entries().len(), 1);
    assert_eq!(users(&desk), ["a-user", "b-user"]);
    quiet(&desk.run(&["clear", "--all"]));
    assert_eq!(users(&desk), [] as [&str; 0]);
}

#[test]
fn a_broken_kubeconfig_does_not_hide_the_list() {
    let desk = Desk::new().with_context("a");
    desk.token("a");
    fs::write(desk.kubeconfig_path(), "users: [").unwrap();
    let output = desk.run(&["list"]);
    assert_eq!(code(&output), 0);
    assert!(stdout(&output).contains("a-user"));
    assert!(
        stderr(&output).contains(".kube/config"),
        "{}",
        stderr(&output)
    );
}

#[test]
fn clear_removes_what_is_named_and_says_what_it_was() {
    let desk = Desk::new()
        .with_context("a")
        .with_context("b")
        .with_context("c");
    for context in ["a", "b", "c"] {
        desk.token(context);
    }
    let output = desk.run(&["clear", "--user", "a-user", "--dry-run"]);
    assert!(quiet(&output).starts_with("would remove the credential from "));
    assert_eq!(users(&desk).len(), 3);

    let output = desk.run(&["clear", "--user", "a-user"]);
    let said = quiet(&output);
    assert!(
        said.starts_with("removed ") && said.contains("\"a-user\""),
        "{said}"
    );
    assert_eq!(said.lines().count(), 1);
    assert_eq!(users(&desk), ["b-user", "c-user"]);

    quiet(&desk.run(&["clear", "--context", "b"]));
    assert_eq!(users(&desk), ["c-user"]);
    let output = desk.run(&["clear", "--expired"]);
    assert_eq!((code(&output), stderr(&output)), (0, "nothing to remove\n"));
    quiet(&desk.run(&["clear", "--all"]));
    assert_eq!(users(&desk), [] as [&str; 0]);
    assert_eq!(desk.token("a"), "token-4");
}

#[test]
fn clear_finds_the_entry_of_a_user_that_the_cache_was_not_told() {
    let mut desk = Desk::new().with_context("a").with_context("b");
    for context in ["a", "b"] {
        desk.exec_mut(context)["env"] = json!([]);
    }
    desk.write_kubeconfig();
    desk.token("a");
    desk.token("b");
    quiet(&desk.run(&["clear", "--user", "a-user"]));
    assert_eq!(entries(&desk).len(), 1);
    assert_eq!(desk.token("b"), "token-2");
    assert_eq!(desk.token("a"), "token-3");
}

#[test]
fn clear_refuses_a_context_that_has_nothing() {
    let mut desk = Desk::new().with_context("a");
    desk.add_context("fixed", &json!({ "token": "FIXED-SECRET" }));
    for (context, problem) in [("nowhere", "nowhere"), ("fixed", "no exec plugin")] {
        let output = desk.run(&["clear", "--context", context]);
        assert_eq!(code(&output), 1);
        assert!(stderr(&output).contains(problem), "{}", stderr(&output));
        assert!(!stderr(&output).contains("SECRET"));
    }
}

#[test]
fn clear_removes_entries_that_are_of_no_use() {
    let desk = Desk::new().with_context("a");
    desk.token("a");
    fs::write(&desk.home.entries()[0], "nonsense").unwrap();
    let output = desk.run(&["clear", "--all"]);
    assert!(quiet(&output).contains("damaged"));
    assert!(desk.home.entries().is_empty());
}

#[test]
fn without_a_place_for_entries_the_list_says_why() {
    let desk = Desk::new();
    let mut command = desk.kcc(&["list"]);
    command.env_remove("HOME").env_remove("XDG_CACHE_HOME");
    let output = command.output().unwrap();
    assert_eq!(code(&output), 1);
    assert!(stderr(&output).contains("HOME"), "{}", stderr(&output));
}
