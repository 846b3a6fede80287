//! Processes that share all objects, each a task here, by the Leases of one server.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use harness::memory::{ApiServer, Fault, Verb};
use k8s_openapi::api::core::v1::Pod;
use kcache::{Informer, LeaseError, Replicas, ReplicasBuilder, Shard};
use serde_json::json;

use crate::server::{client, eventually, len_in, names, pod, put, refuse};

fn builder(server: &ApiServer, identity: &str) -> ReplicasBuilder {
    Replicas::builder(client(server), "jobs", "web").identity(identity)
}

fn start(server: &ApiServer, identity: &str) -> Replicas {
    builder(server, identity).start().expect("good settings")
}

fn leases(server: &ApiServer) -> Vec<String> {
    let leases = server.list("leases").into_iter();
    let mut names: Vec<_> = leases
        .map(|lease| {
            lease["metadata"]["name"]
                .as_str()
                .unwrap_or_default()
                .to_owned()
        })
        .collect();
    names.sort();
    names
}

/// True if these have all hashes, each one of them, and none of them is moving any.
fn share_all(all: &[&Replicas]) -> bool {
    let mut sum = Shard::nothing();
    for replicas in all {
        let shard = replicas.shard();
        let overlap = sum.intersection(&shard).expect("all by UID");
        assert!(overlap.is_nothing(), "two own {overlap}");
        sum = sum.union(&shard).expect("all by UID");
    }
    let settled = all.iter().all(|replicas| {
        let status = replicas.status();
        status.settled && status.members.len() == all.len()
    });
    settled && sum.is_whole()
}

async fn until_shared(all: &[&Replicas]) {
    eventually(|| share_all(all)).await;
}

fn pods(server: &ApiServer) -> Informer<Pod> {
    Informer::<Pod>::builder(client(server))
        .shard(Shard::nothing())
        .start()
}

#[tokio::test(start_paused = true)]
async fn members_share_all_that_there_is_as_they_come_and_go() {
    let server = ApiServer::new();
    put(
        &server,
        (0..60).map(|number| pod("shop", &format!("p{number:02}"))),
    );
    let all: Vec<_> = names_of(&server);
    let one = start(&server, "a");
    let first = pods(&server);
    one.follow(&first);
    one.ready().await.unwrap();
    assert!(one.shard().is_whole());
    eventually(|| names(&first) == all).await;

    let two = start(&server, "b");
    let second = pods(&server);
    two.follow(&second);
    until_shared(&[&one, &two]).await;
    let both = || {
        let mut both = [names(&first), names(&second)].concat();
        both.sort();
        both
    };
    eventually(|| both() == all && !names(&second).is_empty()).await;
    for pod in second.cache().list() {
        assert!(two.owns(&*pod) && !one.owns(&*pod));
    }
    assert_eq!(two.status().members, ["a".into(), "b".into()]);

    // It is given up, and nobody waits for it to expire.
    let before = tokio::time::Instant::now();
    two.release().await;
    assert!(two.status().released && two.shard().is_nothing());
    assert!(second.cache().is_empty());
    until_shared(&[&one]).await;
    assert!(before.elapsed() < Duration::from_secs(5));
    eventually(|| names(&first) == all).await;
    assert_eq!(leases(&server), ["web-a"]);

    // The last handle goes.
    drop(one);
    eventually(|| leases(&server).is_empty()).await;
}

#[tokio::test(start_paused = true)]
async fn a_namespace_that_may_not_be_listed_holds_up_no_share() {
    let server = ApiServer::new();
    refuse(&server, "closed");
    put(
        &server,
        (0..60).map(|number| pod("shop", &format!("p{number:02}"))),
    );
    let one = start(&server, "a");
    one.ready().await.unwrap();
    let builder = Informer::<Pod>::builder(client(&server)).shard(one.shard());
    let first = builder.start_in(["shop", "closed"]);
    one.follow(&first);
    let of_shop = || len_in(&first, "shop");
    eventually(|| of_shop() == 60).await;

    let two = start(&server, "b");
    let second = pods(&server);
    two.follow(&second);
    until_shared(&[&one, &two]).await;
    eventually(|| of_shop() + second.cache().len() == 60).await;
    assert!(!second.cache().is_empty());
    assert!(first.cache().is_empty(), "a part is no state");
    one.release().await;
    until_shared(&[&two]).await;
}

