//! Selectors and objects, indexed against each other.

use crate::index::{Ids, Index, IndexKey, Term, for_each_label};
use crate::object::Object;
use crate::selector::Selector;

/// In which namespaces a selector looks for its objects.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Scope {
    /// In the namespace of the object that has the selector.
    #[default]
    Namespace,
    /// In all.
    Everywhere,
}

impl Scope {
    fn of<'a>(self, namespace: &'a str, term: Term<'a>) -> IndexKey<'a> {
        let namespace = (self == Self::Namespace).then_some(namespace);
        IndexKey { namespace, term }
    }
}

/// Selectors and objects, indexed against each other: what a join by labels needs.
///
/// Selectors and objects go by numbers that the caller gives them. What [`selectors_for`] and
/// [`objects_for`] name are candidates, to be checked by [`Selector::matches`].
///
/// # Example
///
/// ```
/// # use k8s_openapi::api::core::v1::ConfigMap;
/// use kcache::{Scope, SelectorIndex};
/// # let mut web = ConfigMap::default();
/// # web.metadata.labels = Some([("app".to_owned(), "web".to_owned())].into());
/// let mut index = SelectorIndex::new(Scope::Everywhere);
/// let keys = index.index_keys(&web);
/// index.insert_object(7, &keys);
/// let selector = "app in (web, api)".parse()?;
/// index.insert_selector(1, "", &selector);
/// assert_eq!(index.objects_for("", &selector).collect::<Vec<_>>(), [7]);
/// assert_eq!(index.selectors_for(&keys).collect::<Vec<_>>(), [1]);
/// # Ok::<(), kcache::SelectorError>(())
/// ```
///
/// [`selectors_for`]: Self::selectors_for
/// [`objects_for`]: Self::objects_for
#[derive(Default)]
pub struct SelectorIndex {
    scope: Scope,
    selectors: Index,
    objects: Index,
}

impl SelectorIndex {
    /// An empty index.
    pub fn new(scope: Scope) -> Self {
        Self {
            scope,
            ..Self::default()
        }
    }

    /// True if nothing is left in it.
    pub fn is_empty(&self) -> bool {
        self.selectors.is_empty() && self.objects.is_empty()
    }

    /// Adds a selector of an object in `namespace`, and returns its index keys, for
    /// [`remove_selector`](Self::remove_selector).
    pub fn insert_selector(&mut self, id: u32, namespace: &str, selector: &Selector) -> IndexKeys {
        let keys = self.best(namespace, selector);
        self.selectors.insert(id, &keys.0);
        keys
    }

    /// Takes a selector out.
    pub fn remove_selector(&mut self, id: u32, keys: &IndexKeys) {
        self.selectors.remove(id, &keys.0);
    }

    /// The index keys of an object.
    pub fn index_keys<V: Object>(&self, object: &V) -> IndexKeys {
        let namespace = object.namespace().unwrap_or_default();
        let mut keys = Vec::new();
        let mut add = |term: Term<'_>| keys.push(self.hash(namespace, term));
        add(Term::Any);
        for_each_label(object, add);
        IndexKeys(keys)
    }

    /// Adds an object.
    pub fn insert_object(&mut self, id: u32, keys: &IndexKeys) {
        self.objects.insert(id, &keys.0);
    }

    /// Takes an object out.
    pub fn remove_object(&mut self, id: u32, keys: &IndexKeys) {
        self.objects.remove(id, &keys.0);
    }

    /// The selectors that may match an object of these index keys, each once.
    pub fn selectors_for(&self, keys: &IndexKeys) -> impl Iterator<Item = u32> {
        // A selector that allows several values of a label is under each of them, but an object
        // has one of them; only colliding hashes could name one twice.
        let mut seen = Ids::default();
        let found = keys.0.iter().filter_map(|key| self.selectors.at(*key));
        found.flatten().copied().filter(move |id| seen.insert(*id))
    }

    /// The objects that a selector of `namespace` may match, each once.
    pub fn objects_for(&self, namespace: &str, selector: &Selector) -> impl Iterator<Item = u32> {
        let mut seen = Ids::default();
        let keys = self.narrowest(namespace, selector);
        let found = keys.into_iter().filter_map(|key| self.objects.at(key));
        found.flatten().copied().filter(move |id| seen.insert(*id))
    }

    /// The index keys under which there are the fewest objects that the selector does not match, and
    /// the fewest other selectors.
    fn best(&self, namespace: &str, selector: &Selector) -> IndexKeys {
        let cost = |keys: &Vec<u64>| self.objects.count(keys) + self.selectors.count(keys);
        let choices = self.choices(namespace, selector);
        IndexKeys(choices.min_by_key(cost).unwrap_or_default())
    }

    fn narrowest(&self, namespace: &str, selector: &Selector) -> Vec<u64> {
        let choices = self.choices(namespace, selector);
        choices
            .min_by_key(|keys| self.objects.count(keys))
            .unwrap_or_default()
    }

    fn choices(&self, namespace: &str, selector: &Selector) -> impl Iterator<Item = Vec<u64>> {
        let hash = |terms: Vec<_>| {
            terms
                .into_iter()
                .map(|term| self.hash(namespace, term))
                .collect()
        };
        selector.search_terms().into_iter().map(hash)
    }

    fn hash(&self, namespace: &str, term: Term<'_>) -> u64 {
        // One hasher for both sides, so that keys can be compared between them.
        self.objects.hash(self.scope.of(namespace, term))
    }
}

impl std::fmt::Debug for SelectorIndex {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SelectorIndex")
            .field("scope", &self.scope)
            .finish_non_exhaustive()
    }
}

/// The keys of a selector or an object in a [`SelectorIndex`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct IndexKeys(Vec<u64>);
