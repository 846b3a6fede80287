//! What it costs to make objects of JSON and of protobuf: `cargo xtask bench protobuf`.
//!
//! Prints one table, and writes it as JSON to the path given as an argument. What both encodings make
//! is compared first. All are measured in turns, on one thread.

#[path = "bench_sync/pods.rs"]
#[allow(dead_code, reason = "updates are of bench_sync")]
mod pods;

use std::hint::black_box;
use std::time::Instant;

use anyhow::{Context as _, Result, ensure};
use k8s_openapi::api::core::v1::Pod;
use kcache::protobuf::{Decoder, without_managed_fields};
use kcache::{Codec, JsonCodec, Raw};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

/// How many different Pods there are, and how often all of them are decoded.
const PODS: u16 = 1_000;
const RUNS: usize = 15;

/// A user's own: six fields.
#[derive(Debug, Deserialize, PartialEq)]
struct Small {
    metadata: SmallMeta,
    #[serde(default)]
    spec: SmallSpec,
    #[serde(default)]
    status: SmallStatus,
}

#[derive(Debug, Deserialize, PartialEq)]
#[serde(rename_all = "camelCase")]
struct SmallMeta {
    name: String,
    #[serde(default)]
    namespace: String,
    #[serde(default)]
    labels: std::collections::BTreeMap<String, String>,
    #[serde(default)]
    resource_version: String,
}

#[derive(Debug, Default, Deserialize, PartialEq)]
#[serde(rename_all = "camelCase")]
struct SmallSpec {
    node_name: Option<String>,
}

#[derive(Debug, Default, Deserialize, PartialEq)]
struct SmallStatus {
    phase: Option<String>,
}

/// Nothing but the names.
#[derive(Debug, Deserialize, PartialEq)]
struct Header {
    metadata: Names,
}

#[derive(Debug, Deserialize, PartialEq)]
#[serde(rename_all = "camelCase")]
struct Names {
    name: String,
    namespace: String,
    uid: String,
    resource_version: String,
}

/// The same objects in both encodings, with `managedFields` and without.
struct Objects {
    json: Vec<Vec<u8>>,
    pruned_json: Vec<Vec<u8>>,
    protobuf: Vec<Vec<u8>>,
    pruned_protobuf: Vec<Vec<u8>>,
}

impl Objects {
    fn new() -> Result<Self> {
        let (mut json, mut pruned_json) = (vec![], vec![]);
        let (mut protobuf, mut pruned_protobuf) = (vec![], vec![]);
        for number in 0..PODS {
            let mut text = "{".to_owned();
            pods::Pod::listed(number.into()).write(&mut text)?;
            let mut value: Value = serde_json::from_str(&text)?;
            let message = harness::protobuf::message("v1", "Pod", &value)?;
            let mut pruned = vec![];
            without_managed_fields(&message, &mut pruned)?;
            let metadata = value["metadata"].as_object_mut().context("an object")?;
            metadata.remove("managedFields");
            json.push(text.into_bytes());
            pruned_json.push(serde_json::to_vec(&value)?);
            protobuf.push(message);
            pruned_protobuf.push(pruned);
        }
        Ok(Self {
            json,
            pruned_json,
            protobuf,
            pruned_protobuf,
        })
    }
}

fn pods() -> Decoder<'static> {
    Decoder::new("v1", "Pod").expect("a kind that is built in")
}

fn by_codec<T: DeserializeOwned + Send>(codec: &mut JsonCodec, json: &[u8]) -> T {
    codec.decode(Raw::Json(json)).expect("it is decoded")
}

fn by_serde_json<T: DeserializeOwned>(json: &[u8]) -> T {
    serde_json::from_slice(json).expect("it is decoded")
}

fn by_protobuf<T: DeserializeOwned + Send>(message: &[u8]) -> T {
    pods().decode(message).expect("it is decoded")
}

fn agrees(objects: &Objects) -> Result<()> {
    let mut codec = JsonCodec::default();
    for (json, message) in objects.json.iter().zip(&objects.protobuf) {
        let (one, other): (Pod, Pod) = (by_codec(&mut codec, json), by_protobuf(message));
        ensure!(one == other, "a Pod differs");
        let (one, other): (Small, Small) = (by_codec(&mut codec, json), by_protobuf(message));
        ensure!(one == other, "a struct differs");
    }
    Ok(())
}

