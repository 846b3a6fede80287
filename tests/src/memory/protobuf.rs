//! Bodies in Kubernetes' protobuf, as far as kubectl's own `create` commands need it.
//!
//! kubectl sends what it makes by itself (`kubectl create configmap`) as protobuf and does not fall
//! back to JSON. The tables below name the fields of those kinds; a field that they lack and that is
//! not empty is refused, never dropped. Field numbers are those of the `generated.proto` files of
//! `k8s.io/api`.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value};

/// A body starts with this, and goes on with a `runtime.Unknown`.
const MAGIC: &[u8] = b"k8s\0";

#[derive(Debug)]
struct Field {
    number: u64,
    name: &'static str,
    kind: Kind,
    repeated: bool,
}

#[derive(Debug, Clone, Copy)]
enum Kind {
    /// Absent where empty.
    Text,
    /// Base64 in JSON.
    Bytes,
    /// Absent where it is not sent.
    Number,
    /// Absent where it is not sent.
    Switch,
    /// Of text, or of bytes.
    Map(&'static [Field]),
    /// Absent where empty.
    Message(&'static [Field]),
    /// The server fills it in.
    Ignored,
}

const fn one(number: u64, name: &'static str, kind: Kind) -> Field {
    Field {
        number,
        name,
        kind,
        repeated: false,
    }
}

const fn many(number: u64, name: &'static str, kind: Kind) -> Field {
    Field {
        number,
        name,
        kind,
        repeated: true,
    }
}

const TEXTS: Kind = Kind::Map(&[one(1, "key", Kind::Text), one(2, "value", Kind::Text)]);
const BLOBS: Kind = Kind::Map(&[one(1, "key", Kind::Text), one(2, "value", Kind::Bytes)]);

const UNKNOWN: &[Field] = &[
    one(
        1,
        "typeMeta",
        Kind::Message(&[one(1, "apiVersion", Kind::Text), one(2, "kind", Kind::Text)]),
    ),
    one(2, "raw", Kind::Bytes),
    one(3, "contentEncoding", Kind::Text),
    one(4, "contentType", Kind::Text),
];
const METADATA: Field = one(
    1,
    "metadata",
    Kind::Message(&[
        one(1, "name", Kind::Text),
        one(2, "generateName", Kind::Text),
        one(3, "namespace", Kind::Text),
        one(5, "uid", Kind::Text),
        one(6, "resourceVersion", Kind::Text),
        one(7, "generation", Kind::Ignored),
        one(8, "creationTimestamp", Kind::Ignored),
        one(11, "labels", TEXTS),
        one(12, "annotations", TEXTS),
        many(14, "finalizers", Kind::Text),
    ]),
);
const CONFIG_MAP: &[Field] = &[
    METADATA,
    one(2, "data", TEXTS),
    one(3, "binaryData", BLOBS),
    one(4, "immutable", Kind::Switch),
];
const SECRET: &[Field] = &[
    METADATA,
    one(2, "data", BLOBS),
    one(3, "type", Kind::Text),
    one(4, "stringData", TEXTS),
    one(5, "immutable", Kind::Switch),
];
const NAMESPACE: &[Field] = &[
    METADATA,
    one(
        2,
        "spec",
        Kind::Message(&[many(1, "finalizers", Kind::Text)]),
    ),
    one(3, "status", Kind::Ignored),
];
const SERVICE_ACCOUNT: &[Field] = &[
    METADATA,
    one(4, "automountServiceAccountToken", Kind::Switch),
];
const CONTAINER: &[Field] = &[
    one(1, "name", Kind::Text),
    one(2, "image", Kind::Text),
    many(3, "command", Kind::Text),
    many(4, "args", Kind::Text),
    many(
        6,
        "ports",
        Kind::Message(&[
            one(1, "name", Kind::Text),
            one(3, "containerPort", Kind::Number),
            one(4, "protocol", Kind::Text),
        ]),
    ),
    one(14, "imagePullPolicy", Kind::Text),
];
const POD_TEMPLATE: &[Field] = &[
    METADATA,
    one(
        2,
        "spec",
        Kind::Message(&[many(2, "containers", Kind::Message(CONTAINER))]),
    ),
];
const DEPLOYMENT: &[Field] = &[
    METADATA,
    one(
        2,
        "spec",
        Kind::Message(&[
            one(1, "replicas", Kind::Number),
            one(
                2,
                "selector",
                Kind::Message(&[one(1, "matchLabels", TEXTS)]),
            ),
            one(3, "template", Kind::Message(POD_TEMPLATE)),
            one(4, "strategy", Kind::Message(&[one(1, "type", Kind::Text)])),
        ]),
    ),
    one(3, "status", Kind::Ignored),
];
const REVIEW: &[Field] = &[METADATA, one(2, "status", Kind::Ignored)];

/// Decodes a body.
///
/// # Errors
/// What is not understood.
pub(super) fn decode(body: &[u8]) -> Result<Value, String> {
    let envelope = body
        .strip_prefix(MAGIC)
        .ok_or("it is no Kubernetes object")?;
    let envelope = message(UNKNOWN, envelope)?;
    let (kind, version) = (
        &envelope["typeMeta"]["kind"],
        &envelope["typeMeta"]["apiVersion"],
    );
    let fields = match kind.as_str().unwrap_or_default() {
        "ConfigMap" => CONFIG_MAP,
        "Secret" => SECRET,
        "Namespace" => NAMESPACE,
        "ServiceAccount" => SERVICE_ACCOUNT,
        "Deployment" => DEPLOYMENT,
        "SelfSubjectReview" => REVIEW,
        other => return Err(format!("the kind {other:?} is read from JSON only")),
    };
    let raw = envelope["raw"].as_str().unwrap_or_default();
    let raw = STANDARD.decode(raw).map_err(|error| error.to_string())?;
    let mut object = message(fields, &raw)?;
    object["kind"] = kind.clone();
    object["apiVersion"] = version.clone();
    Ok(object)
}

/// What a field holds on the wire.
enum Wire<'a> {
    Number(u64),
    Bytes(&'a [u8]),
}

fn message(fields: &[Field], mut bytes: &[u8]) -> Result<Value, String> {
    let mut object = Map::new();
    while !bytes.is_empty() {
        let tag = varint(&mut bytes)?;
        let value = match tag & 7 {
            0 => Wire::Number(varint(&mut bytes)?),
            2 => Wire::Bytes(chunk(&mut bytes)?),
            other => return Err(format!("a field has the wire type {other}")),
        };
        let number = tag >> 3;
        match (fields.iter().find(|field| field.number == number), value) {
            (Some(field), value) => put(&mut object, field, &value)?,
            (None, Wire::Number(0) | Wire::Bytes([])) => {}
            (None, _) => return Err(format!("field {number} is read from JSON only")),
        }
    }
    Ok(Value::Object(object))
}

fn put(object: &mut Map<String, Value>, field: &Field, value: &Wire<'_>) -> Result<(), String> {
    let decoded = match (field.kind, value) {
        (Kind::Ignored, _) => return Ok(()),
        (Kind::Text, Wire::Bytes([])) if !field.repeated => return Ok(()),
        (Kind::Text, Wire::Bytes(bytes)) => {
            let text = std::str::from_utf8(bytes).map_err(|error| error.to_string())?;
            Value::from(text)
        }
        (Kind::Bytes, Wire::Bytes(bytes)) => STANDARD.encode(bytes).into(),
        (Kind::Number, Wire::Number(number)) => (*number).into(),
        (Kind::Switch, Wire::Number(number)) => (*number != 0).into(),
        (Kind::Map(entry), Wire::Bytes(bytes)) => {
            let entry = message(entry, bytes)?;
            let key = entry["key"].as_str().unwrap_or_default().to_owned();
            let value = entry["value"].as_str().unwrap_or_default();
            let map = object
                .entry(field.name)
                .or_insert_with(|| Map::new().into());
            map[key] = value.into();
            return Ok(());
        }
        (Kind::Message(fields), Wire::Bytes(bytes)) => {
            let inner = message(fields, bytes)?;
            let is_empty = inner.as_object().is_some_and(Map::is_empty);
            if is_empty && !field.repeated {
                return Ok(());
            }
            inner
        }
        _ => return Err(format!("{} has another type", field.name)),
    };
    if !field.repeated {
        object.insert(field.name.to_owned(), decoded);
    } else if let Some(list) = object
        .entry(field.name)
        .or_insert_with(|| Value::Array(Vec::new()))
        .as_array_mut()
    {
        list.push(decoded);
    }
    Ok(())
}

fn varint(bytes: &mut &[u8]) -> Result<u64, String> {
    let mut value = 0;
    for shift in (0..64).step_by(7) {
        let (first, rest) = bytes.split_first().ok_or("it ends in a number")?;
        *bytes = rest;
        value |= u64::from(first & 0x7f) << shift;
        if first & 0x80 == 0 {
            return Ok(value);
        }
    }
    Err("a number is too long".to_owned())
}

fn chunk<'a>(bytes: &mut &'a [u8]) -> Result<&'a [u8], String> {
    let length = varint(bytes)?;
    let length = usize::try_from(length).map_err(|error| error.to_string())?;
    let (chunk, rest) = bytes.split_at_checked(length).ok_or("it ends in a field")?;
    *bytes = rest;
    Ok(chunk)
}

