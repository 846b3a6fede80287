//! What a test says in JSON, as protobuf.

use harness::protobuf::{envelope, field, message};
use serde_json::{Value, json};

/// The body of a list, if it is one.
pub(crate) fn list(list: &Value) -> Option<Vec<u8>> {
    let kind = list["kind"].as_str()?;
    let kind_of_item = kind.strip_suffix("List")?;
    let api_version = list["apiVersion"].as_str()?;
    let items = match &list["items"] {
        Value::Array(items) => items.as_slice(),
        Value::Null => &[],
        _ => return None,
    };
    let metadata = &list["metadata"];
    let texts = [(2, "resourceVersion"), (3, "continue")];
    let texts = texts.map(|(number, name)| {
        let text = metadata[name].as_str().unwrap_or_default();
        field(number, text.as_bytes())
    });
    let mut metadata_fields = texts.concat();
    if let Some(selector) = metadata["shardInfo"]["selector"].as_str() {
        metadata_fields.extend(field(5, &field(1, selector.as_bytes())));
    }
    let items = items.iter();
    let items = items.map(|item| field(2, &object(api_version, kind_of_item, item)));
    let raw = [field(1, &metadata_fields)].into_iter().chain(items);
    let raw: Vec<_> = raw.flatten().collect();
    Some(envelope(api_version, kind, &raw))
}

/// An event of a watch, after its length.
pub(crate) fn event(kind: &str, object: &Value) -> Vec<u8> {
    let object = field(2, &field(1, &enveloped(object)));
    let event = [field(1, kind.as_bytes()), object].concat();
    let length = u32::try_from(event.len()).expect("a short event");
    [&length.to_be_bytes()[..], &event].concat()
}

/// An object, which says itself what it is, or nothing.
pub(crate) fn enveloped(value: &Value) -> Vec<u8> {
    let name = |name: &str| value[name].as_str().unwrap_or_default();
    let (api_version, kind) = (name("apiVersion"), name("kind"));
    envelope(api_version, kind, &object(api_version, kind, value))
}

/// The message of an object. Of what has no message, and of what its kind has not, there is the metadata
/// and something that nothing can be made of.
fn object(api_version: &str, kind: &str, value: &Value) -> Vec<u8> {
    if let Ok(message) = message(api_version, kind, value) {
        return message;
    }
    let metadata = json!({"metadata": value["metadata"]});
    let metadata = message("v1", "ConfigMap", &metadata);
    // A number where every kind has a message or a map.
    let spoilt = [2 << 3, 7];
    [metadata.unwrap_or_default(), spoilt.to_vec()].concat()
}
