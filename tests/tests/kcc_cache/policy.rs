//! kuberc's plugin policy, applied to the plugin behind `kcc-cache`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::json;

use crate::{Bench, V1, code, exec_info, script, stderr, token_of};

/// A client with a kuberc of its own. Its environment is not that of the plugin: a kubeconfig adds
/// to the latter, and says which plugin it is.
pub(crate) struct Client {
    bench: Bench,
    environment: Vec<(String, String)>,
    folder: PathBuf,
}

impl Client {
    /// With these fields in its kuberc.
    pub(crate) fn new(policy: &str) -> Self {
        let bench = Bench::new();
        fs::create_dir(bench.home.path().join(".kube")).unwrap();
        let variables = bench.home.variables().into_iter();
        let client = Self {
            environment: variables
                .map(|(name, value)| (name.to_owned(), value))
                .collect(),
            folder: bench.home.path().to_owned(),
            bench,
        };
        client.write_kuberc(policy);
        client
    }

    /// Whose kuberc allows this plugin, and `kcc-cache` to kubectl.
    fn allowing(command: impl AsRef<Path>) -> Self {
        Self::new(&allowlist(command))
    }

    fn kuberc(&self) -> PathBuf {
        self.bench.home.path().join(".kube/kuberc")
    }

    fn write_kuberc(&self, policy: &str) {
        let head = "apiVersion: kubectl.config.k8s.io/v1beta1\nkind: Preference\n";
        fs::write(self.kuberc(), format!("{head}{policy}\n")).unwrap();
    }

