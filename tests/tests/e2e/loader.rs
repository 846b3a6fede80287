//! The client-config loader against the real kube-apiserver, beside real kubectl.

mod certificates;
mod connections;
mod errors;
mod conformance;
mod files;
mod fixed_users;
mod http2;
mod plugin_users;
mod policy;
mod rejection;
mod renewal;
mod sharing;
mod tool;
mod upgrades;
mod watching;

pub(crate) use tool::run as run_as_tool;

use std::time::{Duration, Instant};

use harness::cluster::{Cluster, ExecUser, KubeconfigFile, KubeconfigUser, TokenUser};
use harness::{CacheHome, ExecPlugin};
use http::Request;
use kcc_core::Environment;
use kcc_core::client::{ClientConfig, Loader};
use kube::Client;
use libtest_mimic::{Failed, Trial};
use serde_json::{Value, json};
use tokio::runtime::Runtime;

use crate::trial::{Outcome, Run, check, cluster_for_testers, on_cluster};

pub(crate) fn trials() -> Vec<Trial> {
    let all = [
        fixed_users::TRIALS,
        plugin_users::TRIALS,
        sharing::TRIALS,
        rejection::TRIALS,
        renewal::TRIALS,
        errors::TRIALS,
        conformance::TRIALS,
        files::TRIALS,
        certificates::TRIALS,
        connections::TRIALS,
        http2::TRIALS,
        upgrades::TRIALS,
        policy::TRIALS,
    ];
    on_cluster("loader", &all.concat())
}

/// A user of the shared cluster whose credentials come from a plugin.
struct PluginUser {
    cluster: &'static Cluster,
    home: CacheHome,
    plugin: ExecPlugin,
    name: String,
    kubeconfig: KubeconfigFile,
}

impl PluginUser {
    /// The plugin stands in the kubeconfig as it is.
    fn new(name: &str) -> Result<Self, Failed> {
        Self::with(name, |_, _| {})
    }

    /// `kcc-cache` stands in front of the plugin.
    fn injected(name: &str) -> Result<Self, Failed> {
        Self::with(name, inject)
    }

    fn with(name: &str, adjust: impl FnOnce(&mut ExecUser, &CacheHome)) -> Result<Self, Failed> {
        let cluster = cluster_for_testers()?;
        let (home, plugin) = (CacheHome::new()?, ExecPlugin::new()?);
        let mut exec = ExecUser::new(plugin.path(), &[]);
        adjust(&mut exec, &home);
        let kubeconfig = cluster
            .kubeconfig()
            .with_user(name, KubeconfigUser::Exec(exec));
        Ok(Self {
            cluster,
            plugin,
            name: name.to_owned(),
            kubeconfig: kubeconfig.write()?,
            home,
        })
    }

    /// The plugin answers with `<name>-<number of the run>`; the server takes the first three.
    fn with_tokens(self) -> Result<Self, Failed> {
        self.plugin.answers_token(&format!("{}-@RUN@", self.name))?;
        for run in 1..=3 {
            let user = TokenUser::new(&self.token(run), &self.name, &["testers"]);
            self.cluster.add_token(user)?;
        }
        Ok(self)
    }

    fn token(&self, run: usize) -> String {
        format!("{}-{run}", self.name)
    }

    fn loader(&self) -> Loader {
        loader(&self.home).with_kubeconfig(self.kubeconfig.path())
    }

    fn config(&self) -> Result<ClientConfig, Failed> {
        Ok(self.loader().load()?)
    }

    fn kubectl_whoami(&self) -> Result<String, Failed> {
        let mut kubectl = self.cluster.kubectl_with(self.kubeconfig.path());
        kubectl.envs(self.home.variables());
        let output = kubectl.args(["auth", "whoami", "-o", "json"]).output()?;
        let heard = String::from_utf8_lossy(&output.stderr);
        check(output.status.success(), format!("kubectl: {heard}"))?;
        let review: Value = serde_json::from_slice(&output.stdout)?;
        Ok(user_name(&review))
    }

    fn expect_runs(&self, expected: usize) -> Outcome {
        let runs = self.plugin.runs();
        check(
            runs == expected,
            format!("the plugin ran {runs} times instead of {expected}"),
        )
    }

    async fn expect_known(&self, client: &Client) -> Outcome {
        expect_known_as(client, &self.name).await
    }
}

/// A loader that sees nothing of this process's environment but `PATH`.
fn loader(home: &CacheHome) -> Loader {
    let environment: Environment = home.variables().into_iter().collect();
    ClientConfig::loader()
        .with_environment(environment)
        .with_terminal(false)
}

fn inject(exec: &mut ExecUser, home: &CacheHome) {
    let plugin = std::mem::take(&mut exec.command);
    exec.args.insert(0, plugin);
    exec.command = home
        .kcc_cache()
        .get_program()
        .to_string_lossy()
        .into_owned();
}

fn runtime() -> Result<Runtime, Failed> {
    Ok(tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()?)
}

fn user_name(review: &Value) -> String {
    let name = review["status"]["userInfo"]["username"].as_str();
    name.unwrap_or_default().to_owned()
}

/// Who the server says that this client is.
async fn whoami(client: &Client) -> Result<String, kube::Error> {
    let kind = json!({"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"});
    let request = Request::post("/apis/authentication.k8s.io/v1/selfsubjectreviews")
        .header("content-type", "application/json")
        .body(kind.to_string().into_bytes());
    let request = request.expect("a request");
    Ok(user_name(&client.request::<Value>(request).await?))
}

async fn expect_known_as(client: &Client, expected: &str) -> Outcome {
    let name = whoami(client).await?;
    check(
        name == expected,
        format!("the server knows {expected} as {name}"),
    )
}

/// Waits until `holds`; `what` is for the message.
fn await_that(what: &str, mut holds: impl FnMut() -> Result<bool, Failed>) -> Outcome {
    let deadline = Instant::now() + Duration::from_secs(30);
    while !holds()? {
        check(Instant::now() < deadline, format!("never: {what}"))?;
        std::thread::sleep(Duration::from_millis(20));
    }
    Ok(())
}
