//! What an event costs on its way through a factory, metrics and a controller's triggers, beside the plain way.

use std::pin::pin;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use futures_util::{Stream, StreamExt as _, stream};
use http::{Request, Response};
use http_body::Frame;
use http_body_util::StreamBody;
use k8s_openapi::api::core::v1::Pod;
use kcache::{Event, Informer, Informers, Object as _, Publisher};
use kube::Client;
use kube::client::Body;
use metrics_exporter_prometheus::PrometheusBuilder;
use serde_json::{Value, json};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use crate::{Cost, cost};

const OBJECTS: usize = 1_000;
const EVENTS: usize = 5_000;
const ROUNDS: usize = 9;
/// A hundred times as often as they are scraped.
const RECORDED: Duration = Duration::from_millis(100);

/// By which way.
#[derive(Clone, Copy)]
enum Way {
    /// An informer and a subscription.
    Plain,
    /// The same of a factory, with metrics that are recorded and a store of kube's kind that nobody reads.
    Idle,
    /// As idle, and what is read are a controller's triggers, with the store that it reads.
    Controller,
}

/// Each round goes all ways, so that whatever else the machine does is beside all.
pub(crate) fn rows() -> Vec<(&'static str, f64)> {
    let ways = [Way::Plain, Way::Idle, Way::Controller];
    let rounds: Vec<_> = (0..ROUNDS).map(|_| ways.map(run)).collect();
    let median = |figure: &dyn Fn(&[f64; 3]) -> f64| {
        let mut figures: Vec<_> = rounds.iter().map(figure).collect();
        figures.sort_by(f64::total_cmp);
        figures[ROUNDS / 2]
    };
    vec![
        (
            "from the bytes of an event to its subscriber, CPU, µs",
            median(&|[plain, ..]| *plain),
        ),
        (
            "by a factory, with metrics and a store beside it: ratio",
            median(&|[plain, idle, _]| idle / plain),
        ),
        (
            "the same to the triggers of a controller and its store: ratio",
            median(&|[plain, _, controller]| controller / plain),
        ),
    ]
}

/// The CPU time of an event, in microseconds.
fn run(way: Way) -> f64 {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_time()
        .build();
    let runtime = runtime.expect("a runtime");
    let _guard = runtime.enter();
    let (server, bytes) = unbounded_channel();
    let client = client(bytes);
    let list = (0..OBJECTS).map(|number| event("ADDED", number, number + 1));
    list.for_each(|event| send(&server, event));
    send(&server, bookmark());
    let events: Vec<_> = (0..EVENTS)
        .map(|number| event("MODIFIED", number * 7_919 % OBJECTS, OBJECTS + 2 + number))
        .collect();
    let last = (OBJECTS + 1 + EVENTS).to_string();
    let pods = match way {
        Way::Plain => Publisher::clone(&Informer::<Pod>::builder(client).start()),
        Way::Idle | Way::Controller => {
            let informers = Informers::new(client);
            runtime.spawn(record(informers.clone()));
            informers.informer::<Pod>()
        }
    };
    let store = pods.store();
    runtime.block_on(pods.ready()).expect("a list");
    assert_eq!(store.len(), OBJECTS);
    let newest = |event: Event<Pod>| event.object().version().to_owned();
    let Cost(_, used) = match way {
        Way::Plain | Way::Idle => {
            let changes = pods.subscribe().map(newest);
            read(&runtime, &server, events, &last, changes)
        }
        Way::Controller => {
            let (triggers, reader) = pods.reflect();
            let triggers = triggers.map(|pod| pod.object().version().to_owned());
            let used = read(&runtime, &server, events, &last, triggers);
            assert_eq!(reader.len(), OBJECTS);
            used
        }
    };
    let each = used.as_secs_f64() * 1e6;
    pods.close();
    each / f64::from(u32::try_from(EVENTS).expect("few events"))
}

