//! Every path that starts a plugin: one policy and one program, which the client's environment decides
//! and a kubeconfig's `exec.env` does not.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use harness::CacheHome;
use jiff::{SignedDuration, Timestamp};
use kcc_core::client::ClientConfig;
use kcc_core::{
    ApiVersion, CredentialCache, Environment, ExecInfo, PluginPolicy, Request, Settings,
};
use serde_json::json;

use crate::ahead::HoursAgo;
use crate::{V1, exec_info, script, wait_until};

#[derive(Debug, Clone, Copy, PartialEq)]
enum Way {
    Miss,
    InMargin,
    Rejected,
    Ahead,
    Exec,
    Warm,
    Loader,
}

/// A client whose `PATH` leads to the good plugin, and a kubeconfig that would rather run another.
struct Scene {
    home: CacheHome,
    good: tempfile::TempDir,
    evil: tempfile::TempDir,
}

impl Scene {
    fn new() -> Self {
        let scene = Self {
            home: CacheHome::new().unwrap(),
            good: tempfile::tempdir().unwrap(),
            evil: tempfile::tempdir().unwrap(),
        };
        fs::create_dir(scene.home.path().join(".kube")).unwrap();
        for (folder, name) in [(&scene.good, "good"), (&scene.evil, "evil")] {
            let end = Timestamp::now() + SignedDuration::from_hours(1);
            let status = json!({ "token": name, "expirationTimestamp": format!("{end:.0}") });
            let answer = json!({ "kind": "ExecCredential", "apiVersion": V1, "status": status });
            let ran = scene.home.path().join("ran");
            let text = format!("echo {name} >> '{}'; echo '{answer}'", ran.display());
            script(folder.path(), "login", &text);
        }
        scene.allow("login");
        scene
    }

    fn allow(&self, plugin: &str) {
        let text = format!(
            "apiVersion: kubectl.config.k8s.io/v1beta1\nkind: Preference\n\
             credentialPluginPolicy: Allowlist\n\
             credentialPluginAllowlist: [{{command: kcc-cache}}, {{command: kcc}}, {{command: {plugin}}}]\n"
        );
        fs::write(self.home.path().join(".kube/kuberc"), text).unwrap();
    }

    /// The client's own environment.
    fn client(&self) -> Environment {
        let mut client: Environment = self.home.variables().into_iter().collect();
        client.set("PATH", path_of(self.good.path()));
        client
    }

