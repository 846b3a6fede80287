//! A user of the shared cluster whose credentials come from a plugin, with or without `kcc-cache`
//! before it.

use std::process::{Command, Output};

use harness::cluster::{Cluster, ExecUser, KubeconfigFile, KubeconfigUser, TokenUser};
use harness::{CacheHome, ExecPlugin};
use libtest_mimic::Failed;
use serde_json::Value;

use crate::trial::{Outcome, check, cluster_for_testers};

pub(crate) struct PluginUser {
    pub(crate) cluster: &'static Cluster,
    pub(crate) home: CacheHome,
    pub(crate) plugin: ExecPlugin,
    pub(crate) name: String,
    pub(crate) kubeconfig: KubeconfigFile,
}

impl PluginUser {
    /// The kubeconfig names the plugin.
    pub(crate) fn new(name: &str) -> Result<Self, Failed> {
        Self::with(name, |_, _| {})
    }

    /// The kubeconfig names `kcc-cache`, which runs the plugin.
    pub(crate) fn injected(name: &str) -> Result<Self, Failed> {
        Self::injected_with(name, |_| {})
    }

    pub(crate) fn injected_with(
        name: &str,
        adjust: impl FnOnce(&mut ExecUser),
    ) -> Result<Self, Failed> {
        Self::with(name, |exec, home| {
            inject(exec, home);
            adjust(exec);
        })
    }

    /// As [`new`](Self::new), but for what `adjust` does to the kubeconfig's `exec`.
    pub(crate) fn with(
        name: &str,
        adjust: impl FnOnce(&mut ExecUser, &CacheHome),
    ) -> Result<Self, Failed> {
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

    /// The plugin answers with a token that the server knows this user by.
    pub(crate) fn with_token(self) -> Result<Self, Failed> {
        let token = format!("token-of-{}", self.name);
        self.plugin.answers_token(&token)?;
        self.add_token(&token)?;
        Ok(self)
    }

    /// The plugin answers with `<name>-<number of the run>`; the server takes those of `runs`.
    pub(crate) fn with_tokens_of(
        self,
        runs: impl IntoIterator<Item = usize>,
    ) -> Result<Self, Failed> {
        self.plugin.answers_token(&format!("{}-@RUN@", self.name))?;
        for run in runs {
            self.add_token(&self.token(run))?;
        }
        Ok(self)
    }

    /// What the plugin answers in this run.
    pub(crate) fn token(&self, run: usize) -> String {
        format!("{}-{run}", self.name)
    }

    /// The server knows this user by `token`.
    pub(crate) fn add_token(&self, token: &str) -> Outcome {
        let user = TokenUser::new(token, &self.name, &["testers"]);
        Ok(self.cluster.add_token(user)?)
    }

    pub(crate) fn kubectl(&self, args: &[&str]) -> Command {
        let mut command = self.cluster.kubectl_with(self.kubeconfig.path());
        command.envs(self.home.variables()).args(args);
        command
    }

    /// Who the server says that this user is, by kubectl.
    pub(crate) fn whoami(&self) -> Result<String, Failed> {
        whoami(&self.kubectl(&["auth", "whoami", "-o", "json"]).output()?)
    }

    pub(crate) fn expect_runs(&self, expected: usize) -> Outcome {
        let runs = self.plugin.runs();
        check(
            runs == expected,
            format!("the plugin ran {runs} times instead of {expected}"),
        )
    }
}

/// Puts `kcc-cache` before the plugin.
pub(crate) fn inject(exec: &mut ExecUser, home: &CacheHome) {
    let plugin = std::mem::take(&mut exec.command);
    exec.args.insert(0, plugin);
    exec.command = home
        .kcc_cache()
        .get_program()
        .to_string_lossy()
        .into_owned();
}

/// The user's name in what `kubectl auth whoami -o json` printed.
pub(crate) fn whoami(output: &Output) -> Result<String, Failed> {
    user_of(&stdout(output)?)
}

/// The user's name in a review as JSON.
pub(crate) fn user_of(review: &str) -> Result<String, Failed> {
    Ok(user_name(&serde_json::from_str(review)?))
}

pub(crate) fn user_name(review: &Value) -> String {
    let name = review["status"]["userInfo"]["username"].as_str();
    name.unwrap_or_default().to_owned()
}

/// What a program printed, where it succeeded without a word on stderr.
pub(crate) fn stdout(output: &Output) -> Result<String, Failed> {
    let heard = String::from_utf8_lossy(&output.stderr);
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let quiet = output.status.success() && heard.is_empty();
    check(quiet, format!("{}: {heard}{said}", output.status))?;
    Ok(said)
}
