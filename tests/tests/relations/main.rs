//! Relations of Kubernetes' kinds against the controllers' own code, in random clusters.

mod cluster;
mod forms;
#[path = "../shared/go.rs"]
mod go;
mod judge;

use std::io::Write as _;
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use libtest_mimic::{Arguments, Trial};

use self::cluster::{Cluster, Seen};

/// How many clusters, and what they are a function of.
const COUNT: &str = "KCACHE_RELATIONS_CLUSTERS";
const SEED: &str = "KCACHE_RELATIONS_SEED";

fn main() {
    let ignored = go::is_missing();
    let trial = Trial::test("controllers_and_we_agree", || {
        agree().map_err(|error| format!("{error:#}").into())
    });
    let trials = vec![trial.with_ignored_flag(ignored)];
    libtest_mimic::run(&Arguments::from_args(), trials).exit();
}

fn agree() -> Result<()> {
    let number = |name, default| match std::env::var(name) {
        Ok(text) => text.parse::<u64>().context(name),
        Err(_) => Ok(default),
    };
    let (count, seed) = (number(COUNT, 500)?, number(SEED, 1)?);
    let mut go = go::command()?;
    go.args(["run", "./relations"]);
    go.args(["-n", &count.to_string(), "-seed", &seed.to_string()]);
    let output = go.stderr(Stdio::inherit()).output()?;
    ensure!(output.status.success(), "the program failed");
    let text = String::from_utf8(output.stdout)?;
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = runtime.enable_time().build()?;
    let mut seen = Seen::default();
    for (index, line) in text.lines().enumerate() {
        let cluster = Cluster::read(line)?;
        forms::agree(&cluster)?;
        let judged = runtime.block_on(async {
            let judged = judge::all(&cluster, &mut seen);
            tokio::time::timeout(Duration::from_secs(60), judged).await
        });
        let seed = seed + index as u64;
        judged?.with_context(|| format!("cluster {seed}"))?;
    }
    let pairs = seen.told()?;
    writeln!(std::io::stderr(), "{count} clusters, {pairs} pairs")?;
    Ok(())
}
