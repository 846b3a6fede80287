//! Shards on the real kube-apiserver: its own verdict on 10,000 UIDs, what it confirms and what not, how many
//! bytes it saves, and shards that change hands while objects change.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{OnceLock, PoisonError, RwLock};
use std::time::Duration;

use futures_util::{StreamExt as _, stream};
use harness::Random;
use harness::cluster::{Cluster, ClusterOptions};
use harness::proxy::Proxy;
use k8s_openapi::api::core::v1::{ConfigMap, Namespace, Node};
use kcache::{Informer, Key, Object, Publisher, Reshard, Shard};
use kube::Client;
use kube::api::{Api, DeleteParams, Patch, PatchParams, PostParams};
use kube::core::{ApiResource, DynamicObject, GroupVersionKind, PartialObjectMeta};
use libtest_mimic::{Failed, Trial};
use serde_json::{Value, json};
use tokio::time::timeout;

use crate::testers::client_by;
use crate::trial::{
    Outcome, block_on, check, cluster_for_testers, named, on_cluster, until, until_ok,
};

pub(crate) fn trials() -> Vec<Trial> {
    on_cluster(
        "shards",
        named![
            the_servers_verdict_is_ours,
            it_sends_its_part_and_no_more,
            what_has_no_place_for_a_word_is_filtered_too,
            lists_in_pages_are_confirmed,
            a_server_without_the_gate_sends_everything,
            shards_change_hands_while_objects_change,
        ],
    )
}

/// A limit that only a hang reaches.
const PATIENCE: Duration = Duration::from_secs(240);
const NAMESPACES: usize = 10;
const GATE: &str = "--feature-gates=ShardedListAndWatch=true";

/// Who lists all config maps of [`sharded`] reads here while others do, too; who makes and deletes some writes.
static ALL_MAPS: RwLock<()> = RwLock::new(());

/// A cluster with the feature gate, and 10,000 config maps in ten namespaces.
fn sharded() -> Result<&'static Cluster, Failed> {
    static SHARDED: OnceLock<Result<Cluster, String>> = OnceLock::new();
    let cluster = SHARDED.get_or_init(|| {
        let options = ClusterOptions::default().with_apiserver_flag(GATE);
        let start = || {
            let cluster = Cluster::start(options)?;
            cluster.bind_group("testers", "cluster-admin")?;
            Ok::<_, anyhow::Error>(cluster)
        };
        let cluster = start().map_err(|error| format!("{error:#}"))?;
        let filled = run(fill(&cluster));
        filled.map_err(|error| format!("{error:?}"))?;
        Ok(cluster)
    });
    Ok(cluster.as_ref().map_err(String::clone)?)
}

async fn fill(cluster: &Cluster) -> Outcome {
    let client = client_by(cluster, cluster.server_url(), "fills")?;
    let namespaces = Api::<Namespace>::all(client.clone());
    for number in 0..NAMESPACES {
        let namespace = json!({"metadata": {"name": format!("shard-{number}")}});
        let namespace = serde_json::from_value(namespace)?;
        namespaces
            .create(&PostParams::default(), &namespace)
            .await?;
    }
    let made = stream::iter(0..10_000).map(|number| {
        let maps = Api::<ConfigMap>::namespaced(client.clone(), &namespace_of(number));
        async move {
            maps.create(&PostParams::default(), &map(&format!("m{number}"), "1")?)
                .await?;
            Ok::<(), Failed>(())
        }
    });
    let mut made = made.buffer_unordered(50);
    while let Some(one) = made.next().await {
        one?;
    }
    Ok(())
}

fn namespace_of(number: usize) -> String {
    format!("shard-{}", number % NAMESPACES)
}

fn map(name: &str, text: &str) -> Result<ConfigMap, Failed> {
    let filler = "x".repeat(400);
    let map = json!({"metadata": {"name": name}, "data": {"text": text, "filler": filler}});
    Ok(serde_json::from_value(map)?)
}

fn run(trial: impl Future<Output = Outcome>) -> Outcome {
    block_on(async { timeout(PATIENCE, trial).await? })
}

/// The answer to a list, in a form.
async fn listed(client: &Client, path: &str, accept: &str) -> Result<Value, kube::Error> {
    let request = http::Request::get(path).header("Accept", accept);
    client
        .request(request.body(Vec::new()).expect("a request"))
        .await
}

fn query(shard: &Shard) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    query
        .append_pair("shardSelector", &shard.to_string())
        .finish()
}

