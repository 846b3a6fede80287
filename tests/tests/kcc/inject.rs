//! `kcc inject`, `kcc eject` and `kcc sync`: the files, as other programs find them.

mod files;
mod locks;
mod mounts;
mod races;
mod sync;
mod upgrades;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use crate::{Desk, code, quiet, stderr, stdout};

/// Two users with a plugin and one without, with what a rewriting would lose.
const TEXT: &str = "\
# mine
apiVersion: v1
kind: Config
current-context:   prod
contexts:
- {name: prod, context: {cluster: c, user: prod-user}}
- {name: dev, context: {cluster: c, user: dev-user}}
- {name: root, context: {cluster: c, user: root}}
clusters:
- name: c
  cluster: {server: 'https://127.0.0.1:1'}
users:
- name: prod-user
  user:
    exec:
      apiVersion: client.authentication.k8s.io/v1
      command: aws # token SECRET-1
      args: [eks, --secret, SECRET-2]
      env: null
      interactiveMode: Never
- name: dev-user
  user: {token: SECRET-3, exec: {apiVersion: client.authentication.k8s.io/v1, command: ./dev, interactiveMode: Never}}
- name: root
  user: {token: SECRET-4}
";

/// A home with this kubeconfig.
struct Injection {
    desk: Desk,
    path: PathBuf,
}

impl Injection {
    fn new() -> Self {
        let desk = Desk::new();
        let path = desk.kubeconfig_path();
        fs::write(&path, TEXT).unwrap();
        Self { desk, path }
    }

    fn text(&self) -> String {
        fs::read_to_string(&self.path).unwrap()
    }

    fn inject(&self, args: &[&str]) -> Output {
        let args = [&["inject", "--command", "kcc-cache"], args].concat();
        self.desk.run(&args)
    }

    fn eject(&self, args: &[&str]) -> Output {
        self.desk.run(&[&["eject"], args].concat())
    }

    /// With other kubeconfigs than the default one.
    fn with_kubeconfigs(&self, args: &[&str], files: &[&Path]) -> Command {
        let mut command = self.desk.kcc(args);
        command.env("KUBECONFIG", std::env::join_paths(files).unwrap());
        command
    }

    /// What is in the kubeconfig's folder: no file of ours stays there.
    fn files(&self) -> Vec<String> {
        let files = fs::read_dir(self.path.parent().unwrap()).unwrap();
        let name = |file: std::io::Result<fs::DirEntry>| file.unwrap().file_name();
        let mut names: Vec<_> = files.map(name).collect();
        names.sort();
        names
            .into_iter()
            .map(|name| name.into_string().unwrap())
            .collect()
    }
}

fn refused(output: &Output, words: &[&str]) {
    assert_eq!(code(output), 1, "{}", stdout(output));
    for words in words {
        assert!(stderr(output).contains(words), "{}", stderr(output));
    }
    assert!(!stderr(output).contains("SECRET"), "{}", stderr(output));
}

#[test]
fn an_ejection_gives_the_file_back() {
    let bench = Injection::new();
    let said = bench.inject(&[]);
    let path = bench.path.display();
    let dev = bench.path.with_file_name("dev");
    assert_eq!(
        quiet(&said),
        format!(
            "{path}\n  prod-user  injected: kcc-cache before aws\n  dev-user   injected: kcc-cache before {}\n  root       skipped: it has no exec plugin\n",
            dev.display()
        )
    );
    let injected = bench.text();
    assert_eq!(injected.matches("command: kcc-cache").count(), 2);
    assert!(quiet(&bench.inject(&[])).contains("already"));
    assert_eq!(bench.text(), injected);
    assert!(quiet(&bench.eject(&[])).contains("ejected: aws alone"));
    assert_eq!(bench.text(), TEXT);
    assert!(quiet(&bench.eject(&[])).contains("kcc-cache is not before aws"));
    assert_eq!(bench.files(), ["config"]);
}

