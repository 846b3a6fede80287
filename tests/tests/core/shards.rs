//! The model of shards: an informer whose shard changes at random, against a server that changes, fails, and does
//! with shards what it likes.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use harness::Random;
use harness::memory::{ApiServer, Fault, Injected, NoShards, NoStreaming, Verb};
use k8s_openapi::api::core::v1::Pod;
use kcache::{Compact, Informer, Key, Object, Reshard, ReshardError, Shard};
use kube::core::ApiResource;
use serde_json::{Value, json};
use tokio::time::timeout;

use crate::coverage::{Coverage, Outcome, paused, run_cases};
use crate::ledger::{Ledger, lock};

/// Every kind of thing that has to happen often enough in a run.
const KINDS: [&str; 19] = [
    "create",
    "update",
    "delete",
    "replaced",
    "nothing",
    "whole",
    "by namespace",
    "narrower",
    "wider",
    "elsewhere",
    "overtaken",
    "released",
    "ready",
    "server away",
    "watches cut",
    "compacted",
    "ignored",
    "unconfirmed",
    "refused",
];

const NAMES: [&str; 8] = ["a", "b", "c", "d", "e", "f", "g", "h"];
const NAMESPACES: [&str; 3] = ["default", "shop", "payments"];
/// Longer than anything takes that comes at all; the clock is paused.
const LIMIT: Duration = Duration::from_secs(3600);

/// A form that does not tell its UID.
#[derive(serde::Deserialize)]
struct Own {
    metadata: Metadata,
}

#[derive(serde::Deserialize)]
#[serde(rename_all = "camelCase")]
struct Metadata {
    namespace: String,
    name: String,
    resource_version: String,
}

impl Object for Own {
    fn namespace(&self) -> Option<&str> {
        Some(&self.metadata.namespace)
    }

    fn name(&self) -> &str {
        &self.metadata.name
    }

    fn version(&self) -> &str {
        &self.metadata.resource_version
    }
}

struct World<V: Object> {
    random: Random,
    server: ApiServer,
    pods: Informer<V>,
    ledger: Arc<Mutex<Ledger<V>>>,
    shard: Shard,
    /// What the server does with shards, if it does not do as it is told.
    habit: Option<Injected>,
    waits: Vec<Reshard>,
    uids: u64,
    coverage: Coverage,
}

/// What is in a state, each with its version.
type Shown = BTreeMap<Key, String>;

impl<V: Object> World<V> {
    fn new(random: &Random, start: impl FnOnce(kube::Client, Shard) -> Informer<V>) -> Self {
        let server = ApiServer::new();
        let client = kube::Client::new(server.service(), "default");
        let mut world = Random::clone(random);
        let shard = shard(&mut world);
        let pods = start(client, shard.clone());
        let ledger = Ledger::of(&pods);
        // A form without a UID has one ledger of versions for all objects.
        lock(&ledger).between = true;
        Self {
            random: world,
            server,
            pods,
            ledger,
            shard,
            habit: None,
            waits: Vec::new(),
            uids: 0,
            coverage: Coverage::default(),
        }
    }

    async fn step(&mut self) -> Result<(), String> {
        match self.random.below(24) {
            0..9 => self.change(),
            9..14 => return self.reshard().await,
            14 => self.trouble(),
            15 => self.habit(),
            16 | 17 => {
                let millis = self.random.next() % 3_000;
                tokio::time::sleep(Duration::from_millis(millis)).await;
            }
            18 => tokio::task::yield_now().await,
            19 | 20 => return self.wait().await,
            _ => return self.check().await,
        }
        Ok(())
    }

    fn change(&mut self) {
        let (namespace, name) = (*self.random.pick(&NAMESPACES), *self.random.pick(&NAMES));
        let there = self.server.get("pods", namespace, name);
        if there.is_some() && self.random.chance(1, 4) {
            self.coverage.count("delete");
            drop(self.server.delete("pods", namespace, name));
            return;
        }
        let replaces = there.is_none() || self.random.chance(1, 4);
        self.coverage.count(match (&there, replaces) {
            (None, _) => "create",
            (Some(_), true) => "replaced",
            (Some(_), false) => "update",
        });
        self.uids += u64::from(replaces);
        let uid = match there.filter(|_| !replaces) {
            Some(there) => there["metadata"]["uid"].clone(),
            None => format!("{:x}-{}", self.random.next(), self.uids).into(),
        };
        let pod = json!({
            "apiVersion": "v1", "kind": "Pod",
            "metadata": { "namespace": namespace, "name": name, "uid": uid },
            "spec": { "nodeName": format!("n{}", self.random.below(9)), "containers": [] },
        });
        self.server.put(pod).expect("a known kind");
    }

