//! The files by which plugins tell who is active: another entry answers when one is written.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::json;

use crate::{Bench, V1, exec_info, quiet_token, script, token_of};

/// A bench with a plugin of another name in front of its own.
struct Known {
    bench: Bench,
    path: PathBuf,
}

impl Known {
    fn new(name: &str) -> Self {
        Self::with_text(name, "")
    }

    /// `text` is run before the plugin.
    fn with_text(name: &str, text: &str) -> Self {
        let bench = Bench::new();
        let plugin = bench.plugin.path();
        let text = format!("{text}\nexec '{}'", plugin.display());
        let path = script(bench.home.path(), name, &text);
        Self { bench, path }
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = self.bench.home.kcc_cache();
        command.arg(&self.path).args(args);
        command.env("KUBERNETES_EXEC_INFO", exec_info(V1, json!({})));
        command
    }

    fn request(&self, args: &[&str]) -> String {
        quiet_token(&mut self.command(args))
    }

    fn write(&self, path: &str, text: &str) {
        let path = self.bench.home.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        // As most tools do: written beside its place, and renamed.
        let temporary = path.with_extension("new");
        fs::write(&temporary, text).unwrap();
        fs::rename(temporary, path).unwrap();
    }

    fn remove(&self, path: &str) {
        let path = self.bench.home.path().join(path);
        let removed = if path.is_dir() {
            fs::remove_dir_all(path)
        } else {
            fs::remove_file(path)
        };
        removed.unwrap();
    }
}

