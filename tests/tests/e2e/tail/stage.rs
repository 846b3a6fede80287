//! A server with Pods whose logs the test writes.

use std::process::Command;
use std::sync::OnceLock;

use harness::cluster::{Cluster, ClusterOptions, KubeconfigFile, KubeconfigUser, TokenUser};
use harness::memory::{ApiServer, Served};
use harness::{CacheHome, ContainerLog, ContainerLogs, Kubelet};
use kcache::client::ClientConfig;
use kube::Client;
use libtest_mimic::Failed;
use serde_json::{Value, json};

use super::program::{Tail, command, is_read};
use crate::trial::Outcome;

const TOKEN: &str = "secret";

pub(super) struct Stage {
    server: Server,
    /// Where all of it is.
    pub(super) namespace: String,
    home: CacheHome,
    kubeconfig: KubeconfigFile,
}

enum Server {
    Memory(Box<Served>),
    Real(&'static Real),
}

struct Real {
    cluster: Cluster,
    kubelet: Kubelet,
}

impl Stage {
    pub(super) fn memory(namespace: &str) -> Result<Self, Failed> {
        let server = ApiServer::new();
        server.add_token(&TokenUser::new(TOKEN, "alice", &[]));
        Self::new(Server::Memory(Box::new(server.serve()?)), namespace)
    }

    /// One cluster for all, with a namespace for each.
    pub(super) fn real(namespace: &str) -> Result<Self, Failed> {
        static REAL: OnceLock<Result<Real, String>> = OnceLock::new();
        let real = REAL.get_or_init(|| Real::start().map_err(|error| format!("{error:#}")));
        let real = real.as_ref().map_err(|error| Failed::from(error.clone()))?;
        let stage = Self::new(Server::Real(real), namespace)?;
        stage.put(&json!({
            "apiVersion": "v1", "kind": "Namespace", "metadata": { "name": stage.namespace },
        }))?;
        Ok(stage)
    }

    fn new(server: Server, namespace: &str) -> Result<Self, Failed> {
        let namespace = namespace.replace('_', "-");
        let kubeconfig = match &server {
            Server::Memory(served) => served.kubeconfig(),
            Server::Real(real) => real.cluster.kubeconfig(),
        };
        let kubeconfig = kubeconfig.with_namespace(&namespace);
        let token = KubeconfigUser::Token(TOKEN.into());
        Ok(Self {
            server,
            namespace,
            home: CacheHome::new()?,
            kubeconfig: kubeconfig.with_user("alice", token).write()?,
        })
    }

    /// The in-memory server.
    pub(super) fn server(&self) -> &ApiServer {
        match &self.server {
            Server::Memory(served) => served.server(),
            Server::Real(_) => panic!("the case is for the in-memory server"),
        }
    }

    /// Its port, to be closed and opened.
    pub(super) fn served(&mut self) -> &mut Served {
        match &mut self.server {
            Server::Memory(served) => served,
            Server::Real(_) => panic!("the case is for the in-memory server"),
        }
    }

    pub(super) fn logs(&self) -> &ContainerLogs {
        match &self.server {
            Server::Memory(served) => served.server().logs(),
            Server::Real(real) => real.kubelet.logs(),
        }
    }

    /// The log of the container `app`.
    pub(super) fn log(&self, pod: &str) -> ContainerLog {
        self.logs().of(&self.namespace, pod, "app")
    }

    pub(super) fn put(&self, object: &Value) -> Outcome {
        match &self.server {
            Server::Memory(served) => drop(served.server().put(object.clone())?),
            Server::Real(real) => real.cluster.apply(object)?,
        }
        Ok(())
    }

    /// A Pod whose container `app` runs.
    pub(super) fn pod(&self, name: &str, app: &str) -> Outcome {
        self.put(&pod(&self.namespace, name, app))?;
        self.status(name, &running(0))
    }

    /// A Service that selects Pods by their label `app`.
    pub(super) fn service(&self, name: &str, app: &str) -> Outcome {
        self.put(&service(&self.namespace, name, app))
    }

    pub(super) fn status(&self, pod: &str, state: &Value) -> Outcome {
        let status = json!({ "status": { "phase": "Running", "containerStatuses": [state] } });
        self.patch("pods", pod, &status, &["--subresource=status"])
    }

    pub(super) fn relabel(&self, pod: &str, app: &str) -> Outcome {
        let labels = json!({ "metadata": { "labels": { "app": app } } });
        self.patch("pods", pod, &labels, &[])
    }

