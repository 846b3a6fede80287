//! What HTTP/2 is worth to a client, on the real kube-apiserver: `cargo xtask bench http2`.
//!
//! The same client once with HTTP/2 and once without (`DISABLE_HTTP2`), in turns, each time anew.
//! Prints one table of medians, and writes it as JSON to the path given as an argument. CPU time is
//! the process's, on either side.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use futures_util::StreamExt as _;
use futures_util::future::try_join_all;
use futures_util::stream::{self, TryStreamExt as _};
use harness::cluster::{Cluster, ClusterOptions};
use http::{Request, Version};
use http_body_util::BodyExt as _;
use kcc_core::Environment;
use kcc_core::client::ClientConfig;
use kube::Client;
use kube::client::Body;
use rustix::time::{ClockId, clock_gettime};
use serde_json::json;

const ROUNDS: usize = 7;
const WATCHES: usize = 300;
const EVENTS: usize = 50;
const OBJECTS: usize = 2_000;
const MAPS: &str = "/api/v1/namespaces/default/configmaps";

fn main() -> Result<()> {
    let file = std::env::args()
        .nth(1)
        .context("the path of the JSON file is missing")?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()?;
    let bench = Bench {
        cluster: Cluster::start(ClusterOptions::default())?,
    };
    runtime.block_on(bench.fill())?;
    let mut rows = Vec::new();
    for row in ROWS {
        let mut measured: [Vec<Cost>; 2] = Default::default();
        for _ in 0..ROUNDS {
            for (protocol, costs) in [Version::HTTP_2, Version::HTTP_11]
                .into_iter()
                .zip(&mut measured)
            {
                costs.push(runtime.block_on(bench.cost_of(row, protocol))?);
            }
        }
        rows.push((row, measured.map(|costs| Cost::median(&costs))));
    }
    print(&rows);
    let json: Vec<_> = rows
        .iter()
        .map(|(row, [two, one])| json!({ "row": row.name(), "http2": two.json(), "http1": one.json() }))
        .collect();
    std::fs::write(&file, serde_json::to_vec_pretty(&json)?)?;
    Ok(())
}

/// What is measured.
#[derive(Clone, Copy)]
enum Row {
    OpenWatches,
    DeliverEvents,
    RequestsAtOnce,
    RequestsInTurn,
    Lists,
}

const ROWS: [Row; 5] = [
    Row::OpenWatches,
    Row::DeliverEvents,
    Row::RequestsAtOnce,
    Row::RequestsInTurn,
    Row::Lists,
];

impl Row {
    fn name(self) -> &'static str {
        match self {
            Self::OpenWatches => "300 watches opened at once",
            Self::DeliverEvents => "50 events to each of 300 watches",
            Self::RequestsAtOnce => "200 requests at once",
            Self::RequestsInTurn => "500 requests, one after the other",
            Self::Lists => "10 lists of 2,000 objects (5.4 MB), two at a time",
        }
    }
}

struct Bench {
    cluster: Cluster,
}

impl Bench {
    fn client(&self, protocol: Version) -> Result<Client> {
        let mut environment: Environment = [("HOME", "/nowhere")].into_iter().collect();
        if protocol != Version::HTTP_2 {
            environment.set("DISABLE_HTTP2", "1");
        }
        let config = ClientConfig::loader()
            .with_environment(environment)
            .with_kubeconfig(self.cluster.admin_kubeconfig());
        Ok(config.load()?.client()?)
    }

    async fn fill(&self) -> Result<()> {
        let client = self.client(Version::HTTP_2)?;
        let data = "x".repeat(2_400);
        let make = (0..OBJECTS).map(|i| create(&client, format!("filled-{i}"), &data));
        stream::iter(make).buffer_unordered(20).try_collect().await
    }

