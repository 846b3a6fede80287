//! The client-config loader against the real kube-apiserver, beside real kubectl.

mod certificates;
mod connections;
mod errors;
mod conformance;
mod counters;
mod files;
mod fixed_users;
mod http2;
mod plugin_users;
mod policy;
mod refusals;
mod rejection;
mod renewal;
mod sharing;
mod tool;
mod upgrades;
mod watching;

pub(crate) use tool::run as run_as_tool;

use std::time::Duration;

use harness::CacheHome;
use harness::cluster::AuthCount;
use http::Request;
use kcc_core::Environment;
use kcc_core::client::{ClientConfig, Loader};
use kube::Client;
use libtest_mimic::{Failed, Trial};
use serde_json::{Value, json};
use tokio::runtime::Runtime;

use crate::plugin_user::{PluginUser, inject, user_name};
use crate::trial::{Outcome, Run, check, cluster_for_testers, on_cluster, wait_until};

pub(crate) fn trials() -> Vec<Trial> {
    let all = [
        fixed_users::TRIALS,
        plugin_users::TRIALS,
        sharing::TRIALS,
        rejection::TRIALS,
        renewal::TRIALS,
        counters::TRIALS,
        errors::TRIALS,
        conformance::TRIALS,
        files::TRIALS,
        certificates::TRIALS,
        connections::TRIALS,
        http2::TRIALS,
        upgrades::TRIALS,
        policy::TRIALS,
        refusals::TRIALS,
    ];
    on_cluster("loader", &all.concat())
}

impl PluginUser {
    /// The server takes the tokens of the first three runs.
    fn with_tokens(self) -> Result<Self, Failed> {
        self.with_tokens_of(1..=3)
    }

    /// With a token that ends in 300 s, of which all but the first two are the margin.
    fn renewed_ahead(name: &str) -> Result<Self, Failed> {
        let user = Self::with(name, |exec, _| {
            let margin = ("KUBE_CREDENTIAL_CACHE_REFRESH_MARGIN", "298s");
            exec.env.push((margin.0.to_owned(), margin.1.to_owned()));
        })?;
        let user = user.with_tokens()?;
        user.plugin.expires_after(Some(300))?;
        Ok(user)
    }

    fn loader(&self) -> Loader {
        loader(&self.home).with_kubeconfig(self.kubeconfig.path())
    }

    fn config(&self) -> Result<ClientConfig, Failed> {
        Ok(self.loader().load()?)
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

fn runtime() -> Result<Runtime, Failed> {
    Ok(tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()?)
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

/// The server refused so many requests with a credential.
fn expect_rejected(count: AuthCount, expected: usize) -> Outcome {
    let rejected = count.rejected;
    check(
        rejected == expected,
        format!("{rejected} requests were refused"),
    )
}

/// Waits until `holds`; `what` is for the message.
fn await_that(what: &str, holds: impl FnMut() -> Result<bool, Failed>) -> Outcome {
    wait_until(Duration::from_secs(30), what, holds)
}
