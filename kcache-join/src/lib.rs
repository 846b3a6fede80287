//! Live joins between watch caches.
