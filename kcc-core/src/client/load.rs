use std::io::IsTerminal;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use http::HeaderMap;

use super::authorize::impersonation;
use super::config::ClientConfig;
use super::counts::Counters;
use super::credentials::{CredentialSource, ServiceAccount, UnsentCredential};
use super::error::{ClientError, ClientProblem, NamedRef};
use super::target::Target;
use crate::environment::Environment;
use crate::kubeconfig::{Kubeconfig, LoadingRules, NamedKind, Overrides};

/// As client-go's `transport/token_source.go` reads a token, and `ca_rotation.go` a CA.
const FILE_PERIOD: Duration = Duration::from_secs(60);

/// Loads a [`ClientConfig`], with whatever the caller wants otherwise than kubectl has it by default.
///
/// An empty string counts as no choice, as with kubectl's flags.
#[derive(Debug, Clone)]
#[must_use]
pub struct Loader {
    kubeconfig: Option<PathBuf>,
    overrides: Overrides,
    environment: Environment,
    service_account: PathBuf,
    has_terminal: Option<bool>,
    file_period: Duration,
}

impl ClientConfig {
    /// What kubectl would use: the files of `KUBECONFIG`, else `~/.kube/config`, and where those say
    /// nothing, the service account of the Pod that this runs in.
    ///
    /// # Errors
    /// [`ClientError`], which names file, line, cluster or user. No plugin runs yet.
    pub fn load() -> Result<Self, ClientError> {
        Self::loader().load()
    }

    /// The same with a choice of file, context, cluster, user or namespace.
    pub fn loader() -> Loader {
        Loader::new()
    }
}

impl Loader {
    fn new() -> Self {
        Self {
            kubeconfig: None,
            overrides: Overrides::default(),
            environment: Environment::of_process(),
            service_account: ServiceAccount::FOLDER.into(),
            has_terminal: None,
            file_period: FILE_PERIOD,
        }
    }

    /// Reads this kubeconfig and no other, as `--kubeconfig` does; it has to exist.
    pub fn with_kubeconfig(mut self, path: impl Into<PathBuf>) -> Self {
        self.kubeconfig = Some(path.into());
        self
    }

    /// Takes this context instead of `current-context`.
    pub fn with_context(mut self, name: impl Into<String>) -> Self {
        self.overrides.context = Some(name.into());
        self
    }

    /// Takes this cluster instead of the context's.
    pub fn with_cluster(mut self, name: impl Into<String>) -> Self {
        self.overrides.cluster = Some(name.into());
        self
    }

    /// Takes this user instead of the context's.
    pub fn with_user(mut self, name: impl Into<String>) -> Self {
        self.overrides.user = Some(name.into());
        self
    }

    /// Takes this namespace instead of the context's, or the Pod's.
    pub fn with_namespace(mut self, name: impl Into<String>) -> Self {
        self.overrides.namespace = Some(name.into());
        self
    }

    /// Takes every variable from here instead of from the process: where the kubeconfig is, the
    /// cache's settings, proxies, and what a plugin gets.
    pub fn with_environment(mut self, environment: Environment) -> Self {
        self.environment = environment;
        self
    }

    /// Looks here for a Pod's `token`, `ca.crt` and `namespace`, instead of in
    /// `/var/run/secrets/kubernetes.io/serviceaccount`.
    pub fn with_service_account(mut self, folder: impl Into<PathBuf>) -> Self {
        self.service_account = folder.into();
        self
    }

    /// Says whether a plugin may prompt at standard input; by default, whether that is a
    /// terminal. A program that reads standard input itself says `false`.
    pub fn with_terminal(mut self, has_terminal: bool) -> Self {
        self.has_terminal = Some(has_terminal);
        self
    }

    /// Says how often files are read again that the kubeconfig or a Pod names: tokens, client
    /// certificates with their keys, CAs. Every minute by default.
    pub fn with_file_period(mut self, period: Duration) -> Self {
        self.file_period = period;
        self
    }

    /// Reads and checks everything. No plugin runs, and nothing is sent.
    ///
    /// A kubeconfig goes before a Pod's service account, which counts only where no file says
    /// anything and none was named (`clientcmd/client_config.go`, `DeferredLoadingClientConfig`).
    ///
    /// # Errors
    /// [`ClientError`], which names file, line, cluster or user.
    pub fn load(self) -> Result<ClientConfig, ClientError> {
        let rules = self.rules();
        let kubeconfig = Kubeconfig::load(&rules)?;
        if kubeconfig.is_empty() && rules.explicit.is_none() {
            match ServiceAccount::find(&self.environment, &self.service_account) {
                Some(account) => return self.in_cluster(&account),
                None if self.overrides == Overrides::default() => {
                    let looked_at = rules.paths();
                    return Err(ClientError::NoCluster { looked_at });
                }
                None => {}
            }
        }
        self.of(&kubeconfig)
    }

    fn rules(&self) -> LoadingRules {
        LoadingRules {
            explicit: self
                .kubeconfig
                .clone()
                .filter(|path| !path.as_os_str().is_empty()),
            kubeconfig: self.environment.get("KUBECONFIG").map(ToOwned::to_owned),
            home: self.environment.get("HOME").map(PathBuf::from),
        }
    }

    fn of(self, kubeconfig: &Kubeconfig) -> Result<ClientConfig, ClientError> {
        let resolved = kubeconfig.resolve(&self.overrides)?;
        let target = Target::of(resolved.cluster)?;
        let has_terminal = self
            .has_terminal
            .unwrap_or_else(|| std::io::stdin().is_terminal());
        let impersonation = match resolved.user {
            None => HeaderMap::new(),
            Some(user) => impersonation(&user.value.impersonate).ok_or_else(|| {
                let named = NamedRef::of(user, NamedKind::User);
                named.unusable(ClientProblem::Header("name to impersonate"))
            })?,
        };
        let counters = Arc::<Counters>::default();
        let (credentials, unsent) = match resolved.user {
            None => (CredentialSource::anonymous(), None),
            Some(user) if target.is_plain() => (
                CredentialSource::anonymous(),
                UnsentCredential::of(user, &target),
            ),
            Some(user) => {
                let cluster = &resolved.cluster.value;
                let environment = &self.environment;
                let period = self.file_period;
                let credentials = CredentialSource::of(
                    user,
                    cluster,
                    environment,
                    has_terminal,
                    period,
                    &counters,
                )?;
                (credentials, None)
            }
        };
        Ok(ClientConfig {
            target: Arc::new(target),
            credentials: Arc::new(credentials),
            unsent: unsent.map(Arc::new),
            impersonation,
            context: resolved.context.map(|context| context.name.clone()),
            namespace: resolved.namespace,
            environment: self.environment,
            file_period: self.file_period,
            counters,
        })
    }

    fn in_cluster(self, account: &ServiceAccount) -> Result<ClientConfig, ClientError> {
        let named = self.overrides.namespace.filter(|name| !name.is_empty());
        Ok(ClientConfig {
            target: Arc::new(account.target()?),
            credentials: Arc::new(account.credentials(self.file_period)?),
            unsent: None,
            impersonation: HeaderMap::new(),
            context: None,
            namespace: named.unwrap_or_else(|| account.namespace(&self.environment)),
            environment: self.environment,
            file_period: self.file_period,
            counters: Arc::default(),
        })
    }
}
