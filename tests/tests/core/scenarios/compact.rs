//! Objects as compressed bytes: nothing of them is lost, and little is decoded.

use harness::Random;
use k8s_openapi::api::core::v1::{Event, Pod, Service};
use k8s_openapi::api::networking::v1::Ingress;
use kcache::{
    Aspect, Codec, Compact, CompactCodec, DecodeError, Encoding, Expected, Fact, Field, Filter,
    Involved, JsonCodec, NodeName, Object, Raw, SubscribeOptions, WholeJsonCodec,
};
use kcache_join::relations;
use kube::core::{DynamicObject, TypeMeta};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::forms::{Placed, Spec};

type Any = Compact<DynamicObject>;

fn pod(number: usize) -> Value {
    let spec = Spec::new("shop", &format!("web-{number}"), number as u64 + 1).label("app", "web");
    let mut pod = Spec {
        node: format!("node-{}", number % 9),
        ..spec
    }
    .json();
    let uid = Random::new(number as u64).next();
    pod["spec"]["containers"] = json!([{
        "name": "web", "image": "registry.example.com/shop/web:1.2.3",
        "env": [{"name": "TOKEN", "value": format!("{uid:x}")}],
        "resources": {"limits": {"cpu": "500m", "memory": "512Mi"}},
        "volumeMounts": [{"name": "token", "mountPath": "/var/run/secrets/kubernetes.io/serviceaccount"}],
    }]);
    pod["status"] =
        json!({"phase": "Running", "podIP": format!("10.0.{}.{}", number / 250, number % 250)});
    pod
}

fn decode<V>(codec: &mut impl Codec<V>, json: &Value) -> Result<V, DecodeError> {
    codec.decode(Raw::Json(json.to_string().as_bytes()))
}

/// Any JSON, with keys that mean something among others.
fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    let key = prop_oneof![
        "[a-z]{1,8}",
        any::<String>(),
        Just("metadata".to_owned()),
        Just("managedFields".to_owned())
    ];
    leaf.prop_recursive(4, 40, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::hash_map(key.clone(), inner, 0..6)
                .prop_map(|map| map.into_iter().collect()),
        ]
    })
}

