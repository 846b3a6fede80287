//! What events add up to, and every step that was not legal.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use kcache::{Event, Key, Object, Publisher};

/// A subscriber's state as its events give it: a create where there was nothing; an update or a
/// delete of the very object that was given last, an update of the same UID. A version never goes
/// back for a UID, unless the incarnation may be another one.
pub(crate) struct Ledger<V> {
    pub(crate) state: BTreeMap<Key, Arc<V>>,
    pub(crate) illegal: Vec<String>,
    /// The newest version of each UID.
    pub(crate) versions: BTreeMap<String, u64>,
    /// A new incarnation began, and what comes may be of the one or the other.
    pub(crate) between: bool,
}

impl<V> Default for Ledger<V> {
    fn default() -> Self {
        Self {
            state: BTreeMap::new(),
            illegal: Vec::new(),
            versions: BTreeMap::new(),
            between: false,
        }
    }
}

impl<V: Object> Ledger<V> {
    /// Keeps the ledger of a publisher's events in a task of its own.
    pub(crate) fn of(publisher: &Publisher<V>) -> Arc<Mutex<Self>> {
        let ledger = Arc::new(Mutex::new(Self::default()));
        let (seen, mut changes) = (ledger.clone(), publisher.subscribe());
        tokio::spawn(async move {
            while let Some(event) = changes.next().await {
                lock(&seen).see(&event);
            }
        });
        ledger
    }

    pub(crate) fn see(&mut self, event: &Event<V>) {
        let key = Key::of(&**event.object());
        let has = self.state.get(&key);
        let is_last = |old| has.is_some_and(|has| Arc::ptr_eq(has, old));
        let (kind, legal) = match event {
            Event::Create { .. } => ("create", has.is_none()),
            Event::Update { old, new } => ("update", is_last(old) && old.uid() == new.uid()),
            Event::Delete { old } => ("delete", is_last(old)),
        };
        if !legal {
            let has = has.map(|has| has.version().to_owned());
            let version = event.object().version();
            self.illegal.push(format!(
                "{kind} of {key} at {version} for one who has {has:?}"
            ));
        }
        match event {
            Event::Create { new } | Event::Update { new, .. } => self.keep(key, new),
            Event::Delete { .. } => drop(self.state.remove(&key)),
        }
    }

    fn keep(&mut self, key: Key, new: &Arc<V>) {
        // What has no version, a pair say, is not judged by it.
        if let Ok(version) = new.version().parse() {
            let newest = self.versions.entry(new.uid().to_owned()).or_default();
            if version < *newest && !self.between {
                self.illegal
                    .push(format!("{key} went back from {newest} to {version}"));
            }
            *newest = version;
        }
        self.state.insert(key, new.clone());
    }
}

pub(crate) fn lock<V>(ledger: &Mutex<Ledger<V>>) -> MutexGuard<'_, Ledger<V>> {
    ledger.lock().unwrap_or_else(PoisonError::into_inner)
}