    async fn reshard(&mut self) -> Result<(), String> {
        let to = shard(&mut self.random);
        self.coverage.count(match &to {
            to if to.is_nothing() => "nothing",
            to if to.is_whole() => "whole",
            to if to.is_by_namespace() => "by namespace",
            to if to.is_within(&self.shard) => "narrower",
            to if self.shard.is_within(to) => "wider",
            _ => "elsewhere",
        });
        let before = self.pods.cache().list();
        let reshard = self.pods.reshard(to.clone());
        self.shard = to;
        if self.random.chance(1, 2) {
            // No server is needed for it.
            timeout(Duration::from_secs(1), reshard.released())
                .await
                .map_err(|_| "what is outside is not released".to_owned())?
                .map_err(|error| error.to_string())?;
            self.coverage.count("released");
            self.is_released(&before)?;
        }
        self.waits.push(reshard);
        Ok(())
    }

    /// Nothing outside is there, and all that is inside still is, unless it was deleted or is another one.
    fn is_released(&self, before: &[Arc<V>]) -> Result<(), String> {
        let uids = self.uids_of_all();
        let now = self.pods.cache().snapshot();
        let outside = |key: &Key| {
            let uid = uids.get(key);
            uid.is_some_and(|uid| !is_in(&self.shard, uid, key.namespace()))
        };
        // Of what the server has by now under the name; what it has replaced may be here still.
        let is_current = |object: &V| {
            let there = self.server.get(
                "pods",
                object.namespace().unwrap_or_default(),
                object.name(),
            );
            there.is_some_and(|it| it["metadata"]["resourceVersion"] == object.version())
        };
        for object in now.iter().filter(|object| is_current(object)) {
            let key = Key::of(&**object);
            if outside(&key) {
                return Err(format!(
                    "{key} is outside of {}, and was released",
                    self.shard
                ));
            }
        }
        for object in before.iter().filter(|object| is_current(object)) {
            let key = Key::of(&**object);
            let still = now.get(key.namespace(), key.name());
            let stays = still.is_some_and(|still| Arc::ptr_eq(still, object));
            if !outside(&key) && !stays {
                return Err(format!(
                    "{key} is inside of {}, and did not stay",
                    self.shard
                ));
            }
        }
        Ok(())
    }

    fn uids_of_all(&self) -> BTreeMap<Key, String> {
        let all = self.server.list("pods").into_iter();
        all.map(|pod| (key_of(&pod), text(&pod, "uid"))).collect()
    }

    fn trouble(&mut self) {
        match self.random.below(4) {
            0 => {
                self.coverage.count("watches cut");
                self.server.cut_watches();
            }
            1 => {
                self.coverage.count("compacted");
                self.server.compact();
                self.server.cut_watches();
            }
            2 => {
                self.coverage.count("server away");
                let seconds = 1 + self.random.next() % 20;
                let time = Duration::from_secs(seconds);
                let away = if self.random.chance(1, 2) {
                    Fault::cut()
                } else {
                    Fault::stall()
                };
                self.server.inject(away.during(time));
                self.server.cut_watches();
            }
            _ => {
                self.server
                    .inject(Fault::no_streaming_list(NoStreaming::Invalid).times(2));
                self.server
                    .inject(Fault::cut_inside(1).on(Verb::List).times(1));
            }
        }
    }

    /// The server does something else with shards from now on, with new requests.
    fn habit(&mut self) {
        if let Some(habit) = self.habit.take() {
            habit.remove();
        }
        let (kind, how) = match self.random.below(4) {
            0 => ("ignored", NoShards::Ignored),
            1 => ("unconfirmed", NoShards::Unconfirmed),
            2 => ("refused", NoShards::BadRequest),
            _ => return,
        };
        self.coverage.count(kind);
        let habit = self.server.inject(Fault::no_shards(how).forever());
        self.habit = Some(habit);
    }

    /// Waits for what was asked for so far.
    async fn wait(&mut self) -> Result<(), String> {
        let last = self.waits.len().saturating_sub(1);
        for (place, reshard) in std::mem::take(&mut self.waits).into_iter().enumerate() {
            let ready = timeout(LIMIT, reshard.ready()).await;
            match ready.map_err(|_| "a shard is not listed".to_owned())? {
                Ok(()) => self.coverage.count("ready"),
                Err(ReshardError::Overtaken) if place < last => self.coverage.count("overtaken"),
                Err(error) => return Err(format!("reshard {place} of {last}: {error}")),
            }
        }
        Ok(())
    }

