use k8s_openapi::api::apps::v1::{Deployment, StatefulSet};
use k8s_openapi::api::autoscaling::{v1, v2};
use k8s_openapi::api::batch::v1::{CronJob, Job};
use k8s_openapi::api::core::v1::Pod;
use kcache::Selects;
use kcache_join::relations::References;
use kcache_join::{Kind, relations};
use serde_json::{Value, json};

use super::{check, fed_of, object_of, says_the_same};

fn controlled(kind: &str, name: &str, labels: &Value) -> Value {
    let owner = json!({"apiVersion": "x/v1", "kind": kind, "name": name, "uid": format!("uid-{name}"), "controller": true});
    json!({"metadata": {"labels": labels, "ownerReferences": [owner]}})
}

#[tokio::test(start_paused = true)]
async fn a_set_owns_what_is_called_after_it() {
    let web = json!({"app": "web"});
    let spec =
        json!({"spec": {"selector": {"matchLabels": web}, "serviceName": "", "template": {}}});
    let sets = [("a/web", spec.clone()), ("a/web-0", spec)];
    let pod = |set: &str| controlled("StatefulSet", set, &web);
    let pods = [
        ("a/web-0", pod("web")),
        ("a/web-12345678901234567890", pod("web")),
        ("a/web-", pod("web")),
        ("a/web-x", pod("web")),
        ("a/web--1", pod("web")),
        ("a/db-0", pod("web")),
        ("a/web", pod("web")),
        ("a/web-0-1", pod("web-0")),
        (
            "a/web-1",
            controlled("StatefulSet", "web", &json!({"app": "db"})),
        ),
        ("a/web-2", controlled("ReplicaSet", "web", &web)),
    ];
    let want = [
        "a/web > a/web-0",
        "a/web > a/web-12345678901234567890",
        "a/web-0 > a/web-0-1",
    ];
    says_the_same::<StatefulSet, Selects>(&sets);
    check::<StatefulSet, Pod>(relations::statefulset_owned_pods(), &sets, &pods, &want).await;
}

/// What an owner owns follows its selector and the labels, too.
#[tokio::test(start_paused = true)]
async fn a_controller_lets_go_what_it_selects_no_longer() {
    let job =
        |app: &str| json!({"spec": {"selector": {"matchLabels": {"app": app}}, "template": {}}});
    let pod = |app: &str| controlled("Job", "sum", &json!({"app": app}));
    let (jobs, mut job_feed) = fed_of::<Job>(&[("a/sum", job("sum"))]);
    let (pods, mut pod_feed) = fed_of::<Pod>(&[("a/p", pod("sum")), ("a/q", pod("other"))]);
    let join = relations::job_owned_pods().join(&jobs, &pods);
    join.ready().await.unwrap();
    let names = || async {
        tokio::time::sleep(std::time::Duration::from_millis(1)).await;
        let keys = join.cache().keys();
        keys.iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    assert_eq!(names().await, ["a/p"]);
    pod_feed
        .apply(object_of::<Pod>("a/p", &pod("other")))
        .unwrap();
    assert_eq!(names().await, [""; 0]);
    job_feed
        .apply(object_of::<Job>("a/sum", &job("other")))
        .unwrap();
    assert_eq!(names().await, ["a/p", "a/q"]);
    let bad = json!({"spec": {"selector": {"matchLabels": {"app": "a b"}}, "template": {}}});
    job_feed.apply(object_of::<Job>("a/sum", &bad)).unwrap();
    says_the_same::<Job, Selects>(&[("a/sum", bad), ("a/other", job("other"))]);
    assert_eq!(names().await, [""; 0]);
    assert_eq!(join.status().bad_objects, 1);
    job_feed
        .apply(object_of::<Job>("a/sum", &job("other")))
        .unwrap();
    assert_eq!((names().await.len(), join.status().bad_objects), (2, 0));
}

#[tokio::test(start_paused = true)]
async fn chains_of_owners_compose() {
    let (cron_jobs, _c) = fed_of::<CronJob>(&[(
        "a/nightly",
        json!({"spec": {"schedule": "@daily", "jobTemplate": {}}}),
    )]);
    let mut job = controlled("CronJob", "nightly", &json!({}));
    job["spec"] = json!({"selector": {"matchLabels": {"job": "j"}}, "template": {}});
    let (jobs, _j) = fed_of::<Job>(&[("a/nightly-1", job)]);
    let pod = controlled("Job", "nightly-1", &json!({"job": "j"}));
    let (pods, _p) = fed_of::<Pod>(&[
        ("a/p", pod),
        ("a/q", json!({"metadata": {"labels": {"job": "j"}}})),
    ]);
    let join = relations::cronjob_pods().join(&cron_jobs, &jobs, &pods);
    join.ready().await.unwrap();
    assert_eq!(join.cache().keys().len(), 1);
    assert!(join.cache().get("a", "p").is_some());
}

#[tokio::test(start_paused = true)]
async fn an_autoscaler_scales_a_kind_of_any_version() {
    let target =
        |reference: Value| json!({"spec": {"scaleTargetRef": reference, "maxReplicas": 2}});
    let autoscalers = [
        (
            "a/v1",
            target(json!({"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"})),
        ),
        (
            "a/older",
            target(json!({"apiVersion": "apps/v1beta1", "kind": "Deployment", "name": "web"})),
        ),
        (
            "a/other-group",
            target(
                json!({"apiVersion": "extensions/v1beta1", "kind": "Deployment", "name": "web"}),
            ),
        ),
        (
            "a/no-group",
            target(json!({"kind": "Deployment", "name": "web"})),
        ),
        (
            "a/other-kind",
            target(json!({"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "web"})),
        ),
        (
            "b/other-namespace",
            target(json!({"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"})),
        ),
    ];
    let spec = json!({"spec": {"selector": {}, "template": {}}});
    let deployments = [("a/web", spec.clone()), ("a/db", spec)];
    let want = ["a/older > a/web", "a/v1 > a/web"];
    let relation = || relations::hpa_targets(Kind::of::<Deployment>());
    says_the_same::<v2::HorizontalPodAutoscaler, References>(&autoscalers);
    check::<v2::HorizontalPodAutoscaler, Deployment>(relation(), &autoscalers, &deployments, &want)
        .await;
    let relation = relations::hpa_targets(Kind::new("apps", "Deployment"));
    says_the_same::<v1::HorizontalPodAutoscaler, References>(&autoscalers);
    check::<v1::HorizontalPodAutoscaler, Deployment>(relation, &autoscalers, &deployments, &want)
        .await;
}
