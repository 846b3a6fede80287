//! What a join promises, one named test for each point.

use std::time::Duration;

use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::{Pod, Service};
use k8s_openapi::api::networking::v1::Ingress;
use kcache::{
    Error, Event, Feed, Filter, Input, Key, Notice, Object, Phase, Publisher, Scope, Selector,
};
use kcache_join::{Join, KeyJoin, Lookups, SelectorJoin, relations};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::forms::{Form, Own, Packed, Spec};

/// An object of a kind, in namespace `a` unless the name says another.
#[expect(
    clippy::needless_pass_by_value,
    reason = "made in place by every caller"
)]
fn object<K: DeserializeOwned>(name: &str, version: u64, labels: Value, spec: Value) -> K {
    let (namespace, name) = name.split_once('/').unwrap_or(("a", name));
    let uid = format!("{namespace}-{name}");
    let version = version.to_string();
    let metadata = json!({"namespace": namespace, "name": name, "uid": uid, "resourceVersion": version, "labels": labels});
    serde_json::from_value(json!({"metadata": metadata, "spec": spec})).unwrap()
}

fn pod(name: &str, version: u64, app: &str) -> Pod {
    object(
        name,
        version,
        json!({"app": app}),
        json!({"containers": []}),
    )
}

fn service(name: &str, version: u64, app: &str) -> Service {
    object(name, version, json!({}), json!({"selector": {"app": app}}))
}

fn fed<V: Object>(objects: impl IntoIterator<Item = V>) -> (Publisher<V>, Feed<V>) {
    let (publisher, mut feed) = kcache::feed();
    feed.relist(objects, None).unwrap();
    (publisher, feed)
}

async fn settle() {
    tokio::time::sleep(Duration::from_millis(1)).await;
}

async fn names<S: Object, T: Object>(join: &Join<S, T>) -> Vec<String> {
    settle().await;
    join.cache()
        .keys()
        .iter()
        .map(ToString::to_string)
        .collect()
}

