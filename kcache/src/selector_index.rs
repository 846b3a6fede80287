//! Selectors and objects, indexed against each other.

use crate::index::{Anchor, Ids, Index, Term, for_each_label};
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
    fn of<'a>(self, namespace: &'a str, term: Term<'a>) -> Anchor<'a> {
        let namespace = (self == Self::Namespace).then_some(namespace);
        Anchor { namespace, term }
    }
}

/// Selectors and objects, indexed against each other: what a join by labels stands on.
///
/// Selectors and objects go by numbers that the caller gives them. What [`selectors_for`] and
/// [`objects_for`] name are candidates, to be judged by [`Selector::matches`].
///
/// # Example
///
/// ```
/// # use k8s_openapi::api::core::v1::ConfigMap;
/// use kcache::{Scope, SelectorIndex};
/// # let mut web = ConfigMap::default();
/// # web.metadata.labels = Some([("app".to_owned(), "web".to_owned())].into());
/// let mut index = SelectorIndex::new(Scope::Everywhere);
/// let anchors = index.anchors(&web);
/// index.insert_object(7, &anchors);
/// let selector = "app in (web, api)".parse()?;
/// index.insert_selector(1, "", &selector);
/// assert_eq!(index.objects_for("", &selector).collect::<Vec<_>>(), [7]);
/// assert_eq!(index.selectors_for(&anchors).collect::<Vec<_>>(), [1]);
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

    /// Files a selector of an object in `namespace`, and returns where, for
    /// [`remove_selector`](Self::remove_selector).
    pub fn insert_selector(&mut self, id: u32, namespace: &str, selector: &Selector) -> Anchors {
        let anchors = self.best(namespace, selector);
        self.selectors.insert(id, &anchors.0);
        anchors
    }

    /// Takes a selector out.
    pub fn remove_selector(&mut self, id: u32, anchors: &Anchors) {
        self.selectors.remove(id, &anchors.0);
    }

    /// Where an object is to be filed, or would be.
    pub fn anchors<V: Object>(&self, object: &V) -> Anchors {
        let namespace = object.namespace().unwrap_or_default();
        let mut anchors = Vec::new();
        let mut file = |term: Term<'_>| anchors.push(self.hash(namespace, term));
        file(Term::Any);
        for_each_label(object, file);
        Anchors(anchors)
    }

    /// Files an object.
    pub fn insert_object(&mut self, id: u32, anchors: &Anchors) {
        self.objects.insert(id, &anchors.0);
    }

    /// Takes an object out.
    pub fn remove_object(&mut self, id: u32, anchors: &Anchors) {
        self.objects.remove(id, &anchors.0);
    }

    /// The selectors that may match an object filed under `anchors`, each once.
    pub fn selectors_for(&self, anchors: &Anchors) -> impl Iterator<Item = u32> {
        // A selector that allows several values of a label stands under each of them, but an object
        // has one of them; only colliding hashes could name one twice.
        let mut seen = Ids::default();
        let found = anchors
            .0
            .iter()
            .flat_map(|anchor| self.selectors.at(*anchor));
        found.filter(move |id| seen.insert(*id))
    }

    /// The objects that a selector of `namespace` may match, each once.
    pub fn objects_for(&self, namespace: &str, selector: &Selector) -> impl Iterator<Item = u32> {
        let mut seen = Ids::default();
        let anchors = self.narrowest(namespace, selector);
        let found = anchors
            .into_iter()
            .flat_map(|anchor| self.objects.at(anchor));
        found.filter(move |id| seen.insert(*id))
    }

    /// Where a selector is met by the fewest objects that it does not match, and stands among the
    /// fewest other selectors.
    fn best(&self, namespace: &str, selector: &Selector) -> Anchors {
        let cost = |anchors: &Vec<u64>| self.objects.count(anchors) + self.selectors.count(anchors);
        let choices = self.choices(namespace, selector);
        Anchors(choices.min_by_key(cost).unwrap_or_default())
    }

    fn narrowest(&self, namespace: &str, selector: &Selector) -> Vec<u64> {
        let choices = self.choices(namespace, selector);
        choices
            .min_by_key(|anchors| self.objects.count(anchors))
            .unwrap_or_default()
    }

    fn choices(&self, namespace: &str, selector: &Selector) -> impl Iterator<Item = Vec<u64>> {
        let hash = |terms: Vec<_>| {
            terms
                .into_iter()
                .map(|term| self.hash(namespace, term))
                .collect()
        };
        selector.anchors().into_iter().map(hash)
    }

    fn hash(&self, namespace: &str, term: Term<'_>) -> u64 {
        // One hasher for both sides, so that anchors can be compared between them.
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

/// Where something is filed in a [`SelectorIndex`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Anchors(Vec<u64>);
