//! Real kubectl against the real kube-apiserver, its exec plugin behind `kcc-cache`.

use std::io::{BufRead, BufReader};
use std::process::{Output, Stdio};
use std::time::Duration;

use harness::cluster::{Cluster, ExecUser, Kubeconfig, KubeconfigFile, KubeconfigUser, TokenUser};
use harness::{CacheHome, ExecPlugin, at_terminal};
use libtest_mimic::{Failed, Trial};
use serde_json::{Value, json};

use crate::trial::{Outcome, check, cluster_for_testers, named, on_cluster};

pub(crate) fn trials() -> Vec<Trial> {
    on_cluster(
        "kubectl",
        named![
            a_token_is_requested_once,
            a_certificate_is_requested_once,
            an_expired_token_is_renewed_once,
            an_expired_certificate_is_renewed_once,
            twenty_cold_calls_run_the_plugin_once,
            sixteen_users_keep_sixteen_entries,
            kubectls_commands_work,
            each_protocol_version_and_cluster_info_work,
            a_failing_plugin_is_heard,
            a_plugin_may_prompt_at_the_terminal
        ],
    )
}

/// A user of the shared cluster whose credentials come from a plugin behind `kcc-cache`.
pub(crate) struct User {
    pub(crate) cluster: &'static Cluster,
    pub(crate) home: CacheHome,
    pub(crate) plugin: ExecPlugin,
    pub(crate) name: String,
    pub(crate) kubeconfig: KubeconfigFile,
}

impl User {
    pub(crate) fn new(name: &str) -> Result<Self, Failed> {
        Self::with(name, |_| {})
    }

    fn with(name: &str, adjust: impl FnOnce(&mut ExecUser)) -> Result<Self, Failed> {
        let cluster = cluster_for_testers()?;
        let (home, plugin) = (CacheHome::new()?, ExecPlugin::new()?);
        let mut exec = exec_user(&home, &plugin, &[]);
        adjust(&mut exec);
        let kubeconfig = cluster
            .kubeconfig()
            .with_user(name, KubeconfigUser::Exec(exec));
        Ok(Self {
            cluster,
            plugin,
            name: name.to_owned(),
            kubeconfig: kubeconfig.write()?,
            home,
        })
    }

    /// The plugin answers with a token that the server knows this user by.
    pub(crate) fn with_token(self) -> Result<Self, Failed> {
        let token = format!("token-of-{}", self.name);
        self.plugin.answers_token(&token)?;
        let user = TokenUser::new(&token, &self.name, &["testers"]);
        self.cluster.add_token(user)?;
        Ok(self)
    }

    /// The plugin answers with a certificate of this user that is good for `life`.
    fn with_certificate(self, life: Duration) -> Result<Self, Failed> {
        let pair = self
            .cluster
            .issue_certificate(&self.name, &["testers"], life)?;
        self.plugin
            .answers_certificate(&pair.certificate, &pair.key)?;
        Ok(self)
    }

    pub(crate) fn kubectl(&self, args: &[&str]) -> std::process::Command {
        let mut command = self.cluster.kubectl_with(self.kubeconfig.path());
        command.envs(self.home.variables()).args(args);
        command
    }

    /// Who the server says that this user is.
    pub(crate) fn whoami(&self) -> Result<String, Failed> {
        whoami(&self.kubectl(&["auth", "whoami", "-o", "json"]).output()?)
    }

    pub(crate) fn expect_runs(&self, expected: usize) -> Outcome {
        let runs = self.plugin.runs();
        check(
            runs == expected,
            format!("the plugin ran {runs} times instead of {expected}"),
        )
    }

    /// Waits until the stored credential has expired.
    fn await_expiry(&self) -> Outcome {
        let entry = std::fs::read_to_string(&self.home.entries()[0])?;
        let metadata: Value = serde_json::from_str(entry.lines().nth(1).unwrap_or_default())?;
        let expires_at = metadata["expires_at"].as_i64().ok_or("no expires_at")?;
        while jiff::Timestamp::now().as_microsecond() <= expires_at {
            std::thread::sleep(Duration::from_millis(50));
        }
        Ok(())
    }

    pub(crate) fn is_known(&self) -> Outcome {
        let name = self.whoami()?;
        check(
            name == self.name,
            format!("the server knows {} as {name}", self.name),
        )
    }
}

/// `kcc-cache <plugin> <args>` as a kubeconfig has it.
pub(crate) fn exec_user(home: &CacheHome, plugin: &ExecPlugin, args: &[&str]) -> ExecUser {
    let plugin = plugin.path().display().to_string();
    let all: Vec<&str> = [&[plugin.as_str()], args].concat();
    ExecUser::new(home.kcc_cache().get_program(), &all)
}