fn names_of(server: &ApiServer) -> Vec<String> {
    let pods = server.list("pods").into_iter();
    let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
    let mut names: Vec<_> = pods
        .map(|pod| {
            let metadata = &pod["metadata"];
            format!(
                "{}/{}",
                text(&metadata["namespace"]),
                text(&metadata["name"])
            )
        })
        .collect();
    names.sort();
    names
}

#[tokio::test(start_paused = true)]
async fn what_the_dead_had_is_shared_when_their_lease_expires() {
    let server = ApiServer::new();
    let (one, two) = (start(&server, "a"), start(&server, "b"));
    until_shared(&[&one, &two]).await;
    let third = {
        // All that it has ends with its runtime, and nothing is given up.
        let server = server.clone();
        let (sender, receiver) = tokio::sync::oneshot::channel();
        std::thread::spawn(move || {
            let mut runtime = tokio::runtime::Builder::new_current_thread();
            let runtime = runtime.enable_all().start_paused(true).build().unwrap();
            let replicas = runtime.block_on(async {
                let replicas = start(&server, "c");
                // Until its claims are written.
                let claims = || {
                    let lease = server.get("leases", "jobs", "web-c").unwrap_or_default();
                    let claims = lease["metadata"]["annotations"]["kcache/slots"].as_str();
                    claims.is_some_and(|claims| claims != "64:0000000000000000")
                };
                eventually(claims).await;
                replicas
            });
            runtime.shutdown_background();
            let _ = sender.send(replicas);
        })
        .join()
        .unwrap();
        receiver.await.unwrap()
    };
    let died = tokio::time::Instant::now();
    eventually(|| one.status().members.len() == 3).await;
    until_shared(&[&one, &two]).await;
    assert!(died.elapsed() >= Duration::from_secs(15));
    // What it left behind is removed by and by.
    eventually(|| leases(&server) == ["web-a", "web-b"]).await;
    drop(third);
}

#[tokio::test(start_paused = true)]
async fn who_cannot_renew_owns_nothing_before_others_do() {
    let server = ApiServer::new();
    let (one, two) = (start(&server, "a"), start(&server, "b"));
    let informer = pods(&server);
    put(
        &server,
        (0..20).map(|number| pod("shop", &format!("p{number:02}"))),
    );
    one.follow(&informer);
    until_shared(&[&one, &two]).await;
    eventually(|| !informer.cache().is_empty()).await;
    let lost = Fault::stall().on(Verb::Update).resource("leases");
    server.inject(
        lost.when(|info| info.name == "web-a")
            .during(Duration::from_secs(60)),
    );
    eventually(|| one.shard().is_nothing()).await;
    eventually(|| one.status().lapses == 1).await;
    assert!(one.status().failure.is_some());
    assert!(!two.shard().is_whole(), "its claims hold a while longer");
    eventually(|| informer.cache().is_empty()).await;
    eventually(|| two.shard().is_whole()).await;
    assert_eq!(one.shard(), Shard::nothing());
    // It comes back.
    until_shared(&[&one, &two]).await;
    assert_eq!(one.status().failure, None);
}

