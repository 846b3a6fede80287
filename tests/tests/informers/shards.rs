//! Shards of several namespaces, and of all that a factory has.

use std::collections::BTreeSet;
use std::time::Duration;

use harness::memory::{ApiServer, Fault, NoShards, Verb};
use k8s_openapi::api::core::v1::{ConfigMap, Namespace, Pod};
use kcache::{Informer, Informers, KindOptions, ReshardError, Shard, Sharded};
use kube::core::PartialObjectMeta;
use serde_json::json;

use crate::server::{client, eventually, len_in, names, namespace, pod, put, refuse};

const NAMESPACES: [&str; 3] = ["a", "b", "c"];

/// A server with ten Pods in each of three namespaces, whose UIDs follow from their names.
fn server() -> ApiServer {
    let server = ApiServer::new();
    put(&server, NAMESPACES.map(|name| namespace(name, "web")));
    for name in NAMESPACES {
        put(&server, (0..10).map(|number| numbered(name, number)));
    }
    server
}

fn numbered(namespace: &str, number: usize) -> serde_json::Value {
    let mut pod = pod(namespace, &format!("p{number}"));
    // Not last: the hash's high bits, of which shards are made, hardly depend on the last bytes.
    pod["metadata"]["uid"] = json!(format!("p{number} of namespace {namespace}"));
    pod
}

/// `namespace/name` of the Pods in a shard.
fn pods_in(server: &ApiServer, shard: &Shard, namespaces: &[&str]) -> Vec<String> {
    let all = server.list("pods").into_iter();
    let all = all.filter_map(|pod| {
        let text = |field: &str| pod["metadata"][field].as_str().expect("text").to_owned();
        let by = if shard.is_by_namespace() {
            "namespace"
        } else {
            "uid"
        };
        let ours = shard.is_whole() || shard.contains_hash(Shard::hash(&text(by)));
        let ours = ours && namespaces.contains(&&*text("namespace"));
        ours.then(|| format!("{}/{}", text("namespace"), text("name")))
    });
    all.collect()
}

/// The shards that were asked for, of a resource.
fn asked(server: &ApiServer, resource: &str) -> BTreeSet<String> {
    let requests = server.requests().into_iter().map(|request| request.info);
    let requests = requests
        .filter(|info| info.resource == resource && matches!(info.verb, Verb::List | Verb::Watch));
    let asked = requests.map(|info| info.parameter("shardSelector").to_owned());
    asked.collect()
}

