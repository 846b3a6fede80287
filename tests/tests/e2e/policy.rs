//! kubectl's own plugin policy and ours together: kubectl looks at `kcc-cache`, `kcc-cache` at the
//! plugin behind it, and both read one kuberc.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Output;

use kcc_core::{Environment, PluginPolicy};
use libtest_mimic::{Failed, Trial};

use crate::plugin_user::PluginUser;
use crate::trial::{Outcome, check, named, on_cluster};

pub(crate) fn trials() -> Vec<Trial> {
    on_cluster(
        "policy",
        named![
            a_list_that_names_the_cache_and_the_plugin_lets_kubectl_work,
            a_plugin_that_is_not_listed_is_refused_behind_the_cache,
            a_cache_that_is_not_listed_is_refused_by_kubectl,
            deny_all_refuses_both,
            a_kubeconfig_cannot_switch_the_policy_off,
            kubectl_and_we_agree,
            a_broken_default_kuberc_is_a_warning_of_both
        ],
    )
}

/// A user whose plugin is behind `kcc-cache`, and who has a folder for a kuberc.
fn user(name: &str) -> Result<PluginUser, Failed> {
    user_with_env(name, &[])
}

fn user_with_env(name: &str, variables: &[(&str, &str)]) -> Result<PluginUser, Failed> {
    let user = PluginUser::injected_with(name, |exec| {
        let variables = variables.iter();
        exec.env
            .extend(variables.map(|&(name, value)| (name.to_owned(), value.to_owned())));
    })?;
    fs::create_dir(user.home.path().join(".kube"))?;
    user.with_token()
}

impl PluginUser {
    fn kcc_cache(&self) -> PathBuf {
        self.home.kcc_cache().get_program().into()
    }

    fn write_kuberc(&self, text: &str) -> Outcome {
        Ok(fs::write(self.home.path().join(".kube/kuberc"), text)?)
    }

    fn allow(&self, commands: &[&Path]) -> Outcome {
        self.write_kuberc(&kuberc(&allowlist(commands)))
    }

    fn request(&self) -> Result<Output, Failed> {
        let mut kubectl = self.kubectl(&["get", "namespaces", "-o", "name"]);
        kubectl.env("KUBE_CREDENTIAL_CACHE_WARNINGS", "stderr");
        Ok(kubectl.output()?)
    }

    /// Succeeds, with this many words on stderr.
    fn works(&self, is_quiet: bool) -> Outcome {
        let output = self.request()?;
        let heard = String::from_utf8_lossy(&output.stderr);
        let fine = output.status.success() && heard.is_empty() == is_quiet;
        check(fine, format!("{}: {heard}", output.status))
    }

    /// Fails with this on stderr, and no plugin run.
    fn is_refused(&self, reason: &str) -> Outcome {
        let output = self.request()?;
        let heard = String::from_utf8_lossy(&output.stderr);
        let refused = !output.status.success() && heard.contains(reason);
        check(
            refused,
            format!("expected {reason:?}, and {}: {heard}", output.status),
        )?;
        check(self.plugin.runs() == 0, "the plugin ran")
    }
}

fn kuberc(policy: &str) -> String {
    format!("apiVersion: kubectl.config.k8s.io/v1beta1\nkind: Preference\n{policy}\n")
}

fn allowlist(commands: &[&Path]) -> String {
    let entries = commands.iter().map(|command| command.display());
    let entries: Vec<String> = entries
        .map(|command| format!("{{command: {command}}}"))
        .collect();
    format!(
        "credentialPluginPolicy: Allowlist\ncredentialPluginAllowlist: [{}]",
        entries.join(", ")
    )
}

const DENY_ALL: &str = "credentialPluginPolicy: DenyAll";

fn a_list_that_names_the_cache_and_the_plugin_lets_kubectl_work() -> Outcome {
    let user = user("lea")?;
    user.allow(&[&user.kcc_cache(), &user.plugin.path()])?;
    user.works(true)?;
    user.works(true)?;
    check(
        user.plugin.runs() == 1,
        "the second call ran the plugin again",
    )
}

fn a_plugin_that_is_not_listed_is_refused_behind_the_cache() -> Outcome {
    let user = user("noah")?;
    user.allow(&[&user.kcc_cache()])?;
    user.is_refused("is not permitted by the credential plugin allowlist of ")?;
    user.is_refused("add it to credentialPluginAllowlist")
}

