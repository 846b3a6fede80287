//! The seam of stored forms, by six of them.

use k8s_openapi::api::core::v1::Pod;
use kcache::{Codec, Compact, DecodeError, Filter, Input, JsonCodec, Raw};
use kube::core::{DynamicObject, PartialObjectMeta};

use crate::forms::{Form, Own, Packed, PackedCodec, Placed, Spec, read};

async fn is_cached_and_filtered<V: Form>() {
    let spec = Spec {
        node: "n1".to_owned(),
        ..Spec::new("a", "p1", 7).label("app", "web")
    };
    let (objects, mut feed) = kcache::feed();
    feed.relist([V::of(&spec), V::of(&Spec::new("b", "p2", 8))], None)
        .unwrap();
    let found = objects.cache().get("a", "p1").unwrap();
    assert_eq!(read(&*found), spec);
    let on_node = Filter::labels([("app", "web")]) & Filter::field(V::node(), ["n1"]);
    let view = objects.view(on_node);
    view.ready().await.unwrap();
    assert_eq!(
        view.cache()
            .list()
            .iter()
            .map(|o| read(&**o))
            .collect::<Vec<_>>(),
        [spec]
    );
}

#[tokio::test]
async fn every_form_is_cached_and_filtered() {
    is_cached_and_filtered::<Pod>().await;
    is_cached_and_filtered::<DynamicObject>().await;
    is_cached_and_filtered::<Own>().await;
    is_cached_and_filtered::<Packed>().await;
    is_cached_and_filtered::<Compact<Pod>>().await;
    is_cached_and_filtered::<Compact<Pod, Placed>>().await;
}

#[test]
fn metadata_alone_is_a_form() {
    let (objects, mut feed) = kcache::feed::<PartialObjectMeta<Pod>>();
    let bytes = br#"{"metadata": {"namespace": "a", "name": "p1"}, "spec": {"x": 1}}"#;
    feed.relist(
        [JsonCodec::default().decode(Raw::Json(bytes)).unwrap()],
        None,
    )
    .unwrap();
    assert!(objects.cache().get("a", "p1").is_some());
}

#[test]
fn a_codec_of_another_encoding_feeds_a_cache() {
    let mut codec = PackedCodec::default();
    let (objects, mut feed) = kcache::feed();
    feed.relist([], None).unwrap();
    let wire = Packed::wire(&Spec::new("a", "p1", 1));
    for raw in [
        Raw::Protobuf(wire.as_bytes()),
        Raw::Protobuf(b"\xff"),
        Raw::Json(b"{}"),
    ] {
        feed.send(Input::decoded(Input::Apply, codec.decode(raw)))
            .unwrap();
    }
    assert_eq!(
        (
            codec.decoded,
            objects.cache().len(),
            objects.status().bad_objects
        ),
        (1, 1, 2)
    );
}

#[test]
fn a_decode_error_tells_nothing_of_the_content() {
    let secret = br#"{"metadata": {"name": 7}, "data": "hunter2"}"#;
    let result: Result<Pod, DecodeError> = JsonCodec::default().decode(Raw::Json(secret));
    let text = result.unwrap_err().to_string();
    assert!(text.starts_with("Data error in JSON at line 1"), "{text}");
    assert!(!text.contains("hunter2") && !text.contains('7'), "{text}");
}
