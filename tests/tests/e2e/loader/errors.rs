//! What a person reads when something is wrong.

use harness::cluster::ExecUser;
use kcc_core::client::ClientError;
use libtest_mimic::Failed;

use super::{Outcome, PluginUser, Run, check, loader, runtime, whoami};
use crate::trial::named;

pub(super) const TRIALS: &[(&str, Run)] = named![
    a_failing_plugin_is_named,
    a_missing_plugin_gives_its_hint,
    rubbish_is_not_repeated,
    a_wrong_mode_is_named,
    nothing_to_load_says_where_it_looked
];

/// The error of a request, and that it names file, line and user.
fn request_error(user: &PluginUser) -> Result<String, Failed> {
    let config = user.config()?;
    let error = runtime()?.block_on(async {
        let client = config.client()?;
        Ok::<_, Failed>(whoami(&client).await.expect_err("there is no credential"))
    })?;
    let kube::Error::Service(inner) = &error else {
        return Err(format!("another error: {error}").into());
    };
    let Some(error) = inner.downcast_ref::<ClientError>() else {
        return Err(format!("not ours: {inner}").into());
    };
    let text = error.to_string();
    names_place(user, &text)?;
    Ok(text)
}

fn names_place(user: &PluginUser, text: &str) -> Outcome {
    let file = user.kubeconfig.path().display().to_string();
    let rest = text.strip_prefix(&format!("{file}:"));
    let line = rest.and_then(|rest| rest.split(':').next());
    let is_line = line.is_some_and(|line| line.parse::<u32>().is_ok());
    check(is_line, format!("no file and line: {text}"))?;
    check(
        text.contains(&format!("user {:?}", user.name)),
        format!("no user: {text}"),
    )
}

fn a_failing_plugin_is_named() -> Outcome {
    let user = PluginUser::injected("finja")?.with_tokens()?;
    user.plugin.exits_with(73)?;
    let text = request_error(&user)?;
    let plugin = user.plugin.path().display().to_string();
    check(text.contains(&plugin), &text)?;
    check(text.contains("exit code 73"), &text)?;
    check(!text.contains("kcc-cache"), text)
}

fn a_missing_plugin_gives_its_hint() -> Outcome {
    let user = PluginUser::with("mina", |exec, _| {
        *exec = ExecUser::new("no-such-plugin-anywhere", &["s3cret"]);
        exec.install_hint = Some("get it from the shop".to_owned());
    })?;
    let text = request_error(&user)?;
    check(text.contains("no-such-plugin-anywhere"), &text)?;
    check(text.contains("not found in PATH"), &text)?;
    check(text.contains("get it from the shop"), &text)?;
    check(!text.contains("s3cret"), text)
}

fn rubbish_is_not_repeated() -> Outcome {
    let user = PluginUser::new("ruby")?;
    user.plugin
        .answers(r#"{"kind":"ExecCredential","status":{"token":"s3cret"}}"#)?;
    let text = request_error(&user)?;
    check(
        text.contains("apiVersion") && !text.contains("s3cret"),
        text,
    )
}

fn a_wrong_mode_is_named() -> Outcome {
    for (mode, expected) in [
        (None, "interactiveMode is missing"),
        (Some("Always"), "standard input is not a terminal"),
        (Some("Sometimes"), "Sometimes"),
    ] {
        let user = PluginUser::with("mode", |exec, _| {
            exec.interactive_mode = mode.map(str::to_owned);
        })?;
        let text = user.loader().load().unwrap_err().to_string();
        names_place(&user, &text)?;
        check(text.contains(expected), text)?;
    }
    Ok(())
}

fn nothing_to_load_says_where_it_looked() -> Outcome {
    let home = harness::CacheHome::new()?;
    let text = loader(&home).load().unwrap_err().to_string();
    let looked = home.path().join(".kube/config").display().to_string();
    check(text.contains(&looked), &text)?;
    check(text.contains("KUBERNETES_SERVICE_HOST"), text)
}
