//! What waits in a mailbox.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use foldhash::HashMap;

use crate::event::Change;
use crate::filter::Filter;
use crate::object::{Key, KeyRef, Object};
use crate::store::Moment;

/// Changes in the order of their commits; after too many of them, one entry a key that holds the
/// net change.
pub(crate) struct Backlog<V> {
    /// All that commits up to this one bring was put in.
    pub(super) at: Moment,
    queue: VecDeque<QueueItem<V>>,
    /// How many changes of commits the queue holds, and of how many commits.
    queued: usize,
    commits: usize,
    /// How many changes of refilters the queue holds.
    refiltered: usize,
    net: NetChanges<V>,
    /// A filter that takes effect with what is in `net`.
    filter: Option<Filter<V>>,
}

/// What is taken out at once.
pub(crate) enum QueueItem<V> {
    /// One change, which is shared with others who get it.
    Change(Arc<Change<V>>),
    /// A filter from here on, with all that it changes; changes that waited before it may be
    /// merged into these.
    Refilter(Filter<V>, Vec<Change<V>>),
    /// What was left of a start when a refilter came.
    Rest(Vec<Change<V>>),
}

impl<V> Default for Backlog<V> {
    fn default() -> Self {
        Self {
            at: Moment::default(),
            queue: VecDeque::new(),
            queued: 0,
            commits: 0,
            refiltered: 0,
            net: NetChanges::default(),
            filter: None,
        }
    }
}

impl<V: Object> Backlog<V> {
    pub(crate) fn len(&self) -> usize {
        self.queued + self.refiltered + self.net.entries.len()
    }

    /// How many changes of commits wait one by one.
    pub(super) fn queued(&self) -> usize {
        self.queued
    }

    pub(super) fn is_empty(&self) -> bool {
        self.len() == 0 && self.filter.is_none() && self.queue.is_empty()
    }

    /// Notes that all up to there was put in, also if that was nothing.
    pub(super) fn reach(&mut self, at: Moment) {
        self.at.commit = self.at.commit.max(at.commit);
        self.at.incarnation = self.at.incarnation.max(at.incarnation);
    }

    /// True if `count` more changes can be queued. A commit is never split, so one always fits into
    /// an empty queue.
    pub(super) fn fits(&self, count: usize, limit: usize) -> bool {
        let merging = !self.net.entries.is_empty() || self.filter.is_some();
        let waiting = self.queued + self.refiltered;
        !merging && (waiting == 0 || waiting + count <= limit)
    }

    /// Takes in a commit; what does not fit is merged. Returns how many changes are in others now.
    pub(super) fn push(&mut self, at: Moment, changes: &[Arc<Change<V>>], limit: usize) -> usize {
        self.reach(at);
        let each = self.len() + changes.len();
        if self.fits(changes.len(), limit) {
            self.queued += changes.len();
            self.commits += 1;
            let changes = changes.iter().cloned();
            self.queue.extend(changes.map(QueueItem::Change));
        } else {
            self.merge_queue();
            for change in changes {
                self.net.merge(Change::clone(change), self.filter.is_some());
            }
        }
        each - self.len()
    }

    /// Takes in a refilter with what it changes.
    pub(super) fn push_filter(&mut self, filter: Filter<V>, changes: Vec<Change<V>>, limit: usize) {
        if self.fits(changes.len(), limit) {
            let mut changes = changes;
            if let Some(QueueItem::Refilter(..)) = self.queue.back() {
                // No commit came in between, so the two are one.
                let mut net = NetChanges::default();
                if let Some(QueueItem::Refilter(_, earlier)) = self.queue.pop_back() {
                    self.refiltered -= earlier.len();
                    for change in earlier {
                        net.merge(change, true);
                    }
                }
                for change in changes {
                    net.merge(change, true);
                }
                changes = net.drain();
            }
            self.refiltered += changes.len();
            self.queue.push_back(QueueItem::Refilter(filter, changes));
        } else {
            self.merge_queue();
            self.merge_item(QueueItem::Refilter(filter, changes));
        }
    }

    /// Takes in, after its own, all that waits in another.
    pub(super) fn append(&mut self, mut later: Self, limit: usize) {
        self.reach(later.at);
        if self.fits(later.len(), limit) && later.net.entries.is_empty() {
            self.queued += later.queued;
            self.commits += later.commits;
            self.refiltered += later.refiltered;
            self.queue.append(&mut later.queue);
        } else {
            self.merge_queue();
            later.merge_queue();
            for entry in later.net.entries.into_values() {
                let recheck = entry.recheck || self.filter.is_some();
                self.net.merge(entry.change, recheck);
            }
        }
    }

    /// Takes all out, and leaves nothing up to the same commit.
    pub(super) fn take_out(&mut self) -> Self {
        let left = Self {
            at: self.at,
            ..Self::default()
        };
        std::mem::replace(self, left)
    }