#[test]
fn a_dry_run_shows_what_would_change_and_no_secret() {
    let bench = Injection::new();
    let output = bench.inject(&["--dry-run", "--diff"]);
    assert_eq!(code(&output), 0);
    assert_eq!(bench.text(), TEXT);
    let path = bench.path.display();
    assert!(stdout(&output).starts_with(&format!("--- {path}\n+++ {path}\n@@ -17,3 +17,9 @@\n")));
    assert!(stdout(&output).contains("+      command: kcc-cache # token …\n"));
    assert!(stderr(&output).contains("would be injected"));
    for said in [stdout(&output), stderr(&output)] {
        assert!(!said.contains("SECRET"), "{said}");
    }
}

#[test]
fn users_and_contexts_select() {
    let bench = Injection::new();
    assert!(
        quiet(&bench.inject(&["--user", "dev-user"]))
            .lines()
            .count()
            == 2
    );
    assert_eq!(bench.text().matches("kcc-cache").count(), 1);
    assert!(bench.text().contains("command: aws"));
    quiet(&bench.inject(&["--context", "prod"]));
    assert_eq!(bench.text().matches("kcc-cache").count(), 2);
    quiet(&bench.eject(&["--context", "dev", "--user", "root"]));
    assert!(bench.text().contains("command: ./dev"));
    quiet(&bench.eject(&[]));
    assert_eq!(bench.text(), TEXT);
    refused(
        &bench.inject(&["--user", "nobody"]),
        &["no user \"nobody\"", "dev-user"],
    );
    refused(
        &bench.inject(&["--context", "no"]),
        &["no context \"no\"", "prod"],
    );
}

#[test]
fn the_command_is_a_name_where_path_has_it() {
    let bench = Injection::new();
    let cache = PathBuf::from(bench.desk.home.kcc_cache().get_program());
    let kcc = bench.desk.kcc(&[]);
    let is_beside = Path::new(kcc.get_program()).parent() == cache.parent();
    let mut inject = bench.desk.kcc(&["inject"]);
    inject.env("PATH", cache.parent().unwrap());
    quiet(&inject.output().unwrap());
    assert!(bench.text().contains("command: kcc-cache #"));
    quiet(&bench.eject(&[]));
    if is_beside {
        quiet(
            &bench
                .desk
                .kcc(&["inject"])
                .env("PATH", "/nowhere")
                .output()
                .unwrap(),
        );
        let expected = format!("command: {} #", cache.display());
        assert!(bench.text().contains(&expected), "{}", bench.text());
        quiet(&bench.eject(&[]));
    }
    let named = ["inject", "--command", "bin/kcc-cache"];
    let folder = bench.desk.home.path().canonicalize().unwrap();
    let output = bench.desk.kcc(&named).current_dir(&folder).output();
    quiet(&output.unwrap());
    let expected = format!("command: {}/bin/kcc-cache #", folder.display());
    assert!(bench.text().contains(&expected), "{}", bench.text());
    let output = bench.desk.run(&["inject", "--command", "aws"]);
    refused(&output, &["must be called kcc-cache"]);
}

#[test]
fn a_kuberc_that_does_not_allow_the_cache_is_told_before() {
    let bench = Injection::new();
    bench.desk.write_kuberc(
        "credentialPluginPolicy: Allowlist\ncredentialPluginAllowlist: [{name: aws}]",
    );
    // The name has to lead somewhere for kubectl's check.
    let cache = PathBuf::from(bench.desk.home.kcc_cache().get_program());
    let inject = || {
        let mut inject = bench.desk.kcc(&["inject"]);
        inject
            .env("PATH", cache.parent().unwrap())
            .output()
            .unwrap()
    };
    refused(&inject(), &["kubectl would not run kcc-cache", "allowlist"]);
    assert_eq!(bench.text(), TEXT);
    bench.desk.write_kuberc(
        "credentialPluginPolicy: Allowlist\ncredentialPluginAllowlist: [{name: aws}, {name: kcc-cache}]",
    );
    quiet(&inject());
    assert_ne!(bench.text(), TEXT);
}
