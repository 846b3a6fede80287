use k8s_openapi::api::apps::v1::ReplicaSet;
use k8s_openapi::api::core::v1::{ConfigMap, Namespace, Pod};
use kcache_join::{Kind, relations};
use serde_json::{Value, json};

use super::{Metadata, check, joined, objects};

fn owned(owners: &[(&str, &str, &str, &str)]) -> Value {
    let owners = owners.iter().map(|(api_version, kind, name, uid)| {
        json!({"apiVersion": api_version, "kind": kind, "name": name, "uid": uid})
    });
    json!({"metadata": {"ownerReferences": owners.collect::<Value>()}})
}

#[tokio::test(start_paused = true)]
async fn an_owner_is_a_kind_a_name_and_a_uid() {
    let sets = [
        ("a/web", json!({})),
        ("b/web", json!({"metadata": {"uid": "uid-b"}})),
        ("a/no-uid", json!({"metadata": {"uid": ""}})),
    ];
    let pods = [
        (
            "a/right",
            owned(&[("apps/v1", "ReplicaSet", "web", "uid-web")]),
        ),
        (
            "a/second",
            owned(&[
                ("v1", "Node", "n", "u"),
                ("apps/v1", "ReplicaSet", "web", "uid-web"),
            ]),
        ),
        (
            "a/older-version",
            owned(&[("apps/v1beta2", "ReplicaSet", "web", "uid-web")]),
        ),
        (
            "a/other-group",
            owned(&[("extensions/v1beta1", "ReplicaSet", "web", "uid-web")]),
        ),
        (
            "a/other-kind",
            owned(&[("apps/v1", "DaemonSet", "web", "uid-web")]),
        ),
        (
            "a/other-name",
            owned(&[("apps/v1", "ReplicaSet", "db", "uid-web")]),
        ),
        (
            "a/replaced",
            owned(&[("apps/v1", "ReplicaSet", "web", "uid-old")]),
        ),
        (
            "a/empty-uid",
            owned(&[("apps/v1", "ReplicaSet", "no-uid", "")]),
        ),
        (
            "b/other-namespace",
            owned(&[("apps/v1", "ReplicaSet", "web", "uid-web")]),
        ),
        ("a/orphan", json!({})),
    ];
    let want = [
        "a/web > a/older-version",
        "a/web > a/right",
        "a/web > a/second",
    ];
    let relation = || relations::owner_dependents(Kind::of::<ReplicaSet>());
    check::<ReplicaSet, Pod>(relation(), &sets, &pods, &want).await;
    // Metadata says all that it takes.
    let relation = relations::owner_dependents(Kind::of::<ReplicaSet>());
    joined::<Metadata>(relation, objects(&sets), objects(&pods), &want).await;
}

#[tokio::test(start_paused = true)]
async fn an_owner_may_have_no_namespace() {
    let owners = [("web", json!({}))];
    let dependents = [
        ("a/map", owned(&[("v1", "Namespace", "web", "uid-web")])),
        (
            "cluster-scoped",
            owned(&[("v1", "Namespace", "web", "uid-web")]),
        ),
    ];
    let relation = relations::owner_dependents(Kind::of::<Namespace>());
    let want = ["web > a/map", "web > cluster-scoped"];
    check::<Namespace, ConfigMap>(relation, &owners, &dependents, &want).await;
    // But none of a namespace owns what has none.
    let relation = relations::owner_dependents(Kind::new("", "Namespace"));
    let want = ["a/web > a/map"];
    check::<ConfigMap, ConfigMap>(relation, &[("a/web", json!({}))], &dependents, &want).await;
}
