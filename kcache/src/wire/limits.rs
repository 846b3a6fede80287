//! How much is held.

/// An API server stores no more than a few MiB in one object.
pub(crate) const LARGEST: usize = 64 << 20;
/// What a buffer may keep for the next value.
pub(super) const KEPT: usize = 1 << 20;
/// What `metadata` may take: API servers allow 256 KiB of annotations.
pub(super) const LARGEST_METADATA: usize = 4 << 20;
