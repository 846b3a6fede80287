//! What an operator did, and why, by object.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use kcache::Key;
use kcache::kube_runtime::Shared;
use kube::Resource;
use kube::runtime::reflector::{Lookup, ObjectRef};

use crate::trial::{Outcome, check};

/// The triggers, runs and failures of an operator, over all its lives.
#[derive(Clone, Default)]
pub(super) struct Account(Arc<Mutex<BTreeMap<Key, Entry>>>);

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Entry {
    /// How often a stream named it.
    triggers: usize,
    /// How often it was reconciled.
    runs: usize,
    /// How many of the runs failed, and so asked for another.
    failures: usize,
}

impl Account {
    fn entries(&self) -> MutexGuard<'_, BTreeMap<Key, Entry>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn note(&self, namespace: Option<&str>, name: &str, change: impl FnOnce(&mut Entry)) {
        let key = Key::new(namespace.unwrap_or_default(), name);
        change(self.entries().entry(key).or_default());
    }

    /// A reference of a trigger stream.
    pub(super) fn triggered<K: Lookup>(&self, reference: &ObjectRef<K>) {
        let namespace = reference.namespace.as_deref();
        self.note(namespace, &reference.name, |entry| entry.triggers += 1);
    }

    /// An object is reconciled.
    pub(super) fn runs<K: Resource>(&self, object: &Shared<K>) {
        self.note_object(object, |entry| entry.runs += 1);
    }

    /// A reconcile failed, and another one is requested.
    pub(super) fn failed<K: Resource>(&self, object: &Shared<K>) {
        self.note_object(object, |entry| entry.failures += 1);
    }

    fn note_object<K: Resource>(&self, object: &Shared<K>, change: impl FnOnce(&mut Entry)) {
        let meta = (**object).meta();
        let name = meta.name.as_deref().unwrap_or_default();
        self.note(meta.namespace.as_deref(), name, change);
    }

    /// How many runs there were.
    pub(super) fn total(&self) -> usize {
        self.entries().values().map(|entry| entry.runs).sum()
    }

    /// How often each object was reconciled, by name.
    pub(super) fn runs_by_name(&self) -> BTreeMap<String, usize> {
        let entries = self.entries();
        let runs = entries
            .iter()
            .map(|(key, entry)| (key.name().to_owned(), entry.runs));
        runs.collect()
    }

    /// Every run has a reason: something named the object, or a run failed. None was named more often
    /// than what happens to it can explain.
    pub(super) fn is_explained(&self, most: usize) -> Outcome {
        for (key, entry) in &*self.entries() {
            let reasons = entry.triggers + entry.failures;
            check(
                entry.runs <= reasons && entry.triggers <= most,
                format!("{key} with at most {most} triggers: {entry:?}"),
            )?;
        }
        Ok(())
    }
}
