//! What the core of the watch cache costs, without a network: `cargo xtask bench core`.
//!
//! Prints one table, and writes it as JSON to the path given as an argument; a second argument names
//! the only part to run: `commits`, `reads`, `fan-out`, `joins`, `controller`, `latencies` or `waits`. With
//! `hold-objects`, `hold-cache`, `hold-replaced`, `hold-view`, `hold-made` or `hold-map` it ends with that in
//! memory, and with `hold-join-inputs`, `hold-join`, `hold-join-pairs` or `hold-join-lookups`. Every row
//! checks first that what it measures did what it should. Figures are medians; CPU time is that of the
//! process.

#[path = "bench_core/commits.rs"]
mod commits;
#[path = "bench_core/controller.rs"]
mod controller;
#[path = "bench_core/joins.rs"]
mod joins;
#[path = "bench_core/latencies.rs"]
mod latencies;
#[path = "bench_core/waits.rs"]
mod waits;

use std::sync::Arc;
use std::time::{Duration, Instant};

use kcache::{Feed, Filter, Object, Publisher, Selector, Subscription};
use kcache_join::SelectorJoin;
use rustix::time::{ClockId, clock_gettime};
use serde_json::json;

/// An object with the header of a Pod and nothing else, so that the cache itself is measured.
struct Thing {
    namespace: String,
    name: String,
    version: String,
    labels: Vec<(&'static str, String)>,
}

impl Object for Thing {
    fn namespace(&self) -> Option<&str> {
        Some(&self.namespace)
    }

    fn name(&self) -> &str {
        &self.name
    }

    fn uid(&self) -> &str {
        &self.name
    }

    fn version(&self) -> &str {
        &self.version
    }

    fn labels(&self) -> impl Iterator<Item = (&str, &str)> {
        self.labels
            .iter()
            .map(|(key, value)| (*key, value.as_str()))
    }
}

const NAMESPACES: usize = 20;

/// One of a number of things, of an app that ten of them share.
fn thing(i: usize, version: usize, app: usize) -> Thing {
    Thing {
        namespace: format!("namespace-{}", app % NAMESPACES),
        name: format!("thing-{i}"),
        version: version.to_string(),
        labels: vec![
            ("app", format!("app-{app}")),
            ("app.kubernetes.io/managed-by", "bench".to_owned()),
            ("pod-template-hash", format!("hash-{app}")),
            ("tier", format!("tier-{}", i % 3)),
        ],
    }
}

fn fed(count: usize) -> (Publisher<Thing>, Feed<Thing>) {
    let (publisher, mut feed) = kcache::feed();
    let things = (0..count).map(|i| thing(i, i + 1, i / 10));
    feed.relist(things, None).expect("the publisher is open");
    (publisher, feed)
}

/// Wall and CPU time.
#[derive(Clone, Copy)]
struct Cost(Duration, Duration);

fn cpu() -> Duration {
    let now = clock_gettime(ClockId::ProcessCPUTime);
    Duration::try_from(now).expect("a clock that does not run backwards")
}

fn cost(run: impl FnOnce()) -> Cost {
    let (wall, used) = (Instant::now(), cpu());
    run();
    Cost(wall.elapsed(), cpu().saturating_sub(used))
}

/// The rows, each the median of several runs, per operation.
#[derive(Default)]
struct Table(Vec<(String, usize, Cost)>);

impl Table {
    fn row(&mut self, name: &str, operations: usize, mut run: impl FnMut(usize) -> Cost) {
        const RUNS: usize = 7;
        let mut costs: Vec<_> = (0..RUNS).map(&mut run).collect();
        let mut median = |of: fn(&Cost) -> Duration| {
            costs.sort_by_key(of);
            of(&costs[RUNS / 2])
        };
        let cost = Cost(median(|cost| cost.0), median(|cost| cost.1));
        self.0.push((name.to_owned(), operations, cost));
    }

    fn each(operations: usize, time: Duration) -> f64 {
        let operations = u32::try_from(operations).expect("few enough operations");
        time.as_secs_f64() * 1e6 / f64::from(operations)
    }

