use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::Pod;
use kube::core::{DynamicObject, PartialObjectMeta};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::*;

/// All kinds of JSON values on both levels, with `managedFields` on every one.
fn object() -> Value {
    json!({
        "apiVersion": "v1", "kind": "Pod", "managedFields": [1], "escaped\u{e9}\"": "\u{e9}\n",
        "metadata": {
            "name": "a\"b", "generation": 3, "labels": {"managedFields": "kept"},
            "managedFields": [{"manager": "x", "fieldsV1": {"f:metadata": {}}}],
            "annotations": null, "finalizers": ["z"], "uid": "u"
        },
        "spec": {"metadata": {"managedFields": 1}, "containers": [], "hostNetwork": true},
        "status": {"phase": "Running"}
    })
}

fn without() -> Value {
    let mut object = object();
    let metadata = object["metadata"].as_object_mut().unwrap();
    metadata.remove("managedFields").unwrap();
    object
}

fn from_slice<V: DeserializeOwned>(json: &[u8]) -> Result<V, serde_json::Error> {
    let mut reader = serde_json::Deserializer::from_slice(json);
    let object = Shape::default().seed().deserialize(&mut reader)?;
    reader.end().map(|()| object)
}

fn is_the_same_without<V: DeserializeOwned + Serialize>() {
    let pruned: V = from_slice(object().to_string().as_bytes()).unwrap();
    let want: V = serde_json::from_value(without()).unwrap();
    let json = |value: &V| serde_json::to_value(value).unwrap();
    assert_eq!(json(&pruned), json(&want));
}

#[test]
fn every_form_is_decoded_as_if_the_field_were_not_there() {
    is_the_same_without::<Value>();
    is_the_same_without::<Option<Value>>();
    is_the_same_without::<Pod>();
    is_the_same_without::<DynamicObject>();
    is_the_same_without::<PartialObjectMeta<Pod>>();
    is_the_same_without::<BTreeMap<String, Value>>();
    is_the_same_without::<Own>();
}

/// A struct of one's own, with what serde can do to fields.
#[derive(Debug, Serialize, Deserialize)]
struct Own {
    kind: Option<String>,
    metadata: Option<Inner>,
    #[serde(flatten)]
    rest: BTreeMap<String, Value>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Inner(BTreeMap<String, Value>);

fn shaped<V: DeserializeOwned>(shape: Shape<'_>, json: &Value) -> V {
    let json = json.to_string();
    let mut reader = serde_json::Deserializer::from_slice(json.as_bytes());
    shape.seed().deserialize(&mut reader).unwrap()
}

/// As whatever is made of `json` shows it.
fn shown<V: DeserializeOwned + Serialize>(shape: Shape<'_>, json: &Value) -> Value {
    serde_json::to_value(shaped::<V>(shape, json)).unwrap()
}

fn types() -> TypeMeta {
    TypeMeta {
        api_version: "v1".to_owned(),
        kind: "Pod".to_owned(),
    }
}

#[test]
fn a_type_that_is_left_out_is_told_to_whoever_takes_it() {
    #[derive(Debug, Serialize, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct NoType {
        metadata: Value,
    }
    #[derive(Debug, Serialize, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct KindAlone {
        kind: Kind,
        metadata: Value,
    }
    #[derive(Debug, Serialize, Deserialize)]
    enum Kind {
        Pod,
    }
    #[derive(Debug, Serialize, Deserialize)]
    #[serde(tag = "kind")]
    enum Tagged {
        Pod { metadata: Value },
    }
    #[derive(Debug, Serialize, Deserialize)]
    #[serde(untagged)]
    enum Any {
        Whole {
            #[serde(rename = "apiVersion")]
            api_version: Option<String>,
            kind: Named,
        },
    }
    #[derive(Debug, Serialize, Deserialize)]
    struct Named(String);

    let types = types();
    for managed_fields in [false, true] {
        let shape = Shape {
            managed_fields,
            types: Some(&types),
            ..Shape::default()
        };
        let item = json!({"metadata": {"name": "a"}});
        let whole = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a"}});
        assert_eq!(shown::<Value>(shape, &item), whole);
        assert_eq!(shown::<DynamicObject>(shape, &item), whole);
        assert_eq!(shown::<PartialObjectMeta<Pod>>(shape, &item), whole);
        assert_eq!(shown::<Pod>(shape, &item)["kind"], "Pod");
        assert_eq!(
            shown::<Option<BTreeMap<String, Value>>>(shape, &item),
            whole
        );
        assert_eq!(shown::<Own>(shape, &item), whole);
        assert_eq!(shown::<NoType>(shape, &item), item);
        assert_eq!(shown::<KindAlone>(shape, &item)["kind"], "Pod");
        assert_eq!(shown::<Tagged>(shape, &item)["kind"], "Pod");
        assert_eq!(
            shown::<Any>(shape, &item),
            json!({"apiVersion": "v1", "kind": "Pod"})
        );
    }
}

#[test]
fn a_type_that_is_said_is_left_as_it_is() {
    let types = types();
    let shape = Shape {
        types: Some(&types),
        ..Shape::default()
    };
    for own in [
        json!({"kind": "Node", "apiVersion": "v9"}),
        // As apimachinery has it: both are told, or none.
        json!({"kind": "Node"}),
        json!({"apiVersion": "v9"}),
    ] {
        assert_eq!(shown::<Value>(shape, &own), own);
    }
    let said = json!({"kind": "Pod", "apiVersion": "v1"});
    for none in [json!({"kind": ""}), json!({"kind": "", "apiVersion": null})] {
        assert_eq!(shown::<Value>(shape, &none), said);
    }
    // Of objects further in nothing is known.
    let inner = json!({"kind": "Node", "metadata": {"metadata": {}}, "spec": {"kind": ""}});
    assert_eq!(shown::<Value>(shape, &inner), inner);
}

#[test]
fn metadata_alone_is_taken_out_of_whole_objects() {
    let types = types();
    for managed_fields in [false, true] {
        let shape = Shape {
            managed_fields,
            metadata_only: true,
            types: Some(&types),
        };
        let mut want = if managed_fields { object() } else { without() };
        for other in ["managedFields", "escaped\u{e9}\"", "spec", "status"] {
            want.as_object_mut().unwrap().remove(other).unwrap();
        }
        assert_eq!(shown::<Value>(shape, &object()), want);
        let pod: Pod = shaped(shape, &object());
        assert!(pod.spec.is_none() && pod.metadata.uid.is_some());
        let own: Own = shaped(shape, &object());
        assert_eq!(own.rest.keys().collect::<Vec<_>>(), ["apiVersion"]);
    }
}

#[test]
fn an_error_keeps_its_place() {
    let broken = br#"{"metadata":{"managedFields":[],"name":7}}"#;
    let error = from_slice::<Pod>(broken).unwrap_err();
    let plain = serde_json::from_slice::<Pod>(broken).unwrap_err();
    assert_eq!(error.to_string(), plain.to_string());
    assert!(from_slice::<Value>(b"{} {}").is_err());
}
