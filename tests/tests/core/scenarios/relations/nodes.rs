use k8s_openapi::api::coordination::v1::Lease;
use k8s_openapi::api::core::v1::{Node, Pod};
use k8s_openapi::api::storage::v1::CSINode;
use kcache::NodeName;
use kcache_join::relations;
use serde_json::json;

use super::{check, says_the_same};

#[tokio::test(start_paused = true)]
async fn a_pod_is_on_the_node_that_it_names() {
    let pods = [
        (
            "a/placed",
            json!({"spec": {"nodeName": "n1", "containers": []}}),
        ),
        ("a/pending", json!({"spec": {"containers": []}})),
        (
            "a/empty",
            json!({"spec": {"nodeName": "", "containers": []}}),
        ),
        (
            "a/gone",
            json!({"spec": {"nodeName": "n9", "containers": []}}),
        ),
        ("a/nothing", json!({})),
    ];
    let nodes = [("n1", json!({})), ("n2", json!({})), ("", json!({}))];
    says_the_same::<Pod, NodeName>(&pods);
    check::<Pod, Node>(relations::pod_node(), &pods, &nodes, &["a/placed > n1"]).await;
}

#[tokio::test(start_paused = true)]
async fn what_belongs_to_a_node_has_its_name() {
    let nodes = [("n1", json!({})), ("n2", json!({}))];
    let csi = [
        ("n1", json!({"spec": {"drivers": []}})),
        ("n3", json!({"spec": {"drivers": []}})),
    ];
    check::<Node, CSINode>(relations::node_csinode(), &nodes, &csi, &["n1 > n1"]).await;
    let leases = [
        ("kube-node-lease/n2", json!({})),
        ("kube-system/n1", json!({})),
    ];
    let want = ["n2 > kube-node-lease/n2"];
    check::<Node, Lease>(relations::node_lease(), &nodes, &leases, &want).await;
}
