//! What shares an entry and what does not.

use std::collections::BTreeSet;

use serde_json::json;

use crate::{Bench, V1, exec_info, quiet_token};

#[test]
fn args_are_never_joined() {
    let bench = Bench::new();
    let request = |args: &[&str]| quiet_token(bench.command().args(args));
    assert_eq!(request(&["a", "b"]), "token-1");
    assert_eq!(request(&["a b"]), "token-2");
    assert_eq!(request(&["a", "b"]), "token-1");
}

#[test]
fn variables_that_decide_the_identity_have_entries_of_their_own() {
    let bench = Bench::new();
    let request = |name: &str, value: &str| quiet_token(bench.command().env(name, value));
    assert_eq!(request("AWS_PROFILE", "dev"), "token-1");
    assert_eq!(request("AWS_PROFILE", "prod"), "token-2");
    assert_eq!(request("KUBE_CREDENTIAL_CACHE_USER", "dev"), "token-3");
    assert_eq!(request("AWS_PROFILE", "dev"), "token-1");
    assert_eq!(request("TERM", "xterm"), "token-4");
    assert_eq!(request("TERM", "dumb"), "token-4");
}

/// A plugin that nobody knows, with variables that nobody listed.
#[test]
fn an_unknown_plugin_gives_nobody_the_token_of_another() {
    let bench = Bench::new();
    let mut tokens = BTreeSet::new();
    for name in [
        "TENANT",
        "SCW_PROFILE",
        "OS_CLOUD",
        "OS_PROJECT_NAME",
        "ALIBABA_CLOUD_PROFILE",
        "YC_TOKEN",
        "TENCENTCLOUD_SECRET_ID",
        "DOCTL_CONTEXT",
        "KRB5CCNAME",
        "ACME_ACCESSTOKEN",
        "acme-realm",
    ] {
        for value in ["prod", "dev"] {
            let request = || quiet_token(bench.command().env(name, value));
            let token = request();
            assert_eq!(request(), token, "{name}={value}");
            assert!(tokens.insert(token), "{name}={value}");
        }
    }
}

#[test]
fn two_sessions_of_one_person_share() {
    let bench = Bench::new();
    let request = |pairs: &[(&str, &str)]| {
        let mut command = bench.command();
        quiet_token(command.env("USER", "me").envs(pairs.iter().copied()))
    };
    let tmux = [
        ("TMUX_PANE", "%1"),
        ("SSH_AUTH_SOCK", "/tmp/ssh-1"),
        ("XDG_SESSION_ID", "3"),
    ];
    let code = [
        ("VSCODE_PROFILE_INITIALIZED", "1"),
        ("SSH_AUTH_SOCK", "/tmp/ssh-2"),
        ("USERNAME", "me"),
        ("KUBECONFIG", "/tmp/kubie.yaml"),
    ];
    assert_eq!(request(&tmux), "token-1");
    assert_eq!(request(&code), "token-1");
}

#[test]
fn a_name_can_be_added_and_left_out() {
    let bench = Bench::new();
    let request = |variable: &str, list: &str, value: &str| {
        let mut command = bench.command();
        command.env("KRB5CCNAME", value).env("SHOP", value);
        quiet_token(command.env(variable, list))
    };
    let list = "KUBE_CREDENTIAL_CACHE_CACHEKEY_ENV_LIST";
    let patterns = "KUBE_CREDENTIAL_CACHE_CACHEKEY_ENV_PATTERNS";
    assert_eq!(request(list, "!KRB5CCNAME", "a"), "token-1");
    assert_eq!(request(list, "!KRB5CCNAME", "b"), "token-1");
    assert_eq!(request(patterns, "!KRB5*", "c"), "token-1");
    assert_eq!(request(list, "!KRB5CCNAME,SHOP", "a"), "token-2");
    assert_eq!(request(list, "!KRB5CCNAME,SHOP", "b"), "token-3");
    assert_eq!(request(list, "OTHER", "a"), "token-4");
    assert_eq!(request(list, "OTHER", "b"), "token-5");
}

