//! Objects to test with, in every stored form.

use std::cell::RefCell;
use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::Pod;
use kcache::{
    Codec, Compact, CompactCodec, DecodeError, Field, JsonCodec, LiftedFact, NodeName, Object, Raw,
};
use kube::core::DynamicObject;
use serde_json::json;

/// What an object is, whatever it is stored as.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(crate) struct Spec {
    pub(crate) namespace: String,
    pub(crate) name: String,
    pub(crate) uid: String,
    pub(crate) version: u64,
    pub(crate) labels: BTreeMap<String, String>,
    pub(crate) node: String,
}

impl Spec {
    pub(crate) fn new(namespace: &str, name: &str, version: u64) -> Self {
        Self {
            namespace: namespace.to_owned(),
            name: name.to_owned(),
            uid: format!("{namespace}-{name}-1"),
            version,
            ..Self::default()
        }
    }

    pub(crate) fn label(mut self, key: &str, value: &str) -> Self {
        self.labels.insert(key.to_owned(), value.to_owned());
        self
    }

    pub(crate) fn key(&self) -> kcache::Key {
        kcache::Key::new(&self.namespace, &self.name)
    }

    pub(crate) fn json(&self) -> serde_json::Value {
        json!({
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {
                "namespace": self.namespace,
                "name": self.name,
                "uid": self.uid,
                "resourceVersion": self.version.to_string(),
                "labels": self.labels,
            },
            "spec": { "nodeName": self.node, "containers": [] },
        })
    }
}

/// A stored form that can be made of a [`Spec`] and read back.
pub(crate) trait Form: Object + Sized {
    fn of(spec: &Spec) -> Self;
    fn node() -> Field<Self>;
}

/// What an object says of itself, to compare with what it was made of.
pub(crate) fn read<V: Form>(object: &V) -> Spec {
    let labels = object.labels().map(|(k, v)| (k.to_owned(), v.to_owned()));
    Spec {
        namespace: object.namespace().unwrap_or_default().to_owned(),
        name: object.name().to_owned(),
        uid: object.uid().to_owned(),
        version: object.version().parse().expect("a number"),
        labels: labels.collect(),
        node: V::node().read(object).into_owned(),
    }
}

fn decoded<V>(mut codec: impl Codec<V>, value: &serde_json::Value) -> V {
    let bytes = value.to_string();
    codec
        .decode(Raw::Json(bytes.as_bytes()))
        .expect("the test's own JSON")
}

impl Form for Pod {
    fn of(spec: &Spec) -> Self {
        decoded(JsonCodec::default(), &spec.json())
    }

    fn node() -> Field<Self> {
        Field::node()
    }
}

impl Form for DynamicObject {
    fn of(spec: &Spec) -> Self {
        decoded(JsonCodec::default(), &spec.json())
    }

    fn node() -> Field<Self> {
        Field::new("spec.nodeName", |object| {
            object.data["spec"]["nodeName"].as_str().map(Into::into)
        })
    }
}

/// A struct of the user's own, and what else a test keeps in it.
#[derive(Clone, Debug)]
pub(crate) struct Own<More = ()> {
    pub(crate) spec: Spec,
    version: String,
    pub(crate) more: More,
}

impl<More> Own<More> {
    pub(crate) fn new(spec: Spec, more: More) -> Self {
        let version = spec.version.to_string();
        Self {
            spec,
            version,
            more,
        }
    }

    /// The same object at a version.
    pub(crate) fn at(&self, version: u64) -> Self
    where
        More: Clone,
    {
        let spec = self.spec.clone();
        Self::new(Spec { version, ..spec }, self.more.clone())
    }
}

impl<More: Send + Sync + 'static> Object for Own<More> {
    fn namespace(&self) -> Option<&str> {
        Some(&self.spec.namespace)
    }

    fn name(&self) -> &str {
        &self.spec.name
    }

    fn uid(&self) -> &str {
        &self.spec.uid
    }

    fn version(&self) -> &str {
        &self.version
    }

    fn labels(&self) -> impl Iterator<Item = (&str, &str)> {
        self.spec
            .labels
            .iter()
            .map(|(k, v)| (k.as_str(), v.as_str()))
    }
}

impl<More: Default + Send + Sync + 'static> Form for Own<More> {
    fn of(spec: &Spec) -> Self {
        Self::new(spec.clone(), More::default())
    }

    fn node() -> Field<Self> {
        Field::new("spec.nodeName", |own| Some(own.spec.node.as_str().into()))
    }
}

