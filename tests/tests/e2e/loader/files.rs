//! Files that rotate while a client runs, on the real server, which checks what it is shown.

use std::path::Path;
use std::time::Duration;

use harness::CacheHome;
use harness::cluster::{ClientCertificate, Cluster, KubeconfigFile, KubeconfigUser, TokenUser};
use kcc_core::client::{ClientConfig, ClientError};
use kube::Client;
use libtest_mimic::Failed;
use serde_json::json;

use super::fixed_users::edited;
use super::watching::{Watch, make};
use super::{
    Outcome, PluginUser, Run, await_that, check, cluster_for_testers, expect_known_as,
    expect_rejected, loader, runtime, whoami,
};
use crate::trial::named;

pub(super) const TRIALS: &[(&str, Run)] = named![
    a_certificate_file_is_read_again,
    an_expired_certificate_file_costs_one_401,
    a_ca_file_is_read_again,
    watches_go_on_while_a_plugins_certificate_rotates
];

const PERIOD: Duration = Duration::from_millis(100);

/// A user whose certificate stands in files.
struct FileUser {
    cluster: &'static Cluster,
    folder: tempfile::TempDir,
    name: &'static str,
    kubeconfig: KubeconfigFile,
}

impl FileUser {
    fn new(name: &'static str) -> Result<Self, Failed> {
        let cluster = cluster_for_testers()?;
        let folder = tempfile::tempdir()?;
        let user = KubeconfigUser::Anonymous;
        let kubeconfig = edited(&cluster.kubeconfig().with_user(name, user), |content| {
            let user = &mut content["users"][0]["user"];
            user["client-certificate"] = json!(folder.path().join("crt"));
            user["client-key"] = json!(folder.path().join("key"));
        })?;
        Ok(Self {
            cluster,
            folder,
            name,
            kubeconfig,
        })
    }

    /// Issues a certificate and puts it in place, as a tool that keeps it fresh does.
    fn issue(&self, life: Duration) -> Result<ClientCertificate, Failed> {
        let pair = self
            .cluster
            .issue_certificate(self.name, &["testers"], life)?;
        for (name, content) in [("crt", &pair.certificate), ("key", &pair.key)] {
            replace(&self.folder.path().join(name), content)?;
        }
        Ok(pair)
    }

    fn config(&self, period: Duration) -> Result<ClientConfig, Failed> {
        let loader = loader(&CacheHome::new()?).with_file_period(period);
        Ok(loader.with_kubeconfig(self.kubeconfig.path()).load()?)
    }
}

fn replace(path: &Path, content: &str) -> Outcome {
    let beside = path.with_extension("new");
    std::fs::write(&beside, content)?;
    Ok(std::fs::rename(beside, path)?)
}

async fn watching(config: &ClientConfig) -> Result<(Client, Watch), Failed> {
    let client = config.client()?;
    let watch = Watch::open(&client).await?;
    Ok((client, watch))
}

fn a_certificate_file_is_read_again() -> Outcome {
    let user = FileUser::new("frieda")?;
    let first = user.issue(Duration::from_secs(600))?;
    let config = user.config(PERIOD)?;
    let runtime = runtime()?;
    let (client, mut watch) = runtime.block_on(watching(&config))?;
    let second = user.issue(Duration::from_secs(600))?;
    await_that("a request with the second certificate", || {
        runtime.block_on(expect_known_as(&client, "frieda"))?;
        let log = user.cluster.auth_log()?;
        Ok(log.of_certificate(&second.certificate).accepted > 0)
    })?;
    let of_first = || Ok::<_, Failed>(user.cluster.auth_log()?.of_certificate(&first.certificate));
    let before = of_first()?;
    runtime.block_on(async {
        make(user.cluster, "after-frieda")?;
        watch.sees("after-frieda").await?;
        Watch::open(&client).await?.sees("after-frieda").await?;
        expect_known_as(&client, "frieda").await
    })?;
    let after = of_first()?;
    check(
        before.accepted == after.accepted && after.rejected == 0,
        format!("the first certificate: {before:?}, then {after:?}"),
    )
}

/// Nobody looked at the files in time; the server's 401 makes it.
fn an_expired_certificate_file_costs_one_401() -> Outcome {
    let user = FileUser::new("fanny")?;
    let first = user.issue(Duration::from_secs(3))?;
    let config = user.config(Duration::from_secs(600))?;
    let runtime = runtime()?;
    let client = runtime.block_on(async { config.client() })?;
    runtime.block_on(expect_known_as(&client, "fanny"))?;
    let second = user.issue(Duration::from_secs(600))?;
    await_that("the first certificate's end", || {
        runtime.block_on(expect_known_as(&client, "fanny"))?;
        let log = user.cluster.auth_log()?;
        Ok(log.of_certificate(&second.certificate).accepted > 0)
    })?;
    let log = user.cluster.auth_log()?;
    expect_rejected(log.of_certificate(&first.certificate), 1)
}

/// At first it is another server's: nothing is sent to one that is not known.
fn a_ca_file_is_read_again() -> Outcome {
    let cluster = cluster_for_testers()?;
    cluster.add_token(TokenUser::new("rooted-token", "rut", &["testers"]))?;
    let folder = tempfile::tempdir()?;
    let ca = folder.path().join("ca.crt");
    let other = include_str!("../../../../kcc-core/testdata/client.pem");
    replace(&ca, other)?;
    let user = KubeconfigUser::Token("rooted-token".into());
    let file = edited(&cluster.kubeconfig().with_user("rut", user), |content| {
        let entry = &mut content["clusters"][0]["cluster"];
        *entry = json!({ "server": entry["server"], "certificate-authority": ca });
    })?;
    let loader = loader(&CacheHome::new()?).with_file_period(PERIOD);
    let config = loader.with_kubeconfig(file.path()).load()?;
    let runtime = runtime()?;
    let client = runtime.block_on(async { config.client() })?;
    let error = runtime.block_on(whoami(&client)).expect_err("not trusted");
    check(
        matches!(&error, kube::Error::Service(error) if error.is::<ClientError>()),
        format!("{error:?}"),
    )?;
    replace(&ca, cluster.ca_pem())?;
    await_that("trust", || {
        Ok(runtime
            .block_on(whoami(&client))
            .is_ok_and(|name| name == "rut"))
    })?;
    // New connections are made; the old ones do not outlive the old CA.
    replace(&ca, other)?;
    await_that("the end of trust", || {
        Ok(runtime.block_on(whoami(&client)).is_err())
    })
}

fn watches_go_on_while_a_plugins_certificate_rotates() -> Outcome {
    let user = PluginUser::new("rosa")?;
    let issue = |life| {
        let life = Duration::from_secs(life);
        let pair = user.cluster.issue_certificate("rosa", &["testers"], life)?;
        user.plugin
            .answers_certificate(&pair.certificate, &pair.key)?;
        Ok::<_, Failed>(pair)
    };
    issue(5)?;
    let config = user.config()?;
    let runtime = runtime()?;
    let (client, mut watch) = runtime.block_on(watching(&config))?;
    let second = issue(600)?;
    await_that("a watch with the second certificate", || {
        runtime.block_on(Watch::open(&client))?;
        let log = user.cluster.auth_log()?;
        Ok(log.of_certificate(&second.certificate).accepted > 0)
    })?;
    runtime.block_on(async {
        make(user.cluster, "after-rosa")?;
        watch.sees("after-rosa").await?;
        Watch::open(&client).await?.sees("after-rosa").await
    })?;
    user.expect_runs(2)
}
