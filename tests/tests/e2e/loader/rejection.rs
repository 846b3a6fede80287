//! The server answers 401.

use std::time::Duration;

use super::{Outcome, PluginUser, Run, check, runtime, whoami};
use crate::trial::named;

pub(super) const TRIALS: &[(&str, Run)] = named![
    a_revoked_token_costs_one_401,
    twenty_401s_make_one_run,
    a_token_that_another_renewed_is_taken,
    a_plugin_that_cannot_do_better_is_left_alone
];

fn a_revoked_token_costs_one_401() -> Outcome {
    let user = PluginUser::injected("rita")?.with_tokens()?;
    let config = user.config()?;
    runtime()?.block_on(async {
        let client = config.client()?;
        user.expect_known(&client).await?;
        user.cluster.revoke_token(&user.token(1))?;
        for _ in 0..5 {
            user.expect_known(&client).await?;
        }
        Ok::<_, libtest_mimic::Failed>(())
    })?;
    user.expect_runs(2)?;
    let log = user.cluster.auth_log()?;
    let (first, second) = (log.of_token(&user.token(1)), log.of_token(&user.token(2)));
    check(
        (first.accepted, first.rejected) == (1, 1),
        format!("the first token: {first:?}"),
    )?;
    check(
        (second.accepted, second.rejected) == (5, 0),
        format!("the second token: {second:?}"),
    )?;
    // The entry was replaced.
    check(user.whoami()? == user.name, "kubectl is not known")?;
    user.expect_runs(2)
}

fn twenty_401s_make_one_run() -> Outcome {
    let user = PluginUser::new("tova")?.with_tokens()?;
    user.plugin.takes(Duration::from_millis(300))?;
    let config = user.config()?;
    runtime()?.block_on(async {
        let client = config.client()?;
        user.expect_known(&client).await?;
        user.cluster.revoke_token(&user.token(1))?;
        let requests = (0..20).map(|_| user.expect_known(&client));
        futures_util::future::try_join_all(requests).await
    })?;
    user.expect_runs(2)?;
    let log = user.cluster.auth_log()?;
    let (first, second) = (log.of_token(&user.token(1)), log.of_token(&user.token(2)));
    check(
        first.rejected == 20 && second.accepted == 20 && second.rejected == 0,
        format!("the first token: {first:?}, the second: {second:?}"),
    )
}

/// Another process had the 401 before us, and its new entry is in the store.
fn a_token_that_another_renewed_is_taken() -> Outcome {
    let user = PluginUser::new("anna")?.with_tokens()?;
    let (one, other) = (user.config()?, user.config()?);
    runtime()?.block_on(async {
        let (one, other) = (one.client()?, other.client()?);
        user.expect_known(&one).await?;
        user.expect_known(&other).await?;
        user.cluster.revoke_token(&user.token(1))?;
        user.expect_known(&one).await?;
        user.expect_known(&other).await
    })?;
    user.expect_runs(2)
}

/// Its tokens are all refused: it must not run for each request.
fn a_plugin_that_cannot_do_better_is_left_alone() -> Outcome {
    let user = PluginUser::new("nora")?;
    user.plugin.answers_token("nobody-knows-this-one")?;
    let config = user.config()?;
    runtime()?.block_on(async {
        let client = config.client()?;
        for _ in 0..10 {
            match whoami(&client).await {
                Err(kube::Error::Api(status)) if status.code == 401 => {}
                other => return check(false, format!("{other:?}")),
            }
        }
        Ok(())
    })?;
    let runs = user.plugin.runs();
    check(
        (2..=4).contains(&runs),
        format!("the plugin ran {runs} times"),
    )
}
