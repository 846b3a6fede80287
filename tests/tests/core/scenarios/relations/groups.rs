use k8s_openapi::api::core::v1::Pod;
use k8s_openapi::api::resource::v1::ResourceClaim;
use k8s_openapi::api::scheduling::v1beta1::{PodGroup, Workload};
use kcache_join::Names;
use kcache_join::relations::{self, ResourceClaims};
use serde_json::json;

use super::{check, says_the_same};

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
    says_the_same::<Pod, Names<relations::PodGroup>>(&pods);
    check::<Pod, PodGroup>(relations::pod_podgroup(), &pods, &groups, &["a/p > a/g"]).await;
    let workloads = [("a/w", json!({})), ("b/w", json!({}))];
    let want = ["a/g > a/w"];
    says_the_same::<PodGroup, Names<relations::Workload>>(&groups);
    check::<PodGroup, Workload>(relations::podgroup_workload(), &groups, &workloads, &want).await;
}

#[tokio::test(start_paused = true)]
async fn a_group_has_claims_by_name_and_those_that_were_made_for_it() {
    let claims = json!([
        {"name": "named", "resourceClaimName": "shared"},
        {"name": "made", "resourceClaimTemplateName": "t"},
        {"name": "foreign", "resourceClaimTemplateName": "t"},
        {"name": "pending", "resourceClaimTemplateName": "t"},
        {"name": "unused", "resourceClaimTemplateName": "t"},
    ]);
    let made = json!([
        {"name": "made", "resourceClaimName": "made-1"},
        {"name": "foreign", "resourceClaimName": "foreign-1"},
        {"name": "unused"},
    ]);
    let group = json!({
        "spec": {"schedulingPolicy": {}, "resourceClaims": claims}, "status": {"resourceClaimStatuses": made},
    });
    let groups = [
        ("a/g", group),
        ("a/h", json!({"spec": {"schedulingPolicy": {}}})),
    ];
    let owner = |version: &str, kind: &str, name: &str, uid: &str| {
        let owner = json!({"apiVersion": version, "kind": kind, "name": name, "uid": uid, "controller": true});
        json!({"metadata": {"ownerReferences": [owner]}})
    };
    let scheduling = "scheduling.k8s.io/v1beta1";
    let targets = [
        ("a/shared", json!({})),
        ("a/made-1", owner(scheduling, "PodGroup", "g", "uid-g")),
        ("a/foreign-1", owner(scheduling, "PodGroup", "g", "uid-old")),
        ("b/made-1", owner(scheduling, "PodGroup", "g", "uid-g")),
    ];
    let want = ["a/g > a/made-1", "a/g > a/shared"];
    says_the_same::<PodGroup, ResourceClaims>(&groups);
    check::<PodGroup, ResourceClaim>(
        relations::podgroup_resourceclaims(),
        &groups,
        &targets,
        &want,
    )
    .await;

    // A Pod knows its group by name only.
    let pod = |group: &str, name: &str| {
        let claims = json!([{"name": "c", "resourceClaimTemplateName": "t"}]);
        let made = json!([{"name": "c", "resourceClaimName": name}]);
        let mut spec = json!({"containers": [], "resourceClaims": claims});
        if !group.is_empty() {
            spec["schedulingGroup"] = json!({"podGroupName": group});
        }
        json!({"spec": spec, "status": {"resourceClaimStatuses": made}})
    };
    let pods = [
        ("a/member", pod("g", "made-1")),
        ("a/other-group", pod("h", "made-1")),
        ("a/no-group", pod("", "made-1")),
        ("a/own", pod("g", "own-1")),
        ("a/other-kind", pod("g", "workload-1")),
        ("a/other-api", pod("g", "api-1")),
        ("b/member", pod("g", "made-1")),
    ];
    let targets = [
        ("a/made-1", owner(scheduling, "PodGroup", "g", "uid-g")),
        ("a/own-1", owner("v1", "Pod", "own", "uid-own")),
        ("a/workload-1", owner(scheduling, "Workload", "g", "uid-g")),
        ("a/api-1", owner("example.com/v1", "PodGroup", "g", "uid-g")),
    ];
    let want = ["a/member > a/made-1", "a/own > a/own-1"];
    says_the_same::<Pod, ResourceClaims>(&pods);
    check::<Pod, ResourceClaim>(relations::pod_resourceclaims(), &pods, &targets, &want).await;
}
