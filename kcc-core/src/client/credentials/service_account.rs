use std::path::{Path, PathBuf};
use std::time::Duration;

use super::source::CredentialSource;
use crate::client::error::{ClientError, ClientProblem, NamedRef};
use crate::client::target::{Authority, Target};
use crate::environment::Environment;
use crate::kubeconfig::{NamedKind, ServerUrl};

/// What a Pod is given to reach its own cluster (client-go's rest/config.go, `InClusterConfig`).
pub(crate) struct ServiceAccount {
    host: String,
    port: String,
    folder: PathBuf,
}

impl ServiceAccount {
    pub(crate) const FOLDER: &str = "/var/run/secrets/kubernetes.io/serviceaccount";

    /// `None` where this is no Pod, or one without a service account
    /// (`clientcmd/client_config.go`, `inClusterClientConfig.Possible`).
    pub(crate) fn find(environment: &Environment, folder: &Path) -> Option<Self> {
        let variable = |name| Some(environment.non_empty(name)?.to_str()?.to_owned());
        let account = Self {
            host: variable("KUBERNETES_SERVICE_HOST")?,
            port: variable("KUBERNETES_SERVICE_PORT")?,
            folder: folder.to_owned(),
        };
        account.folder.join("token").is_file().then_some(account)
    }

    pub(crate) fn target(&self) -> Result<Target, ClientError> {
        let named = named(NamedKind::Cluster);
        // Go's `net.JoinHostPort`.
        let host = if self.host.contains([':', '%']) {
            format!("[{}]", self.host)
        } else {
            self.host.clone()
        };
        let url = ServerUrl::parse(&format!("https://{host}:{}", self.port));
        let url =
            url.map_err(|problem| named.unusable(ClientProblem::ServiceVariables(problem)))?;
        let mut target = Target::at(named, &url)?;
        target.authority = Authority::File(self.folder.join("ca.crt"));
        Ok(target)
    }

    pub(crate) fn credentials(
        &self,
        file_period: Duration,
    ) -> Result<CredentialSource, ClientError> {
        let token = self.folder.join("token");
        CredentialSource::service_account(&named(NamedKind::User), token, file_period)
    }

    /// `POD_NAMESPACE`, which the downward API may set, else the service account's
    /// (`clientcmd/client_config.go`, `inClusterClientConfig.Namespace`).
    pub(crate) fn namespace(&self, environment: &Environment) -> String {
        let named = environment.non_empty("POD_NAMESPACE");
        if let Some(name) = named.and_then(|name| name.to_str()) {
            return name.to_owned();
        }
        let file = std::fs::read_to_string(self.folder.join("namespace")).unwrap_or_default();
        match file.trim() {
            "" => "default".to_owned(),
            name => name.to_owned(),
        }
    }
}

fn named(kind: NamedKind) -> NamedRef {
    NamedRef {
        origin: None,
        kind,
        name: "the Pod's service account".to_owned(),
    }
}