    async fn cost_of(&self, row: Row, protocol: Version) -> Result<Cost> {
        let client = self.client(protocol)?;
        match row {
            Row::OpenWatches => {
                let sockets = settled_sockets().await?;
                let meter = self.meter()?;
                let watches = watches(&client, protocol).await?;
                let cost = meter.read(self)?;
                let connections = self::sockets()? - sockets;
                drop(watches);
                Ok(Cost {
                    connections,
                    ..cost
                })
            }
            Row::DeliverEvents => self.deliver(&client, protocol).await,
            Row::RequestsAtOnce => {
                let meter = self.meter()?;
                try_join_all((0..200).map(|_| get(&client, protocol))).await?;
                meter.read(self)
            }
            Row::RequestsInTurn => {
                let meter = self.meter()?;
                for _ in 0..500 {
                    get(&client, protocol).await?;
                }
                meter.read(self)
            }
            Row::Lists => {
                let meter = self.meter()?;
                let lists = (0..10).map(|_| list(&client));
                let lengths: Vec<usize> = stream::iter(lists)
                    .buffer_unordered(2)
                    .try_collect()
                    .await?;
                ensure!(
                    lengths.iter().all(|length| *length > 5_000_000),
                    "{lengths:?}"
                );
                meter.read(self)
            }
        }
    }

    /// Everybody sees each new object.
    async fn deliver(&self, client: &Client, protocol: Version) -> Result<Cost> {
        let watches = watches(client, protocol).await?;
        let writer = self.client(Version::HTTP_2)?;
        let round = jiff::Timestamp::now().as_nanosecond();
        let reading = watches.into_iter().map(|watch| {
            tokio::spawn(
                async move { see(watch, &format!("\"name\":\"event-{round}"), EVENTS).await },
            )
        });
        let reading: Vec<_> = reading.collect();
        let meter = self.meter()?;
        for i in 0..EVENTS {
            create(&writer, format!("event-{round}-{i}"), "").await?;
        }
        for seen in reading {
            seen.await??;
        }
        let cost = meter.read(self)?;
        // They would be in the next list.
        let names = (0..EVENTS).map(|i| delete(&writer, format!("event-{round}-{i}")));
        try_join_all(names).await?;
        Ok(cost)
    }

    fn meter(&self) -> Result<Meter> {
        Ok(Meter {
            wall: Instant::now(),
            client: cpu(),
            server: self.cluster.cpu_time()?,
        })
    }
}

struct Meter {
    wall: Instant,
    client: Duration,
    server: Duration,
}

impl Meter {
    fn read(&self, bench: &Bench) -> Result<Cost> {
        Ok(Cost {
            wall: self.wall.elapsed(),
            client: cpu().saturating_sub(self.client),
            server: bench.cluster.cpu_time()?.saturating_sub(self.server),
            connections: 0,
        })
    }
}

#[derive(Clone, Copy)]
struct Cost {
    wall: Duration,
    client: Duration,
    server: Duration,
    connections: usize,
}

impl Cost {
    fn median(costs: &[Self]) -> Self {
        fn of<T: Copy + Ord>(costs: &[Cost], part: impl Fn(&Cost) -> T) -> T {
            let mut parts: Vec<T> = costs.iter().map(part).collect();
            parts.sort_unstable();
            parts[parts.len() / 2]
        }
        Self {
            wall: of(costs, |cost| cost.wall),
            client: of(costs, |cost| cost.client),
            server: of(costs, |cost| cost.server),
            connections: of(costs, |cost| cost.connections),
        }
    }

    fn json(self) -> serde_json::Value {
        json!({
            "wall_ms": self.wall.as_secs_f64() * 1e3,
            "client_cpu_ms": self.client.as_secs_f64() * 1e3,
            "server_cpu_ms": self.server.as_secs_f64() * 1e3,
            "connections": self.connections,
        })
    }
}

fn cpu() -> Duration {
    let now = clock_gettime(ClockId::ProcessCPUTime);
    Duration::try_from(now).expect("a clock that does not run backwards")
}

