//! What the cache costs a whole `kubectl get`: a plugin that takes half a second behind `kcc-cache`,
//! warm, beside a token that stands in the kubeconfig. On the real kube-apiserver.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use harness::cluster::{
    Cluster, ClusterOptions, ExecUser, KubeconfigFile, KubeconfigUser, TokenUser,
};
use harness::{CacheHome, ExecPlugin};
use serde_json::json;

use crate::bench_hit::Build;
use crate::pairs::{self, Median};
use crate::step;

/// How long the plugin takes.
const PLUGIN: Duration = Duration::from_millis(500);

/// What a call may take more than one with a token in the kubeconfig.
const MILLISECONDS: f64 = 3.0;

/// Calls without the cache: each takes more than half a second, and nobody wonders how much.
const UNCACHED: usize = 10;

const GROUP: &str = "testers";

/// One user, once for each way to come to the token.
struct Bench {
    cluster: Cluster,
    home: CacheHome,
    plugin: ExecPlugin,
    token: KubeconfigFile,
    cached: KubeconfigFile,
    uncached: KubeconfigFile,
}

/// Prints the table, and writes it as JSON to `json`.
pub(crate) fn run(pairs: usize, json: &Path) -> Result<()> {
    ensure!(pairs > 0, "--pairs: at least one");
    let folder = step::root().join("target/bench");
    fs::create_dir_all(&folder)?;
    let bench = Bench::new(&Build::Installed.build(&folder)?)?;
    let first = bench.check()?;
    let (mut token, mut cached) = (vec![], vec![]);
    for round in 0..pairs {
        for place in pairs::order(round, 2) {
            let (kubeconfig, times) = match place {
                0 => (&bench.token, &mut token),
                _ => (&bench.cached, &mut cached),
            };
            times.push(bench.time(kubeconfig)?);
        }
    }
    bench.check_runs(1)?;
    let uncached: Result<Vec<f64>> = (0..UNCACHED).map(|_| bench.time(&bench.uncached)).collect();
    let uncached = Median::of(uncached?);
    bench.check_runs(1 + UNCACHED)?;
    let more = Median::of_differences(&cached, &token);
    let (token, cached) = (Median::of(token), Median::of(cached));
    step::say("\nkubectl get, milliseconds: medians, and 95 % intervals of the medians\n");
    for (name, value) in [
        ("a token in the kubeconfig", token.shown(2)),
        ("the plugin behind kcc-cache", cached.shown(2)),
        ("  more, pair by pair", more.shown(2)),
        ("  bound", MILLISECONDS.to_string()),
        ("  the first call", format!("{first:.2}")),
        ("the plugin alone", uncached.shown(2)),
    ] {
        step::say(&format!("{name:<28} {value}"));
    }
    let report = json!({
        "pairs": pairs, "bound_milliseconds": MILLISECONDS, "first_milliseconds": first,
        "token": token.to_json(), "cached": cached.to_json(), "more": more.to_json(),
        "uncached": uncached.to_json(),
    });
    let json = step::root().join(json);
    fs::write(&json, serde_json::to_vec_pretty(&report)?)?;
    step::say(&format!("\n{pairs} pairs; written to {}", json.display()));
    Ok(())
}

impl Bench {
    fn new(kcc_cache: &Path) -> Result<Self> {
        let cluster = Cluster::start(ClusterOptions::default())?;
        cluster.bind_group(GROUP, "cluster-admin")?;
        // As long as what EKS gives.
        let token = "x".repeat(1_500);
        cluster.add_token(TokenUser::new(&token, "kay", &[GROUP]))?;
        let plugin = ExecPlugin::new()?;
        plugin.answers_token(&token)?;
        plugin.expires_after(Some(24 * 3_600))?;
        plugin.takes(PLUGIN)?;
        let write = |user| cluster.kubeconfig().with_user("kay", user).write();
        let path = plugin.path().display().to_string();
        let cached = ExecUser::new(kcc_cache, &[&path]);
        Ok(Self {
            token: write(KubeconfigUser::Token(token))?,
            cached: write(KubeconfigUser::Exec(cached))?,
            uncached: write(KubeconfigUser::Exec(ExecUser::new(&path, &[])))?,
            home: CacheHome::new()?,
            plugin,
            cluster,
        })
    }

    fn kubectl(&self, kubeconfig: &KubeconfigFile) -> Command {
        let mut kubectl = self.cluster.kubectl_with(kubeconfig.path());
        kubectl.envs(self.home.variables());
        kubectl.args(["get", "namespaces", "--output=name"]);
        kubectl
    }

    /// Correctness first: both see the same, and the plugin runs once. After it, kubectl knows the
    /// server's API by its own cache. Returns how long the call took that ran the plugin.
    fn check(&self) -> Result<f64> {
        let with_token = step::output_of(&mut self.kubectl(&self.token))?;
        let first = self.time(&self.cached)?;
        let cached = step::output_of(&mut self.kubectl(&self.cached))?;
        ensure!(with_token.contains("namespace/default"), "{with_token}");
        ensure!(with_token == cached, "{with_token} and {cached}");
        self.check_runs(1)?;
        Ok(first)
    }

    fn check_runs(&self, expected: usize) -> Result<()> {
        let runs = self.plugin.runs();
        ensure!(runs == expected, "the plugin ran {runs} times");
        Ok(())
    }

    /// Milliseconds of a whole call.
    fn time(&self, kubeconfig: &KubeconfigFile) -> Result<f64> {
        let mut kubectl = self.kubectl(kubeconfig);
        let started = Instant::now();
        step::output_of(&mut kubectl)?;
        Ok(started.elapsed().as_secs_f64() * 1e3)
    }
}
