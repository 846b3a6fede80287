//! What an hour of changes leaves of memory: `cargo run --release --package tests --features bench
//! --example bench_churn`.
//!
//! 20,000 Pods, and 3,600,000 changes of them: a thousand in a second for an hour, as fast as they can be
//! decoded. Nine of ten are updates of a status; one replaces a Pod by another of another size, as a
//! rollout does. One thread decodes, another has a subscription and frees what it was the last to hold.
//! Beside each stands a fresh process that lists what there is in the end.

use std::collections::HashSet;
use std::hint::black_box;
use std::io::{self, Write};
use std::path::Path;
use std::process::Command;
use std::time::Duration;
use std::{env, thread};

use anyhow::{Context, Result, bail, ensure};
use harness::process_memory;
use k8s_openapi::api::core::v1;
use kcache::{Codec, Compact, CompactCodec, Feed, Input, JsonCodec, Object, Publisher, Raw};

#[path = "bench_sync/pods.rs"]
#[expect(dead_code, reason = "clients are not compared here")]
mod pods;

use pods::{Generation, Pod};

const COUNT: usize = 20_000;
const CHANGES: usize = 3_600_000;

/// What a user would set from outside: its name, and the variable.
const ALLOCATORS: [(&str, Option<(&str, &str)>); 4] = [
    ("glibc", None),
    ("glibc, one arena", Some(("MALLOC_ARENA_MAX", "1"))),
    (
        "jemalloc",
        Some(("LD_PRELOAD", "/usr/lib/x86_64-linux-gnu/libjemalloc.so.2")),
    ),
    (
        "mimalloc",
        Some(("LD_PRELOAD", "/usr/lib/x86_64-linux-gnu/libmimalloc.so.2.0")),
    ),
];

fn main() -> Result<()> {
    let arguments: Vec<_> = env::args().skip(1).collect();
    match &*arguments.iter().map(String::as_str).collect::<Vec<_>>() {
        [] => compare(),
        ["typed", way] => run::<v1::Pod>(JsonCodec::default(), way),
        ["compact", way] => run::<Compact<v1::Pod>>(CompactCodec::default(), way),
        _ => bail!("it takes no arguments"),
    }
}

fn compare() -> Result<()> {
    let mut out = io::stdout();
    writeln!(
        out,
        "| form | allocator | CPU of a change, µs | after all changes, MB | fresh, MB | ratio |\n|---|---|---:|---:|---:|---:|"
    )?;
    for form in ["typed", "compact"] {
        for (name, variable) in ALLOCATORS {
            let is_missing =
                |(_, value): (&str, &str)| value.starts_with('/') && !Path::new(value).exists();
            if variable.is_some_and(is_missing) {
                writeln!(io::stderr(), "{name} is left out: its library is missing")?;
                continue;
            }
            let (fresh, _) = measure(form, "fresh", variable)?;
            let (aged, cpu) = measure(form, "aged", variable)?;
            let ratio = aged / fresh;
            writeln!(
                out,
                "| {form} | {name} | {cpu:.1} | {aged:.0} | {fresh:.0} | {ratio:.2} |"
            )?;
        }
    }
    Ok(())
}

/// Memory in megabytes, and CPU time of a change in microseconds, of a process of its own.
fn measure(form: &str, way: &str, variable: Option<(&str, &str)>) -> Result<(f64, f64)> {
    let output = Command::new(env::current_exe()?)
        .args([form, way])
        .envs(variable)
        .stderr(std::process::Stdio::inherit())
        .output()?;
    ensure!(output.status.success(), "{form}, {way} failed");
    let said = String::from_utf8(output.stdout)?;
    let (memory, cpu) = said.trim().split_once(' ').context("no figures")?;
    Ok((memory.parse()?, cpu.parse()?))
}

