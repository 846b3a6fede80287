//! Several namespaces as one publisher.

use std::time::Duration;

use harness::memory::{ApiServer, Fault};
use k8s_openapi::api::core::v1::{Namespace, Node, Pod};
use kcache::{
    Cause, Compact, Error, Event, Filter, Informer, NamespacedInformer, Phase, Subscription,
    WaitError,
};
use kube::core::PartialObjectMeta;
use serde_json::json;

use crate::server::{
    client, eventually, failure, len_in, lists, names, namespace, pod, put, refuse,
};

/// Nobody may list in the whole cluster.
fn server() -> ApiServer {
    let server = ApiServer::new();
    let cluster_wide = Fault::forbidden().resource("pods");
    server.inject(
        cluster_wide
            .when(|info| info.namespace.is_empty())
            .forever(),
    );
    let namespaces = [("a", "web"), ("b", "web"), ("c", "db")];
    put(
        &server,
        namespaces.map(|(name, team)| namespace(name, team)),
    );
    put(
        &server,
        ["a", "b", "c"].map(|namespace| pod(namespace, "p")),
    );
    server
}

fn teams(server: &ApiServer) -> Informer<PartialObjectMeta<Namespace>> {
    let builder = Informer::<PartialObjectMeta<Namespace>>::builder(client(server));
    builder.labels("team=web").start()
}

fn pods(server: &ApiServer) -> NamespacedInformer<Pod> {
    let builder = Informer::<Pod>::builder(client(server));
    builder.start_in_all_of(&teams(server))
}

/// What came in one commit: `+a/p -b/p`.
async fn batch(changes: &mut Subscription<Pod>) -> String {
    let batch = changes.next_batch().await.expect("a batch");
    let texts = batch.changes.into_iter().map(|change| {
        let sign = match (&change.old, &change.new) {
            (None, _) => '+',
            (_, None) => '-',
            _ => '~',
        };
        format!("{sign}{}", change.key())
    });
    texts.collect::<Vec<_>>().join(" ")
}

#[tokio::test(start_paused = true)]
async fn named_namespaces_have_a_list_each_and_one_state() {
    let server = server();
    let pods = Informer::<Pod>::builder(client(&server)).start_in(["b", "a", "a"]);
    let mut changes = pods.subscribe();
    pods.ready().await.unwrap();
    assert_eq!(names(&pods), ["a/p", "b/p"]);
    assert_eq!(pods.status().commit, 1, "it starts with one commit");
    let mut requested = lists(&server, "pods");
    requested.sort();
    assert_eq!(
        requested,
        ["/api/v1/namespaces/a/pods", "/api/v1/namespaces/b/pods"]
    );
    assert_eq!(batch(&mut changes).await, "+a/p +b/p");
    put(&server, [pod("b", "q"), pod("c", "q")]);
    assert_eq!(batch(&mut changes).await, "+b/q");
    server.delete("pods", "a", "p").unwrap();
    assert_eq!(batch(&mut changes).await, "-a/p");
    assert_eq!(pods.namespaces(), ["a".into(), "b".into()]);
    // All of it ends with its last holder.
    drop((pods, changes));
    eventually(|| server.open_watches() == 0).await;
}

#[tokio::test(start_paused = true)]
async fn compact_objects_of_all_namespaces_share_one_codec() {
    let server = server();
    let pods = Informer::<Compact<Pod>>::builder(client(&server)).start_in(["a", "b", "c"]);
    pods.ready().await.unwrap();
    let nodes = pods.cache().list().into_iter().map(|pod| {
        let pod = pod.decode().unwrap();
        (
            pod.metadata.namespace.unwrap(),
            pod.spec.unwrap().node_name.unwrap(),
        )
    });
    let want = ["a", "b", "c"].map(|namespace| (namespace.to_owned(), "n1".to_owned()));
    assert!(nodes.eq(want));
}

