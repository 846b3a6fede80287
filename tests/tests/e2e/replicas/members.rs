//! Three replicas in one process.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use harness::cluster::Cluster;
use harness::proxy::Proxy;
use k8s_openapi::api::core::v1::ConfigMap;
use kcache::{Informer, Object, Replicas, Shard};
use kube::Client;
use kube::api::{Api, ObjectMeta, PostParams};
use libtest_mimic::Failed;
use tokio::runtime::Runtime;

use super::observer::lock;
use super::stage::{LEASE, PATIENCE, RENEW, RETRY};
use crate::testers::{client, client_of, kubeconfig};
use crate::trial::{Outcome, block_on, check, cluster_for_testers, until};

const NAMESPACE: &str = "replicas";
const OBJECTS: usize = 120;

/// A replica with a runtime and a way to the server of its own.
struct Member {
    replicas: Replicas,
    informer: Informer<ConfigMap>,
    proxy: Proxy,
    runtime: Option<Runtime>,
}

impl Member {
    fn start(cluster: &Cluster, identity: &str) -> Result<Self, Failed> {
        let address: SocketAddr = cluster
            .server_url()
            .trim_start_matches("https://")
            .parse()?;
        let proxy = Proxy::start(address)?;
        let file = kubeconfig(cluster, &proxy.url(), "member", &["testers"])?;
        let mut builder = tokio::runtime::Builder::new_multi_thread();
        let runtime = builder.worker_threads(1).enable_all().build()?;
        let entered = runtime.enter();
        let client = client(file.path())?;
        let builder = Replicas::builder(client.clone(), NAMESPACE, "web").identity(identity);
        let builder = builder.lease_duration(LEASE).renew_deadline(RENEW);
        let replicas = builder.retry_period(RETRY).start()?;
        let informer = Informer::<ConfigMap>::builder(client)
            .namespace(NAMESPACE)
            .shard(Shard::nothing())
            .start();
        replicas.follow(&informer);
        drop(entered);
        Ok(Self {
            replicas,
            informer,
            proxy,
            runtime: Some(runtime),
        })
    }

    /// It ends as a process does that is killed.
    fn kill(mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

impl Drop for Member {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

/// Looks all the time whether two own one hash.
struct Watchman {
    goes_on: Arc<AtomicBool>,
    found: Arc<Mutex<Vec<String>>>,
    thread: Option<std::thread::JoinHandle<u64>>,
}

impl Watchman {
    fn start(all: Vec<Replicas>) -> Self {
        let goes_on = Arc::new(AtomicBool::new(true));
        let found: Arc<Mutex<Vec<String>>> = Arc::default();
        let (going, finds) = (goes_on.clone(), found.clone());
        let thread = std::thread::spawn(move || {
            let mut looks = 0;
            while going.load(Ordering::SeqCst) {
                for (one, other) in all
                    .iter()
                    .flat_map(|one| all.iter().map(move |other| (one, other)))
                {
                    if one.identity() == other.identity() {
                        continue;
                    }
                    // What one had before and after the other was asked, it had in between.
                    let before = one.shard();
                    let between = other.shard();
                    let after = one.shard();
                    let both = before
                        .intersection(&after)
                        .and_then(|own| own.intersection(&between));
                    if let Some(both) = both.filter(|both| !both.is_nothing()) {
                        let text =
                            format!("{} and {} own {both}", one.identity(), other.identity());
                        lock(&finds).push(text);
                    }
                    looks += 1;
                }
                std::thread::sleep(Duration::from_millis(1));
            }
            looks
        });
        Self {
            goes_on,
            found,
            thread: Some(thread),
        }
    }

    fn found_nothing(mut self) -> Outcome {
        self.goes_on.store(false, Ordering::SeqCst);
        let looks = self.thread.take().and_then(|thread| thread.join().ok());
        check(looks.is_some_and(|looks| looks > 100), "it has looked")?;
        let found = lock(&self.found).clone();
        check(found.is_empty(), found.join("; "))
    }
}

/// Waits until these, and no others, have all objects between them.
async fn until_shared(what: &str, members: &[&Member]) -> Outcome {
    let names = |member: &&Member| -> BTreeSet<String> {
        let objects = member.informer.cache().list();
        objects.iter().map(|map| map.name().to_owned()).collect()
    };
    until(PATIENCE, what, || {
        let held: Vec<_> = members.iter().map(names).collect();
        let all: BTreeSet<_> = held.iter().flatten().collect();
        let settled = members.iter().all(|member| {
            let status = member.replicas.status();
            status.settled && status.members.len() == members.len()
        });
        let ours = all.iter().filter(|name| name.starts_with("map-")).count();
        settled && ours == OBJECTS && held.iter().map(BTreeSet::len).sum::<usize>() == all.len()
    })
    .await
    .map_err(|error| {
        let error = error.message().unwrap_or_default();
        let states: Vec<_> = members
            .iter()
            .map(|member| member.replicas.status())
            .collect();
        format!("{error}: {states:#?}").into()
    })
}

async fn fill(client: &Client) -> Outcome {
    let maps = Api::<ConfigMap>::namespaced(client.clone(), NAMESPACE);
    for number in 0..OBJECTS {
        let map = ConfigMap {
            metadata: ObjectMeta {
                name: Some(format!("map-{number}")),
                ..ObjectMeta::default()
            },
            ..ConfigMap::default()
        };
        maps.create(&PostParams::default(), &map).await?;
    }
    Ok(())
}

pub(super) fn three_share_while_they_come_go_and_are_cut_off() -> Outcome {
    let cluster = cluster_for_testers()?;
    cluster.kubectl_admin(&["create", "namespace", NAMESPACE])?;
    block_on(async {
        fill(&client_of(cluster, "fills", &["testers"])?).await?;
        let mut a = Member::start(cluster, "a")?;
        until_shared("one has all", &[&a]).await?;
        let b = Member::start(cluster, "b")?;
        let c = Member::start(cluster, "c")?;
        let all = [&a, &b, &c].map(|member| member.replicas.clone());
        let watchman = Watchman::start(all.into());
        until_shared("three have a part each", &[&a, &b, &c]).await?;

        // It goes, and the others need not wait for its Lease.
        b.replicas.release().await;
        until_shared("the rest after one has gone", &[&a, &c]).await?;
        check(b.informer.cache().is_empty(), "it keeps nothing")?;

        // It is cut off for longer than its Lease lasts.
        a.proxy.stall();
        until(PATIENCE, "a owns nothing", || {
            a.replicas.shard().is_nothing()
        })
        .await?;
        until(PATIENCE, "c owns all", || c.replicas.shard().is_whole()).await?;
        check(a.replicas.shard().is_nothing(), "it may not own anything")?;
        a.proxy.cut_all();
        a.proxy.resume();
        until_shared("it is back", &[&a, &c]).await?;
        a.proxy.refuse();
        a.proxy.cut_all();
        until(PATIENCE, "c owns all again", || {
            c.replicas.shard().is_whole()
        })
        .await?;
        a.proxy.accept()?;
        until_shared("it is back again", &[&a, &c]).await?;

        // It is killed, and another comes meanwhile.
        watchman.found_nothing()?;
        a.kill();
        let d = Member::start(cluster, "d")?;
        until_shared("after one was killed", &[&c, &d]).await?;
        drop((b, c, d));
        Ok(())
    })
}
