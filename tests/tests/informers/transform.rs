//! Objects that are changed before they are stored.

use harness::memory::{ApiServer, Fault, Verb};
use k8s_openapi::api::core::v1::Pod;
use kcache::{Compact, Encoding, Event, Informer, Object};
use kube::core::{ApiResource, DynamicObject};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::server::{client, eventually, lists, names, pod, put};

fn server() -> ApiServer {
    let server = ApiServer::new();
    put(&server, ["a", "b", "c"].map(|name| pod("default", name)));
    server
}

fn drop_annotations(object: &mut Value) {
    let metadata = object["metadata"].as_object_mut();
    metadata.expect("metadata").remove("annotations");
}

#[derive(Deserialize)]
struct Own {
    metadata: Metadata,
    #[serde(default)]
    note: Option<String>,
}

#[derive(Deserialize)]
struct Metadata {
    name: String,
    uid: String,
    #[serde(rename = "resourceVersion")]
    version: String,
}

impl Object for Own {
    fn name(&self) -> &str {
        &self.metadata.name
    }

    fn uid(&self) -> &str {
        &self.metadata.uid
    }

    fn version(&self) -> &str {
        &self.metadata.version
    }
}

#[tokio::test(start_paused = true)]
async fn typed_objects_are_changed_and_come_as_protobuf_all_the_same() {
    let server = server();
    let pods = Informer::<Pod>::builder(client(&server))
        .transform(|pod: &mut Pod| pod.metadata.annotations = None)
        .start();
    pods.ready().await.unwrap();
    let changed = |name: &str| {
        let pod = pods.cache().get("default", name).unwrap();
        pod.metadata.annotations.is_none() && pod.spec.is_some()
    };
    assert!(["a", "b", "c"].into_iter().all(changed));
    assert_eq!(pods.status().encoding, Some(Encoding::Protobuf));
    // What the watch brings, too.
    put(&server, [pod("default", "d")]);
    eventually(|| names(&pods).len() == 4).await;
    assert!(changed("d"));
}

#[tokio::test(start_paused = true)]
async fn every_form_can_be_changed_as_json() {
    let server = server();
    let resource = ApiResource::erase::<Pod>(&());
    let typed = Informer::<Pod>::builder(client(&server)).transform_json(drop_annotations);
    let compact = Informer::<Compact<Pod>>::builder(client(&server));
    let compact = compact.transform_json(drop_annotations);
    let dynamic = Informer::<DynamicObject>::builder_of(client(&server), resource.clone());
    let dynamic = dynamic.transform_json(drop_annotations);
    let own = Informer::<Own>::builder_of(client(&server), resource).transform_json(|object| {
        let note = object["metadata"]["annotations"]["note"].take();
        object["note"] = note;
    });
    let (typed, compact) = (typed.start(), compact.start());
    let (dynamic, own) = (dynamic.start(), own.start());
    typed.ready().await.unwrap();
    compact.ready().await.unwrap();
    dynamic.ready().await.unwrap();
    own.ready().await.unwrap();
    let one = typed.cache().get("default", "a").unwrap();
    assert!(one.metadata.annotations.is_none());
    assert_eq!(one.spec.as_ref().unwrap().node_name.as_deref(), Some("n1"));
    let packed = compact.cache().get("default", "a").unwrap();
    assert_eq!(packed.annotation("note"), None);
    assert_eq!(packed.decode().unwrap(), *one);
    let one = dynamic.cache().get("default", "a").unwrap();
    assert!(one.metadata.annotations.is_none() && one.data["spec"]["nodeName"] == "n1");
    let one = own.cache().get("", "a").unwrap();
    assert_eq!(one.note.as_deref(), Some("long"));
    assert_eq!(typed.status().encoding, Some(Encoding::Json));
}

