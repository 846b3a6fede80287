//! What types see of messages. Random objects of every kind are compared with Go in
//! `tests/tests/protobuf`.

mod disorder;

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::Pod;
use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::{
    CustomResourceDefinition, JSONSchemaProps,
};
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::normal::{put_bytes, put_varint};
use super::schema::{self, Message};
use super::{Decoder, Error, without_managed_fields};
use crate::deep::{DEEPEST, SHALLOW};

fn text(number: u32, content: impl AsRef<[u8]>) -> Vec<u8> {
    let mut field = Vec::new();
    put_bytes(&mut field, number, content.as_ref());
    field
}

fn number(number: u32, value: u64) -> Vec<u8> {
    let mut field = Vec::new();
    put_varint(&mut field, u64::from(number) << 3);
    put_varint(&mut field, value);
    field
}

/// A message that has this content in the field to which these names lead.
fn within(schema: &Message, names: &[&str], content: impl AsRef<[u8]>) -> Vec<u8> {
    let [name, rest @ ..] = names else {
        return content.as_ref().to_vec();
    };
    let field = schema.field(name).expect("a field");
    let inner = field
        .message()
        .map_or(content.as_ref().to_vec(), |message| {
            within(message, rest, content)
        });
    text(field.number(), inner)
}

fn of(kind: &str, names: &[&str], content: impl AsRef<[u8]>) -> Vec<u8> {
    within(schema::message("v1", kind).expect("a kind"), names, content)
}

fn pod(names: &[&str], content: impl AsRef<[u8]>) -> Vec<u8> {
    of("Pod", names, content)
}

fn pods() -> Decoder<'static> {
    Decoder::new("v1", "Pod").expect("a kind")
}

fn value(message: &[u8]) -> Result<Value, Error> {
    pods().without_types().decode(message)
}

#[test]
fn a_type_is_given_the_types_that_it_takes() {
    #[derive(Debug, Deserialize, PartialEq)]
    #[serde(deny_unknown_fields)]
    struct Strict {
        metadata: Value,
    }
    #[derive(Debug, Deserialize, PartialEq)]
    #[serde(rename_all = "camelCase")]
    struct Typed {
        kind: String,
        api_version: Option<String>,
    }
    let message = pod(&["metadata"], "");
    let whole: Value = pods().decode(&message).unwrap();
    let want = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {}});
    assert_eq!(whole, want);
    assert_eq!(value(&message).unwrap(), json!({"metadata": {}}));
    let strict: Strict = pods().decode(&message).unwrap();
    assert_eq!(strict.metadata, json!({}));
    let typed: Typed = pods().decode(&message).unwrap();
    let (kind, api_version) = ("Pod".to_owned(), Some("v1".to_owned()));
    assert_eq!(typed, Typed { kind, api_version });
    assert!(pods().without_types().decode::<Typed>(&message).is_err());
}

#[test]
fn what_is_not_wanted_is_left_out() {
    let metadata = [
        text(1, "a"),
        text(17, text(1, "manager")),
        text(17, text(1, "another")),
    ];
    let metadata = text(1, metadata.concat());
    let message = [metadata, pod(&["spec", "nodeName"], "n")].concat();
    let spec = json!({"nodeName": "n"});
    let managed = json!([{"manager": "manager"}, {"manager": "another"}]);
    for (decoder, want) in [
        (pods(), json!({"metadata": {"name": "a"}, "spec": spec})),
        (
            pods().with_managed_fields(true),
            json!({"metadata": {"name": "a", "managedFields": managed}, "spec": spec}),
        ),
        (
            pods().with_metadata_only(true),
            json!({"metadata": {"name": "a"}}),
        ),
    ] {
        let read: Value = decoder.without_types().decode(&message).unwrap();
        assert_eq!(read, want);
    }
    let mut pruned = vec![7];
    without_managed_fields(&message, &mut pruned).unwrap();
    let want = [text(1, text(1, "a")), pod(&["spec", "nodeName"], "n")].concat();
    assert_eq!(pruned, want);
}

