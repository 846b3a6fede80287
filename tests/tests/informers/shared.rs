//! One informer for all who want the same.

use std::sync::Arc;
use std::time::Duration;

use harness::memory::{ApiServer, Fault};
use k8s_openapi::api::core::v1::{ConfigMap, Namespace, Node, Pod};
use kcache::{Compact, Error, Informers, KindOptions, Phase, Publisher, ReadError, ReadyError};
use kube::core::{ApiResource, DynamicObject, PartialObjectMeta};
use serde_json::json;

use crate::server::{client, eventually, lists, names, namespace, pod, put};

fn server() -> (ApiServer, Informers) {
    let server = ApiServer::new();
    put(&server, [pod("shop", "a"), pod("other", "b")]);
    let informers = Informers::new(client(&server));
    (server, informers)
}

#[test]
fn callers_on_many_threads_start_one() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(4)
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let (server, informers) = server();
        let barrier = Arc::new(tokio::sync::Barrier::new(64));
        let callers: Vec<_> = (0..64)
            .map(|_| {
                let (informers, barrier) = (informers.clone(), barrier.clone());
                tokio::spawn(async move {
                    barrier.wait().await;
                    let pods = informers.informer::<Pod>();
                    pods.ready().await.unwrap();
                    pods
                })
            })
            .collect();
        let mut held = Vec::new();
        for caller in callers {
            held.push(caller.await.unwrap());
        }
        assert_eq!(lists(&server, "pods"), ["/api/v1/pods"]);
        assert_eq!(server.open_watches(), 1);
        assert!(held.iter().all(|pods| names(pods) == ["other/b", "shop/a"]));
    });
}

#[tokio::test(start_paused = true)]
async fn it_starts_when_it_is_wanted_ends_with_its_last_holder_and_starts_again() {
    let (server, informers) = server();
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert!(server.requests().is_empty(), "nobody has asked");
    for run in 1..=3 {
        let pods = informers.informer::<Pod>();
        pods.ready().await.unwrap();
        assert_eq!(lists(&server, "pods").len(), run);
        // What is derived from it holds it, too.
        let mut changes = pods.subscribe();
        drop(pods);
        assert!(changes.next().await.is_some());
        assert_eq!(informers.overview().len(), 1);
        drop(changes);
        eventually(|| server.open_watches() == 0).await;
        assert!(informers.overview().is_empty());
    }
}

#[tokio::test(start_paused = true)]
async fn one_that_was_closed_is_not_given_again() {
    let (server, informers) = server();
    let closed = informers.informer::<Pod>();
    closed.ready().await.unwrap();
    closed.close();
    let pods = informers.informer::<Pod>();
    pods.ready().await.unwrap();
    assert_eq!(closed.error(), Some(Error::Closed));
    assert_eq!((pods.error(), lists(&server, "pods").len()), (None, 2));
}

#[tokio::test(start_paused = true)]
async fn what_differs_in_kind_scope_or_form_is_not_shared() {
    let (server, informers) = server();
    let resource = ApiResource::erase::<Pod>(&());
    let _typed = informers.informer::<Pod>();
    let _metadata = informers.informer::<PartialObjectMeta<Pod>>();
    let _compact = informers.informer::<Compact<Pod>>();
    let dynamic = informers.informer_of::<DynamicObject>(&resource);
    let web = KindOptions::new().labels("app=web");
    let labelled = informers.informer_with::<Pod>(web.clone());
    let in_shop = KindOptions::new().namespaces(["shop"]);
    let in_shop = informers.informer_with::<Pod>(in_shop);
    let _maps = informers.informer::<ConfigMap>();
    informers.ready().await.unwrap();
    assert_eq!(
        (informers.overview().len(), lists(&server, "pods").len()),
        (7, 6)
    );
    assert_eq!((names(&labelled).len(), names(&in_shop).len()), (2, 1));
    // All of it again.
    let _again = (
        informers.informer::<Pod>(),
        informers.informer_of::<DynamicObject>(&resource),
        informers.informer_with::<Pod>(web),
    );
    assert_eq!((names(&dynamic).len(), informers.overview().len()), (2, 7));
    assert_eq!(lists(&server, "pods").len(), 6);
}

