//! Which source holds which target.

use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

use kcache::{Key, Object};

/// A source and a target that relate to each other.
///
/// As an [`Object`] it is in the target's namespace, has the target's labels, annotations and
/// finalizers, and is named after both. It is another one when either of them is.
pub struct Pair<S, T> {
    /// The source.
    pub source: Arc<S>,
    /// The target.
    pub target: Arc<T>,
    name: String,
    uid: String,
}

impl<S: Object, T: Object> Pair<S, T> {
    pub(crate) fn new(source: Arc<S>, target: Arc<T>) -> Self {
        let name = format!("{} > {}", Key::of(&*source), target.name());
        let uid = format!("{} > {}", source.uid(), target.uid());
        Self {
            source,
            target,
            name,
            uid,
        }
    }
}

impl<S: Object, T: Object> Object for Pair<S, T> {
    fn namespace(&self) -> Option<&str> {
        self.target.namespace()
    }

    fn name(&self) -> &str {
        &self.name
    }

    fn uid(&self) -> &str {
        &self.uid
    }

    fn labels(&self) -> impl Iterator<Item = (&str, &str)> {
        self.target.labels()
    }

    fn label(&self, key: &str) -> Option<&str> {
        self.target.label(key)
    }

    fn annotations(&self) -> impl Iterator<Item = (&str, &str)> {
        self.target.annotations()
    }

    fn annotation(&self, key: &str) -> Option<&str> {
        self.target.annotation(key)
    }

    fn deletion_timestamp(&self) -> Option<SystemTime> {
        self.target.deletion_timestamp()
    }

    fn finalizers(&self) -> impl Iterator<Item = &str> {
        self.target.finalizers()
    }
}

impl<S, T> fmt::Debug for Pair<S, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}
