//! Finding what an object concerns without looking at everything.
//!
//! A condition is indexed under *index keys*: every object that meets it has at least one of them. An
//! object is looked up under each index key that it has. Both an index of conditions (which filters
//! and selectors concern this object?) and an index of objects (which of them can this selector
//! match?) are maps from keys to ids, so one type serves for both.
//!
//! Index keys are kept as hashes. Two that collide yield candidates that do not match, and candidates
//! are always checked against the condition itself.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasher, BuildHasherDefault, Hash, Hasher};

use foldhash::quality::RandomState;

use crate::object::Object;

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

    /// The key of the label that it is about.
    pub(crate) fn label_key(&self) -> Option<&str> {
        match self {
            Self::Label(key, _) | Self::LabelKey(key) => Some(key),
            _ => None,
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
pub(crate) struct IndexKey<'a> {
    pub(crate) namespace: Option<&'a str>,
    pub(crate) term: Term<'a>,
}

/// The ids under one index key.
pub(crate) type Ids = HashSet<u32, BuildHasherDefault<Spread>>;

/// Ids by index keys.
#[derive(Default)]
pub(crate) struct Index {
    hasher: RandomState,
    ids: HashMap<u64, Ids, BuildHasherDefault<Spread>>,
}

impl Index {
    /// The form in which an index key is kept.
    pub(crate) fn hash(&self, key: IndexKey<'_>) -> u64 {
        self.hasher.hash_one(key)
    }

    pub(crate) fn insert(&mut self, id: u32, keys: &[u64]) {
        for key in keys {
            self.ids.entry(*key).or_default().insert(id);
        }
    }

    pub(crate) fn remove(&mut self, id: u32, keys: &[u64]) {
        for key in keys {
            if let Entry::Occupied(mut ids) = self.ids.entry(*key) {
                ids.get_mut().remove(&id);
                if ids.get().is_empty() {
                    ids.remove();
                }
            }
        }
    }

    pub(crate) fn at(&self, key: u64) -> Option<&Ids> {
        self.ids.get(&key)
    }

    /// How many ids there are under these keys.
    pub(crate) fn count(&self, keys: &[u64]) -> usize {
        let count = |key| self.ids.get(key).map_or(0, Ids::len);
        keys.iter().map(count).sum()
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

/// The terms that an object has and that are of a kind that is wanted; those that every object has, and fields,
/// aside. Nothing else of it is read: a stored form may have to decode it.
pub(crate) fn for_each_term<V: Object>(
    object: &V,
    is_wanted: impl Fn(Term<'_>) -> bool,
    mut found: impl FnMut(Term<'_>),
) {
    if is_wanted(Term::Name("")) {
        found(Term::Name(object.name()));
    }
    if is_wanted(Term::Label("", "")) || is_wanted(Term::LabelKey("")) {
        for_each_label(object, &mut found);
    }
    if is_wanted(Term::Owner("")) {
        object.owners().for_each(|uid| found(Term::Owner(uid)));
    }
    if is_wanted(Term::Annotation("", "")) || is_wanted(Term::AnnotationKey("")) {
        for (key, value) in object.annotations() {
            found(Term::Annotation(key, value));
            found(Term::AnnotationKey(key));
        }
    }
    if is_wanted(Term::Finalizer("")) {
        object
            .finalizers()
            .for_each(|name| found(Term::Finalizer(name)));
    }
    if is_wanted(Term::BeingDeleted) && object.deletion_timestamp().is_some() {
        found(Term::BeingDeleted);
    }
}

pub(crate) fn for_each_label<V: Object>(object: &V, mut found: impl FnMut(Term<'_>)) {
    for (key, value) in object.labels() {
        found(Term::Label(key, value));
        found(Term::LabelKey(key));
    }
}
