//! Clients that do not set `KUBERNETES_EXEC_INFO`, as most outside of Go: the plugin sees that, and
//! answers in a version that it chooses itself.

use std::path::PathBuf;
use std::process::{Command, Output};

use serde_json::json;

use crate::{Bench, V1, V1BETA1, code, credential, exec_info, script, stderr};

const V1ALPHA1: &str = "client.authentication.k8s.io/v1alpha1";
const RECORDED: &str = "KUBE_CREDENTIAL_CACHE_API_VERSION";

/// A plugin that answers in the version that it is told, else in one of its own: `aws eks get-token`
/// says v1beta1 then.
struct Versions {
    bench: Bench,
    plugin: PathBuf,
}

impl Versions {
    fn with_own(own: &str) -> Self {
        let bench = Bench::new();
        let plugin = script(
            bench.home.path(),
            "plugin",
            &format!(
                r#"cd "${{0%/*}}"; echo run >> runs
case ${{KUBERNETES_EXEC_INFO-unset}} in
unset) echo unset > told; v={own} ;;
"") echo empty > told; v={own} ;;
*) echo info > told; v=$(printf %s "$KUBERNETES_EXEC_INFO" | sed 's/.*"apiVersion":"\([^"]*\)".*/\1/') ;;
esac
[ ! -e fails ] || exit 3
echo '{{"kind":"ExecCredential","apiVersion":"'$v'","status":{{"token":"t-'$(wc -l < runs | tr -d ' ')'"}}}}'"#
            ),
        );
        Self { bench, plugin }
    }

    fn command(&self, info: Option<&str>, recorded: Option<&str>) -> Command {
        let mut command = self.bench.home.kcc_cache();
        command.arg(&self.plugin);
        command.envs(info.map(|info| ("KUBERNETES_EXEC_INFO", info)));
        command.envs(recorded.map(|recorded| (RECORDED, recorded)));
        command
    }

    /// A client that says nothing.
    fn unset(&self, recorded: Option<&str>) -> Output {
        self.command(None, recorded).output().unwrap()
    }

    /// kubectl, of a kubeconfig with this version, injected.
    fn kubectl(&self, version: &str) -> Output {
        let info = exec_info(version, json!({}));
        let mut command = self.command(Some(&info), Some(version));
        command.output().unwrap()
    }

    fn runs(&self) -> usize {
        let runs = std::fs::read_to_string(self.bench.home.path().join("runs"));
        runs.unwrap_or_default().lines().count()
    }

    fn told(&self) -> String {
        let told = std::fs::read_to_string(self.bench.home.path().join("told")).unwrap();
        told.trim_end().to_owned()
    }
}

/// Version and token.
fn answer(output: &Output) -> (String, String) {
    let answer = credential(output);
    let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
    (
        text(&answer["apiVersion"]),
        text(&answer["status"]["token"]),
    )
}

fn is(version: &str, token: &str) -> (String, String) {
    (version.to_owned(), token.to_owned())
}

#[test]
fn absent_stays_absent_and_any_known_version_is_passed_on() {
    for own in [V1, V1BETA1, V1ALPHA1] {
        for recorded in [None, Some(V1), Some(V1BETA1)] {
            let versions = Versions::with_own(own);
            for _ in 0..3 {
                assert_eq!(answer(&versions.unset(recorded)), is(own, "t-1"));
            }
            assert_eq!((versions.runs(), versions.told()), (1, "unset".to_owned()));
        }
    }
    let versions = Versions::with_own(V1BETA1);
    let empty = versions.command(Some(""), None).output().unwrap();
    assert_eq!(answer(&empty), is(V1BETA1, "t-1"));
    assert_eq!(versions.told(), "empty");
}

#[test]
fn all_clients_of_one_user_share_an_entry() {
    // What `aws eks update-kubeconfig` writes, and what the plugin answers by itself.
    for first_is_kubectl in [true, false] {
        let versions = Versions::with_own(V1BETA1);
        for turn in 0..4 {
            let output = if (turn % 2 == 0) == first_is_kubectl {
                versions.kubectl(V1BETA1)
            } else {
                versions.unset(Some(V1BETA1))
            };
            assert_eq!(answer(&output), is(V1BETA1, "t-1"));
        }
        assert_eq!(versions.runs(), 1);
        assert_eq!(versions.bench.home.entries().len(), 1);
    }
}