#[tokio::test(start_paused = true)]
async fn options_are_said_once_for_all_kinds_and_once_for_one() {
    let server = ApiServer::new();
    let node = json!({ "apiVersion": "v1", "kind": "Node", "metadata": { "name": "n" } });
    put(
        &server,
        [pod("shop", "a"), pod("ops", "b"), pod("x", "c"), node],
    );
    let informers = Informers::builder(client(&server))
        .all_kinds(
            KindOptions::new()
                .namespaces(["shop", "ops"])
                .transform_json(|object| {
                    object["metadata"]["annotations"] = json!({ "cut": "yes" });
                }),
        )
        .kind::<ConfigMap>(
            KindOptions::new()
                .all_namespaces()
                .labels("a=b")
                .page_size(10),
        )
        .build();
    let pods = informers.informer::<Pod>();
    let (_maps, nodes) = (
        informers.informer::<ConfigMap>(),
        informers.informer::<Node>(),
    );
    informers.ready().await.unwrap();
    assert_eq!(names(&pods), ["ops/b", "shop/a"]);
    assert_eq!(names(&nodes), ["n"], "they are in no namespace");
    assert_eq!(lists(&server, "configmaps"), ["/api/v1/configmaps"]);
    let pod = pods.cache().get("ops", "b").unwrap();
    let annotations = pod.metadata.annotations.as_ref().unwrap();
    assert_eq!(annotations.get("cut").map(String::as_str), Some("yes"));
    assert_eq!(annotations.len(), 1);
    let live = informers.get_live::<Pod>("x", "c").await.unwrap().unwrap();
    assert!(
        live.metadata
            .annotations
            .as_ref()
            .unwrap()
            .contains_key("cut")
    );
}

#[tokio::test(start_paused = true)]
async fn namespaces_by_their_labels_are_one_more_shared_informer() {
    let server = ApiServer::new();
    put(
        &server,
        [namespace("shop", "web"), namespace("ops", "infra")],
    );
    put(&server, [pod("shop", "a"), pod("ops", "b")]);
    let options = KindOptions::new()
        .namespaces_labelled("team=web")
        .labels("app=web");
    let informers = Informers::builder(client(&server))
        .all_kinds(options)
        .build();
    let pods = informers.informer::<Pod>();
    let _maps = informers.informer::<ConfigMap>();
    informers.ready().await.unwrap();
    assert_eq!(
        (
            lists(&server, "namespaces").len(),
            informers.overview().len()
        ),
        (1, 3)
    );
    assert_eq!(names(&pods), ["shop/a"]);
    put(&server, [namespace("ops", "web")]);
    eventually(|| names(&pods) == ["ops/b", "shop/a"]).await;
}

#[tokio::test(start_paused = true)]
async fn what_is_read_through_it_stays_until_it_is_released() {
    let (server, informers) = server();
    let found = informers.get::<Pod>("shop", "a").await.unwrap();
    assert!(found.is_some());
    for _ in 0..10 {
        assert!(informers.get::<Pod>("shop", "b").await.unwrap().is_none());
        assert_eq!(informers.list::<Pod>("other").await.unwrap().len(), 1);
        assert_eq!(informers.list::<Pod>("").await.unwrap().len(), 2);
    }
    assert_eq!(lists(&server, "pods").len(), 1);
    let pods = informers.informer::<Pod>();
    informers.release::<Pod>();
    assert!(pods.error().is_none(), "somebody holds it");
    drop(pods);
    eventually(|| server.open_watches() == 0).await;
    assert!(informers.get::<Pod>("shop", "a").await.unwrap().is_some());
    assert_eq!(lists(&server, "pods").len(), 2);
    drop(informers);
    eventually(|| server.open_watches() == 0).await;
}

#[tokio::test(start_paused = true)]
async fn a_live_read_is_newer_than_memory() {
    let (server, informers) = server();
    let pods = informers.informer::<Pod>();
    pods.ready().await.unwrap();
    // From now on nothing comes by itself.
    server.inject(
        Fault::forbidden()
            .resource("pods")
            .when(|info| !info.parameter("watch").is_empty())
            .forever(),
    );
    server
        .patch(
            "pods",
            "shop",
            "a",
            &json!({ "metadata": { "labels": { "x": "y" } } }),
        )
        .unwrap();
    let live = informers
        .get_live::<Pod>("shop", "a")
        .await
        .unwrap()
        .unwrap();
    assert_eq!(live.metadata.labels.as_ref().unwrap()["x"], "y");
    assert_eq!(informers.get_live::<Pod>("shop", "z").await, Ok(None));
    let metadata = informers
        .get_live::<PartialObjectMeta<Pod>>("shop", "a")
        .await;
    assert_eq!(
        metadata.unwrap().unwrap().metadata.labels,
        live.metadata.labels
    );
    let compact = informers
        .get_live::<Compact<Pod>>("shop", "a")
        .await
        .unwrap()
        .unwrap();
    assert_eq!(
        compact.decode().unwrap().metadata.name.as_deref(),
        Some("a")
    );
    let node = informers
        .get_live::<Namespace>("", "default")
        .await
        .unwrap();
    assert!(node.is_some());
    let wrong = informers.get_live::<Pod>("shop", "../a").await;
    assert!(matches!(wrong, Err(ReadError::Request(_))), "{wrong:?}");
    server.inject(Fault::forbidden().forever());
    let refused = informers.get_live::<Pod>("shop", "a").await.unwrap_err();
    assert_eq!(refused.to_string(), "the server answered 403 Forbidden");
}

