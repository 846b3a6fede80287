//! kube's client on the in-memory server, without a socket and with one.

use std::time::Duration;

use futures_util::StreamExt as _;
use harness::CacheHome;
use harness::cluster::{KubeconfigUser, TokenUser};
use harness::memory::{ApiServer, Fault, Verb};
use k8s_openapi::api::core::v1::Pod;
use kcc_core::client::ClientConfig;
use kube::api::{ListParams, Patch, PatchParams, PostParams, WatchEvent, WatchParams};
use kube::{Api, Client};
use serde_json::json;
use tokio::runtime::{Builder, Runtime};

use super::pod;
use crate::trial::{Outcome, Run, check};

pub(super) const TRIALS: &[(&str, Run)] = &[
    ("kube_works_without_a_socket", kube_works_without_a_socket),
    ("loader_connects_over_tls", loader_connects_over_tls),
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
