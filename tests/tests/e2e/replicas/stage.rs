//! What the trials have in common: users, namespaces, clients, waiting.

use std::time::{Duration, Instant};

use harness::cluster::{Cluster, Kubeconfig, KubeconfigFile, KubeconfigUser, TokenUser};
use kcache::client::ClientConfig;
use kcc_core::Environment;
use kube::Client;
use libtest_mimic::Failed;

use crate::trial::{Outcome, check};

/// A limit that only a hang reaches.
pub(super) const PATIENCE: Duration = Duration::from_secs(240);
/// Short, so that a test need not wait for long.
pub(super) const LEASE: Duration = Duration::from_secs(3);
pub(super) const RENEW: Duration = Duration::from_secs(2);
pub(super) const RETRY: Duration = Duration::from_millis(400);

/// A kubeconfig of a user in these groups, who comes to the server by this address.
pub(super) fn kubeconfig(
    cluster: &Cluster,
    url: &str,
    user: &str,
    groups: &[&str],
) -> Result<KubeconfigFile, Failed> {
    let token = format!("{user}-token");
    cluster.add_token(TokenUser::new(&token, user, groups))?;
    let kubeconfig = Kubeconfig::new(url, cluster.ca_pem());
    let user = kubeconfig.with_user(user, KubeconfigUser::Token(token));
    Ok(user.write()?)
}

pub(super) fn client(file: &std::path::Path) -> Result<Client, Failed> {
    let config = ClientConfig::loader()
        .with_kubeconfig(file)
        .with_environment(Environment::default())
        .with_terminal(false)
        .load()?;
    Ok(config.client()?)
}

/// A client of a user at the server itself.
pub(super) fn client_of(cluster: &Cluster, user: &str, groups: &[&str]) -> Result<Client, Failed> {
    let file = kubeconfig(cluster, cluster.server_url(), user, groups)?;
    client(file.path())
}

pub(super) fn run(trial: impl Future<Output = Outcome>) -> Outcome {
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    let runtime = builder.worker_threads(2).enable_all().build()?;
    runtime.block_on(trial)
}

pub(super) async fn until(what: &str, mut holds: impl FnMut() -> bool) -> Outcome {
    let started = Instant::now();
    while !holds() {
        let late = format!("{what}: not after {PATIENCE:?}");
        check(started.elapsed() < PATIENCE, late)?;
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    Ok(())
}
