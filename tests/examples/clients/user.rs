//! A user of the cluster whose credentials come from a plugin, with the cache in front or not.

use std::cell::RefCell;
use std::fs::{self, Permissions};
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Result, ensure};
use harness::cluster::{Cluster, ExecUser, KubeconfigUser, TokenUser};
use harness::{CacheHome, ExecPlugin};
use serde_json::json;

/// Whether the cache is in front of the plugin.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Front {
    Alone,
    Cache,
}

/// What a kubeconfig and its plugin say.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Shape {
    /// The version in the kubeconfig: `v1` or `v1beta1`.
    pub(crate) protocol: &'static str,
    pub(crate) plugin: Plugin,
    /// How many seconds a credential is good for; `None` where the plugin does not say.
    pub(crate) life: Option<u32>,
    pub(crate) certificate: bool,
}

/// Which version a plugin answers.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Plugin {
    /// The one that it is told, and this one where the client tells it none.
    AsTold(&'static str),
    /// This one, whatever it is told.
    Always(&'static str),
}

/// Where the parts of all users are.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Setup<'a> {
    pub(crate) cluster: &'a Cluster,
    /// The server as clients see it: at a distance, as servers are.
    pub(crate) server: SocketAddr,
    pub(crate) kcc_cache: &'a Path,
}

/// The user, with a home, a plugin and a kubeconfig of their own.
pub(crate) struct User<'a> {
    setup: Setup<'a>,
    pub(crate) name: String,
    pub(crate) home: CacheHome,
    pub(crate) plugin: ExecPlugin,
    kubeconfig: PathBuf,
    tokens: RefCell<Vec<String>>,
}

impl Shape {
    /// A plugin that answers this version also where it is told none, with tokens of an hour.
    pub(crate) fn of(protocol: &'static str) -> Self {
        Self {
            protocol,
            plugin: Plugin::AsTold(protocol),
            life: Some(3600),
            certificate: false,
        }
    }
}

impl<'a> User<'a> {
    /// The plugin answers with `<name>-<number of the run>`, and the server takes so many of them.
    pub(crate) fn new(
        setup: Setup<'a>,
        name: &str,
        front: Front,
        shape: Shape,
        tokens: usize,
    ) -> Result<Self> {
        let user = Self::without_kubeconfig(setup, name)?;
        match shape.plugin {
            Plugin::AsTold(version) => user.plugin.answers_where_untold(version)?,
            Plugin::Always(version) => user.plugin.answers_always(version)?,
        }
        user.plugin.expires_after(shape.life.map(i64::from))?;
        if shape.certificate {
            let hour = Duration::from_secs(3600);
            let pair = setup.cluster.issue_certificate(name, &["testers"], hour)?;
            user.plugin
                .answers_certificate(&pair.certificate, &pair.key)?;
        } else if shape.life.is_none() {
            user.plugin.answers(&token_without_expiry(name))?;
        } else {
            user.plugin.answers_token(&format!("{name}-@RUN@"))?;
        }
        user.add_tokens((1..=tokens).map(|run| format!("{name}-{run}")).collect())?;
        let exec = exec(&user.plugin.path(), shape.protocol);
        user.write(&[(name.to_owned(), exec)], front)?;
        Ok(user)
    }

    /// Two users, `one` and `two`, that differ by a variable of their `exec.env` only; each has a
    /// context. Their tokens are `<name>-one` and `<name>-two`.
    pub(crate) fn two(
        setup: Setup<'a>,
        name: &str,
        front: Front,
        protocol: &'static str,
    ) -> Result<Self> {
        let user = Self::without_kubeconfig(setup, name)?;
        user.plugin.answers_where_untold(protocol)?;
        user.plugin.expires_after(Some(3600))?;
        user.plugin.answers_token(&format!("{name}-@NAME@"))?;
        let by_tenant = user.home.path().join("get-token");
        let plugin = user.plugin.path();
        let script = format!("#!/bin/sh\nexec '{}' \"$TENANT\"\n", plugin.display());
        fs::write(&by_tenant, script)?;
        fs::set_permissions(&by_tenant, Permissions::from_mode(0o755))?;
        let users = ["one", "two"].map(|tenant| {
            let exec = exec(&by_tenant, protocol).with_env("TENANT", tenant);
            (tenant.to_owned(), exec)
        });
        user.add_tokens(
            ["one", "two"]
                .map(|tenant| format!("{name}-{tenant}"))
                .into(),
        )?;
        user.write(&users, front)?;
        Ok(user)
    }