/// A client that says no version may refuse one that the plugin would not have given it: lightkube
/// refuses v1. So it has to be seen once what the plugin gives.
#[test]
fn v1_is_shared_once_the_plugin_has_given_it_unasked() {
    let versions = Versions::with_own(V1);
    assert_eq!(answer(&versions.unset(Some(V1))), is(V1, "t-1"));
    assert_eq!(answer(&versions.kubectl(V1)), is(V1, "t-1"));
    assert_eq!(versions.runs(), 1);

    let versions = Versions::with_own(V1);
    assert_eq!(answer(&versions.kubectl(V1)), is(V1, "t-1"));
    for _ in 0..3 {
        assert_eq!(answer(&versions.unset(Some(V1))), is(V1, "t-2"));
        assert_eq!(answer(&versions.kubectl(V1)), is(V1, "t-2"));
    }
    assert_eq!(versions.runs(), 2);
    assert_eq!(versions.bench.home.entries().len(), 1);
}

#[test]
fn a_plugin_of_two_versions_has_two_entries_and_nobody_gets_the_others() {
    let versions = Versions::with_own(V1BETA1);
    for _ in 0..3 {
        assert_eq!(answer(&versions.kubectl(V1)), is(V1, "t-1"));
        assert_eq!(answer(&versions.unset(Some(V1))), is(V1BETA1, "t-2"));
    }
    assert_eq!(versions.runs(), 2);
}

#[test]
fn eight_that_say_nothing_run_one_plugin() {
    for (own, recorded) in [(V1, V1), (V1BETA1, V1), (V1BETA1, V1BETA1)] {
        let versions = Versions::with_own(own);
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    let output = versions.unset(Some(recorded));
                    assert_eq!(answer(&output), is(own, "t-1"));
                });
            }
        });
        assert_eq!(versions.runs(), 1, "{own} {recorded}");
    }
}

#[test]
fn an_old_client_speaks_v1alpha1() {
    let versions = Versions::with_own(V1);
    assert_eq!(answer(&versions.kubectl(V1ALPHA1)), is(V1ALPHA1, "t-1"));
    assert_eq!(answer(&versions.kubectl(V1ALPHA1)), is(V1ALPHA1, "t-1"));
}

#[test]
fn an_unknown_version_is_no_answer() {
    let versions = Versions::with_own("client.authentication.k8s.io/v7");
    let output = versions.unset(Some(V1));
    assert_eq!(code(&output), 1);
    assert!(output.stdout.is_empty());
    assert!(
        stderr(&output).contains("its apiVersion is no known version"),
        "{}",
        stderr(&output)
    );
}

/// Better another version than none at all.
#[test]
fn where_the_plugin_fails_the_entry_of_the_others_is_used() {
    let versions = Versions::with_own(V1BETA1);
    assert_eq!(answer(&versions.kubectl(V1)), is(V1, "t-1"));
    std::fs::write(versions.bench.home.path().join("fails"), "").unwrap();
    let output = versions.unset(Some(V1));
    assert_eq!(answer(&output), is(V1, "t-1"));
    assert!(stderr(&output).contains("using the stored credential"));
}

/// client-node requests again before each request where its plugin names no expiry, and never before one
/// that is named: with one that the cache made up it would go on with a revoked token for an hour.
#[test]
fn an_expiry_that_the_plugin_did_not_name_is_for_those_who_say_that_they_are_clients() {
    let expiry = |output: &Output| credential(output)["status"]["expirationTimestamp"].clone();
    for unset_first in [true, false] {
        let versions = Versions::with_own(V1BETA1);
        for turn in 0..4 {
            let is_unset = (turn % 2 == 0) == unset_first;
            let output = if is_unset {
                versions.unset(Some(V1BETA1))
            } else {
                versions.kubectl(V1BETA1)
            };
            assert_eq!(answer(&output), is(V1BETA1, "t-1"));
            assert_eq!(expiry(&output).is_null(), is_unset, "{turn}");
        }
    }
}
