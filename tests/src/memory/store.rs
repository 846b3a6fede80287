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

/// The objects of one resource, by their keys.
type Objects = BTreeMap<String, Arc<Stored>>;

/// What a server had at some time: objects and their versions.
#[derive(Debug, Clone)]
pub struct Backup {
    pub(super) version: u64,
    /// What was shown and what was hidden of each resource.
    objects: Vec<(Objects, Objects)>,
}

impl Backup {
    /// The version of the last change before it.
    pub fn version(&self) -> u64 {
        self.version
    }
}

/// The objects of one resource, and their past.
#[derive(Debug)]
struct Collection {
    objects: Objects,
    /// What is there, and not shown.
    hidden: Objects,
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
    /// The version of the server at which it is told. What the object says of itself may be another
    /// one.
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
            objects: Objects::new(),
            hidden: Objects::new(),
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
        self.remove_at(resource, key, kind, None)
    }

    /// The same, where the deletion says another version of itself.
    pub(super) fn remove_at(
        &mut self,
        resource: usize,
        key: &str,
        kind: &Resource,
        shown: Option<u64>,
    ) -> Option<Arc<Stored>> {
        let collection = &mut self.collections[resource];
        let previous = collection.objects.remove(key)?;
        self.version += 1;
        let object = Arc::new(previous.at_version(kind, shown.unwrap_or(self.version)));
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
    pub(super) fn begin_incarnation(&mut self, version: u64) {
        self.version = version;
        self.epoch += 1;
        for collection in &mut self.collections {
            collection.log.clear();
            (collection.floor, collection.lost) = (version, version);
        }
    }

    pub(super) fn back_up(&self) -> Backup {
        let objects = self.collections.iter();
        Backup {
            version: self.version,
            objects: objects
                .map(|collection| (collection.objects.clone(), collection.hidden.clone()))
                .collect(),
        }
    }

    /// Everything as it was in a backup, at another version, without a past.
    pub(super) fn restore(&mut self, backup: &Backup, version: u64) {
        for (collection, (objects, hidden)) in self.collections.iter_mut().zip(&backup.objects) {
            collection.objects.clone_from(objects);
            collection.hidden.clone_from(hidden);
        }
        self.begin_incarnation(version);
    }

    /// Shows an object no longer: to those who watch it is gone. False where it is not there.
    pub(super) fn hide(&mut self, resource: usize, key: &str, kind: &Resource) -> bool {
        let Some(object) = self.get(resource, key).cloned() else {
            return false;
        };
        self.remove(resource, key, kind);
        self.collections[resource]
            .hidden
            .insert(key.to_owned(), object);
        true
    }

    /// Shows a hidden object as it was, at the version that it has. False where there is none.
    pub(super) fn reveal(&mut self, resource: usize, key: &str) -> bool {
        let Some(object) = self.collections[resource].hidden.remove(key) else {
            return false;
        };
        let collection = &mut self.collections[resource];
        self.version += 1;
        let previous = collection.objects.insert(key.to_owned(), object.clone());
        collection.record(Change {
            version: self.version,
            object,
            previous,
            deleted: false,
        });
        true
    }

    /// Replaces the content of objects, and tells nobody.
    pub(super) fn convert(&mut self, resource: usize, change: impl Fn(&Stored) -> Stored) {
        for object in self.collections[resource].objects.values_mut() {
            *object = Arc::new(change(object));
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