    #[expect(clippy::print_stdout, reason = "the table is what this program is for")]
    fn print(&self) {
        println!("| what | operations | wall, µs each | CPU, µs each |\n|---|---:|---:|---:|");
        for (name, operations, Cost(wall, cpu)) in &self.0 {
            let (wall, cpu) = (
                Self::each(*operations, *wall),
                Self::each(*operations, *cpu),
            );
            println!("| {name} | {operations} | {wall:.3} | {cpu:.3} |");
        }
    }

    fn json(&self) -> serde_json::Value {
        let row = |(name, operations, Cost(wall, cpu)): &(String, usize, Cost)| {
            let (wall, cpu) = (
                Self::each(*operations, *wall),
                Self::each(*operations, *cpu),
            );
            json!({"what": name, "operations": operations, "wall_us": wall, "cpu_us": cpu})
        };
        self.0.iter().map(row).collect()
    }
}

fn main() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .build();
    let runtime = runtime.expect("a runtime");
    let _guard = runtime.enter();
    let only = std::env::args().nth(2);
    let wanted = |part: &str| only.as_deref().is_none_or(|only| only == part);
    if let Some(what) = only.as_deref().and_then(|only| only.strip_prefix("hold-")) {
        if what.starts_with("events") {
            publish(&runtime, what.ends_with("filters"));
        }
        match what.strip_prefix("join") {
            Some(with) => joins::hold(with.trim_start_matches('-')),
            None => commits::hold(what),
        }
    }
    let mut table = Table::default();
    if wanted("commits") {
        commits::rows(&mut table);
    }
    if wanted("reads") {
        reads(&mut table);
    }
    if wanted("fan-out") {
        fan_out(&mut table, &runtime);
    }
    if wanted("joins") {
        joins::rows(&mut table);
    }
    table.print();
    let controller = if wanted("controller") {
        controller::rows()
    } else {
        Vec::new()
    };
    print_rows(
        "an event of a Pod of 3 KB, the median of nine rounds",
        &controller,
    );
    let latencies = if wanted("latencies") {
        latencies::rows()
    } else {
        Vec::new()
    };
    print_rows("latencies, the median of five runs", &latencies);
    let waits = if wanted("waits") {
        waits::rows()
    } else {
        Vec::new()
    };
    let title = "at 100,000 objects, on one thread: longest wait of another task, ms";
    print_rows(title, &waits);
    if let Some(path) = std::env::args_os().nth(1) {
        let all = json!({
            "costs": table.json(), "controller": controller, "latencies": latencies, "waits_ms": waits,
        });
        std::fs::write(path, all.to_string()).expect("the path can be written");
    }
}

#[expect(clippy::print_stdout, reason = "the table is what this program is for")]
fn print_rows(title: &str, rows: &[(impl std::fmt::Display, f64)]) {
    if rows.is_empty() {
        return;
    }
    println!("\n| {title} | |\n|---|---:|");
    for (what, figure) in rows {
        println!("| {what} | {figure:.3} |");
    }
}

/// Each is a commit of its own.
fn apply(feed: &mut Feed<Thing>, things: Vec<Thing>) {
    for thing in things {
        feed.apply(thing).expect("the publisher is open");
    }
}

fn reads(table: &mut Table) {
    let (things, _feed) = fed(100_000);
    let cache = things.cache();
    let keys: Vec<_> = cache.keys();
    let std: std::collections::HashMap<_, _> = keys
        .iter()
        .zip(cache.list())
        .map(|(key, thing)| (key.clone(), thing))
        .collect();
    let mixed: Vec<_> = (0..100_000)
        .map(|i| &keys[i * 7_919 % keys.len()])
        .collect();
    table.row("get, at 100,000", 100_000, |_| {
        let mut found = 0;
        let cost = cost(|| {
            let get = |key: &&&kcache::Key| cache.get(key.namespace(), key.name()).is_some();
            found = mixed.iter().filter(get).count();
        });
        assert_eq!(found, 100_000);
        cost
    });
    table.row(
        "the same of a std HashMap, cloning the Arc",
        100_000,
        |_| {
            let mut found = 0;
            let get = |key: &&&kcache::Key| std.get(*key).map(Arc::clone).is_some();
            let cost = cost(|| found = mixed.iter().filter(get).count());
            assert_eq!(found, 100_000);
            cost
        },
    );
    table.row("list of all 100,000, per object", 100_000, |_| {
        let mut list = Vec::new();
        let cost = cost(|| list = cache.list());
        assert_eq!(list.len(), 100_000);
        cost
    });
    table.row("list of a namespace of 5,000, per object", 5_000, |_| {
        let mut list = Vec::new();
        let cost = cost(|| list = cache.list_namespace("namespace-7"));
        assert_eq!(list.len(), 5_000);
        cost
    });
}

