//! What relations need of an object beyond what [`kcache`] knows as a fact.

use std::collections::BTreeSet;
use std::fmt;
use std::marker::PhantomData;

use k8s_openapi::Resource;
use k8s_openapi::serde::Deserialize;
use kcache::{Fact, Key, Object, Selector, SelectorError, Selects};
use kube::core::DynamicObject;

/// The objects of a kind that an object names; `K` only says of which kind they are.
///
/// Implement [`Fact`] of it for an object of your own, and [`KeyJoin::by_fact`](crate::KeyJoin::by_fact) is
/// the relation. Each name goes with its namespace, which is empty for a cluster-scoped kind.
///
/// # Example
///
/// ```
/// use k8s_openapi::api::core::v1::Secret;
/// use kcache::{Fact, Object};
/// use kcache_join::Names;
/// # struct Shop { namespace: String, name: String, credentials: Vec<String> }
/// # impl Object for Shop {
/// #     fn namespace(&self) -> Option<&str> { Some(&self.namespace) }
/// #     fn name(&self) -> &str { &self.name }
/// # }
/// impl Fact<Names<Secret>> for Shop {
///     fn fact(&self) -> Option<Names<Secret>> {
///         Some(Names::beside(self, &self.credentials))
///     }
/// }
/// ```
pub struct Names<K> {
    keys: BTreeSet<Key>,
    kind: PhantomData<fn() -> K>,
}

impl<K> Names<K> {
    /// Objects in the namespace of the one that names them. Empty names are left out.
    pub fn beside(object: &impl Object, names: impl IntoIterator<Item = impl AsRef<str>>) -> Self {
        Self::within(object.namespace().unwrap_or_default(), names)
    }

    /// Objects without a namespace. Empty names are left out.
    pub fn cluster(names: impl IntoIterator<Item = impl AsRef<str>>) -> Self {
        Self::within("", names)
    }

    fn within(namespace: &str, names: impl IntoIterator<Item = impl AsRef<str>>) -> Self {
        let key = |name: &dyn AsRef<str>| Key::new(namespace, name.as_ref());
        names.into_iter().map(|name| key(&name)).collect()
    }

    /// What is named, each once.
    pub fn keys(&self) -> impl Iterator<Item = &Key> {
        self.keys.iter()
    }

    pub(crate) fn into_keys(self) -> Vec<Key> {
        self.keys.into_iter().collect()
    }
}

/// Empty names are left out.
impl<K> FromIterator<Key> for Names<K> {
    fn from_iter<I: IntoIterator<Item = Key>>(keys: I) -> Self {
        let keys = keys.into_iter().filter(|key| !key.name().is_empty());
        Self {
            keys: keys.collect(),
            kind: PhantomData,
        }
    }
}

impl<K> Default for Names<K> {
    fn default() -> Self {
        Self::from_iter([])
    }
}

impl<K> Clone for Names<K> {
    fn clone(&self) -> Self {
        self.keys.iter().cloned().collect()
    }
}

impl<K> PartialEq for Names<K> {
    fn eq(&self, other: &Self) -> bool {
        self.keys == other.keys
    }
}

impl<K> fmt::Debug for Names<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(&self.keys).finish()
    }
}

/// Which kind of objects a reference is to: the API group, empty for the core, and the kind. The version
/// does not matter.
///
/// # Example
///
/// ```
/// use k8s_openapi::api::apps::v1::Deployment;
/// use kcache_join::Kind;
/// assert_eq!(Kind::of::<Deployment>(), Kind::new("apps", "Deployment"));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Kind {
    group: String,
    kind: String,
}

impl Kind {
    /// A kind by its names.
    pub fn new(group: &str, kind: &str) -> Self {
        Self {
            group: group.to_owned(),
            kind: kind.to_owned(),
        }
    }

    /// The kind of a type of `k8s-openapi`.
    pub fn of<K: Resource>() -> Self {
        Self::new(K::GROUP, K::KIND)
    }

    /// True if a reference with this `apiVersion` and kind is to this kind.
    pub(crate) fn is(&self, api_version: &str, kind: &str) -> bool {
        self.kind == kind && self.group == group_of(api_version)
    }
}

/// The API group of an `apiVersion`, empty for the core.
pub(crate) fn group_of(api_version: &str) -> &str {
    api_version.rsplit_once('/').map_or("", |(group, _)| group)
}

/// What a source selects; nothing if it says nothing.
pub(crate) fn selector_of<S: Fact<Selects>>(source: &S) -> Result<Selector, SelectorError> {
    match source.fact() {
        Some(Selects(selector)) => selector,
        None => Ok(Selector::nothing()),
    }
}

/// The group and kind that an object says that it is of.
pub(crate) fn kind_of(object: &DynamicObject) -> Option<(&str, &str)> {
    let types = object.types.as_ref()?;
    Some((group_of(&types.api_version), &types.kind))
}

/// What an object of this type says of itself. What is not of the type says nothing.
pub(crate) fn fact_as<K, G>(object: &DynamicObject) -> Option<G>
where
    K: for<'de> Deserialize<'de> + kube::Resource + Fact<G>,
{
    let mut typed = K::deserialize(&object.data).ok()?;
    *typed.meta_mut() = object.metadata.clone();
    typed.fact()
}