    /// What the kubeconfig sets.
    fn exec_env(&self) -> [(&'static str, String); 2] {
        [
            ("KUBERC", "off".to_owned()),
            ("PATH", path_of(self.evil.path())),
        ]
    }

    /// `program` as kubectl starts it, once or twice in one process.
    fn as_plugin(&self, program: &Command, words: &[&str], extra: &[(&str, &str)], times: usize) {
        let mut kubectl = Command::new("/bin/sh");
        let script = "for _ in $(seq $TIMES); do sleep 0.02; \"$@\"; done >/dev/null 2>&1";
        kubectl.args(["-c", script, "kubectl", "/usr/bin/env"]);
        kubectl.env_clear().envs(self.client().iter());
        kubectl.env("TIMES", times.to_string());
        for (name, value) in self.exec_env() {
            kubectl.arg(format!("{name}={value}"));
        }
        for (name, value) in extra {
            kubectl.arg(format!("{name}={value}"));
        }
        kubectl.arg(format!("KUBERNETES_EXEC_INFO={}", exec_info(V1, json!({}))));
        kubectl.arg(program.get_program()).args(words);
        kubectl.status().unwrap();
    }

    /// Stores a credential that ends soon, as if an hour ago.
    fn store_an_hour_ago(&self) {
        let old = tempfile::tempdir().unwrap();
        let end = Timestamp::now() + SignedDuration::from_mins(8);
        let status = json!({ "token": "old", "expirationTimestamp": format!("{end:.0}") });
        let answer = json!({ "kind": "ExecCredential", "apiVersion": V1, "status": status });
        script(old.path(), "login", &format!("echo '{answer}'"));
        let mut environment = self.client();
        environment.set("PATH", path_of(old.path()));
        let request = Request {
            info: ExecInfo::new(ApiVersion::V1, false),
            command: "login".into(),
            args: vec![],
            policy: PluginPolicy::default(),
            forward_signals: false,
            environment,
        };
        let settings = Settings::from_environment(&request.environment).unwrap();
        let cache = CredentialCache::with_clock(settings, HoursAgo(1));
        cache.get(&request, &mut |_| {}).unwrap();
    }

    fn kubeconfig(&self) -> PathBuf {
        let env: Vec<_> = self
            .exec_env()
            .map(|(name, value)| json!({ "name": name, "value": value }))
            .into();
        let exec = json!({
            "apiVersion": V1, "command": "kcc-cache", "args": ["login"], "env": env,
            "interactiveMode": "Never",
        });
        let file = json!({
            "apiVersion": "v1", "kind": "Config", "current-context": "a",
            "clusters": [{ "name": "a", "cluster": { "server": "https://127.0.0.1:1" } }],
            "users": [{ "name": "a", "user": { "exec": exec } }],
            "contexts": [{ "name": "a", "context": { "cluster": "a", "user": "a" } }],
        });
        let path = self.home.path().join(".kube/config");
        fs::write(&path, file.to_string()).unwrap();
        path
    }

    /// Goes this way. Where that takes a credential that is there, one is stored before.
    fn go(&self, way: Way) {
        let kcc_cache = self.home.kcc_cache();
        match way {
            Way::Miss => self.as_plugin(&kcc_cache, &["login"], &[], 1),
            Way::InMargin => {
                self.store_an_hour_ago();
                let margin = ("KUBE_CREDENTIAL_CACHE_REFRESH_MARGIN", "1h");
                self.as_plugin(&kcc_cache, &["login"], &[margin], 1);
            }
            Way::Rejected => {
                self.store_an_hour_ago();
                let quiet = ("KUBE_CREDENTIAL_CACHE_REFRESH_AHEAD", "0");
                self.as_plugin(&kcc_cache, &["login"], &[quiet], 2);
            }
            Way::Ahead => {
                self.store_an_hour_ago();
                self.as_plugin(&kcc_cache, &["login"], &[], 1);
            }
            Way::Exec => self.as_plugin(&self.home.kcc(), &["exec", "--", "login"], &[], 1),
            Way::Warm => {
                let mut warm = self.home.kcc();
                warm.env_clear().envs(self.client().iter()).arg("warm");
                warm.env("KUBECONFIG", self.kubeconfig());
                warm.output().unwrap();
            }
            Way::Loader => {
                let runtime = tokio::runtime::Builder::new_current_thread()
                    .enable_all()
                    .build()
                    .unwrap();
                runtime.block_on(async {
                    let loader = ClientConfig::loader()
                        .with_environment(self.client())
                        .with_kubeconfig(self.kubeconfig())
                        .with_terminal(false);
                    let client = loader.load().unwrap().client().unwrap();
                    // Nobody listens there.
                    client.apiserver_version().await.unwrap_err();
                });
            }
        }
    }

    fn ran(&self) -> String {
        fs::read_to_string(self.home.path().join("ran")).unwrap_or_default()
    }
}

/// With the tools that the scripts need.
fn path_of(folder: &Path) -> String {
    format!("{}:/usr/bin:/bin", folder.display())
}

const WAYS: [Way; 7] = [
    Way::Miss,
    Way::InMargin,
    Way::Rejected,
    Way::Ahead,
    Way::Exec,
    Way::Warm,
    Way::Loader,
];

#[test]
fn every_way_runs_the_program_that_the_clients_path_leads_to() {
    for way in WAYS {
        let scene = Scene::new();
        scene.go(way);
        wait_until(&format!("{way:?} ran it"), || !scene.ran().is_empty());
        assert_eq!(scene.ran(), "good\n", "{way:?}");
    }
}

#[test]
fn no_way_runs_a_plugin_that_the_clients_kuberc_does_not_allow() {
    for way in WAYS {
        let scene = Scene::new();
        scene.allow("another");
        scene.go(way);
        if way == Way::Ahead {
            // Nobody can see the process in the background end; it is not even started.
            std::thread::sleep(Duration::from_millis(300));
        }
        assert_eq!(scene.ran(), "", "{way:?}");
    }
}
