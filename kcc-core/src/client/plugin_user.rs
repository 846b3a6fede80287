use std::ffi::{OsStr, OsString};
use std::path::Path;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value};

use super::credential::Credential;
use super::error::{ClientError, ClientProblem, Place};
use super::refresh::{Issued, Issuer};
use crate::cache::{CredentialCache, Notice, Request, Source};
use crate::environment::Environment;
use crate::error::Error;
use crate::exec_info::{self, ApiVersion, ExecInfo};
use crate::kubeconfig::{Cluster, ExecSpec, InteractiveMode};
use crate::policy::{PluginPolicy, PolicyError};
use crate::secret::Secret;
use crate::settings::Settings;

/// A user whose credentials come from an exec plugin, by way of the cache.
pub(super) struct PluginUser {
    place: Place,
    cache: CredentialCache,
    request: Request,
}

impl PluginUser {
    /// Asks as kubectl's plugin would be asked, so that it comes to the same entry: the process's
    /// environment and `exec.env` together, `kcc-cache` taken away, the same exec info.
    pub(super) fn new(
        place: Place,
        spec: &ExecSpec,
        cluster: &Cluster,
        environment: &Environment,
        has_terminal: bool,
    ) -> Result<Self, ClientError> {
        let shown = spec.command.display().to_string();
        let interactive = is_interactive(spec.interactive_mode.as_ref(), has_terminal)
            .ok_or_else(|| place.unusable(ClientProblem::NoTerminal(shown.clone())))?;
        let version = ApiVersion::parse(&spec.api_version).unwrap_or(ApiVersion::V1);
        let mut info = ExecInfo::new(version, interactive);
        if spec.provide_cluster_info {
            let cluster = cluster_info(cluster).map_err(|problem| place.unusable(problem))?;
            info.cluster = Some(cluster);
        }
        let policy = policy(environment).map_err(|error| {
            place.unusable(ClientProblem::Settings {
                command: shown.clone(),
                error: Arc::new(error.into()),
            })
        })?;
        let mut environment = environment.clone();
        for (name, value) in &spec.env {
            environment.set(name, value);
        }
        environment.set(exec_info::VARIABLE, info.to_json());
        let settings = Settings::from_environment(&environment).map_err(|error| {
            place.unusable(ClientProblem::Settings {
                command: shown,
                error: Arc::new(error),
            })
        })?;
        let (command, args) = unwrapped(spec);
        let hint = spec.printable_install_hint();
        Ok(Self {
            place,
            cache: CredentialCache::new(settings.or_install_hint(hint)),
            request: Request {
                info,
                command,
                args,
                environment,
                policy,
                forward_signals: false,
            },
        })
    }

    fn failed(&self, error: Error) -> ClientError {
        ClientError::Plugin {
            place: self.place.clone(),
            error: Arc::new(error),
        }
    }
}

impl Issuer for PluginUser {
    fn place(&self) -> &Place {
        &self.place
    }

