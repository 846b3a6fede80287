use std::collections::BTreeMap;
use std::path::PathBuf;

use super::cluster::Cluster;
use super::named::{CurrentContext, Named};
use super::user::User;

/// Everything that the kubeconfig files say, merged.
///
/// A part comes whole from the first file that has its name; later files add names but no
/// fields (clientcmd/loader.go, clientcmd/merge.go).
#[derive(Clone, Debug, Default)]
pub struct Kubeconfig {
    /// Clusters by name.
    pub clusters: BTreeMap<String, Named<Cluster>>,
    /// Users by name.
    pub users: BTreeMap<String, Named<User>>,
    /// Contexts by name.
    pub contexts: BTreeMap<String, Named<Context>>,
    /// The name from the first file that sets `current-context` to something.
    pub current_context: Option<CurrentContext>,
    /// The files that were read, in order of precedence.
    pub files: Vec<PathBuf>,
    /// The files that were named and do not exist. kubectl skips them; it warns where `files` is
    /// empty and `KUBECONFIG` was set.
    pub missing: Vec<PathBuf>,
}

impl Kubeconfig {
    /// Whether no file says anything: the case in which a client tries its service account.
    pub fn is_empty(&self) -> bool {
        self.clusters.is_empty()
            && self.users.is_empty()
            && self.contexts.is_empty()
            && self.current_context.is_none()
    }

    /// Adds what `later`, a file of lower precedence, has and `self` has not.
    pub(super) fn merge(&mut self, later: Self) {
        fn add<T>(to: &mut BTreeMap<String, Named<T>>, from: BTreeMap<String, Named<T>>) {
            for (name, entry) in from {
                to.entry(name).or_insert(entry);
            }
        }
        add(&mut self.clusters, later.clusters);
        add(&mut self.users, later.users);
        add(&mut self.contexts, later.contexts);
        self.current_context = self.current_context.take().or(later.current_context);
    }
}

/// Which user on which cluster (clientcmd/api/v1/types.go, `Context`).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Context {
    /// `cluster`: a cluster's name. Empty if the file has none.
    pub cluster: String,
    /// `user`: a user's name. Empty if the file has none.
    pub user: String,
    /// `namespace`.
    pub namespace: Option<String>,
}
