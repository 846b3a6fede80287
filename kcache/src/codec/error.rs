//! Why bytes did not make an object.

use crate::object::Key;

/// Why bytes did not make an object. Final for these bytes. It says nothing of the content, which
/// may be a Secret's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct DecodeError {
    reason: String,
    key: Option<Key>,
}

impl DecodeError {
    /// An error of an object that nothing is known of.
    pub fn new(reason: impl Into<String>) -> Self {
        let reason = reason.into();
        Self { reason, key: None }
    }

    /// Names the object.
    #[must_use]
    pub fn with_key(mut self, key: Key) -> Self {
        self.key = Some(key);
        self
    }

    /// Which object it was, as far as that is known.
    pub fn key(&self) -> Option<&Key> {
        self.key.as_ref()
    }
}