#[test]
fn managed_fields_are_cut_wherever_they_stand() {
    let (name, managed) = (text(1, "a"), text(17, "?"));
    let scattered = [&managed, &name, &managed, &text(3, "n"), &managed];
    let scattered = scattered.map(|field| &field[..]).concat();
    let mut pruned = Vec::new();
    let message = [text(2, ""), text(1, scattered), text(1, managed)].concat();
    without_managed_fields(&message, &mut pruned).unwrap();
    let kept = [name, text(3, "n")].concat();
    assert_eq!(pruned, [text(2, ""), text(1, kept), text(1, "")].concat());
    for end in 1..message.len() {
        let _ = without_managed_fields(&message[..end], &mut pruned);
    }
}

#[test]
fn values_are_those_of_gos_json() {
    // An inline message, and one in it.
    let volume = [text(1, "v"), text(2, text(2, text(1, "Memory")))].concat();
    let volume = pod(&["spec", "volumes"], volume);
    let want = json!({"spec": {"volumes": [{"name": "v", "emptyDir": {"medium": "Memory"}}]}});
    assert_eq!(value(&volume).unwrap(), want);
    // A zero is left out where JSON leaves it out.
    let spec = [text(10, ""), number(11, 0), number(12, 1), text(34, "")].concat();
    let spec = pod(&["spec"], spec);
    let want = json!({"spec": {"hostPID": true}});
    assert_eq!(
        value(&spec).unwrap()["spec"]["hostPID"],
        want["spec"]["hostPID"]
    );
    assert_eq!(value(&spec).unwrap()["spec"].get("nodeName"), None);
    // No time is null, and the creation of nothing is nothing.
    let times = [
        pod(&["metadata", "creationTimestamp"], ""),
        pod(&["status", "conditions", "lastProbeTime"], ""),
    ];
    let want = json!({"metadata": {}, "status": {"conditions": [{"lastProbeTime": null}]}});
    assert_eq!(value(&times.concat()).unwrap(), want);
}

#[test]
fn text_that_is_no_text_is_replaced() {
    let name = pod(&["metadata", "name"], b"a\xffb");
    let label = pod(&["metadata", "labels"], text(1, b"\xfe"));
    let want = json!({"metadata": {"labels": {"\u{fffd}": ""}}});
    assert_eq!(
        value(&name).unwrap(),
        json!({"metadata": {"name": "a\u{fffd}b"}})
    );
    assert_eq!(value(&label).unwrap(), want);
}