#[tokio::test(start_paused = true)]
async fn of_no_namespaces_it_is_ready_and_empty() {
    let server = server();
    let none: [&str; 0] = [];
    let pods = Informer::<Pod>::builder(client(&server)).start_in(none);
    pods.ready().await.unwrap();
    assert!(pods.cache().is_empty() && server.requests().is_empty());
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_requested_is_closed_at_once() {
    let server = server();
    for names in [&["a", ""][..], &["a/b"]] {
        let pods = Informer::<Pod>::builder(client(&server)).start_in(names.iter().copied());
        let error = pods.ready().await.unwrap_err();
        assert!(
            matches!(
                error,
                Error::Request {
                    part: "namespace",
                    ..
                }
            ),
            "{error}"
        );
    }
    let nodes = Informer::<Node>::builder(client(&server)).start_in(["a"]);
    assert!(matches!(nodes.error(), Some(Error::Request { .. })));
    assert!(server.requests().is_empty());
}

#[tokio::test(start_paused = true)]
async fn it_is_ready_when_all_are_and_says_which_is_not() {
    let server = server();
    let refused = refuse(&server, "b");
    let pods = Informer::<Pod>::builder(client(&server)).start_in(["a", "b"]);
    let error = pods.ready_or_refused().await.unwrap_err();
    assert_eq!(error.code(), Some(403));
    tokio::time::sleep(Duration::from_secs(60)).await;
    assert!(pods.cache().is_empty(), "a part is no state");
    assert!(
        failure(&pods).starts_with("namespace b: "),
        "{}",
        failure(&pods)
    );
    refused.remove();
    pods.ready().await.unwrap();
    assert_eq!((names(&pods).len(), pods.status().commit), (2, 1));
}

#[tokio::test(start_paused = true)]
async fn one_that_cannot_be_followed_leaves_the_others_alone() {
    let server = server();
    let pods = Informer::<Pod>::builder(client(&server)).start_in(["a", "b"]);
    pods.ready().await.unwrap();
    let refused = refuse(&server, "b");
    server.cut_watches();
    // Both begin anew, and one of them can.
    eventually(|| failure(&pods).starts_with("namespace b: ")).await;
    let Phase::Degraded { reason, .. } = pods.status().phase else {
        panic!("{:?}", pods.status());
    };
    let Cause::Namespaces(failed) = reason.cause() else {
        panic!("{reason:?}");
    };
    assert_eq!((failed.len(), &*failed[0].namespace), (1, "b"));
    assert_eq!((reason.code(), reason.is_refusal()), (Some(403), true));
    put(&server, [pod("a", "q"), pod("b", "q")]);
    eventually(|| names(&pods) == ["a/p", "a/q", "b/p"]).await;
    assert!(matches!(
        pods.informer("a").unwrap().status().phase,
        Phase::Live
    ));
    refused.remove();
    eventually(|| names(&pods).len() == 4 && matches!(pods.status().phase, Phase::Live)).await;
}

#[tokio::test(start_paused = true)]
async fn namespaces_come_and_go_with_their_labels() {
    let server = server();
    let pods = pods(&server);
    let mut changes = pods.subscribe();
    assert_eq!(batch(&mut changes).await, "+a/p +b/p");
    put(&server, [pod("c", "q")]);
    put(&server, [namespace("c", "web")]);
    assert_eq!(batch(&mut changes).await, "+c/p +c/q", "in one commit");
    put(&server, [namespace("c", "db")]);
    assert_eq!(batch(&mut changes).await, "-c/p -c/q", "in one commit");
    eventually(|| server.open_watches() == 3).await;
    put(&server, [pod("c", "r"), pod("b", "r")]);
    assert_eq!(batch(&mut changes).await, "+b/r");
    assert_eq!(pods.namespaces(), ["a".into(), "b".into()]);
    assert!(pods.informer("c").is_none());
    // And again.
    put(&server, [namespace("c", "web")]);
    assert_eq!(batch(&mut changes).await, "+c/p +c/q +c/r");
    assert_eq!(failure(&pods), "");
    assert!(
        lists(&server, "pods")
            .iter()
            .all(|path| path != "/api/v1/pods")
    );
}

#[tokio::test(start_paused = true)]
async fn a_namespace_that_comes_and_is_refused_is_named() {
    let server = server();
    let pods = pods(&server);
    pods.ready().await.unwrap();
    let refused = refuse(&server, "c");
    put(&server, [namespace("c", "web")]);
    eventually(|| failure(&pods).starts_with("namespace c: ")).await;
    assert_eq!(names(&pods), ["a/p", "b/p"]);
    // It goes without ever having been listed, and what it complained of with it.
    put(&server, [namespace("c", "db")]);
    eventually(|| matches!(pods.status().phase, Phase::Live)).await;
    refused.remove();
    put(&server, [namespace("c", "web")]);
    eventually(|| names(&pods).len() == 3).await;
}

#[tokio::test(start_paused = true)]
async fn it_says_what_is_wrong_with_the_namespaces_and_ends_with_them() {
    let server = server();
    let refused = server.inject(Fault::forbidden().resource("namespaces").forever());
    let namespaces = teams(&server);
    let pods = Informer::<Pod>::builder(client(&server)).start_in_all_of(&namespaces);
    eventually(|| failure(&pods).starts_with("namespaces: ")).await;
    assert!(matches!(pods.status().phase, Phase::Syncing { .. }));
    refused.remove();
    pods.ready().await.unwrap();
    assert_eq!(names(&pods), ["a/p", "b/p"]);
    namespaces.close();
    let error = pods.closed().await;
    assert_eq!(error.to_string(), "the namespaces ended");
    assert_eq!(names(&pods), ["a/p", "b/p"], "the last known state");
    eventually(|| server.open_watches() == 0).await;
    assert!(pods.namespaces().is_empty());
}

#[tokio::test(start_paused = true)]
async fn ones_own_writes_are_waited_for_in_their_namespace() {
    let server = server();
    let pods = Informer::<Pod>::builder(client(&server)).start_in(["a", "b"]);
    pods.ready().await.unwrap();
    for number in 0..20 {
        let name = format!("n{number}");
        let stored = server.put(pod("b", &name)).unwrap();
        let version = stored["metadata"]["resourceVersion"].as_str().unwrap();
        let limit = Duration::from_secs(10);
        pods.wait_for_in("b", version, limit).await.unwrap();
        assert!(pods.cache().get("b", &name).is_some());
    }
    let closed = pods.wait_for_in("c", "1", Duration::ZERO).await;
    assert_eq!(closed, Err(WaitError::Closed(Error::Closed)));
}

#[tokio::test(start_paused = true)]
async fn a_write_is_waited_for_in_all_namespaces_and_in_what_is_made_of_them() {
    let server = server();
    let pods = Informer::<Pod>::builder(client(&server)).start_in(["a", "b"]);
    let view = pods.view(Filter::namespace("b"));
    let both = kcache::union([&*view, &*pods]);
    let limit = Duration::from_secs(180);
    for number in 0..3 {
        let name = format!("n{number}");
        let stored = server.put(pod("b", &name)).unwrap();
        let version = stored["metadata"]["resourceVersion"].as_str().unwrap();
        // Before it is ready, too. The other namespace says so with its next bookmark.
        pods.wait_for(version, limit).await.unwrap();
        assert!(pods.cache().get("b", &name).is_some());
        view.wait_for(version, limit).await.unwrap();
        both.wait_for_write(&pods, version, limit).await.unwrap();
        assert!(both.cache().get("b", &name).is_some());
    }
    assert_eq!(both.inputs(), ["first input", "second input"]);
    let future = (server.version() + 1_000).to_string();
    let late = pods.wait_for(&future, Duration::from_secs(300)).await;
    assert_eq!(late, Err(WaitError::TimedOut));
    assert_eq!(pods.wait_for("x", limit).await, Err(WaitError::NoOrder));
    pods.close();
    let closed = pods.wait_for(&future, limit).await;
    assert_eq!(closed, Err(WaitError::Closed(Error::Closed)));
}

#[tokio::test(start_paused = true)]
async fn a_namespace_that_is_none_or_leaves_keeps_nobody_waiting() {
    let server = server();
    let none: [&str; 0] = [];
    let nothing = Informer::<Pod>::builder(client(&server)).start_in(none);
    nothing.wait_for("9", Duration::from_secs(1)).await.unwrap();
    // What it is made of is known later.
    let pods = pods(&server);
    let limit = Duration::from_secs(600);
    let version = server.version().to_string();
    pods.wait_for(&version, limit).await.unwrap();
    assert_eq!(names(&pods), ["a/p", "b/p"]);
    server.inject(
        Fault::unavailable()
            .when(|info| info.namespace == "b")
            .forever(),
    );
    server.cut_watches();
    let stored = server.put(pod("a", "q")).unwrap();
    let version = stored["metadata"]["resourceVersion"]
        .as_str()
        .unwrap()
        .to_owned();
    let waits = tokio::spawn({
        let pods = pods.clone();
        async move { pods.wait_for(&version, limit).await }
    });
    tokio::time::sleep(Duration::from_secs(120)).await;
    assert!(!waits.is_finished(), "one of them cannot be followed");
    put(&server, [namespace("b", "db")]);
    waits.await.unwrap().unwrap();
    assert_eq!(names(&pods), ["a/p", "a/q"]);
}

#[tokio::test(start_paused = true)]
async fn what_was_waited_for_is_there_when_one_leaves_that_was_never_listed() {
    let server = server();
    refuse(&server, "b");
    let pods = pods(&server);
    let of_a = || len_in(&pods, "a");
    eventually(|| of_a() == 1).await;
    let stored = server.put(pod("a", "q")).unwrap();
    let version = stored["metadata"]["resourceVersion"].as_str().unwrap();
    eventually(|| of_a() == 2).await;
    let limit = Duration::from_secs(600);
    let waits = async {
        pods.wait_for(version, limit).await.unwrap();
        names(&pods)
    };
    let waits_in = async {
        pods.wait_for_in("a", version, limit).await.unwrap();
        names(&pods)
    };
    let leaves = async {
        tokio::time::sleep(Duration::from_secs(120)).await;
        assert!(pods.cache().is_empty(), "a part is no state");
        put(&server, [namespace("b", "db")]);
    };
    let (seen, seen_in, ()) = tokio::join!(waits, waits_in, leaves);
    assert_eq!((seen, seen_in), (names(&pods), names(&pods)));
    assert_eq!(names(&pods), ["a/p", "a/q"]);
}

#[tokio::test(start_paused = true)]
async fn one_namespace_that_lags_is_not_hidden_by_the_others() {
    let server = server();
    let pods = Informer::<Pod>::builder(client(&server)).start_in(["a", "b"]);
    pods.ready().await.unwrap();
    server.inject(
        Fault::unavailable()
            .when(|info| info.namespace == "b")
            .forever(),
    );
    server.cut_watches();
    for number in 0..10 {
        put(&server, [pod("a", &format!("n{number}"))]);
        tokio::time::sleep(Duration::from_secs(60)).await;
    }
    let behind = |namespace: &str| pods.informer(namespace).unwrap().counts().behind.unwrap();
    assert!(pods.cache().len() == 12 && pods.counts().behind.unwrap() >= Duration::from_secs(590));
    assert_eq!(behind("b"), pods.counts().behind.unwrap());
    assert!(behind("a") <= Duration::from_secs(120), "{:?}", behind("a"));
}

#[tokio::test(start_paused = true)]
async fn an_object_that_changes_is_an_update_and_a_restore_is_a_new_incarnation() {
    let server = server();
    let pods = Informer::<Pod>::builder(client(&server)).start_in(["a", "b"]);
    let mut changes = pods.subscribe();
    for _ in 0..2 {
        assert!(matches!(changes.next().await, Some(Event::Create { .. })));
    }
    let backup = server.back_up();
    let patch = json!({ "metadata": { "labels": { "x": "y" } } });
    server.patch("pods", "a", "p", &patch).unwrap();
    assert!(matches!(changes.next().await, Some(Event::Update { .. })));
    server.restore(&backup, server.version() + 1000);
    eventually(|| pods.status().incarnation > 1).await;
    let pod = pods.cache().get("a", "p").unwrap();
    assert!(!pod.metadata.labels.as_ref().unwrap().contains_key("x"));
}

#[tokio::test(start_paused = true)]
async fn what_each_counts_is_counted_once_for_all() {
    let server = server();
    let broken = |pod: &mut Pod| assert!(pod.metadata.namespace.as_deref() != Some("b"));
    let teams = teams(&server);
    let builder = Informer::<Pod>::builder(client(&server)).transform(broken);
    let pods = builder.start_in_all_of(&teams);
    pods.ready().await.unwrap();
    let counts = pods.counts();
    assert_eq!((counts.lists, counts.watches, counts.objects), (2, 2, 1));
    assert_eq!(
        counts.relists.iter().map(|(_, times)| times).sum::<u64>(),
        0
    );
    assert!(counts.behind.is_some());
    assert_eq!((pods.status().bad_objects, counts.bad_objects), (1, 1));
    let bad = pods.bad_objects();
    assert_eq!((bad.len(), bad[0].key.namespace()), (1, "b"));
    // What leaves takes its bad objects along.
    put(&server, [namespace("b", "db")]);
    eventually(|| pods.namespaces().len() == 1 && pods.counts().bad_objects == 0).await;
    assert_eq!(pods.counts().bad_reports, 1);
}
