//! Finding what an object concerns without asking everything.
//!
//! A condition is filed under *anchors*: every object that meets it has at least one of them. An
//! object is looked up under each anchor that it has. Both an index of conditions (which filters
//! and selectors concern this object?) and an index of objects (which of them can this selector
//! match?) are maps from anchors to ids, so one type serves for both.
//!
//! Anchors are kept as hashes. Two that collide yield candidates that do not match, and candidates
//! are always judged by the condition itself.

use std::collections::hash_map::{Entry, RandomState};
use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasher, BuildHasherDefault, Hash, Hasher};

use crate::object::Object;
use crate::selector::Selector;

/// A property that an object has or has not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Term<'a> {
    /// Every object has it.
    Any,
    Name(&'a str),
    Label(&'a str, &'a str),
    LabelKey(&'a str),
    Owner(&'a str),
    Field(&'a str, &'a str),
    Annotation(&'a str, &'a str),
    AnnotationKey(&'a str),
    Finalizer(&'a str),
    BeingDeleted,
}

/// How many kinds of terms there are.
pub(crate) const KINDS: usize = 10;

impl Term<'_> {
    /// A number below [`KINDS`] for the kind of the term.
    pub(crate) fn kind(self) -> usize {
        match self {
            Self::Any => 0,
            Self::Name(_) => 1,
            Self::Label(..) => 2,
            Self::LabelKey(_) => 3,
            Self::Owner(_) => 4,
            Self::Field(..) => 5,
            Self::Annotation(..) => 6,
            Self::AnnotationKey(_) => 7,
            Self::Finalizer(_) => 8,
            Self::BeingDeleted => 9,
        }
    }

    /// How many objects to expect under such a term, roughly and only to compare.
    pub(crate) fn breadth(self) -> usize {
        match self {
            Self::Name(_) => 0,
            Self::Owner(_) => 1,
            Self::Label(..) | Self::Field(..) | Self::Annotation(..) | Self::BeingDeleted => 2,
            Self::LabelKey(_) | Self::AnnotationKey(_) | Self::Finalizer(_) => 3,
            Self::Any => 4,
        }
    }
}

/// A term, in one namespace or in all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Anchor<'a> {
    pub(crate) namespace: Option<&'a str>,
    pub(crate) term: Term<'a>,
}

/// The ids filed under one anchor.
pub(crate) type Ids = HashSet<u32, BuildHasherDefault<Spread>>;

/// Ids filed under anchors.
#[derive(Default)]
pub(crate) struct Index {
    hasher: RandomState,
    ids: HashMap<u64, Ids, BuildHasherDefault<Spread>>,
}

impl Index {
    /// The form in which an anchor is kept.
    pub(crate) fn hash(&self, anchor: Anchor<'_>) -> u64 {
        self.hasher.hash_one(anchor)
    }

    pub(crate) fn insert(&mut self, id: u32, anchors: &[u64]) {
        for anchor in anchors {
            self.ids.entry(*anchor).or_default().insert(id);
        }
    }

    pub(crate) fn remove(&mut self, id: u32, anchors: &[u64]) {
        for anchor in anchors {
            if let Entry::Occupied(mut ids) = self.ids.entry(*anchor) {
                ids.get_mut().remove(&id);
                if ids.get().is_empty() {
                    ids.remove();
                }
            }
        }
    }

    pub(crate) fn at(&self, anchor: u64) -> impl Iterator<Item = u32> {
        self.ids.get(&anchor).into_iter().flatten().copied()
    }

    /// How many ids stand under these anchors.
    pub(crate) fn count(&self, anchors: &[u64]) -> usize {
        let count = |anchor| self.ids.get(anchor).map_or(0, Ids::len);
        anchors.iter().map(count).sum()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.ids.is_empty()
    }
}

/// A hasher for what is already a hash, or a small number.
#[derive(Default)]
pub(crate) struct Spread(u64);

impl Hasher for Spread {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.write_u64(u64::from(*byte));
        }
    }

    fn write_u32(&mut self, id: u32) {
        self.write_u64(u64::from(id));
    }

    fn write_u64(&mut self, hash: u64) {
        self.0 = (self.0 ^ hash)
            .wrapping_mul(0x9e37_79b9_7f4a_7c15)
            .rotate_left(29);
    }
}

/// The terms that an object has, fields aside.
pub(crate) fn for_each_term<V: Object>(object: &V, mut found: impl FnMut(Term<'_>)) {
    found(Term::Any);
    found(Term::Name(object.name()));
    for_each_label(object, &mut found);
    for owner in object.owners() {
        found(Term::Owner(owner));
    }
    for (key, value) in object.annotations() {
        found(Term::Annotation(key, value));
        found(Term::AnnotationKey(key));
    }
    for finalizer in object.finalizers() {
        found(Term::Finalizer(finalizer));
    }
    if object.deletion_timestamp().is_some() {
        found(Term::BeingDeleted);
    }
}

fn for_each_label<V: Object>(object: &V, mut found: impl FnMut(Term<'_>)) {
    for (key, value) in object.labels() {
        found(Term::Label(key, value));
        found(Term::LabelKey(key));
    }
}

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