/// Sends the events and reads until the last has come.
fn read(
    runtime: &tokio::runtime::Runtime,
    server: &UnboundedSender<Bytes>,
    events: Vec<Bytes>,
    last: &str,
    versions: impl Stream<Item = String> + Send,
) -> Cost {
    let mut versions = pin!(versions);
    let start = async {
        for _ in 0..OBJECTS {
            versions.next().await.expect("the start");
        }
    };
    runtime.block_on(start);
    cost(|| {
        runtime.block_on(async {
            for event in events {
                send(server, event);
                // As a server sends them: one after the other, and no reader lags.
                tokio::task::yield_now().await;
            }
            while versions.next().await.expect("an event") != last {}
        });
    })
}

async fn record(informers: Informers) {
    let recorder = PrometheusBuilder::new().build_recorder();
    let mut ticks = tokio::time::interval(RECORDED);
    while !informers.overview().is_empty() {
        ticks.tick().await;
        metrics::with_local_recorder(&recorder, || informers.record_metrics());
        assert!(!recorder.handle().render().is_empty());
    }
}

fn send(server: &UnboundedSender<Bytes>, event: Bytes) {
    server.send(event).expect("a watch");
}

/// A client of a server that answers one watch with what comes here.
fn client(bytes: UnboundedReceiver<Bytes>) -> Client {
    let bytes = Arc::new(Mutex::new(Some(bytes)));
    let service = tower::service_fn(move |_: Request<Body>| {
        let bytes = bytes.lock().expect("no panic").take();
        let frames = stream::unfold(bytes, |bytes| async {
            let mut bytes = bytes?;
            let chunk = bytes.recv().await?;
            Some((Ok::<_, std::io::Error>(Frame::data(chunk)), Some(bytes)))
        });
        let response = Response::new(StreamBody::new(frames));
        std::future::ready(Ok::<_, std::io::Error>(response))
    });
    Client::new(service, "default")
}

fn event(kind: &str, number: usize, version: usize) -> Bytes {
    frame(&json!({ "type": kind, "object": pod(number, version) }))
}

fn bookmark() -> Bytes {
    let annotations = json!({ "k8s.io/initial-events-end": "true" });
    let metadata =
        json!({ "resourceVersion": (OBJECTS + 1).to_string(), "annotations": annotations });
    let object = json!({ "apiVersion": "v1", "kind": "Pod", "metadata": metadata });
    frame(&json!({ "type": "BOOKMARK", "object": object }))
}

fn frame(event: &Value) -> Bytes {
    format!("{event}\n").into()
}

/// About three kilobytes, as a small Pod is without `managedFields`.
fn pod(number: usize, version: usize) -> Value {
    let env = |n: usize| json!({ "name": format!("VARIABLE_{n}"), "value": format!("value-{n}-of-{number}") });
    let env: Vec<_> = (0..12).map(env).collect();
    let mount =
        |n: usize| json!({ "name": format!("volume-{n}"), "mountPath": format!("/mnt/{n}") });
    let mounts: Vec<_> = (0..4).map(mount).collect();
    let condition = |kind: &str| json!({ "type": kind, "status": "True", "lastTransitionTime": "2026-11-01T10:00:00Z" });
    let conditions = ["PodScheduled", "Initialized", "ContainersReady", "Ready"].map(condition);
    json!({
        "apiVersion": "v1", "kind": "Pod",
        "metadata": {
            "namespace": format!("namespace-{}", number % 20), "name": format!("pod-{number}"),
            "uid": format!("uid-{number}"), "resourceVersion": version.to_string(),
            "labels": { "app": format!("app-{}", number / 10), "pod-template-hash": "5d8f7c9b6" },
            "creationTimestamp": "2026-11-01T09:59:00Z",
        },
        "spec": {
            "nodeName": format!("node-{}", number % 50), "serviceAccountName": "default",
            "containers": [{
                "name": "main", "image": "app:1", "env": env, "volumeMounts": mounts,
                "resources": { "limits": { "cpu": "1", "memory": "512Mi" } },
            }],
        },
        "status": {
            "phase": "Running", "podIP": "10.0.0.1", "message": format!("as of {version}"),
            "conditions": conditions,
        },
    })
}