/// The UIDs in a list, with their namespaces.
fn uids(list: &Value) -> BTreeMap<String, String> {
    let items = list["items"].as_array().into_iter().flatten();
    let text = |item: &Value, name: &str| {
        let text = item["metadata"][name].as_str();
        text.unwrap_or_default().to_owned()
    };
    items
        .map(|item| (text(item, "uid"), text(item, "namespace")))
        .collect()
}

fn ours(all: &BTreeMap<String, String>, shard: &Shard) -> BTreeMap<String, String> {
    let is_in = |(uid, namespace): &(&String, &String)| {
        let text = if shard.is_by_namespace() {
            *namespace
        } else {
            *uid
        };
        shard.contains_hash(Shard::hash(text))
    };
    let all = all.iter().filter(is_in);
    all.map(|(uid, namespace)| (uid.clone(), namespace.clone()))
        .collect()
}

fn keys<V: Object>(objects: &Publisher<V>) -> BTreeSet<Key> {
    objects.cache().keys().into_iter().collect()
}

const MAPS: &str = "/api/v1/configmaps";
const JSON: &str = "application/json";

fn the_servers_verdict_is_ours() -> Outcome {
    let cluster = sharded()?;
    let _held = ALL_MAPS.read().unwrap_or_else(PoisonError::into_inner);
    run(async {
        let client = client_by(cluster, cluster.server_url(), "judges")?;
        let all = uids(&listed(&client, MAPS, JSON).await?);
        check(all.len() >= 10_000, format!("{} config maps", all.len()))?;
        let mut random = Random::new(7);
        let mut shards: Vec<_> = (0..7).map(|index| Shard::of(index, 7)).collect();
        shards.extend((0..8).map(|_| {
            let ranges = (0..5).map(|_| random.next()).map(|at| at..=at | (1 << 60));
            Shard::ranges(ranges.collect::<Vec<_>>())
        }));
        // As many ranges as an informer requests.
        shards.push(Shard::ranges(
            (0..64_u64).map(|at| at << 58..=(at << 58) + (1 << 57)),
        ));
        let one = all.keys().next().map_or(0, |uid| Shard::hash(uid));
        shards.extend([
            Shard::ranges([one..=one]),
            Shard::ranges([0..one, one + 1..u64::MAX]),
            Shard::whole(),
        ]);
        let by_namespace: Vec<_> = shards.iter().cloned().map(Shard::by_namespace).collect();
        shards.extend(by_namespace);
        let mut sizes = Vec::new();
        for shard in &shards {
            let list = listed(&client, &format!("{MAPS}?{}", query(shard)), JSON).await?;
            let (server, ours) = (uids(&list), ours(&all, shard));
            let differs = format!(
                "{shard}: {} of the server, {} of ours",
                server.len(),
                ours.len()
            );
            check(server == ours, differs)?;
            let said = &list["metadata"]["shardInfo"]["selector"];
            check(*said == shard.to_string(), format!("{shard}: {said}"))?;
            sizes.push(server.len());
        }
        check(
            sizes[..7].iter().all(|size| (1_200..1_700).contains(size)),
            format!("{sizes:?}"),
        )?;
        cluster_scoped(&client).await?;
        // What is no expression is refused, and not passed over.
        let refused = listed(&client, &format!("{MAPS}?shardSelector=nonsense"), JSON).await;
        check(refused.is_err(), "nonsense is a shard")
    })
}

/// By namespace all that is in none is together.
async fn cluster_scoped(client: &Client) -> Outcome {
    let none = Shard::hash("");
    let inside = Shard::ranges([none..=none]).by_namespace();
    let outside = Shard::ranges([0..none, none + 1..u64::MAX]).by_namespace();
    let nodes = Api::<Node>::all(client.clone());
    let node = serde_json::from_value(json!({"metadata": {"name": "of-no-namespace"}}))?;
    nodes.create(&PostParams::default(), &node).await?;
    for (shard, want) in [(&inside, 1), (&outside, 0)] {
        let list = listed(client, &format!("/api/v1/nodes?{}", query(shard)), JSON).await?;
        check(uids(&list).len() == want, format!("{shard}: {list}"))?;
        let nodes = Informer::<Node>::builder(client.clone())
            .shard(shard.clone())
            .start();
        timeout(PATIENCE, nodes.ready()).await??;
        check(nodes.cache().len() == want, format!("{shard}: {nodes:?}"))?;
    }
    Ok(())
}