    fn issue(&self, rejected: Option<&Secret>) -> Result<Issued, ClientError> {
        let place = &self.place;
        let mut tell = |notice: Notice| {
            if notice.is_warning() {
                tracing::warn!(%place, "{notice}");
            } else {
                tracing::debug!(%place, "{notice}");
            }
        };
        let answer = match rejected {
            None => self.cache.get(&self.request, &mut tell),
            Some(rejected) => self.cache.renew(&self.request, rejected, &mut tell),
        };
        let answer = answer.map_err(|error| self.failed(error))?;
        let is_stale = answer.source == Source::CacheAfterFailure;
        let version = self.request.info.api_version();
        let credential = Credential::from_answer(answer, version).map_err(|problem| {
            self.failed(Error::Answer {
                command: self.request.command.clone(),
                problem,
            })
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

/// Whether the plugin may ask; `None` where it must and cannot (client-go's
/// plugin/pkg/client/auth/exec/exec.go, `isInteractive`).
fn is_interactive(mode: Option<&InteractiveMode>, has_terminal: bool) -> Option<bool> {
    match mode {
        Some(InteractiveMode::Never) => Some(false),
        Some(InteractiveMode::Always) => has_terminal.then_some(true),
        _ => Some(has_terminal),
    }
}

/// The plugin and its arguments, without a `kcc-cache` or `kcc exec` in front.
fn unwrapped(spec: &ExecSpec) -> (OsString, Vec<OsString>) {
    let wrapper = Path::new(&spec.command).file_name().and_then(OsStr::to_str);
    let inner = match (wrapper, spec.args.as_slice()) {
        (Some("kcc-cache"), inner) => inner,
        (Some("kcc"), [exec, inner @ ..]) if exec == "exec" => inner,
        _ => &[],
    };
    match inner {
        [command, args @ ..] if !command.is_empty() && !command.starts_with('-') => {
            (command.into(), args.iter().map(OsString::from).collect())
        }
        _ => (
            spec.command.clone(),
            spec.args.iter().map(OsString::from).collect(),
        ),
    }
}

/// `spec.cluster` as client-go sends it (rest/exec.go, `ConfigToExecCluster`): a CA file's content
/// stands in `certificate-authority-data`.
fn cluster_info(cluster: &Cluster) -> Result<Map<String, Value>, ClientProblem> {
    let authority = match (
        &cluster.certificate_authority_data,
        &cluster.certificate_authority,
    ) {
        (Some(pem), _) => Some(pem.clone()),
        (None, Some(path)) => {
            let read = std::fs::read(path);
            Some(read.map_err(|error| ClientProblem::unreadable(path, error))?)
        }
        (None, None) => None,
    };
    let mut info = Map::new();
    let mut set = |name: &str, value: Value| info.insert(name.to_owned(), value);
    set("server", cluster.server.clone().into());
    if let Some(name) = &cluster.tls_server_name {
        set("tls-server-name", name.clone().into());
    }
    if cluster.insecure_skip_tls_verify {
        set("insecure-skip-tls-verify", true.into());
    }
    if let Some(pem) = authority.filter(|pem| !pem.is_empty()) {
        set("certificate-authority-data", STANDARD.encode(pem).into());
    }
    if let Some(url) = &cluster.proxy_url {
        set("proxy-url", url.clone().into());
    }
    if cluster.disable_compression {
        set("disable-compression", true.into());
    }
    set("config", cluster.exec_config.clone().unwrap_or_default());
    Ok(info)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spec(command: &str, args: &[&str]) -> ExecSpec {
        ExecSpec {
            command: command.into(),
            args: args.iter().map(ToString::to_string).collect(),
            ..ExecSpec::default()
        }
    }

    #[test]
    fn a_wrapper_is_taken_away() {
        for (command, args, expected) in [
            ("aws", vec!["eks"], vec!["aws", "eks"]),
            ("kcc-cache", vec!["aws", "eks"], vec!["aws", "eks"]),
            ("/opt/bin/kcc-cache", vec!["./aws"], vec!["./aws"]),
            ("kcc", vec!["exec", "aws", "eks"], vec!["aws", "eks"]),
            ("kcc", vec!["list"], vec!["kcc", "list"]),
            ("kcc-cache", vec![], vec!["kcc-cache"]),
            ("kcc-cache", vec!["--help"], vec!["kcc-cache", "--help"]),
        ] {
            let (inner, inner_args) = unwrapped(&spec(command, &args));
            let all: Vec<_> = std::iter::once(inner).chain(inner_args).collect();
            assert_eq!(all, expected, "{command} {args:?}");
        }
    }

    #[test]
    fn a_terminal_decides_only_where_the_mode_leaves_it_open() {
        use InteractiveMode::{Always, IfAvailable, Never};
        for (mode, has_terminal, expected) in [
            (Never, true, Some(false)),
            (Never, false, Some(false)),
            (IfAvailable, true, Some(true)),
            (IfAvailable, false, Some(false)),
            (Always, true, Some(true)),
            (Always, false, None),
        ] {
            let found = is_interactive(Some(&mode), has_terminal);
            assert_eq!(found, expected, "{mode:?} {has_terminal}");
        }
    }

    #[test]
    fn the_plugin_is_told_what_client_go_tells_it() {
        let cluster = Cluster {
            server: "https://a".to_owned(),
            ..Cluster::default()
        };
        let told = |mode, provide_cluster_info| {
            let spec = ExecSpec {
                api_version: "client.authentication.k8s.io/v1".to_owned(),
                interactive_mode: Some(mode),
                provide_cluster_info,
                env: vec![("A".to_owned(), "kubeconfig".to_owned())],
                ..spec("aws", &[])
            };
            let environment = [("A", "process"), ("KUBERNETES_EXEC_INFO", "stale")];
            let environment = environment.into_iter().collect();
            let place = Place {
                origin: None,
                kind: crate::kubeconfig::EntryKind::User,
                name: "u".to_owned(),
            };
            let user = PluginUser::new(place, &spec, &cluster, &environment, true).unwrap();
            let environment = user.request.environment;
            assert_eq!(environment.get("A"), Some(OsStr::new("kubeconfig")));
            let info = environment.get(exec_info::VARIABLE).unwrap();
            serde_json::from_str::<Value>(info.to_str().unwrap()).unwrap()
        };
        let never = told(InteractiveMode::Never, false);
        assert_eq!(never["spec"], serde_json::json!({"interactive": false}));
        let available = told(InteractiveMode::IfAvailable, true);
        assert_eq!(available["spec"]["interactive"], true);
        assert_eq!(available["spec"]["cluster"]["server"], "https://a");
    }

    #[test]
    fn cluster_info_has_what_is_set() {
        let cluster = Cluster {
            server: "https://a".to_owned(),
            certificate_authority_data: Some(b"CA".to_vec()),
            exec_config: Some(serde_json::json!({"audience": "x"})),
            ..Cluster::default()
        };
        let info = Value::Object(cluster_info(&cluster).unwrap());
        let expected = serde_json::json!({
            "server": "https://a",
            "certificate-authority-data": "Q0E=",
            "config": {"audience": "x"},
        });
        assert_eq!(info, expected);
    }
}