#[test]
fn recorded_names_are_part_of_the_key() {
    let bench = Bench::new();
    let request = |shop: &str, list: &str| {
        let mut command = bench.command();
        command.env("SHOP", shop);
        quiet_token(command.env("KUBE_CREDENTIAL_CACHE_CACHEKEY_ENV_LIST", list))
    };
    assert_eq!(request("a", "SHOP"), "token-1");
    assert_eq!(request("b", "SHOP"), "token-2");
    assert_eq!(request("a", "OTHER"), "token-3");
    assert_eq!(request("b", "OTHER"), "token-3");
}

#[test]
fn clusters_have_entries_of_their_own_and_forms_of_one_cluster_share() {
    let bench = Bench::new();
    let request = |cluster| {
        let info = exec_info(V1, json!({ "cluster": cluster }));
        quiet_token(bench.command().env("KUBERNETES_EXEC_INFO", info))
    };
    assert_eq!(request(json!({ "server": "https://a" })), "token-1");
    assert_eq!(request(json!({ "server": "https://b" })), "token-2");
    assert_eq!(
        request(
            json!({ "config": null, "server": "https://a", "insecure-skip-tls-verify": false })
        ),
        "token-1"
    );
}

#[test]
fn a_terminal_and_a_pipe_share() {
    let bench = Bench::new();
    let interactive = exec_info(V1, json!({ "interactive": true }));
    assert_eq!(bench.token(), "token-1");
    let mut command = bench.command();
    assert_eq!(
        quiet_token(command.env("KUBERNETES_EXEC_INFO", interactive)),
        "token-1"
    );
}

#[test]
fn sixteen_users_at_once_keep_sixteen_entries() {
    let bench = Bench::new();
    let user = |number: usize| {
        let mut command = bench.command();
        command.env("KUBE_CREDENTIAL_CACHE_USER", format!("user-{number}"));
        quiet_token(&mut command)
    };
    let round = || -> BTreeSet<String> {
        std::thread::scope(|scope| {
            let requests: Vec<_> = (0..16)
                .map(|number| scope.spawn(move || user(number)))
                .collect();
            requests
                .into_iter()
                .map(|request| request.join().unwrap())
                .collect()
        })
    };
    let _ = round();
    assert_eq!(bench.plugin.runs(), 16);
    assert_eq!(
        bench.home.entries().len(),
        16,
        "one installation key, whoever came first"
    );
    let _ = round();
    assert_eq!(bench.plugin.runs(), 16);
}

#[test]
fn the_names_of_entries_tell_nothing_and_differ_between_installations() {
    let one = Bench::new();
    let name = |bench: &Bench| bench.entry().file_name().unwrap().to_owned();
    one.token();
    let before = name(&one);
    std::fs::remove_dir_all(one.home.entries_dir()).unwrap();
    one.token();
    assert_ne!(before, name(&one));
}

#[test]
fn a_relative_path_starts_from_the_recorded_directory() {
    let bench = Bench::new();
    let plugin = bench.plugin.path();
    let folder = plugin.parent().unwrap();
    let request = |setup: &dyn Fn(&mut std::process::Command)| {
        let mut command = bench.home.kcc_cache();
        command.arg("./plugin");
        command.env("KUBERNETES_EXEC_INFO", exec_info(V1, json!({})));
        setup(&mut command);
        command.output().unwrap()
    };
    let by_variable = request(&|command| {
        command.env("KUBE_CREDENTIAL_CACHE_COMMAND_DIR", folder);
    });
    let by_working_directory = request(&|command| {
        command.current_dir(folder);
    });
    assert_eq!(crate::token_of(&by_variable), "token-1");
    assert_eq!(crate::token_of(&by_working_directory), "token-1");
    assert_eq!(
        bench.token(),
        "token-1",
        "the absolute path is the same plugin"
    );
    assert_eq!(crate::code(&request(&|_| {})), 127);
}