#[tokio::test(start_paused = true)]
async fn several_namespaces_have_one_shard() {
    for ignores in [false, true] {
        let server = server();
        if ignores {
            server.inject(Fault::no_shards(NoShards::Ignored).forever());
        }
        let (first, second) = (Shard::of(0, 2), Shard::of(1, 2));
        let builder = Informer::<Pod>::builder(client(&server)).shard(first.clone());
        let pods = builder.start_in(["a", "b"]);
        pods.ready().await.unwrap();
        assert_eq!(names(&pods), pods_in(&server, &first, &["a", "b"]));
        assert_eq!(asked(&server, "pods"), BTreeSet::from([first.to_string()]));
        let reshard = pods.reshard(second.clone());
        reshard.released().await.unwrap();
        let still = names(&pods);
        assert!(
            still
                .iter()
                .all(|name| pods_in(&server, &second, &["a", "b"]).contains(name))
        );
        reshard.ready().await.unwrap();
        assert_eq!(names(&pods), pods_in(&server, &second, &["a", "b"]));
        assert_eq!(pods.shard(), second);
        put(
            &server,
            [numbered("a", 77), numbered("b", 78), numbered("c", 79)],
        );
        let want = pods_in(&server, &second, &["a", "b"]);
        eventually(|| names(&pods) == want).await;
        pods.close();
        let closed = pods.reshard(first).ready().await;
        assert_eq!(closed, Err(ReshardError::Closed));
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_given_away_before_all_is_listed_waits_for_no_list_and_is_never_seen() {
    let server = server();
    let refused = refuse(&server, "b");
    let (first, second) = (Shard::of(0, 2), Shard::of(1, 2));
    let builder = Informer::<Pod>::builder(client(&server)).shard(first);
    let pods = builder.start_in(["a", "b"]);
    let of_a = || len_in(&pods, "a");
    eventually(|| of_a() > 0).await;
    let mut changes = pods.subscribe();
    let soon = Duration::from_secs(60);
    let reshard = pods.reshard(second.clone());
    let released = tokio::time::timeout(soon, reshard.released()).await;
    released.expect("it needs no server").unwrap();
    // The others go on meanwhile.
    put(&server, (77..87).map(|number| numbered("a", number)));
    eventually(|| of_a() == pods_in(&server, &second, &["a"]).len()).await;
    let ready = tokio::time::timeout(soon, reshard.ready()).await;
    assert!(ready.is_err(), "one is not listed");
    assert!(pods.cache().is_empty(), "a part is no state");
    refused.remove();
    reshard.ready().await.unwrap();
    let want = pods_in(&server, &second, &["a", "b"]);
    assert_eq!((names(&pods), pods.status().commit), (want.clone(), 1));
    let batch = changes.next_batch().await.unwrap();
    let created = batch.changes.iter().map(|change| change.key().to_string());
    let mut created: Vec<_> = created.collect();
    created.sort();
    assert_eq!(created, want);
}

#[tokio::test(start_paused = true)]
async fn a_namespace_that_comes_later_has_the_shard_of_now() {
    let server = server();
    put(&server, [namespace("c", "db")]);
    let teams = Informer::<PartialObjectMeta<Namespace>>::builder(client(&server));
    let teams = teams.labels("team=web").start();
    let pods = Informer::<Pod>::builder(client(&server)).start_in_all_of(&teams);
    pods.ready().await.unwrap();
    assert_eq!(pods.cache().len(), 20);
    let shard = Shard::of(0, 3);
    pods.reshard(shard.clone()).ready().await.unwrap();
    put(&server, [namespace("c", "web")]);
    let want = pods_in(&server, &shard, &NAMESPACES);
    eventually(|| names(&pods) == want).await;
    // One that leaves meanwhile is not waited for.
    let stalled = server.inject(Fault::stall().resource("pods").forever());
    let reshard = pods.reshard(Shard::whole());
    reshard.released().await.unwrap();
    put(&server, NAMESPACES.map(|name| namespace(name, "db")));
    reshard.ready().await.unwrap();
    eventually(|| pods.cache().is_empty()).await;
    stalled.remove();
    // By the namespace all of one are together, and of those elsewhere there is none.
    put(&server, NAMESPACES.map(|name| namespace(name, "web")));
    let hash = Shard::hash("b");
    let only = Shard::ranges([hash..=hash]).by_namespace();
    let reshard = pods.reshard(only);
    eventually(|| pods.cache().len() == 10).await;
    reshard.ready().await.unwrap();
    assert!(names(&pods).iter().all(|name| name.starts_with("b/")));
}

#[tokio::test(start_paused = true)]
async fn a_factory_has_a_shard_for_all_kinds() {
    let server = server();
    let map = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"namespace": "a", "name": "m"}});
    put(&server, [map]);
    let options = KindOptions::new().shard(Shard::nothing());
    let informers = Informers::builder(client(&server))
        .all_kinds(options.namespaces_labelled("team=web"))
        .kind::<ConfigMap>(KindOptions::new().shard(Shard::whole()))
        .build();
    let pods = informers.informer::<Pod>();
    let maps = informers.informer::<ConfigMap>();
    informers.ready().await.unwrap();
    assert_eq!((pods.cache().len(), maps.cache().len()), (0, 1));
    assert_eq!(asked(&server, "pods"), BTreeSet::new());
    let (first, second) = (Shard::of(0, 2), Shard::of(1, 2));
    informers.reshard(first.clone()).ready().await.unwrap();
    assert_eq!(names(&pods), pods_in(&server, &first, &NAMESPACES));
    assert_eq!(maps.cache().len(), 1);
    // What starts later has it, too, and what says its own has that.
    let own = informers.informer_with::<Pod>(KindOptions::new().shard(second.clone()));
    let partial = informers.informer::<PartialObjectMeta<Pod>>();
    own.ready().await.unwrap();
    partial.ready().await.unwrap();
    assert_eq!(names(&own), pods_in(&server, &second, &NAMESPACES));
    assert_eq!(names(&partial), names(&pods));
    let all: &dyn Sharded = &informers;
    all.reshard(second.clone()).ready().await.unwrap();
    assert_eq!(names(&partial), names(&own));
    assert_eq!(names(&pods), names(&own));
    let found = informers.get::<Pod>("a", "p0").await.unwrap();
    let ours = pods_in(&server, &second, &["a"]).contains(&"a/p0".to_owned());
    assert_eq!(found.is_some(), ours);
    let scopes: BTreeSet<_> = informers
        .overview()
        .into_iter()
        .map(|it| it.scope)
        .collect();
    assert!(
        scopes.contains(&format!("namespaces with team=web; shard {second}")),
        "{scopes:?}"
    );
    assert_eq!(
        asked(&server, "namespaces"),
        BTreeSet::from([String::new()])
    );
    tokio::time::sleep(Duration::from_secs(1)).await;
}
