//! What happened to an object.

use std::fmt;
use std::sync::Arc;

use crate::object::{Key, KeyRef, Object};

/// One step in the life of an object, as a subscriber sees it.
///
/// For each object a subscriber sees only legal steps: a create where it has none, and in an update
/// or a delete `old` is the very object that it was last given. An update keeps the UID; an object
/// that was replaced by another of the same name is a delete and then a create.
pub enum Event<V> {
    /// The object is new to the subscriber.
    Create {
        /// The object.
        new: Arc<V>,
    },
    /// The object changed.
    Update {
        /// What the subscriber had.
        old: Arc<V>,
        /// What it has now.
        new: Arc<V>,
    },
    /// The object is gone, or no longer matches.
    Delete {
        /// What the subscriber had.
        old: Arc<V>,
    },
}

impl<V> Event<V> {
    /// The object that the event is about: the new one, or for a delete the last one.
    pub fn object(&self) -> &Arc<V> {
        match self {
            Self::Create { new } | Self::Update { new, .. } => new,
            Self::Delete { old } => old,
        }
    }
}

impl<V> Clone for Event<V> {
    fn clone(&self) -> Self {
        match self {
            Self::Create { new } => Self::Create { new: new.clone() },
            Self::Update { old, new } => Self::Update {
                old: old.clone(),
                new: new.clone(),
            },
            Self::Delete { old } => Self::Delete { old: old.clone() },
        }
    }
}

impl<V: Object> fmt::Debug for Event<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match self {
            Self::Create { .. } => "Create",
            Self::Update { .. } => "Update",
            Self::Delete { .. } => "Delete",
        };
        let object = &**self.object();
        write!(f, "{kind}({}@{})", Key::of(object), object.version())
    }
}

/// What one commit did to one key, or what several did to it together.
///
/// A commit names a key at most once, so an object that was replaced by another of the same name
/// is one change, and becomes two events.
pub struct Change<V> {
    /// What was there before, if anything.
    pub old: Option<Arc<V>>,
    /// What is there now, if anything.
    pub new: Option<Arc<V>>,
}

impl<V: Object> Change<V> {
    /// The change as the events that it means: one, or two if the object was replaced.
    ///
    /// # Example
    ///
    /// ```
    /// use kcache::{Change, Event};
    /// # use k8s_openapi::api::core::v1::ConfigMap;
    /// # let map = ConfigMap::default();
    /// let change = Change::created(map.into());
    /// assert!(matches!(change.into_events(), [Some(Event::Create { .. }), None]));
    /// ```
    pub fn into_events(self) -> [Option<Event<V>>; 2] {
        match (self.old, self.new) {
            (Some(old), Some(new))
                if old.uid() == new.uid() || crate::seeded_fault::ForgetUid.strikes() =>
            {
                [Some(Event::Update { old, new }), None]
            }
            (old, new) => {
                let delete = old.map(|old| Event::Delete { old });
                let create = new.map(|new| Event::Create { new });
                if delete.is_some() {
                    [delete, create]
                } else {
                    [create, None]
                }
            }
        }
    }

    /// The key of its objects.
    pub fn key(&self) -> Key {
        let KeyRef(namespace, name) = self.key_ref();
        Key::new(namespace, name)
    }

    pub(crate) fn key_ref(&self) -> KeyRef<'_> {
        let object = self.new.as_deref().or(self.old.as_deref());
        object.map_or(KeyRef("", ""), KeyRef::of)
    }

    /// The change that brings in an object.
    pub fn created(new: Arc<V>) -> Self {
        Self {
            old: None,
            new: Some(new),
        }
    }

    /// The change that takes an object away.
    pub fn deleted(old: Arc<V>) -> Self {
        Self {
            old: Some(old),
            new: None,
        }
    }
}

impl<V> Change<V> {
    /// True if both sides are the same allocation, or there is nothing on both.
    pub(crate) fn is_nothing(&self) -> bool {
        match (&self.old, &self.new) {
            (Some(old), Some(new)) => Arc::ptr_eq(old, new),
            (old, new) => old.is_none() && new.is_none(),
        }
    }
}

/// The order within one commit and within one refilter: deletes, updates, creates.
pub(crate) fn sort<V>(changes: &mut [Change<V>]) {
    changes.sort_by_key(|change| match (&change.old, &change.new) {
        (_, None) => 0,
        (Some(_), Some(_)) => 1,
        (None, Some(_)) => 2,
    });
}

impl<V> Clone for Change<V> {
    fn clone(&self) -> Self {
        Self {
            old: self.old.clone(),
            new: self.new.clone(),
        }
    }
}

impl<V: Object> fmt::Debug for Change<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let version = |side: &Option<Arc<V>>| side.as_ref().map(|o| o.version().to_owned());
        write!(
            f,
            "{} {:?} -> {:?}",
            self.key(),
            version(&self.old),
            version(&self.new)
        )
    }
}
