//! In which encoding the engine requests and reads, and what makes it go on with JSON.

use std::any::Any;
use std::time::Duration;

use k8s_openapi::api::core::v1::ConfigMap;
use kcache::{Codec, Encoding, Expected, Informer, Object, Publisher, Raw, SerdeCodec};
use kube::core::{ApiResource, DynamicObject, GroupVersionKind, PartialObjectMeta, TypeMeta};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::cache::{complaint, eventually, informer, is_live, is_ready, next, shown, shows};
use crate::protobuf;
use crate::script::{PROTOBUF, PendingRequest, event, item, list, map, page, server};

const JSON: &str = "application/json";
const BOTH: &str = "application/vnd.kubernetes.protobuf,application/json";
const MANGLED: &str = "the server sent something that is not protobuf";

fn encoding<V: Object>(objects: &Publisher<V>) -> Option<Encoding> {
    objects.status().encoding
}

fn reply_as(request: PendingRequest, content_type: &str, body: impl Into<bytes::Bytes>) {
    request.open_as(content_type).send(body);
}

fn protobuf_list(version: &str, items: &[Value]) -> Vec<u8> {
    protobuf::list(&list(version, items)).expect("a list")
}

#[tokio::test(start_paused = true)]
async fn each_answer_says_itself_what_it_is_written_in() {
    let (maps, mut server) = informer();
    assert_eq!(encoding(&maps), None);
    let request = server.stream_request(None).await;
    assert_eq!(request.accept(), BOTH);
    request.refuse(422, "Invalid");
    // The pages of one list.
    let request = server.list_request(Some("0")).await;
    let first = protobuf::list(&page("9", &[item("a", 7)], "t")).expect("a list");
    reply_as(request, PROTOBUF, first);
    let request = server.request().await;
    assert_eq!(encoding(&maps), Some(Encoding::Protobuf));
    assert_eq!(request.accept(), BOTH);
    let second = list("9", &[item("b", 8)]).to_string();
    reply_as(request, "application/json", second);
    let request = server.watch_request("9").await;
    assert_eq!(encoding(&maps), Some(Encoding::Json));
    let stream = request.open_as(&format!("{PROTOBUF};stream=watch"));
    stream.modified(&map("a", 10));
    shows(&maps, &["a@10", "b@8"]).await;
    assert_eq!(encoding(&maps), Some(Encoding::Protobuf));
    assert_eq!(maps.subscribe().status().encoding, encoding(&maps));
    stream.error(410, "Expired");
    // That a server knows JSON only is no reason to request less.
    let request = server.stream_request(Some("10")).await;
    assert_eq!(request.accept(), BOTH);
    let said = complaint(&maps);
    assert_eq!(
        said.as_deref(),
        Some("watch: the server answered 410 Expired")
    );
    let stream = request.open_as(&format!("{JSON};charset=utf-8"));
    stream.added(&map("a", 10));
    stream.synced("12");
    shows(&maps, &["a@10"]).await;
    assert_eq!(maps.status().bad_objects, 0);
}

#[tokio::test(start_paused = true)]
async fn a_list_in_another_encoding_updates_what_it_cannot_be_compared_with() {
    let (maps, mut server) = informer();
    let stream = server.stream_request(None).await.open_as(PROTOBUF);
    for object in [map("a", 7), map("b", 8)] {
        stream.added(&object);
    }
    stream.synced("9");
    is_ready(&maps).await;
    let mut events = maps.subscribe();
    for _ in 0..2 {
        assert!(next(&mut events).await.starts_with('+'));
    }
    let mut stream = stream;
    for (content_type, version) in [(JSON, 9), (PROTOBUF, 10), (JSON, 11)] {
        stream.error(410, "Expired");
        let request = server.stream_request(Some(&version.to_string())).await;
        stream = request.open_as(content_type);
        stream.added(&map("a", 7));
        stream.added(&map("b", version + 1));
        stream.synced(&(version + 1).to_string());
        assert_eq!(next(&mut events).await, "a@7->7");
        let update = next(&mut events).await;
        assert!(update.ends_with(&format!("->{}", version + 1)), "{update}");
        assert_eq!(maps.status().incarnation, 1);
    }
    // In one encoding the very same once more is nothing.
    stream.cut();
    let stream = server.watch_request("12").await.open_as(PROTOBUF);
    for _ in 0..2 {
        stream.modified(&map("b", 12));
    }
    assert_eq!(next(&mut events).await, "b@12->12");
    let mut other = map("b", 12);
    other["data"]["by"] = json!("conversion");
    stream.modified(&other);
    assert_eq!(next(&mut events).await, "b@12->12");
    stream.modified(&map("c", 13));
    assert_eq!(next(&mut events).await, "+c@13");
}

