use k8s_openapi::api::core::v1::{Event, Node, Pod};
use k8s_openapi::api::events;
use kcache_join::Kind;
use kcache_join::relations::{self, References};
use serde_json::{Value, json};

use super::{check, says_the_same};

fn about(reference: &Value) -> Value {
    json!({"involvedObject": reference})
}

#[tokio::test(start_paused = true)]
async fn events_are_about_a_uid_or_else_a_name() {
    let mirror = json!({"metadata": {"annotations": {"kubernetes.io/config.mirror": "hash"}}});
    let pods = [
        ("shop/web", json!({})),
        ("shop/static", mirror),
        ("", json!({"metadata": {"name": "web"}})),
    ];
    let events = [
        (
            "default/by-uid",
            about(&json!({"kind": "Pod", "namespace": "shop", "name": "web", "uid": "uid-web"})),
        ),
        (
            "shop/replaced",
            about(&json!({"kind": "Pod", "namespace": "shop", "name": "web", "uid": "uid-old"})),
        ),
        (
            "shop/by-name",
            about(&json!({"kind": "Pod", "namespace": "shop", "name": "web"})),
        ),
        (
            "shop/empty-uid",
            about(
                &json!({"apiVersion": "v1", "kind": "Pod", "namespace": "shop", "name": "web", "uid": ""}),
            ),
        ),
        (
            "shop/own-namespace-does-not-matter",
            about(&json!({"kind": "Pod", "name": "static"})),
        ),
        (
            "shop/other-kind",
            about(&json!({"kind": "Node", "namespace": "shop", "name": "web"})),
        ),
        (
            "shop/other-group",
            about(
                &json!({"apiVersion": "shop.example/v1", "kind": "Pod", "namespace": "shop", "name": "web"}),
            ),
        ),
        (
            "shop/mirror",
            about(&json!({"kind": "Pod", "namespace": "shop", "name": "static", "uid": "hash"})),
        ),
        (
            "shop/related",
            json!({"involvedObject": {"kind": "Job", "name": "j"}, "related": {"kind": "Pod", "uid": "uid-web"}}),
        ),
        ("shop/nothing", json!({"involvedObject": {}})),
    ];
    let want = [
        "default/by-uid > shop/web",
        "shop/by-name > shop/web",
        "shop/empty-uid > shop/web",
        "shop/mirror > shop/static",
        "shop/related > shop/web",
    ];
    let pods = &pods[..2];
    says_the_same::<Event, References>(&events);
    check::<Event, Pod>(
        relations::event_objects(Kind::of::<Pod>()),
        &events,
        pods,
        &want,
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn kubelets_write_the_name_of_a_node_as_its_uid() {
    let events = [
        (
            "default/kubelet",
            about(&json!({"kind": "Node", "name": "n1", "uid": "n1"})),
        ),
        (
            "default/controller",
            about(&json!({"kind": "Node", "name": "n1", "uid": "uid-n1"})),
        ),
        (
            "default/old",
            about(&json!({"kind": "Node", "name": "n1", "uid": "uid-old"})),
        ),
    ];
    let want = ["default/controller > n1", "default/kubelet > n1"];
    let nodes = [("n1", json!({})), ("n2", json!({}))];
    says_the_same::<Event, References>(&events);
    check::<Event, Node>(
        relations::event_objects(Kind::of::<Node>()),
        &events,
        &nodes,
        &want,
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn events_of_the_newer_group_are_events() {
    let events = [
        (
            "a/one",
            json!({"regarding": {"kind": "Pod", "uid": "uid-p"}}),
        ),
        (
            "a/two",
            json!({"regarding": {"kind": "Pod", "uid": "x"}, "related": {"kind": "Pod", "namespace": "a", "name": "p"}}),
        ),
        ("a/none", json!({})),
    ];
    let relation = relations::event_objects(Kind::new("", "Pod"));
    let want = ["a/one > a/p", "a/two > a/p"];
    says_the_same::<events::v1::Event, References>(&events);
    check::<events::v1::Event, Pod>(relation, &events, &[("a/p", json!({}))], &want).await;
}