/// The header of an object beside its bytes, which are not decoded until someone needs it.
#[derive(Debug)]
pub(crate) struct Packed {
    namespace: Box<str>,
    name: Box<str>,
    uid: Box<str>,
    version: Box<str>,
    labels: Box<[(Box<str>, Box<str>)]>,
    bytes: Box<[u8]>,
}

/// Makes [`Packed`] of the one format that is not JSON here: lines, of which the last is the body.
#[derive(Default)]
pub(crate) struct PackedCodec {
    /// What a codec learns from one object to the next; here only how many there were.
    pub(crate) decoded: usize,
}

impl Codec<Packed> for PackedCodec {
    fn decode(&mut self, raw: Raw<'_>) -> Result<Packed, DecodeError> {
        let Raw::Protobuf(bytes) = raw else {
            return Err(DecodeError::new("not in the packed form"));
        };
        let text = std::str::from_utf8(bytes).map_err(|_| DecodeError::new("not UTF-8"))?;
        let mut lines = text.split('\n');
        let mut line = || {
            lines
                .next()
                .ok_or_else(|| DecodeError::new("too few lines"))
        };
        let (namespace, name, uid, version) = (line()?, line()?, line()?, line()?);
        let labels = line()?.split(',').filter_map(|label| label.split_once('='));
        let labels = labels.map(|(k, v)| (k.into(), v.into())).collect();
        self.decoded += 1;
        Ok(Packed {
            namespace: namespace.into(),
            name: name.into(),
            uid: uid.into(),
            version: version.into(),
            labels,
            bytes: line()?.as_bytes().into(),
        })
    }
}

impl Packed {
    pub(crate) fn wire(spec: &Spec) -> String {
        let Spec {
            namespace,
            name,
            uid,
            version,
            labels,
            node,
        } = spec;
        let labels: Vec<_> = labels.iter().map(|(k, v)| format!("{k}={v}")).collect();
        format!(
            "{namespace}\n{name}\n{uid}\n{version}\n{}\n{node}",
            labels.join(",")
        )
    }
}

impl Object for Packed {
    fn namespace(&self) -> Option<&str> {
        Some(&self.namespace)
    }

    fn name(&self) -> &str {
        &self.name
    }

    fn uid(&self) -> &str {
        &self.uid
    }

    fn version(&self) -> &str {
        &self.version
    }

    fn labels(&self) -> impl Iterator<Item = (&str, &str)> {
        self.labels.iter().map(|(k, v)| (&**k, &**v))
    }
}

impl Form for Packed {
    fn of(spec: &Spec) -> Self {
        let wire = Self::wire(spec);
        let raw = Raw::Protobuf(wire.as_bytes());
        PackedCodec::default()
            .decode(raw)
            .expect("the test's own bytes")
    }

    fn node() -> Field<Self> {
        Field::new("spec.nodeName", |packed| {
            Some(String::from_utf8_lossy(&packed.bytes))
        })
    }
}

impl Form for Compact<Pod> {
    fn of(spec: &Spec) -> Self {
        compact(spec)
    }

    fn node() -> Field<Self> {
        Field::node()
    }
}

/// What is lifted of a Pod.
#[derive(Debug, serde::Deserialize)]
pub(crate) struct Placed {
    spec: PodSpec,
}

#[derive(Debug, serde::Deserialize)]
#[serde(rename_all = "camelCase")]
struct PodSpec {
    node_name: String,
}

impl LiftedFact<Pod, NodeName> for Placed {
    fn fact(pod: &Compact<Pod, Self>) -> Option<NodeName> {
        Some(NodeName(pod.facts().spec.node_name.clone()))
    }
}

impl Form for Compact<Pod, Placed> {
    fn of(spec: &Spec) -> Self {
        compact(spec)
    }

    fn node() -> Field<Self> {
        Field::node()
    }
}

/// By one codec for all, as an informer has it.
fn compact<K, F>(spec: &Spec) -> Compact<K, F>
where
    CompactCodec: Codec<Compact<K, F>>,
{
    thread_local! {
        static CODEC: RefCell<CompactCodec> = RefCell::default();
    }
    let bytes = spec.json().to_string();
    let raw = Raw::Json(bytes.as_bytes());
    CODEC
        .with_borrow_mut(|codec| codec.decode(raw))
        .expect("the test's own JSON")
}
