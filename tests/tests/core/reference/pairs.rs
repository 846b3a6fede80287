//! A subscriber of pairs that believes nothing.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use kcache::{Key, Publisher};
use kcache_join::Pair;

use super::side::Source;
use crate::forms::{Form, read};
use crate::ledger::{Ledger, lock};

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
        Self(Ledger::of(publisher))
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