fn whoami(output: &Output) -> Result<String, Failed> {
    user_of(&stdout(output)?)
}

/// The user's name in what `kubectl auth whoami -o json` prints.
pub(crate) fn user_of(review: &str) -> Result<String, Failed> {
    let review: Value = serde_json::from_str(review)?;
    let name = review["status"]["userInfo"]["username"].as_str();
    Ok(name.unwrap_or_default().to_owned())
}

/// What kubectl printed, where it succeeded without a word on stderr.
pub(crate) fn stdout(output: &Output) -> Result<String, Failed> {
    let heard = String::from_utf8_lossy(&output.stderr);
    let quiet = output.status.success() && heard.is_empty();
    check(
        quiet,
        format!("kubectl ended with {}: {heard}", output.status),
    )?;
    Ok(String::from_utf8(output.stdout.clone())?)
}

fn requested_once(user: &User) -> Outcome {
    user.is_known()?;
    user.expect_runs(1)?;
    for _ in 0..10 {
        user.is_known()?;
    }
    user.expect_runs(1)
}

fn a_token_is_requested_once() -> Outcome {
    requested_once(&User::new("tess")?.with_token()?)
}

fn a_certificate_is_requested_once() -> Outcome {
    requested_once(&User::new("cora")?.with_certificate(Duration::from_secs(3_600))?)
}

fn an_expired_token_is_renewed_once() -> Outcome {
    let user = User::with("mia", renew_when_expired)?.with_token()?;
    user.plugin.expires_after(Some(15))?;
    renewed_once(user, |user| {
        user.plugin.expires_after(Some(600))?;
        Ok(user)
    })
}

/// Its end stands in the certificate; the plugin names none.
fn an_expired_certificate_is_renewed_once() -> Outcome {
    let user = User::with("otto", renew_when_expired)?.with_certificate(Duration::from_secs(15))?;
    renewed_once(user, |user| {
        user.with_certificate(Duration::from_secs(3_600))
    })
}

/// Or a part of a short life is the margin.
fn renew_when_expired(exec: &mut ExecUser) {
    let margin = ("KUBE_CREDENTIAL_CACHE_REFRESH_MARGIN", "0s");
    exec.env.push((margin.0.to_owned(), margin.1.to_owned()));
}

fn renewed_once(user: User, prolong: impl FnOnce(User) -> Result<User, Failed>) -> Outcome {
    user.is_known()?;
    user.is_known()?;
    user.expect_runs(1)?;
    user.await_expiry()?;
    let user = prolong(user)?;
    user.is_known()?;
    user.is_known()?;
    user.expect_runs(2)
}

fn twenty_cold_calls_run_the_plugin_once() -> Outcome {
    let user = User::new("zoe")?.with_token()?;
    user.plugin.takes(Duration::from_secs(2))?;
    let calls: Result<Vec<_>, _> = (0..20)
        .map(|_| {
            let mut command = user.kubectl(&["auth", "whoami", "-o", "json"]);
            command
                .stdout(Stdio::piped())
                .stderr(Stdio::piped())
                .spawn()
        })
        .collect();
    for call in calls? {
        let name = whoami(&call.wait_with_output()?)?;
        check(name == "zoe", format!("the server knows zoe as {name}"))?;
    }
    user.expect_runs(1)
}

/// All in one kubeconfig with one plugin; what tells them apart is what the plugin is requested.
fn sixteen_users_keep_sixteen_entries() -> Outcome {
    let cluster = cluster_for_testers()?;
    let (home, plugin) = (CacheHome::new()?, ExecPlugin::new()?);
    plugin.answers_token("token-of-@NAME@")?;
    plugin.takes(Duration::from_millis(300))?;
    let names: Vec<String> = (0..16).map(|number| format!("user-{number}")).collect();
    let mut kubeconfig: Kubeconfig = cluster.kubeconfig();
    for name in &names {
        cluster.add_token(TokenUser::new(
            &format!("token-of-{name}"),
            name,
            &["testers"],
        ))?;
        let exec = exec_user(&home, &plugin, &[name]);
        kubeconfig = kubeconfig.with_user(name, KubeconfigUser::Exec(exec));
    }
    let kubeconfig = kubeconfig.write()?;
    for _round in 0..2 {
        let calls: Result<Vec<_>, _> = names
            .iter()
            .map(|name| {
                let mut command = cluster.kubectl_with(kubeconfig.path());
                command.envs(home.variables());
                command.args(["--context", name, "auth", "whoami", "-o", "json"]);
                command
                    .stdout(Stdio::piped())
                    .stderr(Stdio::piped())
                    .spawn()
            })
            .collect();
        for (call, name) in calls?.into_iter().zip(&names) {
            let known_as = whoami(&call.wait_with_output()?)?;
            check(
                known_as == *name,
                format!("the server knows {name} as {known_as}"),
            )?;
        }
        let (runs, entries) = (plugin.runs(), home.entries().len());
        check(runs == 16, format!("the plugin ran {runs} times"))?;
        check(entries == 16, format!("there are {entries} entries"))?;
    }
    Ok(())
}

