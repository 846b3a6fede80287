//! Users whose credentials stand in a file: no plugin runs.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::time::Duration;

use harness::CacheHome;
use harness::cluster::{Kubeconfig, KubeconfigFile, KubeconfigUser, TokenUser};
use serde_json::{Value, json};

use super::{
    Outcome, Run, check, cluster_for_testers, expect_known_as, expect_rejected, loader, runtime,
};
use crate::trial::named;

pub(super) const TRIALS: &[(&str, Run)] = named![
    a_token_is_sent,
    a_certificate_is_sent,
    a_token_and_a_certificate_are_both_sent,
    a_token_file_is_read_again,
    a_user_is_impersonated,
    overrides_choose,
    a_proxy_is_used,
    a_pod_uses_its_service_account
];

fn a_token_is_sent() -> Outcome {
    let cluster = cluster_for_testers()?;
    cluster.add_token(TokenUser::new("loader-token", "lotte", &["testers"]))?;
    let user = KubeconfigUser::Token("loader-token".into());
    let file = cluster.kubeconfig().with_user("lotte", user).write()?;
    known_as("lotte", &file)
}

fn a_certificate_is_sent() -> Outcome {
    let cluster = cluster_for_testers()?;
    let pair = cluster.issue_certificate("cilla", &["testers"], Duration::from_secs(600))?;
    let user = KubeconfigUser::Certificate(pair);
    let file = cluster.kubeconfig().with_user("cilla", user).write()?;
    known_as("cilla", &file)
}

/// The server looks at the certificate first; its log has the token all the same.
fn a_token_and_a_certificate_are_both_sent() -> Outcome {
    let cluster = cluster_for_testers()?;
    cluster.add_token(TokenUser::new("bea-token", "by-token", &["testers"]))?;
    let pair = cluster.issue_certificate("bea", &["testers"], Duration::from_secs(600))?;
    let user = KubeconfigUser::Certificate(pair);
    let file = edited(&cluster.kubeconfig().with_user("bea", user), |content| {
        content["users"][0]["user"]["token"] = json!("bea-token");
    })?;
    known_as("bea", &file)?;
    let seen = cluster.auth_log()?.of_token("bea-token").accepted;
    check(seen == 1, format!("the token came {seen} times"))
}

pub(super) fn known_as(name: &str, file: &KubeconfigFile) -> Outcome {
    let home = CacheHome::new()?;
    let config = loader(&home).with_kubeconfig(file.path()).load()?;
    let runtime = runtime()?;
    runtime.block_on(async { expect_known_as(&config.client()?, name).await })?;
    check(home.entries().is_empty(), "something was stored")
}

fn a_token_file_is_read_again() -> Outcome {
    let cluster = cluster_for_testers()?;
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("token");
    let content = |token: &str| std::fs::write(&path, format!("{token}\n"));
    for token in ["file-1", "file-2"] {
        cluster.add_token(TokenUser::new(token, "fia", &["testers"]))?;
    }
    content("file-1")?;
    let kubeconfig = cluster
        .kubeconfig()
        .with_user("fia", KubeconfigUser::Anonymous);
    let file = edited(&kubeconfig, |content| {
        content["users"][0]["user"]["tokenFile"] = json!(path);
    })?;
    let home = CacheHome::new()?;
    let config = loader(&home).with_kubeconfig(file.path()).load()?;
    runtime()?.block_on(async {
        let client = config.client()?;
        expect_known_as(&client, "fia").await?;
        content("file-2")?;
        cluster.revoke_token("file-1")?;
        expect_known_as(&client, "fia").await?;
        expect_known_as(&client, "fia").await
    })?;
    expect_rejected(cluster.auth_log()?.of_token("file-1"), 1)
}

fn a_user_is_impersonated() -> Outcome {
    let cluster = cluster_for_testers()?;
    cluster.add_token(TokenUser::new("actor-token", "actor", &["testers"]))?;
    let user = KubeconfigUser::Token("actor-token".into());
    let kubeconfig = cluster.kubeconfig().with_user("actor", user);
    let file = edited(&kubeconfig, |content| {
        let user = &mut content["users"][0]["user"];
        user["as"] = json!("jane");
        user["as-groups"] = json!(["testers", "more"]);
    })?;
    known_as("jane", &file)
}

