//! The real kube-apiserver of the harness does what the tests of the credential cache rely on.

use std::fs::File;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use harness::cluster::{
    self, AuthCount, Cluster, ClusterOptions, KubeconfigFile, KubeconfigUser, TokenUser,
};
use libtest_mimic::{Failed, Trial};
use serde_json::{Value, json};

use crate::trial::{Outcome, check, named, on_cluster, wait_until};

pub(crate) fn trials() -> Vec<Trial> {
    on_cluster(
        "apiserver",
        named![
            admin_creates_and_lists,
            rbac_refuses,
            token_is_revoked_at_once,
            token_is_rotated_at_once,
            each_401_is_counted,
            certificate_names_user_and_groups,
            certificate_expires,
            restart_keeps_everything,
            one_server_for_each_folder,
            ends_with_its_parent,
            list_is_streamed,
            kubectl_is_of_the_same_version
        ],
    )
}

fn admin_creates_and_lists() -> Outcome {
    let cluster = cluster::shared()?;
    make_namespace(cluster, "admin-creates")?;
    cluster.apply(&config_map("admin-creates", "first"))?;
    let names =
        cluster.kubectl_admin(&["-n", "admin-creates", "get", "configmaps", "-o", "name"])?;
    check(names.contains("configmap/first"), &names)
}

fn rbac_refuses() -> Outcome {
    let cluster = cluster::shared()?;
    let kubeconfig = user_with_token(
        cluster,
        TokenUser::new("rbac-token", "nobody", &["nogroup"]),
    )?;
    let output = kubectl(cluster, &kubeconfig, &["get", "namespaces"])?;
    refused(&output, "Forbidden")?;
    refused(&output, "User \"nobody\"")
}

fn token_is_revoked_at_once() -> Outcome {
    let cluster = cluster::shared()?;
    cluster.bind_group("revoked", VIEW)?;
    let kubeconfig = user_with_token(cluster, TokenUser::new("to-revoke", "rita", &["revoked"]))?;
    accepted(&kubectl(cluster, &kubeconfig, &["get", "configmaps"])?)?;
    cluster.revoke_token("to-revoke")?;
    refused(
        &kubectl(cluster, &kubeconfig, &["get", "configmaps"])?,
        "Unauthorized",
    )
}

fn token_is_rotated_at_once() -> Outcome {
    let cluster = cluster::shared()?;
    cluster.bind_group("rotated", VIEW)?;
    let old = user_with_token(cluster, TokenUser::new("old", "rosa", &["rotated"]))?;
    accepted(&kubectl(cluster, &old, &["get", "configmaps"])?)?;
    let new = user_with_token(cluster, TokenUser::new("new", "rosa", &["rotated"]))?;
    cluster.revoke_token("old")?;
    accepted(&kubectl(cluster, &new, &["get", "configmaps"])?)?;
    refused(
        &kubectl(cluster, &old, &["get", "configmaps"])?,
        "Unauthorized",
    )
}

/// One request is one line, also when the same token comes many times at once: the API server asks
/// its webhook less often than that.
fn each_401_is_counted() -> Outcome {
    const TIMES: usize = 8;
    let cluster = cluster::shared()?;
    let kubeconfig = cluster
        .kubeconfig()
        .with_user("stranger", KubeconfigUser::Token("never-good".into()))
        .write()?;
    let running: Vec<_> = (0..TIMES)
        .map(|_| {
            cluster
                .kubectl_with(kubeconfig.path())
                .args(["get", "--raw", "/api"])
                .stderr(Stdio::null())
                .spawn()
        })
        .collect::<Result<_, _>>()?;
    for mut child in running {
        check(!child.wait()?.success(), "a stranger came in")?;
    }
    let expected = AuthCount {
        accepted: 0,
        rejected: TIMES,
    };
    let log = cluster.auth_log()?;
    check(
        log.of_token("never-good") == expected,
        format!("{:?}", log.of_token("never-good")),
    )?;
    let text = std::fs::read_to_string(&cluster.ready().auth_log)?;
    check(!text.contains("never-good"), "the log holds a token")
}