fn sockets() -> Result<usize> {
    let files = std::fs::read_dir("/proc/self/fd")?.flatten();
    let targets = files.filter_map(|file| std::fs::read_link(file.path()).ok());
    Ok(targets
        .filter(|target| target.to_string_lossy().starts_with("socket:"))
        .count())
}

/// The connections of earlier rows are closed at their own pace.
async fn settled_sockets() -> Result<usize> {
    let mut last = usize::MAX;
    loop {
        let now = sockets()?;
        if now == last {
            return Ok(now);
        }
        last = now;
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
}

async fn watches(client: &Client, protocol: Version) -> Result<Vec<Body>> {
    let open = (0..WATCHES).map(|_| async {
        let request = Request::get(format!(
            "{MAPS}?watch=1&resourceVersion=0&labelSelector=event"
        ));
        let response = client.send(request.body(Body::empty())?).await?;
        ensure!(response.status().is_success(), "{}", response.status());
        ensure!(response.version() == protocol, "{:?}", response.version());
        Ok(response.into_body())
    });
    try_join_all(open).await
}

/// Reads until `text` has come so often.
async fn see(mut watch: Body, text: &str, times: usize) -> Result<()> {
    let mut bytes = String::new();
    let mut seen = 0;
    while seen < times {
        let frame = watch.frame().await.context("the watch ended")??;
        bytes.push_str(std::str::from_utf8(&frame.into_data().unwrap_or_default())?);
        let whole = bytes.rfind('\n').map_or(0, |end| end + 1);
        seen += bytes[..whole].matches(text).count();
        bytes.drain(..whole);
    }
    Ok(())
}

async fn get(client: &Client, protocol: Version) -> Result<()> {
    let request = Request::get(format!("{MAPS}/filled-7")).body(Body::empty())?;
    let response = client.send(request).await?;
    ensure!(response.status().is_success(), "{}", response.status());
    ensure!(response.version() == protocol, "{:?}", response.version());
    response.into_body().collect().await?;
    Ok(())
}

async fn list(client: &Client) -> Result<usize> {
    let request = Request::get(format!("{MAPS}?resourceVersion=0&labelSelector=!event"));
    let mut body = client.send(request.body(Body::empty())?).await?.into_body();
    let mut length = 0;
    while let Some(frame) = body.frame().await {
        length += frame?.into_data().map_or(0, |data| data.len());
    }
    Ok(length)
}

async fn create(client: &Client, name: String, data: &str) -> Result<()> {
    let label = name.starts_with("event").then_some("1");
    let labels = label.map(|label| json!({ "event": label }));
    let map = json!({
        "apiVersion": "v1", "kind": "ConfigMap",
        "metadata": { "name": name, "labels": labels }, "data": { "a": data },
    });
    let request = Request::post(MAPS).header("content-type", "application/json");
    let request = request.body(Body::from(map.to_string().into_bytes()))?;
    let response = client.send(request).await?;
    ensure!(response.status().is_success(), "{}", response.status());
    Ok(())
}

async fn delete(client: &Client, name: String) -> Result<()> {
    let request = Request::delete(format!("{MAPS}/{name}")).body(Body::empty())?;
    let response = client.send(request).await?;
    ensure!(response.status().is_success(), "{}", response.status());
    Ok(())
}

#[allow(clippy::print_stdout, reason = "it is what this program is for")]
fn print(rows: &[(Row, [Cost; 2])]) {
    println!("medians of {ROUNDS}: HTTP/2, then HTTP/1.1\n");
    for (row, [two, one]) in rows {
        let ms = |duration: Duration| duration.as_secs_f64() * 1e3;
        println!("{}", row.name());
        for (what, two, one) in [
            ("ms", ms(two.wall), ms(one.wall)),
            ("ms of the client's CPU", ms(two.client), ms(one.client)),
            ("ms of the server's CPU", ms(two.server), ms(one.server)),
        ] {
            println!("  {two:>8.1} {one:>8.1}  {what}");
        }
        if one.connections > 0 {
            println!(
                "  {:>8} {:>8}  connections",
                two.connections, one.connections
            );
        }
    }
}
