//! An object that a kube store and a publisher have in common.

use std::borrow::Cow;
use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use kube::Resource;
use kube::core::ObjectMeta;
use serde::{Deserialize, Deserializer};

/// An object of a publisher as a resource whose clones are the same object, so that a store of kube's
/// holds a pointer where it would hold a copy.
///
/// It is `K` in everything that [`Resource`] says, and it derefs to it. A controller of `K` is a
/// `Controller<Shared<K>>`; a reconciler that takes an `Arc<K>` is called with [`object`](Self::object).
///
/// # Example
///
/// ```
/// # use std::sync::Arc;
/// # use k8s_openapi::api::core::v1::ConfigMap;
/// use kcache::kube_runtime::Shared;
/// use kube::ResourceExt;
///
/// # let map: ConfigMap = serde_json::from_str(r#"{"metadata": {"name": "a"}}"#)?;
/// let map = Arc::new(map);
/// let shared = Shared::new(map.clone());
/// assert!(Arc::ptr_eq(&map, &shared.clone().object()));
/// assert_eq!((shared.name_any().as_str(), &shared.data), ("a", &None));
/// # Ok::<(), serde_json::Error>(())
/// ```
pub struct Shared<K>(Arc<K>);

impl<K> Shared<K> {
    /// The object, shared.
    pub fn new(object: Arc<K>) -> Self {
        Self(object)
    }

    /// The object as the publisher has it.
    pub fn object(&self) -> Arc<K> {
        self.0.clone()
    }
}

impl<K> Clone for Shared<K> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<K> Deref for Shared<K> {
    type Target = K;

    fn deref(&self) -> &K {
        &self.0
    }
}

impl<K: fmt::Debug> fmt::Debug for Shared<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl<'de, K: Deserialize<'de>> Deserialize<'de> for Shared<K> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        K::deserialize(deserializer).map(|object| Self(object.into()))
    }
}

/// As `K`. Changing the metadata makes a copy of the object if somebody else has it, too.
impl<K: Resource + Clone> Resource for Shared<K> {
    type DynamicType = K::DynamicType;
    type Scope = K::Scope;

    fn kind(dyntype: &K::DynamicType) -> Cow<'_, str> {
        K::kind(dyntype)
    }

    fn group(dyntype: &K::DynamicType) -> Cow<'_, str> {
        K::group(dyntype)
    }

    fn version(dyntype: &K::DynamicType) -> Cow<'_, str> {
        K::version(dyntype)
    }

    fn api_version(dyntype: &K::DynamicType) -> Cow<'_, str> {
        K::api_version(dyntype)
    }

    fn plural(dyntype: &K::DynamicType) -> Cow<'_, str> {
        K::plural(dyntype)
    }

    fn metadata_api() -> bool {
        K::metadata_api()
    }

    fn meta(&self) -> &ObjectMeta {
        self.0.meta()
    }

    fn meta_mut(&mut self) -> &mut ObjectMeta {
        Arc::make_mut(&mut self.0).meta_mut()
    }
}
