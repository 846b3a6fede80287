//! kube's client on the in-memory server, without a socket and with one.

use std::time::Duration;

use futures_util::StreamExt as _;
use harness::CacheHome;
use harness::cluster::{Kubeconfig, KubeconfigUser, TokenUser};
use harness::memory::{ApiServer, Fault, Verb};
use harness::proxy::Proxy;
use k8s_openapi::api::core::v1::Pod;
use kcc_core::client::ClientConfig;
use kube::api::{ListParams, Patch, PatchParams, PostParams, WatchEvent, WatchParams};
use kube::{Api, Client};
use serde_json::json;
use tokio::runtime::{Builder, Runtime};

use super::connections::within;
use super::pod;
use crate::trial::{Outcome, Run, check, named};

pub(super) const TRIALS: &[(&str, Run)] = named![
    kube_works_without_a_socket,
    loader_connects_over_tls,
    a_link_that_swallows_all_is_left
];

fn kube_works_without_a_socket() -> Outcome {
    let server = ApiServer::new();
    let runtime = Builder::new_current_thread()
        .enable_all()
        .start_paused(true)
        .build()?;
    runtime.block_on(async {
        let client = Client::new(server.service(), "default");
        let fault = Fault::delay(Duration::from_secs(3_600)).on(Verb::List);
        server.inject(fault);
        use_it(client).await
    })
}

fn loader_connects_over_tls() -> Outcome {
    let server = ApiServer::new();
    server.add_token(&TokenUser::new("secret", "alice", &["testers"]));
    let listening = server.serve()?;
    let token = KubeconfigUser::Token("secret".into());
    let file = listening.kubeconfig().with_user("alice", token).write()?;
    let home = CacheHome::new()?;
    Runtime::new()?.block_on(async {
        let loader = ClientConfig::loader()
            .with_environment(home.variables().into_iter().collect())
            .with_terminal(false);
        let config = loader.with_kubeconfig(file.path()).load()?;
        use_it(config.client()?).await
    })
}

/// Nothing comes through in either direction and nothing is closed, as with a cable that is pulled.
fn a_link_that_swallows_all_is_left() -> Outcome {
    let server = ApiServer::new();
    server.add_token(&TokenUser::new("secret", "alice", &["testers"]));
    server.put(pod("a"))?;
    let listening = server.serve()?;
    let proxy = Proxy::start(listening.address())?;
    let token = KubeconfigUser::Token("secret".into());
    let config = Kubeconfig::new(&proxy.url(), listening.ca_pem());
    let file = config.with_user("alice", token).write()?;
    let home = CacheHome::new()?;
    // As by default, but seconds, not half a minute.
    let mut variables = home.variables();
    for name in [
        "HTTP2_READ_IDLE_TIMEOUT_SECONDS",
        "HTTP2_PING_TIMEOUT_SECONDS",
    ] {
        variables.push((name, "1".to_owned()));
    }
    Runtime::new()?.block_on(async {
        let loader = ClientConfig::loader()
            .with_environment(variables.into_iter().collect())
            .with_terminal(false);
        let config = loader.with_kubeconfig(file.path()).load()?;
        let pods = kcache::Informer::<Pod>::builder(config.client()?).start();
        pods.ready().await?;
        within("a watch", || listening.server().open_watches() == 1).await?;
        proxy.stall();
        let before = proxy.connections();
        within("another connection", || proxy.connections() > before).await?;
        server.put(pod("b"))?;
        proxy.resume();
        within("what was missed", || pods.cache().len() == 2).await
    })
}

async fn use_it(client: Client) -> Outcome {
    let pods: Api<Pod> = Api::namespaced(client, "default");
    let made: Pod = serde_json::from_value(pod("a"))?;
    pods.create(&PostParams::default(), &made).await?;
    let found = pods.list(&ListParams::default().labels("app=web")).await?;
    check(
        found.items.len() == 1,
        format!("{} pods", found.items.len()),
    )?;
    let version = found.metadata.resource_version.unwrap_or_default();
    let mut events = pods.watch(&WatchParams::default(), &version).await?.boxed();
    let patch = Patch::Merge(json!({ "metadata": { "labels": { "app": "db" } } }));
    pods.patch("a", &PatchParams::default(), &patch).await?;
    pods.delete("a", &kube::api::DeleteParams::default())
        .await?;
    let (first, second) = (events.next().await, events.next().await);
    check(
        matches!(first, Some(Ok(WatchEvent::Modified(_))))
            && matches!(second, Some(Ok(WatchEvent::Deleted(_)))),
        format!("{first:?} {second:?}"),
    )
}