#[cfg(test)]
mod tests {
    use super::decode;
    use serde_json::json;

    fn field(number: u8, content: &[u8]) -> Vec<u8> {
        let length = u8::try_from(content.len()).expect("a short field");
        [&[number << 3 | 2, length], content].concat()
    }

    fn body(kind: &str, raw: &[u8]) -> Vec<u8> {
        let kind = [field(1, b"v1"), field(2, kind.as_bytes())].concat();
        [b"k8s\0".to_vec(), field(1, &kind), field(2, raw)].concat()
    }

    #[test]
    fn a_config_map_is_read() {
        let entry = [field(1, b"k"), field(2, b"v")].concat();
        let metadata = [field(1, b"settings"), field(2, b""), field(8, b"")].concat();
        let raw = [field(1, &metadata), field(2, &entry)].concat();
        let expected = json!({
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": { "name": "settings" },
            "data": { "k": "v" },
        });
        assert_eq!(decode(&body("ConfigMap", &raw)), Ok(expected));
    }

    #[test]
    fn what_is_not_known_is_refused_and_what_is_broken_is_no_panic() {
        let unknown = field(9, b"x");
        assert!(decode(&body("ConfigMap", &unknown)).is_err());
        assert!(decode(&body("Unheard", &[])).is_err());
        let whole = body("ConfigMap", &field(1, &field(1, b"settings")));
        for end in 0..whole.len() - 1 {
            let _ = decode(&whole[..end]);
        }
        assert!(decode(b"{}").is_err());
    }
}
