use k8s_openapi::api::core::v1::Pod;
use k8s_openapi::api::scheduling::v1beta1::PodGroup;
use kcache_join::relations;
use kube::core::{DynamicObject, PartialObjectMeta};
use serde_json::json;

use super::check;

/// Its kind does not matter to those who have its metadata.
type Workload = PartialObjectMeta<Pod>;

#[tokio::test(start_paused = true)]
async fn a_pod_is_in_a_group_of_a_workload() {
    let pods = [
        (
            "a/p",
            json!({"spec": {"schedulingGroup": {"podGroupName": "g"}, "containers": []}}),
        ),
        ("a/q", json!({"spec": {"containers": []}})),
        (
            "b/p",
            json!({"spec": {"schedulingGroup": {"podGroupName": "g"}, "containers": []}}),
        ),
    ];
    let group = json!({"spec": {"schedulingPolicy": {}, "workloadRef": {"workloadName": "w", "templateName": "t"}}});
    let groups = [
        ("a/g", group),
        ("a/h", json!({"spec": {"schedulingPolicy": {}}})),
    ];
    check::<Pod, PodGroup>(relations::pod_podgroup(), &pods, &groups, &["a/p > a/g"]).await;
    let workloads = [("a/w", json!({})), ("b/w", json!({}))];
    let want = ["a/g > a/w"];
    check::<PodGroup, Workload>(relations::podgroup_workload(), &groups, &workloads, &want).await;
    let dynamic = groups.map(|(key, mut group)| {
        group["apiVersion"] = "scheduling.k8s.io/v1beta1".into();
        group["kind"] = "PodGroup".into();
        (key, group)
    });
    check::<DynamicObject, Workload>(relations::podgroup_workload(), &dynamic, &workloads, &want)
        .await;
}
