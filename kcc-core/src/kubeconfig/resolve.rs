use std::collections::BTreeMap;

use super::cluster::Cluster;
use super::error::KubeconfigError;
use super::merged::{Context, Kubeconfig};
use super::named::{Named, NamedKind, Origin};
use super::user::User;
use super::validate::{check_cluster, check_user};

/// What the caller wants otherwise than the files say: kubectl's `--context`, `--cluster`, `--user`
/// and `--namespace`. An empty string counts as none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Overrides {
    /// A context instead of `current-context`.
    pub context: Option<String>,
    /// A cluster instead of the context's.
    pub cluster: Option<String>,
    /// A user instead of the context's.
    pub user: Option<String>,
    /// A namespace instead of the context's.
    pub namespace: Option<String>,
}

/// Where to go, as whom. Each part knows where it came from.
#[derive(Clone, Debug)]
pub struct Resolved<'a> {
    /// The context; none if there is no current one and the caller named a cluster.
    pub context: Option<&'a Named<Context>>,
    /// The cluster.
    pub cluster: &'a Named<Cluster>,
    /// The user; none if neither the context nor the caller names one: an anonymous client.
    pub user: Option<&'a Named<User>>,
    /// The namespace: the caller's, the context's, or `default`.
    pub namespace: String,
}

impl Kubeconfig {
    /// Picks a context, cluster, user and namespace, and checks what it picked
    /// (`clientcmd/client_config.go`, `clientcmd/validation.go`); what was not picked may be broken.
    ///
    /// In two cases kubectl goes on where this refuses: without a cluster it tries
    /// `http://localhost:8080`, and where a context's user does not exist it is anonymous.
    ///
    /// # Errors
    ///
    /// The first reason why a client cannot be made of it.
    pub fn resolve(&self, overrides: &Overrides) -> Result<Resolved<'_>, KubeconfigError> {
        let context = self.pick_context(overrides)?;
        let cluster = self.pick_cluster(overrides, context)?;
        let user = self.pick_user(overrides, context)?;
        if let Some(user) = user {
            check_user(user)?;
        }
        check_cluster(cluster)?;
        let namespace = wanted(overrides.namespace.as_ref())
            .or_else(|| context?.value.namespace.as_deref())
            .unwrap_or("default");
        Ok(Resolved {
            context,
            cluster,
            user,
            namespace: namespace.to_owned(),
        })
    }

    fn pick_context(
        &self,
        overrides: &Overrides,
    ) -> Result<Option<&Named<Context>>, KubeconfigError> {
        let (name, origin) = match (wanted(overrides.context.as_ref()), &self.current_context) {
            (Some(name), _) => (name, None),
            (None, Some(current)) => (current.name.as_str(), Some(&current.origin)),
            (None, None) => return Ok(None),
        };
        find(&self.contexts, NamedKind::Context, name, origin).map(Some)
    }

    fn pick_cluster(
        &self,
        overrides: &Overrides,
        context: Option<&Named<Context>>,
    ) -> Result<&Named<Cluster>, KubeconfigError> {
        let find = |name, origin| find(&self.clusters, NamedKind::Cluster, name, origin);
        match (wanted(overrides.cluster.as_ref()), context) {
            (Some(name), _) => find(name, None),
            (None, Some(context)) if context.value.cluster.is_empty() => {
                Err(KubeconfigError::ContextWithoutCluster {
                    origin: context.origin.clone(),
                    name: context.name.clone(),
                })
            }
            (None, Some(context)) => find(&context.value.cluster, Some(&context.origin)),
            (None, None) => Err(KubeconfigError::NoContext {
                available: names(&self.contexts),
            }),
        }
    }

    fn pick_user(
        &self,
        overrides: &Overrides,
        context: Option<&Named<Context>>,
    ) -> Result<Option<&Named<User>>, KubeconfigError> {
        let find = |name, origin| find(&self.users, NamedKind::User, name, origin).map(Some);
        match (wanted(overrides.user.as_ref()), context) {
            (Some(name), _) => find(name, None),
            (None, Some(context)) if !context.value.user.is_empty() => {
                find(&context.value.user, Some(&context.origin))
            }
            _ => Ok(None),
        }
    }
}

fn wanted(name: Option<&String>) -> Option<&str> {
    name.map(String::as_str).filter(|name| !name.is_empty())
}

fn find<'a, T>(
    parts: &'a BTreeMap<String, Named<T>>,
    kind: NamedKind,
    name: &str,
    origin: Option<&Origin>,
) -> Result<&'a Named<T>, KubeconfigError> {
    parts.get(name).ok_or_else(|| KubeconfigError::UnknownName {
        kind,
        name: name.to_owned(),
        origin: origin.cloned(),
        available: names(parts),
    })
}

fn names<T>(parts: &BTreeMap<String, Named<T>>) -> Vec<String> {
    parts.keys().cloned().collect()
}
