//! The clients: 20 caches in one process.

use std::path::Path;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use futures_util::StreamExt as _;
use futures_util::future::{BoxFuture, FutureExt as _, try_join_all};
use harness::process_memory;
use http::Request;
use kcache::Informer;
use kcc_core::Environment;
use kcc_core::client::ClientConfig;
use kube::client::Body;
use kube::runtime::{WatchStreamExt as _, reflector, watcher};
use kube::{Api, Client};
use serde::{Deserialize, Serialize};

use crate::kinds::{Kind, each_kind};

/// What stands in a row of the table.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Mode {
    /// A reflector for each kind, its `managedFields` cleared.
    Kube,
    /// The same, with streaming lists.
    KubeStreaming,
    /// An informer for each kind.
    Kcache,
}

impl Mode {
    pub(crate) const ALL: [Self; 3] = [Self::Kube, Self::KubeStreaming, Self::Kcache];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Kube => "kube-rs, trimmed",
            Self::KubeStreaming => "kube-rs, trimmed, streaming list",
            Self::Kcache => "kcache",
        }
    }

    pub(crate) fn named(name: &str) -> Result<Self> {
        let mode = Self::ALL.into_iter().find(|mode| mode.name() == name);
        mode.with_context(|| format!("no mode {name:?}"))
    }
}

/// What the start took; times in seconds, memory in megabytes (of a million bytes).
#[derive(Clone, Copy, Default, Deserialize, Serialize)]
pub(crate) struct Cost {
    pub(crate) wall: f64,
    pub(crate) cpu: f64,
    pub(crate) peak: f64,
    pub(crate) rest: f64,
    pub(crate) requests: usize,
    pub(crate) objects: usize,
    pub(crate) server_cpu: f64,
}

impl Cost {
    pub(crate) fn median(costs: &[Self]) -> Self {
        let of = |part: fn(&Self) -> f64| {
            let mut parts: Vec<f64> = costs.iter().map(part).collect();
            parts.sort_by(f64::total_cmp);
            parts[parts.len() / 2]
        };
        let mut requests: Vec<_> = costs.iter().map(|cost| cost.requests).collect();
        requests.sort_unstable();
        Self {
            wall: of(|cost| cost.wall),
            cpu: of(|cost| cost.cpu),
            peak: of(|cost| cost.peak),
            rest: of(|cost| cost.rest),
            server_cpu: of(|cost| cost.server_cpu),
            requests: requests[requests.len() / 2],
            objects: costs[0].objects,
        }
    }
}

/// The client that both have.
pub(crate) fn connect(kubeconfig: &Path) -> Result<Client> {
    let environment: Environment = [("HOME", "/nowhere")].into_iter().collect();
    let config = ClientConfig::loader()
        .with_environment(environment)
        .with_kubeconfig(kubeconfig);
    Ok(config.load()?.client()?)
}

/// Fills all caches and prints what it took.
pub(crate) fn run(mode: Mode, kubeconfig: &Path) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()?;
    let cost = runtime.block_on(start(mode, kubeconfig))?;
    serde_json::to_writer(std::io::stdout(), &cost)?;
    // What was built up is not taken down piece by piece.
    std::process::exit(0)
}

async fn start(mode: Mode, kubeconfig: &Path) -> Result<Cost> {
    let started = Instant::now();
    let requests = Arc::new(AtomicUsize::new(0));
    let client = counted(connect(kubeconfig)?, &requests);
    let caches = each_kind(&Starter { mode, client });
    let counts = try_join_all(caches).await?;
    let wall = started.elapsed().as_secs_f64();
    // What was left for later counts.
    let cpu = settled_cpu().await?;
    Ok(Cost {
        wall,
        cpu: cpu.as_secs_f64(),
        peak: process_memory("self", "VmHWM")? / 1e6,
        rest: process_memory("self", "VmRSS")? / 1e6,
        requests: requests.load(Ordering::Relaxed),
        objects: counts.iter().map(|count| count()).sum(),
        server_cpu: 0.0,
    })
}

fn counted(client: Client, requests: &Arc<AtomicUsize>) -> Client {
    let requests = requests.clone();
    let send = move |request: Request<Body>| {
        requests.fetch_add(1, Ordering::Relaxed);
        let client = client.clone();
        async move { client.send(request).await }
    };
    Client::new(tower::service_fn(send), "default")
}

/// Says how many objects a cache has, and keeps it.
type Count = Box<dyn Fn() -> usize + Send>;

struct Starter {
    mode: Mode,
    client: Client,
}

impl Starter {
    fn informer<K: Kind>(&self) -> BoxFuture<'static, Result<Count>> {
        let informer = Informer::<K>::builder(self.client.clone()).start();
        async move {
            informer.ready().await?;
            Ok(Box::new(move || informer.cache().len()) as Count)
        }
        .boxed()
    }

    fn reflector<K: Kind>(&self, config: watcher::Config) -> BoxFuture<'static, Result<Count>> {
        let (store, writer) = reflector::store::<K>();
        let watcher = watcher::watcher(Api::<K>::all(self.client.clone()), config);
        let clear = |object: &mut K| object.meta_mut().managed_fields = None;
        let events = reflector(writer, watcher.default_backoff().modify(clear));
        tokio::spawn(async move {
            let mut events = pin!(events);
            while events.next().await.is_some() {}
        });
        async move {
            store.wait_until_ready().await?;
            Ok(Box::new(move || store.len()) as Count)
        }
        .boxed()
    }
}

impl crate::kinds::ForKind for Starter {
    type Output = BoxFuture<'static, Result<Count>>;

    fn of<K: Kind>(&self) -> Self::Output {
        let config = watcher::Config::default();
        match self.mode {
            Mode::Kube => self.reflector::<K>(config),
            Mode::KubeStreaming => self.reflector::<K>(config.streaming_lists()),
            Mode::Kcache => self.informer::<K>(),
        }
    }
}

/// User and system time of all threads, once the process does nothing any longer.
async fn settled_cpu() -> Result<Duration> {
    let cpu = || {
        Duration::try_from(rustix::time::clock_gettime(
            rustix::time::ClockId::ProcessCPUTime,
        ))
    };
    let mut last = cpu()?;
    loop {
        tokio::time::sleep(Duration::from_millis(300)).await;
        let now = cpu()?;
        if now.saturating_sub(last) < Duration::from_millis(3) {
            return Ok(now);
        }
        last = now;
    }
}