    /// All is as it should be, once nothing is on its way any longer.
    async fn check(&mut self) -> Result<(), String> {
        self.wait().await?;
        timeout(LIMIT, self.pods.ready())
            .await
            .map_err(|_| "it is never ready".to_owned())?
            .map_err(|error| error.to_string())?;
        let all = self.server.list("pods").into_iter();
        let ours = all.filter(|pod| {
            let namespace = text(pod, "namespace");
            is_in(&self.shard, &text(pod, "uid"), &namespace)
        });
        let want: Shown = ours
            .map(|pod| (key_of(&pod), text(&pod, "resourceVersion")))
            .collect();
        let shown = |objects: Vec<Arc<V>>| -> Shown {
            let shown = objects.into_iter();
            shown
                .map(|object| (Key::of(&*object), object.version().to_owned()))
                .collect()
        };
        let mut is = Shown::new();
        // A watch whose answer does not begin is waited for as long as a watch may take.
        for _ in 0..2_000 {
            is = shown(self.pods.cache().list());
            let told = lock(&self.ledger).state.values().cloned().collect();
            if is == want && shown(told) == want {
                let illegal = std::mem::take(&mut lock(&self.ledger).illegal);
                return if illegal.is_empty() {
                    Ok(())
                } else {
                    Err(format!("{illegal:?}"))
                };
            }
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
        Err(format!("it has {is:?} of {}, not {want:?}", self.shard))
    }
}

fn text(pod: &Value, field: &str) -> String {
    let text = pod["metadata"][field].as_str();
    text.unwrap_or_default().to_owned()
}

fn key_of(pod: &Value) -> Key {
    Key::new(&text(pod, "namespace"), &text(pod, "name"))
}

/// By a hash that is computed here once more, a bit at a time.
fn is_in(shard: &Shard, uid: &str, namespace: &str) -> bool {
    let text = if shard.is_by_namespace() {
        namespace
    } else {
        uid
    };
    let mut hash: u64 = 14_695_981_039_346_656_037;
    for byte in text.bytes() {
        hash ^= u64::from(byte);
        let product = u128::from(hash) * 1_099_511_628_211;
        hash = u64::try_from(product % (1 << 64)).expect("it is below 2^64");
    }
    shard.as_ranges().any(|range| range.contains(&hash))
}

fn shard(random: &mut Random) -> Shard {
    let count = 2 + u32::try_from(random.below(3)).expect("a small number");
    let index = u32::try_from(random.next() % u64::from(count)).expect("a small number");
    match random.below(9) {
        0 => Shard::nothing(),
        1 => Shard::whole(),
        2 => Shard::of(index, count).by_namespace(),
        3 => {
            let ranges = (0..4).map(|_| random.next()).map(|at| at..=at | (1 << 61));
            Shard::ranges(ranges.collect::<Vec<_>>())
        }
        4 | 5 => {
            let other = Shard::of((index + 1) % count, count);
            Shard::of(index, count).union(&other).expect("both by UID")
        }
        _ => Shard::of(index, count),
    }
}

/// One case of the model, in one stored form.
pub(crate) fn case(seed: u64, steps: usize) -> Outcome {
    let random = Random::new(seed);
    match seed % 3 {
        0 => run(&random, steps, |client, shard| {
            Informer::<Pod>::builder(client).shard(shard).start()
        }),
        1 => run(&random, steps, |client, shard| {
            let builder = Informer::<Compact<Pod>>::builder(client);
            builder.shard(shard).start()
        }),
        _ => run(&random, steps, |client, shard| {
            let pods = ApiResource::erase::<Pod>(&());
            let builder = Informer::<Own>::builder_of(client, pods);
            builder.shard(shard).start()
        }),
    }
}

fn run<V: Object>(
    random: &Random,
    steps: usize,
    start: impl FnOnce(kube::Client, Shard) -> Informer<V>,
) -> Outcome {
    paused(async {
        let mut world = World::new(random, start);
        for _ in 0..steps {
            world.step().await?;
        }
        world.check().await?;
        Ok(world.coverage)
    })
}

#[test]
fn an_informer_of_a_shard_is_its_model() {
    let coverage = run_cases(300, case);
    coverage.require(&KINDS, 20);
}