    fn without_kubeconfig(setup: Setup<'a>, name: &str) -> Result<Self> {
        let home = CacheHome::new()?;
        Ok(Self {
            setup,
            name: name.to_owned(),
            kubeconfig: home.path().join("kubeconfig"),
            home,
            plugin: ExecPlugin::new()?,
            tokens: RefCell::default(),
        })
    }

    fn add_tokens(&self, tokens: Vec<String>) -> Result<()> {
        let user = |token: &String| TokenUser::new(token, &self.name, &["testers"]);
        let users: Vec<_> = tokens.iter().map(user).collect();
        self.setup.cluster.add_tokens(&users)?;
        self.tokens.replace(tokens);
        Ok(())
    }

    fn write(&self, users: &[(String, ExecUser)], front: Front) -> Result<()> {
        let mut kubeconfig = self.setup.cluster.kubeconfig();
        for (name, exec) in users {
            kubeconfig = kubeconfig.with_user(name, KubeconfigUser::Exec(exec.clone()));
        }
        let mut file = kubeconfig.to_json();
        let server = format!("https://{}", self.setup.server);
        file["clusters"][0]["cluster"]["server"] = json!(server);
        fs::write(&self.kubeconfig, file.to_string())?;
        if front == Front::Cache {
            let mut kcc = self.home.kcc();
            kcc.args(["inject", "--kubeconfig"]).arg(&self.kubeconfig);
            kcc.arg("--command").arg(self.setup.kcc_cache);
            let output = kcc.output()?;
            let heard = String::from_utf8_lossy(&output.stderr);
            ensure!(output.status.success(), "kcc inject: {heard}");
        }
        Ok(())
    }

    /// The environment of a client.
    pub(crate) fn variables(&self) -> Vec<(&'static str, String)> {
        let mut variables = self.home.variables();
        variables.push(("KUBECONFIG", self.kubeconfig.display().to_string()));
        variables
    }

    /// From now on the server refuses all tokens that the plugin has given out.
    pub(crate) fn revoke(&self) -> Result<()> {
        let given = 1..=self.plugin.runs();
        self.revoke_runs(given)
    }

    /// From now on the server refuses the tokens of these runs.
    pub(crate) fn revoke_runs(&self, runs: impl Iterator<Item = usize>) -> Result<()> {
        let revoked: Vec<_> = runs.map(|run| format!("{}-{run}", self.name)).collect();
        self.setup.cluster.revoke_tokens(&revoked)
    }

    /// How often the server took the token of one of the two users.
    pub(crate) fn accepted(&self, tenant: &str) -> Result<usize> {
        let log = self.setup.cluster.auth_log()?;
        Ok(log.of_token(&format!("{}-{tenant}", self.name)).accepted)
    }
}

impl Drop for User<'_> {
    /// The server reads the whole list at each request.
    fn drop(&mut self) {
        let _ = self.setup.cluster.revoke_tokens(&self.tokens.borrow());
    }
}

fn exec(command: &Path, protocol: &str) -> ExecUser {
    let mut exec = ExecUser::new(command, &["get-token"]);
    exec.api_version = format!("client.authentication.k8s.io/{protocol}");
    exec
}

/// What plugins print that know no expiry: no field, and no `null` either.
fn token_without_expiry(name: &str) -> String {
    let answer = json!({
        "kind": "ExecCredential",
        "apiVersion": "client.authentication.k8s.io/@VERSION@",
        "status": { "token": format!("{name}-@RUN@") },
    });
    answer.to_string()
}
