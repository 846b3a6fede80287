//! How long a change takes to its subscriber, and reads beside changes.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use k8s_openapi::api::core::v1::Pod;
use kcache::{Feed, Publisher, SubscribeOptions};
use serde_json::json;

use crate::{Thing, fed, thing};

/// Events a second, and for how long.
const RATE: u32 = 10_000;
const EVENTS: u32 = 20_000;
const OBJECTS: usize = 100_000;

/// What is done while one reads. A writer of another cache takes as much of the machine as one of the
/// cache that is read, and nothing of that cache.
#[derive(Clone, Copy)]
enum Beside {
    Nothing,
    OtherCache,
    Writer,
}

/// Which of the reads, its name, and which of its times is told.
const READS: [(usize, &str, &str, usize); 3] = [
    (0, "get", "p99.9", 999),
    (1, "list of a namespace of 5,000", "median", 500),
    (1, "list of a namespace of 5,000", "p99.9", 999),
];

/// Medians of five runs.
pub(crate) fn rows() -> Vec<(String, f64)> {
    let beside = [
        ("without a writer", Beside::Nothing),
        (
            "beside 10,000 events/s of another cache",
            Beside::OtherCache,
        ),
        ("beside 10,000 events/s", Beside::Writer),
    ];
    let mut arrivals = Vec::new();
    let mut runs = Vec::new();
    for _ in 0..5 {
        arrivals.push(arrival());
        runs.push(beside.map(|(_, beside)| reads(beside)));
    }
    let median = |mut figures: Vec<f64>| {
        figures.sort_by(f64::total_cmp);
        figures[figures.len() / 2]
    };
    let arrival = "from the bytes of an event to its subscriber, 10,000 events/s: p99, ms";
    let mut rows = vec![(arrival.to_owned(), median(arrivals))];
    for (read, (_, what, which, _)) in READS.iter().enumerate() {
        for (run, (beside, _)) in beside.iter().enumerate() {
            let name = format!("{what} {beside}: {which}, µs");
            rows.push((name, median(runs.iter().map(|of| of[run][read]).collect())));
        }
    }
    rows
}

/// Waits until it is time for this event.
fn wait_for(begin: Instant, event: u32) {
    let due = begin + Duration::from_secs(1) / RATE * event;
    while Instant::now() < due {
        std::thread::sleep(Duration::from_micros(200).min(due - Instant::now()));
    }
}

fn percentile(times: &[Duration], thousandths: usize) -> f64 {
    let mut times = times.to_vec();
    times.sort();
    let time = times[(times.len() - 1) * thousandths / 1_000];
    time.as_secs_f64() * 1e3
}

/// The bytes are there at the time at which the event is due; a thread decodes and commits them, a task
/// of a runtime takes the event.
fn arrival() -> f64 {
    let runtime = tokio::runtime::Builder::new_current_thread().build();
    let runtime = runtime.expect("a runtime");
    let (pods, mut feed) = kcache::feed();
    feed.relist([], None).expect("the publisher is open");
    // None is merged into another, however late it is.
    let all = SubscribeOptions::default().queue(20_000);
    let mut changes = pods.subscribe_options(all);
    let bodies: Vec<_> = (0..1_000).map(body).collect();
    let begin = Instant::now() + Duration::from_millis(20);
    let source = std::thread::spawn(move || {
        for event in 0..EVENTS {
            wait_for(begin, event);
            let body = &bodies[event as usize % bodies.len()];
            let pod: Pod = serde_json::from_slice(body).expect("it is a Pod");
            feed.apply(pod).expect("the publisher is open");
        }
        feed
    });
    let mut times = Vec::new();
    runtime.block_on(async {
        for event in 0..EVENTS {
            changes.next().await.expect("an event");
            let due = begin + Duration::from_secs(1) / RATE * event;
            times.push(due.elapsed());
        }
    });
    drop(source.join().expect("no panic"));
    percentile(&times, 990)
}

fn body(number: usize) -> Vec<u8> {
    let name = format!("pod-{number}");
    let labels = json!({"app": format!("app-{number}"), "tier": "web"});
    let metadata = json!({
        "name": name, "namespace": "default", "uid": name, "resourceVersion": "1", "labels": labels,
    });
    let container = json!({"name": "web", "image": "registry.example/web:1"});
    let spec = json!({"nodeName": "node-1", "containers": [container]});
    let pod = json!({"metadata": metadata, "spec": spec, "status": {"phase": "Running"}});
    pod.to_string().into_bytes()
}

/// Reads for two seconds on a thread, beside something else, and returns the times of [`READS`] in
/// microseconds.
fn reads(beside: Beside) -> [f64; 3] {
    let (things, feed) = fed(OBJECTS);
    let (_other_things, other_feed) = fed(OBJECTS);
    let stop = Arc::new(AtomicBool::new(false));
    let stopped = stop.clone();
    let reading = things.clone();
    let reader = std::thread::spawn(move || read(&reading, &stopped));
    match beside {
        Beside::Nothing => std::thread::sleep(Duration::from_secs(1) * EVENTS / RATE),
        Beside::OtherCache => drop(write(other_feed)),
        Beside::Writer => drop(write(feed)),
    }
    stop.store(true, Ordering::Relaxed);
    let times = reader.join().expect("no panic");
    READS.map(|(read, _, _, thousandths)| percentile(&times[read], thousandths) * 1e3)
}

fn write(mut feed: Feed<Thing>) -> Feed<Thing> {
    let begin = Instant::now();
    for event in 0..EVENTS {
        wait_for(begin, event);
        let i = event as usize * 7_919 % OBJECTS;
        let new = thing(i, 1_000_000 + event as usize, i / 10);
        feed.apply(new).expect("the publisher is open");
    }
    feed
}

fn read(things: &Publisher<Thing>, stop: &AtomicBool) -> [Vec<Duration>; 2] {
    let cache = things.cache();
    let mut times = [Vec::new(), Vec::new()];
    for round in 0.. {
        if stop.load(Ordering::Relaxed) {
            break;
        }
        for get in 0..20 {
            let i = (round * 20 + get) * 7_919 % OBJECTS;
            let (namespace, name) = (format!("namespace-{}", i / 10 % 20), format!("thing-{i}"));
            let begin = Instant::now();
            let found = cache.get(&namespace, &name);
            times[0].push(begin.elapsed());
            assert!(found.is_some());
        }
        let begin = Instant::now();
        let list = cache.list_namespace("namespace-7");
        times[1].push(begin.elapsed());
        assert_eq!(list.len(), 5_000);
        std::thread::sleep(Duration::from_micros(500));
    }
    times
}
