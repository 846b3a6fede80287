//! Users with a token, and their clients.

use std::path::Path;

use harness::cluster::{Cluster, Kubeconfig, KubeconfigFile, KubeconfigUser, TokenUser};
use kcache::client::ClientConfig;
use kcc_core::Environment;
use kube::Client;
use libtest_mimic::Failed;

/// A kubeconfig of a user in these groups, who comes to the server by this address.
pub(crate) fn kubeconfig(
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

/// The client of a kubeconfig, whatever this process's environment says.
pub(crate) fn client(file: &Path) -> Result<Client, Failed> {
    let config = ClientConfig::loader()
        .with_kubeconfig(file)
        .with_environment(Environment::default())
        .with_terminal(false)
        .load()?;
    Ok(config.client()?)
}

/// A client of a user who may do anything, who comes to the server by this address.
pub(crate) fn client_by(cluster: &Cluster, url: &str, user: &str) -> Result<Client, Failed> {
    client(kubeconfig(cluster, url, user, &["testers"])?.path())
}

/// A client of a user in these groups at the server itself.
pub(crate) fn client_of(cluster: &Cluster, user: &str, groups: &[&str]) -> Result<Client, Failed> {
    let file = kubeconfig(cluster, cluster.server_url(), user, groups)?;
    client(file.path())
}
