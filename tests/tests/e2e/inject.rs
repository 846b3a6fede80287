//! Kubeconfigs that `kcc inject` and `kcc eject` edit, used and rewritten by real kubectl.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output};

use harness::cluster::{Cluster, ExecUser, KubeconfigFile, KubeconfigUser, TokenUser};
use harness::{CacheHome, ExecPlugin};
use kcc_core::kubeconfig::{ExecSpec, Kubeconfig, Overrides};
use libtest_mimic::{Failed, Trial};

use crate::trial::{Outcome, check, cluster_for_testers, named, on_cluster};

pub(crate) fn trials() -> Vec<Trial> {
    on_cluster(
        "inject",
        named![
            an_injected_kubeconfig_works_and_an_ejected_one_does,
            kubectl_config_keeps_an_injected_kubeconfig_working,
            a_relative_plugin_is_found_behind_the_cache,
            kubectl_config_and_kcc_at_once_lose_nothing
        ],
    )
}

/// A user of the shared cluster with a plugin of its own, not yet behind the cache.
struct User {
    cluster: &'static Cluster,
    home: CacheHome,
    plugin: ExecPlugin,
    name: &'static str,
    kubeconfig: KubeconfigFile,
}

impl User {
    fn new(name: &'static str) -> Result<Self, Failed> {
        let (cluster, home) = (cluster_for_testers()?, CacheHome::new()?);
        let plugin = ExecPlugin::new()?;
        let token = format!("token-of-{name}");
        plugin.answers_token(&token)?;
        cluster.add_token(TokenUser::new(&token, name, &["testers"]))?;
        let mut exec = ExecUser::new(plugin.path(), &["an argument"]).with_env("MY_TENANT", "x");
        exec.install_hint = Some("get it\n\nthere: \"now\"\n".to_owned());
        let kubeconfig = cluster
            .kubeconfig()
            .with_user(name, KubeconfigUser::Exec(exec));
        Ok(Self {
            cluster,
            home,
            plugin,
            name,
            kubeconfig: kubeconfig.write()?,
        })
    }

    fn kubectl(&self, args: &[&str]) -> Command {
        let mut command = self.cluster.kubectl_with(self.kubeconfig.path());
        command.envs(self.home.variables()).args(args);
        command
    }

    fn kcc(&self, args: &[&str]) -> Command {
        let mut command = self.home.kcc();
        command.args(args);
        command.arg("--kubeconfig").arg(self.kubeconfig.path());
        command
    }

    fn inject(&self) -> Command {
        let cache = PathBuf::from(self.home.kcc_cache().get_program());
        let mut command = self.kcc(&["inject"]);
        command.arg("--command").arg(cache);
        command
    }

    fn text(&self) -> Result<String, Failed> {
        Ok(fs::read_to_string(self.kubeconfig.path())?)
    }

    /// The current context's plugin, as the resolver sees it.
    fn exec(&self) -> Result<ExecSpec, Failed> {
        let kubeconfig = Kubeconfig::parse(self.kubeconfig.path(), self.text()?.as_bytes())?;
        let resolved = kubeconfig.resolve(&Overrides::default())?;
        let user = resolved.user.ok_or("no user")?;
        Ok(user.value.exec.clone().ok_or("no plugin")?)
    }

    /// That the server knows the user, and how often the plugin has been run then.
    fn works_with(&self, runs: usize) -> Outcome {
        let output = self.kubectl(&[
            "auth",
            "whoami",
            "-o",
            "jsonpath={.status.userInfo.username}",
        ]);
        let who = succeeds(output)?;
        check(who == self.name, format!("the server sees {who:?}"))?;
        let found = self.plugin.runs();
        check(found == runs, format!("{found} plugin runs, not {runs}"))
    }
}

fn succeeds(mut command: Command) -> Result<String, Failed> {
    let output: Output = command.output()?;
    let stderr = String::from_utf8_lossy(&output.stderr);
    check(output.status.success(), format!("{command:?}: {stderr}"))?;
    Ok(String::from_utf8(output.stdout)?)
}

/// Runs it again for as long as it says that it was in the way of another.
fn succeeds_at_last(mut command: Command, in_the_way: &str) -> Outcome {
    loop {
        let output = command.output()?;
        if output.status.success() {
            return Ok(());
        }
        let stderr = String::from_utf8_lossy(&output.stderr);
        check(stderr.contains(in_the_way), stderr.into_owned())?;
    }
}

fn an_injected_kubeconfig_works_and_an_ejected_one_does() -> Outcome {
    let user = User::new("injected")?;
    let before = user.text()?;
    user.works_with(1)?;
    succeeds(user.inject())?;
    user.works_with(2)?;
    user.works_with(2)?;
    succeeds(user.kubectl(&["get", "namespaces"]))?;
    succeeds(user.inject())?;
    user.works_with(2)?;
    succeeds(user.kcc(&["eject"]))?;
    check(user.text()? == before, "the ejected file is another")?;
    user.works_with(3)
}

