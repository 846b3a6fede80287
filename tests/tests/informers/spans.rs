//! Spans and events, as OpenTelemetry's users have them, and nothing of an object in any.

use std::sync::OnceLock;
use std::time::Duration;

use harness::memory::{ApiServer, Fault, Status, Verb};
use k8s_openapi::api::core::v1::{ConfigMap, Pod};
use kcache::{Compact, Encoding, Filter, Informer, Informers, KindOptions, Object, Phase};
use kube::core::ApiResource;
use serde_json::{Value, json};
use tracing::subscriber::DefaultGuard;

use crate::server::{client, eventually, pod, put};
use crate::trace::{Entry, Recorder};

/// What is in objects, selectors and answers here, and must be nowhere else.
const MARKERS: [&str; 6] = [
    "marker-label",
    "marker-annotation",
    "marker-data",
    "marker-selector",
    "marker-status",
    "marker-token",
];

fn record() -> (Recorder, DefaultGuard) {
    // With one subscriber alone tracing asks that one when a callsite is met first, whichever thread meets it.
    static OTHER: OnceLock<tracing::Dispatch> = OnceLock::new();
    OTHER.get_or_init(|| tracing::Dispatch::new(Recorder::default()));
    let recorder = Recorder::default();
    let guard = tracing::subscriber::set_default(recorder.clone());
    (recorder, guard)
}

fn secret(name: &str) -> Value {
    let mut object = pod("shop", name);
    object["metadata"]["labels"]["secret"] = "marker-label".into();
    object["metadata"]["annotations"]["secret"] = "marker-annotation".into();
    object["spec"]["containers"][0]["image"] = "marker-data".into();
    object["spec"]["nodeName"] = "marker-data".into();
    object
}

/// A stored form that no Pod can be read as, in whichever encoding.
#[derive(serde::Deserialize)]
struct Odd {
    metadata: Named,
    #[serde(rename = "spec")]
    _spec: Spec,
}

#[derive(serde::Deserialize)]
struct Named {
    name: String,
}

#[derive(serde::Deserialize)]
struct Spec {
    #[serde(rename = "nodeName")]
    _node_name: u64,
}

impl Object for Odd {
    fn name(&self) -> &str {
        &self.metadata.name
    }
}

/// No such Pod can be read as one, and each for a reason of its own.
fn bad(name: &str, number: usize) -> Value {
    let mut object = secret(name);
    match number {
        0 => object["spec"]["containers"] = "marker-data".into(),
        1 => object["spec"]["containers"][0]["ports"] = json!([{ "containerPort": "marker-data" }]),
        _ => object["spec"]["containers"][0]["resources"] = "marker-data".into(),
    }
    object
}

fn of_pods(entries: Vec<Entry>) -> Vec<Entry> {
    let is_of_pods = |entry: &Entry| entry.has("k8s.resource", "pods");
    entries.into_iter().filter(is_of_pods).collect()
}

#[tokio::test(start_paused = true)]
async fn a_list_a_watch_and_each_request_are_spans() {
    let (recorder, _guard) = record();
    let server = ApiServer::new();
    put(&server, ["a", "b", "c"].map(secret));
    let pods = Informer::<Pod>::builder(client(&server))
        .namespace("shop")
        .start();
    pods.ready().await.unwrap();
    let lists = of_pods(recorder.spans("list"));
    let [list] = &lists[..] else {
        panic!("{lists:?}")
    };
    assert!(list.is_closed() && list.parent.is_none(), "{list:?}");
    for (field, value) in [
        ("otel.name", "list pods"),
        ("k8s.namespace.name", "shop"),
        ("kcache.reason", "first"),
        ("kcache.objects", "3"),
    ] {
        assert!(list.has(field, value), "{field}: {list:?}");
    }
    let requests = recorder.spans("request");
    let [request] = &requests[..] else {
        panic!("{requests:?}")
    };
    assert_eq!(recorder.entries()[request.parent.unwrap()].name(), "list");
    for (field, value) in [
        ("otel.name", "GET /api/v1/namespaces/{namespace}/pods"),
        ("otel.kind", "client"),
        ("http.request.method", "GET"),
        ("http.response.status_code", "200"),
        ("url.path", "/api/v1/namespaces/shop/pods"),
        ("url.template", "/api/v1/namespaces/{namespace}/pods"),
        ("kcache.operation", "streaming list"),
    ] {
        assert!(request.has(field, value), "{field}: {request:?}");
    }
    assert!(request.is_closed() && request.get("error.type").is_none());
    // What the list became is a span of its own, open as long as the watch.
    let watches = of_pods(recorder.spans("watch"));
    assert!(watches.len() == 1 && !watches[0].is_closed(), "{watches:?}");

    server.inject(Fault::gone().on(Verb::Watch).times(1));
    put(&server, [secret("d")]);
    eventually(|| pods.cache().len() == 4).await;
    server.end_watches();
    eventually(|| pods.counts().relists.expired == 1).await;
    let watches = of_pods(recorder.spans("watch"));
    assert!(watches[0].is_closed(), "{watches:?}");
    let refused: Vec<_> = watches
        .iter()
        .filter(|watch| watch.has("error.type", "410") && watch.has("otel.status_code", "ERROR"))
        .collect();
    assert_eq!(refused.len(), 1, "{watches:?}");
    let relist =
        |list: &Entry| list.has("kcache.reason", "expired") && list.has("kcache.objects", "4");
    let lists = of_pods(recorder.spans("list"));
    assert_eq!(
        lists.iter().filter(|list| relist(list)).count(),
        1,
        "{lists:?}"
    );
    let commits = recorder.entries().into_iter();
    let commits = commits.filter(|entry| !entry.is_span && entry.has("message", "commit"));
    assert!(commits.clone().count() >= 2, "each commit is an event");
    let of = |commit: Entry| {
        commit
            .parent
            .map(|parent| recorder.entries()[parent].name())
    };
    assert!(
        commits
            .map(of)
            .all(|parent| matches!(parent, Some("list" | "watch")))
    );
    recorder.expect_none_of(&MARKERS);
}

