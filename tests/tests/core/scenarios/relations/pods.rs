use k8s_openapi::api::core::v1::{Pod, ServiceAccount};
use k8s_openapi::api::node::v1::RuntimeClass;
use k8s_openapi::api::scheduling::v1::PriorityClass;
use kcache_join::{Names, relations};
use serde_json::json;

use super::{check, says_the_same};

#[tokio::test(start_paused = true)]
async fn a_pod_runs_as_an_account_of_its_namespace() {
    let mirror = json!({"annotations": {"kubernetes.io/config.mirror": "hash"}});
    let pods = [
        (
            "a/named",
            json!({"spec": {"serviceAccountName": "robot", "containers": []}}),
        ),
        (
            "a/deprecated",
            json!({"spec": {"serviceAccount": "robot", "containers": []}}),
        ),
        ("a/default", json!({"spec": {"containers": []}})),
        (
            "a/empty",
            json!({"spec": {"serviceAccountName": "", "containers": []}}),
        ),
        (
            "a/mirror",
            json!({"metadata": mirror, "spec": {"containers": []}}),
        ),
        (
            "b/named",
            json!({"spec": {"serviceAccountName": "robot", "containers": []}}),
        ),
    ];
    let accounts = [("a/robot", json!({})), ("a/default", json!({}))];
    let want = [
        "a/default > a/default",
        "a/deprecated > a/default",
        "a/empty > a/default",
        "a/named > a/robot",
    ];
    says_the_same::<Pod, Names<ServiceAccount>>(&pods);
    check::<Pod, ServiceAccount>(relations::pod_serviceaccount(), &pods, &accounts, &want).await;
}

#[tokio::test(start_paused = true)]
async fn classes_of_pods_have_no_namespace() {
    let pods = [
        (
            "a/both",
            json!({"spec": {"priorityClassName": "high", "runtimeClassName": "vm", "containers": []}}),
        ),
        ("a/none", json!({"spec": {"containers": []}})),
        (
            "a/empty",
            json!({"spec": {"priorityClassName": "", "containers": []}}),
        ),
    ];
    let priorities = [("high", json!({"value": 1})), ("", json!({"value": 2}))];
    let want = ["a/both > high"];
    says_the_same::<Pod, Names<PriorityClass>>(&pods);
    check::<Pod, PriorityClass>(relations::pod_priorityclass(), &pods, &priorities, &want).await;
    let runtimes = [("vm", json!({"handler": "h"}))];
    let want = ["a/both > vm"];
    says_the_same::<Pod, Names<RuntimeClass>>(&pods);
    check::<Pod, RuntimeClass>(relations::pod_runtimeclass(), &pods, &runtimes, &want).await;
}