/// An object with what its header is made of.
fn object() -> impl Strategy<Value = Value> {
    let text = any::<String>();
    let pairs = prop::collection::btree_map(any::<String>(), any::<String>(), 0..5);
    let metadata = (text, text, pairs.clone(), pairs, value(), "[0-9]{1,9}");
    (metadata, value(), value()).prop_map(|((name, uid, labels, annotations, fields, version), spec, status)| {
        json!({
            "apiVersion": "v1", "kind": "Thing", "spec": spec, "status": status,
            "metadata": {
                "annotations": annotations, "labels": labels, "managedFields": fields, "name": name,
                "namespace": "a", "resourceVersion": version, "uid": uid,
            },
        })
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    /// One codec for all, so that dictionaries come and go, and each is read at the end.
    #[test]
    fn nothing_is_lost_but_managed_fields(objects in prop::collection::vec(object(), 1..8)) {
        let mut codecs = [CompactCodec::default(), CompactCodec::uncompressed()];
        for _ in 0..140 {
            for codec in &mut codecs {
                let _: Any = decode(codec, &objects[0])?;
            }
        }
        for codec in &mut codecs {
            let compact: Result<Vec<Any>, _> = objects.iter().map(|json| decode(codec, json)).collect();
            for (compact, json) in compact?.iter().zip(&objects) {
                let whole: DynamicObject = decode(&mut JsonCodec::default(), json)?;
                let read: Value = compact.decode_into()?;
                let mut want = decode::<Value>(&mut WholeJsonCodec::default(), json)?;
                want["metadata"].as_object_mut().expect("it is one").remove("managedFields");
                prop_assert_eq!(read, want);
                prop_assert_eq!(&compact.decode()?, &whole);
                prop_assert!(is_told_the_same(compact, &whole));
            }
        }
    }
}

fn is_told_the_same(a: &impl Object, b: &impl Object) -> bool {
    (a.namespace(), a.name(), a.uid(), a.version())
        == (b.namespace(), b.name(), b.uid(), b.version())
        && a.labels().eq(b.labels())
        && a.annotations().eq(b.annotations())
        && a.owners().eq(b.owners())
        && a.finalizers().eq(b.finalizers())
        && (a.generation(), a.deletion_timestamp()) == (b.generation(), b.deletion_timestamp())
}

#[test]
fn text_that_is_no_unicode_is_read_as_go_reads_it() {
    let json = b"{\"metadata\":{\"name\":\"a\\ud800\",\"labels\":{\"x\":\"\xff\"}},\"data\":{\"k\":\"\\udfff\xfe\"}}";
    let compact: Any = CompactCodec::default().decode(Raw::Json(json)).unwrap();
    let whole: DynamicObject = JsonCodec::default().decode(Raw::Json(json)).unwrap();
    assert!(is_told_the_same(&compact, &whole));
    assert_eq!(compact.decode().unwrap(), whole);
    assert_eq!(compact.name(), "a\u{fffd}");
}

/// Decodes objects until so many dictionaries are trained, which is done in threads of their own.
/// Returns how many it took.
fn until_trained(codec: &mut CompactCodec, count: u64, object: impl Fn(usize) -> Value) -> u64 {
    let (stats, before) = (codec.stats(), codec.stats().objects());
    for n in 0..10_000 {
        if stats.dictionaries() == count {
            return stats.objects() - before;
        }
        std::thread::sleep(std::time::Duration::from_millis(1));
        let _: Any = decode(codec, &object(n)).unwrap();
    }
    panic!("no dictionary: {stats:?}")
}

#[test]
fn a_dictionary_is_learnt_and_old_ones_are_kept_while_they_are_used() {
    let mut codec = CompactCodec::default();
    let stats = codec.stats();
    let before: Vec<Compact<Pod>> = (0..20)
        .map(|n| decode(&mut codec, &pod(n)).unwrap())
        .collect();
    // The first few are the dictionary of those that follow, until one is trained.
    let between: Vec<Compact<Pod>> = (20..128)
        .map(|n| decode(&mut codec, &pod(n)).unwrap())
        .collect();
    let more = until_trained(&mut codec, 1, |n| pod(10_000 + n));
    let after: Vec<Compact<Pod>> = (200..300)
        .map(|n| decode(&mut codec, &pod(n)).unwrap())
        .collect();
    let size =
        |pods: &[Compact<Pod>]| pods.iter().map(Compact::stored_bytes).sum::<usize>() / pods.len();
    let sizes = [&before, &between, &after].map(|pods| size(pods));
    assert!(sizes[1] * 3 < sizes[0] * 2, "{sizes:?}");
    assert!(sizes[2] * 2 < sizes[0] && sizes[2] < sizes[1], "{sizes:?}");
    // Objects of another kind, which the dictionary does not fit.
    let other = |n: usize| {
        let mut random = Random::new(n as u64);
        let rules: Vec<_> = (0..8).map(|_| json!({"verbs": ["get", "list", "watch"], "resourceNames": [format!("quota-{}", random.below(99))]})).collect();
        json!({"metadata": {"name": format!("role-{n}")}, "rules": rules, "aggregationRule": {"clusterRoleSelectors": []}})
    };
    for n in 300..2_000 {
        let _: Compact<Pod> = decode(&mut codec, &pod(n)).unwrap();
    }
    for n in 0..3_000 {
        let _: Any = decode(&mut codec, &other(n)).unwrap();
    }
    let others = until_trained(&mut codec, 2, |n| other(3_000 + n));
    assert_eq!(stats.dictionaries(), 2, "{stats:?}");
    drop(codec);
    let first = before.iter().chain(&between);
    for (n, compact) in (0..128).chain(200..300).zip(first.chain(&after)) {
        let want: Pod = serde_json::from_value(pod(n)).unwrap();
        assert_eq!(compact.decode().unwrap(), want);
    }
    assert_eq!(stats.objects(), 128 + 100 + 1_700 + 3_000 + more + others);
    assert!(stats.stored_bytes() < stats.bytes() / 2);
}

#[test]
fn what_does_not_shrink_is_stored_as_it_is() {
    let mut random = Random::new(1);
    let noise: String = (0..40)
        .map(|_| char::from(b'!' + u8::try_from(random.below(90)).unwrap()))
        .collect();
    let json = json!({"metadata": {"name": "a"}, "n": noise});
    let compact: Any = decode(&mut CompactCodec::default(), &json).unwrap();
    assert_eq!(compact.stored_bytes(), json.to_string().len());
    assert_eq!(compact.decode_into::<Value>().unwrap(), json);
}

#[test]
fn what_is_no_object_is_bad_and_names_itself() {
    let mut codec = CompactCodec::default();
    for json in [
        "",
        "{",
        "7",
        "[]",
        r#"{"metadata":{"name":7}}"#,
        r#"{"metadata":[]}"#,
    ] {
        let compact: Result<Any, _> = codec.decode(Raw::Json(json.as_bytes()));
        assert!(compact.is_err(), "{json}");
    }
    // What is lifted has to be there.
    let json = json!({"metadata": {"namespace": "a", "name": "b"}, "spec": {"nodeName": 7}});
    let compact: Result<Compact<Pod, Placed>, _> = decode(&mut codec, &json);
    let error = compact.unwrap_err();
    assert_eq!(error.key().map(ToString::to_string).as_deref(), Some("a/b"));
    assert_eq!(codec.stats().objects(), 0);
    // What is not is looked at when it is decoded.
    let compact: Compact<Pod> = decode(&mut codec, &json).unwrap();
    let error = compact.decode().unwrap_err();
    assert_eq!(error.key().map(ToString::to_string).as_deref(), Some("a/b"));
    assert!(codec.decode(Raw::Protobuf(b"x")).map(|_: Any| ()).is_err());
}

fn decode_message<V>(
    codec: &mut impl Codec<V>,
    types: &TypeMeta,
    json: &Value,
) -> Result<V, DecodeError> {
    let message = harness::protobuf::message(&types.api_version, &types.kind, json);
    let message = message.expect("a message");
    codec.decode_as(Raw::Protobuf(&message), Expected::new(types))
}

#[test]
fn nothing_is_lost_of_protobuf_either() {
    let types = TypeMeta {
        api_version: "v1".to_owned(),
        kind: "Pod".to_owned(),
    };
    let mut codec = CompactCodec::default();
    let encodings = Codec::<Compact<Pod>>::encodings(&codec, &types);
    assert_eq!(encodings, [Encoding::Protobuf, Encoding::Json]);
    assert_eq!(Codec::<Any>::encodings(&codec, &types), [Encoding::Json]);
    let mut compact = Vec::new();
    for number in 0..200 {
        let mut json = pod(number);
        json["metadata"]["managedFields"] = json!([{"manager": "kubelet"}]);
        // Both in turn, as after a server that was asked for one and went on with the other.
        compact.push(if number % 7 == 0 {
            let raw = json.to_string();
            codec.decode_as(Raw::Json(raw.as_bytes()), Expected::new(&types))
        } else {
            decode_message(&mut codec, &types, &json)
        });
    }
    for (number, compact) in compact.into_iter().enumerate() {
        let compact: Compact<Pod, Placed> = compact.expect("a Pod");
        let want: Pod = serde_json::from_value(pod(number)).expect("a Pod");
        assert!(is_told_the_same(&compact, &want));
        assert_eq!(
            Fact::<NodeName>::fact(&compact),
            Fact::<NodeName>::fact(&want),
            "{number}"
        );
        assert_eq!(compact.decode().expect("a Pod"), want);
        assert_eq!(
            compact.decode_into::<Value>().expect("a Pod")["kind"],
            "Pod"
        );
    }
    let damaged = codec.decode_as(Raw::Protobuf(b"\x0a\xff"), Expected::new(&types));
    assert!(damaged.map(|_: Compact<Pod>| ()).is_err());
}

#[test]
fn long_annotations_are_read_when_they_are_asked_for() {
    let json = |annotation: &str| json!({"metadata": {"name": "a", "annotations": {"note": annotation, "b": ""}}});
    let mut codec = CompactCodec::default();
    let (short, long) = ("x".repeat(100), "x".repeat(1_000));
    for (text, decoded) in [(&short, 0), (&long, 1)] {
        let compact: Any = decode(&mut codec, &json(text)).unwrap();
        for _ in 0..2 {
            assert_eq!(compact.annotation("note"), Some(text.as_str()));
            assert_eq!(compact.annotations().count(), 2);
        }
        assert_eq!(codec.stats().decoded(), decoded);
    }
}

#[test]
fn it_tells_nothing_of_its_content() {
    let json = json!({"metadata": {"name": "a", "annotations": {"note": "hunter2"}}, "data": {"password": "hunter2"}});
    let mut codec = CompactCodec::default();
    let compact: Any = decode(&mut codec, &json).unwrap();
    let text = format!("{compact:?} {:?} {codec:?}", compact.clone());
    assert!(text.contains('a') && !text.contains("hunter2"), "{text}");
}

#[test]
fn whoever_decodes_an_object_can_decode_another() {
    #[derive(Debug)]
    struct Nosy(String);
    impl<'de> serde::Deserialize<'de> for Nosy {
        fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            let other =
                Compact::<DynamicObject>::of(&serde_json::from_value(pod(7)).unwrap()).unwrap();
            let name = other.decode().unwrap().metadata.name.unwrap_or_default();
            serde::de::IgnoredAny::deserialize(deserializer)?;
            Ok(Self(name))
        }
    }
    let compact = Any::of(&serde_json::from_value(pod(1)).unwrap()).unwrap();
    let Nosy(name) = compact.decode_into().unwrap();
    assert_eq!(name, "web-7");
}

#[tokio::test(start_paused = true)]
async fn joins_work_without_decoding_what_they_do_not_need() {
    let mut codec = CompactCodec::default();
    let stats = codec.stats();
    let (pods, mut feed) = kcache::feed::<Compact<Pod, Placed>>();
    feed.relist((0..20).map(|n| decode(&mut codec, &pod(n)).unwrap()), None)
        .unwrap();
    let mut sources = CompactCodec::default();
    let (services, mut service_feed) = kcache::feed::<Compact<Service>>();
    let service = json!({"metadata": {"namespace": "shop", "name": "s"}, "spec": {"selector": {"app": "web"}}});
    service_feed
        .relist([decode(&mut sources, &service).unwrap()], None)
        .unwrap();
    let (ingresses, mut ingress_feed) = kcache::feed::<Compact<Ingress>>();
    let backend = json!({"service": {"name": "s", "port": {"number": 80}}});
    let ingress = json!({"metadata": {"namespace": "shop", "name": "i"}, "spec": {"defaultBackend": backend}});
    ingress_feed
        .relist([decode(&mut sources, &ingress).unwrap()], None)
        .unwrap();

    let behind = relations::ingress_pods().join(&ingresses, &services, &pods);
    behind.ready().await.unwrap();
    assert_eq!(behind.cache().len(), 20);
    let selected = relations::service_pods().join(&services, &pods);
    selected.ready().await.unwrap();
    assert_eq!(selected.cache().len(), 20);
    // The sources were, because what they select is not lifted.
    assert!((1..=4).contains(&sources.stats().decoded()));

    let on_node = pods.view(Filter::field(Field::node(), ["node-3"]));
    on_node.ready().await.unwrap();
    assert_eq!(on_node.cache().len(), 2);
    let by_node =
        pods.index_by(|pod: &Compact<Pod, Placed>| pod.fact().map(|kcache::NodeName(node)| node));
    by_node.ready().await.unwrap();
    assert_eq!(by_node.get("node-3").len(), 2);
    assert_eq!(stats.decoded(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_change_finds_its_subscribers_without_decoding_what_none_of_them_asks_for() {
    type Placing = Compact<Pod, Placed>;
    let filters: [(Filter<Placing>, u64); 12] = [
        (Filter::everything(), 0),
        (Filter::name("shop", "web-1"), 0),
        (Filter::namespace("shop"), 0),
        (Filter::labels([("app", "web")]), 0),
        (Filter::labels([("app", "db")]), 0),
        (Filter::selector("app,!canary".parse().unwrap()), 0),
        (Filter::owned_by("a uid"), 0),
        (Filter::finalizer("a finalizer"), 0),
        (Filter::being_deleted(), 0),
        (Filter::field(Field::node(), ["node-1"]), 0),
        // Long annotations are not in the header. They are read from the bytes, once an object.
        (Filter::annotated("a key"), 3),
        (Filter::annotations([("a key", "a value")]), 3),
    ];
    for (filter, decoded) in filters {
        let mut codec = CompactCodec::default();
        let (publisher, mut feed) = kcache::feed::<Placing>();
        let mut pod = pod(1);
        pod["metadata"]["annotations"] = json!({"a key": "long ".repeat(1_000)});
        feed.relist([decode(&mut codec, &pod).unwrap()], None)
            .unwrap();
        let mut changes = publisher.subscribe_with(filter.clone());
        drop(changes.snapshot().await.unwrap());
        for version in ["50", "51"] {
            pod["metadata"]["resourceVersion"] = json!(version);
            feed.apply(decode(&mut codec, &pod).unwrap()).unwrap();
        }
        assert_eq!(codec.stats().decoded(), decoded, "{filter}");
    }
}

#[tokio::test(start_paused = true)]
async fn aspects_and_monitors_see_what_changes() {
    let mut codec = CompactCodec::default();
    let (pods, mut feed) = kcache::feed::<Compact<Pod>>();
    feed.relist([decode(&mut codec, &pod(1)).unwrap()], None)
        .unwrap();
    let mut labels = pods.subscribe_options(SubscribeOptions::default().changes_of(Aspect::Labels));
    drop(labels.snapshot().await.unwrap());
    let mut changed = pod(1);
    changed["metadata"]["resourceVersion"] = json!("50");
    feed.apply(decode(&mut codec, &changed).unwrap()).unwrap();
    changed["metadata"]["resourceVersion"] = json!("51");
    changed["metadata"]["labels"]["app"] = json!("db");
    feed.apply(decode(&mut codec, &changed).unwrap()).unwrap();
    let change = labels.next().await.unwrap();
    assert_eq!(change.object().version(), "51");
}

#[test]
fn events_say_what_they_are_about() {
    let json = json!({"metadata": {"name": "e"}, "involvedObject": {"kind": "Pod", "namespace": "a", "name": "p"}});
    let event: Compact<Event> = decode(&mut CompactCodec::default(), &json).unwrap();
    let about: Option<Involved> = event.fact();
    assert_eq!(about.map(|about| about.name).as_deref(), Some("p"));
}