/// One process: says what it holds, and what a change took.
fn run<V: Object>(codec: impl Codec<V>, way: &str) -> Result<()> {
    let (publisher, feed) = kcache::feed::<V>();
    let subscriber = subscribe(&publisher);
    let mut pods = Pods {
        codec,
        feed,
        text: String::new(),
    };
    let mut changes = Changes::new();
    let cpu = if way == "aged" {
        pods.list(&changes.live)?;
        let before = cpu()?;
        for _ in 0..CHANGES {
            let (gone, new) = changes.next();
            if let Some(gone) = gone {
                let object = pods.decode(gone)?;
                pods.feed.send(Input::Remove(object))?;
            }
            let object = pods.decode(new)?;
            pods.feed.send(Input::Apply(object))?;
        }
        cpu()?.saturating_sub(before)
    } else {
        for _ in 0..CHANGES {
            black_box(changes.next());
        }
        pods.list(&changes.live)?;
        Duration::ZERO
    };
    // What the subscriber still has is not held by the cache.
    thread::sleep(Duration::from_secs(2));
    let memory = process_memory("self", "VmRSS")? / 1e6;
    changes.check(&publisher)?;
    pods.feed.close();
    ensure!(subscriber.join().is_ok(), "the subscriber panicked");
    let each = cpu.as_secs_f64() * 1e6 / f64::from(u32::try_from(CHANGES)?);
    writeln!(io::stdout(), "{memory} {each}")?;
    Ok(())
}

/// A subscription in a thread of its own.
fn subscribe<V: Object>(publisher: &Publisher<V>) -> thread::JoinHandle<()> {
    let mut changes = publisher.subscribe();
    thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().build();
        runtime
            .expect("a runtime")
            .block_on(async { while changes.next().await.is_some() {} });
    })
}

/// What decodes.
struct Pods<V: Object, C> {
    codec: C,
    feed: Feed<V>,
    text: String,
}

impl<V: Object, C: Codec<V>> Pods<V, C> {
    fn decode(&mut self, pod: Pod) -> Result<V> {
        self.text.clear();
        self.text.push('{');
        pod.write(&mut self.text)?;
        Ok(self
            .codec
            .decode(Raw::Json(self.text.trim_end().as_bytes()))?)
    }

    fn list(&mut self, pods: &[Pod]) -> Result<()> {
        for &pod in pods {
            let object = self.decode(pod)?;
            self.feed.send(Input::Item(object))?;
        }
        Ok(self.feed.send(Input::Synced(None))?)
    }
}

/// The same changes each time.
struct Changes {
    live: Vec<Pod>,
    place: usize,
}

impl Changes {
    fn new() -> Self {
        let live = (0..COUNT).map(Pod::listed).collect();
        Self { live, place: 0 }
    }

    /// What is gone, and what is there instead.
    fn next(&mut self) -> (Option<Pod>, Pod) {
        self.place += 1;
        let at = pods::mix(self.place, 1) % COUNT;
        let generation = Generation::Updated(self.place);
        let before = self.live[at];
        let is_replaced = pods::mix(self.place, 2).is_multiple_of(10);
        let number = if is_replaced {
            COUNT + self.place
        } else {
            before.number
        };
        self.live[at] = Pod { number, generation };
        (is_replaced.then_some(before), self.live[at])
    }

    /// The cache has what is there in the end.
    fn check<V: Object>(&self, publisher: &Publisher<V>) -> Result<()> {
        let live = self.live.iter().map(|pod| pod.version().to_string());
        let live: HashSet<_> = live.collect();
        let list = publisher.cache().list();
        ensure!(list.len() == COUNT, "it has {} Pods", list.len());
        ensure!(
            list.iter().all(|pod| live.contains(pod.version())),
            "a Pod is not the last one"
        );
        Ok(())
    }
}

/// The CPU time of all threads.
fn cpu() -> Result<Duration> {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    Ok(Duration::new(
        time.tv_sec.try_into()?,
        time.tv_nsec.try_into()?,
    ))
}
