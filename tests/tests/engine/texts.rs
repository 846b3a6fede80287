//! Bodies of servers as they are: forms that were not requested, strings that are no Unicode, texts
//! that are deep or large.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Duration;

use k8s_openapi::api::core::v1::ConfigMap;
use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::{
    CustomResourceDefinition, JSONSchemaProps,
};
use kcache::{
    Codec, DecodeError, Expected, Informer, JsonCodec, Notice, Object, Publisher, Raw,
    WholeJsonCodec,
};
use kube::core::{ApiResource, DynamicObject, GroupVersionKind, PartialObjectMeta};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::cache::{is_live, shows, within};
use crate::script::{Server, Stream, item, list, list_body, map, server};

fn config_maps() -> ApiResource {
    ApiResource::erase::<ConfigMap>(&())
}

/// Answers a list with this body, then the watch with one event, and leaves it open.
async fn lists(
    server: &mut Server,
    body: impl Into<bytes::Bytes>,
    kind: &str,
    object: &Value,
) -> Stream {
    server.stream_request(None).await.refuse(422, "Invalid");
    server.list_request(Some("0")).await.open_text().send(body);
    let stream = server.watch_request("9").await.open();
    stream.event(kind, object);
    stream
}

fn kind_of(objects: &Publisher<DynamicObject>, name: &str) -> Option<(String, String)> {
    let object = objects.cache().get("default", name)?;
    let types = object.types.clone()?;
    Some((types.kind, types.api_version))
}

