//! Kubernetes' protobuf, written: an object's JSON as the message that a Go program would send.
//!
//! ```
//! use serde_json::{Value, json};
//!
//! let pod = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a"}});
//! let body = harness::protobuf::enveloped(&pod)?;
//! let read: Value = kcache::protobuf::from_enveloped(&body)?;
//! assert_eq!(read["metadata"]["name"], "a");
//! # Ok::<(), anyhow::Error>(())
//! ```

mod wire;
mod scalar;
mod object;

use anyhow::{Context as _, Result};
use kcache::protobuf::schema;
use serde_json::Value;

use self::wire::{put_bytes, put_text};

/// What the bytes of an enveloped object begin with.
const MAGIC: &[u8] = b"k8s\0";

/// The message of an object of this kind.
///
/// What Go always writes is written where JSON leaves it out: numbers, texts and messages that are no
/// pointers. The object's own `apiVersion` and `kind` are left out.
///
/// # Errors
/// The kind has no message, or the object has something that is not in the schema: where, and what.
pub fn message(api_version: &str, kind: &str, object: &Value) -> Result<Vec<u8>> {
    let schema = schema::message(api_version, kind)
        .with_context(|| format!("{api_version} {kind} has no message"))?;
    let mut message = Vec::new();
    object::put_object(&mut message, schema, object)
        .with_context(|| format!("{api_version} {kind}"))?;
    Ok(message)
}

/// An object that says itself what it is, in its envelope: a body, or the object of a watch event.
///
/// # Errors
/// As [`message`].
pub fn enveloped(object: &Value) -> Result<Vec<u8>> {
    let name = |name: &str| object[name].as_str().with_context(|| format!("no {name}"));
    let (api_version, kind) = (name("apiVersion")?, name("kind")?);
    let message = message(api_version, kind, object)?;
    Ok(envelope(api_version, kind, &message))
}

/// Puts a message into an envelope.
pub fn envelope(api_version: &str, kind: &str, message: &[u8]) -> Vec<u8> {
    let mut types = Vec::new();
    put_text(&mut types, 1, api_version);
    put_text(&mut types, 2, kind);
    let mut body = MAGIC.to_vec();
    put_bytes(&mut body, 1, &types);
    put_bytes(&mut body, 2, message);
    // Go writes them, too, empty as they are.
    put_text(&mut body, 3, "");
    put_text(&mut body, 4, "");
    body
}

/// The same, for what is made of parts.
pub fn field(number: u32, content: &[u8]) -> Vec<u8> {
    let mut field = Vec::new();
    put_bytes(&mut field, number, content);
    field
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// What is read of what was written.
    fn again(object: &Value) -> Value {
        let body = enveloped(object).expect("written");
        kcache::protobuf::from_enveloped(&body).expect("read")
    }

    #[test]
    fn what_is_written_is_read() {
        for object in [
            json!({
                "apiVersion": "v1", "kind": "Pod",
                "metadata": {
                    "name": "a", "labels": {"app": "x", "": ""}, "generation": 3,
                    "creationTimestamp": "2026-01-02T03:04:05Z",
                },
                "spec": {
                    "containers": [{
                        "name": "c", "resources": {"limits": {"cpu": "1500m"}},
                        "livenessProbe": {"httpGet": {"port": "http"}},
                        "readinessProbe": {"httpGet": {"port": 80}},
                    }],
                    "volumes": [{"name": "v", "emptyDir": {"medium": "Memory"}}],
                    "hostNetwork": true, "priority": -7,
                },
                "status": {"conditions": [{
                    "type": "Ready", "status": "True", "lastProbeTime": null,
                    "lastTransitionTime": "2026-01-02T03:04:05Z",
                }]},
            }),
            json!({"apiVersion": "v1", "kind": "Secret", "metadata": {}, "data": {"k": "+//+"}}),
            json!({
                "apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": {},
                "spec": {"renewTime": "2026-01-02T03:04:05.678900Z"},
            }),
            json!({
                "apiVersion": "apps/v1", "kind": "ControllerRevision", "metadata": {},
                "data": {"a": [1, 2.5, null]}, "revision": 7,
            }),
            json!({
                "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
                "metadata": {},
                "spec": {
                    "group": "g", "scope": "Namespaced",
                    "names": {"plural": "p", "kind": "K"},
                    "versions": [{"name": "v1", "served": true, "storage": true, "schema": {
                        "openAPIV3Schema": {
                            "maximum": 1.5, "minimum": 2, "default": {"x": 1},
                            "items": {"type": "string"}, "additionalProperties": false,
                            "dependencies": {"a": ["b"], "c": {"type": "string"}},
                            "not": {"items": [{"type": "string"}, {}]},
                            "properties": {"p": {"additionalProperties": {"type": "string"}}},
                        },
                    }}],
                },
                "status": {
                    "acceptedNames": {"plural": "", "kind": ""},
                },
            }),
        ] {
            assert_eq!(again(&object), object);
        }
    }

    #[test]
    fn what_the_schema_lacks_is_an_error() {
        let error = |object: Value| {
            let error = enveloped(&object).expect_err("an error");
            format!("{error:#}")
        };
        let pod = json!({"apiVersion": "v1", "kind": "Pod", "spec": {"containers": [{"x": 1}]}});
        assert_eq!(error(pod), "v1 Pod: spec: containers: no field x");
        let pod = json!({"apiVersion": "v1", "kind": "Pod", "spec": {"nodeName": 1}});
        assert_eq!(error(pod), "v1 Pod: spec: nodeName: another type");
        let custom = json!({"apiVersion": "example.com/v1", "kind": "Custom"});
        assert_eq!(error(custom), "example.com/v1 Custom has no message");
        assert_eq!(error(json!({})), "no apiVersion");
    }
}
