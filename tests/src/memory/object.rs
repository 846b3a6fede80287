//! An object as the server keeps it: encoded once, with what selectors need of it beside.

use std::collections::BTreeMap;

use bytes::{BufMut as _, Bytes, BytesMut};
use serde_json::{Value, json};

use super::resource::Resource;

pub(super) const META: &str = "meta.k8s.io/v1";

/// One version of one object; never changed.
#[derive(Debug)]
pub(super) struct Stored {
    /// Objects are sorted by this, as etcd sorts them.
    pub(super) key: String,
    pub(super) namespace: String,
    pub(super) name: String,
    pub(super) uid: String,
    pub(super) version: u64,
    pub(super) labels: BTreeMap<String, String>,
    /// One for each of the resource's selectable fields that is set.
    pub(super) fields: BTreeMap<&'static str, String>,
    /// The object in JSON; of a built-in resource without `kind` and `apiVersion`, as it stands in
    /// lists.
    encoded: Bytes,
}

impl Stored {
    /// `object` has its metadata complete.
    pub(super) fn new(resource: &Resource, mut object: Value, version: u64) -> Self {
        object["metadata"]["resourceVersion"] = version.to_string().into();
        if let (Some(map), false) = (object.as_object_mut(), resource.is_custom) {
            map.remove("kind");
            map.remove("apiVersion");
        }
        let metadata = &object["metadata"];
        let text = |name: &str| metadata[name].as_str().unwrap_or_default().to_owned();
        let labels = metadata["labels"].as_object().map(|labels| {
            let pairs = labels.iter();
            pairs
                .filter_map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned())))
                .collect()
        });
        let (namespace, name) = (text("namespace"), text("name"));
        Self {
            key: key(&namespace, &name),
            namespace,
            name,
            uid: text("uid"),
            version,
            labels: labels.unwrap_or_default(),
            fields: fields(resource, &object),
            encoded: object.to_string().into(),
        }
    }

    /// The same content at another version: what a deletion shows.
    pub(super) fn at_version(&self, resource: &Resource, version: u64) -> Self {
        Self::new(resource, self.value(resource), version)
    }

    /// As it stands in a list.
    pub(super) fn as_item(&self) -> Bytes {
        self.encoded.clone()
    }

    /// With its kind, as it stands alone.
    pub(super) fn write_whole(&self, resource: &Resource, into: &mut BytesMut) {
        if resource.is_custom {
            into.put_slice(&self.encoded);
            return;
        }
        into.put_slice(b"{\"kind\":\"");
        into.put_slice(resource.kind.as_bytes());
        into.put_slice(b"\",\"apiVersion\":\"");
        into.put_slice(resource.api_version().as_bytes());
        into.put_slice(b"\",");
        into.put_slice(&self.encoded[1..]);
    }

    /// Decoded, with its kind.
    pub(super) fn value(&self, resource: &Resource) -> Value {
        let mut value: Value =
            serde_json::from_slice(&self.encoded).expect("the server encoded it");
        value["kind"] = resource.kind.as_str().into();
        value["apiVersion"] = resource.api_version().into();
        value
    }
}

/// What an object is stored under.
pub(super) fn key(namespace: &str, name: &str) -> String {
    if namespace.is_empty() {
        name.to_owned()
    } else {
        format!("{namespace}/{name}")
    }
}

fn fields(resource: &Resource, object: &Value) -> BTreeMap<&'static str, String> {
    let text = |path: &str| {
        let found = path.split('.').try_fold(object, |at, name| at.get(name))?;
        match found {
            Value::String(text) => Some(text.clone()),
            Value::Bool(_) | Value::Number(_) => Some(found.to_string()),
            _ => None,
        }
    };
    resource
        .selectable_fields()
        .iter()
        .filter_map(|path| Some((*path, text(path)?)))
        .collect()
}

/// A `PartialObjectMetadata`.
pub(super) fn metadata_of(object: &Value) -> Value {
    json!({
        "kind": "PartialObjectMetadata",
        "apiVersion": META,
        "metadata": object["metadata"],
    })
}
