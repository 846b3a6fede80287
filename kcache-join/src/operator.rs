//! What the engine needs of an operator.

use kcache::{Key, Object};

use crate::slab::Slab;

/// The guards of an operator that has none: nothing is one.
pub(crate) enum Unguarded {}

impl Object for Unguarded {
    fn name(&self) -> &str {
        match *self {}
    }
}

/// How sources and targets relate, with an index of both sides.
pub(crate) trait Operator<S, T>: Send + 'static {
    /// What matters of a source. While it stays equal, its targets stay the same.
    type Source: PartialEq + Send;
    /// What matters of a target.
    type Target: Send;
    /// What a third input has, on which it depends whether a source and a target relate.
    type Guard: Object;

    /// The fact of a source, and what is wrong with it. A source that cannot be read relates to
    /// nothing.
    fn source(&self, object: &S) -> (Self::Source, Option<String>);
    fn target(&self, object: &T) -> Self::Target;
    /// True if a target, which has this fact, has the same sources as the new object.
    fn same_target(&self, fact: &Self::Target, known: &T, new: &T) -> bool;

    fn add_source(&mut self, slot: u32, fact: &Self::Source);
    fn drop_source(&mut self, slot: u32, fact: &Self::Source);
    fn add_target(&mut self, slot: u32, fact: &Self::Target);
    fn drop_target(&mut self, slot: u32, fact: &Self::Target);

    /// The targets of a source, each once.
    fn targets(&mut self, fact: &Self::Source, all: &Slab<T, Self::Target>) -> Vec<u32>;
    /// The sources of a target, each once.
    fn sources(&mut self, object: &T, fact: &Self::Target, all: &Slab<S, Self::Source>)
    -> Vec<u32>;

    /// The sources to which it may matter that a guard is replaced, or goes.
    fn guarded(&self, _key: &Key, _new: Option<&Self::Guard>) -> Vec<u32> {
        Vec::new()
    }
    /// Replaces a guard. From now on targets and sources are by what it says.
    fn replace_guard(&mut self, _key: &Key, _new: Option<&Self::Guard>) {}

    /// True if it is time to rebuild the index, by going through all sources.
    fn needs_rebuild(&self, _sources: &Slab<S, Self::Source>) -> bool {
        false
    }
    fn rebuild(&mut self, _sources: &Slab<S, Self::Source>) {}
    /// How often a relation between two objects was evaluated since the last call.
    fn take_evaluations(&mut self) -> u64;
}
