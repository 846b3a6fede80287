//! Where the bytes of a value are.

use std::ops::Range;

/// Where the bytes of a value are, until the next step.
pub(super) enum Span {
    Chunk(Range<usize>),
    /// They came in more than one chunk.
    Carry,
    /// They were too many to be held; an object with its `metadata` at most stands for them.
    TooLarge,
}

impl Span {
    pub(super) fn is_whole(&self) -> bool {
        !matches!(self, Self::TooLarge)
    }
}
