//! Which changes of an object are worth an update.

use std::collections::{BTreeMap, HashMap};
use std::ops::BitOr;
use std::sync::Arc;

use crate::event::Change;
use crate::object::{Key, Object};

/// A part of an object's metadata that a subscription can be narrowed to: see
/// [`SubscribeOptions::changes_of`](crate::SubscribeOptions::changes_of). They are those of kube-rs's
/// `predicates`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Aspect {
    /// `metadata.generation`: the server raises it when the spec changes, or the object begins to be
    /// deleted, and not when the status or the metadata does. An object without one, as a `ConfigMap`,
    /// counts as changed each time.
    Generation,
    /// The labels.
    Labels,
    /// The annotations.
    Annotations,
    /// The finalizers, in their order.
    Finalizers,
    /// When it began to be deleted, if it did.
    Deletion,
    /// The owners, in their order.
    Owners,
    /// The `resourceVersion`: everything that the server stores. An object without one counts as
    /// changed each time.
    Version,
}

/// Several [`Aspect`]s: a change of any of them counts.
///
/// ```
/// use kcache::{Aspect, Aspects};
/// let aspects = Aspect::Generation | Aspect::Labels;
/// assert_eq!(aspects, Aspects::from(Aspect::Labels) | Aspect::Generation);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Aspects(u8);

const ALL: [Aspect; 7] = [
    Aspect::Generation,
    Aspect::Labels,
    Aspect::Annotations,
    Aspect::Finalizers,
    Aspect::Deletion,
    Aspect::Owners,
    Aspect::Version,
];

impl Aspect {
    fn differs<V: Object>(self, old: &V, new: &V) -> bool {
        match self {
            Self::Generation => old.generation().is_none() || old.generation() != new.generation(),
            Self::Labels => pairs(old.labels()) != pairs(new.labels()),
            Self::Annotations => pairs(old.annotations()) != pairs(new.annotations()),
            Self::Finalizers => !old.finalizers().eq(new.finalizers()),
            Self::Deletion => old.deletion_timestamp() != new.deletion_timestamp(),
            Self::Owners => !old.owners().eq(new.owners()),
            Self::Version => old.version().is_empty() || old.version() != new.version(),
        }
    }
}

/// The pairs, whatever their order is: a stored form may have another one each time.
fn pairs<'a>(all: impl Iterator<Item = (&'a str, &'a str)>) -> BTreeMap<&'a str, &'a str> {
    all.collect()
}

impl Aspects {
    fn any_differs<V: Object>(self, old: &V, new: &V) -> bool {
        let mut chosen = ALL.into_iter().filter(|aspect| self.has(*aspect));
        chosen.any(|aspect| aspect.differs(old, new))
    }

    /// True if an update of an object is worth telling: any of them differs, or none is chosen.
    #[cfg(feature = "kube-runtime")]
    pub(crate) fn trigger<V: Object>(self, old: &V, new: &V) -> bool {
        self.is_empty() || old.uid() != new.uid() || self.any_differs(old, new)
    }

    /// True if this aspect is among them.
    pub fn has(self, aspect: Aspect) -> bool {
        self.0 & (1 << aspect as u8) != 0
    }

    fn is_empty(self) -> bool {
        self.0 == 0
    }
}

impl From<Aspect> for Aspects {
    fn from(aspect: Aspect) -> Self {
        Self(1 << aspect as u8)
    }
}

impl<A: Into<Aspects>> BitOr<A> for Aspects {
    type Output = Self;

    fn bitor(self, other: A) -> Self {
        Self(self.0 | other.into().0)
    }
}

impl<A: Into<Aspects>> BitOr<A> for Aspect {
    type Output = Aspects;

    fn bitor(self, other: A) -> Aspects {
        Aspects::from(self) | other
    }
}

/// Leaves out the updates that change nothing of the chosen aspects.
///
/// What comes in are legal steps, and so is what goes out: of an object whose update was left out it
/// keeps what the subscriber has, which stands in the place of `old` in whatever comes next.
pub(crate) struct UpdateFilter<V> {
    /// Empty if everything is to pass.
    aspects: Aspects,
    /// What the subscriber has, where that is older than what was left out.
    held: HashMap<Key, Arc<V>>,
}

impl<V> Default for UpdateFilter<V> {
    fn default() -> Self {
        Self {
            aspects: Aspects::default(),
            held: HashMap::new(),
        }
    }
}

impl<V: Object> UpdateFilter<V> {
    pub(crate) fn new(aspects: Aspects) -> Self {
        Self {
            aspects,
            ..Self::default()
        }
    }

    /// What is left of a change.
    pub(crate) fn pass(&mut self, mut change: Change<V>) -> Option<Change<V>> {
        if self.aspects.is_empty() {
            return Some(change);
        }
        let key = change.key();
        let held = self.held.remove(&key);
        if change.old.is_some() && held.is_some() {
            change.old = held;
        }
        match (&change.old, &change.new) {
            (Some(old), Some(new))
                if old.uid() == new.uid() && !self.aspects.any_differs(&**old, &**new) =>
            {
                self.held.extend(change.old.map(|old| (key, old)));
                None
            }
            _ => Some(change),
        }
    }
}
