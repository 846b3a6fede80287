//! What every stored form answers without being decoded.

use std::fmt;
use std::hash::{BuildHasher as _, Hash, Hasher};
use std::sync::{Arc, LazyLock};
use std::time::SystemTime;

use equivalent::{Comparable, Equivalent};
use foldhash::quality::RandomState;
use kube::Resource;

/// An object that a cache can hold.
///
/// Everything in this crate is generic over the stored form `V`: a typed object of k8s-openapi, a
/// `DynamicObject`, metadata only, a user's own struct, or bytes with a decoded header. This trait
/// is all that they have in common. It is implemented for every [`kube::Resource`].
///
/// The methods are called often and from the writer of a cache, so they must be cheap and must not
/// block. An answer must not change while the object is stored.
///
/// # Example
///
/// ```
/// struct Host { name: String, rack: String, serial: u64 }
///
/// impl kcache::Object for Host {
///     fn name(&self) -> &str { &self.name }
///     fn labels(&self) -> impl Iterator<Item = (&str, &str)> {
///         std::iter::once(("rack", self.rack.as_str()))
///     }
/// }
/// ```
pub trait Object: Send + Sync + 'static {
    /// The namespace, or `None` for a cluster-scoped object.
    fn namespace(&self) -> Option<&str> {
        None
    }

    /// The name, unique in its namespace.
    fn name(&self) -> &str;

    /// What tells an object from a later one of the same name; empty if there is no such thing.
    #[expect(
        clippy::unnecessary_literal_bound,
        reason = "an implementation borrows"
    )]
    fn uid(&self) -> &str {
        ""
    }

    /// The `resourceVersion`. Decimal versions are ordered, anything else is only compared for
    /// equality, and an empty one says nothing.
    #[expect(
        clippy::unnecessary_literal_bound,
        reason = "an implementation borrows"
    )]
    fn version(&self) -> &str {
        ""
    }

    /// The labels, each key once.
    fn labels(&self) -> impl Iterator<Item = (&str, &str)> {
        std::iter::empty()
    }

    /// The value of one label.
    fn label(&self, key: &str) -> Option<&str> {
        self.labels().find(|(k, _)| *k == key).map(|(_, v)| v)
    }

    /// The UIDs of the owners.
    fn owners(&self) -> impl Iterator<Item = &str> {
        std::iter::empty()
    }

    /// The annotations, each key once.
    fn annotations(&self) -> impl Iterator<Item = (&str, &str)> {
        std::iter::empty()
    }

    /// The value of one annotation.
    fn annotation(&self, key: &str) -> Option<&str> {
        self.annotations().find(|(k, _)| *k == key).map(|(_, v)| v)
    }

    /// `metadata.generation`, which the server raises with each change of the spec; `None` for kinds
    /// that have none.
    fn generation(&self) -> Option<i64> {
        None
    }

    /// When the deletion was requested, if it was: the object stays until its finalizers are gone.
    fn deletion_timestamp(&self) -> Option<SystemTime> {
        None
    }

    /// What has to be removed from the object before it is deleted.
    fn finalizers(&self) -> impl Iterator<Item = &str> {
        std::iter::empty()
    }
}

impl<K: Resource + Send + Sync + 'static> Object for K {
    fn namespace(&self) -> Option<&str> {
        self.meta().namespace.as_deref()
    }

    fn name(&self) -> &str {
        self.meta().name.as_deref().unwrap_or_default()
    }

    fn uid(&self) -> &str {
        self.meta().uid.as_deref().unwrap_or_default()
    }

    fn version(&self) -> &str {
        self.meta().resource_version.as_deref().unwrap_or_default()
    }

    fn labels(&self) -> impl Iterator<Item = (&str, &str)> {
        let labels = self.meta().labels.iter().flatten();
        labels.map(|(k, v)| (k.as_str(), v.as_str()))
    }

    fn label(&self, key: &str) -> Option<&str> {
        let labels = self.meta().labels.as_ref()?;
        labels.get(key).map(String::as_str)
    }

    fn owners(&self) -> impl Iterator<Item = &str> {
        let owners = self.meta().owner_references.iter().flatten();
        owners.map(|owner| owner.uid.as_str())
    }

    fn annotations(&self) -> impl Iterator<Item = (&str, &str)> {
        let annotations = self.meta().annotations.iter().flatten();
        annotations.map(|(k, v)| (k.as_str(), v.as_str()))
    }

    fn annotation(&self, key: &str) -> Option<&str> {
        let annotations = self.meta().annotations.as_ref()?;
        annotations.get(key).map(String::as_str)
    }

    fn generation(&self) -> Option<i64> {
        self.meta().generation
    }

    fn deletion_timestamp(&self) -> Option<SystemTime> {
        let time = self.meta().deletion_timestamp.as_ref()?;
        Some(time.0.into())
    }

    fn finalizers(&self) -> impl Iterator<Item = &str> {
        let finalizers = self.meta().finalizers.iter().flatten();
        finalizers.map(String::as_str)
    }
}

