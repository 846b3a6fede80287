//! What can be chosen, and what can be stored.

use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::{ConfigMap, Node};
use kcache::{Field, Filter, Informer, Object, Selector};
use kube::CustomResource;
use kube::core::{ApiResource, DynamicObject, GroupVersionKind, PartialObjectMeta};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::cache::{eventually, is_ready, shown, shows};
use crate::script::{item, list, map, page, server};

const PROTOBUF: &str = "application/vnd.kubernetes.protobuf";
/// As client-go requests typed objects.
const BOTH: &str = "application/vnd.kubernetes.protobuf,application/json";

#[tokio::test(start_paused = true)]
async fn namespace_and_selectors_are_in_every_request() {
    let (client, mut server) = server();
    let labels: Selector = "app in (a,b),!c".parse().unwrap();
    let builder = Informer::<Deployment>::builder(client);
    let builder = builder.namespace("team-a").labels(&labels);
    let _deployments = builder.fields("metadata.name!=x").start();
    let selectors = [
        ("fieldSelector", "metadata.name!=x"),
        ("labelSelector", &labels.to_string()),
    ];
    let with = |more: &[(&'static str, &'static str)]| {
        let more = more.iter().map(|(k, v)| (*k, *v));
        selectors.into_iter().chain(more).collect::<Vec<_>>()
    };
    let request = server.request().await;
    assert_eq!(request.path, "/apis/apps/v1/namespaces/team-a/deployments");
    assert_eq!(request.headers["accept"], BOTH);
    assert_eq!(request.headers["accept-encoding"], "identity");
    request.is_for(&with(&[
        ("allowWatchBookmarks", "true"),
        ("resourceVersionMatch", "NotOlderThan"),
        ("sendInitialEvents", "true"),
        ("watch", "1"),
    ]));
    request.refuse(422, "Invalid");
    let request = server.request().await;
    assert_eq!(request.path, "/apis/apps/v1/namespaces/team-a/deployments");
    assert_eq!(request.headers["accept"], BOTH);
    request.is_for(&with(&[("limit", "500"), ("resourceVersion", "0")]));
    request.reply(&page("9", &[], "next"));
    let request = server.request().await;
    request.is_for(&with(&[("continue", "next"), ("limit", "500")]));
    request.reply(&list("9", &[]));
    server.request().await.is_for(&with(&[
        ("allowWatchBookmarks", "true"),
        ("resourceVersion", "9"),
        ("watch", "1"),
    ]));
}

#[tokio::test(start_paused = true)]
async fn all_namespaces_take_a_namespace_back() {
    let (client, mut server) = server();
    let builder = Informer::<ConfigMap>::builder(client);
    let _maps = builder.namespace("a").all_namespaces().start();
    assert_eq!(server.request().await.path, "/api/v1/configmaps");
}

#[tokio::test(start_paused = true)]
async fn a_page_size_is_requested_and_all_pages_are_one_list() {
    let (client, mut server) = server();
    let maps = Informer::<ConfigMap>::builder(client).page_size(2).start();
    server.stream_request(None).await.refuse(422, "Invalid");
    let request = server.request().await;
    request.is_for(&[("limit", "2"), ("resourceVersion", "0")]);
    request.reply(&page("9", &[item("a", 1), item("b", 2)], "t1"));
    let request = server.request().await;
    request.is_for(&[("continue", "t1"), ("limit", "2")]);
    request.reply(&page("9", &[item("c", 3), item("d", 4)], "t2"));
    let request = server.request().await;
    assert!(maps.cache().is_empty());
    request.is_for(&[("continue", "t2"), ("limit", "2")]);
    request.reply(&list("9", &[item("e", 5)]));
    server.watch_request("9").await.refuse(410, "Expired");
    assert_eq!(shown(&maps), ["a@1", "b@2", "c@3", "d@4", "e@5"]);
    assert_eq!(maps.status().commit, 1);
    server
        .stream_request(Some("9"))
        .await
        .refuse(422, "Invalid");
    server.request().await.is_for(&[
        ("limit", "2"),
        ("resourceVersion", "9"),
        ("resourceVersionMatch", "NotOlderThan"),
    ]);
}

#[tokio::test(start_paused = true)]
async fn managed_fields_are_left_out_unless_they_are_wanted() {
    for keep in [false, true] {
        let (client, mut server) = server();
        let builder = Informer::<ConfigMap>::builder(client);
        let maps = if keep {
            builder.keep_managed_fields().start()
        } else {
            builder.start()
        };
        let _stream = server.stream(&[map("a", 7)], "9").await;
        is_ready(&maps).await;
        let map = maps.cache().get("default", "a").unwrap();
        assert_eq!(map.metadata.managed_fields.is_some(), keep);
        assert_eq!(map.data.as_ref().unwrap()["version"], "7");
    }
}