fn certificate_names_user_and_groups() -> Outcome {
    let cluster = cluster::shared()?;
    cluster.bind_group("cert-testers", VIEW)?;
    let pair = cluster.issue_certificate("carol", &["cert-testers", "more"], HOUR)?;
    let kubeconfig = cluster
        .kubeconfig()
        .with_user("carol", KubeconfigUser::Certificate(pair.clone()))
        .write()?;
    let who = kubectl(cluster, &kubeconfig, &["auth", "whoami", "-o", "json"])?;
    accepted(&who)?;
    let info = serde_json::from_slice::<Value>(&who.stdout)?["status"]["userInfo"].clone();
    check(info["username"] == "carol", info.to_string())?;
    // A certificate's groups are a set, which its encoding sorts.
    let groups = json!(["more", "cert-testers", "system:authenticated"]);
    check(info["groups"] == groups, info.to_string())?;
    accepted(&kubectl(cluster, &kubeconfig, &["get", "configmaps"])?)?;
    refused(
        &kubectl(cluster, &kubeconfig, &["create", "namespace", "c"])?,
        "Forbidden",
    )?;
    let count = cluster.auth_log()?.of_certificate(&pair.certificate);
    check(
        count.accepted >= 3 && count.rejected == 0,
        format!("{count:?}"),
    )
}

fn certificate_expires() -> Outcome {
    let cluster = cluster::shared()?;
    let pair = cluster.issue_certificate("dora", &["system:masters"], Duration::from_secs(2))?;
    let kubeconfig = cluster
        .kubeconfig()
        .with_user("dora", KubeconfigUser::Certificate(pair))
        .write()?;
    accepted(&kubectl(cluster, &kubeconfig, &["get", "--raw", "/api"])?)?;
    wait_until(Duration::from_secs(20), "the certificate to expire", || {
        Ok(!kubectl(cluster, &kubeconfig, &["get", "--raw", "/api"])?
            .status
            .success())
    })?;
    refused(
        &kubectl(cluster, &kubeconfig, &["get", "--raw", "/api"])?,
        "Unauthorized",
    )
}

fn restart_keeps_everything() -> Outcome {
    let mut cluster = Cluster::start(ClusterOptions::default())?;
    let before = cluster.server_url().to_owned();
    let kubeconfig = user_with_token(
        &cluster,
        TokenUser::new("lasting", "leo", &["system:masters"]),
    )?;
    let version = resource_version(&cluster)?;
    accepted(&kubectl(
        &cluster,
        &kubeconfig,
        &["create", "configmap", "kept"],
    )?)?;

    cluster.restart()?;

    check(cluster.server_url() == before, cluster.server_url())?;
    let found = kubectl(
        &cluster,
        &kubeconfig,
        &["get", "configmap", "kept", "-o", "name"],
    )?;
    accepted(&found)?;
    accepted(&kubectl(
        &cluster,
        &kubeconfig,
        &["create", "configmap", "second"],
    )?)?;
    old_watch_is_gone(&cluster, &version)
}

/// The watch cache starts anew with the server: a watch from before the last change that it was
/// loaded with gets 410 and must list again.
fn old_watch_is_gone(cluster: &Cluster, version: &str) -> Outcome {
    let path = format!("{CONFIG_MAPS}?watch=1&timeoutSeconds=5&resourceVersion={version}");
    let output = kubectl_raw(cluster, &path)?;
    let text = [output.stdout, output.stderr].concat();
    let text = String::from_utf8_lossy(&text);
    check(text.contains("too old resource version"), &*text)
}

fn one_server_for_each_folder() -> Outcome {
    let folder = tempfile::tempdir()?;
    let options = || ClusterOptions::default().with_data_dir(folder.path());
    let mut cluster = Cluster::start(options())?;
    let error = Cluster::start(options())
        .expect_err("the folder is in use")
        .to_string();
    check(error.contains("is in use by another server"), &error)?;

    let port = cluster
        .server_url()
        .rsplit(':')
        .next()
        .unwrap_or_default()
        .to_owned();
    cluster.kill();
    let _squatter = std::net::TcpListener::bind(format!("127.0.0.1:{port}"))?;
    let error = cluster
        .restart()
        .expect_err("the port is taken")
        .to_string();
    check(error.contains(&format!("port {port} of 127.0.0.1")), &error)?;
    check(error.contains("is taken by another program"), &error)
}

/// The parent is a shell that holds the other end of the server's standard input, and is killed.
fn ends_with_its_parent() -> Outcome {
    const SCRIPT: &str = r#"
        mkfifo "$1/in"
        "$0" serve --data-dir "$1/data" --exit-with-stdin <"$1/in" >"$1/out" &
        exec 3>"$1/in"
        exec sleep 600"#;
    let cluster = cluster::shared()?;
    let folder = tempfile::tempdir()?;
    let mut parent = Command::new("sh")
        .args(["-c", SCRIPT])
        .arg(&cluster.binaries().apiserver)
        .arg(folder.path())
        .stdin(Stdio::null())
        .spawn()?;
    let out = folder.path().join("out");
    let ready = wait_until(Duration::from_secs(60), "the server to be ready", || {
        Ok(std::fs::read_to_string(&out)
            .unwrap_or_default()
            .ends_with('\n'))
    });
    let lock = folder.path().join("data").join("lock");
    let held = ready.is_ok() && File::open(&lock)?.try_lock().is_err();
    parent.kill()?;
    parent.wait()?;
    ready?;
    check(held, "a running server holds the lock of its folder")?;
    // The kernel gives the lock back when the process has ended, no sooner.
    wait_until(Duration::from_secs(20), "the server to end", || {
        Ok(File::open(&lock)?.try_lock().is_ok())
    })
}