fn kubectl_config_keeps_an_injected_kubeconfig_working() -> Outcome {
    let user = User::new("rewritten")?;
    let original = user.exec()?;
    succeeds(user.inject())?;
    let injected = user.exec()?;
    user.works_with(1)?;
    let commands: [&[&str]; 9] = [
        &["set-context", "--current", "--namespace=kube-system"],
        &[
            "set-context",
            "other",
            "--cluster=apiserver",
            "--user=rewritten",
        ],
        &["use-context", "other"],
        &["rename-context", "rewritten", "first"],
        &["set-credentials", "third", "--token=x"],
        &["set-credentials", "rewritten", "--exec-env=ADDED=y"],
        &["set-cluster", "second", "--server=https://127.0.0.1:1"],
        &["delete-user", "third"],
        &["unset", "contexts.first.namespace"],
    ];
    for command in commands {
        succeeds(user.kubectl(&[&["config"], command].concat()))?;
        // kubectl runs no plugin for a change of the file, and finds the same entry then.
        user.works_with(1)?;
    }
    let mut expected = injected;
    expected.env.push(("ADDED".to_owned(), "y".to_owned()));
    check(user.exec()? == expected, "kubectl changed the plugin")?;
    // The variable that has come is part of the key now.
    succeeds(user.inject())?;
    user.works_with(2)?;
    user.works_with(2)?;

    succeeds(user.kcc(&["eject"]))?;
    let mut expected = original;
    expected.env.push(("ADDED".to_owned(), "y".to_owned()));
    check(user.exec()? == expected, "the ejected plugin is another")?;
    user.works_with(3)?;
    let before = user.text()?;
    succeeds(user.inject())?;
    user.works_with(3)?;
    succeeds(user.kcc(&["eject"]))?;
    check(user.text()? == before, "the ejected file is another")
}

fn a_relative_plugin_is_found_behind_the_cache() -> Outcome {
    let user = User::new("relative")?;
    let folder = user.kubeconfig.path().parent().ok_or("no folder")?;
    fs::create_dir(folder.join("bin"))?;
    std::os::unix::fs::symlink(user.plugin.path(), folder.join("bin/plugin"))?;
    let path = user.plugin.path().display().to_string();
    let text = user.text()?.replace(&path, "./bin/plugin");
    fs::write(user.kubeconfig.path(), &text)?;
    user.works_with(1)?;
    succeeds(user.inject())?;
    user.works_with(2)?;
    user.works_with(2)?;
    succeeds(user.kubectl(&["config", "set-context", "--current", "--namespace=x"]))?;
    user.works_with(2)?;
    succeeds(user.kcc(&["eject"]))?;
    user.works_with(3)
}

fn kubectl_config_and_kcc_at_once_lose_nothing() -> Outcome {
    const CONTEXTS: usize = 15;
    let user = User::new("raced")?;
    let before = user.exec()?;
    let raced: Outcome = std::thread::scope(|scope| {
        let toggle = scope.spawn(|| -> Outcome {
            for turn in 0..30 {
                let kcc = if turn % 2 == 0 {
                    user.inject()
                } else {
                    user.kcc(&["eject"])
                };
                // Where kubectl is always first, kcc changes nothing and says so.
                succeeds_at_last(kcc, "keep changing")?;
            }
            Ok(())
        });
        let contexts = scope.spawn(|| -> Outcome {
            for number in 0..CONTEXTS {
                let name = format!("context-{number}");
                let args = ["config", "set-context", &name, "--cluster=apiserver"];
                // kubectl does not wait for a lock.
                succeeds_at_last(user.kubectl(&args), "file exists")?;
            }
            Ok(())
        });
        let joined = |thread: std::thread::ScopedJoinHandle<'_, Outcome>| {
            thread
                .join()
                .map_err(|_| Failed::from("a thread panicked"))?
        };
        joined(toggle)?;
        joined(contexts)
    });
    raced?;
    let kubeconfig = Kubeconfig::parse(user.kubeconfig.path(), user.text()?.as_bytes())?;
    let found = kubeconfig.contexts.len();
    check(found == CONTEXTS + 1, format!("{found} contexts"))?;
    // kubectl writes back the user that it read before its lock, injected or not.
    succeeds(user.kcc(&["eject"]))?;
    check(user.exec()? == before, "the plugin is another")?;
    let folder = user.kubeconfig.path().parent().ok_or("no folder")?;
    let files = fs::read_dir(folder)?.count();
    check(files == 1, format!("{files} files stayed"))
}
