//! The reference models of the watch cache for longer, and what they need a build of its own for.

use std::process::Command;
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::Result;

use crate::step;

/// What the arguments say.
pub(crate) fn run(
    minutes: Option<f64>,
    faults: Option<usize>,
    objects: Option<usize>,
    replica_faults: Option<usize>,
    pods: Option<usize>,
) -> Result<()> {
    minutes.map_or(Ok(()), models)?;
    faults.map_or(Ok(()), chaos)?;
    objects.map_or(Ok(()), protobuf)?;
    replica_faults.map_or(Ok(()), replicas)?;
    pods.map_or(Ok(()), tail)
}

/// The example `tail` with so many Pods, on the in-memory server and on the real kube-apiserver.
fn tail(pods: usize) -> Result<()> {
    let test = "test --workspace --all-features --test e2e -- tail::load_ --test-threads=1";
    let mut cargo = step::cargo(test);
    cargo.env("KCC_TAIL_PODS", pods.to_string());
    step::run("tail", &mut cargo)
}

/// So many random objects of every kind, others each time. A failure names the object.
fn protobuf(objects: usize) -> Result<()> {
    let seed = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs();
    step::say(&format!("\nKCACHE_PROTOBUF_SEED={seed}"));
    let mut cargo = step::optimised_cargo("test --release --package tests --test protobuf");
    cargo.env("KCACHE_PROTOBUF_OBJECTS", objects.to_string());
    cargo.env("KCACHE_PROTOBUF_SEED", seed.to_string());
    step::run("protobuf against Go", &mut cargo)
}

/// Runs each model for so many minutes, on cases that no run had before. A failure names the seed
/// and the fewest steps that show it.
fn models(minutes: f64) -> Result<()> {
    for model in [
        "the_cache_is_its_model",
        "the_informer_is_its_server",
        "joins_are_their_nested_loop",
    ] {
        let mut cargo = step::optimised_cargo("test --release --package tests --test core");
        cargo.env("KCACHE_SOAK_MINUTES", minutes.to_string());
        step::run(model, cargo.args([model, "--", "--nocapture"]))?;
    }
    Ok(())
}

/// So many faults on the way to the real kube-apiserver, and of the server itself.
fn chaos(faults: usize) -> Result<()> {
    let test = "test --package tests --test e2e -- watch::chaos --nocapture";
    let mut cargo = step::cargo(test);
    cargo.env("KCC_CHAOS_FAULTS", faults.to_string());
    // What is free goes back to the system, so that what it has is what is held, and not the most that
    // each thread ever held.
    cargo.env("MALLOC_ARENA_MAX", "1");
    cargo.env("MALLOC_TRIM_THRESHOLD_", "65536");
    step::run("chaos", &mut cargo)
}

/// So many faults among replicas that share the objects of a real kube-apiserver, each a process.
fn replicas(faults: usize) -> Result<()> {
    let test = "test --package tests --test e2e -- replicas::five_processes --nocapture";
    let mut cargo = step::cargo(test);
    cargo.env("KCC_REPLICA_FAULTS", faults.to_string());
    cargo.env("KCC_REPLICA_OBJECTS", "20000");
    step::run("replicas", &mut cargo)
}

/// Each fault that can be switched on must be caught by the models.
pub(crate) fn faults() -> Result<()> {
    let mut test = cargo_with(
        "kcache_faults",
        "test --workspace --all-features --test core faults::",
    );
    step::run("seeded faults", &mut test)
}

/// Every interleaving of a writer and a subscriber, under loom.
pub(crate) fn interleavings() -> Result<()> {
    let mut test = cargo_with("kcache_loom", "test --workspace --all-features --test loom");
    step::run("interleavings", &mut test)
}

/// A cargo that compiles this workspace's crates with `--cfg NAME`. In RUSTFLAGS it would compile
/// each dependency once more.
fn cargo_with(name: &str, arguments: &str) -> Command {
    let mut cargo = step::cargo(arguments);
    let wrapper = step::root().join("xtask/with").join(name);
    cargo.env("RUSTC_WORKSPACE_WRAPPER", wrapper);
    cargo
}