fn a_cache_that_is_not_listed_is_refused_by_kubectl() -> Outcome {
    let user = user("uma")?;
    user.allow(&[&user.plugin.path()])?;
    user.is_refused(r#"kcc-cache" is not permitted by the credential plugin allowlist"#)?;
    check(
        user.home.entries().is_empty() && !user.home.entries_dir().exists(),
        "kubectl started kcc-cache all the same",
    )
}

fn deny_all_refuses_both() -> Outcome {
    let user = user("dena")?;
    user.write_kuberc(&kuberc(DENY_ALL))?;
    let reason = r#"not allowed: policy set to "DenyAll""#;
    user.is_refused(reason)?;
    // The same without kubectl in front.
    let mut kcc_cache = user.home.kcc_cache();
    let output = kcc_cache.arg(user.plugin.path()).output()?;
    let heard = String::from_utf8_lossy(&output.stderr);
    check(
        output.status.code() == Some(126) && heard.contains(reason),
        format!("{}: {heard}", output.status),
    )
}

fn a_kubeconfig_cannot_switch_the_policy_off() -> Outcome {
    for (number, variable) in [
        ("KUBERC", "off"),
        ("KUBECTL_KUBERC", "false"),
        ("HOME", "/nonexistent"),
    ]
    .iter()
    .enumerate()
    {
        let user = user_with_env(&format!("mallory-{number}"), &[*variable])?;
        user.allow(&[&user.kcc_cache()])?;
        user.is_refused("is not permitted by the credential plugin allowlist of ")?;
    }
    Ok(())
}

/// What `PluginPolicy` says of `kcc-cache` is what kubectl does with it, or `kcc inject` would
/// promise wrongly.
fn kubectl_and_we_agree() -> Outcome {
    let user = user("vera")?;
    let kcc_cache = user.kcc_cache();
    let plugin = user.plugin.path();
    let aside = user.home.path().join("kcc-cache");
    fs::copy(&kcc_cache, &aside)?;
    let not_clean = kcc_cache.join("../kcc-cache");
    let cases = [
        (String::new(), true),
        ("credentialPluginPolicy: AllowAll".to_owned(), true),
        (DENY_ALL.to_owned(), false),
        ("credentialPluginPolicy: Sometimes".to_owned(), false),
        ("credentialPluginPolicy: Allowlist".to_owned(), false),
        ("credentialPluginAllowlist: []".to_owned(), false),
        (allowlist(&[]), false),
        (allowlist(&[&kcc_cache, &plugin]), true),
        (allowlist(&[&plugin]), false),
        (allowlist(&[&aside, &plugin]), false),
        (allowlist(&[&not_clean, &plugin]), false),
        (allowlist(&[Path::new("kcc-cache"), &plugin]), false),
        (
            allowlist(&[&kcc_cache, &plugin]).replace("command:", "name:"),
            true,
        ),
    ];
    for (policy, expected) in cases {
        user.write_kuberc(&kuberc(&policy))?;
        let client: Environment = user.home.variables().into_iter().collect();
        let loaded = PluginPolicy::load(&client, &mut |_| {});
        let ours = loaded.and_then(|policy| policy.check(&kcc_cache));
        let kubectl = user.request()?;
        let heard = String::from_utf8_lossy(&kubectl.stderr);
        check(
            ours.is_ok() == expected && kubectl.status.success() == expected,
            format!("{policy}: expected {expected}, we say {ours:?}, kubectl {heard}"),
        )?;
    }
    Ok(())
}

fn a_broken_default_kuberc_is_a_warning_of_both() -> Outcome {
    let user = user("bea")?;
    let both =
        "credentialPluginAllowlist: [{name: a, command: b}]\ncredentialPluginPolicy: Allowlist";
    for broken in ["kind: [", &kuberc(both)] {
        user.write_kuberc(broken)?;
        user.works(false)?;
        let heard = user.request()?.stderr;
        let heard = String::from_utf8_lossy(&heard).into_owned();
        let warnings = heard.matches("kuberc: no preferences loaded from ").count();
        check(warnings == 2, heard)?;
    }
    Ok(())
}