/// Follows a shard through a proxy; how many bytes the server sent until it was there, and after as many objects
/// were changed.
async fn bytes_of(
    cluster: &Cluster,
    shard: &Shard,
    run: u32,
) -> Result<([u64; 2], Informer<ConfigMap>), Failed> {
    let address: SocketAddr = cluster
        .server_url()
        .trim_start_matches("https://")
        .parse()?;
    let proxy = Proxy::start(address)?;
    let followed = client_by(cluster, &proxy.url(), "counts")?;
    let maps = Informer::<ConfigMap>::builder(followed)
        .shard(shard.clone())
        .start();
    timeout(PATIENCE, maps.ready()).await??;
    let first = proxy.bytes();
    let writer = client_by(cluster, cluster.server_url(), "changes")?;
    let patched = stream::iter(0..500).map(|number| {
        let api = Api::<ConfigMap>::namespaced(writer.clone(), &namespace_of(number));
        async move {
            let patch = Patch::Merge(json!({"data": {"text": format!("of run {run}")}}));
            let name = format!("m{number}");
            api.patch(&name, &PatchParams::default(), &patch).await
        }
    });
    let patched: Vec<_> = patched.buffer_unordered(20).collect().await;
    let patched: Vec<_> = patched.into_iter().collect::<Result<_, _>>()?;
    let ours: Vec<_> = patched
        .into_iter()
        .filter(|map| shard.contains(map))
        .collect();
    until(PATIENCE, "what changed", || {
        ours.iter().all(|map| {
            let namespace = map.namespace().unwrap_or_default();
            let there = maps.cache().get(namespace, map.name());
            there.is_some_and(|there| there.version() == map.version())
        })
    })
    .await?;
    Ok(([first, proxy.bytes() - first], maps))
}

fn it_sends_its_part_and_no_more() -> Outcome {
    let cluster = sharded()?;
    let _held = ALL_MAPS.read().unwrap_or_else(PoisonError::into_inner);
    run(async {
        let (whole, all) = bytes_of(cluster, &Shard::whole(), 1).await?;
        let mut together = BTreeSet::new();
        for index in 0..4 {
            let shard = Shard::of(index, 4);
            let (part, maps) = bytes_of(cluster, &shard, 2 + index).await?;
            let share = |place: usize| part[place] * 100 / whole[place];
            let shares = [share(0), share(1)];
            check(
                shares.iter().all(|share| (15..40).contains(share)),
                format!("{shares:?} % of {whole:?} bytes"),
            )?;
            let decoded = maps.counts().decoded;
            check(decoded < 3_500, format!("{decoded} objects were decoded"))?;
            let says = maps.status().sharded_by_server;
            check(says.is_none(), format!("a streaming list says {says:?}"))?;
            for map in maps.cache().list() {
                check(shard.contains(&*map), format!("{map:?}"))?;
                check(
                    together.insert(Key::of(&*map)),
                    format!("{map:?} is in two"),
                )?;
            }
        }
        let all = keys(&all);
        check(together == all, "all shards are not all there is")
    })
}

fn widgets() -> ApiResource {
    ApiResource::from_gvk(&GroupVersionKind::gvk("example.com", "v1", "Widget"))
}

/// Lists of custom resources and of metadata are filtered by the server and do not say so.
fn what_has_no_place_for_a_word_is_filtered_too() -> Outcome {
    let cluster = sharded()?;
    let _held = ALL_MAPS.read().unwrap_or_else(PoisonError::into_inner);
    cluster.apply(&json!({
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": { "name": "widgets.example.com" },
        "spec": {
            "group": "example.com", "scope": "Namespaced",
            "names": { "plural": "widgets", "singular": "widget", "kind": "Widget" },
            "versions": [{
                "name": "v1", "served": true, "storage": true,
                "schema": { "openAPIV3Schema": {
                    "type": "object", "x-kubernetes-preserve-unknown-fields": true,
                }},
            }],
        },
    }))?;
    run(async {
        let client = client_by(cluster, cluster.server_url(), "widgets")?;
        let api = Api::<DynamicObject>::namespaced_with(client.clone(), "shard-0", &widgets());
        for number in 0..60 {
            let widget = DynamicObject::new(&format!("w{number}"), &widgets());
            // The definition takes a moment to be served.
            let parameters = PostParams::default();
            until_ok(PATIENCE, async || {
                Ok(api.create(&parameters, &widget).await)
            })
            .await?;
        }
        let shard = Shard::of(1, 3);
        let metadata = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1";
        let custom = "/apis/example.com/v1/widgets";
        for (path, accept) in [(custom, JSON), (custom, metadata), (MAPS, metadata)] {
            let all = uids(&listed(&client, path, accept).await?);
            let part = listed(&client, &format!("{path}?{}", query(&shard)), accept).await?;
            check(
                uids(&part) == ours(&all, &shard),
                format!("{path} as {accept}"),
            )?;
            let said = &part["metadata"]["shardInfo"];
            check(said.is_null(), format!("{path} as {accept}: {said}"))?;
        }
        let custom = Informer::<DynamicObject>::builder_of(client.clone(), widgets());
        let custom = custom.shard(shard.clone()).start();
        let partial = Informer::<PartialObjectMeta<ConfigMap>>::builder(client.clone());
        let partial = partial.namespace("shard-0").shard(shard.clone()).start();
        timeout(PATIENCE, custom.ready()).await??;
        timeout(PATIENCE, partial.ready()).await??;
        let rest = Shard::whole().difference(&shard).ok_or("no rest")?;
        let before = (custom.cache().len(), partial.cache().len());
        check(
            (5..40).contains(&before.0) && (200..500).contains(&before.1),
            format!("{before:?}"),
        )?;
        custom.reshard(rest.clone()).ready().await?;
        partial.reshard(rest).ready().await?;
        let after = (custom.cache().len(), partial.cache().len());
        check(before.0 + after.0 == 60, format!("{before:?} {after:?}"))?;
        check(before.1 + after.1 >= 1_000, format!("{before:?} {after:?}"))?;
        let say = (
            custom.status().sharded_by_server,
            partial.status().sharded_by_server,
        );
        check(say == (None, None), format!("{say:?}"))
    })
}

