//! `kcc exec`, and what needs no cache: completions, manual pages, errors.

use std::fs;

use crate::{Desk, code, quiet, stderr, stdout, unread};

#[test]
fn exec_shares_the_entry_of_kcc_cache() {
    let desk = Desk::new();
    let plugin = desk.plugin.path();
    let plugin = plugin.to_str().unwrap();
    for separator in [&["--"][..], &[]] {
        // What looks like an option of kcc, or like its separator, is the plugin's.
        let args = ["x", "--kubeconfig", "y", "--", "-h"];
        let through_kcc = [&["exec"], separator, &[plugin], &args].concat();
        let of_exec = quiet(&desk.run(&through_kcc)).to_owned();
        let output = desk.home.kcc_cache().arg(plugin).args(args).output();
        assert_eq!(quiet(&output.unwrap()), of_exec);
    }
    assert_eq!(desk.plugin.runs(), 1);
}

#[test]
fn exec_passes_the_plugins_failure_on() {
    let desk = Desk::new();
    desk.plugin.says("no login\n").unwrap();
    desk.plugin.exits_with(73).unwrap();
    let output = desk.run(&["exec", desk.plugin.path().to_str().unwrap()]);
    assert_eq!((code(&output), stderr(&output)), (73, "no login\n"));
    let output = desk.run(&["exec", "there-is-no-such-plugin"]);
    assert_eq!(code(&output), 127);
    assert!(stderr(&output).contains("not found in PATH"));
}

#[test]
fn a_wrong_call_is_exit_code_2() {
    let desk = Desk::new();
    for args in [
        &["exec"][..],
        &["clear"],
        &["nonsense"],
        &[],
        &["list", "-o", "xml"],
    ] {
        assert_eq!(code(&desk.run(args)), 2, "{args:?}");
    }
}

#[test]
fn every_shell_gets_completions() {
    let desk = Desk::new();
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let output = desk.run(&["completions", shell]);
        assert!(quiet(&output).contains("kubeconfig"), "{shell}");
    }
}

#[test]
fn manual_pages_are_written_for_every_command() {
    let desk = Desk::new();
    let dir = desk.home.path().join("man");
    quiet(&desk.run(&["man", "--dir", dir.to_str().unwrap()]));
    for page in ["kcc.1", "kcc-list.1", "kcc-warm.1", "kcc-cache.1"] {
        let text = fs::read_to_string(dir.join(page)).unwrap();
        assert!(text.contains(".SH NAME"), "{page}");
    }
    assert!(quiet(&desk.run(&["man"])).contains(".SH NAME"));
    let output = desk.run(&["man", "--dir", "/dev/null/x"]);
    assert_eq!(code(&output), 1);
    assert!(
        stderr(&output).contains("/dev/null/x"),
        "{}",
        stderr(&output)
    );
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let desk = Desk::new();
    let output = unread(&mut desk.kcc(&["completions", "bash"]));
    assert_eq!(stderr(&output), "");
}

#[test]
fn output_that_is_no_terminal_has_no_colours() {
    let desk = Desk::new();
    for args in [
        &["--help"][..],
        &["list", "--kubeconfig", "/nowhere"],
        &["warm"],
    ] {
        let output = desk.run(args);
        for text in [stdout(&output), stderr(&output)] {
            assert!(!text.contains('\x1b'), "{args:?}: {text:?}");
        }
    }
}

/// The forms in which the cache can stand in front of a plugin, as `command` and `args` of a
/// kubeconfig, for programs in `bin`.
fn forms(bin: &std::path::Path) -> Vec<Vec<String>> {
    let path = |name: &str| bin.join(name).display().to_string();
    let lines = [
        "kcc-cache".to_owned(),
        path("kcc-cache"),
        "kcc exec".to_owned(),
        format!("{} exec --", path("kcc")),
        "kubectl kcc exec".to_owned(),
        format!("{} kcc exec --", path("kubectl")),
        "kubectl-kcc exec --".to_owned(),
        "kcc-cache kcc-cache".to_owned(),
        format!("{} kcc exec --", path("kcc-cache")),
        format!("kcc exec -- kcc exec {}", path("kcc-cache")),
    ];
    let words = |line: &String| line.split(' ').map(str::to_owned).collect();
    lines.iter().map(words).collect()
}