fn overrides_choose() -> Outcome {
    let cluster = cluster_for_testers()?;
    for name in ["otto-a", "otto-b"] {
        let token = format!("token-of-{name}");
        cluster.add_token(TokenUser::new(&token, name, &["testers"]))?;
    }
    let token = |name: &str| KubeconfigUser::Token(format!("token-of-{name}"));
    let file = cluster
        .kubeconfig()
        .with_namespace("apps")
        .with_user("otto-a", token("otto-a"))
        .with_user("otto-b", token("otto-b"))
        .write()?;
    let home = CacheHome::new()?;
    let loader = loader(&home).with_kubeconfig(file.path());
    let runtime = runtime()?;
    for (name, loader) in [
        ("otto-a", loader.clone()),
        ("otto-b", loader.clone().with_context("otto-b")),
        ("otto-b", loader.clone().with_user("otto-b")),
    ] {
        let config = loader.load()?;
        check(config.namespace() == "apps", config.namespace())?;
        runtime.block_on(async { expect_known_as(&config.client()?, name).await })?;
    }
    let client = loader.clone().with_namespace("other").load()?;
    check(client.namespace() == "other", client.namespace())?;
    let error = loader.with_cluster("nowhere").load().unwrap_err();
    check(error.to_string().contains("nowhere"), error.to_string())
}

fn a_pod_uses_its_service_account() -> Outcome {
    let cluster = cluster_for_testers()?;
    cluster.add_token(TokenUser::new("pod-token", "pod", &["testers"]))?;
    let folder = tempfile::tempdir()?;
    for (file, content) in [
        ("token", "pod-token"),
        ("ca.crt", cluster.ca_pem()),
        ("namespace", "pods-own\n"),
    ] {
        std::fs::write(folder.path().join(file), content)?;
    }
    let address = cluster.server_url().trim_start_matches("https://");
    let (host, port) = address.rsplit_once(':').ok_or("no port")?;
    let home = CacheHome::new()?;
    let mut environment: kcc_core::Environment = home.variables().into_iter().collect();
    environment.set("KUBERNETES_SERVICE_HOST", host);
    environment.set("KUBERNETES_SERVICE_PORT", port);
    let loader = loader(&home)
        .with_environment(environment)
        .with_service_account(folder.path());
    let config = loader.load()?;
    check(config.namespace() == "pods-own", config.namespace())?;
    runtime()?.block_on(async {
        let client = config.client()?;
        expect_known_as(&client, "pod").await?;
        // The kubelet replaces it before it ends.
        cluster.add_token(TokenUser::new("pod-token-2", "pod", &["testers"]))?;
        std::fs::write(folder.path().join("token"), "pod-token-2")?;
        cluster.revoke_token("pod-token")?;
        expect_known_as(&client, "pod").await?;
        expect_known_as(&client, "pod").await
    })?;
    expect_rejected(cluster.auth_log()?.of_token("pod-token"), 1)
}

fn a_proxy_is_used() -> Outcome {
    let cluster = cluster_for_testers()?;
    cluster.add_token(TokenUser::new("proxied-token", "pru", &["testers"]))?;
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let url = format!("http://me:s3cret@{}", listener.local_addr()?);
    let user = KubeconfigUser::Token("proxied-token".into());
    let file = edited(&cluster.kubeconfig().with_user("pru", user), |content| {
        content["clusters"][0]["cluster"]["proxy-url"] = json!(url);
    })?;
    let received = std::thread::spawn(move || tunnel_once(&listener));
    known_as("pru", &file)?;
    let received = received.join().map_err(|_| "the proxy panicked")??;
    let address = cluster.server_url().trim_start_matches("https://");
    check(
        received.starts_with(&format!("CONNECT {address} ")),
        &received,
    )?;
    // me:s3cret
    check(received.contains("Basic bWU6czNjcmV0"), received)
}

/// A proxy for one connection; returns the request for it.
pub(super) fn tunnel_once(listener: &TcpListener) -> std::io::Result<String> {
    let (mut client, _) = listener.accept()?;
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        client.read_exact(&mut byte)?;
        head.push(byte[0]);
    }
    let head = String::from_utf8_lossy(&head).into_owned();
    let address = head.split(' ').nth(1).unwrap_or_default();
    let mut server = TcpStream::connect(address)?;
    client.write_all(b"HTTP/1.1 200 OK\r\n\r\n")?;
    let (mut from_server, mut to_client) = (server.try_clone()?, client.try_clone()?);
    std::thread::spawn(move || std::io::copy(&mut from_server, &mut to_client));
    std::thread::spawn(move || std::io::copy(&mut client, &mut server));
    Ok(head)
}

/// The kubeconfig with what the harness does not know of.
pub(super) fn edited(
    kubeconfig: &Kubeconfig,
    edit: impl FnOnce(&mut Value),
) -> Result<KubeconfigFile, libtest_mimic::Failed> {
    let file = kubeconfig.write()?;
    let mut content = kubeconfig.to_json();
    edit(&mut content);
    std::fs::write(file.path(), content.to_string())?;
    Ok(file)
}
