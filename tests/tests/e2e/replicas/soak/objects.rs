//! The objects that are shared, and who writes them.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use harness::Random;
use k8s_openapi::api::core::v1::ConfigMap;
use kube::Client;
use kube::api::{Api, DeleteParams, ListParams, ObjectMeta, PostParams};
use libtest_mimic::Failed;
use tokio::task::{JoinHandle, JoinSet};

use crate::replicas::process::Held;
use crate::replicas::stage::PATIENCE;
use crate::trial::{Outcome, until_ok};

/// How many requests are under way at once.
const AT_ONCE: usize = 16;

pub(super) struct Objects {
    maps: Api<ConfigMap>,
    count: usize,
    /// So many bytes each, so that Leases are little beside them.
    size: usize,
    writes: Arc<AtomicU64>,
}

/// Somebody who writes.
pub(super) struct Writing {
    goes_on: Arc<AtomicBool>,
    task: JoinHandle<()>,
}

impl Objects {
    pub(super) async fn fill(
        client: Client,
        namespace: &str,
        count: usize,
    ) -> Result<Self, Failed> {
        let objects = Self {
            maps: Api::namespaced(client, namespace),
            count,
            size: if count > 2_000 { 2_000 } else { 8_000 },
            writes: Arc::default(),
        };
        objects.put_all(false).await?;
        Ok(objects)
    }

    /// Writes each once more.
    pub(super) async fn change_all(&self) -> Outcome {
        self.put_all(true).await
    }

    async fn put_all(&self, there: bool) -> Outcome {
        let mut tasks = JoinSet::new();
        for number in 0..self.count {
            let (maps, map) = (self.maps.clone(), map(number, self.size, there));
            if tasks.len() >= AT_ONCE
                && let Some(done) = tasks.join_next().await
            {
                done??;
            }
            tasks.spawn(async move {
                if there {
                    let name = map.metadata.name.clone().unwrap_or_default();
                    maps.replace(&name, &PostParams::default(), &map).await
                } else {
                    maps.create(&PostParams::default(), &map).await
                }
            });
        }
        while let Some(done) = tasks.join_next().await {
            done??;
        }
        Ok(())
    }

    pub(super) fn writes(&self) -> u64 {
        self.writes.load(Ordering::SeqCst)
    }

    /// All that the server has, by UID and version.
    pub(super) async fn listed(&self) -> Result<Held, Failed> {
        let parameters = ListParams::default();
        let list = until_ok(PATIENCE, async || {
            Ok(self.maps.list_metadata(&parameters).await)
        })
        .await?;
        let mut held = Held::default();
        for map in list.items {
            let uid = map.metadata.uid.unwrap_or_default();
            held.add(&uid, &map.metadata.resource_version.unwrap_or_default());
        }
        Ok(held)
    }

    /// From now on some are made, changed and deleted.
    pub(super) fn start_writing(&self) -> Writing {
        let goes_on = Arc::new(AtomicBool::new(true));
        let (going, writes, maps) = (goes_on.clone(), self.writes.clone(), self.maps.clone());
        let (count, size) = (self.count, self.size);
        let mut random = Random::new(self.writes());
        let task = tokio::spawn(async move {
            while going.load(Ordering::SeqCst) {
                let number = random.below(count);
                let name = format!("map-{number}");
                // Others fail: of what is there or not, or while the server is away.
                let done = match random.below(4) {
                    0 => maps.delete(&name, &DeleteParams::default()).await.is_ok(),
                    1 => {
                        let map = map(number, size, false);
                        maps.create(&PostParams::default(), &map).await.is_ok()
                    }
                    _ => {
                        let map = map(number, size, true);
                        maps.replace(&name, &PostParams::default(), &map)
                            .await
                            .is_ok()
                    }
                };
                writes.fetch_add(u64::from(done), Ordering::SeqCst);
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        });
        Writing { goes_on, task }
    }

    pub(super) async fn stop_writing(&self, writing: Writing) -> Outcome {
        writing.goes_on.store(false, Ordering::SeqCst);
        Ok(tokio::time::timeout(PATIENCE, writing.task).await??)
    }
}

fn map(number: usize, size: usize, again: bool) -> ConfigMap {
    // Nothing that could be compressed.
    let mut random = Random::new(number as u64 * 2 + u64::from(again));
    let mut text = String::with_capacity(size);
    while text.len() < size {
        let _ = write!(text, "{:016x}", random.next());
    }
    ConfigMap {
        metadata: ObjectMeta {
            name: Some(format!("map-{number}")),
            ..ObjectMeta::default()
        },
        data: Some(BTreeMap::from([("text".to_owned(), text)])),
        ..ConfigMap::default()
    }
}
