//! The rules of relations, as tables: sources, targets, and who relates to whom. What the controllers'
//! own code can judge is in the suite `relations`.

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

use kcache::{Feed, Key, Object, Publisher};
use kcache_join::{Join, KeyJoin, SelectorJoin};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

/// Objects by `namespace/name`, or `name` alone: of each, what it has beside that and a UID after its name.
type Table<'a> = &'a [(&'a str, Value)];

fn objects<V: DeserializeOwned>(table: Table<'_>) -> Vec<V> {
    table.iter().map(|(key, rest)| object(key, rest)).collect()
}

fn object<V: DeserializeOwned>(key: &str, rest: &Value) -> V {
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
    serde_json::from_value(object).expect("an object")
}

fn fed<V: Object + DeserializeOwned>(table: Table<'_>) -> (Publisher<V>, Feed<V>) {
    let (publisher, mut feed) = kcache::feed();
    feed.relist(objects(table), None).expect("it is open");
    (publisher, feed)
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

/// Compares what a relation by keys makes of two tables.
async fn check<S, T>(relation: KeyJoin<S, T>, sources: Table<'_>, targets: Table<'_>, want: &[&str])
where
    S: Object + DeserializeOwned,
    T: Object + DeserializeOwned,
{
    let ((sources, _sources), (targets, _targets)) = (fed(sources), fed(targets));
    let join = relation.with_pairs().join(&sources, &targets);
    assert_eq!(pairs_of(&join).await, want);
}

/// The same of a relation by labels.
async fn check_selecting<S, T>(
    relation: SelectorJoin<S>,
    sources: Table<'_>,
    targets: Table<'_>,
    want: &[&str],
) where
    S: Object + DeserializeOwned,
    T: Object + DeserializeOwned,
{
    let ((sources, _sources), (targets, _targets)) = (fed(sources), fed::<T>(targets));
    let join = relation.with_pairs().join(&sources, &targets);
    assert_eq!(pairs_of(&join).await, want);
}
