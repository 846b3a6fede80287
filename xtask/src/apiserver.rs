//! A real kube-apiserver in the foreground.

use std::path::PathBuf;

use anyhow::Result;
use harness::cluster::{Cluster, ClusterOptions};

use crate::step;

pub(crate) fn run(data_dir: Option<PathBuf>) -> Result<()> {
    let mut options = ClusterOptions::default();
    if let Some(folder) = data_dir {
        options = options.with_data_dir(folder);
    }
    let mut cluster = Cluster::start(options)?;
    let kubectl = cluster.binaries().kubectl.display().to_string();
    step::say(&format!(
        "\nkube-apiserver is ready on {}\n\n  \
         export KUBECONFIG={}\n  \
         {kubectl} get namespaces\n\n\
         Tokens that are good: {}\n\
         Everything that a restart needs: {}\n\
         Ctrl-C ends it.",
        cluster.server_url(),
        cluster.admin_kubeconfig().display(),
        cluster.token_file().display(),
        cluster.data_dir().display(),
    ));
    cluster.wait()
}