/// Decodes all objects; microseconds for each.
fn timed<T>(objects: &[Vec<u8>], mut decode: impl FnMut(&[u8]) -> T) -> f64 {
    let started = Instant::now();
    for object in objects {
        black_box(decode(black_box(object)));
    }
    started.elapsed().as_secs_f64() * 1e6 / f64::from(PODS)
}

/// What is measured: its name, and one run.
type Row<'o> = (&'static str, Box<dyn FnMut() -> f64 + 'o>);

fn rows<'o>(objects: &'o Objects, held: &'o [Pod]) -> Vec<Row<'o>> {
    let mut rows: Vec<Row<'o>> = vec![];
    macro_rules! row {
        ($name:expr, $objects:ident, $decode:expr) => {
            rows.push(($name, Box::new(|| timed(&objects.$objects, $decode))));
        };
    }
    macro_rules! codec {
        ($name:expr, $objects:ident, $type:ty) => {
            let mut codec = JsonCodec::default();
            rows.push((
                $name,
                Box::new(move || {
                    timed(&objects.$objects, |json| {
                        by_codec::<$type>(&mut codec, json)
                    })
                }),
            ));
        };
    }
    codec!("Pod: JsonCodec", json, Pod);
    row!("Pod: serde_json, all of it", json, by_serde_json::<Pod>);
    row!("Pod: protobuf", protobuf, by_protobuf::<Pod>);
    codec!(
        "Pod sent without managedFields: JsonCodec",
        pruned_json,
        Pod
    );
    row!(
        "Pod sent without managedFields: protobuf",
        pruned_protobuf,
        by_protobuf::<Pod>
    );
    codec!("six fields: JsonCodec", json, Small);
    row!("six fields: serde_json", json, by_serde_json::<Small>);
    row!("six fields: protobuf", protobuf, by_protobuf::<Small>);
    codec!("names: JsonCodec", json, Header);
    row!("names: serde_json", json, by_serde_json::<Header>);
    row!("names: protobuf", protobuf, by_protobuf::<Header>);
    row!("names: protobuf, metadata only", protobuf, |message| {
        pods().with_metadata_only(true).decode::<Header>(message)
    });
    codec!("serde_json::Value: JsonCodec", json, Value);
    row!(
        "serde_json::Value: protobuf",
        protobuf,
        by_protobuf::<Value>
    );
    let mut pruned = vec![];
    let cut = move || {
        let cut = |message: &[u8]| without_managed_fields(message, &mut pruned);
        timed(&objects.protobuf, cut)
    };
    rows.push(("managedFields cut out of protobuf", Box::new(cut)));
    rows.push((
        "cloning the Pod",
        Box::new(move || {
            let started = Instant::now();
            for pod in held {
                black_box(pod.clone());
            }
            started.elapsed().as_secs_f64() * 1e6 / f64::from(PODS)
        }),
    ));
    rows
}

fn mean_length(objects: &[Vec<u8>]) -> usize {
    objects.iter().map(Vec::len).sum::<usize>() / objects.len()
}

#[expect(clippy::print_stdout, reason = "the table is what this program is for")]
fn main() -> Result<()> {
    let objects = Objects::new()?;
    agrees(&objects)?;
    let held: Vec<Pod> = objects
        .protobuf
        .iter()
        .map(|pod| by_protobuf(pod))
        .collect();
    println!(
        "a Pod: JSON {} B, {} without managedFields; protobuf {} B, {} without\n",
        mean_length(&objects.json),
        mean_length(&objects.pruned_json),
        mean_length(&objects.protobuf),
        mean_length(&objects.pruned_protobuf),
    );
    let mut rows = rows(&objects, &held);
    let mut times = vec![vec![]; rows.len()];
    // The first one warms up.
    for run in 0..=RUNS {
        for ((_, measure), times) in rows.iter_mut().zip(&mut times) {
            let time = measure();
            if run > 0 {
                times.push(time);
            }
        }
    }
    println!("| what | best, µs | median, µs |\n|---|---:|---:|");
    let mut told = vec![];
    for ((name, _), times) in rows.iter().zip(&mut times) {
        times.sort_by(f64::total_cmp);
        let (best, median) = (times[0], times[RUNS / 2]);
        println!("| {name} | {best:.2} | {median:.2} |");
        told.push(json!({"what": name, "best_us": best, "median_us": median}));
    }
    if let Some(path) = std::env::args_os().nth(1) {
        std::fs::write(path, serde_json::to_vec_pretty(&told)?)?;
    }
    Ok(())
}
