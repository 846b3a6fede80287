//! A subscriber of pairs that believes nothing.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use kcache::{Key, Publisher};
use kcache_join::Pair;

use super::side::Source;
use crate::forms::{Form, read};
use crate::ledger::Ledger;

/// Who is paired, each of which version.
pub(super) type Pairing = (Key, u64, Key, u64);

pub(super) fn pairing<V: Form>(pair: &Pair<Source, V>) -> Pairing {
    let (source, target) = (read(&*pair.source), read(&*pair.target));
    (source.key(), source.version, target.key(), target.version)
}

/// Keeps a ledger in a task of its own.
pub(super) struct Pairs<V: Form>(Arc<Mutex<Ledger<Pair<Source, V>>>>);

impl<V: Form> Pairs<V> {
    pub(super) fn watch(publisher: &Publisher<Pair<Source, V>>) -> Self {
        let ledger = Arc::new(Mutex::new(Ledger::default()));
        let (seen, mut changes) = (ledger.clone(), publisher.subscribe());
        tokio::spawn(async move {
            while let Some(event) = changes.next().await {
                lock(&seen).see(&event);
            }
        });
        Self(ledger)
    }

    pub(super) fn compare(&self, want: &BTreeSet<Pairing>) -> Result<(), String> {
        let ledger = lock(&self.0);
        if !ledger.illegal.is_empty() {
            return Err(format!("illegal: {:?}", ledger.illegal));
        }
        let have: BTreeSet<_> = ledger.state.values().map(|pair| pairing(pair)).collect();
        if have == *want {
            return Ok(());
        }
        Err(format!(
            "a subscriber has the pairs {have:?} instead of {want:?}"
        ))
    }
}

fn lock<T>(ledger: &Mutex<T>) -> MutexGuard<'_, T> {
    ledger.lock().unwrap_or_else(PoisonError::into_inner)
}