/// A server without streaming lists says with each page that it is of the shard.
fn lists_in_pages_are_confirmed() -> Outcome {
    let flag = format!("{GATE},WatchList=false");
    let options = ClusterOptions::default().with_apiserver_flag(flag);
    let cluster = Cluster::start(options)?;
    cluster.bind_group("testers", "cluster-admin")?;
    run(async {
        let client = client_by(&cluster, cluster.server_url(), "pages")?;
        let api = Api::<ConfigMap>::namespaced(client.clone(), "default");
        for number in 0..40 {
            api.create(&PostParams::default(), &map(&format!("m{number}"), "1")?)
                .await?;
        }
        let all = uids(&listed(&client, MAPS, JSON).await?);
        for json_only in [false, true] {
            let shard = Shard::of(0, 2);
            let builder = Informer::<ConfigMap>::builder(client.clone()).page_size(3);
            let builder = if json_only {
                builder.json_only()
            } else {
                builder
            };
            let maps = builder.shard(shard.clone()).start();
            timeout(PATIENCE, maps.ready()).await??;
            check(
                maps.cache().len() == ours(&all, &shard).len(),
                format!("{maps:?}"),
            )?;
            let says = maps.status().sharded_by_server;
            check(says == Some(true), format!("{says:?}, JSON: {json_only}"))?;
            maps.reshard(Shard::of(1, 2)).ready().await?;
            let rest = ours(&all, &Shard::of(1, 2));
            check(maps.cache().len() == rest.len(), format!("{maps:?}"))?;
            let says = maps.status().sharded_by_server;
            check(says == Some(true), format!("{says:?}, JSON: {json_only}"))?;
        }
        Ok(())
    })
}

fn a_server_without_the_gate_sends_everything() -> Outcome {
    let cluster = cluster_for_testers()?;
    run(async {
        let client = client_by(cluster, cluster.server_url(), "gateless")?;
        let namespaces = Api::<Namespace>::all(client.clone());
        let namespace = serde_json::from_value(json!({"metadata": {"name": "no-shards"}}))?;
        namespaces
            .create(&PostParams::default(), &namespace)
            .await?;
        let api = Api::<ConfigMap>::namespaced(client.clone(), "no-shards");
        for number in 0..40 {
            api.create(&PostParams::default(), &map(&format!("m{number}"), "1")?)
                .await?;
        }
        let path = "/api/v1/namespaces/no-shards/configmaps";
        let all = uids(&listed(&client, path, JSON).await?);
        let shard = Shard::of(0, 2);
        let list = listed(&client, &format!("{path}?{}", query(&shard)), JSON).await?;
        check(uids(&list) == all, "it knows shards")?;
        let builder = Informer::<ConfigMap>::builder(client).namespace("no-shards");
        let maps = builder.shard(shard.clone()).start();
        timeout(PATIENCE, maps.ready()).await??;
        let want = ours(&all, &shard).len();
        check(maps.cache().len() == want, format!("{maps:?}"))?;
        check(
            maps.counts().decoded == want as u64,
            format!("{:?}", maps.counts()),
        )?;
        let says = maps.status().sharded_by_server;
        check(says == Some(false), format!("{says:?}"))?;
        // A write from outside is waited for all the same.
        let made = api
            .create(&PostParams::default(), &map("another", "1")?)
            .await?;
        maps.wait_for(made.version(), PATIENCE).await?;
        let here = maps.cache().get("no-shards", "another").is_some();
        check(here == shard.contains(&made), format!("{made:?}"))?;
        maps.reshard(Shard::of(1, 2)).ready().await?;
        let total = all.len() + 1;
        let left = maps.cache().len();
        let had = want + usize::from(shard.contains(&made));
        check(
            left + had == total,
            format!("{left} + {had} are not {total}"),
        )
    })
}