#[tokio::test(start_paused = true)]
async fn a_list_that_waits_ends_before_the_wait() {
    let (recorder, _guard) = record();
    let server = ApiServer::new();
    server.inject(Fault::forbidden().resource("pods").times(2));
    let pods = Informer::<Pod>::builder(client(&server)).start();
    pods.ready().await.unwrap();
    let lists = of_pods(recorder.spans("list"));
    let failed: Vec<_> = lists
        .iter()
        .filter(|list| list.has("error.type", "403"))
        .collect();
    assert!(
        !failed.is_empty() && lists.iter().all(Entry::is_closed),
        "{lists:?}"
    );
    assert!(failed.iter().all(|list| list.has("kcache.reason", "first")));
    let requests = recorder.spans("request");
    let refused = requests
        .iter()
        .filter(|request| request.has("http.response.status_code", "403"));
    assert!(refused.count() >= 1, "{requests:?}");
}

#[tokio::test(start_paused = true)]
async fn nothing_of_an_object_is_in_any_span_or_event() {
    let (recorder, _guard) = record();
    let server = ApiServer::new();
    put(&server, ["a", "b"].map(secret));
    // As protobuf, which cannot hold what is wrong here.
    let resource = ApiResource::erase::<Pod>(&());
    let odd = Informer::<Odd>::builder_of(client(&server), resource.clone()).start();
    odd.ready().await.unwrap();
    assert_eq!(
        (odd.bad_objects().len(), odd.status().encoding),
        (2, Some(Encoding::Protobuf))
    );
    server.inject(Fault::no_protobuf().forever());
    let odd = Informer::<Odd>::builder_of(client(&server), resource).start();
    odd.ready().await.unwrap();
    assert_eq!(
        (odd.bad_objects().len(), odd.status().encoding),
        (2, Some(Encoding::Json))
    );
    drop(odd);
    put(
        &server,
        (0..3).map(|number| bad(&format!("bad-{number}"), number)),
    );
    let maps = ["m", "n"].map(|name| {
        let mut map = secret(name);
        map["kind"] = "ConfigMap".into();
        map["data"] = json!({ "key": "marker-data" });
        map
    });
    put(&server, maps);
    let informers = Informers::new(client(&server));
    let pods = informers.informer::<Pod>();
    let selected = informers.informer_with::<Compact<Pod>>(
        KindOptions::new()
            .labels("secret=marker-label,none!=marker-selector")
            .page_size(1)
            .transform_json(|pod| assert_ne!(pod["metadata"]["name"], "b", "marker-data")),
    );
    let maps = informers.informer::<ConfigMap>();
    let view = pods.view(Filter::labels([("secret", "marker-label")]));
    informers.ready().await.unwrap();
    view.ready().await.unwrap();
    assert_eq!(pods.bad_objects().len(), 3, "{:?}", pods.bad_objects());
    assert!(!selected.bad_objects().is_empty());
    // Each way to fail that the server knows, with bodies that say more than they should.
    for (code, reason) in [
        (410, "Expired"),
        (403, "Forbidden"),
        (401, "Unauthorized"),
        (500, "InternalError"),
        (503, "ServiceUnavailable"),
    ] {
        let before = pods.counts().failures;
        let status = Status::new(code, reason, "marker-status in pods");
        // Whoever reads Pods meets it, or others could have met all before it is the turn of these.
        let refused = server.inject(Fault::answer(status).resource("pods").forever());
        server.cut_watches();
        eventually(|| pods.counts().failures > before).await;
        refused.remove();
        eventually(|| matches!(pods.status().phase, Phase::Live)).await;
    }
    put(&server, [bad("bad-3", 0), secret("c"), bad("a", 1)]);
    eventually(|| pods.bad_objects().len() == 5).await;
    server.delete("pods", "shop", "bad-3").unwrap();
    eventually(|| pods.bad_objects().len() == 4).await;
    assert!(informers.get_live::<Pod>("shop", "bad-0").await.is_err());
    assert!(informers.list_live::<Pod>("shop").await.is_err());
    let web = KindOptions::new()
        .labels("secret=marker-label")
        .page_size(1);
    assert!(informers.list_live_with::<ConfigMap>(web).await.is_ok());
    tokio::time::sleep(Duration::from_secs(600)).await;
    drop((pods, selected, maps, view));
    assert!(recorder.entries().len() > 100);
    let requests = recorder.spans("request");
    let operations = ["list", "page", "streaming list", "watch", "get"];
    for operation in operations {
        let is = |request: &Entry| request.has("kcache.operation", operation);
        assert!(requests.iter().any(is), "{operation}: {requests:?}");
    }
    recorder.expect_none_of(&MARKERS);
}
