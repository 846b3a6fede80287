//! How much may wait in a mailbox.

use crate::offload::MANY;

/// How many changes wait one by one unless told otherwise.
pub(crate) const QUEUE: usize = 256;

/// How much may wait.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// How many changes are queued one by one.
    pub(crate) queue: usize,
    /// What does not fit there is news to the reader, who takes one by one.
    pub(crate) lags: bool,
    /// From how many objects on a start is not made of them before it is read.
    pub(crate) many: usize,
    /// What happens to those that do not fit.
    pub(crate) overflow: Overflow,
    /// The reader derives states, and takes the state that it is brought up to with each batch.
    pub(crate) derives: bool,
    /// A commit is put in before it is put into others.
    pub(crate) first: bool,
}

/// What a subscription does with changes that its queue has no room for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Overflow {
    /// From there on one entry a key waits, with the net change.
    #[default]
    Merge,
    /// The subscription ends with [`Error::Lagged`](crate::Error::Lagged), after what waits was taken.
    End,
}

impl Limits {
    /// For whoever always takes all that waits.
    pub(crate) const BATCHES: Self = Self {
        queue: QUEUE,
        lags: false,
        many: MANY,
        overflow: Overflow::Merge,
        derives: true,
        first: false,
    };
    /// For an index, which has a commit before anybody else can have an event of it.
    pub(crate) const INDEX: Self = Self {
        derives: false,
        first: true,
        ..Self::BATCHES
    };

    /// From how many changes on they are merged.
    pub(super) fn merge_beyond(self) -> usize {
        match self.overflow {
            Overflow::Merge => self.queue,
            Overflow::End => usize::MAX,
        }
    }
}
