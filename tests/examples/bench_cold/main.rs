//! What the start of a controller with 20 kinds costs, on the real kube-apiserver: `cargo xtask bench
//! cold`.
//!
//! The program is the clients and what starts them, one after the other, in turns: each is a process
//! of its own that fills 20 caches, waits until all are ready and says what that took. Both have the
//! same client with the same connections, so that only the caches differ.

mod clients;
mod kinds;

use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result, bail, ensure};
use futures_util::stream::{self, StreamExt as _, TryStreamExt as _};
use harness::cluster::{Cluster, ClusterOptions};
use http::Request;
use http_body_util::BodyExt as _;
use kube::client::Body;
use serde_json::json;

use crate::clients::{Cost, Mode};

const ROUNDS: usize = 5;
/// How many objects of each kind there are.
const OBJECTS: usize = 1_000;

fn main() -> Result<()> {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
    match arguments[..] {
        ["client", mode, kubeconfig] => clients::run(Mode::named(mode)?, Path::new(kubeconfig)),
        [json] => compare(Path::new(json)),
        _ => bail!("arguments: JSON"),
    }
}

/// Starts all clients in turns, after one round that warms the machine.
fn compare(file: &Path) -> Result<()> {
    let cluster = Cluster::start(ClusterOptions::default())?;
    let runtime = tokio::runtime::Runtime::new()?;
    runtime.block_on(fill(cluster.admin_kubeconfig()))?;
    let mut costs: [Vec<Cost>; Mode::ALL.len()] = Default::default();
    for round in 0..=ROUNDS {
        for (mode, costs) in Mode::ALL.into_iter().zip(&mut costs) {
            let cost = cost_of(mode, &cluster).with_context(|| mode.name())?;
            if round > 0 {
                costs.push(cost);
            }
        }
    }
    let rows: Vec<_> = Mode::ALL
        .into_iter()
        .zip(costs.map(|costs| Cost::median(&costs)))
        .collect();
    print(&rows);
    let json: Vec<_> = rows
        .iter()
        .map(|(mode, cost)| json!({ "mode": mode.name(), "cost": cost }))
        .collect();
    std::fs::write(file, serde_json::to_vec_pretty(&json)?)?;
    Ok(())
}

fn cost_of(mode: Mode, cluster: &Cluster) -> Result<Cost> {
    let before = cluster.cpu_time()?;
    let client = Command::new(std::env::current_exe()?)
        .args(["client", mode.name()])
        .arg(cluster.admin_kubeconfig())
        .stderr(std::process::Stdio::inherit())
        .output()?;
    ensure!(
        client.status.success(),
        "the client ended with {}",
        client.status
    );
    let mut cost: Cost = serde_json::from_slice(&client.stdout)?;
    cost.server_cpu = cluster.cpu_time()?.saturating_sub(before).as_secs_f64();
    let wanted = kinds::COUNT * OBJECTS;
    ensure!(
        cost.objects >= wanted,
        "it has {} objects, not {wanted}",
        cost.objects
    );
    Ok(cost)
}

async fn fill(kubeconfig: &Path) -> Result<()> {
    let client = &clients::connect(kubeconfig)?;
    let objects = kinds::ALL
        .iter()
        .flat_map(|kind| (0..OBJECTS).map(move |number| (kind.path, kind.object(number))));
    let create = objects.map(|(path, object)| async move {
        let request = Request::post(path).header("content-type", "application/json");
        let request = request.body(Body::from(object.to_string().into_bytes()))?;
        let response = client.send(request).await?;
        let status = response.status();
        let body = response.into_body().collect().await?.to_bytes();
        ensure!(
            status.is_success(),
            "{path}: {}",
            String::from_utf8_lossy(&body)
        );
        Ok(())
    });
    stream::iter(create)
        .buffer_unordered(32)
        .try_collect()
        .await
}

#[allow(clippy::print_stdout, reason = "it is what this program is for")]
fn print(rows: &[(Mode, Cost)]) {
    println!(
        "{} kinds, {OBJECTS} objects of each; medians of {ROUNDS}\n",
        kinds::COUNT
    );
    println!(
        "{:<34} {:>8} {:>8} {:>8} {:>8} {:>9} {:>8}",
        "", "wall, s", "CPU, s", "peak, MB", "rest, MB", "requests", "server, s"
    );
    for (mode, cost) in rows {
        println!(
            "{:<34} {:>8.2} {:>8.2} {:>8.1} {:>8.1} {:>9} {:>8.2}",
            mode.name(),
            cost.wall,
            cost.cpu,
            cost.peak,
            cost.rest,
            cost.requests,
            cost.server_cpu,
        );
    }
}
