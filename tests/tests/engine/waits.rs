//! Reading one's own writes.

use std::time::Duration;

use futures_util::FutureExt;
use k8s_openapi::api::core::v1::{Pod, Service};
use kcache::{Error, Filter, Informer, Publisher, WaitError};
use kcache_join::{Side, relations};
use serde_json::{Value, json};

use crate::cache::{informer, is_ready, shown};
use crate::script::{map, server};

const SOON: Duration = Duration::from_secs(10);

fn waiting<T: Send + 'static>(
    wait: impl Future<Output = T> + Send + 'static,
) -> tokio::task::JoinHandle<T> {
    tokio::spawn(wait)
}

#[tokio::test(start_paused = true)]
async fn a_version_is_waited_for_at_an_informer() {
    let (maps, mut server) = informer();
    let waits = ["7", "9", "10", "12"].map(|version| {
        let maps = maps.clone();
        waiting(async move {
            maps.wait_for(version, Duration::from_secs(60)).await?;
            Ok::<_, WaitError>(shown(&maps))
        })
    });
    let stream = server.stream(&[map("a", 7)], "9").await;
    is_ready(&maps).await;
    let late = maps.wait_for("10", SOON).await;
    assert_eq!(late, Err(WaitError::TimedOut));
    stream.modified(&map("a", 10));
    stream.deleted(&map("a", 11));
    tokio::time::sleep(SOON).await;
    // Nothing changed, but the server is further.
    stream.bookmark("12345");
    let mut seen = Vec::new();
    for wait in waits {
        seen.push(wait.await.unwrap().unwrap());
    }
    assert_eq!(seen[..2], [["a@7"], ["a@7"]]);
    assert!(seen[3].is_empty());
    maps.wait_for("12345", Duration::ZERO).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_waited_for_is_said_at_once() {
    let (maps, mut server) = informer();
    for version in ["", "0", "007", "abc"] {
        assert_eq!(maps.wait_for(version, SOON).await, Err(WaitError::NoOrder));
    }
    let (written, _writer) = kcache::publisher::<Pod>();
    let unversioned = Err(WaitError::Unversioned);
    assert_eq!(written.wait_for("9", SOON).await, unversioned);
    let view = written.view(Filter::everything());
    assert_eq!(view.wait_for("9", SOON).await, unversioned);
    let _stream = server.stream(&[], "9").await;
    let wait = waiting({
        let maps = maps.clone();
        async move { maps.wait_for("10", SOON).await }
    });
    tokio::task::yield_now().await;
    maps.close();
    assert_eq!(wait.await.unwrap(), Err(Error::Closed.into()));
}

#[tokio::test(start_paused = true)]
async fn a_version_is_waited_for_at_views_of_views_whatever_they_let_in() {
    let (maps, mut server) = informer();
    let named = maps.view(Filter::name("default", "a"));
    let closure = Filter::by("not 11", |map: &k8s_openapi::api::core::v1::ConfigMap| {
        map.metadata.resource_version.as_deref() != Some("11")
    });
    let inner = named.view(closure);
    let other = maps.view(Filter::nothing());
    let stream = server.stream(&[map("a", 7)], "9").await;
    for version in 10..=14 {
        let name = if version == 13 { "b" } else { "a" };
        stream.modified(&map(name, version));
        let version = version.to_string();
        inner.wait_for(&version, SOON).await.unwrap();
        other.wait_for(&version, SOON).await.unwrap();
        let want: &[&str] = match version.as_str() {
            "11" => &[],
            "13" => &["a@12"],
            _ => &[&format!("a@{version}")],
        };
        assert_eq!(shown(&inner), want);
    }
    stream.bookmark("20");
    inner.wait_for("20", SOON).await.unwrap();
    assert_eq!(inner.wait_for("21", SOON).await, Err(WaitError::TimedOut));
}

#[tokio::test(start_paused = true)]
async fn what_a_view_or_join_was_told_and_has_not_taken_in_is_waited_for() {
    let decoded = |name: &str, version| -> Pod {
        serde_json::from_value(object("Pod", name, version, json!({"containers": []}))).unwrap()
    };
    let (services, mut service_feed) = kcache::feed::<Service>();
    let (pods, mut feed) = kcache::feed::<Pod>();
    let view = pods.view(Filter::name("default", "a"));
    let join = relations::service_pods().join(&services, &view);
    let selects = object("Service", "s", 3, json!({"selector": {"app": "web"}}));
    let selects = serde_json::from_value::<Service>(selects).unwrap();
    service_feed.relist([selects], Some("5")).unwrap();
    feed.relist([], Some("9")).unwrap();
    join.wait_for(Side::Targets, "9", SOON).await.unwrap();
    feed.apply(decoded("a", 10)).unwrap();
    // No other task has run since.
    pods.wait_for("10", SOON).now_or_never().unwrap().unwrap();
    assert_eq!(view.wait_for("10", SOON).now_or_never(), None);
    assert_eq!(
        join.wait_for(Side::Targets, "10", SOON).now_or_never(),
        None
    );
    join.wait_for(Side::Targets, "10", SOON).await.unwrap();
    assert_eq!(
        (shown(&view), shown(&join)),
        (vec!["a@10".to_owned()], vec!["a@10".to_owned()])
    );
    // What does not concern it has nothing to wait for.
    feed.apply(decoded("b", 11)).unwrap();
    assert_eq!(view.wait_for("11", SOON).now_or_never(), Some(Ok(())));
}

fn object(kind: &str, name: &str, version: u64, more: Value) -> Value {
    let mut object = map(name, version);
    object["kind"] = json!(kind);
    object["metadata"]["labels"] = json!({"app": "web"});
    object["spec"] = more;
    object.as_object_mut().unwrap().remove("data");
    object
}

#[tokio::test(start_paused = true)]
async fn a_version_of_either_input_is_waited_for_at_a_join() {
    let (client, mut service_server) = server();
    let services = Informer::<Service>::builder(client).start();
    let (client, mut pod_server) = server();
    let pods = Informer::<Pod>::builder(client).start();
    let join = relations::service_pods().join(&services, &pods);
    let service = |version| object("Service", "s", version, json!({"selector": {"app": "web"}}));
    let pod = |name: &str, version| object("Pod", name, version, json!({"containers": []}));
    let service_stream = service_server.stream(&[service(3)], "5").await;
    let pod_stream = pod_server.stream(&[], "100").await;
    join.wait_for(Side::Targets, "100", SOON).await.unwrap();
    for version in 101..=110 {
        pod_stream.added(&pod(&format!("p{version}"), version));
        let text = version.to_string();
        join.wait_for(Side::Targets, &text, SOON).await.unwrap();
        assert_eq!(join.cache().len() as u64, version - 100);
    }
    service_stream.deleted(&service(6));
    join.wait_for(Side::Sources, "6", SOON).await.unwrap();
    assert!(join.cache().is_empty());
    // What changes nothing is waited for as well.
    service_stream.bookmark("9");
    join.wait_for(Side::Sources, "9", SOON).await.unwrap();
    assert_eq!(
        join.wait_for(Side::Sources, "10", SOON).await,
        Err(WaitError::TimedOut)
    );
    let of_join: &Publisher<Pod> = &join;
    assert_eq!(
        of_join.wait_for("9", SOON).await,
        Err(WaitError::SeveralInputs(of_join.inputs()))
    );
    of_join.wait_for_write(&pods, "110", SOON).await.unwrap();
}