/// Two replicas: what one gets the other has let go before, while objects come, change, are replaced and go.
fn shards_change_hands_while_objects_change() -> Outcome {
    let cluster = sharded()?;
    let _held = ALL_MAPS.write().unwrap_or_else(PoisonError::into_inner);
    run(async {
        let client = client_by(cluster, cluster.server_url(), "replicas")?;
        let namespaces = Api::<Namespace>::all(client.clone());
        let namespace = serde_json::from_value(json!({"metadata": {"name": "hands"}}))?;
        namespaces
            .create(&PostParams::default(), &namespace)
            .await?;
        let api = Api::<ConfigMap>::namespaced(client.clone(), "hands");
        let start = || {
            let builder = Informer::<ConfigMap>::builder(client.clone());
            builder.namespace("hands").shard(Shard::nothing()).start()
        };
        let replicas = [start(), start()];
        let (done, writes) = (AtomicBool::new(false), AtomicUsize::new(0));
        let hand_over = async {
            let result = hand_over(&replicas, &writes).await;
            done.store(true, Ordering::SeqCst);
            result
        };
        let (handed, written) = tokio::join!(hand_over, write(&api, &done, &writes));
        written?;
        handed?;
        let wrote = writes.into_inner();
        check(wrote > 50, format!("{wrote} writes"))?;
        let all = uids(&listed(&client, "/api/v1/namespaces/hands/configmaps", JSON).await?);
        for (replica, index) in replicas.iter().zip(0..) {
            let shard = Shard::of(index, 2);
            let want: BTreeSet<_> = ours(&all, &shard).into_keys().collect();
            let has = || -> BTreeSet<String> {
                let list = replica.cache().list().into_iter();
                list.map(|map| map.uid().to_owned()).collect()
            };
            until(PATIENCE, "all of a shard", || has() == want).await?;
        }
        Ok(())
    })
}

/// Each time after two writes more.
async fn hand_over(replicas: &[Informer<ConfigMap>; 2], writes: &AtomicUsize) -> Outcome {
    let mut random = Random::new(11);
    let mut cut = 0_u64;
    for round in 0..40 {
        let wrote = || writes.load(Ordering::SeqCst) >= 2 * round;
        until(PATIENCE, "writes", wrote).await?;
        let next = random.next();
        let last = round == 39;
        // The first has what is below the cut, the other one the rest.
        let to = if last { 1 << 63 } else { next };
        let parts = [Shard::ranges([..to]), Shard::ranges([to..])];
        let (gives, gets) = if to < cut || round == 0 {
            (0, 1)
        } else {
            (1, 0)
        };
        let given = replicas[gives].reshard(parts[gives].clone());
        timeout(PATIENCE, given.released()).await??;
        let got = replicas[gets].reshard(parts[gets].clone());
        if random.chance(1, 2) || last {
            let both = Reshard::all([given, got]);
            timeout(PATIENCE, both.ready()).await??;
        }
        let caches = replicas.each_ref().map(|replica| -> BTreeSet<String> {
            let list = replica.cache().list().into_iter();
            list.map(|map| map.uid().to_owned()).collect()
        });
        for (uids, part) in caches.iter().zip(&parts) {
            let stray = uids
                .iter()
                .find(|uid| !part.contains_hash(Shard::hash(uid)));
            check(stray.is_none(), format!("{stray:?} is outside of {part}"))?;
        }
        cut = to;
    }
    Ok(())
}

async fn write(api: &Api<ConfigMap>, done: &AtomicBool, writes: &AtomicUsize) -> Outcome {
    let mut random = Random::new(13);
    while !done.load(Ordering::SeqCst) {
        let name = format!("h{}", random.below(60));
        match random.below(3) {
            // Whatever is under the name is replaced by an object with another UID.
            0 => drop(api.delete(&name, &DeleteParams::default()).await),
            1 => drop(api.create(&PostParams::default(), &map(&name, "1")?).await),
            _ => {
                let patch = Patch::Merge(json!({"data": {"text": random.next().to_string()}}));
                drop(api.patch(&name, &PatchParams::default(), &patch).await);
            }
        }
        writes.fetch_add(1, Ordering::SeqCst);
    }
    Ok(())
}
