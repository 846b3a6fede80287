//! References to objects of any kind.

use k8s_openapi::api::core::v1::ObjectReference;
use k8s_openapi::serde_json::Value;
use kcache::Object;

/// The objects that an object refers to, of whatever kind: what an Event is about, what the endpoints of a
/// slice are, what an autoscaler scales, whose claim a volume is.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct References(pub Vec<ObjectReference>);

/// A reference whose parts are all there, empty where the object does not say them.
pub(super) struct Reference {
    pub(super) api_version: String,
    pub(super) kind: String,
    pub(super) namespace: String,
    pub(super) name: String,
    pub(super) uid: String,
}

impl From<ObjectReference> for Reference {
    fn from(reference: ObjectReference) -> Self {
        Self {
            api_version: reference.api_version.unwrap_or_default(),
            kind: reference.kind.unwrap_or_default(),
            namespace: reference.namespace.unwrap_or_default(),
            name: reference.name.unwrap_or_default(),
            uid: reference.uid.unwrap_or_default(),
        }
    }
}

impl References {
    pub(super) fn into_parts(self) -> impl Iterator<Item = Reference> {
        self.0.into_iter().map(Reference::from)
    }
}

/// Namespace, name, and UID; an empty UID stands for any.
pub(super) type Identity = (String, String, String);

/// What an object is called, with its UID and without.
pub(super) fn identities_of(object: &impl Object) -> Vec<Identity> {
    let identity = |uid: &str| {
        (
            namespace_of(object),
            object.name().to_owned(),
            uid.to_owned(),
        )
    };
    vec![identity(object.uid()), identity("")]
}

/// The namespace of an object, empty for a cluster-scoped one.
pub(super) fn namespace_of(object: &impl Object) -> String {
    object.namespace().unwrap_or_default().to_owned()
}

/// The items of a list in JSON; none of what is no list.
pub(super) fn items(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

/// A text in JSON; empty for what is none.
pub(super) fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}
