//! Users with an exec plugin.

use std::time::Duration;

use harness::cluster::TokenUser;
use kcc_core::client::ClientConfig;
use serde_json::json;

use super::{Outcome, PluginUser, Run, check, expect_known_as, expect_rejected, runtime};
use crate::trial::named;

pub(super) const TRIALS: &[(&str, Run)] = named![
    many_clients_run_the_plugin_once,
    a_plugins_certificate_is_sent,
    token_and_certificate_are_both_sent,
    a_caller_may_say_who_they_are
];

/// Clients of one configuration, and of others.
fn many_clients_run_the_plugin_once() -> Outcome {
    let user = PluginUser::new("mona")?.with_tokens()?;
    user.plugin.takes(Duration::from_millis(500))?;
    let configs: Result<Vec<ClientConfig>, _> = (0..5).map(|_| user.config()).collect();
    let configs = configs?;
    check(user.plugin.runs() == 0, "a plugin ran before any request")?;
    runtime()?.block_on(async {
        let clients: Result<Vec<_>, _> = configs
            .iter()
            .flat_map(|config| [config.client(), config.client(), config.client()])
            .collect();
        let clients = clients?;
        let requests = clients.iter().map(|client| user.expect_known(client));
        futures_util::future::try_join_all(requests).await
    })?;
    user.expect_runs(1)
}

/// Its end stands in the certificate. The new one needs new connections.
fn a_plugins_certificate_is_sent() -> Outcome {
    let user = PluginUser::new("cleo")?;
    let issue = |life: u64| {
        let pair =
            user.cluster
                .issue_certificate("cleo", &["testers"], Duration::from_secs(life))?;
        user.plugin
            .answers_certificate(&pair.certificate, &pair.key)?;
        Ok::<_, libtest_mimic::Failed>(pair)
    };
    let first = issue(6)?;
    let config = user.config()?;
    let runtime = runtime()?;
    let client = runtime.block_on(async { config.client() })?;
    runtime.block_on(user.expect_known(&client))?;
    user.expect_runs(1)?;
    let second = issue(600)?;
    super::await_that("a request with the second certificate", || {
        runtime.block_on(user.expect_known(&client))?;
        let log = user.cluster.auth_log()?;
        Ok(log.of_certificate(&second.certificate).accepted > 0)
    })?;
    user.expect_runs(2)?;
    expect_rejected(
        user.cluster.auth_log()?.of_certificate(&first.certificate),
        0,
    )
}

/// The server looks at the certificate first; its log has the token all the same.
fn token_and_certificate_are_both_sent() -> Outcome {
    let user = PluginUser::new("both")?;
    let pair =
        user.cluster
            .issue_certificate("by-certificate", &["testers"], Duration::from_secs(600))?;
    let token = TokenUser::new("both-token", "by-token", &["testers"]);
    user.cluster.add_token(token)?;
    user.plugin.answers(
        &json!({
            "kind": "ExecCredential",
            "apiVersion": "client.authentication.k8s.io/v1",
            "status": {
                "token": "both-token",
                "clientCertificateData": pair.certificate,
                "clientKeyData": pair.key,
            },
        })
        .to_string(),
    )?;
    let config = user.config()?;
    runtime()?.block_on(async { expect_known_as(&config.client()?, "by-certificate").await })?;
    let seen = user.cluster.auth_log()?.of_token("both-token").accepted;
    check(seen == 1, format!("the token came {seen} times"))
}

fn a_caller_may_say_who_they_are() -> Outcome {
    let user = PluginUser::new("cato")?.with_tokens()?;
    let config = user.config()?;
    runtime()?.block_on(async {
        let request = http::Request::get("/api/v1/namespaces/default")
            .header("authorization", format!("Bearer {}", user.token(2)))
            .body(Vec::new());
        let client = config.client()?;
        client.request::<serde_json::Value>(request?).await?;
        Ok::<_, libtest_mimic::Failed>(())
    })?;
    user.expect_runs(0)
}