#[tokio::test(start_paused = true)]
async fn work_ends_before_another_has_it() {
    let server = ApiServer::new();
    let (working, told) = (
        Arc::new(AtomicBool::new(true)),
        Arc::new(AtomicBool::new(false)),
    );
    let (works, tells) = (working.clone(), told.clone());
    let one = builder(&server, "a").on_release(move |shard| {
        assert!(!shard.is_nothing());
        tells.store(true, Ordering::SeqCst);
        let works = works.clone();
        async move {
            while works.load(Ordering::SeqCst) {
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
    });
    let one = one.start().unwrap();
    until_shared(&[&one]).await;
    let two = start(&server, "b");
    eventually(|| told.load(Ordering::SeqCst)).await;
    tokio::time::sleep(Duration::from_secs(60)).await;
    assert!(two.shard().is_nothing() && !one.shard().is_whole());
    assert!(!one.status().draining.is_nothing() && !one.status().settled);
    assert_eq!(one.status().lapses, 0, "it renews meanwhile");
    working.store(false, Ordering::SeqCst);
    until_shared(&[&one, &two]).await;
}

#[tokio::test(start_paused = true)]
async fn an_identity_is_of_one_process() {
    let server = ApiServer::new();
    let one = start(&server, "a");
    until_shared(&[&one]).await;
    let other = start(&server, "a");
    let error = other.ready_or_refused().await.unwrap_err();
    assert!(
        error.is_refusal() && error.to_string().contains("identity a"),
        "{error}"
    );
    tokio::time::sleep(Duration::from_secs(60)).await;
    assert!(one.shard().is_whole() && other.shard().is_nothing());
    // It has it when the first gives it up.
    one.release().await;
    until_shared(&[&other]).await;
}

#[tokio::test(start_paused = true)]
async fn missing_rights_are_named() {
    let server = ApiServer::new();
    let refused = server.inject(Fault::forbidden().resource("leases").forever());
    let one = start(&server, "a");
    let error = one.ready_or_refused().await.unwrap_err();
    assert!(
        matches!(error, LeaseError::Forbidden { code: 403, .. }),
        "{error}"
    );
    let text = error.to_string();
    for part in [
        "list, watch, create, update and delete",
        "jobs",
        "coordination.k8s.io",
    ] {
        assert!(text.contains(part), "{text}");
    }
    refused.remove();
    one.ready().await.unwrap();
    assert_eq!(one.status().failure, None);

    // Without the right to watch it is slower, and says so.
    let refused = Fault::forbidden().resource("leases").on(Verb::Watch);
    server.inject(refused.forever());
    let two = start(&server, "b");
    until_shared(&[&one, &two]).await;
    eventually(|| {
        let failure = two.status().failure;
        matches!(failure, Some(LeaseError::Forbidden { verb: "watch", .. }))
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn claims_of_another_kind_are_respected() {
    let server = ApiServer::new();
    let lease = json!({
        "apiVersion": "coordination.k8s.io/v1", "kind": "Lease",
        "metadata": {
            "namespace": "jobs", "name": "web-z", "labels": { "kcache/group": "web" },
            "annotations": { "kcache/slots": "128:0" },
        },
        "spec": { "holderIdentity": "z", "leaseDurationSeconds": 40 },
    });
    put(&server, [lease]);
    let one = start(&server, "a");
    eventually(|| matches!(one.status().failure, Some(LeaseError::Unreadable { .. }))).await;
    tokio::time::sleep(Duration::from_secs(20)).await;
    assert!(one.shard().is_nothing());
    // Nobody renews it.
    until_shared(&[&one]).await;
    eventually(|| leases(&server) == ["web-a"]).await;
}

#[tokio::test(start_paused = true)]
async fn all_of_a_namespace_have_one_owner() {
    let server = ApiServer::new();
    let two = ["a", "b"].map(|identity| {
        let replicas = builder(&server, identity).by_namespace().start();
        replicas.expect("good settings")
    });
    eventually(|| {
        two.iter()
            .all(|one| one.status().members.len() == 2 && one.status().settled)
    })
    .await;
    let informers = [pods(&server), pods(&server)];
    for (one, informer) in two.iter().zip(&informers) {
        one.follow(informer);
        assert!(one.shard().is_by_namespace());
    }
    // The last two letters of a name have no part in the highest bits of its hash.
    let spaces: Vec<_> = (0..20).map(|number| format!("{number}-team")).collect();
    for name in ["p", "q"] {
        put(&server, spaces.iter().map(|namespace| pod(namespace, name)));
    }
    eventually(|| informers.iter().map(|it| it.cache().len()).sum::<usize>() == 40).await;
    for namespace in &spaces {
        let held = informers
            .each_ref()
            .map(|it| it.cache().list_namespace(namespace).len());
        assert!(held == [2, 0] || held == [0, 2], "{namespace}: {held:?}");
    }
    assert!(informers.iter().all(|it| !it.cache().is_empty()));
}

#[tokio::test(start_paused = true)]
async fn settings_that_cannot_be_are_refused() {
    let server = ApiServer::new();
    let setting = |builder: ReplicasBuilder| match builder.start() {
        Err(LeaseError::Setting { setting, .. }) => setting,
        other => panic!("{other:?}"),
    };
    let second = Duration::from_secs(1);
    assert_eq!(setting(builder(&server, "A")), "identity");
    assert_eq!(
        setting(builder(&server, "a").lease_duration(second)),
        "lease_duration"
    );
    assert_eq!(
        setting(builder(&server, "a").renew_deadline(second)),
        "renew_deadline"
    );
    let long = "g".repeat(64);
    let odd = |namespace: &str, group: &str| {
        setting(Replicas::builder(
            client(&server),
            namespace.to_owned(),
            group.to_owned(),
        ))
    };
    assert_eq!(odd("", "g"), "namespace");
    assert_eq!(odd("n", "g g"), "group");
    assert_eq!(odd("n", &long), "group");
    assert!(server.requests().is_empty());
}
