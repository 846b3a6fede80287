//! `kcc` and real kubectl: what the manager says and does is about the entry that kubectl gets.

use libtest_mimic::{Failed, Trial};

use crate::plugin_user::{PluginUser, stdout};
use crate::trial::{Outcome, check, named, on_cluster};

pub(crate) fn trials() -> Vec<Trial> {
    on_cluster(
        "manager",
        named![
            kubectl_finds_what_was_warmed,
            a_cleared_context_is_fetched_again
        ],
    )
}

impl PluginUser {
    /// What `kcc` prints, where it succeeded without a word on stderr.
    fn kcc(&self, args: &[&str]) -> Result<String, Failed> {
        let mut command = self.home.kcc();
        command
            .args(args)
            .arg("--kubeconfig")
            .arg(self.kubeconfig.path());
        stdout(&command.output()?)
    }

    fn kubectl_runs(&self, expected: usize) -> Outcome {
        stdout(&self.kubectl(&["get", "namespaces"]).output()?)?;
        self.expect_runs(expected)
    }
}

/// With all that kubectl may tell a plugin: both versions, with and without the cluster, whose CA
/// stands in a file or in the kubeconfig.
fn kubectl_finds_what_was_warmed() -> Outcome {
    for version in ["v1", "v1beta1"] {
        for provide_cluster_info in [false, true] {
            let name = format!("wanda-{version}-{provide_cluster_info}");
            let user = PluginUser::injected_with(&name, |exec| {
                exec.api_version = format!("client.authentication.k8s.io/{version}");
                exec.provide_cluster_info = provide_cluster_info;
            })?;
            let user = user.with_token()?;
            let said = user.kcc(&["warm"])?;
            check(said.contains("fetched in"), said)?;
            user.kubectl_runs(1)?;
            let said = user.kcc(&["explain"])?;
            check(said.contains("A call would be a hit"), said)?;
        }
    }
    Ok(())
}

fn a_cleared_context_is_fetched_again() -> Outcome {
    let user = PluginUser::injected_with("cleo", |exec| exec.provide_cluster_info = true)?;
    let user = user.with_token()?;
    user.kubectl_runs(1)?;
    user.kubectl_runs(1)?;
    let listed = user.kcc(&["list"])?;
    let server = user.cluster.server_url();
    check(listed.contains(server) && listed.contains("good"), &listed)?;
    let said = user.kcc(&["clear", "--user", "cleo"])?;
    check(said.starts_with("removed"), said)?;
    check(user.home.entries().is_empty(), "the entry is still there")?;
    user.kubectl_runs(2)
}
