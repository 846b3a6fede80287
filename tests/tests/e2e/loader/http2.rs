//! HTTP/2: how connections are shared, and what goes by HTTP/1.1 all the same.

use std::path::Path;

use futures_util::future::{join_all, try_join_all};
use harness::CacheHome;
use harness::cluster::{Cluster, ClusterOptions, KubeconfigUser, TokenUser};
use http::{Request, Version};
use http_body_util::BodyExt as _;
use kcc_core::client::ClientConfig;
use kube::Client;
use kube::client::Body;
use libtest_mimic::Failed;
use serde_json::json;

use super::watching::{Relay, Watch, make};
use super::{Outcome, Run, check, cluster_for_testers, loader, runtime};
use crate::trial::named;

pub(super) const TRIALS: &[(&str, Run)] = named![
    watches_get_a_new_connection_before_the_servers_limit,
    watches_share_connections_and_requests_have_another,
    a_server_that_sends_its_clients_away_loses_no_request,
    http2_can_be_switched_off,
    an_upgrade_reaches_the_server_by_http1
];

/// The client of an administrator, by way of a relay.
fn administrator(cluster: &Cluster, folder: &Path) -> Result<(ClientConfig, Relay), Failed> {
    let relay = Relay::before(cluster.server_url())?;
    let kubeconfig = std::fs::read_to_string(cluster.admin_kubeconfig())?;
    let path = folder.join("config");
    std::fs::write(
        &path,
        kubeconfig.replace(cluster.server_url(), &relay.url()),
    )?;
    let config = loader(&CacheHome::new()?).with_kubeconfig(path).load()?;
    Ok((config, relay))
}

async fn watches(client: &Client, count: usize) -> Result<Vec<Watch>, Failed> {
    let watches = try_join_all((0..count).map(|_| Watch::open(client))).await?;
    for watch in &watches {
        check(
            watch.version == Version::HTTP_2,
            format!("{:?}", watch.version),
        )?;
    }
    Ok(watches)
}

async fn all_see(watches: &mut [Watch], text: &str) -> Outcome {
    let seen = watches.iter_mut().map(|watch| watch.sees(text));
    join_all(seen).await.into_iter().collect()
}

/// A server that allows five streams: with a sixth, the last watch would never see anything.
fn watches_get_a_new_connection_before_the_servers_limit() -> Outcome {
    let flag = "--http2-max-streams-per-connection=5";
    let cluster = Cluster::start(ClusterOptions::default().with_apiserver_flag(flag))?;
    let folder = tempfile::tempdir()?;
    let (config, relay) = administrator(&cluster, folder.path())?;
    runtime()?.block_on(async {
        let client = config.client()?;
        let mut watches = watches(&client, 12).await?;
        make(&cluster, "for-twelve")?;
        all_see(&mut watches, "for-twelve").await?;
        let accepted = relay.accepted();
        check(accepted == 3, format!("{accepted} connections"))?;
        // Requests find their own connection, however many watches there are.
        client.apiserver_version().await?;
        let accepted = relay.accepted();
        check(accepted == 4, format!("{accepted} connections"))
    })
}

fn watches_share_connections_and_requests_have_another() -> Outcome {
    let cluster = cluster_for_testers()?;
    let folder = tempfile::tempdir()?;
    let (config, relay) = administrator(cluster, folder.path())?;
    runtime()?.block_on(async {
        let client = config.client()?;
        let mut watches = watches(&client, 150).await?;
        try_join_all((0..50).map(|_| client.apiserver_version())).await?;
        make(cluster, "for-many")?;
        all_see(&mut watches, "for-many").await?;
        let accepted = relay.accepted();
        check(accepted == 3, format!("{accepted} connections"))
    })
}

/// One request of fifty is answered with GOAWAY behind it; what was sent on that connection in the
/// meantime is sent again on another.
fn a_server_that_sends_its_clients_away_loses_no_request() -> Outcome {
    let flag = "--goaway-chance=0.02";
    let cluster = Cluster::start(ClusterOptions::default().with_apiserver_flag(flag))?;
    let folder = tempfile::tempdir()?;
    let (config, relay) = administrator(&cluster, folder.path())?;
    runtime()?.block_on(async {
        let client = config.client()?;
        for _ in 0..100 {
            try_join_all((0..10).map(|_| client.apiserver_version())).await?;
        }
        Ok::<_, Failed>(())
    })?;
    let accepted = relay.accepted();
    check(accepted > 1, format!("{accepted} connections"))
}

fn http2_can_be_switched_off() -> Outcome {
    let cluster = cluster_for_testers()?;
    let home = CacheHome::new()?;
    let mut environment: kcc_core::Environment = home.variables().into_iter().collect();
    environment.set("DISABLE_HTTP2", "1");
    let config = loader(&home)
        .with_environment(environment)
        .with_kubeconfig(cluster.admin_kubeconfig())
        .load()?;
    runtime()?.block_on(async {
        let mut watch = Watch::open(&config.client()?).await?;
        check(
            watch.version == Version::HTTP_11,
            format!("{:?}", watch.version),
        )?;
        make(cluster, "for-http1")?;
        watch.sees("for-http1").await
    })
}

/// There is no kubelet, so the server can only say so; but HTTP/2 would have no `Upgrade` at all, and
/// its answer another: "Upgrade request required".
fn an_upgrade_reaches_the_server_by_http1() -> Outcome {
    let cluster = cluster_for_testers()?;
    cluster.add_token(TokenUser::new("upgrade-token", "una", &["testers"]))?;
    cluster.apply(&json!({
        "apiVersion": "v1", "kind": "Pod",
        "metadata": { "name": "nowhere", "namespace": "default" },
        "spec": { "containers": [{ "name": "main", "image": "none" }] },
    }))?;
    let user = KubeconfigUser::Token("upgrade-token".into());
    let file = cluster.kubeconfig().with_user("una", user).write()?;
    let home = CacheHome::new()?;
    let config = loader(&home).with_kubeconfig(file.path()).load()?;
    let pod = "/api/v1/namespaces/default/pods/nowhere";
    runtime()?.block_on(async {
        let client = config.client()?;
        let plain = client.send(Request::get(pod).body(Body::empty())?).await?;
        check(plain.version() == Version::HTTP_2, format!("{plain:?}"))?;
        for (protocol, path) in [
            ("websocket", "exec?command=true&stdout=true"),
            ("websocket", "attach?stdout=true"),
            ("websocket", "portforward?ports=80"),
            ("SPDY/3.1", "exec?command=true&stdout=true"),
        ] {
            let request = Request::get(format!("{pod}/{path}"))
                .header("connection", "Upgrade")
                .header("upgrade", protocol)
                .header("sec-websocket-version", "13")
                .header("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==")
                .header("sec-websocket-protocol", "v5.channel.k8s.io");
            let answer = client.send(request.body(Body::empty())?).await?;
            check(answer.version() == Version::HTTP_11, format!("{answer:?}"))?;
            let text = answer.into_body().collect().await?.to_bytes();
            let text = String::from_utf8_lossy(&text).into_owned();
            let is_its_own = text.contains("does not have a host assigned");
            check(is_its_own, format!("{protocol} {path}: {text}"))?;
        }
        Ok(())
    })
}
