//! How contexts are named, in all commands alike; and how a shell completes them.

use std::process::{Command, Output};

use serde_json::json;

use crate::{Desk, code, quiet, stderr};

/// Commands that are about contexts.
const COMMANDS: [&str; 7] = [
    "clear", "eject", "explain", "inject", "refresh", "sync", "warm",
];

fn desk() -> Desk {
    let mut desk = Desk::new().with_context("prod").with_context("dev");
    desk.add_context("odd name", &json!({ "token": "FIXED-SECRET" }));
    desk
}

/// With a `kcc-cache` for those that write one down.
fn run(desk: &Desk, args: &[&str]) -> Output {
    let mut command = desk.kcc(args);
    let cache = desk.home.kcc_cache();
    let folder = std::path::Path::new(cache.get_program()).parent().unwrap();
    let path = format!("{}:{}", folder.display(), std::env::var("PATH").unwrap());
    command.env("PATH", path).output().unwrap()
}

#[test]
fn every_command_takes_contexts_as_arguments() {
    let desk = desk();
    for command in COMMANDS {
        desk.token("prod");
        desk.token("dev");
        let output = run(&desk, &[command, "prod", "dev"]);
        assert_eq!(code(&output), 0, "{command}: {output:?}");
        desk.write_kubeconfig();
    }
}

#[test]
fn a_context_that_is_not_there_is_told_in_the_same_words() {
    let desk = desk();
    for command in COMMANDS {
        let output = run(&desk, &[command, "prod", "nowhere"]);
        assert_eq!(code(&output), 1, "{command}");
        assert_eq!(
            stderr(&output),
            "error: there is no context \"nowhere\"; there is dev, odd name, prod\n",
            "{command}"
        );
    }
    for command in ["clear", "inject"] {
        let by_option = run(&desk, &[command, "--context", "nowhere"]);
        let by_argument = run(&desk, &[command, "nowhere"]);
        assert_eq!(stderr(&by_option), stderr(&by_argument), "as before");
    }
    for command in ["explain", "refresh"] {
        let output = run(&desk, &[command]);
        assert_eq!(
            stderr(&output),
            "error: no context is chosen: name one, or kubectl config use-context; there is dev, \
             odd name, prod\n"
        );
    }
}

/// What bash offers for a line whose last word is begun.
fn offered(desk: &Desk, words: &[&str], variables: &[(&str, &str)]) -> Vec<String> {
    let kcc = desk.kcc(&[]);
    let folder = std::path::Path::new(kcc.get_program()).parent().unwrap();
    let script = "source <(kcc completions bash)
        COMP_WORDS=(\"$@\") COMP_CWORD=$(($# - 1)) COMP_TYPE=9
        \"$(complete -p kcc | sed 's/.*-F \\([^ ]*\\).*/\\1/')\" kcc \"${COMP_WORDS[COMP_CWORD]}\" ''
        printf '%s\\n' \"${COMPREPLY[@]}\"";
    let mut bash = Command::new("bash");
    bash.args(["--norc", "-c", script, "bash"]).args(words);
    bash.env_clear().envs(desk.home.variables());
    let path = format!("{}:{}", folder.display(), std::env::var("PATH").unwrap());
    bash.env("PATH", path).envs(variables.iter().copied());
    let output = bash.output().unwrap();
    let mut offered: Vec<String> = quiet(&output).lines().map(str::to_owned).collect();
    offered.retain(|word| !word.starts_with('-') && !word.is_empty());
    offered
}

#[test]
fn bash_completes_them_from_the_kubeconfig() {
    let desk = desk();
    for command in COMMANDS {
        let all = offered(&desk, &["kcc", command, ""], &[]);
        assert_eq!(all.len(), 3, "{command}: {all:?}");
        assert_eq!(
            offered(&desk, &["kcc", command, "d"], &[]),
            ["dev"],
            "{command}"
        );
        let second = offered(&desk, &["kcc", command, "prod", "de"], &[]);
        assert_eq!(second, ["dev"], "{command}");
    }
    assert_eq!(
        offered(&desk, &["kcc", "clear", "--user", "p"], &[]),
        ["prod-user"]
    );
    assert_eq!(offered(&desk, &["kcc", "ref"], &[]), ["refresh"]);

    let other = Desk::new().with_context("elsewhere");
    let file = other.kubeconfig_path().display().to_string();
    let by_variable = offered(&desk, &["kcc", "warm", ""], &[("KUBECONFIG", &file)]);
    assert_eq!(by_variable, ["elsewhere"]);
    let by_option = ["kcc", "--kubeconfig", &file, "warm", ""];
    assert_eq!(offered(&desk, &by_option, &[]), ["elsewhere"]);
    let none = [("KUBECONFIG", "/there/is/none")];
    assert_eq!(offered(&desk, &["kcc", "warm", ""], &none), [""; 0]);
}

/// The protocol of each script, without the shell.
#[test]
fn other_shells_are_answered_too() {
    let desk = desk();
    for shell in ["elvish", "fish", "powershell", "zsh"] {
        let mut kcc = desk.kcc(&["--", "kcc", "warm", "de"]);
        kcc.env("KCC_COMPLETE", shell);
        kcc.env("_CLAP_COMPLETE_INDEX", "2").env("_CLAP_IFS", "\n");
        let output = kcc.output().unwrap();
        let words = quiet(&output).lines();
        let words: Vec<&str> = words.filter(|word| !word.starts_with('-')).collect();
        assert_eq!(words, ["dev"], "{shell}");
    }
}