#[tokio::test(start_paused = true)]
async fn metadata_alone_can_be_requested() {
    // Plain JSON comes last, for servers that have no metadata alone.
    let form = |list: &str| {
        let form = format!("as=PartialObjectMetadata{list};g=meta.k8s.io;v=v1");
        format!("{PROTOBUF};{form},application/json;{form},application/json")
    };
    let meta = |version: u64| {
        let mut meta = item("a", version);
        meta["kind"] = json!("PartialObjectMetadata");
        meta["apiVersion"] = json!("meta.k8s.io/v1");
        meta
    };
    let (client, mut server) = server();
    let maps = Informer::<PartialObjectMeta<ConfigMap>>::builder(client).start();
    let request = server.stream_request(None).await;
    assert_eq!(request.headers["accept"], form("").as_str());
    request.refuse(422, "Invalid");
    let request = server.list_request(Some("0")).await;
    assert_eq!(request.headers["accept"], form("List").as_str());
    request.reply(&list("9", &[meta(7)]));
    let request = server.watch_request("9").await;
    assert_eq!(request.headers["accept"], form("").as_str());
    let stream = request.open();
    stream.modified(&meta(10));
    shows(&maps, &["a@10"]).await;
    // A server that sends whole objects anyway is understood.
    stream.modified(&map("a", 11));
    shows(&maps, &["a@11"]).await;
}

/// A custom resource.
#[derive(CustomResource, Clone, Debug, Serialize, Deserialize)]
#[kube(
    group = "example.com",
    version = "v1",
    kind = "Widget",
    namespaced,
    schema = "disabled"
)]
struct WidgetSpec {
    size: u32,
}

fn widget(kind: &str, version: u64) -> Value {
    json!({
        "apiVersion": "example.com/v1", "kind": kind,
        "metadata": {"name": "w", "namespace": "default", "uid": "u",
            "resourceVersion": version.to_string(), "managedFields": [{"manager": "x"}]},
        "spec": {"size": version},
    })
}

#[tokio::test(start_paused = true)]
async fn derived_custom_resources_are_stored_and_their_kind_is_checked() {
    let (client, mut server) = server();
    let widgets = Informer::<Widget>::builder(client).start();
    let request = server.stream_request(None).await;
    assert_eq!(request.path, "/apis/example.com/v1/widgets");
    let stream = request.open();
    stream.added(&widget("Widget", 7));
    stream.synced("9");
    shows(&widgets, &["w@7"]).await;
    stream.modified(&widget("Gadget", 10));
    stream.modified(&widget("Widget", 11));
    shows(&widgets, &["w@11"]).await;
    let stored = widgets.cache().get("default", "w").unwrap();
    let status = widgets.status();
    assert_eq!((stored.spec.size, status.bad_reports), (11, 1));
    assert_eq!(status.bad_objects, 0, "what was said last is good");
}

#[tokio::test(start_paused = true)]
async fn dynamic_objects_are_stored_as_they_come() {
    let kind = GroupVersionKind::gvk("example.com", "v1", "Widget");
    let resource = ApiResource::from_gvk_with_plural(&kind, "widgetz");
    let (client, mut server) = server();
    let widgets = Informer::<DynamicObject>::builder_of(client, resource).start();
    let request = server.stream_request(None).await;
    assert_eq!(request.path, "/apis/example.com/v1/widgetz");
    let stream = request.open();
    stream.added(&widget("Widget", 7));
    stream.synced("9");
    shows(&widgets, &["w@7"]).await;
    let stored = widgets.cache().get("default", "w").unwrap();
    assert_eq!(stored.data, json!({"spec": {"size": 7}}));
    assert_eq!(stored.types.as_ref().unwrap().kind, "Widget");
    assert_eq!(stored.metadata.managed_fields, None);
}

/// Of a Node, whether it takes Pods; it knows no version.
#[derive(Debug, Deserialize)]
struct Ward {
    metadata: Name,
    spec: Option<WardSpec>,
}

#[derive(Debug, Deserialize)]
struct Name {
    name: String,
}

#[derive(Debug, Deserialize)]
struct WardSpec {
    unschedulable: Option<bool>,
}

impl Object for Ward {
    fn name(&self) -> &str {
        &self.metadata.name
    }
}

fn closed() -> Field<Ward> {
    Field::new("spec.unschedulable", |ward: &Ward| {
        let spec = ward.spec.as_ref();
        let closed = spec.and_then(|spec| spec.unschedulable);
        closed.map(|closed| closed.to_string().into())
    })
}

#[tokio::test(start_paused = true)]
async fn a_struct_of_ones_own_is_stored_and_resumed_by_the_versions_it_does_not_keep() {
    let node = |version: u64, closed: bool| {
        json!({
            "kind": "Node", "apiVersion": "v1",
            "metadata": {"name": "n", "resourceVersion": version.to_string()},
            "spec": {"unschedulable": closed},
        })
    };
    let (client, mut server) = server();
    let resource = ApiResource::erase::<Node>(&());
    let wards = Informer::<Ward>::builder_of(client, resource).start();
    let request = server.stream_request(None).await;
    assert_eq!(request.path, "/api/v1/nodes");
    let stream = request.open();
    stream.added(&node(7, false));
    stream.synced("9");
    is_ready(&wards).await;
    let view = wards.view(Filter::field(closed(), ["true"]));
    is_ready(&view).await;
    stream.modified(&node(12, true));
    eventually(|| view.cache().len() == 1).await;
    tokio::time::sleep(std::time::Duration::from_secs(5)).await;
    drop(stream);
    server.watch_request("12").await;
}
