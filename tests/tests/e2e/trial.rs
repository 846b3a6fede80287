//! What the trials on the shared cluster have in common.

use std::sync::Once;
use std::time::{Duration, Instant};

use harness::cluster::{self, Cluster};
use libtest_mimic::{Failed, Trial};

pub(crate) type Outcome = Result<(), Failed>;
/// One trial.
pub(crate) type Run = fn() -> Outcome;

/// Functions with their names.
macro_rules! named {
    ($($run:ident),* $(,)?) => {
        &[$((stringify!($run), $run)),*]
    };
}
pub(crate) use named;

/// Trials that need nothing else.
pub(crate) fn anywhere(group: &str, all: &[(&str, Run)]) -> Vec<Trial> {
    let trial = |(name, run): &(&str, Run)| Trial::test(format!("{group}::{name}"), *run);
    all.iter().map(trial).collect()
}

/// Trials that need the real kube-apiserver, or its kubectl.
pub(crate) fn on_cluster(group: &str, all: &[(&str, Run)]) -> Vec<Trial> {
    let ignored = cluster::unavailable().is_some();
    let trials = anywhere(group, all).into_iter();
    trials
        .map(|trial| trial.with_ignored_flag(ignored))
        .collect()
}

pub(crate) fn check(holds: bool, problem: impl Into<String>) -> Outcome {
    if holds {
        Ok(())
    } else {
        Err(problem.into().into())
    }
}

/// The shared cluster, where the group `testers` may do anything. Whoever calls it waits until the grant
/// holds, so there is one such place in the process.
pub(crate) fn cluster_for_testers() -> Result<&'static Cluster, Failed> {
    static BOUND: Once = Once::new();
    let cluster = cluster::shared()?;
    // A failure shows as a 403 in the tests.
    BOUND.call_once(|| drop(cluster.bind_group("testers", "cluster-admin")));
    Ok(cluster)
}

/// Runs a trial on two threads.
pub(crate) fn block_on(trial: impl Future<Output = Outcome>) -> Outcome {
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    let runtime = builder.worker_threads(2).enable_all().build()?;
    runtime.block_on(trial)
}

/// Waits until something holds; `patience` is a limit that only a hang reaches.
pub(crate) async fn until(
    patience: Duration,
    what: &str,
    mut holds: impl FnMut() -> bool,
) -> Outcome {
    let problem = || format!("{what}: not what it should be after {patience:?}");
    until_ok(patience, async || {
        Ok(holds().then_some(()).ok_or_else(problem))
    })
    .await
}

/// Tries until it goes well. The outer error of an attempt is the failure at once, the inner one a problem
/// that may pass: after `patience`, a limit that only a hang reaches, the last one is the failure. Both are
/// times of the runtime's clock.
pub(crate) async fn until_ok<T, P: Into<Failed>>(
    patience: Duration,
    mut attempt: impl AsyncFnMut() -> Result<Result<T, P>, Failed>,
) -> Result<T, Failed> {
    let started = tokio::time::Instant::now();
    loop {
        match attempt().await? {
            Err(_) if started.elapsed() < patience => {}
            done => return done.map_err(Into::into),
        }
        // An attempt may be a long list: a server that is slow already is not loaded with them.
        let pause = started.elapsed() / 10;
        let pause = pause.clamp(Duration::from_millis(20), Duration::from_millis(250));
        tokio::time::sleep(pause).await;
    }
}

/// As [`until`], for who runs on no runtime. An error is the failure at once.
pub(crate) fn wait_until(
    patience: Duration,
    what: &str,
    mut holds: impl FnMut() -> Result<bool, Failed>,
) -> Outcome {
    let started = Instant::now();
    while !holds()? {
        let problem = format!("{what}: not what it should be after {patience:?}");
        check(started.elapsed() < patience, problem)?;
        std::thread::sleep(Duration::from_millis(20));
    }
    Ok(())
}
