//! A subscriber of pairs that believes nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

use kcache::{Event, Key, Publisher};
use kcache_join::Pair;

use super::side::Source;
use crate::forms::{Form, read};

/// Who is paired, each of which version.
pub(super) type Pairing = (Key, u64, Key, u64);

pub(super) fn pairing<V: Form>(pair: &Pair<Source, V>) -> Pairing {
    let (source, target) = (read(&*pair.source), read(&*pair.target));
    (source.key(), source.version, target.key(), target.version)
}

/// What the events of pairs add up to, and the steps that were not legal.
struct Replay<V> {
    state: BTreeMap<Key, Arc<Pair<Source, V>>>,
    illegal: Vec<String>,
}

impl<V: Form> Replay<V> {
    fn see(&mut self, event: &Event<Pair<Source, V>>) {
        let key = Key::of(&**event.object());
        let has = self.state.get(&key);
        let is_last = |old| has.is_some_and(|has| Arc::ptr_eq(has, old));
        let legal = match event {
            Event::Create { .. } => has.is_none(),
            Event::Update { old, .. } | Event::Delete { old } => is_last(old),
        };
        if !legal {
            let has = has.is_some();
            self.illegal
                .push(format!("{event:?} for one who has it: {has}"));
        }
        match event {
            Event::Create { new } | Event::Update { new, .. } => {
                self.state.insert(key, new.clone());
            }
            Event::Delete { .. } => drop(self.state.remove(&key)),
        }
    }
}

/// The replay at work in a task of its own.
pub(super) struct Pairs<V: Form>(Arc<Mutex<Replay<V>>>);

impl<V: Form> Pairs<V> {
    pub(super) fn watch(publisher: &Publisher<Pair<Source, V>>) -> Self {
        let replay = Arc::new(Mutex::new(Replay {
            state: BTreeMap::new(),
            illegal: Vec::new(),
        }));
        let (seen, mut changes) = (replay.clone(), publisher.subscribe());
        tokio::spawn(async move {
            while let Some(event) = changes.next().await {
                seen.lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .see(&event);
            }
        });
        Self(replay)
    }

    pub(super) fn compare(&self, want: &BTreeSet<Pairing>) -> Result<(), String> {
        let replay = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if !replay.illegal.is_empty() {
            return Err(format!("illegal: {:?}", replay.illegal));
        }
        let have: BTreeSet<_> = replay.state.values().map(|pair| pairing(pair)).collect();
        if have == *want {
            return Ok(());
        }
        Err(format!(
            "a subscriber has the pairs {have:?} instead of {want:?}"
        ))
    }
}
