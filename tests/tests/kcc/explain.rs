//! `kcc explain`.

use std::fs;

use serde_json::json;

use crate::{Desk, code, quiet, stderr};

/// What it says, without a word on stderr.
fn explain(desk: &Desk, context: &str) -> String {
    quiet(&desk.run(&["explain", context])).to_owned()
}

#[test]
fn it_names_the_entry_that_a_client_is_answered_from() {
    let mut desk = Desk::new().with_context("a").with_context("b");
    desk.exec_mut("b")["provideClusterInfo"] = true.into();
    desk.write_kubeconfig();
    for context in ["a", "b"] {
        let known = desk.home.entries();
        let before = explain(&desk, context);
        assert!(before.contains("A call would run the plugin"), "{before}");
        assert!(before.contains("not found"), "{before}");
        assert_eq!(desk.plugin.runs_of(context), 0);
        desk.token(context);
        let entries = desk.home.entries();
        let entry = entries.iter().find(|path| !known.contains(path)).unwrap();
        let after = explain(&desk, context);
        assert!(after.contains(&entry.display().to_string()), "{after}");
        assert!(before.contains(&entry.display().to_string()), "{before}");
        assert!(after.contains("A call would be a hit"), "{after}");
        assert!(after.contains("good: stored "), "{after}");
        assert!(!after.contains("token-"), "{after}");
    }
    assert!(explain(&desk, "b").contains("config, server"));
}

#[test]
fn each_part_has_its_place() {
    let mut desk = Desk::new().with_context("a");
    desk.kubeconfig["current-context"] = "a".into();
    let profile = json!({ "name": "AWS_PROFILE", "value": "prod" });
    desk.exec_mut("a")["env"]
        .as_array_mut()
        .unwrap()
        .push(profile);
    desk.write_kubeconfig();
    let mut command = desk.kcc(&["explain"]);
    command.env("KUBE_CREDENTIAL_CACHE_REFRESH_MARGIN", "30s");
    let said = quiet(&command.output().unwrap()).to_owned();
    let line = |wanted: &str| said.lines().find(|line| line.contains(wanted)).unwrap();
    let file = desk.kubeconfig_path().display().to_string();
    for part in ["context     a", "cluster     a", "user        a-user"] {
        assert!(line(part).contains(&format!("{file}:")), "{said}");
    }
    assert!(line("context     a").contains("the current one"));
    assert!(line("AWS_PROFILE=prod").contains("exec.env"));
    assert!(line("  variable  HOME=").ends_with("environment"));
    assert!(line("REFRESH_MARGIN=30s").ends_with("environment"));
    assert!(line("  user      a-user").contains("exec.env"));
}

#[test]
fn variables_and_files_that_made_the_key_are_shown() {
    let mut desk = Desk::new().with_context("a");
    let who = desk.home.path().join("who");
    fs::write(&who, "me").unwrap();
    let files = json!({ "name": "KUBE_CREDENTIAL_CACHE_CACHEKEY_FILES", "value": "~/who:~/gone" });
    let tenant = json!({ "name": "TENANT", "value": "dev" });
    let env = desk.exec_mut("a")["env"].as_array_mut().unwrap();
    env.extend([files, tenant]);
    desk.write_kubeconfig();
    let said = explain(&desk, "a");
    let line = |wanted: &str| said.lines().find(|line| line.contains(wanted)).unwrap();
    assert!(
        line("  variable  TENANT=dev").contains("exec.env"),
        "{said}"
    );
    assert!(
        line("/who  ").contains("  file ") && line("/who  ").contains("written "),
        "{said}"
    );
    assert!(line("/gone  ").ends_with("is not there"), "{said}");
    desk.token("a");
    assert!(explain(&desk, "a").contains("A call would be a hit"));
    fs::write(&who, "somebody else").unwrap();
    assert!(explain(&desk, "a").contains("A call would run the plugin"));
}

