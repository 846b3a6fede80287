//! `kcc` and real kubectl: what the manager says and does is about the entry that kubectl gets.

use std::process::Output;

use harness::cluster::{ExecUser, KubeconfigFile, KubeconfigUser, TokenUser};
use harness::{CacheHome, ExecPlugin};
use libtest_mimic::{Failed, Trial};

use crate::trial::{Outcome, check, cluster_for_testers, named, on_cluster};

pub(crate) fn trials() -> Vec<Trial> {
    on_cluster(
        "manager",
        named![
            kubectl_finds_what_was_warmed,
            a_cleared_context_is_fetched_again
        ],
    )
}

/// A user with a plugin behind `kcc-cache`, and the kubeconfig that kubectl and `kcc` share.
struct Seat {
    home: CacheHome,
    plugin: ExecPlugin,
    kubeconfig: KubeconfigFile,
}

impl Seat {
    fn new(name: &str, adjust: impl FnOnce(&mut ExecUser)) -> Result<Self, Failed> {
        let cluster = cluster_for_testers()?;
        let (home, plugin) = (CacheHome::new()?, ExecPlugin::new()?);
        let token = format!("token-of-{name}");
        plugin.answers_token(&token)?;
        cluster.add_token(TokenUser::new(&token, name, &["testers"]))?;
        let inner = plugin.path().display().to_string();
        let mut exec = ExecUser::new(home.kcc_cache().get_program(), &[&inner]);
        adjust(&mut exec);
        let kubeconfig = cluster.kubeconfig();
        let kubeconfig = kubeconfig.with_user(name, KubeconfigUser::Exec(exec));
        Ok(Self {
            kubeconfig: kubeconfig.write()?,
            home,
            plugin,
        })
    }

    /// What `kcc` prints, where it succeeded without a word on stderr.
    fn kcc(&self, args: &[&str]) -> Result<String, Failed> {
        let mut command = self.home.kcc();
        command
            .args(args)
            .arg("--kubeconfig")
            .arg(self.kubeconfig.path());
        quiet(&command.output()?)
    }

    fn kubectl_runs(&self, expected: usize) -> Outcome {
        let mut command = cluster_for_testers()?.kubectl_with(self.kubeconfig.path());
        command.envs(self.home.variables());
        quiet(&command.args(["get", "namespaces"]).output()?)?;
        let runs = self.plugin.runs();
        check(
            runs == expected,
            format!("the plugin ran {runs} times instead of {expected}"),
        )
    }
}

fn quiet(output: &Output) -> Result<String, Failed> {
    let heard = String::from_utf8_lossy(&output.stderr);
    let quiet = output.status.success() && heard.is_empty();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    check(quiet, format!("{}: {heard}{said}", output.status))?;
    Ok(said)
}

/// With all that kubectl may tell a plugin: both versions, with and without the cluster, whose CA
/// stands in a file or in the kubeconfig.
fn kubectl_finds_what_was_warmed() -> Outcome {
    for version in ["v1", "v1beta1"] {
        for provide_cluster_info in [false, true] {
            let name = format!("wanda-{version}-{provide_cluster_info}");
            let seat = Seat::new(&name, |exec| {
                exec.api_version = format!("client.authentication.k8s.io/{version}");
                exec.provide_cluster_info = provide_cluster_info;
            })?;
            let said = seat.kcc(&["warm"])?;
            check(said.contains("fetched in"), said)?;
            seat.kubectl_runs(1)?;
            let said = seat.kcc(&["explain"])?;
            check(said.contains("A call would be a hit"), said)?;
        }
    }
    Ok(())
}

fn a_cleared_context_is_fetched_again() -> Outcome {
    let seat = Seat::new("cleo", |exec| exec.provide_cluster_info = true)?;
    seat.kubectl_runs(1)?;
    seat.kubectl_runs(1)?;
    let listed = seat.kcc(&["list"])?;
    let server = cluster_for_testers()?.server_url();
    check(listed.contains(server) && listed.contains("good"), &listed)?;
    let said = seat.kcc(&["clear", "--user", "cleo"])?;
    check(said.starts_with("removed"), said)?;
    check(seat.home.entries().is_empty(), "the entry is still there")?;
    seat.kubectl_runs(2)
}