    /// Forgets what happened to other keys than these.
    pub(super) fn keep_only(&mut self, keep: impl Fn(KeyRef<'_>) -> bool) {
        self.merge_queue();
        self.net.keep_only(keep);
    }

    /// What began with these objects and went on with what waits here, evaluated by this filter from the
    /// first object on if there is one.
    pub(super) fn begun_with(self, filter: Option<Filter<V>>, start: Vec<Change<V>>) -> Self {
        let mut all = Self {
            at: self.at,
            refiltered: start.len(),
            ..Self::default()
        };
        all.queue.push_back(match filter {
            Some(filter) => QueueItem::Refilter(filter, start),
            None => QueueItem::Rest(start),
        });
        all.append(self, usize::MAX);
        all
    }

    pub(super) fn take(&mut self) -> Option<QueueItem<V>> {
        if let Some(item) = self.queue.pop_front() {
            match &item {
                QueueItem::Change(_) => self.queued -= 1,
                QueueItem::Refilter(_, changes) | QueueItem::Rest(changes) => {
                    self.refiltered -= changes.len();
                }
            }
            return Some(item);
        }
        if let Some(filter) = self.filter.take() {
            // Deletes of a refilter come first, so what it changes is not taken one by one.
            return Some(QueueItem::Refilter(filter, self.net.drain()));
        }
        let first = self.net.take_first();
        first.map(|change| QueueItem::Change(change.into()))
    }

    /// Everything at once, each key at most once.
    pub(crate) fn drain(&mut self) -> (Option<Filter<V>>, Vec<Change<V>>) {
        if let Some(changes) = self.drain_commit() {
            return (None, changes);
        }
        self.merge_queue();
        (self.filter.take(), self.net.drain())
    }

    /// All of it if it is of one commit, which names each key once.
    fn drain_commit(&mut self) -> Option<Vec<Change<V>>> {
        let is_change = |item: &QueueItem<V>| matches!(item, QueueItem::Change(_));
        let merged = self.filter.is_some() || !self.net.entries.is_empty();
        if self.commits != 1 || merged || !self.queue.iter().all(is_change) {
            return None;
        }
        (self.queued, self.commits) = (0, 0);
        let queue = std::mem::take(&mut self.queue);
        let changes = queue.into_iter().filter_map(|item| match item {
            QueueItem::Change(change) => Some(Arc::unwrap_or_clone(change)),
            QueueItem::Refilter(..) | QueueItem::Rest(_) => None,
        });
        Some(changes.collect())
    }

    fn merge_queue(&mut self) {
        (self.queued, self.refiltered, self.commits) = (0, 0, 0);
        for item in std::mem::take(&mut self.queue) {
            self.merge_item(item);
        }
    }

    fn merge_item(&mut self, item: QueueItem<V>) {
        match item {
            // What comes after a filter that is not in effect yet was never evaluated by it.
            QueueItem::Change(change) => {
                let change = Arc::unwrap_or_clone(change);
                self.net.merge(change, self.filter.is_some());
            }
            QueueItem::Refilter(filter, changes) => {
                self.filter = Some(filter);
                for change in changes {
                    self.net.merge(change, true);
                }
            }
            QueueItem::Rest(changes) => {
                for change in changes {
                    self.net.merge(change, self.filter.is_some());
                }
            }
        }
    }
}

/// For each key the net change, in the order in which keys came up.
struct NetChanges<V> {
    entries: BTreeMap<u64, NetChange<V>>,
    positions: HashMap<Key, u64>,
    next: u64,
}

struct NetChange<V> {
    change: Change<V>,
    /// The object must be evaluated again by a closure, even if it did not change.
    recheck: bool,
}

impl<V> Default for NetChanges<V> {
    fn default() -> Self {
        Self {
            entries: BTreeMap::new(),
            positions: HashMap::default(),
            next: 0,
        }
    }
}

impl<V: Object> NetChanges<V> {
    fn merge(&mut self, change: Change<V>, recheck: bool) {
        let key = change.key();
        let Some(position) = self.positions.get(&key) else {
            self.positions.insert(key, self.next);
            self.entries
                .insert(self.next, NetChange { change, recheck });
            self.next += 1;
            return;
        };
        let Some(entry) = self.entries.get_mut(position) else {
            return;
        };
        if crate::seeded_fault::ForgetFirst.strikes() {
            entry.change.old = change.old;
        }
        // It is another one than the subscriber had, even if it is the same object: it has a new slot.
        entry.recheck |= recheck || entry.change.new.is_none() && change.new.is_some();
        entry.change.new = change.new;
        let absent = entry.change.old.is_none() && entry.change.new.is_none();
        if absent || entry.change.is_nothing() && !entry.recheck {
            self.entries.remove(position);
            self.positions.remove(&key);
        }
    }

    fn keep_only(&mut self, keep: impl Fn(KeyRef<'_>) -> bool) {
        self.entries.retain(|_, entry| keep(entry.change.key_ref()));
        self.positions.retain(|key, _| keep(key.parts()));
    }

    fn take_first(&mut self) -> Option<Change<V>> {
        let (_, entry) = self.entries.pop_first()?;
        self.positions.remove(&entry.change.key());
        Some(entry.change)
    }

    fn drain(&mut self) -> Vec<Change<V>> {
        let net = std::mem::take(self);
        net.entries
            .into_values()
            .map(|entry| entry.change)
            .collect()
    }
}
