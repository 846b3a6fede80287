//! What an object costs in each stored form: `cargo run --release --package tests --features bench
//! --example bench_forms`.
//!
//! Each form is measured in a process of its own: how long it takes to decode a Pod as a server sends
//! it, how long to have it typed again, and how much memory a cache holds for each.

use std::env;
use std::hint::black_box;
use std::io::{self, Write};
use std::pin::pin;
use std::process::Command;
use std::time::Instant;

use anyhow::{Result, ensure};
use futures_util::{FutureExt as _, StreamExt as _};
use harness::process_memory;
use k8s_openapi::api::core::v1;
use kcache::{Codec, Compact, CompactCodec, Field, JsonCodec, Object, Raw};
use kube::core::PartialObjectMeta;
use kube::runtime::{reflector, watcher};

#[path = "bench_sync/pods.rs"]
#[expect(dead_code, reason = "only the Pods of a list are used here")]
mod pods;

const COUNT: usize = 30_000;

/// A struct of a user who needs no more.
#[derive(serde::Deserialize)]
struct Small {
    metadata: Metadata,
    spec: Spec,
    status: Status,
}

#[derive(serde::Deserialize)]
#[serde(rename_all = "camelCase")]
struct Metadata {
    name: String,
    namespace: String,
    uid: String,
    resource_version: String,
}

/// What is lifted.
#[derive(serde::Deserialize)]
struct Lifted {
    spec: Spec,
    status: Status,
}

#[derive(serde::Deserialize)]
#[serde(rename_all = "camelCase")]
struct Spec {
    node_name: String,
}

#[derive(serde::Deserialize)]
struct Status {
    phase: String,
}

impl Object for Small {
    fn namespace(&self) -> Option<&str> {
        Some(&self.metadata.namespace)
    }

    fn name(&self) -> &str {
        &self.metadata.name
    }

    fn uid(&self) -> &str {
        &self.metadata.uid
    }

    fn version(&self) -> &str {
        &self.metadata.resource_version
    }
}

const FORMS: [&str; 6] = [
    "typed",
    "own struct",
    "metadata only",
    "compact",
    "compact, two fields lifted",
    "compact, not compressed",
];

/// The argument of a process that measures the store of a controller.
const CONTROLLER: &str = "controller";

fn main() -> Result<()> {
    match env::args().nth(1).as_deref() {
        Some(CONTROLLER) => return controller(),
        Some(form) => return measure(form),
        None => {}
    }
    let head = "| form | in, µs | typed again, µs | memory of one |\n|---|---|---|---|";
    writeln!(io::stdout(), "{head}")?;
    for form in FORMS {
        let run = Command::new(env::current_exe()?).arg(form).status()?;
        ensure!(run.success(), "{form} failed");
    }
    let run = Command::new(env::current_exe()?).arg(CONTROLLER).status()?;
    ensure!(run.success(), "{CONTROLLER} failed");
    Ok(())
}

/// What the store of a controller of kube-rs takes beside a typed cache, with the objects of that and with
/// copies of them.
fn controller() -> Result<()> {
    let (publisher, mut feed) = kcache::feed::<v1::Pod>();
    let mut codec = JsonCodec::default();
    let mut objects = Vec::with_capacity(COUNT);
    for number in 0..COUNT {
        let mut text = String::from("{");
        pods::Pod::listed(number).write(&mut text)?;
        objects.push(codec.decode(Raw::Json(text.trim_end().as_bytes()))?);
    }
    feed.relist(objects, None)?;
    drop(codec);

    let before = memory()?;
    let (triggers, shared) = publisher.reflect();
    let mut triggers = pin!(triggers);
    while triggers.next().now_or_never().flatten().is_some() {}
    ensure!(shared.len() == COUNT, "objects are missing");
    let shares = (memory()? - before) / f64::from(u32::try_from(COUNT)?);

    let before = memory()?;
    let (copies, mut writer) = reflector::store::<v1::Pod>();
    for pod in publisher.cache().list() {
        writer.apply_watcher_event(&watcher::Event::Apply((*pod).clone()));
    }
    ensure!(copies.len() == COUNT, "objects are missing");
    let copied = (memory()? - before) / f64::from(u32::try_from(COUNT)?);
    writeln!(
        io::stdout(),
        "\nThe store of a controller: {shares:.0} B an object, {copied:.0} B if it had copies"
    )?;
    Ok(())
}

fn measure(form: &str) -> Result<()> {
    match form {
        "typed" => row(form, JsonCodec::default(), |_: &v1::Pod| None),
        "own struct" => row(form, JsonCodec::default(), |pod: &Small| {
            black_box((&pod.spec.node_name, &pod.status.phase));
            None
        }),
        "metadata only" => row(
            form,
            JsonCodec::default(),
            |_: &PartialObjectMeta<v1::Pod>| None,
        ),
        "compact" => row(form, CompactCodec::default(), |pod: &Compact<v1::Pod>| {
            pod.decode().ok()
        }),
        "compact, two fields lifted" => row(
            form,
            CompactCodec::default(),
            |pod: &Compact<v1::Pod, Lifted>| {
                black_box((&pod.facts().spec.node_name, &pod.facts().status.phase));
                pod.decode().ok()
            },
        ),
        _ => row(
            form,
            CompactCodec::uncompressed(),
            |pod: &Compact<v1::Pod>| pod.decode().ok(),
        ),
    }
}

/// Measures a form, and prints its row.
fn row<V: Object>(
    form: &str,
    mut codec: impl Codec<V>,
    typed: fn(&V) -> Option<v1::Pod>,
) -> Result<()> {
    let before = memory()?;
    let (publisher, mut feed) = kcache::feed::<V>();
    let mut text = String::new();
    let mut took = Vec::new();
    let mut objects = Vec::with_capacity(COUNT);
    for number in 0..COUNT {
        text.clear();
        text.push('{');
        pods::Pod::listed(number).write(&mut text)?;
        let start = Instant::now();
        let object = codec.decode(Raw::Json(text.trim_end().as_bytes()))?;
        took.push(start.elapsed().as_secs_f64() * 1e6);
        objects.push(object);
    }
    feed.relist(objects, None)?;
    let list = publisher.cache().list();
    ensure!(list.len() == COUNT, "objects are missing");
    let field = Field::<V>::name();
    ensure!(
        list.iter().all(|object| !field.read(object).is_empty()),
        "names are missing"
    );
    drop((codec, list));
    let held = (memory()? - before) / f64::from(u32::try_from(COUNT)?);
    let mut again = Vec::new();
    for object in publisher.cache().list() {
        let start = Instant::now();
        if black_box(typed(&object)).is_some() {
            again.push(start.elapsed().as_secs_f64() * 1e6);
        }
    }
    let again = if again.is_empty() {
        String::new()
    } else {
        format!("{:.1}", median(again))
    };
    let took = median(took);
    writeln!(
        io::stdout(),
        "| {form} | {took:.1} | {again} | {held:.0} B |"
    )?;
    Ok(())
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// What of this process is in memory, in bytes.
fn memory() -> Result<f64> {
    process_memory("self", "VmRSS")
}
