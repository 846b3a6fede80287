//! Real kubectl against the real kube-apiserver, its exec plugin behind `kcc-cache`.

use std::io::{BufRead, BufReader};
use std::process::Stdio;
use std::time::Duration;

use harness::cluster::{ExecUser, Kubeconfig, KubeconfigUser, TokenUser};
use harness::{CacheHome, ExecPlugin, at_terminal};
use libtest_mimic::{Failed, Trial};
use serde_json::{Value, json};

use crate::plugin_user::{PluginUser, inject, stdout, whoami};
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

impl PluginUser {
    /// The plugin answers with a certificate of this user that is good for `life`.
    fn with_certificate(self, life: Duration) -> Result<Self, Failed> {
        let pair = self
            .cluster
            .issue_certificate(&self.name, &["testers"], life)?;
        self.plugin
            .answers_certificate(&pair.certificate, &pair.key)?;
        Ok(self)
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

fn requested_once(user: &PluginUser) -> Outcome {
    user.is_known()?;
    user.expect_runs(1)?;
    for _ in 0..10 {
        user.is_known()?;
    }
    user.expect_runs(1)
}

fn a_token_is_requested_once() -> Outcome {
    requested_once(&PluginUser::injected("tess")?.with_token()?)
}

fn a_certificate_is_requested_once() -> Outcome {
    requested_once(&PluginUser::injected("cora")?.with_certificate(Duration::from_secs(3_600))?)
}

fn an_expired_token_is_renewed_once() -> Outcome {
    let user = PluginUser::injected_with("mia", renew_when_expired)?.with_token()?;
    user.plugin.expires_after(Some(15))?;
    renewed_once(user, |user| {
        user.plugin.expires_after(Some(600))?;
        Ok(user)
    })
}

/// Its end stands in the certificate; the plugin names none.
fn an_expired_certificate_is_renewed_once() -> Outcome {
    let user = PluginUser::injected_with("otto", renew_when_expired)?
        .with_certificate(Duration::from_secs(15))?;
    renewed_once(user, |user| {
        user.with_certificate(Duration::from_secs(3_600))
    })
}

/// Or a part of a short life is the margin.
fn renew_when_expired(exec: &mut ExecUser) {
    let margin = ("KUBE_CREDENTIAL_CACHE_REFRESH_MARGIN", "0s");
    exec.env.push((margin.0.to_owned(), margin.1.to_owned()));
}

fn renewed_once(
    user: PluginUser,
    prolong: impl FnOnce(PluginUser) -> Result<PluginUser, Failed>,
) -> Outcome {
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
    let user = PluginUser::injected("zoe")?.with_token()?;
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

/// All in one kubeconfig with one plugin; what tells them apart is what is requested of the plugin.
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
        let mut exec = ExecUser::new(plugin.path(), &[name]);
        inject(&mut exec, &home);
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
    let user = PluginUser::injected("walt")?.with_token()?;
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
            let user = PluginUser::injected_with(&name, adjust)?.with_token()?;
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
    let user = PluginUser::injected("finn")?;
    user.plugin.says("run login first\n")?;
    user.plugin.exits_with(73)?;
    let output = user.kubectl(&["get", "namespaces"]).output()?;
    let heard = String::from_utf8_lossy(&output.stderr).into_owned();
    check(!output.status.success(), "kubectl succeeded")?;
    check(heard.contains("run login first"), heard.clone())?;
    check(heard.contains("exit code 73"), heard)
}

/// `script` gives kubectl a terminal; what is typed reaches the plugin through kubectl and
/// `kcc-cache`, and the next kubectl prompts for nothing.
fn a_plugin_may_prompt_at_the_terminal() -> Outcome {
    let prompting = |exec: &mut ExecUser| exec.interactive_mode = Some("IfAvailable".into());
    let user = PluginUser::injected_with("pam", prompting)?;
    user.add_token("pin-4711")?;
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