    fn patch(&self, resource: &str, name: &str, merge: &Value, more: &[&str]) -> Outcome {
        match &self.server {
            Server::Memory(served) => {
                let server = served.server();
                drop(server.patch(resource, &self.namespace, name, merge)?);
            }
            Server::Real(real) => {
                let merge = merge.to_string();
                let args = [
                    "-n",
                    &self.namespace,
                    "patch",
                    resource,
                    name,
                    "--type=merge",
                    "-p",
                    &merge,
                ];
                real.cluster.kubectl_admin(&[&args[..], more].concat())?;
            }
        }
        Ok(())
    }

    /// A Pod goes, and its log with it.
    pub(super) fn delete(&self, pod: &str) -> Outcome {
        match &self.server {
            Server::Memory(served) => {
                drop(served.server().delete("pods", &self.namespace, pod)?);
            }
            Server::Real(real) => {
                let args = [
                    "-n",
                    &self.namespace,
                    "delete",
                    "pod",
                    pod,
                    "--force",
                    "--grace-period=0",
                ];
                real.cluster.kubectl_admin(&args)?;
            }
        }
        self.logs().remove(&self.namespace, pod);
        Ok(())
    }

    /// `tail` of a Pod `web-1` that has written a line before, which it has printed so, while it reads on.
    pub(super) fn tail_of_one(
        &self,
        arguments: &[&str],
        line: &str,
        printed: &str,
    ) -> Result<(Tail, ContainerLog), Failed> {
        self.pod("web-1", "web")?;
        let log = self.log("web-1");
        log.write(line);
        let tail = self.tail(&[arguments, &["--since", "1h"]].concat())?;
        tail.says(&format!("+ {}/web-1 [app]", self.namespace))?;
        tail.prints(&[printed])?;
        is_read(&log, 1)?;
        Ok((tail, log))
    }

    /// `tail` in this namespace.
    pub(super) fn tail(&self, arguments: &[&str]) -> Result<Tail, Failed> {
        let scope = ["-n", &self.namespace];
        self.tail_anywhere(&[&scope[..], arguments].concat())
    }

    pub(super) fn tail_anywhere(&self, arguments: &[&str]) -> Result<Tail, Failed> {
        Tail::run(self.command(arguments)?)
    }

    pub(super) fn command(&self, arguments: &[&str]) -> Result<Command, Failed> {
        command(arguments, &self.home, self.kubeconfig.path())
    }

    /// A client of the same user.
    pub(super) fn client(&self) -> Result<Client, Failed> {
        let loader = ClientConfig::loader().with_kubeconfig(self.kubeconfig.path());
        Ok(loader.load()?.client()?)
    }
}

impl Real {
    fn start() -> anyhow::Result<Self> {
        let kubelet = Kubelet::start()?;
        let cluster = Cluster::start(kubelet.options(ClusterOptions::default()))?;
        cluster.bind_group("testers", "cluster-admin")?;
        cluster.add_token(TokenUser::new(TOKEN, "alice", &["testers"]))?;
        let node = kubelet.node("node-1");
        cluster.apply(&node)?;
        let status = json!({ "status": node["status"] }).to_string();
        let patch = [
            "patch",
            "node",
            "node-1",
            "--subresource=status",
            "--type=merge",
            "-p",
            &status,
        ];
        cluster.kubectl_admin(&patch)?;
        Ok(Self { cluster, kubelet })
    }
}

pub(super) fn pod(namespace: &str, name: &str, app: &str) -> Value {
    json!({
        "apiVersion": "v1", "kind": "Pod",
        "metadata": { "namespace": namespace, "name": name, "labels": { "app": app } },
        "spec": { "nodeName": "node-1", "containers": [{ "name": "app", "image": "i" }] },
    })
}

pub(super) fn service(namespace: &str, name: &str, app: &str) -> Value {
    json!({
        "apiVersion": "v1", "kind": "Service",
        "metadata": { "namespace": namespace, "name": name },
        "spec": { "selector": { "app": app }, "ports": [{ "port": 80 }] },
    })
}

/// The status of the container `app` after so many restarts.
pub(super) fn running(restarts: u32) -> Value {
    let mut status = container_status(restarts);
    status["state"] = json!({ "running": { "startedAt": "2026-01-01T00:00:00Z" } });
    if restarts > 0 {
        status["lastState"] = terminated();
    }
    status
}

pub(super) fn ended() -> Value {
    let mut status = container_status(0);
    status["state"] = terminated();
    status
}

fn container_status(restarts: u32) -> Value {
    json!({
        "name": "app", "image": "i", "imageID": "i", "ready": true, "restartCount": restarts,
    })
}

pub(super) fn terminated() -> Value {
    json!({ "terminated": {
        "exitCode": 1, "startedAt": "2026-01-01T00:00:00Z", "finishedAt": "2026-01-01T00:00:01Z",
    } })
}