fn list_is_streamed() -> Outcome {
    let cluster = cluster::shared()?;
    cluster.apply(&config_map("default", "streamed"))?;
    let query = "watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan\
                 &allowWatchBookmarks=true&timeoutSeconds=2";
    let output = kubectl_raw(cluster, &format!("{CONFIG_MAPS}?{query}"))?;
    accepted(&output)?;
    let events: Vec<Value> = serde_json::Deserializer::from_slice(&output.stdout)
        .into_iter()
        .collect::<Result<_, _>>()?;
    check(events.iter().any(is_added), "no ADDED event")?;
    check(
        events.iter().any(ends_initial_events),
        "no bookmark ends the list",
    )
}

fn is_added(event: &Value) -> bool {
    event["type"] == "ADDED" && event["object"]["metadata"]["name"] == "streamed"
}

fn ends_initial_events(event: &Value) -> bool {
    event["type"] == "BOOKMARK"
        && event["object"]["metadata"]["annotations"]["k8s.io/initial-events-end"] == "true"
}

fn kubectl_is_of_the_same_version() -> Outcome {
    let cluster = cluster::shared()?;
    let output = cluster
        .kubectl_with(cluster.admin_kubeconfig())
        .args(["version", "-o", "json"])
        .output()?;
    accepted(&output)?;
    check(
        output.stderr.is_empty(),
        String::from_utf8_lossy(&output.stderr),
    )?;
    let versions: Value = serde_json::from_slice(&output.stdout)?;
    let client = &versions["clientVersion"]["gitVersion"];
    check(
        client == &versions["serverVersion"]["gitVersion"]
            && client.as_str()
                == cluster
                    .ready()
                    .versions
                    .get("kubernetes")
                    .map(String::as_str),
        versions.to_string(),
    )
}

/// The rules of `view`, which no controller gathers here.
const VIEW: &str = "system:aggregate-to-view";
const HOUR: Duration = Duration::from_secs(3600);
const CONFIG_MAPS: &str = "/api/v1/namespaces/default/configmaps";

fn user_with_token(cluster: &Cluster, user: TokenUser) -> Result<KubeconfigFile, Failed> {
    let token = KubeconfigUser::Token(user.token.clone());
    let kubeconfig = cluster.kubeconfig().with_user(&user.user, token);
    cluster.add_token(user)?;
    Ok(kubeconfig.write()?)
}

fn kubectl(cluster: &Cluster, file: &KubeconfigFile, args: &[&str]) -> Result<Output, Failed> {
    Ok(cluster.kubectl_with(file.path()).args(args).output()?)
}

fn kubectl_raw(cluster: &Cluster, path: &str) -> Result<Output, Failed> {
    let admin: &Path = cluster.admin_kubeconfig();
    Ok(cluster
        .kubectl_with(admin)
        .args(["get", "--raw", path])
        .output()?)
}

fn resource_version(cluster: &Cluster) -> Result<String, Failed> {
    let list: Value =
        serde_json::from_str(&cluster.kubectl_admin(&["get", "--raw", CONFIG_MAPS])?)?;
    Ok(list["metadata"]["resourceVersion"]
        .as_str()
        .unwrap_or_default()
        .to_owned())
}

fn make_namespace(cluster: &Cluster, name: &str) -> Outcome {
    let metadata = json!({ "name": name });
    Ok(cluster.apply(&json!({ "apiVersion": "v1", "kind": "Namespace", "metadata": metadata }))?)
}

fn config_map(namespace: &str, name: &str) -> Value {
    let metadata = json!({ "name": name, "namespace": namespace });
    json!({ "apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata })
}

fn accepted(output: &Output) -> Outcome {
    check(
        output.status.success(),
        String::from_utf8_lossy(&output.stderr),
    )
}

fn refused(output: &Output, word: &str) -> Outcome {
    let stderr = String::from_utf8_lossy(&output.stderr);
    check(!output.status.success() && stderr.contains(word), stderr)
}
