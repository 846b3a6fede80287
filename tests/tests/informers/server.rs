//! The server, and what is on it.

use std::time::Duration;

use harness::memory::{ApiServer, Fault, Injected, Verb};
use kcache::{NamespacedInformer, Object, Publisher};
use kube::Client;
use serde_json::{Value, json};

pub(crate) fn client(server: &ApiServer) -> Client {
    Client::new(server.service(), "default")
}

pub(crate) fn pod(namespace: &str, name: &str) -> Value {
    json!({
        "apiVersion": "v1", "kind": "Pod",
        "metadata": {
            "namespace": namespace, "name": name, "labels": { "app": "web" },
            "annotations": { "note": "long" },
        },
        "spec": { "nodeName": "n1", "containers": [{ "name": "c", "image": "i" }] },
    })
}

pub(crate) fn namespace(name: &str, team: &str) -> Value {
    json!({
        "apiVersion": "v1", "kind": "Namespace",
        "metadata": { "name": name, "labels": { "team": team } },
    })
}

pub(crate) fn put(server: &ApiServer, objects: impl IntoIterator<Item = Value>) {
    server.load(objects).expect("known kinds");
}

/// Pods of a namespace may not be read.
pub(crate) fn refuse(server: &ApiServer, namespace: &'static str) -> Injected {
    let refused = Fault::forbidden().resource("pods");
    server.inject(
        refused
            .when(move |info| info.namespace == namespace)
            .forever(),
    )
}

/// How many objects are there of one namespace, whether the others are there or not.
pub(crate) fn len_in<V: Object>(all: &NamespacedInformer<V>, namespace: &str) -> usize {
    let informer = all.informer(namespace);
    informer.map_or(0, |informer| informer.cache().len())
}

/// The paths of the lists of a resource that were requested, streamed or not.
pub(crate) fn lists(server: &ApiServer, resource: &str) -> Vec<String> {
    let requests = server.requests().into_iter().map(|request| request.info);
    let lists = requests.filter(|info| {
        let streams = info.parameter("sendInitialEvents") == "true";
        info.resource == resource && (info.verb == Verb::List || streams)
    });
    lists.map(|info| info.path).collect()
}

/// `namespace/name` of all that is there.
pub(crate) fn names<V: Object>(objects: &Publisher<V>) -> Vec<String> {
    let keys = objects.cache().keys();
    keys.iter().map(ToString::to_string).collect()
}

/// Waits until something holds. The clock jumps on meanwhile.
#[track_caller]
pub(crate) fn eventually(holds: impl Fn() -> bool) -> impl Future<Output = ()> {
    let caller = std::panic::Location::caller();
    async move {
        for _ in 0..10_000 {
            if holds() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("what {caller} waits for does not come");
    }
}

pub(crate) fn failure<V: Object>(objects: &Publisher<V>) -> String {
    let phase = objects.status().phase;
    phase.failure().map(ToString::to_string).unwrap_or_default()
}