#[tokio::test(start_paused = true)]
async fn what_is_not_followed_and_what_is_refused_is_no_absence() {
    let server = ApiServer::new();
    let options = KindOptions::new().namespaces(["shop"]);
    let informers = Informers::builder(client(&server))
        .all_kinds(options)
        .build();
    let error = informers.get::<Pod>("ops", "a").await.unwrap_err();
    assert_eq!(error.to_string(), "pods in namespace ops are not followed");
    assert!(server.requests().is_empty());
    server.inject(Fault::forbidden().resource("pods").forever());
    let error = informers.get::<Pod>("shop", "a").await.unwrap_err();
    let ReadError::NotReady(refused) = &error else {
        panic!("{error:?}");
    };
    assert_eq!(refused.code(), Some(403));
    let refused = informers.ready_or_refused().await.unwrap_err();
    assert_eq!(&*refused.resource, "pods");
    assert_eq!(
        refused.to_string(),
        "pods: namespace shop: list: the server answered 403 Forbidden"
    );
}

#[tokio::test(start_paused = true)]
async fn who_waits_for_all_does_not_wait_for_what_was_let_go() {
    let server = ApiServer::new();
    server.inject(Fault::unavailable().resource("configmaps").forever());
    let informers = Informers::new(client(&server));
    let maps = informers.informer::<ConfigMap>();
    let waits = tokio::spawn({
        let informers = informers.clone();
        async move { informers.ready().await }
    });
    tokio::time::sleep(Duration::from_secs(60)).await;
    assert!(!waits.is_finished());
    drop(maps);
    assert_eq!(waits.await.unwrap(), Ok(()));
    // One that cannot be requested says so.
    let odd = KindOptions::new().namespaces(["a/b"]);
    let odd: Publisher<Pod> = informers.informer_with(odd);
    assert!(matches!(
        odd.status().phase,
        Phase::Closed(Error::Request { .. })
    ));
    let error = odd.ready_or_refused().await.unwrap_err();
    assert!(matches!(error, ReadyError::Closed(_)));
}

#[tokio::test(start_paused = true)]
async fn a_probe_covers_all_and_has_patience() {
    let (server, informers) = server();
    let minute = Duration::from_secs(60);
    assert_eq!(informers.health(minute), Ok(()), "nobody asked for any");
    let away = server.inject(Fault::forbidden().resource("configmaps").forever());
    let (pods, maps) = (
        informers.informer::<Pod>(),
        informers.informer::<ConfigMap>(),
    );
    pods.ready().await.unwrap();
    assert_eq!(pods.health(minute), Ok(()));
    maps.ready_or_refused().await.unwrap_err();
    let why = informers.health(minute).unwrap_err().to_string();
    assert_eq!(
        why,
        "configmaps: not ready: list: the server answered 403 Forbidden"
    );
    away.remove();
    maps.ready().await.unwrap();
    assert_eq!(informers.health(minute), Ok(()));
    server.inject(Fault::unavailable().resource("pods").forever());
    server.cut_watches();
    eventually(|| matches!(pods.status().phase, Phase::Degraded { .. })).await;
    assert_eq!(informers.health(minute), Ok(()), "not for long");
    tokio::time::sleep(minute).await;
    let why = informers.health(minute).unwrap_err();
    assert_eq!((why.all.len(), &*why.all[0].0), (1, "pods"));
    assert!(why.to_string().starts_with("pods: stale for 6"), "{why}");
    assert_eq!(informers.health(Duration::MAX), Ok(()));
    pods.close();
    assert_eq!(pods.health(minute).unwrap_err().to_string(), "closed");
}
