//! What things cost, counted and not timed.

use std::time::Duration;

use k8s_openapi::api::core::v1::{Pod, Service};
use kcache::{Filter, Object, Publisher};
use kcache_join::{Join, relations};
use serde_json::json;

use crate::forms::{Form, Own, Spec};

fn labelled(name: &str, version: u64, app: &str) -> Own {
    Own::of(
        &Spec::new("a", name, version)
            .label("app", app)
            .label("shared", "yes"),
    )
}

/// The evaluations that so many events take beside this many filters of which none matches.
fn cost_beside(filters: u32, make: impl Fn(u32) -> Filter<Own>) -> u64 {
    let (pods, mut feed) = kcache::feed();
    feed.relist([labelled("p1", 1, "web")], None).unwrap();
    let _others: Vec<_> = (0..filters).map(|i| pods.subscribe_with(make(i))).collect();
    let before = pods.evaluations();
    for version in 2..102 {
        feed.apply(labelled("p1", version, "web")).unwrap();
    }
    pods.evaluations() - before
}

#[test]
fn filters_that_do_not_match_cost_nothing() {
    let kinds: [fn(u32) -> Filter<Own>; 10] = [
        |i| Filter::labels([("app", format!("app-{i}").as_str())]),
        |i| Filter::name("a", &format!("other-{i}")),
        |i| Filter::namespace(&format!("namespace-{i}")),
        |i| {
            Filter::selector(
                format!("shared=yes,app in (x{i},y{i}),!canary")
                    .parse()
                    .unwrap(),
            )
        },
        |i| Filter::field(Own::node(), [format!("node-{i}").as_str()]),
        |i| Filter::annotations([("a", format!("value-{i}").as_str())]),
        |i| Filter::annotated(&format!("key-{i}")),
        |i| Filter::finalizer(&format!("finalizer-{i}")),
        |i| Filter::being_deleted() & Filter::by(&i.to_string(), |_| true),
        |i| Filter::owned_by(&format!("uid-{i}")) & Filter::by("any", |_| true),
    ];
    for make in kinds {
        assert_eq!(cost_beside(1_000, make), 0, "{}", make(7));
    }
}

#[test]
fn a_filter_that_many_share_is_evaluated_once() {
    assert_eq!(
        cost_beside(1_000, |_| Filter::labels([("app", "web")])),
        100
    );
}

fn service(name: &str, version: u64, app: &str) -> Service {
    let metadata = json!({"namespace": "a", "name": name, "uid": name, "resourceVersion": version.to_string()});
    let spec = json!({"selector": {"app": app, "shared": "yes"}});
    serde_json::from_value(json!({"metadata": metadata, "spec": spec})).unwrap()
}

async fn settled<S: Object, T: Object>(join: &Join<S, T>, inputs: [u64; 2]) {
    while join.cache().snapshot().input_commits() != inputs {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

fn commits<S: Object, T: Object>(sources: &Publisher<S>, targets: &Publisher<T>) -> [u64; 2] {
    [sources.status().commit, targets.status().commit]
}

/// At 10,000 services and 100,000 pods, which share a label, an event touches what it changes.
#[tokio::test]
async fn a_join_touches_only_what_changed() {
    let (services, mut service_feed) = kcache::feed();
    let (pods, mut pod_feed) = kcache::feed();
    let app = |i: u64| format!("app-{}", i % 10_000);
    service_feed
        .relist(
            (0..10_000).map(|i| service(&format!("s{i}"), i + 1, &app(i))),
            None,
        )
        .unwrap();
    pod_feed
        .relist(
            (0..100_000).map(|i| labelled(&format!("p{i}"), i + 1, &app(i))),
            None,
        )
        .unwrap();
    let join = relations::service_pods().join(&services, &pods);
    settled(&join, commits(&services, &pods)).await;
    assert_eq!(join.cache().len(), 100_000);
    // Each selector finds its ten pods and no other.
    assert_eq!(join.evaluations(), 100_000);

    let before = join.evaluations();
    service_feed.apply(service("s7", 200_000, "app-8")).unwrap();
    settled(&join, commits(&services, &pods)).await;
    assert_eq!(
        (join.evaluations() - before, join.cache().len()),
        (20, 99_990)
    );

    let before = join.evaluations();
    pod_feed.apply(labelled("p7", 200_000, "app-9")).unwrap();
    settled(&join, commits(&services, &pods)).await;
    assert!((1..=2).contains(&(join.evaluations() - before)));

    let before = join.evaluations();
    for version in 200_001..201_001 {
        pod_feed.apply(labelled("p9", version, "app-9")).unwrap();
    }
    settled(&join, commits(&services, &pods)).await;
    assert_eq!(
        join.evaluations(),
        before,
        "an update that changes no label is judged by nobody"
    );
}

/// Selectors that were filed badly, since nothing was there yet, are filed anew.
#[tokio::test]
async fn a_join_that_was_filed_badly_repairs_itself() {
    let (services, mut service_feed) = kcache::feed();
    let (pods, mut pod_feed) = kcache::feed::<Pod>();
    service_feed
        .relist(
            (0..100).map(|i| service(&format!("s{i}"), i + 1, "web")),
            None,
        )
        .unwrap();
    pod_feed.relist([], None).unwrap();
    let join = relations::service_pods().join(&services, &pods);
    join.ready().await.unwrap();
    for round in 0..2 {
        let before = join.evaluations();
        for i in 0..200 {
            let version = round * 200 + i + 1;
            let pod = Spec::new("a", &format!("p{i}"), version).label("shared", "yes");
            pod_feed
                .apply(Pod::of(&pod.label("app", &format!("app-{version}"))))
                .unwrap();
            settled(&join, commits(&services, &pods)).await;
        }
        let cost = join.evaluations() - before;
        assert!(
            round == 0 || cost == 0,
            "round {round} took {cost} evaluations"
        );
    }
}