#[test]
fn values_that_may_be_secrets_are_fingerprints() {
    let mut desk = Desk::new().with_context("a");
    let exec = desk.exec_mut("a");
    let args = exec["args"].as_array_mut().unwrap();
    args.push("--client-secret=MARKER-1".into());
    args.push("--password".into());
    args.push("MARKER-2".into());
    let secret = json!({ "name": "AWS_SECRET_ACCESS_KEY", "value": "MARKER-3" });
    exec["env"].as_array_mut().unwrap().push(secret);
    desk.write_kubeconfig();
    let said = explain(&desk, "a");
    assert!(!said.contains("MARKER"), "{said}");
    assert!(said.contains("--client-secret=<hidden "), "{said}");
    assert!(said.contains("--password <hidden "), "{said}");
    assert!(said.contains("AWS_SECRET_ACCESS_KEY=<hidden "), "{said}");
    assert_eq!(
        said,
        explain(&desk, "a"),
        "equal values have equal fingerprints"
    );

    let exec = desk.exec_mut("a");
    exec["env"].as_array_mut().unwrap().pop();
    let secret = json!({ "name": "AWS_SECRET_ACCESS_KEY", "value": "MARKER-4" });
    exec["env"].as_array_mut().unwrap().push(secret);
    desk.write_kubeconfig();
    assert_ne!(said, explain(&desk, "a"));
}

#[test]
fn what_stands_in_the_way_is_said() {
    let mut desk = Desk::new();
    let missing = json!({
        "apiVersion": "client.authentication.k8s.io/v1",
        "command": "there-is-no-such-plugin",
        "interactiveMode": "Never",
    });
    desk.add_context("missing", &json!({ "exec": missing }));
    let said = explain(&desk, "missing");
    assert!(said.contains("kubectl does not call the cache"), "{said}");
    assert!(said.contains("kcc inject"), "{said}");
    assert!(said.contains("A call would fail"), "{said}");

    desk.write_kuberc("credentialPluginPolicy: DenyAll");
    let said = explain(&desk, "missing");
    assert!(
        said.contains("A call would be refused") && said.contains("DenyAll"),
        "{said}"
    );

    desk.add_context("fixed", &json!({ "token": "FIXED-SECRET" }));
    let said = explain(&desk, "fixed");
    assert!(
        said.contains("no plugin runs") && !said.contains("SECRET"),
        "{said}"
    );

    for (args, problem) in [
        (&["explain", "nowhere"][..], "nowhere"),
        (&["explain"], "use-context"),
    ] {
        let output = desk.run(args);
        assert_eq!(code(&output), 1);
        assert!(stderr(&output).contains(problem), "{}", stderr(&output));
    }
}

#[test]
fn the_refresh_margin_is_explained() {
    let desk = Desk::new().with_context("a");
    desk.plugin.expires_after(Some(120)).unwrap();
    desk.token("a");
    let mut command = desk.kcc(&["explain", "a"]);
    command.env("KUBE_CREDENTIAL_CACHE_REFRESH_MARGIN", "5m");
    let said = quiet(&command.output().unwrap()).to_owned();
    assert!(said.contains("near expiry: stored"), "{said}");
    assert!(
        said.contains("should it fail, the entry answers until it expires"),
        "{said}"
    );
}

#[test]
fn the_words_of_a_known_plugin_are_shown_and_values_are_not() {
    let mut desk = Desk::new();
    let exec = json!({
        "apiVersion": "client.authentication.k8s.io/v1beta1",
        "command": "kcc-cache",
        "args": [
            "aws", "--no-verify-ssl", "--region", "eu-west-1", "eks", "get-token",
            "--cluster-name", "prod", "--secret-thing", "MARKER", "swordfish",
        ],
    });
    desk.add_context("eks", &json!({ "exec": exec }));
    let said = explain(&desk, "eks");
    let line = said.lines().find(|line| line.starts_with("  arguments"));
    let line = line.unwrap();
    let shown =
        "--no-verify-ssl --region eu-west-1 eks get-token --cluster-name prod --secret-thing";
    assert!(
        line.contains(&format!("arguments {shown} <hidden ")),
        "{said}"
    );
    assert!(
        !said.contains("MARKER") && !said.contains("swordfish"),
        "{said}"
    );
}

#[test]
fn several_contexts_are_explained_one_after_another() {
    let desk = Desk::new().with_context("a").with_context("b");
    let output = desk.run(&["explain", "b", "a"]);
    let said = quiet(&output);
    let places = ["context     b", "context     a"].map(|text| said.find(text).unwrap());
    assert!(places[0] < places[1]);
}