/// Takes everything until the newest version of the last thing has come, and counts.
async fn take(mut changes: Subscription<Thing>, last: String) -> usize {
    let mut count = 0;
    while let Some(event) = changes.next().await {
        count += 1;
        if event.object().version == last {
            break;
        }
    }
    count
}

fn fan_out(table: &mut Table, runtime: &tokio::runtime::Runtime) {
    let events = 2_000;
    let all = |_: usize| Filter::everything();
    let mut bench =
        |name: &str, active: usize, stalled: usize, filter: &dyn Fn(usize) -> Filter<Thing>| {
            table.row(name, events, |run| {
                let (things, mut feed) = fed(1_000);
                let idle: Vec<_> = (0..stalled)
                    .map(|i| things.subscribe_with(filter(i)))
                    .collect();
                let last = (1_000_000 * (run + 1) + events - 1).to_string();
                let mut tasks = Vec::new();
                for _ in 0..active {
                    let mut changes = things.subscribe();
                    runtime
                        .block_on(changes.snapshot())
                        .expect("the publisher is ready");
                    tasks.push(runtime.spawn(take(changes, last.clone())));
                }
                let new: Vec<_> = (0..events)
                    .map(|i| thing(i % 1_000, 1_000_000 * (run + 1) + i, i % 1_000 / 10))
                    .collect();
                let cost = cost(|| {
                    apply(&mut feed, new);
                    for task in tasks {
                        // Events of one key are merged for whoever lags; none is lost.
                        let count = runtime.block_on(task).expect("no panic");
                        assert!((1_000..=events).contains(&count), "{count}");
                    }
                });
                assert!(idle.iter().all(|changes| changes.status().waiting <= 1_256));
                cost
            });
        };
    bench("an event to 1 subscriber", 1, 0, &all);
    bench(
        "an event to 1, beside 1,000 filters that do not match",
        1,
        1_000,
        &other,
    );
    bench("an event to 1,000 subscribers", 1_000, 0, &all);
    bench(
        "an event to 990 subscribers and 10 that are stalled",
        990,
        10,
        &all,
    );
}

/// Publishes events to one subscriber that reads them at once, beside 1,000 filters that do not match or alone,
/// for a profiler that counts instructions.
fn publish(runtime: &tokio::runtime::Runtime, beside_filters: bool) -> ! {
    let (things, mut feed) = fed(1_000);
    let others = if beside_filters { 1_000 } else { 0 };
    let idle = (0..others).map(|number| things.subscribe_with(other(number)));
    let idle: Vec<_> = idle.collect();
    let mut changes = things.subscribe();
    let start = runtime.block_on(changes.snapshot());
    start.expect("the publisher is ready");
    for event in 0..20_000 {
        apply(
            &mut feed,
            vec![thing(event % 1_000, 1_000_000 + event, event % 1_000 / 10)],
        );
        runtime.block_on(changes.next()).expect("it is open");
    }
    let is_right = idle.iter().all(|changes| changes.status().waiting <= 1);
    std::process::exit(i32::from(!is_right));
}

/// A filter that matches nothing.
fn other(number: usize) -> Filter<Thing> {
    Filter::labels([("app", format!("other-{number}").as_str())])
}

/// Things are selected by the app that a thing is of.
fn relation() -> SelectorJoin<Thing> {
    SelectorJoin::new(|source: &Thing| {
        let app = source.label("app").unwrap_or_default();
        Ok(Selector::from_map([
            ("app", app),
            ("app.kubernetes.io/managed-by", "bench"),
        ]))
    })
}
