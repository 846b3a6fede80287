//! Whether a reader has fallen behind.

use super::backlog::Backlog;
use super::limits::{Limits, Overflow};
use crate::object::Object;
use crate::status::Notice;

/// Whether changes are being merged, and how often that began.
#[derive(Default)]
pub(super) struct Lag {
    pub(super) lagging: bool,
    pub(super) times: u64,
}

impl Lag {
    /// Notes it if so many more changes will make the backlog merge, and returns what to announce.
    pub(super) fn note<V: Object>(
        &mut self,
        limits: Limits,
        backlog: &Backlog<V>,
        count: usize,
    ) -> Option<Notice> {
        let merges = limits.lags && limits.overflow == Overflow::Merge;
        let lagging = merges && !backlog.fits(count, limits.queue);
        let begins = lagging && !self.lagging;
        self.lagging |= lagging;
        self.times += u64::from(begins);
        let waiting = backlog.len() + count;
        begins.then_some(Notice::Lagged { waiting })
    }
}
