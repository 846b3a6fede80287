//! Over which wire, and to whom: each table is tried with real kubectl and with the loader, and what
//! the server saw is compared.

mod listener;
mod programs;
mod servers;
mod users;

use std::process::Output;

use harness::cluster::Cluster;
use harness::{CacheHome, ExecPlugin};
use http::Request;
use kcc_core::Environment;
use kcc_core::client::ClientConfig;
use libtest_mimic::{Failed, Trial};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::runtime::Runtime;

use crate::trial::{Outcome, Run, check, cluster_for_testers, on_cluster};
use listener::{Listener, Seen};

pub(crate) fn trials() -> Vec<Trial> {
    let all = [servers::TRIALS, users::TRIALS, programs::TRIALS].concat();
    on_cluster("wire", &all)
}

/// A server, a home, a plugin, and a kubeconfig that is written anew for each case.
struct Desk {
    cluster: &'static Cluster,
    listener: Listener,
    plugin: ExecPlugin,
    folder: TempDir,
    runtime: Runtime,
}

/// What became of one request.
#[derive(Debug, PartialEq, Eq)]
struct Happened {
    /// None where no request came.
    seen: Option<Seen>,
    runs: usize,
}

impl Desk {
    fn new(status: u16) -> Result<Self, Failed> {
        let cluster = cluster_for_testers()?;
        Ok(Self {
            listener: Listener::start(&cluster.data_dir().join("pki"), status)?,
            cluster,
            plugin: ExecPlugin::new()?,
            folder: tempfile::tempdir()?,
            runtime: Runtime::new()?,
        })
    }

    /// The server's address with this scheme.
    fn url(&self, scheme: &str) -> String {
        format!("{scheme}{}", self.listener.address)
    }

    /// A cluster over TLS.
    fn secure(&self) -> Value {
        let ca = self.cluster.data_dir().join("pki/ca.crt");
        json!({ "server": self.url("https://"), "certificate-authority": ca })
    }

    fn exec(&self) -> Value {
        json!({
            "apiVersion": "client.authentication.k8s.io/v1",
            "command": self.plugin.path(),
            "interactiveMode": "Never",
        })
    }

    fn write(&self, cluster: &Value, user: &Value) -> Outcome {
        let content = json!({
            "apiVersion": "v1", "kind": "Config", "current-context": "c",
            "clusters": [{ "name": "c", "cluster": cluster }],
            "users": [{ "name": "u", "user": user }],
            "contexts": [{ "name": "c", "context": { "cluster": "c", "user": "u" } }],
        });
        Ok(std::fs::write(self.kubeconfig(), content.to_string())?)
    }

    fn kubeconfig(&self) -> std::path::PathBuf {
        self.folder.path().join("config")
    }

    fn kubectl(&self, environment: &[(&str, &str)]) -> Result<(Happened, Output), Failed> {
        let runs = self.plugin.runs();
        let mut kubectl = self.cluster.kubectl_with(&self.kubeconfig());
        kubectl.envs(environment.iter().copied());
        let output = kubectl.args(["get", "--raw", "/probe"]).output()?;
        Ok((self.happened(runs), output))
    }

    /// The same request by the loader; its cache is empty each time.
    fn loader(&self, environment: &[(&str, &str)]) -> Result<(Happened, String), Failed> {
        let runs = self.plugin.runs();
        let home = CacheHome::new()?;
        let mut variables: Environment = home.variables().into_iter().collect();
        for (name, value) in environment {
            variables.set(name, value);
        }
        let loader = ClientConfig::loader()
            .with_environment(variables)
            .with_terminal(false)
            .with_kubeconfig(self.kubeconfig());
        let said = self.runtime.block_on(async {
            let client = loader.load()?.client()?;
            let request = Request::get("/probe").body(Vec::new())?;
            client.request::<Value>(request).await?;
            Ok::<_, Failed>(())
        });
        let said = said
            .err()
            .and_then(|failed| failed.message().map(str::to_owned));
        Ok((self.happened(runs), said.unwrap_or_default()))
    }

    fn happened(&self, runs: usize) -> Happened {
        Happened {
            seen: self.listener.take().pop(),
            runs: self.plugin.runs() - runs,
        }
    }

    /// Both do the same, which is given with what they said.
    fn both(
        &self,
        case: &str,
        environment: &[(&str, &str)],
    ) -> Result<(Happened, String, String), Failed> {
        let (theirs, output) = self.kubectl(environment)?;
        let (ours, said) = self.loader(environment)?;
        let heard = String::from_utf8_lossy(&output.stderr).into_owned();
        check(
            theirs == ours,
            format!("{case}:\nkubectl: {theirs:?} {heard}\nloader:  {ours:?} {said}"),
        )?;
        Ok((ours, heard, said))
    }
}