    pub(crate) fn with_env(mut self, name: &str, value: &str) -> Self {
        self.environment.retain(|(known, _)| known != name);
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    /// With this working directory.
    pub(crate) fn in_folder(mut self, folder: &Path) -> Self {
        folder.clone_into(&mut self.folder);
        self
    }

    /// What the client gets from `kcc-cache <plugin>`, with `exec.env` of a kubeconfig.
    pub(crate) fn run(&self, plugin: &[&Path], exec_env: &[(&str, &str)]) -> Output {
        let mut kcc_cache = Command::new("/bin/sh");
        // Not `exec`: the shell is the client here, and stays the parent.
        kcc_cache.args(["-c", r#""$@"; exit $?"#, "client", "/usr/bin/env"]);
        kcc_cache.env_clear().envs(self.environment.clone());
        kcc_cache.current_dir(&self.folder);
        for (name, value) in exec_env {
            kcc_cache.arg(format!("{name}={value}"));
        }
        let info = exec_info(V1, json!({}));
        kcc_cache.arg(format!("KUBERNETES_EXEC_INFO={info}"));
        kcc_cache.arg(self.bench.home.kcc_cache().get_program());
        kcc_cache.args(plugin).output().unwrap()
    }

    fn request(&self) -> Output {
        self.run(&[&self.bench.plugin.path()], &[])
    }

    fn runs(&self) -> usize {
        self.bench.plugin.runs()
    }
}

fn allowlist(command: impl AsRef<Path>) -> String {
    format!(
        "credentialPluginPolicy: Allowlist\ncredentialPluginAllowlist: [{{command: kcc-cache}}, {{command: {}}}]",
        command.as_ref().display()
    )
}

const DENY_ALL: &str = "credentialPluginPolicy: DenyAll";

fn assert_refused(output: &Output, reason: &str) {
    assert_eq!(code(output), 126, "{}", stderr(output));
    assert!(output.stdout.is_empty());
    assert!(
        stderr(output).starts_with("kcc-cache: ") && stderr(output).contains(reason),
        "{}",
        stderr(output)
    );
}

#[test]
fn a_listed_plugin_runs_and_is_answered_from_the_cache() {
    let client = Client::new("");
    client.write_kuberc(&allowlist(client.bench.plugin.path()));
    for _ in 0..3 {
        assert_eq!(token_of(&client.request()), "token-1");
    }
}

#[test]
fn a_plugin_that_is_not_listed_never_starts() {
    let client = Client::allowing("/usr/bin/another");
    assert_refused(
        &client.request(),
        "is not permitted by the credential plugin allowlist of ",
    );
    assert_eq!(client.runs(), 0);
}

#[test]
fn the_policy_holds_for_a_stored_answer() {
    let client = Client::new("");
    assert_eq!(token_of(&client.request()), "token-1");
    client.write_kuberc(DENY_ALL);
    assert_refused(&client.request(), r#"not allowed: policy set to "DenyAll""#);
    client.write_kuberc(&allowlist("/usr/bin/another"));
    assert_refused(&client.request(), "is not permitted by");
    client.write_kuberc("");
    assert_eq!(token_of(&client.request()), "token-1");
}

#[test]
fn a_kubeconfig_cannot_switch_the_policy_off() {
    let client = Client::new(DENY_ALL);
    let elsewhere = tempfile::tempdir().unwrap();
    let plugin = client.bench.plugin.path();
    for (name, value) in [
        ("KUBERC", "off"),
        ("KUBERC", "/dev/null"),
        ("KUBECTL_KUBERC", "false"),
        ("HOME", elsewhere.path().to_str().unwrap()),
    ] {
        let output = client.run(&[&plugin], &[(name, value)]);
        assert_refused(&output, "DenyAll");
    }
    assert_eq!(client.runs(), 0);
}

#[test]
fn a_kubeconfig_cannot_put_the_cache_behind_the_cache() {
    let client = Client::new("");
    let kcc_cache = client.bench.home.kcc_cache();
    let kcc_cache = Path::new(kcc_cache.get_program());
    client.write_kuberc(&allowlist(kcc_cache));
    let plugin = client.bench.plugin.path();
    let output = client.run(&[kcc_cache, &plugin], &[("KUBERC", "off")]);
    assert_refused(&output, "is the cache again");
    assert_eq!(client.runs(), 0);
}

#[test]
fn a_kubeconfigs_path_does_not_choose_the_plugin() {
    let (good, evil) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let answer = |token: &str| {
        let credential = json!({
            "kind": "ExecCredential", "apiVersion": V1, "status": { "token": token },
        });
        format!("echo '{credential}'")
    };
    script(good.path(), "login", &answer("good"));
    script(evil.path(), "login", &answer("evil"));
    let evil_path = evil.path().to_str().unwrap();
    let bare = Path::new("login");
    let client = Client::allowing(bare).with_env("PATH", good.path().to_str().unwrap());
    let output = client.run(&[bare], &[("PATH", evil_path)]);
    assert_eq!(token_of(&output), "good");

    // The same name elsewhere is another plugin, by whichever way it is reached.
    assert_refused(
        &client.run(&[&evil.path().join("login")], &[]),
        "is not permitted by",
    );
    let directory = ("KUBE_CREDENTIAL_CACHE_COMMAND_DIR", evil_path);
    assert_refused(
        &client.run(&[Path::new("./login")], &[directory]),
        "is not permitted by",
    );

    // Nor does it run where the client's own PATH has none.
    let client = Client::allowing(bare).with_env("PATH", "/nonexistent");
    let output = client.run(&[bare], &[("PATH", evil_path)]);
    assert_eq!(code(&output), 127, "{}", stderr(&output));
}

#[test]
fn a_missing_plugin_gives_its_install_hint_under_a_policy() {
    for listed in ["missing-login", "/opt/missing/login"] {
        let client = Client::allowing(listed);
        let hint = ("KUBE_CREDENTIAL_CACHE_INSTALL_HINT", "apt install login");
        let output = client.run(&[Path::new(listed)], &[hint]);
        assert_eq!(code(&output), 127, "{}", stderr(&output));
        assert!(
            stderr(&output).contains("apt install login"),
            "{}",
            stderr(&output)
        );
    }
}

#[test]
fn a_broken_default_kuberc_is_one_warning() {
    let client = Client::new("");
    fs::write(client.kuberc(), "kind: [").unwrap();
    let plugin = client.bench.plugin.path();
    let shown = ("KUBE_CREDENTIAL_CACHE_WARNINGS", "stderr");
    let output = client.run(&[&plugin], &[shown]);
    assert_eq!(token_of(&output), "token-1");
    let expected = "kcc-cache: warning: kuberc: no preferences loaded from ";
    assert!(stderr(&output).starts_with(expected), "{}", stderr(&output));
    assert_eq!(stderr(&output).lines().count(), 1);
}

#[test]
fn a_broken_kuberc_that_the_user_named_is_an_error() {
    let client = Client::new("");
    let named = client.bench.home.path().join("named");
    fs::write(&named, "kind: [").unwrap();
    let client = client.with_env("KUBERC", named.to_str().unwrap());
    let output = client.request();
    assert_eq!(code(&output), 2, "{}", stderr(&output));
    assert!(stderr(&output).contains("/named: no valid preferences found"));
    assert_eq!(client.runs(), 0);
}

#[test]
fn a_policy_that_contradicts_itself_is_an_error() {
    let client = Client::new("credentialPluginPolicy: Allowlist");
    let output = client.request();
    assert_eq!(code(&output), 2, "{}", stderr(&output));
    assert!(stderr(&output).contains("but allowlist is unspecified"));
}

#[test]
fn kuberc_is_switched_off_by_the_client() {
    for (name, value) in [("KUBERC", "off"), ("KUBECTL_KUBERC", "false")] {
        let client = Client::new(DENY_ALL).with_env(name, value);
        assert_eq!(token_of(&client.request()), "token-1");
    }
}

#[test]
fn called_by_hand_the_callers_own_environment_counts() {
    let client = Client::new(DENY_ALL);
    let mut by_hand = client.bench.home.kcc_cache();
    by_hand.arg(client.bench.plugin.path());
    assert_refused(&by_hand.output().unwrap(), "DenyAll");
    by_hand.env("KUBERC", "off");
    assert_eq!(token_of(&by_hand.output().unwrap()), "token-1");
}
