//! `kcc` as people meet it: a process with a kubeconfig, a cache directory and plugins.

mod doctor;
mod exec;
mod explain;
mod identity;
mod inject;
#[cfg(all(target_os = "linux", target_env = "gnu"))]
mod linking;
mod names;
mod refresh;
mod secrecy;
mod store;
mod terminal;
mod warm;
mod wire;

#[path = "../shared/output.rs"]
mod output;

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output};
use std::thread;
use std::time::{Duration, Instant};

use harness::{CacheHome, ExecPlugin};
use serde_json::{Value, json};

use output::{code, screen, stderr, unread};

/// A home with a kubeconfig in it, and a plugin.
struct Desk {
    home: CacheHome,
    plugin: ExecPlugin,
    kubeconfig: Value,
}

impl Desk {
    fn new() -> Self {
        let home = CacheHome::new().unwrap();
        fs::create_dir(home.path().join(".kube")).unwrap();
        let kubeconfig = json!({
            "apiVersion": "v1", "kind": "Config",
            "clusters": [], "users": [], "contexts": [],
        });
        Self {
            home,
            plugin: ExecPlugin::new().unwrap(),
            kubeconfig,
        }
    }

    /// With a context `name` whose user, named `name-user`, has the plugin behind `kcc-cache`. The
    /// plugin's first argument is `name`.
    fn with_context(mut self, name: &str) -> Self {
        let exec = json!({
            "apiVersion": "client.authentication.k8s.io/v1",
            "command": "kcc-cache",
            "args": [self.plugin.path(), name],
            "env": [{ "name": "KUBE_CREDENTIAL_CACHE_USER", "value": format!("{name}-user") }],
            "interactiveMode": "IfAvailable",
        });
        self.add_context(name, &json!({ "exec": exec }));
        self
    }

    fn add_context(&mut self, name: &str, user: &Value) {
        let user_name = format!("{name}-user");
        let mut add = |list: &str, entry: Value| {
            self.kubeconfig[list].as_array_mut().unwrap().push(entry);
        };
        let server = format!("https://{name}.example");
        add(
            "clusters",
            json!({ "name": name, "cluster": { "server": server } }),
        );
        add("users", json!({ "name": user_name, "user": user }));
        let context = json!({ "cluster": name, "user": user_name });
        add("contexts", json!({ "name": name, "context": context }));
        self.write_kubeconfig();
    }

    /// The `exec` of a context's user.
    fn exec_mut(&mut self, context: &str) -> &mut Value {
        let users = self.kubeconfig["users"].as_array_mut().unwrap();
        let name = format!("{context}-user");
        let user = users.iter_mut().find(|user| user["name"] == *name).unwrap();
        &mut user["user"]["exec"]
    }

    fn write_kubeconfig(&self) {
        fs::write(self.kubeconfig_path(), format!("{:#}", self.kubeconfig)).unwrap();
    }

    /// A kuberc with this policy.
    fn write_kuberc(&self, policy: &str) {
        let text =
            format!("apiVersion: kubectl.config.k8s.io/v1beta1\nkind: Preference\n{policy}\n");
        fs::write(self.home.path().join(".kube/kuberc"), text).unwrap();
    }

    fn kubeconfig_path(&self) -> PathBuf {
        self.home.path().join(".kube/config")
    }

    fn kcc(&self, args: &[&str]) -> Command {
        let mut command = self.home.kcc();
        command.args(args);
        command
    }

    fn run(&self, args: &[&str]) -> Output {
        self.kcc(args).output().unwrap()
    }

    /// What a client gets that runs the context's plugin as client-go does.
    fn token(&self, context: &str) -> String {
        let users = self.kubeconfig["users"].as_array().unwrap();
        let name = format!("{context}-user");
        let user = users.iter().find(|user| user["name"] == *name).unwrap();
        let exec = &user["user"]["exec"];
        let mut command = self.home.kcc_cache();
        for arg in exec["args"].as_array().unwrap() {
            command.arg(arg.as_str().unwrap());
        }
        for variable in exec["env"].as_array().into_iter().flatten() {
            let [name, value] = ["name", "value"].map(|key| variable[key].as_str().unwrap());
            command.env(name, value);
        }
        let mut spec = json!({ "interactive": false });
        if exec["provideClusterInfo"] == true {
            let server = format!("https://{context}.example");
            spec["cluster"] = json!({ "server": server, "config": null });
        }
        let info = json!({
            "kind": "ExecCredential", "apiVersion": exec["apiVersion"], "spec": spec,
        });
        let output = command
            .env("KUBERNETES_EXEC_INFO", info.to_string())
            .output();
        let output = output.unwrap();
        assert_eq!(stderr(&output), "");
        let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
        answer["status"]["token"].as_str().unwrap().to_owned()
    }
}

fn stdout(output: &Output) -> &str {
    std::str::from_utf8(&output.stdout).unwrap()
}

/// Its standard output, where it succeeded without a word on stderr.
fn quiet(output: &Output) -> &str {
    assert_eq!(stderr(output), "");
    assert_eq!(code(output), 0, "{}", stdout(output));
    stdout(output)
}

/// Waits for what has to come; only a hang comes to the end of its patience.
fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let began = Instant::now();
    while !holds() {
        assert!(began.elapsed().as_secs() < 60, "waited for: {what}");
        thread::sleep(Duration::from_millis(5));
    }
}

/// Whether a process has a key's lock file open.
#[cfg(target_os = "linux")]
fn is_at_a_lock(pid: u32) -> bool {
    let files = fs::read_dir(format!("/proc/{pid}/fd"));
    let files = files.into_iter().flatten();
    let links = files.filter_map(|file| fs::read_link(file.ok()?.path()).ok());
    let mut locks = links.filter(|path| path.extension().is_some_and(|end| end == "lock"));
    locks.next().is_some()
}

/// Whether this process, and so its children, ignore a signal.
#[cfg(target_os = "linux")]
fn is_ignored(signal: rustix::process::Signal) -> bool {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let mut lines = status.lines();
    let ignored = lines.find_map(|line| line.strip_prefix("SigIgn:")).unwrap();
    let ignored = u64::from_str_radix(ignored.trim(), 16).unwrap();
    ignored & (1 << (signal.as_raw() - 1)) != 0
}