#[tokio::test(start_paused = true)]
async fn a_panic_is_of_the_object_alone_and_its_text_is_shown_nowhere() {
    let server = server();
    let pods = Informer::<Pod>::builder(client(&server))
        .transform(|pod: &mut Pod| {
            let labels = pod.metadata.labels.as_ref().expect("labels");
            assert!(
                pod.metadata.name.as_deref() != Some("b") || labels.contains_key("good"),
                "hunter2"
            );
        })
        .start();
    pods.ready().await.unwrap();
    assert_eq!(names(&pods), ["default/a", "default/c"]);
    let bad = pods.bad_objects();
    assert_eq!((bad.len(), bad[0].key.name()), (1, "b"));
    assert_eq!(&*bad[0].reason, "its transform panicked");
    // A later state of it may be good.
    let good = json!({ "metadata": { "labels": { "good": "yes" } } });
    server.patch("pods", "default", "b", &good).unwrap();
    eventually(|| names(&pods).len() == 3).await;
    assert!(pods.bad_objects().is_empty());
}

#[tokio::test(start_paused = true)]
async fn what_identifies_an_object_must_be_left() {
    let server = server();
    let pods = Informer::<Pod>::builder(client(&server))
        .transform(|pod: &mut Pod| match pod.metadata.name.as_deref() {
            Some("a") => pod.metadata.name = Some("z".to_owned()),
            Some("b") => pod.metadata.resource_version = None,
            _ => {}
        })
        .start();
    let dynamic = Informer::<Compact<Pod>>::builder(client(&server))
        .transform_json(|pod| {
            if pod["metadata"]["name"] == "a" {
                pod["metadata"]["uid"] = json!("other");
            }
        })
        .start();
    pods.ready().await.unwrap();
    dynamic.ready().await.unwrap();
    assert_eq!(names(&pods), ["default/c"]);
    assert_eq!(names(&dynamic), ["default/b", "default/c"]);
    let bad: Vec<_> = pods
        .bad_objects()
        .into_iter()
        .map(|bad| bad.key.to_string())
        .collect();
    assert_eq!(bad, ["default/a", "default/b"]);
    let reason = &*pods.bad_objects()[0].reason;
    assert_eq!(
        reason,
        "its transform changed its namespace, name, UID or version"
    );
}

/// How often it was called, and who is there after a relist.
#[tokio::test(start_paused = true)]
async fn a_relist_transforms_what_has_changed_and_nothing_else() {
    let server = server();
    let (calls, counted) = std::sync::mpsc::channel();
    let pods = Informer::<Pod>::builder(client(&server))
        .transform(move |pod: &mut Pod| {
            pod.metadata.annotations = None;
            let _ = calls.send(pod.metadata.name.clone().unwrap_or_default());
        })
        .start();
    pods.ready().await.unwrap();
    let mut first: Vec<_> = counted.try_iter().collect();
    first.sort();
    assert_eq!(first, ["a", "b", "c"]);
    let held = pods.cache().get("default", "a").unwrap();
    let mut changes = pods.subscribe();
    for _ in 0..3 {
        assert!(matches!(changes.next().await, Some(Event::Create { .. })));
    }
    // The next watch is refused for good, so that it lists again.
    server.inject(
        Fault::gone()
            .on(Verb::Watch)
            .when(|info| info.parameter("sendInitialEvents").is_empty())
            .times(1),
    );
    server.cut_watches();
    let lists_before = lists(&server, "pods").len();
    eventually(|| lists(&server, "pods").len() > lists_before).await;
    let patch = json!({ "metadata": { "labels": { "x": "y" } } });
    server.patch("pods", "default", "b", &patch).unwrap();
    let Some(Event::Update { old, new }) = changes.next().await else {
        panic!("an update");
    };
    assert_eq!((old.name(), new.name()), ("b", "b"));
    assert!(new.metadata.annotations.is_none());
    assert_eq!(counted.try_iter().collect::<Vec<_>>(), ["b"]);
    let same = pods.cache().get("default", "a").unwrap();
    assert!(std::sync::Arc::ptr_eq(&held, &same), "it is the very same");
}
