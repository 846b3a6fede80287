//! All objects, and the history that watches and old lists are answered from.

use std::collections::{BTreeMap, VecDeque};
use std::ops::Bound;
use std::sync::Arc;

use tokio::sync::watch;

use super::object::Stored;
use super::resource::Resource;
use super::status::Status;

/// The objects of all resources, under one version counter.
#[derive(Debug)]
pub(super) struct Store {
    /// The version of the last change.
    pub(super) version: u64,
    /// How often the history began anew.
    pub(super) epoch: u64,
    /// In the order of the server's resources.
    collections: Vec<Collection>,
}

/// The objects of one resource.
#[derive(Debug)]
struct Collection {
    objects: BTreeMap<String, Arc<Stored>>,
    /// Nothing can be watched or listed from before this version.
    floor: u64,
    /// The newest change that is no longer in the log. A watch that is open reads on below the
    /// floor, as on the real server.
    lost: u64,
    /// The changes, the oldest first.
    log: VecDeque<Change>,
    signal: watch::Sender<Signal>,
}

/// What open watches of a resource are told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Signal {
    /// The version of the resource's last change.
    pub(super) version: u64,
    /// Rises when watches are to be cut.
    pub(super) cuts: u64,
    /// Rises when watches are to end as at their timeout.
    pub(super) ends: u64,
}

/// One change of one object.
#[derive(Debug, Clone)]
pub(super) struct Change {
    pub(super) version: u64,
    /// The new content; of a deletion, the last content at the deletion's version.
    pub(super) object: Arc<Stored>,
    /// What was there before, at its own version.
    pub(super) previous: Option<Arc<Stored>>,
    pub(super) deleted: bool,
}

impl Store {
    pub(super) fn new(resources: usize, version: u64) -> Self {
        let collection = || Collection {
            objects: BTreeMap::new(),
            floor: version,
            lost: version,
            log: VecDeque::new(),
            signal: watch::Sender::new(Signal {
                version,
                cuts: 0,
                ends: 0,
            }),
        };
        Self {
            version,
            epoch: 0,
            collections: std::iter::repeat_with(collection).take(resources).collect(),
        }
    }

    pub(super) fn get(&self, resource: usize, key: &str) -> Option<&Arc<Stored>> {
        self.collections[resource].objects.get(key)
    }

    /// The oldest version of a resource that can be listed or watched from.
    pub(super) fn floor(&self, resource: usize) -> u64 {
        self.collections[resource].floor
    }

    pub(super) fn len(&self, resource: usize) -> usize {
        self.collections[resource].objects.len()
    }

    pub(super) fn subscribe(&self, resource: usize) -> watch::Receiver<Signal> {
        self.collections[resource].signal.subscribe()
    }

    /// Stores what `make` makes of the next version.
    pub(super) fn commit(
        &mut self,
        resource: usize,
        make: impl FnOnce(u64) -> Stored,
    ) -> Arc<Stored> {
        self.version += 1;
        let object = Arc::new(make(self.version));
        let collection = &mut self.collections[resource];
        let previous = collection
            .objects
            .insert(object.key.clone(), object.clone());
        collection.record(Change {
            version: self.version,
            object: object.clone(),
            previous,
            deleted: false,
        });
        object
    }

    /// Removes an object; gives its last content at the version of the deletion.
    pub(super) fn remove(
        &mut self,
        resource: usize,
        key: &str,
        kind: &Resource,
    ) -> Option<Arc<Stored>> {
        let collection = &mut self.collections[resource];
        let previous = collection.objects.remove(key)?;
        self.version += 1;
        let object = Arc::new(previous.at_version(kind, self.version));
        collection.record(Change {
            version: self.version,
            object: object.clone(),
            previous: Some(previous),
            deleted: true,
        });
        Some(object)
    }

    /// The keys of a resource that start with `prefix`.
    pub(super) fn keys(&self, resource: usize, prefix: &str) -> Vec<String> {
        let objects = &self.collections[resource].objects;
        let from = (Bound::Included(prefix), Bound::Unbounded);
        objects
            .range::<str, _>(from)
            .map(|(key, _)| key)
            .take_while(|key| key.starts_with(prefix))
            .cloned()
            .collect()
    }

    /// The state at a version of the past, from `start` on, as far as keys start with `prefix`.
    ///
    /// `version` is at least the floor.
    pub(super) fn range_at(
        &self,
        resource: usize,
        version: u64,
        start: &str,
        prefix: &str,
    ) -> Vec<Arc<Stored>> {
        let collection = &self.collections[resource];
        let mut overlay = collection.undone_to(version);
        let from = (Bound::Included(start.max(prefix)), Bound::Unbounded);
        let mut found: Vec<Arc<Stored>> = Vec::new();
        let current = collection
            .objects
            .range::<str, _>(from)
            .take_while(|(key, _)| key.starts_with(prefix));
        for (key, object) in current {
            match overlay.remove(key.as_str()) {
                None => found.push(object.clone()),
                Some(earlier) => found.extend(earlier.cloned()),
            }
        }
        let mut removed = overlay
            .into_iter()
            .filter(|(key, _)| key.starts_with(prefix) && *key >= start)
            .filter_map(|(_, object)| object.cloned())
            .peekable();
        if removed.peek().is_some() {
            found.extend(removed);
            found.sort_by(|one, other| one.key.cmp(&other.key));
        }
        found
    }

    /// The changes after `version`, the oldest first, at most `count` of them.
    ///
    /// # Errors
    /// 410 where some of them are forgotten.
    pub(super) fn changes_after(
        &self,
        resource: usize,
        version: u64,
        count: usize,
    ) -> Result<Vec<Change>, Status> {
        let Collection { log, lost, .. } = &self.collections[resource];
        if version < *lost {
            return Err(Status::too_old(version, *lost));
        }
        let first = log.partition_point(|change| change.version <= version);
        Ok(log.range(first..).take(count).cloned().collect())
    }

    /// Closes the past to new lists and watches.
    pub(super) fn compact(&mut self) {
        for collection in &mut self.collections {
            collection.floor = self.version;
        }
    }

    /// Forgets the oldest changes of a resource, so that at most `limit` remain.
    pub(super) fn trim(&mut self, resource: usize, limit: usize) {
        let collection = &mut self.collections[resource];
        while collection.log.len() > limit {
            let oldest = collection.log.pop_front();
            collection.lost = oldest.map_or(collection.lost, |change| change.version);
            collection.floor = collection.floor.max(collection.lost);
        }
    }

    /// Everything as it is, at another version, without a past.
    pub(super) fn begin_history(&mut self, version: u64) {
        self.version = version;
        self.epoch += 1;
        for collection in &mut self.collections {
            collection.log.clear();
            (collection.floor, collection.lost) = (version, version);
        }
    }

    pub(super) fn change_signals(&self, change: impl Fn(&mut Signal)) {
        for collection in &self.collections {
            collection.signal.send_modify(&change);
        }
    }
}

impl Collection {
    fn record(&mut self, change: Change) {
        let version = change.version;
        self.log.push_back(change);
        self.signal.send_modify(|signal| signal.version = version);
    }

    /// What was there at `version` under each key that has changed since.
    fn undone_to(&self, version: u64) -> BTreeMap<&str, Option<&Arc<Stored>>> {
        let later = self.log.iter().rev();
        later
            .take_while(|change| change.version > version)
            .map(|change| (change.object.key.as_str(), change.previous.as_ref()))
            .collect()
    }
}