fn kubectls_commands_work() -> Outcome {
    let user = User::new("walt")?.with_token()?;
    let version = stdout(&user.kubectl(&["version", "-o", "json"]).output()?)?;
    check(version.contains("serverVersion"), version)?;

    let manifest = user.home.path().join("map.json");
    let map = json!({
        "apiVersion": "v1", "kind": "ConfigMap",
        "metadata": { "name": "by-walt" }, "data": { "a": "1" },
    });
    std::fs::write(&manifest, map.to_string())?;
    let path = manifest.display().to_string();
    stdout(&user.kubectl(&["apply", "-f", &path]).output()?)?;
    let value = ["get", "configmap", "by-walt", "-o", "jsonpath={.data.a}"];
    check(
        stdout(&user.kubectl(&value).output()?)? == "1",
        "another value",
    )?;

    let watch = [
        "get",
        "configmap",
        "by-walt",
        "--watch",
        "--output-watch-events",
    ];
    let mut watching = user.kubectl(&watch);
    let mut watching = watching
        .args(["--request-timeout", "60s"])
        .stdout(Stdio::piped())
        .spawn()?;
    let seen = watching.stdout.take().ok_or("no stdout")?;
    let mut seen = BufReader::new(seen).lines();
    let mut await_event = |event: &str| match seen.find_map(|line| match line {
        Ok(line) if !line.contains(event) => None,
        line => Some(line),
    }) {
        Some(line) => line.map(drop).map_err(Failed::from),
        None => Err(format!("the watch ended without {event}").into()),
    };
    await_event("ADDED")?;
    stdout(&user.kubectl(&["delete", "configmap", "by-walt"]).output()?)?;
    await_event("DELETED")?;
    watching.kill()?;
    watching.wait()?;
    user.expect_runs(1)
}

fn each_protocol_version_and_cluster_info_work() -> Outcome {
    for version in ["v1", "v1beta1"] {
        for provide_cluster_info in [false, true] {
            let name = format!("vera-{version}-{provide_cluster_info}");
            let adjust = |exec: &mut ExecUser| {
                exec.api_version = format!("client.authentication.k8s.io/{version}");
                exec.provide_cluster_info = provide_cluster_info;
            };
            let user = User::with(&name, adjust)?.with_token()?;
            requested_once(&user)?;
            let entry = std::fs::read_to_string(&user.home.entries()[0])?;
            let named = entry.contains(user.cluster.server_url());
            check(
                named == provide_cluster_info,
                format!("{name}: server in the entry: {named}"),
            )?;
        }
    }
    Ok(())
}

fn a_failing_plugin_is_heard() -> Outcome {
    let user = User::new("finn")?;
    user.plugin.says("run login first\n")?;
    user.plugin.exits_with(73)?;
    let output = user.kubectl(&["get", "namespaces"]).output()?;
    let heard = String::from_utf8_lossy(&output.stderr).into_owned();
    check(!output.status.success(), "kubectl succeeded")?;
    check(heard.contains("run login first"), heard.clone())?;
    check(heard.contains("exit code 73"), heard)
}

/// `script` gives kubectl a terminal; what is typed reaches the plugin through kubectl and
/// `kcc-cache`, and the next kubectl requests nothing.
fn a_plugin_may_prompt_at_the_terminal() -> Outcome {
    let prompting = |exec: &mut ExecUser| exec.interactive_mode = Some("IfAvailable".into());
    let user = User::with("pam", prompting)?;
    user.cluster
        .add_token(TokenUser::new("pin-4711", "pam", &["testers"]))?;
    let answer = json!({
        "kind": "ExecCredential",
        "apiVersion": "client.authentication.k8s.io/v1",
        "status": { "token": "pin-PIN" },
    });
    let prompt = format!(
        "#!/bin/sh\nprintf 'PIN: ' >&2\nread -r pin\necho '{answer}' | sed \"s/PIN/$pin/\"\n"
    );
    std::fs::write(user.plugin.path(), prompt)?;
    let whoami = user.kubectl(&["auth", "whoami", "-o", "json"]);
    for typed in ["4711\n", ""] {
        let output = at_terminal(&whoami, typed)?;
        let screen = String::from_utf8_lossy(&output.stdout).into_owned();
        check(
            screen.contains("PIN: ") != typed.is_empty(),
            format!("the screen: {screen}"),
        )?;
        check(
            screen.contains("\"username\": \"pam\""),
            format!("the screen: {screen}"),
        )?;
    }
    Ok(())
}