/// Namespace and name: what a cache finds an object by.
///
/// Ordered by namespace, then name; the namespace of a cluster-scoped object is empty. Cloning
/// copies a pointer.
#[derive(Clone)]
pub struct Key {
    /// Namespace and name without anything between them.
    text: Arc<str>,
    split: usize,
}

impl Key {
    /// The key of these two names; the namespace is empty for a cluster-scoped object.
    pub fn new(namespace: &str, name: &str) -> Self {
        Self {
            text: joined(namespace, name),
            split: namespace.len(),
        }
    }

    /// The key of an object.
    pub fn of<V: Object>(object: &V) -> Self {
        let KeyRef(namespace, name) = KeyRef::of(object);
        Self::new(namespace, name)
    }

    /// The namespace, empty for a cluster-scoped object.
    pub fn namespace(&self) -> &str {
        &self.text[..self.split]
    }

    /// The name.
    pub fn name(&self) -> &str {
        &self.text[self.split..]
    }

    pub(crate) fn parts(&self) -> KeyRef<'_> {
        KeyRef(self.namespace(), self.name())
    }
}

impl PartialEq for Key {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.text, &other.text) || self.parts() == other.parts()
    }
}

impl Eq for Key {}

impl PartialOrd for Key {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Key {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.parts().cmp(&other.parts())
    }
}

impl Hash for Key {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.parts().hash(state);
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.namespace() {
            "" => f.write_str(self.name()),
            namespace => write!(f, "{namespace}/{}", self.name()),
        }
    }
}

/// A borrowed [`Key`], so that a lookup allocates nothing.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct KeyRef<'a>(pub(crate) &'a str, pub(crate) &'a str);

impl<'a> KeyRef<'a> {
    pub(crate) fn of<V: Object>(object: &'a V) -> Self {
        Self(object.namespace().unwrap_or_default(), object.name())
    }

    /// A hash that is another one in each process, so that nobody can choose names that collide.
    pub(crate) fn hash64(self) -> u64 {
        static STATE: LazyLock<RandomState> = LazyLock::new(RandomState::default);
        STATE.hash_one(self)
    }
}

/// Two texts in one, in one allocation if they are as short as names are.
fn joined(first: &str, second: &str) -> Arc<str> {
    let mut bytes = [0; 128];
    let (len, all) = (first.len(), first.len() + second.len());
    if all > bytes.len() {
        return [first, second].concat().into();
    }
    bytes[..len].copy_from_slice(first.as_bytes());
    bytes[len..all].copy_from_slice(second.as_bytes());
    String::from_utf8_lossy(&bytes[..all]).into()
}

impl Equivalent<Key> for KeyRef<'_> {
    fn equivalent(&self, key: &Key) -> bool {
        *self == key.parts()
    }
}

impl Comparable<Key> for KeyRef<'_> {
    fn compare(&self, key: &Key) -> std::cmp::Ordering {
        self.cmp(&key.parts())
    }
}

#[cfg(test)]
mod tests {
    use super::Key;

    #[test]
    fn keys_that_read_alike_differ() {
        assert_ne!(Key::new("a", "bc"), Key::new("ab", "c"));
        assert_ne!(Key::new("", "abc"), Key::new("abc", ""));
    }

    #[test]
    fn a_namespace_is_one_run_of_the_order() {
        let mut keys =
            [("b", "a"), ("a-b", "x"), ("a", "z"), ("a", "b")].map(|(n, k)| Key::new(n, k));
        keys.sort();
        assert_eq!(format!("{keys:?}"), "[a/b, a/z, a-b/x, b/a]");
    }
}
