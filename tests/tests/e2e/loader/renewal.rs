//! Credentials that end, plugins that fail or hang.

use std::time::Duration;

use harness::cluster::ExecUser;
use libtest_mimic::Failed;

use super::{Outcome, PluginUser, Run, await_that, check, expect_rejected, runtime, whoami};
use crate::trial::named;

pub(super) const TRIALS: &[(&str, Run)] = named![
    an_ending_token_is_renewed_without_a_401,
    an_expired_token_is_renewed_without_a_401,
    a_failing_plugin_keeps_the_old_token,
    a_hanging_plugin_is_stopped,
    a_hanging_plugins_children_are_stopped,
    the_runtimes_end_does_not_wait
];

/// In the margin the old one is used while the plugin runs, here for as long as the test wants.
fn an_ending_token_is_renewed_without_a_401() -> Outcome {
    let user = PluginUser::renewed_ahead("elsa")?;
    let config = user.config()?;
    let runtime = runtime()?;
    let client = runtime.block_on(async { config.client() })?;
    runtime.block_on(user.expect_known(&client))?;
    user.plugin.expires_after(Some(3_600))?;
    user.plugin.waits_at_the_gate()?;
    await_that("a renewal", || {
        runtime.block_on(user.expect_known(&client))?;
        Ok(user.plugin.runs() == 2)
    })?;
    for _ in 0..5 {
        runtime.block_on(user.expect_known(&client))?;
    }
    let of_second = || Ok::<_, Failed>(user.cluster.auth_log()?.of_token(&user.token(2)));
    check(of_second()?.accepted == 0, "the gate was open")?;
    user.plugin.opens_the_gate()?;
    await_that("the second token", || {
        runtime.block_on(user.expect_known(&client))?;
        Ok(of_second()?.accepted > 0)
    })?;
    user.expect_runs(2)?;
    expect_rejected(user.cluster.auth_log()?.of_token(&user.token(1)), 0)
}

fn an_expired_token_is_renewed_without_a_401() -> Outcome {
    let user = PluginUser::new("egon")?.with_tokens()?;
    user.plugin.expires_after(Some(6))?;
    let config = user.config()?;
    let runtime = runtime()?;
    let client = runtime.block_on(async { config.client() })?;
    runtime.block_on(user.expect_known(&client))?;
    std::thread::sleep(Duration::from_millis(6_100));
    user.cluster.revoke_token(&user.token(1))?;
    user.plugin.expires_after(Some(600))?;
    runtime.block_on(user.expect_known(&client))?;
    user.expect_runs(2)?;
    expect_rejected(user.cluster.auth_log()?.of_token(&user.token(1)), 0)
}

fn a_failing_plugin_keeps_the_old_token() -> Outcome {
    let user = PluginUser::new("fred")?.with_tokens()?;
    user.plugin.expires_after(Some(12))?;
    let config = user.config()?;
    let runtime = runtime()?;
    let client = runtime.block_on(async { config.client() })?;
    runtime.block_on(user.expect_known(&client))?;
    user.plugin.exits_with(1)?;
    await_that("a failed renewal", || {
        runtime.block_on(user.expect_known(&client))?;
        Ok(user.plugin.runs() >= 2)
    })?;
    // At once after a failure there is a pause, whatever is requested.
    for _ in 0..20 {
        runtime.block_on(user.expect_known(&client))?;
    }
    let runs = user.plugin.runs();
    check(runs <= 3, format!("the plugin ran {runs} times"))?;
    user.plugin.exits_with(0)?;
    user.plugin.expires_after(Some(600))?;
    // The run that succeeds has a number that the server does not know.
    for run in 2..=6 {
        let token = harness::cluster::TokenUser::new(&user.token(run), &user.name, &["testers"]);
        user.cluster.add_token(token)?;
    }
    await_that("a new token", || {
        runtime.block_on(user.expect_known(&client))?;
        let log = user.cluster.auth_log()?;
        Ok((2..=6).any(|run| log.of_token(&user.token(run)).accepted > 0))
    })
}

fn a_hanging_plugin_is_stopped() -> Outcome {
    let user = PluginUser::with("hugo", limited("1s"))?.with_tokens()?;
    user.plugin.takes(Duration::from_secs(60))?;
    let config = user.config()?;
    let error = runtime()?.block_on(async {
        let client = config.client()?;
        Ok::<_, Failed>(whoami(&client).await)
    })?;
    let error = error.expect_err("no credential").to_string();
    check(error.contains("did not end within 1s"), error)
}

/// What it started is in its process group, and holds its standard output open.
fn a_hanging_plugins_children_are_stopped() -> Outcome {
    let user = PluginUser::with("hedda", limited("1s"))?;
    let noted = user.home.path().join("child");
    let script = format!(
        "#!/bin/sh\nsleep 300 &\necho $! >'{}'\nwait\n",
        noted.display()
    );
    std::fs::write(user.plugin.path(), script)?;
    let config = user.config()?;
    let error = runtime()?.block_on(async {
        let client = config.client()?;
        Ok::<_, Failed>(whoami(&client).await)
    })?;
    let error = error.expect_err("no credential").to_string();
    check(error.contains("did not end within 1s"), &error)?;
    let child = std::fs::read_to_string(noted)?;
    let stat = format!("/proc/{}/stat", child.trim());
    await_that("the child's end", || {
        // It is a zombie until somebody reads how it ended.
        let state = std::fs::read_to_string(&stat).unwrap_or_default();
        Ok(state.is_empty() || state.contains(") Z "))
    })
}

/// The plugin still runs when the runtime has ended.
fn the_runtimes_end_does_not_wait() -> Outcome {
    let user = PluginUser::with("rune", limited("300s"))?.with_tokens()?;
    user.plugin.waits_at_the_gate()?;
    let config = user.config()?;
    let runtime = runtime()?;
    let client = runtime.block_on(async { config.client() })?;
    runtime.spawn(async move { drop(whoami(&client).await) });
    await_that("the plugin's start", || Ok(user.plugin.runs() == 1))?;
    drop(runtime);
    // The script's own mark, which it removes at its end.
    let mark = user.plugin.path().with_file_name("running.");
    check(mark.exists(), "the plugin's end was waited for")?;
    user.plugin.opens_the_gate()?;
    await_that("the plugin's end", || Ok(!mark.exists()))
}

fn limited(limit: &'static str) -> impl FnOnce(&mut ExecUser, &harness::CacheHome) {
    move |exec, _| {
        let name = "KUBE_CREDENTIAL_CACHE_PLUGIN_TIMEOUT".to_owned();
        exec.env.push((name, limit.to_owned()));
    }
}
