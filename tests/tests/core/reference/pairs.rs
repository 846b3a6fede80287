//! A subscriber of pairs that believes nothing.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use kcache::{Key, Publisher};
use kcache_join::{Lookups, Pair};

use super::side::Source;
use crate::conditions::keys;
use crate::forms::{Form, read};
use crate::ledger::{Ledger, lock};

/// Who is paired, each of which version.
pub(super) type Pairing = (Key, u64, Key, u64);

pub(super) fn pairing<V: Form>(pair: &Pair<Source, V>) -> Pairing {
    let (source, target) = (read(&*pair.source), read(&*pair.target));
    (source.key(), source.version, target.key(), target.version)
}

/// Compares what is looked up of every key, on both sides.
pub(super) fn look_up<V: Form>(
    lookups: &Lookups<Source, V>,
    want: &BTreeSet<Pairing>,
) -> Result<(), String> {
    fn seen<V: Form>(objects: &[Arc<V>]) -> Vec<(Key, u64)> {
        let specs = objects.iter().map(|object| read(&**object));
        specs.map(|spec| (spec.key(), spec.version)).collect()
    }
    for key in keys() {
        let of_key = want.iter().filter(|(_, _, target, _)| *target == key);
        let sources: Vec<_> = of_key.map(|pair| (pair.0.clone(), pair.1)).collect();
        let have = seen(&lookups.sources_of(&key));
        if have != sources {
            return Err(format!("{key} is held by {have:?} instead of {sources:?}"));
        }
        let of_key = want.iter().filter(|(source, ..)| *source == key);
        let targets: Vec<_> = of_key.map(|pair| (pair.2.clone(), pair.3)).collect();
        let have = seen(&lookups.targets_of(&key));
        if have != targets {
            return Err(format!("{key} holds {have:?} instead of {targets:?}"));
        }
    }
    Ok(())
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
