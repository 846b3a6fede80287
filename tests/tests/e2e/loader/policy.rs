//! kuberc's plugin policy holds for a tool as it does for kubectl.

use std::path::Path;

use libtest_mimic::Failed;
use serde_json::json;

use super::{Outcome, PluginUser, Run, check, loader, runtime, whoami};
use crate::trial::named;

pub(super) const TRIALS: &[(&str, Run)] = named![
    a_listed_plugin_runs,
    an_unlisted_plugin_is_refused,
    a_kubeconfig_cannot_switch_the_policy_off,
    a_stored_credential_is_refused_too,
    a_contradictory_kuberc_is_an_error
];

fn write_kuberc(user: &PluginUser, policy: &str, commands: &[&Path]) -> Outcome {
    let allowed: Vec<_> = commands
        .iter()
        .map(|command| json!({ "command": command }))
        .collect();
    let mut kuberc = json!({
        "apiVersion": "kubectl.config.k8s.io/v1beta1",
        "kind": "Preference",
        "credentialPluginPolicy": policy,
    });
    if !allowed.is_empty() {
        kuberc["credentialPluginAllowlist"] = json!(allowed);
    }
    let folder = user.home.path().join(".kube");
    std::fs::create_dir_all(&folder)?;
    Ok(std::fs::write(folder.join("kuberc"), kuberc.to_string())?)
}

fn is_known(user: &PluginUser) -> Outcome {
    let config = user.config()?;
    runtime()?.block_on(async { user.expect_known(&config.client()?).await })
}

/// The request's error names the user, the plugin and the kuberc.
fn is_refused(user: &PluginUser) -> Outcome {
    let config = user.config()?;
    let answer = runtime()?.block_on(async {
        let client = config.client()?;
        Ok::<_, Failed>(whoami(&client).await)
    })?;
    let text = answer.expect_err("it is not allowed").to_string();
    let plugin = user.plugin.path().display().to_string();
    for part in [&plugin, ".kube/kuberc", &format!("user {:?}", user.name)] {
        check(text.contains(part), format!("no {part}: {text}"))?;
    }
    Ok(())
}

/// The list names the plugin; the cache in front of it is taken away.
fn a_listed_plugin_runs() -> Outcome {
    for user in [PluginUser::new("lisa")?, PluginUser::injected("lisbet")?] {
        let user = user.with_tokens()?;
        write_kuberc(&user, "Allowlist", &[&user.plugin.path()])?;
        is_known(&user)?;
        user.expect_runs(1)?;
    }
    Ok(())
}

fn an_unlisted_plugin_is_refused() -> Outcome {
    let user = PluginUser::injected("ulla")?.with_tokens()?;
    let cache = user.home.kcc_cache();
    write_kuberc(&user, "Allowlist", &[Path::new(cache.get_program())])?;
    is_refused(&user)?;
    write_kuberc(&user, "DenyAll", &[])?;
    is_refused(&user)?;
    user.expect_runs(0)
}

fn a_kubeconfig_cannot_switch_the_policy_off() -> Outcome {
    let user = PluginUser::with("konny", |exec, _| {
        for (name, value) in [("KUBERC", "off"), ("KUBECTL_KUBERC", "false")] {
            exec.env.push((name.to_owned(), value.to_owned()));
        }
    })?;
    let user = user.with_tokens()?;
    write_kuberc(&user, "DenyAll", &[])?;
    is_refused(&user)?;
    user.expect_runs(0)
}

fn a_stored_credential_is_refused_too() -> Outcome {
    let user = PluginUser::new("stora")?.with_tokens()?;
    is_known(&user)?;
    write_kuberc(&user, "DenyAll", &[])?;
    is_refused(&user)?;
    user.expect_runs(1)
}

fn a_contradictory_kuberc_is_an_error() -> Outcome {
    let user = PluginUser::new("wilma")?;
    write_kuberc(&user, "Allowlist", &[])?;
    let loader = loader(&user.home).with_kubeconfig(user.kubeconfig.path());
    let text = loader.load().unwrap_err().to_string();
    check(text.contains(".kube/kuberc"), &text)?;
    check(text.contains("user \"wilma\""), text)
}
