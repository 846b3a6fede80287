//! The rules of relations, as tables: sources, targets, and who relates to whom. What the controllers'
//! own code can judge is in the suite `relations`.
//!
//! What is joined are dynamic objects: joins of one type take seconds to compile, and those of thirty kinds
//! minutes. That the types of the kinds say the same of themselves is compared.

mod events;
mod gateways;
mod groups;
mod network;
mod nodes;
mod owners;
mod pods;
mod policies;
mod routes;
mod storage;
mod workloads;

use k8s_openapi::Resource;
use k8s_openapi::api::core::v1::Pod;
use kcache::{Fact, Feed, Key, Object, Publisher};
use kcache_join::{Join, KeyJoin, SelectorJoin};
use kube::core::{DynamicObject, PartialObjectMeta};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

/// Objects by `namespace/name`, or `name` alone: of each, what it has beside that and a UID after its name.
type Table<'a> = &'a [(&'a str, Value)];

/// Of any kind, which does not matter to those who have the metadata.
type Metadata = PartialObjectMeta<Pod>;

fn full(key: &str, rest: &Value) -> Value {
    let (namespace, name) = key.split_once('/').unwrap_or(("", key));
    let mut metadata = json!({"name": name, "uid": format!("uid-{name}")});
    if !namespace.is_empty() {
        metadata["namespace"] = namespace.into();
    }
    let mut object = json!({"metadata": metadata});
    for (member, value) in rest.as_object().into_iter().flatten() {
        if member == "metadata" {
            for (member, value) in value.as_object().into_iter().flatten() {
                object["metadata"][member] = value.clone();
            }
        } else {
            object[member] = value.clone();
        }
    }
    object
}

/// One that says itself what it is.
fn object<V: DeserializeOwned>(key: &str, rest: &Value) -> V {
    serde_json::from_value(full(key, rest)).expect("an object")
}

/// One of a kind.
fn object_of<K: Resource>(key: &str, rest: &Value) -> DynamicObject {
    let mut object = full(key, rest);
    object["apiVersion"] = K::API_VERSION.into();
    object["kind"] = K::KIND.into();
    serde_json::from_value(object).expect("an object")
}

fn objects<V: DeserializeOwned>(table: Table<'_>) -> Vec<V> {
    table.iter().map(|(key, rest)| object(key, rest)).collect()
}

fn objects_of<K: Resource>(table: Table<'_>) -> Vec<DynamicObject> {
    let of_kind = |(key, rest): &(&str, Value)| object_of::<K>(key, rest);
    table.iter().map(of_kind).collect()
}

fn fed<V: Object>(objects: Vec<V>) -> (Publisher<V>, Feed<V>) {
    let (publisher, mut feed) = kcache::feed();
    feed.relist(objects, None).expect("it is open");
    (publisher, feed)
}

fn fed_of<K: Resource>(table: Table<'_>) -> (Publisher<DynamicObject>, Feed<DynamicObject>) {
    fed(objects_of::<K>(table))
}

/// The kind's type says of each object what the dynamic one says.
fn says_the_same<K, G>(table: Table<'_>)
where
    K: Resource + DeserializeOwned + Fact<G>,
    DynamicObject: Fact<G>,
    G: PartialEq + std::fmt::Debug,
{
    let typed = objects::<K>(table).into_iter();
    for (typed, (key, rest)) in typed.zip(table) {
        assert_eq!(typed.fact(), object_of::<K>(key, rest).fact(), "{key}");
    }
}

/// Who is paired, in order, as `source > target`.
async fn pairs_of<S: Object, T: Object>(join: &Join<S, T>) -> Vec<String> {
    let pairs = join.pairs().expect("they are asked for");
    pairs.ready().await.expect("it is open");
    let list = pairs.cache().list();
    let mut pairs: Vec<_> = list
        .iter()
        .map(|pair| format!("{} > {}", Key::of(&*pair.source), Key::of(&*pair.target)))
        .collect();
    pairs.sort();
    pairs
}

/// Compares what a relation by keys makes of two kinds.
async fn check<S: Resource, T: Resource>(
    relation: KeyJoin<DynamicObject, DynamicObject>,
    sources: Table<'_>,
    targets: Table<'_>,
    want: &[&str],
) {
    joined(
        relation,
        objects_of::<S>(sources),
        objects_of::<T>(targets),
        want,
    )
    .await;
}

async fn joined<V: Object>(
    relation: KeyJoin<V, V>,
    sources: Vec<V>,
    targets: Vec<V>,
    want: &[&str],
) {
    let ((sources, _sources), (targets, _targets)) = (fed(sources), fed(targets));
    let join = relation.with_pairs().join(&sources, &targets);
    assert_eq!(pairs_of(&join).await, want);
}

/// The same of a relation by labels.
async fn check_selecting<S: Resource, T: Resource>(
    relation: SelectorJoin<DynamicObject>,
    sources: Table<'_>,
    targets: Table<'_>,
    want: &[&str],
) {
    let (sources, _sources) = fed_of::<S>(sources);
    let (targets, _targets) = fed_of::<T>(targets);
    let join = relation.with_pairs().join(&sources, &targets);
    assert_eq!(pairs_of(&join).await, want);
}
