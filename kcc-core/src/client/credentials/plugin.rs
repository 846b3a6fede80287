use std::path::Path;
use std::sync::Arc;

use tracing::Span;
use tracing::field::Empty;

use super::credential::Credential;
use super::refresh::Issued;
use crate::cache::{CredentialCache, Request, Source};
use crate::client::counts::Counters;
use crate::client::error::{ClientError, ClientProblem, NamedRef};
use crate::environment::Environment;
use crate::error::Error;
use crate::kubeconfig::{Cluster, ExecSpec};
use crate::notice::Notice;
use crate::plugin::PluginError;
use crate::policy::{PluginPolicy, PolicyError};
use crate::secret::Secret;
use crate::settings::Settings;

/// A user's exec plugin, by way of the cache.
pub(super) struct CachedPlugin {
    user: NamedRef,
    cache: CredentialCache,
    request: Request,
    counters: Arc<Counters>,
}

impl CachedPlugin {
    /// With the same request as kubectl's plugin gets, so that it comes to the same entry.
    pub(super) fn new(
        user: NamedRef,
        spec: &ExecSpec,
        cluster: &Cluster,
        environment: &Environment,
        has_terminal: bool,
    ) -> Result<Self, ClientError> {
        let wrong = |error: Error| {
            user.unusable(ClientProblem::Settings {
                command: spec.command.display().to_string(),
                error: Arc::new(error),
            })
        };
        let policy = policy(environment).map_err(|error| wrong(error.into()))?;
        let request = Request::of_user(spec, cluster, environment, policy, has_terminal)
            .map_err(|problem| user.unusable(problem.into()))?;
        let settings = Settings::from_environment(&request.environment);
        let settings = settings.map_err(|error| wrong(error.into()))?;
        let hint = spec.printable_install_hint();
        Ok(Self {
            user,
            cache: CredentialCache::new(settings.or_install_hint(hint)),
            request,
            counters: Arc::default(),
        })
    }

    /// Counts what it does there.
    pub(super) fn counting(self, counters: Arc<Counters>) -> Self {
        Self { counters, ..self }
    }

    fn failed(&self, error: Error) -> ClientError {
        ClientError::Plugin {
            user: self.user.clone(),
            error: Arc::new(error),
        }
    }

    /// Of a run: what runs, and nothing of what it is given or gives.
    fn span(&self) -> Span {
        let name = Path::new(&self.request.command).file_name();
        tracing::info_span!(
            "plugin",
            otel.kind = "internal",
            otel.status_code = Empty,
            kcc.user = self.user.name,
            process.executable.name = &*name.unwrap_or_default().to_string_lossy(),
            process.exit.code = Empty,
        )
    }

    /// A new credential; it blocks for as long as the plugin runs.
    pub(super) fn issue(&self, rejected: Option<&Secret>) -> Result<Issued, ClientError> {
        let user = &self.user;
        let mut run = Span::none();
        let mut tell = |notice: Notice| {
            match &notice {
                Notice::PluginStarts => {
                    self.counters.plugin_runs.add(1);
                    run = self.span();
                }
                Notice::PluginRan { took, exit_code } => {
                    self.counters.ran(*took);
                    let run = std::mem::replace(&mut run, Span::none());
                    run.record("process.exit.code", exit_code);
                    if *exit_code != Some(0) {
                        run.record("otel.status_code", "ERROR");
                    }
                }
                _ => {}
            }
            if notice.is_warning() {
                tracing::warn!(%user, "{notice}");
            } else {
                tracing::debug!(%user, "{notice}");
            }
        };
        let response = match rejected {
            None => self.cache.get(&self.request, &mut tell),
            Some(rejected) => self.cache.renew(&self.request, rejected, &mut tell),
        };
        let response = response.map_err(|error| self.failed(error))?;
        let source = match response.source {
            Source::Cache => {
                self.counters.store_hits.add(1);
                "store"
            }
            Source::Plugin => "plugin",
            Source::OtherProcess => {
                self.counters.shared_runs.add(1);
                "process"
            }
            Source::CacheAfterFailure => {
                self.counters.stale.add(1);
                self.counters.failures.add(1);
                "stale"
            }
        };
        Span::current().record("kcc.source", source);
        let is_stale = response.source == Source::CacheAfterFailure;
        let version = self.request.info.api_version();
        let credential = Credential::from_response(response, version).map_err(|problem| {
            let command = self.request.command.clone();
            self.failed(PluginError::Output { command, problem }.into())
        })?;
        Ok(Issued {
            credential,
            is_stale,
        })
    }
}

/// The process's own environment says which kuberc holds: a kubeconfig has no say in it.
fn policy(environment: &Environment) -> Result<PluginPolicy, PolicyError> {
    PluginPolicy::load(environment, &mut |notice| tracing::warn!("{notice}"))
}
