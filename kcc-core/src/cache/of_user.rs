use std::path::PathBuf;
use std::sync::Arc;
use std::{fs, io};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value};

use super::request::Request;
use crate::environment::Environment;
use crate::exec::{ApiVersion, ExecInfo};
use crate::kubeconfig::{Cluster, ExecSpec, InteractiveMode};
use crate::policy::PluginPolicy;
use crate::variable;

/// Why there is no request for a kubeconfig's user.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum RequestProblem {
    /// `interactiveMode: Always`, and no terminal.
    #[error(
        "exec plugin {command}: interactiveMode is Always and standard input is not a terminal"
    )]
    NoTerminal {
        /// The plugin.
        command: String,
    },
    /// A CA file whose content the plugin is to be told.
    #[error("cannot read {}: {error}", .path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why not.
        error: Arc<io::Error>,
    },
}

impl Request {
    /// The request that kubectl would make of its plugin, so that it comes to the same entry: the process's
    /// environment and `exec.env` together, `kcc-cache` taken away, the same exec info.
    ///
    /// # Errors
    /// [`RequestProblem`] where kubectl would not run the plugin either.
    pub fn of_user(
        spec: &ExecSpec,
        cluster: &Cluster,
        environment: &Environment,
        policy: PluginPolicy,
        has_terminal: bool,
    ) -> Result<Self, RequestProblem> {
        let interactive = is_interactive(spec.interactive_mode.as_ref(), has_terminal);
        let interactive = interactive.ok_or_else(|| RequestProblem::NoTerminal {
            command: spec.command.display().to_string(),
        })?;
        let version = ApiVersion::parse(&spec.api_version).unwrap_or(ApiVersion::V1);
        let mut info = ExecInfo::new(version, interactive);
        if spec.provide_cluster_info {
            info.cluster = Some(cluster_info(cluster)?);
        }
        let mut environment = environment.clone();
        for (name, value) in &spec.env {
            environment.declare(name, value);
        }
        environment.set(variable::EXEC_INFO, info.to_json().unwrap_or_default());
        let (command, args) = spec.plugin();
        Ok(Self {
            info,
            command,
            args,
            environment,
            policy,
            forward_signals: false,
        })
    }
}

/// Whether the plugin may prompt; `None` where it must and cannot (client-go's
/// plugin/pkg/client/auth/exec/exec.go, `isInteractive`).
fn is_interactive(mode: Option<&InteractiveMode>, has_terminal: bool) -> Option<bool> {
    match mode {
        Some(InteractiveMode::Never) => Some(false),
        Some(InteractiveMode::Always) => has_terminal.then_some(true),
        _ => Some(has_terminal),
    }
}

/// `spec.cluster` as client-go sends it (rest/exec.go, `ConfigToExecCluster`): a CA file's content
/// stands in `certificate-authority-data`.
fn cluster_info(cluster: &Cluster) -> Result<Map<String, Value>, RequestProblem> {
    let authority = match (
        &cluster.certificate_authority_data,
        &cluster.certificate_authority,
    ) {
        (Some(pem), _) => Some(pem.clone()),
        (None, Some(path)) => {
            let read = fs::read(path);
            Some(read.map_err(|error| RequestProblem::Unreadable {
                path: path.clone(),
                error: Arc::new(error),
            })?)
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
    use std::ffi::OsStr;

    use super::*;

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
                command: "aws".into(),
                ..ExecSpec::default()
            };
            let environment = [("A", "process"), ("KUBERNETES_EXEC_INFO", "stale")];
            let environment = environment.into_iter().collect();
            let request =
                Request::of_user(&spec, &cluster, &environment, PluginPolicy::default(), true)
                    .unwrap();
            let environment = request.environment;
            assert_eq!(environment.get("A"), Some(OsStr::new("kubeconfig")));
            let info = environment.get(variable::EXEC_INFO).unwrap();
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