#[tokio::test(start_paused = true)]
async fn a_dynamic_object_of_a_list_knows_its_kind_as_one_of_a_watch_does() {
    let pair = |kind: &str, version: &str| Some((kind.to_owned(), version.to_owned()));
    let mut own = item("own", 8);
    own["kind"] = json!("Gadget");
    own["apiVersion"] = json!("example.com/v1");
    let body = list("9", &[item("a", 7), own]);
    let mut sorted = json!({"apiVersion": "v1", "items": body["items"], "kind": "ConfigMapList"});
    sorted["metadata"] = body["metadata"].clone();
    let mut unnamed = body.clone();
    unnamed["kind"] = json!("List");
    for body in [body, sorted, unnamed] {
        for keep in [false, true] {
            let (client, mut server) = server();
            let builder = Informer::<DynamicObject>::builder_of(client, config_maps());
            let maps = if keep {
                builder.keep_managed_fields().start()
            } else {
                builder.start()
            };
            let _stream = lists(&mut server, body.to_string(), "ADDED", &map("b", 10)).await;
            shows(&maps, &["a@7", "b@10", "own@8"]).await;
            for name in ["a", "b"] {
                assert_eq!(kind_of(&maps, name), pair("ConfigMap", "v1"), "{name}");
            }
            assert_eq!(kind_of(&maps, "own"), pair("Gadget", "example.com/v1"));
            let a = maps.cache().get("default", "a").unwrap();
            assert_eq!(a.data, json!({"data": {"version": "7"}}));
            assert_eq!(a.metadata.managed_fields.is_some(), keep);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn what_the_list_says_it_is_goes_before_what_was_requested() {
    let mut body = list("9", &[item("a", 7)]);
    body["kind"] = json!("PartialObjectMetadataList");
    body["apiVersion"] = json!("meta.k8s.io/v1");
    // `serde_json` sorts: here the kind comes before the items, as in lists of built-in kinds.
    let head = r#"{"kind":"PartialObjectMetadataList","apiVersion":"meta.k8s.io/v1","metadata":{"resourceVersion":"9"},"items":"#;
    let body = format!("{head}{}}}", body["items"]);
    let (client, mut server) = server();
    let maps = Informer::<PartialObjectMeta<ConfigMap>>::builder(client).start();
    let _stream = lists(&mut server, body, "ADDED", &map("b", 10)).await;
    shows(&maps, &["a@7", "b@10"]).await;
    let kind = |name: &str| {
        let object = maps.cache().get("default", name).unwrap();
        object.types.as_ref().map(|types| types.kind.clone())
    };
    assert_eq!(kind("a").as_deref(), Some("PartialObjectMetadata"));
    assert_eq!(kind("b").as_deref(), Some("ConfigMap"));
}

#[tokio::test(start_paused = true)]
async fn a_typed_object_is_not_bad_for_a_kind_that_is_wrong_in_the_resource() {
    let wrong = ApiResource::from_gvk_with_plural(
        &GroupVersionKind::gvk("", "v1", "ConfigMapp"),
        "configmaps",
    );
    let (client, mut server) = server();
    let maps = Informer::<ConfigMap>::builder_of(client, wrong).start();
    let mut body = list("9", &[item("a", 7)]);
    body["kind"] = json!("ConfigMappList");
    let _stream = lists(&mut server, body.to_string(), "BOOKMARK", &json!({})).await;
    shows(&maps, &["a@7"]).await;
    assert_eq!(maps.status().bad_objects, 0);
}

const PROTOBUF: &str = "application/vnd.kubernetes.protobuf";

/// What is requested, in the order of wishes, where metadata alone is wanted.
fn forms(kind: &str, protobuf: bool) -> String {
    let form = format!("as={kind};g=meta.k8s.io;v=v1");
    let json = format!("application/json;{form},application/json");
    if protobuf {
        format!("{PROTOBUF};{form},{json}")
    } else {
        json
    }
}

/// Whole objects, although metadata was requested.
fn whole(name: &str, version: u64) -> Value {
    let mut map = map(name, version);
    map["data"] = json!({"metadata": "x", "secret": "hunter2"});
    map
}

/// Plays a server that knows no metadata alone: one that answers with whole objects, or one that
/// refuses again and again, because it reads no list of forms.
async fn knows_no_metadata(server: &mut Server, protobuf: bool, reads_lists: bool) -> Stream {
    let mut request = server.stream_request(None).await;
    assert_eq!(
        request.headers["accept"],
        forms("PartialObjectMetadata", protobuf)
    );
    let mut list_forms = forms("PartialObjectMetadataList", protobuf);
    if !reads_lists {
        if protobuf {
            request.refuse(406, "NotAcceptable");
            request = server.stream_request(None).await;
            assert_eq!(
                request.headers["accept"],
                forms("PartialObjectMetadata", false)
            );
        }
        request.refuse(406, "NotAcceptable");
        request = server.stream_request(None).await;
        assert_eq!(request.headers["accept"], "application/json");
        "application/json".clone_into(&mut list_forms);
    }
    request.refuse(422, "Invalid");
    let request = server.list_request(Some("0")).await;
    assert_eq!(request.headers["accept"], list_forms);
    let mut a = whole("a", 7);
    a.as_object_mut().unwrap().remove("kind");
    a.as_object_mut().unwrap().remove("apiVersion");
    request.reply(&list("9", &[a]));
    let stream = server.watch_request("9").await.open();
    stream.added(&whole("b", 10));
    stream.modified(&whole("a", 11));
    stream
}

/// A form that takes whatever there is.
#[derive(Deserialize)]
struct All(BTreeMap<String, Value>);

impl Object for All {
    fn name(&self) -> &str {
        self.0["metadata"]["name"].as_str().unwrap_or_default()
    }

    fn namespace(&self) -> Option<&str> {
        Some("default")
    }
}

#[tokio::test(start_paused = true)]
async fn of_a_server_that_has_no_metadata_alone_whole_objects_are_requested() {
    for reads_lists in [true, false] {
        let (client, mut server) = server();
        let maps = Informer::<PartialObjectMeta<ConfigMap>>::builder(client).start();
        let _stream = knows_no_metadata(&mut server, true, reads_lists).await;
        shows(&maps, &["a@11", "b@10"]).await;
        assert!(is_live(&maps));
        assert_eq!(maps.status().bad_objects, 0);
        let b = maps.cache().get("default", "b").unwrap();
        assert_eq!(
            b.types.as_ref().map(|types| types.kind.as_str()),
            Some("ConfigMap")
        );
    }
}

#[tokio::test(start_paused = true)]
async fn of_whole_objects_no_form_keeps_more_than_the_metadata_that_was_requested() {
    let (client, mut server) = server();
    let builder = Informer::<DynamicObject>::builder_of(client, config_maps());
    let maps = builder.metadata_only().start();
    let _stream = knows_no_metadata(&mut server, false, true).await;
    shows(&maps, &["a@11", "b@10"]).await;
    for map in maps.cache().list() {
        assert_eq!(map.data, json!({}));
        assert_eq!(
            map.types.as_ref().map(|types| types.kind.as_str()),
            Some("ConfigMap")
        );
    }

    let (client, mut server) = crate::script::server();
    let builder = Informer::<All>::builder_of(client, config_maps());
    let maps = builder.metadata_only().keep_managed_fields().start();
    let _stream = knows_no_metadata(&mut server, false, true).await;
    within(maps.ready()).await.unwrap();
    crate::cache::eventually(|| maps.cache().len() == 2).await;
    for map in maps.cache().list() {
        let members: Vec<_> = map.0.keys().collect();
        assert_eq!(members, ["apiVersion", "kind", "metadata"]);
        assert!(map.0["metadata"]["managedFields"].is_array());
    }
}

#[tokio::test(start_paused = true)]
async fn a_406_in_spite_of_plain_json_is_told() {
    let (client, mut server) = server();
    let maps = Informer::<PartialObjectMeta<ConfigMap>>::builder(client).start();
    for _ in 0..3 {
        server
            .stream_request(None)
            .await
            .refuse(406, "NotAcceptable");
    }
    server
        .list_request(Some("0"))
        .await
        .refuse(406, "NotAcceptable");
    server.stream_request(None).await;
    let complaint = crate::cache::complaint(&maps).unwrap();
    assert_eq!(complaint, "list: the server answered 406 NotAcceptable");
}

/// A codec of one's own, which sees what the server sent, and what was requested.
struct Seen(JsonCodec, std::sync::Arc<std::sync::Mutex<Vec<String>>>);

impl Codec<ConfigMap> for Seen {
    fn decode(&mut self, raw: Raw<'_>) -> Result<ConfigMap, DecodeError> {
        self.0.decode(raw)
    }

    fn decode_as(
        &mut self,
        raw: Raw<'_>,
        expected: Expected<'_>,
    ) -> Result<ConfigMap, DecodeError> {
        let Raw::Json(json) = raw else {
            return Err(DecodeError::new("not JSON"));
        };
        let (kind, size) = (&expected.types.kind, json.len());
        let seen = format!("{kind} {} {size}", expected.metadata_only);
        self.1.lock().unwrap().push(seen);
        self.0.decode_as(raw, expected)
    }
}

#[tokio::test(start_paused = true)]
async fn a_codec_of_ones_own_sees_what_the_server_sent() {
    let (client, mut server) = server();
    let seen = std::sync::Arc::default();
    let codec = Seen(JsonCodec::default(), std::sync::Arc::clone(&seen));
    let builder = Informer::<ConfigMap>::builder_of(client, config_maps());
    let maps = builder.metadata_only().codec(codec).start();
    let (a, b) = (item("a", 7), map("b", 10));
    let sizes = [&a, &b].map(|object| object.to_string().len());
    let body = list("9", &[a]).to_string();
    let _stream = lists(&mut server, body, "ADDED", &b).await;
    shows(&maps, &["a@7", "b@10"]).await;
    assert!(maps.cache().list().iter().all(|map| map.data.is_none()));
    let want = sizes.map(|size| format!("ConfigMap true {size}"));
    assert_eq!(*seen.lock().unwrap(), want);
}

/// Nested maps, and in the innermost a 1.
fn nested(depth: usize) -> String {
    ["{\"a\":".repeat(depth), "1".to_owned(), "}".repeat(depth)].concat()
}

#[tokio::test(start_paused = true)]
async fn what_no_parser_of_rust_takes_is_read_as_go_reads_it() {
    let head = |name: &str| {
        format!(
            r#"{{"metadata":{{"name":"{name}","namespace":"default","resourceVersion":"7"}},"spec":"#
        )
    };
    let mut body = String::from(r#"{"items":["#);
    for (name, spec) in [
        ("escape", r#"{"\ud83e":"\udd80 \ud83e\udd80"}"#),
        ("integer", "[18446744073709551616,-9223372036854775809]"),
        ("nested", &nested(125)),
        ("thousand", &nested(990)),
        ("too-deep", &nested(20_000)),
        ("zero", "{}"),
    ] {
        let _ = write!(body, "{}{spec}}},", head(name));
    }
    body.pop();
    body += r#"],"metadata":{"resourceVersion":"9"}}"#;
    let (client, mut server) = server();
    let maps = Informer::<DynamicObject>::builder_of(client, config_maps()).start();
    let mut notices = maps.notices();
    let _stream = lists(&mut server, body, "ADDED", &map("b", 10)).await;
    let want = [
        "b@10",
        "escape@7",
        "integer@7",
        "nested@7",
        "thousand@7",
        "zero@7",
    ];
    shows(&maps, &want).await;
    let spec = |name: &str| maps.cache().get("default", name).unwrap().data["spec"].clone();
    assert_eq!(spec("escape"), json!({"\u{fffd}": "\u{fffd} \u{1f980}"}));
    let integer = json!([18_446_744_073_709_552_000.0, -9_223_372_036_854_775_808.0]);
    assert_eq!(spec("integer"), integer);
    let mut inner = &spec("nested");
    for _ in 0..125 {
        inner = &inner["a"];
    }
    assert_eq!(inner, 1);
    assert_eq!(maps.status().bad_objects, 1);
    let Some(Notice::BadObject { key, reason }) = within(notices.next()).await else {
        panic!("it is told");
    };
    assert_eq!(key.unwrap().name(), "too-deep");
    assert_eq!(&*reason, "it is nested deeper than 1000 levels");
}

#[tokio::test(start_paused = true)]
async fn a_crd_whose_schema_is_eighty_deep_is_read() {
    let mut schema = json!({"type": "string"});
    for level in 0..80 {
        schema = if level % 2 == 0 {
            json!({"type": "object", "properties": {"a": schema}})
        } else {
            json!({"type": "array", "items": schema})
        };
    }
    let crd = json!({
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": {"name": "a", "resourceVersion": "7"},
        "spec": {"group": "example.com", "scope": "Namespaced", "names": {"kind": "A", "plural": "a"},
            "versions": [{"name": "v1", "served": true, "storage": true,
                "schema": {"openAPIV3Schema": schema}}]},
    });
    let (client, mut server) = server();
    let crds = Informer::<CustomResourceDefinition>::builder(client).start();
    let _stream = server.stream(&[crd], "9").await;
    shows(&crds, &["a@7"]).await;
    let crd = crds.cache().get("", "a").unwrap();
    let schema: &JSONSchemaProps = crd.spec.versions[0]
        .schema
        .as_ref()
        .and_then(|schema| schema.open_api_v3_schema.as_ref())
        .unwrap();
    assert_eq!(schema.type_.as_deref(), Some("array"));
}

/// A config map of more than 2 KiB.
fn huge(name: &str, version: u64) -> Value {
    let mut map = map(name, version);
    map["data"] = json!({"z": "x".repeat(2 << 10)});
    map
}

#[tokio::test(start_paused = true)]
async fn an_object_that_is_too_large_is_reported_and_the_rest_goes_on() {
    let (client, mut server) = server();
    let builder = Informer::<ConfigMap>::builder(client);
    let maps = builder.largest_object(1 << 10).start();
    let mut notices = maps.notices();
    let huge = huge("huge", 8);
    let items = [item("a", 7), huge, map("z", 6)];
    let body = bytes::Bytes::from(list_body(&list("9", &items)));
    server.stream_request(None).await.refuse(422, "Invalid");
    let request = server.list_request(Some("0")).await;
    let stream = request.open();
    let mut rest = body;
    while !rest.is_empty() {
        stream.send(rest.split_to(rest.len().min(100)));
    }
    drop(stream);
    let stream = server.watch_request("9").await.open();
    shows(&maps, &["a@7", "z@6"]).await;
    let Some(Notice::BadObject { key, reason }) = within(notices.next()).await else {
        panic!("it is told");
    };
    assert_eq!(key.unwrap().name(), "huge");
    assert_eq!(&*reason, "it is larger than 1024 bytes");
    let mut gone = items[1].clone();
    gone["metadata"]["name"] = json!("a");
    gone["metadata"]["resourceVersion"] = json!("10");
    stream.deleted(&gone);
    let mut large = items[1].clone();
    large["metadata"]["name"] = json!("z");
    large["metadata"]["resourceVersion"] = json!("11");
    stream.modified(&large);
    // What was there stays, and the watch goes on after it.
    shows(&maps, &["z@6"]).await;
    assert_eq!((is_live(&maps), maps.status().bad_objects), (true, 2));
    tokio::time::sleep(Duration::from_secs(5)).await;
    drop(stream);
    server
        .watch_request("11")
        .await
        .open()
        .modified(&map("z", 12));
    shows(&maps, &["z@12"]).await;
}

#[test]
fn whole_json_is_told_what_it_is_as_well() {
    let types = kube::core::TypeMeta {
        api_version: "v1".to_owned(),
        kind: "ConfigMap".to_owned(),
    };
    let raw = Raw::Json(br#"{"metadata":{"name":"a"}}"#);
    let expected = Expected::new(&types);
    let map: DynamicObject = WholeJsonCodec::default().decode_as(raw, expected).unwrap();
    assert_eq!(map.types, Some(types));
}
