//! Writes kubeconfig files for a cluster.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::credentials::ClientCertificate;

/// The name of the one cluster in each file.
const CLUSTER: &str = "apiserver";

/// How a user of a kubeconfig proves who they are.
#[derive(Debug, Clone)]
pub enum KubeconfigUser {
    /// With nothing.
    Anonymous,
    /// With a token that stands in the file.
    Token(String),
    /// With a client certificate that stands in the file.
    Certificate(ClientCertificate),
    /// With what an exec plugin says.
    Exec(ExecUser),
}

impl KubeconfigUser {
    fn to_json(&self) -> Value {
        match self {
            Self::Anonymous => json!({}),
            Self::Token(token) => json!({ "token": token }),
            Self::Certificate(pair) => json!({
                "client-certificate-data": STANDARD.encode(&pair.certificate),
                "client-key-data": STANDARD.encode(&pair.key),
            }),
            Self::Exec(exec) => json!({ "exec": exec.to_json() }),
        }
    }
}

/// The `exec` section of a user.
#[derive(Debug, Clone)]
pub struct ExecUser {
    /// The plugin: a path, or a name in `PATH`.
    pub command: String,
    /// Its arguments.
    pub args: Vec<String>,
    /// Variables that it gets besides those of its caller.
    pub env: Vec<(String, String)>,
    /// `client.authentication.k8s.io/v1` unless you change it.
    pub api_version: String,
    /// `Never`, unless you change it; `None` leaves it out.
    pub interactive_mode: Option<String>,
    /// Whether the plugin is told which cluster it is for.
    pub provide_cluster_info: bool,
    /// What to do when the command is not there.
    pub install_hint: Option<String>,
}

impl ExecUser {
    /// A plugin with these arguments, everything else at its default.
    pub fn new(command: impl AsRef<Path>, args: &[&str]) -> Self {
        Self {
            command: command.as_ref().to_string_lossy().into_owned(),
            args: args.iter().map(ToString::to_string).collect(),
            env: Vec::new(),
            api_version: "client.authentication.k8s.io/v1".to_owned(),
            interactive_mode: Some("Never".to_owned()),
            provide_cluster_info: false,
            install_hint: None,
        }
    }

    /// Adds an environment variable for the plugin.
    #[must_use]
    pub fn with_env(mut self, name: &str, value: &str) -> Self {
        self.env.push((name.to_owned(), value.to_owned()));
        self
    }

    fn to_json(&self) -> Value {
        let env: Vec<Value> = self
            .env
            .iter()
            .map(|(name, value)| json!({ "name": name, "value": value }))
            .collect();
        let mut exec = json!({
            "apiVersion": self.api_version,
            "command": self.command,
            "args": self.args,
            "env": env,
            "provideClusterInfo": self.provide_cluster_info,
        });
        if let Some(mode) = &self.interactive_mode {
            exec["interactiveMode"] = json!(mode);
        }
        if let Some(hint) = &self.install_hint {
            exec["installHint"] = json!(hint);
        }
        exec
    }
}

/// A kubeconfig in the making: one cluster, any number of users, each with a context of its name.
/// The first user's context is the current one.
#[derive(Debug, Clone)]
pub struct Kubeconfig {
    cluster: Value,
    namespace: Option<String>,
    users: Vec<(String, KubeconfigUser)>,
}

impl Kubeconfig {
    /// For a server at this address with this CA (PEM).
    pub fn new(server: &str, ca: &str) -> Self {
        Self {
            cluster: json!({
                "server": server,
                "certificate-authority-data": STANDARD.encode(ca),
            }),
            namespace: None,
            users: Vec::new(),
        }
    }

    /// Adds a user and a context, both of this name.
    #[must_use]
    pub fn with_user(mut self, name: &str, user: KubeconfigUser) -> Self {
        self.users.push((name.to_owned(), user));
        self
    }

    /// Sets the namespace of every context.
    #[must_use]
    pub fn with_namespace(mut self, namespace: &str) -> Self {
        self.namespace = Some(namespace.to_owned());
        self
    }

    /// The file's content: JSON, which is YAML too.
    pub fn to_json(&self) -> Value {
        let contexts: Vec<Value> = self
            .users
            .iter()
            .map(|(name, _)| {
                let mut context = json!({ "cluster": CLUSTER, "user": name });
                if let Some(namespace) = &self.namespace {
                    context["namespace"] = json!(namespace);
                }
                json!({ "name": name, "context": context })
            })
            .collect();
        let users: Vec<Value> = self
            .users
            .iter()
            .map(|(name, user)| json!({ "name": name, "user": user.to_json() }))
            .collect();
        json!({
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{ "name": CLUSTER, "cluster": self.cluster }],
            "users": users,
            "contexts": contexts,
            "current-context": self.users.first().map_or("", |(name, _)| name),
        })
    }

    /// Writes it into a temporary folder of its own.
    pub fn write(&self) -> Result<KubeconfigFile> {
        let folder = tempfile::tempdir().context("cannot make a folder for a kubeconfig")?;
        let path = folder.path().join("config");
        self.write_to(&path)?;
        Ok(KubeconfigFile {
            path,
            _folder: folder,
        })
    }

    /// Writes it to this file, readable by its owner only, in place of what is there.
    pub fn write_to(&self, path: &Path) -> Result<()> {
        let folder = path.parent().unwrap_or(Path::new("."));
        let mut temporary = tempfile::NamedTempFile::new_in(folder)?;
        serde_json::to_writer_pretty(&mut temporary, &self.to_json())?;
        temporary
            .persist(path)
            .with_context(|| format!("cannot write {}", path.display()))?;
        Ok(())
    }
}

/// A kubeconfig file, removed with its folder when this is dropped.
#[derive(Debug)]
pub struct KubeconfigFile {
    path: PathBuf,
    _folder: tempfile::TempDir,
}

impl KubeconfigFile {
    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

#[cfg(test)]
mod tests {
    use super::{ExecUser, Kubeconfig, KubeconfigUser};

    #[test]
    fn the_first_user_is_current_and_each_has_a_context() {
        let file = Kubeconfig::new("https://127.0.0.1:1", "CA")
            .with_namespace("apps")
            .with_user("alice", KubeconfigUser::Token("t".into()))
            .with_user(
                "bob",
                KubeconfigUser::Exec(ExecUser::new("plugin", &["get"]).with_env("A", "1")),
            )
            .to_json();
        assert_eq!(file["current-context"], "alice");
        assert_eq!(file["contexts"][1]["context"]["user"], "bob");
        assert_eq!(file["contexts"][1]["context"]["namespace"], "apps");
        let exec = &file["users"][1]["user"]["exec"];
        assert_eq!(exec["args"][0], "get");
        assert_eq!(exec["env"][0]["name"], "A");
        assert_eq!(exec["interactiveMode"], "Never");
    }
}