#[tokio::test(start_paused = true)]
async fn json_is_requested_from_who_answers_406_to_protobuf_from_then_on() {
    let (maps, mut server) = informer();
    let request = server.stream_request(None).await;
    let at = request.at;
    request.refuse(406, "NotAcceptable");
    for _ in 0..2 {
        let version = maps.status().phase.is_ready().then_some("9");
        let request = server.stream_request(version).await;
        assert_eq!(request.accept(), JSON);
        assert!(version.is_some() || request.at == at, "without a wait");
        let stream = request.open_text();
        stream.synced("9");
        is_ready(&maps).await;
        stream.error(410, "Expired");
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

/// What a proxy makes of protobuf that takes it for text.
fn mangled(bytes: &[u8]) -> Vec<u8> {
    String::from_utf8_lossy(bytes)
        .replace('\0', "")
        .into_bytes()
}

#[tokio::test(start_paused = true)]
async fn what_is_mangled_on_the_way_is_requested_as_json_at_once() {
    let event = protobuf::event("ADDED", &map("a", 7));
    for body in [
        mangled(&event),
        b"<html>".to_vec(),
        event_in_json(),
        protobuf::enveloped(&map("a", 7)),
    ] {
        let (maps, mut server) = informer();
        let request = server.stream_request(None).await;
        let at = request.at;
        let stream = request.open_as(PROTOBUF);
        stream.send(body);
        let request = server.stream_request(None).await;
        assert_eq!((request.accept(), request.at), (JSON, at));
        let said = complaint(&maps);
        assert_eq!(said, Some(format!("streaming list: {MANGLED}")));
        let stream = request.open_text();
        stream.added(&map("a", 7));
        stream.synced("9");
        shows(&maps, &["a@7"]).await;
        assert!(is_live(&maps));
        assert_eq!(encoding(&maps), Some(Encoding::Json));
        assert_eq!(maps.status().bad_objects, 0);
        stream.error(410, "Expired");
        let request = server.stream_request(Some("9")).await;
        assert_eq!(request.accept(), JSON, "it is not requested again");
    }
}

fn event_in_json() -> Vec<u8> {
    event("ADDED", &map("a", 7)).into()
}

#[tokio::test(start_paused = true)]
async fn a_list_that_is_mangled_is_requested_as_json_at_once_and_replaces_nothing() {
    let whole = protobuf_list("12", &[item("a", 7)]);
    for body in [mangled(&whole), list("12", &[]).to_string().into()] {
        let (maps, mut server) = informer();
        let stream = server.stream_request(None).await.open_as(PROTOBUF);
        stream.added(&map("a", 7));
        stream.synced("9");
        is_ready(&maps).await;
        stream.error(410, "Expired");
        let request = server.stream_request(Some("9")).await;
        request.refuse(422, "Invalid");
        let request = server.request().await;
        let at = request.at;
        reply_as(request, PROTOBUF, body);
        let request = server.stream_request(Some("9")).await;
        assert_eq!((request.accept(), request.at), (JSON, at));
        assert_eq!(complaint(&maps), Some(format!("list: {MANGLED}")));
        assert_eq!(shown(&maps), ["a@7"]);
    }
}

#[tokio::test(start_paused = true)]
async fn a_watch_that_is_mangled_in_its_middle_is_listed_anew_as_json() {
    let (maps, mut server) = informer();
    let stream = server.stream_request(None).await.open_as(PROTOBUF);
    stream.added(&map("a", 7));
    stream.synced("9");
    is_ready(&maps).await;
    stream.modified(&map("a", 10));
    stream.send(mangled(&protobuf::event("MODIFIED", &map("a", 11))));
    let request = server.stream_request(Some("10")).await;
    assert_eq!(complaint(&maps), Some(format!("watch: {MANGLED}")));
    assert_eq!(shown(&maps), ["a@10"]);
    assert_eq!(request.accept(), JSON);
    let stream = request.open_text();
    stream.added(&map("a", 11));
    stream.synced("11");
    shows(&maps, &["a@11"]).await;
}

#[tokio::test(start_paused = true)]
async fn a_check_whose_answer_is_mangled_is_sent_again_as_json() {
    let whole = protobuf_list("9", &[item("a", 7)]);
    let cut = whole[..whole.len() - 20].to_vec();
    // What may be an accident has to come twice.
    for (bodies, goes_on) in [
        (vec![mangled(&whole)], true),
        (vec![mangled(&whole)], false),
        (vec![cut.clone(), cut], true),
    ] {
        let (maps, mut server) = informer();
        let stream = server.stream_request(None).await.open_as(PROTOBUF);
        stream.added(&map("a", 7));
        stream.synced("9");
        is_ready(&maps).await;
        tokio::time::sleep(Duration::from_secs(5)).await;
        stream.cut();
        let stream = server.watch_request("9").await.open_as(PROTOBUF);
        let mut at = Instant::now();
        for body in bodies {
            let request = server.request().await;
            request.is_for(&[("limit", "1")]);
            assert_eq!(request.accept(), BOTH);
            at = request.at;
            reply_as(request, PROTOBUF, body);
        }
        let request = server.request().await;
        request.is_for(&[("limit", "1")]);
        assert_eq!((request.accept(), request.at), (JSON, at));
        let said = complaint(&maps).expect("it is told");
        assert!(said.starts_with("list: "), "{said}");
        let version = if goes_on { "9" } else { "8" };
        reply_as(request, JSON, list(version, &[]).to_string());
        if goes_on {
            eventually(|| is_live(&maps)).await;
            stream.error(410, "Expired");
        }
        let version = goes_on.then_some("9");
        let request = server.stream_request(version).await;
        assert_eq!(request.accept(), JSON, "from now on");
    }
}

#[tokio::test(start_paused = true)]
async fn an_object_that_is_damaged_inside_is_bad_and_the_others_go_on() {
    let damaged = |mut bytes: Vec<u8>| {
        let uid = bytes.windows(8).position(|part| part == b"uid of b");
        // The length before it leads out of the metadata.
        bytes[uid.expect("its uid") - 1] = 0x7f;
        bytes
    };
    let (maps, mut server) = informer();
    server.stream_request(None).await.refuse(422, "Invalid");
    let body = damaged(protobuf_list("9", &[item("a", 7), item("b", 8)]));
    reply_as(server.list_request(Some("0")).await, PROTOBUF, body);
    let stream = server.watch_request("9").await.open_as(PROTOBUF);
    shows(&maps, &["a@7"]).await;
    assert_eq!(maps.status().bad_objects, 1);
    stream.send(damaged(protobuf::event("ADDED", &map("b", 10))));
    stream.added(&map("c", 11));
    shows(&maps, &["a@7", "c@11"]).await;
    assert_eq!((maps.status().bad_reports, is_live(&maps)), (2, true));
}

#[tokio::test(start_paused = true)]
async fn an_object_that_is_no_message_ends_the_watch() {
    let (maps, mut server) = informer();
    let stream = server.stream_request(None).await.open_as(PROTOBUF);
    stream.synced("9");
    is_ready(&maps).await;
    let mut event = protobuf::event("ADDED", &map("a", 10));
    let name = event.windows(3).position(|part| part == b"\x0a\x01a");
    // The metadata before it leads out of the object.
    event[name.expect("its name") - 1] = 0x7f;
    stream.send(event);
    let request = server.stream_request(Some("9")).await;
    assert_eq!(request.accept(), JSON);
    assert_eq!(complaint(&maps), Some(format!("watch: {MANGLED}")));
}

#[tokio::test(start_paused = true)]
async fn what_looks_cut_or_mislabelled_time_and_again_is_requested_as_json() {
    let whole = protobuf_list("9", &[item("a", 7)]);
    let cut = whole[..whole.len() - 20].to_vec();
    for (content_type, body) in [(PROTOBUF, cut), (JSON, whole.clone())] {
        let (maps, mut server) = informer();
        for turn in 0..2 {
            let request = server.stream_request(None).await;
            assert_eq!(request.accept(), BOTH, "{turn}");
            request.refuse(422, "Invalid");
            let request = server.list_request(Some("0")).await;
            reply_as(request, content_type, body.clone());
        }
        let at = Instant::now();
        let request = server.stream_request(None).await;
        assert_eq!(request.accept(), JSON);
        assert_eq!(request.at, at, "without a wait");
        request.open_text().synced("9");
        is_ready(&maps).await;
    }
    // Pages of a proxy that says what they are, and bodies that are cut now and then, are nothing new.
    let (maps, mut server) = informer();
    for turn in 0..4 {
        let version = maps.status().phase.is_ready().then_some("9");
        let request = server.stream_request(version).await;
        assert_eq!(request.accept(), BOTH, "{turn}");
        request.refuse(422, "Invalid");
        let request = server.request().await;
        match turn {
            1 | 3 => reply_as(request, PROTOBUF, whole[..whole.len() - 20].to_vec()),
            2 => {
                reply_as(request, PROTOBUF, whole.clone());
                server.watch_request("9").await.refuse(410, "Expired");
            }
            _ => reply_as(request, "text/html", "<html>"),
        }
    }
    let request = server.stream_request(Some("9")).await;
    assert_eq!(request.accept(), BOTH);
}

#[tokio::test(start_paused = true)]
async fn json_is_requested_where_something_would_be_lost_and_where_it_is_wanted() {
    let accept = async |start: fn(kube::Client) -> Box<dyn Any>| {
        let (client, mut server) = server();
        let _informer = start(client);
        let request = server.request().await;
        request.accept().to_owned()
    };
    let json = |kind: &str| {
        if kind.is_empty() {
            return JSON.to_owned();
        }
        format!("{JSON};as={kind};g=meta.k8s.io;v=v1,{JSON}")
    };
    assert_eq!(
        accept(|client| Box::new(maps_of(client).start())).await,
        BOTH
    );
    let forced = accept(|client| Box::new(maps_of(client).json_only().start())).await;
    assert_eq!(forced, json(""));
    let kept = accept(|client| Box::new(maps_of(client).keep_managed_fields().start())).await;
    assert_eq!(kept, json(""));
    let dynamic = accept(|client| {
        Box::new(Informer::<DynamicObject>::builder_of(client, config_maps()).start())
    });
    assert_eq!(dynamic.await, json(""));
    let custom =
        accept(|client| Box::new(Informer::<Named>::builder_of(client, widgets()).start()));
    assert_eq!(custom.await, json(""));
    // Of what is custom, too, metadata alone comes as protobuf.
    let metadata = accept(|client| {
        let widgets = Informer::<PartialObjectMeta<DynamicObject>>::builder_of(client, widgets());
        Box::new(widgets.metadata_only().start())
    });
    let metadata = metadata.await;
    assert!(
        metadata.starts_with(&format!("{PROTOBUF};as=PartialObjectMetadata;")),
        "{metadata}"
    );
    let metadata = accept(|client| {
        let widgets = Informer::<PartialObjectMeta<DynamicObject>>::builder_of(client, widgets());
        Box::new(widgets.metadata_only().json_only().start())
    });
    assert_eq!(metadata.await, json("PartialObjectMetadata"));
}

fn maps_of(client: kube::Client) -> kcache::InformerBuilder<ConfigMap> {
    Informer::builder(client)
}

fn config_maps() -> ApiResource {
    ApiResource::erase::<ConfigMap>(&())
}

fn widgets() -> ApiResource {
    ApiResource::from_gvk(&GroupVersionKind::gvk("example.com", "v1", "Widget"))
}

/// A struct of one's own.
#[derive(Deserialize)]
struct Named {
    kind: String,
    metadata: Metadata,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Metadata {
    name: String,
    resource_version: String,
}

impl Object for Named {
    fn name(&self) -> &str {
        &self.metadata.name
    }

    fn version(&self) -> &str {
        &self.metadata.resource_version
    }
}

#[tokio::test(start_paused = true)]
async fn a_struct_of_ones_own_is_made_of_protobuf_and_told_its_kind() {
    let (client, mut server) = server();
    let maps = Informer::<Named>::builder_of(client, config_maps()).start();
    server.stream_request(None).await.refuse(422, "Invalid");
    let request = server.list_request(Some("0")).await;
    assert_eq!(request.accept(), BOTH);
    reply_as(request, PROTOBUF, protobuf_list("9", &[item("a", 7)]));
    let stream = server.watch_request("9").await.open_as(PROTOBUF);
    stream.added(&map("b", 10));
    shows(&maps, &["a@7", "b@10"]).await;
    for name in ["a", "b"] {
        assert_eq!(maps.cache().get("", name).unwrap().kind, "ConfigMap");
    }
}

#[tokio::test(start_paused = true)]
async fn metadata_alone_is_read_from_either_encoding() {
    let meta = |name: &str, version: u64| {
        let mut meta = item(name, version);
        meta["kind"] = json!("PartialObjectMetadata");
        meta["apiVersion"] = json!("meta.k8s.io/v1");
        meta.as_object_mut().unwrap().remove("data");
        meta
    };
    let (client, mut server) = server();
    let maps = Informer::<PartialObjectMeta<ConfigMap>>::builder(client).start();
    server.stream_request(None).await.refuse(422, "Invalid");
    let mut body = list("9", &[meta("a", 7)]);
    body["kind"] = json!("PartialObjectMetadataList");
    body["apiVersion"] = json!("meta.k8s.io/v1");
    let body = protobuf::list(&body).unwrap();
    reply_as(server.list_request(Some("0")).await, PROTOBUF, body);
    let stream = server.watch_request("9").await.open_as(PROTOBUF);
    stream.added(&meta("b", 10));
    // Whole objects of a server that does not know better.
    stream.added(&map("c", 11));
    shows(&maps, &["a@7", "b@10", "c@11"]).await;
    let kinds = maps.cache().list();
    let kinds: Vec<_> = kinds
        .iter()
        .map(|map| map.types.clone().unwrap().kind)
        .collect();
    let partial = "PartialObjectMetadata";
    assert_eq!(kinds, [partial, partial, "ConfigMap"]);
    assert_eq!(encoding(&maps), Some(Encoding::Protobuf));
    eventually(|| is_live(&maps)).await;
}

#[tokio::test(start_paused = true)]
async fn metadata_alone_is_read_of_whole_objects_of_a_kind_that_is_not_known() {
    let (client, mut server) = server();
    let widgets = Informer::<PartialObjectMeta<DynamicObject>>::builder_of(client, widgets());
    let widgets = widgets.metadata_only().start();
    let stream = server.request().await.open_as(PROTOBUF);
    let mut widget = map("a", 7);
    widget["apiVersion"] = json!("example.com/v1");
    widget["kind"] = json!("Widget");
    // Behind the metadata is something that nothing can be made of.
    stream.added(&widget);
    stream.synced("9");
    shows(&widgets, &["a@7"]).await;
    let types = widgets.cache().list()[0].types.clone();
    assert_eq!(types.map(|types| types.kind).as_deref(), Some("Widget"));
    assert_eq!(widgets.status().bad_objects, 0);
}

#[test]
fn protobuf_does_not_say_what_it_is() {
    let mut codec = SerdeCodec::default();
    let message = Raw::Protobuf(b"\x0a\x03\x0a\x01a");
    let alone: Result<ConfigMap, _> = codec.decode(message);
    assert_eq!(
        alone.unwrap_err().to_string(),
        "it is not known of what kind it is"
    );
    let types = TypeMeta {
        api_version: "example.com/v1".to_owned(),
        kind: "Widget".to_owned(),
    };
    let custom: Result<ConfigMap, _> = codec.decode_as(message, Expected::new(&types));
    let custom = custom.unwrap_err().to_string();
    assert_eq!(custom, "it is of a kind that protobuf is not read of");
    assert_eq!(
        Codec::<ConfigMap>::encodings(&codec, &types),
        [Encoding::Json]
    );
}