/// What is done, and whether somebody else may be active then.
type Step = (&'static str, &'static str, Option<&'static str>, bool);

/// Another token after each step that may change who one is, and the same after all others.
fn walk(plugin: &str, args: &[&str], steps: &[Step]) {
    let known = Known::new(plugin);
    let mut runs = 0;
    // There is no request before the first login: a plugin that finds nobody logged in gives no token.
    for (what, path, text, is_another) in steps {
        match text {
            Some(text) => known.write(path, text),
            None => known.remove(path),
        }
        runs += usize::from(*is_another);
        let token = format!("token-{runs}");
        assert_eq!(known.request(args), token, "{plugin}: {what}");
        assert_eq!(known.request(args), token, "{plugin}: {what}, and again");
    }
}

#[test]
fn gcloud_config_set_account_and_activate() {
    let configuration = ".config/gcloud/configurations/config_default";
    walk(
        "gke-gcloud-auth-plugin",
        &[],
        &[
            (
                "first use",
                ".config/gcloud/active_config",
                Some("default"),
                true,
            ),
            ("login", configuration, Some("account = a@x"), true),
            ("set account", configuration, Some("account = b@x"), true),
            (
                "refresh",
                ".config/gcloud/access_tokens.db",
                Some("1"),
                false,
            ),
            ("refresh", ".config/gcloud/credentials.db", Some("1"), false),
            (
                "refresh",
                ".kube/gke_gcloud_auth_plugin_cache",
                Some("1"),
                false,
            ),
            (
                "another configuration is written",
                ".config/gcloud/configurations/config_work",
                Some("account = c@x"),
                false,
            ),
            (
                "and activated",
                ".config/gcloud/active_config",
                Some("work"),
                true,
            ),
        ],
    );
}

#[test]
fn az_login_and_account_set() {
    walk(
        "kubelogin",
        &["get-token", "--login", "azurecli", "--server-id", "s"],
        &[
            ("az login", ".azure/azureProfile.json", Some("{a}"), true),
            (
                "az account set",
                ".azure/azureProfile.json",
                Some("{b}"),
                true,
            ),
            ("az cloud set", ".azure/config", Some("[cloud]"), true),
            ("refresh", ".azure/msal_token_cache.json", Some("1"), false),
            ("any command", ".azure/az.sess", Some("1"), false),
            ("any command", ".azure/commandIndex.json", Some("1"), false),
            ("az logout", ".azure/azureProfile.json", Some("{}"), true),
        ],
    );
}

#[test]
fn a_changed_file_of_aws() {
    for (plugin, args) in [
        ("aws", &["eks", "get-token", "--cluster-name", "a"][..]),
        ("aws-iam-authenticator", &["token", "-i", "a"]),
    ] {
        walk(
            plugin,
            args,
            &[
                ("configure", ".aws/config", Some("[default]"), true),
                ("another role", ".aws/config", Some("[default] role"), true),
                ("keys", ".aws/credentials", Some("[default] k1"), true),
                ("aws sso login", ".aws/sso/cache/a1.json", Some("1"), false),
                (
                    "an assumed role",
                    ".aws/cli/cache/b2.json",
                    Some("1"),
                    false,
                ),
                ("the roles are gone", ".aws/config", None, true),
            ],
        );
    }
}

#[test]
fn other_known_plugins() {
    walk(
        "tsh",
        &["kube", "credentials", "--proxy=tele.example:443"],
        &[
            ("tsh login", ".tsh/tele.example.yaml", Some("user: a"), true),
            (
                "as another",
                ".tsh/tele.example.yaml",
                Some("user: bb"),
                true,
            ),
            (
                "elsewhere",
                ".tsh/other.example.yaml",
                Some("user: a"),
                false,
            ),
            (
                "refresh",
                ".tsh/keys/tele.example/a-kube/c.crt",
                Some("1"),
                false,
            ),
            ("tsh logout", ".tsh/tele.example.yaml", None, true),
        ],
    );
    walk(
        "oci",
        &["ce", "cluster", "generate-token"],
        &[
            ("setup", ".oci/config", Some("[DEFAULT]"), true),
            ("a session", ".oci/sessions/DEFAULT/token", Some("1"), false),
        ],
    );
    walk(
        "some-plugin",
        &["get-token"],
        &[
            ("it writes a file", ".some-plugin/config", Some("x"), true),
            ("aws configure", ".aws/config", Some("x"), false),
            (
                "it writes its own, which nobody knows",
                ".some-plugin/config",
                Some("yy"),
                false,
            ),
        ],
    );
}

/// Once logged out, one logs in again, although the state of the files is one of before.
#[test]
fn kubelogin_clean() {
    let text =
        "mkdir -p $HOME/.kube/cache/oidc-login; echo 1 >> $HOME/.kube/cache/oidc-login/token";
    let known = Known::with_text("kubelogin", text);
    let args = ["get-token", "--oidc-issuer-url=https://i"];
    assert_eq!(
        known.request(&args),
        "token-1",
        "the login, which makes the folder"
    );
    assert_eq!(
        known.request(&args),
        "token-2",
        "the plugin answers from its own cache"
    );
    assert_eq!(known.request(&args), "token-2");
    known.remove(".kube/cache/oidc-login");
    assert_eq!(
        known.request(&args),
        "token-3",
        "nobody is logged in: not token-1"
    );
    assert_eq!(
        known.request(&args),
        "token-4",
        "another login: not token-2"
    );
    assert_eq!(known.request(&args), "token-4");
}

/// They all began before who is active was known; one login is enough for them.
#[test]
fn who_waited_for_a_login_gets_its_answer() {
    let text = "mkdir -p $HOME/.kube/cache/oidc-login";
    let known = Known::with_text("kubelogin", text);
    known.bench.plugin.waits_at_the_gate().unwrap();
    let request = || {
        let mut command = known.command(&["get-token", "--oidc-issuer-url=https://i"]);
        command.spawn_piped()
    };
    let requests: Vec<_> = (0..4).map(|_| request()).collect();
    let logs = || {
        fs::read_dir(known.bench.home.entries_dir())
            .into_iter()
            .flatten()
            .count()
    };
    while known.bench.plugin.runs() == 0 || logs() == 0 {
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    known.bench.plugin.opens_the_gate().unwrap();
    let tokens: Vec<String> = requests
        .into_iter()
        .map(|request| token_of(&request.wait_with_output().unwrap()))
        .collect();
    let logins = known.bench.plugin.runs();
    assert!(logins <= 2, "{logins}: {tokens:?}");
}

trait SpawnPiped {
    fn spawn_piped(&mut self) -> std::process::Child;
}

impl SpawnPiped for Command {
    fn spawn_piped(&mut self) -> std::process::Child {
        use std::process::Stdio;
        self.stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap()
    }
}

#[test]
fn files_of_ones_own() {
    let bench = Bench::new();
    let own = bench.home.path().join("who");
    let request = |list: &str| {
        let mut command = bench.command();
        command.env("KUBE_CREDENTIAL_CACHE_CACHEKEY_FILES", list);
        quiet_token(&mut command)
    };
    let write = |path: &Path, text: &str| fs::write(path, text).unwrap();
    assert_eq!(request("~/who:/nowhere"), "token-1");
    write(&own, "a");
    assert_eq!(request("~/who:/nowhere"), "token-2");
    assert_eq!(request("~/who:/nowhere"), "token-2");
    write(&own, "bb");
    assert_eq!(request("~/who:/nowhere"), "token-3");
    assert_eq!(request(""), "token-4");
    let mut bad = bench.command();
    bad.env("KUBE_CREDENTIAL_CACHE_CACHEKEY_FILES", "who");
    let output = bad.output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(crate::stderr(&output).contains("CACHEKEY_FILES"));
}