/// `kcc`, `kcc-cache` and `kubectl-kcc`, and a `kubectl` that starts its plugins as kubectl does.
fn programs(desk: &Desk) -> std::path::PathBuf {
    let bin = desk.home.path().join("bin");
    fs::create_dir(&bin).unwrap();
    let [kcc, kcc_cache] = [desk.home.kcc(), desk.home.kcc_cache()];
    for (program, name) in [
        (&kcc, "kcc"),
        (&kcc, "kubectl-kcc"),
        (&kcc_cache, "kcc-cache"),
    ] {
        std::os::unix::fs::symlink(program.get_program(), bin.join(name)).unwrap();
    }
    let kubectl = bin.join("kubectl");
    let script = "#!/bin/sh\nname=$1\nshift\nexec \"kubectl-$name\" \"$@\"\n";
    fs::write(&kubectl, script).unwrap();
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    fs::set_permissions(kubectl, mode).unwrap();
    bin
}

#[test]
fn every_form_of_the_cache_has_one_entry_and_is_left_and_taken_out() {
    let mut desk = Desk::new();
    let bin = programs(&desk);
    let plugin = desk.plugin.path().display().to_string();
    let path = format!("{}:{}", bin.display(), std::env::var("PATH").unwrap());
    let forms = forms(&bin);
    for (at, form) in forms.iter().enumerate() {
        let words: Vec<&str> = form.iter().map(String::as_str).collect();
        let args = [&words[1..], &[plugin.as_str(), "x"]].concat();
        let exec = serde_json::json!({
            "apiVersion": "client.authentication.k8s.io/v1",
            "command": words[0],
            "args": args,
            "env": [{ "name": "KUBE_CREDENTIAL_CACHE_USER", "value": "one" }],
            "interactiveMode": "Never",
        });
        desk.add_context(&at.to_string(), &serde_json::json!({ "exec": exec }));
    }
    let run = |args: &[&str]| desk.kcc(args).env("PATH", &path).output().unwrap();

    // One job for all of them, and all of them are answered by what it fetched.
    let said = run(&["warm"]);
    assert_eq!(quiet(&said).lines().count(), 1, "{}", stdout(&said));
    for form in &forms {
        let mut client = std::process::Command::new("/usr/bin/env");
        client.env_clear().envs(desk.home.variables());
        client
            .env("PATH", &path)
            .args(form)
            .args([plugin.as_str(), "x"]);
        client.env("KUBE_CREDENTIAL_CACHE_USER", "one");
        // One client that requests again and again was refused by no server.
        client.env("KUBE_CREDENTIAL_CACHE_RENEW_REJECTED", "0");
        let info = serde_json::json!({
            "kind": "ExecCredential", "apiVersion": "client.authentication.k8s.io/v1",
            "spec": { "interactive": false },
        });
        client.env("KUBERNETES_EXEC_INFO", info.to_string());
        let output = client.output().unwrap();
        assert!(quiet(&output).contains("\"token-1\""), "{form:?}");
    }
    assert_eq!(desk.plugin.runs(), 1);
    let explained = run(&["explain", "5"]);
    assert!(quiet(&explained).contains("A call would be a hit"));

    let said = run(&["inject"]);
    assert!(!quiet(&said).contains(" injected: "), "{}", stdout(&said));
    let text = fs::read_to_string(desk.kubeconfig_path()).unwrap();
    for form in &forms {
        assert!(text.contains(&format!("\"command\": \"{}\"", form[0])));
    }
    assert_eq!(text.matches(&plugin).count(), forms.len());

    let said = run(&["eject"]);
    let ejected = quiet(&said).matches(" ejected: ").count();
    assert_eq!(ejected, forms.len(), "{}", stdout(&said));
    let text = fs::read_to_string(desk.kubeconfig_path()).unwrap();
    let command = format!("\"command\": \"{plugin}\"");
    assert_eq!(text.matches(&command).count(), forms.len(), "{text}");
    assert!(!text.contains("kcc"), "{text}");
}