#[test]
fn any_json_is_read_as_what_it_is() {
    #[derive(Deserialize)]
    struct Raw {
        data: Option<Box<RawValue>>,
        revision: Box<RawValue>,
        metadata: Box<RawValue>,
    }
    let revisions = Decoder::new("apps/v1", "ControllerRevision").unwrap();
    let data = br#"{"a": [1, 2.50]}"#;
    let message = [text(1, text(1, "x")), text(2, text(1, data)), number(3, 7)].concat();
    let read: Value = revisions.without_types().decode(&message).unwrap();
    let want = json!({"metadata": {"name": "x"}, "data": {"a": [1, 2.5]}, "revision": 7});
    assert_eq!(read, want);
    let raw: Raw = revisions.decode(&message).unwrap();
    assert_eq!(raw.data.unwrap().get().as_bytes(), data);
    assert_eq!(raw.revision.get(), "7");
    assert_eq!(raw.metadata.get(), r#"{"name":"x"}"#);
    let empty = [text(1, ""), text(2, ""), number(3, 0)].concat();
    let raw: Raw = revisions.decode(&empty).unwrap();
    assert!(raw.data.is_none());
    // Half of a surrogate pair, and a byte that is no text.
    let odd = text(2, text(1, b"[\"\\ud83e\", \"\xff\"]"));
    let read: Value = revisions.without_types().decode(&odd).unwrap();
    assert_eq!(read, json!({"data": ["\u{fffd}", "\u{fffd}"]}));
    let damaged = text(2, text(1, "{"));
    let error = revisions.decode::<Value>(&damaged).unwrap_err();
    assert_eq!(error.to_string(), "data: it holds no JSON");
}

#[test]
fn enums_and_newtypes_are_read() {
    #[derive(Debug, Deserialize, PartialEq)]
    enum Phase {
        Pending,
        Running,
    }
    #[derive(Debug, Deserialize, PartialEq)]
    struct Node(String);
    #[derive(Debug, Deserialize)]
    struct Small {
        status: BTreeMap<String, Phase>,
        spec: BTreeMap<String, Node>,
    }
    let message = [
        pod(&["spec", "nodeName"], "n"),
        pod(&["status", "phase"], "Running"),
    ]
    .concat();
    let small: Small = pods().decode(&message).unwrap();
    assert_eq!(small.status["phase"], Phase::Running);
    assert_ne!(small.status["phase"], Phase::Pending);
    assert_eq!(small.spec["nodeName"], Node("n".to_owned()));
}

#[test]
fn an_enum_can_have_a_member_for_each_variant() {
    #[derive(Debug, Deserialize, PartialEq)]
    #[serde(rename_all = "camelCase")]
    enum Source {
        EmptyDir { medium: String },
    }
    #[derive(Deserialize)]
    struct Volumes {
        spec: BTreeMap<String, Vec<Source>>,
    }
    let volumes = pod(&["spec", "volumes"], text(2, text(2, text(1, "Memory"))));
    let volumes: Volumes = pods().decode(&volumes).unwrap();
    let medium = "Memory".to_owned();
    assert_eq!(volumes.spec["volumes"], [Source::EmptyDir { medium }]);
}

#[test]
fn a_vector_has_no_room_left_over() {
    let containers = pod(&["spec", "containers", "name"], "c");
    // One message of all three.
    let containers = &containers[2..];
    let message = text(2, [containers, containers, containers].concat());
    let pod: Pod = pods().decode(&message).unwrap();
    let containers = pod.spec.unwrap().containers;
    assert_eq!((containers.len(), containers.capacity()), (3, 3));
}

#[test]
fn numbers_can_be_packed() {
    let groups = ["spec", "securityContext", "supplementalGroups"];
    let message = pod(&groups, [1, 0x80, 1, 3]);
    let groups = &value(&message).unwrap()["spec"]["securityContext"]["supplementalGroups"];
    assert_eq!(*groups, json!([1, 128, 3]));
}

#[test]
fn a_message_in_pieces_is_read_as_a_whole() {
    #[derive(Debug, Deserialize, PartialEq)]
    #[serde(rename_all = "camelCase")]
    struct Spec {
        node_name: String,
        hostname: String,
    }
    #[derive(Debug, Deserialize, PartialEq)]
    struct Small {
        spec: Spec,
    }
    let (one, other) = (
        pod(&["spec", "hostname"], "h"),
        pod(&["spec", "nodeName"], "n"),
    );
    let label = |key| pod(&["metadata", "labels"], text(1, key));
    let unknown = text(99, "?");
    let message = [one, label("a"), unknown, other, label("b")].concat();
    let want = json!({
        "metadata": {"labels": {"a": "", "b": ""}}, "spec": {"nodeName": "n", "hostname": "h"},
    });
    assert_eq!(value(&message).unwrap(), want);
    let small: Small = pods().decode(&message).unwrap();
    assert_eq!(small.spec.node_name, "n");
    // The last counts.
    let names = ["a", "b"].map(|name| pod(&["metadata", "name"], name));
    assert_eq!(
        value(&names.concat()).unwrap(),
        json!({"metadata": {"name": "b"}})
    );
}

#[test]
fn each_piece_of_a_message_is_whole() {
    // A text of two bytes, of which one piece has one and the next the other.
    let pieces = [&b"\x0a\x02a"[..], b"b"].map(|piece| text(1, piece));
    assert_eq!(
        value(&pieces.concat()).unwrap_err().to_string(),
        "metadata: it ends too early"
    );
}

#[test]
fn an_error_names_the_field_and_not_its_content() {
    #[derive(Debug, Deserialize)]
    #[allow(dead_code)]
    struct Wrong {
        metadata: BTreeMap<String, u32>,
    }
    #[derive(Debug, Deserialize)]
    #[allow(dead_code)]
    struct Missing {
        metadata: Named,
    }
    #[derive(Debug, Deserialize)]
    #[allow(dead_code)]
    struct Named {
        uid: String,
    }
    let message = pod(&["metadata", "name"], "secret");
    let error = pods().decode::<Wrong>(&message).unwrap_err();
    assert_eq!(error.to_string(), "metadata.name: it is a text, not u32");
    assert!(error.is_data());
    let error = pods().decode::<Missing>(&message).unwrap_err();
    assert_eq!(error.to_string(), "metadata: it has no uid");

    let containers = pod(&["spec", "containers"], "\x0a\x09");
    let error = pods().decode::<Pod>(&containers).unwrap_err();
    assert_eq!(error.to_string(), "spec.containers[]: it ends too early");
    let numbered = pod(&["spec"], [text(2, number(1, 5))].concat());
    let error = pods().decode::<Pod>(&numbered).unwrap_err();
    assert_eq!(
        error.to_string(),
        "spec.containers[].name: its wire type is another one"
    );
    assert!(error.is_syntax());
}

#[test]
fn json_is_read_as_deep_as_an_object_may_be() {
    #[derive(Deserialize)]
    struct Name {
        data: Named,
    }
    #[derive(Deserialize)]
    struct Named {
        name: String,
    }
    let revisions = Decoder::new("apps/v1", "ControllerRevision").unwrap();
    let nested = |depth: usize| ["[".repeat(depth), "]".repeat(depth)].concat();
    let revision = |json: &str| text(2, text(1, json));
    for depth in [1, SHALLOW, 127, 128, DEEPEST - 1] {
        let read: Value = revisions.decode(&revision(&nested(depth))).unwrap();
        let mut inner = &read["data"];
        let mut found = 0;
        while let Value::Array(list) = inner {
            (inner, found) = (list.first().unwrap_or(&Value::Null), found + 1);
        }
        assert_eq!(found, depth);
    }
    for depth in [DEEPEST, 100_000] {
        let read = revisions.decode::<Value>(&revision(&nested(depth)));
        assert!(read.is_err_and(|error| !error.to_string().contains('[')));
    }
    // What is passed over may be as deep as it likes.
    let json = format!(r#"{{"deep": {}, "name": "a"}}"#, nested(100_000));
    let name: Name = revisions.decode(&revision(&json)).unwrap();
    assert_eq!(name.data.name, "a");
}

/// A definition whose schema has so many properties within each other.
fn definition(depth: usize) -> Vec<u8> {
    let definition = schema::message("apiextensions.k8s.io/v1", "CustomResourceDefinition");
    let properties = ["properties"];
    let names = ["spec", "versions", "schema", "openAPIV3Schema"];
    let mut inner = definition.unwrap();
    for name in names {
        inner = inner.field(name).unwrap().message().unwrap();
    }
    let mut content = within(inner, &["type"], "object");
    for _ in 0..depth {
        let entry = [text(1, "a"), text(2, &content)].concat();
        let field = inner.field(properties[0]).unwrap();
        content = text(field.number(), entry);
    }
    within(definition.unwrap(), &names, content)
}

#[test]
fn no_message_exhausts_the_stack() {
    let decoder = Decoder::new("apiextensions.k8s.io/v1", "CustomResourceDefinition").unwrap();
    // Five levels are around the schema, and each property is two.
    for depth in [1, SHALLOW / 2, (DEEPEST - 6) / 2] {
        let read: CustomResourceDefinition = decoder.decode(&definition(depth)).unwrap();
        let schema = read.spec.versions[0].schema.as_ref().unwrap();
        let mut schema: &JSONSchemaProps = schema.open_api_v3_schema.as_ref().unwrap();
        let mut found = 0;
        while let Some(properties) = &schema.properties {
            (schema, found) = (&properties["a"], found + 1);
        }
        assert_eq!((found, schema.type_.as_deref()), (depth, Some("object")));
    }
    for depth in [DEEPEST / 2 + 1, 3_000] {
        let error = decoder.decode::<Value>(&definition(depth)).unwrap_err();
        assert_eq!(error.to_string(), "it is nested deeper than 1000 levels");
    }
    // What is passed over may be as deep as it likes.
    let deep = definition(3_000);
    assert!(
        decoder
            .with_metadata_only(true)
            .decode::<Value>(&deep)
            .is_ok()
    );
}

#[test]
fn no_bytes_do_any_harm() {
    let message = [
        pod(
            &["metadata", "labels"],
            [text(1, "k"), text(2, "v")].concat(),
        ),
        pod(
            &["spec", "containers", "resources", "limits"],
            text(2, text(1, "1")),
        ),
        pod(&["status", "startTime"], number(1, 7)),
    ]
    .concat();
    for index in 0..message.len() {
        let _ = value(&message[..index]);
        for bit in 0..8 {
            let mut damaged = message.clone();
            damaged[index] ^= 1 << bit;
            let _ = value(&damaged);
            let _ = pods().decode::<Pod>(&damaged);
        }
    }
}