#[tokio::test(start_paused = true)]
async fn a_target_leaves_when_its_last_source_lets_go() {
    let (services, mut service_feed) = fed([service("s1", 1, "web"), service("s2", 2, "web")]);
    let (pods, _pods) = fed([pod("p1", 1, "web")]);
    let join = relations::service_pods().join(&services, &pods);
    assert_eq!(names(&join).await, ["a/p1"]);
    service_feed.apply(service("s1", 3, "db")).unwrap();
    assert_eq!(names(&join).await, ["a/p1"]);
    service_feed.remove(service("s2", 4, "web")).unwrap();
    assert_eq!(names(&join).await, [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn services_select_by_the_rules_of_endpoints() {
    let empty: Service = object("empty", 1, json!({}), json!({"selector": {}}));
    let external = json!({"type": "ExternalName", "selector": {"app": "web"}});
    let external: Service = object("external", 2, json!({}), external);
    let other = service("b/other", 3, "web");
    let (services, mut service_feed) = fed([empty, external, other]);
    let (pods, _pods) = fed([pod("p1", 1, "web"), pod("b/p2", 2, "db")]);
    let join = relations::service_pods().join(&services, &pods);
    assert_eq!(names(&join).await, [""; 0]);
    service_feed.apply(service("b/other", 4, "db")).unwrap();
    assert_eq!(names(&join).await, ["b/p2"]);
}

#[tokio::test(start_paused = true)]
async fn deployments_select_by_a_selector_that_is_not_empty() {
    let deployment = |name: &str, selector: Value| -> Deployment {
        object(
            name,
            1,
            json!({}),
            json!({"selector": selector, "template": {}}),
        )
    };
    let in_set = json!({"matchExpressions": [{"key": "app", "operator": "In", "values": ["web"]}]});
    let bad = json!({"matchExpressions": [{"key": "app", "operator": "In"}]});
    let all = [
        deployment("all", json!({})),
        deployment("web", in_set),
        deployment("bad", bad),
    ];
    let (deployments, mut feed) = fed(all);
    let (pods, _pods) = fed([pod("p1", 1, "web"), pod("p2", 2, "db")]);
    let join = relations::deployment_pods().join(&deployments, &pods);
    assert_eq!(names(&join).await, ["a/p1"]);
    assert_eq!(join.status().bad_objects, 1);
    let mut notices = join.notices();
    let bad = json!({"matchLabels": {"app": "a b"}});
    feed.apply(object(
        "bad",
        2,
        json!({}),
        json!({"selector": bad, "template": {}}),
    ))
    .unwrap();
    let Some(Notice::BadObject {
        key: Some(key),
        reason,
    }) = notices.next().await
    else {
        panic!()
    };
    assert_eq!(key.to_string(), "a/bad");
    assert!(
        reason.starts_with("invalid value \"a b\" for label \"app\""),
        "{reason}"
    );
}

#[tokio::test(start_paused = true)]
async fn ingresses_name_services_and_compose_to_pods() {
    let backend = |name: &str| json!({"service": {"name": name, "port": {"number": 80}}});
    let path = |name: &str| json!({"pathType": "Prefix", "path": "/", "backend": backend(name)});
    let resource = json!({"pathType": "Exact", "path": "/x", "backend": {"resource": {"kind": "B", "name": "s4"}}});
    let spec = json!({
        "defaultBackend": backend("s1"),
        "rules": [{"http": {"paths": [path("s2"), resource]}}, {"host": "no.http"}],
    });
    let (ingresses, mut ingress_feed) = fed::<Ingress>([object("i", 1, json!({}), spec)]);
    let all = ["s1", "s2", "s3", "s4"].map(|name| service(name, 1, name));
    let (services, _services) = fed(all.into_iter().chain([service("b/s1", 9, "s1")]));
    let (pods, _pods) = fed([
        pod("p1", 1, "s1"),
        pod("p2", 2, "s2"),
        pod("p3", 3, "s3"),
        pod("b/p1", 4, "s1"),
    ]);
    let direct = relations::ingress_services().join(&ingresses, &services);
    let composed = relations::ingress_pods().join(&ingresses, &services, &pods);
    assert_eq!(names(&direct).await, ["a/s1", "a/s2"]);
    assert_eq!(names(&composed).await, ["a/p1", "a/p2"]);
    ingress_feed
        .apply(object(
            "i",
            2,
            json!({}),
            json!({"defaultBackend": backend("s3")}),
        ))
        .unwrap();
    assert_eq!(names(&composed).await, ["a/p3"]);
}

#[tokio::test(start_paused = true)]
async fn a_join_is_ready_when_both_inputs_are_and_starts_with_one_state() {
    let (services, mut service_feed) = kcache::feed();
    let (pods, mut pod_feed) = fed([pod("p1", 1, "web"), pod("p2", 2, "web")]);
    let join = relations::service_pods().join(&services, &pods);
    let mut changes = join.subscribe();
    settle().await;
    assert!(matches!(join.status().phase, Phase::Syncing { .. }));
    // Its first state is of when the last input came.
    pod_feed.apply(pod("p1", 3, "web")).unwrap();
    settle().await;
    service_feed.relist([service("s", 1, "web")], None).unwrap();
    let objects = changes.snapshot().await.unwrap().objects;
    let versions: Vec<_> = objects.iter().map(|pod| pod.version()).collect();
    assert_eq!(versions, ["3", "2"]);
    assert_eq!(join.cache().snapshot().commit(), 1);
}

#[tokio::test(start_paused = true)]
async fn one_commit_in_is_one_commit_out() {
    let (services, mut service_feed) = fed([service("s", 1, "web")]);
    let (pods, mut pod_feed) =
        fed((1..=9).map(|i| pod(&format!("p{i}"), i, if i < 6 { "web" } else { "db" })));
    let join = relations::service_pods().join(&services, &pods);
    join.ready().await.unwrap();
    let mut changes = join.subscribe();
    changes.snapshot().await.unwrap();
    service_feed.apply(service("s", 2, "db")).unwrap();
    settle().await;
    assert_eq!(join.cache().snapshot().commit(), 2);
    assert_eq!(join.cache().snapshot().input_commits(), [2, 1]);
    let batch = changes.next_batch().await.unwrap();
    let (gone, new) = batch.changes.split_at(5);
    assert!(
        gone.iter().all(|change| change.new.is_none()),
        "deletes first"
    );
    assert!(new.len() == 4 && new.iter().all(|change| change.old.is_none()));
    // A relist that changes nothing of the result commits nothing.
    pod_feed.apply(pod("p1", 20, "none")).unwrap();
    settle().await;
    assert_eq!(join.cache().snapshot().commit(), 2);
    assert_eq!(join.cache().snapshot().input_commits(), [2, 2]);
}

#[tokio::test(start_paused = true)]
async fn an_update_without_other_labels_passes_on() {
    let (services, _services) = fed([service("s", 1, "web")]);
    let (pods, mut pod_feed) = fed([pod("p1", 1, "web")]);
    let join = relations::service_pods().join(&services, &pods);
    join.ready().await.unwrap();
    let evaluations = join.evaluations();
    pod_feed.apply(pod("p1", 2, "web")).unwrap();
    settle().await;
    assert_eq!(join.cache().get("a", "p1").unwrap().version(), "2");
    assert_eq!(join.evaluations(), evaluations);
}

#[tokio::test(start_paused = true)]
async fn pairs_say_which_source_holds_which_target() {
    let (services, mut service_feed) = fed([service("s1", 1, "web"), service("s2", 2, "web")]);
    let (pods, mut pod_feed) = fed([pod("p1", 1, "web")]);
    let join = SelectorJoin::by_fact().with_pairs().join(&services, &pods);
    let pairs = join.pairs().unwrap().clone();
    pairs.ready().await.unwrap();
    let names = || {
        pairs
            .cache()
            .keys()
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>()
    };
    assert_eq!(names(), ["a/a/s1 > p1", "a/a/s2 > p1"]);
    let mut changes = pairs.subscribe();
    changes.snapshot().await.unwrap();
    service_feed.apply(service("s1", 3, "db")).unwrap();
    pod_feed.apply(pod("p1", 4, "web")).unwrap();
    settle().await;
    assert_eq!(names(), ["a/a/s2 > p1"]);
    let batch = changes.next_batch().await.unwrap();
    assert!(batch.changes[0].new.is_none());
    let updated = batch.changes[1].new.as_ref().unwrap();
    assert_eq!(
        (updated.source.name(), updated.target.version()),
        ("s2", "4")
    );
    pod_feed.apply(pod("p1", 5, "none")).unwrap();
    settle().await;
    assert!(pairs.cache().is_empty() && join.cache().is_empty());
    join.close();
    settle().await;
    assert!(pairs.error().is_some(), "pairs end with their join");
}

#[tokio::test(start_paused = true)]
async fn look_ups_are_as_new_as_any_event_in_hand_and_each_is_one_state() {
    let (services, mut service_feed) = fed([service("s1", 1, "web"), service("s2", 2, "web")]);
    let (pods, mut pod_feed) = fed([pod("p1", 1, "web")]);
    let relation = SelectorJoin::by_fact();
    assert!(relation.join(&services, &pods).lookups().is_none());
    let join = relation.with_pairs().with_lookups().join(&services, &pods);
    let sources = |now: &Lookups<Service, Pod>, pod: &str| -> Vec<String> {
        let sources = now.sources_of(&Key::new("a", pod));
        sources.iter().map(|s| s.name().to_owned()).collect()
    };
    let now = || join.lookups().unwrap();
    assert!(sources(&now(), "p1").is_empty(), "before it is ready");
    let (mut changes, mut pairs) = (join.subscribe(), join.pairs().unwrap().subscribe());
    let _ = (changes.next().await, pairs.next().await, pairs.next().await);
    let before = now();
    assert_eq!(sources(&before, "p1"), ["s1", "s2"]);
    pod_feed.apply(pod("p2", 3, "web")).unwrap();
    changes.next().await.unwrap();
    assert_eq!(sources(&now(), "p2"), ["s1", "s2"]);
    assert!(sources(&before, "p2").is_empty(), "it is as it was");
    let _ = (pairs.next().await, pairs.next().await);
    service_feed.apply(service("s1", 4, "db")).unwrap();
    assert!(matches!(pairs.next().await, Some(Event::Delete { .. })));
    assert_eq!(sources(&now(), "p1"), ["s2"]);
    assert!(now().targets_of(&Key::new("a", "s1")).is_empty());
    pod_feed.remove(pod("p2", 5, "web")).unwrap();
    assert!(matches!(changes.next().await, Some(Event::Delete { .. })));
    let targets = now().targets_of(&Key::new("a", "s2"));
    assert_eq!(targets.len(), 1);
    join.close();
    join.closed().await;
    settle().await;
    assert_eq!(sources(&now(), "p1"), ["s2"], "the last that was known");
}

#[tokio::test(start_paused = true)]
async fn a_failed_input_degrades_a_join_and_never_empties_it() {
    let (services, mut service_feed) = fed([service("s", 1, "web")]);
    let (pods, pod_feed) = fed([pod("p1", 1, "web")]);
    let join = relations::service_pods().join(&services, &pods);
    join.ready().await.unwrap();
    let reason = || match join.status().phase {
        Phase::Degraded { reason, .. } => reason.to_string(),
        phase => format!("{phase:?}"),
    };
    service_feed.send(Input::Failed("no route".into())).unwrap();
    settle().await;
    assert_eq!(reason(), "sources: no route");
    service_feed.send(Input::Bookmark("5".to_owned())).unwrap();
    settle().await;
    assert_eq!(reason(), "Live");
    drop(pod_feed);
    settle().await;
    assert_eq!(
        reason(),
        "the targets ended: the source of changes ended without closing"
    );
    assert_eq!(names(&join).await, ["a/p1"]);
    service_feed.apply(service("s", 6, "db")).unwrap();
    assert_eq!(names(&join).await, [""; 0]);
    service_feed.close();
    settle().await;
    assert!(matches!(join.error(), Some(Error::Input { .. })));
}

#[tokio::test(start_paused = true)]
async fn closing_a_join_closes_what_it_made_and_nothing_else() {
    let (ingresses, _i) = fed::<Ingress>([]);
    let (services, _s) = fed([service("s", 1, "web")]);
    let (pods, mut pod_feed) = fed([pod("p1", 1, "web")]);
    let composed = relations::ingress_pods().join(&ingresses, &services, &pods);
    composed.ready().await.unwrap();
    composed.close();
    settle().await;
    assert_eq!(composed.error(), Some(Error::Closed));
    assert!(ingresses.error().is_none() && services.error().is_none() && pods.error().is_none());
    // Nothing that the join made holds its inputs any longer.
    drop(pods);
    assert_eq!(pod_feed.apply(pod("p2", 2, "web")), Err(Error::Closed));
}

#[tokio::test(start_paused = true)]
async fn a_join_keeps_its_inputs_alive() {
    let (services, _s) = fed([service("s", 1, "web")]);
    let (pods, mut pod_feed) = fed([pod("p1", 1, "web")]);
    let join = relations::service_pods().join(&services.view(Filter::everything()), &pods);
    drop((services, pods));
    pod_feed.apply(pod("p2", 2, "web")).unwrap();
    assert_eq!(names(&join).await, ["a/p1", "a/p2"]);
}

#[tokio::test(start_paused = true)]
async fn a_panicking_relation_ends_its_join_and_nothing_else() {
    let (services, mut service_feed) = fed([service("s", 1, "web")]);
    let (pods, _pods) = fed([pod("p1", 1, "web")]);
    let relation = SelectorJoin::new(|service: &Service| match service.version() {
        "2" => panic!("a relation's panic"),
        _ => Ok(Selector::everything()),
    });
    let join = relation.join(&services, &pods);
    join.ready().await.unwrap();
    service_feed.apply(service("s", 2, "web")).unwrap();
    assert_eq!(
        join.closed().await,
        Error::Panicked("a relation's panic".into())
    );
    assert_eq!((join.cache().len(), services.error()), (1, None));
}

#[tokio::test(start_paused = true)]
async fn a_scope_of_everywhere_crosses_namespaces() {
    let (services, _s) = fed([service("s", 1, "web")]);
    let (pods, _p) = fed([pod("p1", 1, "web"), pod("b/p2", 2, "web")]);
    let join = SelectorJoin::by_fact()
        .scope(Scope::Everywhere)
        .join(&services, &pods);
    assert_eq!(names(&join).await, ["a/p1", "b/p2"]);
}

#[tokio::test(start_paused = true)]
async fn joins_work_on_any_stored_form() {
    let (services, _s) = fed([service("s", 1, "web")]);
    let spec = Spec::new("a", "p1", 1).label("app", "web");
    let (own, _own) = fed([Own::of(&spec)]);
    let (packed, _packed) = fed([Packed::of(&spec)]);
    assert_eq!(
        names(&relations::service_pods().join(&services, &own)).await,
        ["a/p1"]
    );
    assert_eq!(
        names(&relations::service_pods().join(&services, &packed)).await,
        ["a/p1"]
    );
    let same_name = KeyJoin::new(
        |own: &Own| vec![own.name().len()],
        |p: &Packed| vec![p.name().len()],
    );
    assert_eq!(names(&same_name.join(&own, &packed)).await, ["a/p1"]);
}
